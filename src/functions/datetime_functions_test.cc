#include <gtest/gtest.h>

#include "functions/function_tester.h"
#include "functions/literals.h"

namespace millrace::functions {
namespace {

using namespace testing;  // NOLINT: the tester's vocabulary

std::string Extract(std::string_view unit, const ExprPtr& value, const Session& session = {}) {
  return Result("EXTRACT", {Text(unit), value}, session, /*over_columns=*/false);
}
std::string Floor(const ExprPtr& value, std::string_view unit, const Session& session = {}) {
  return Result("FLOOR", {Text(unit), value}, session, false);
}
std::string Ceil(const ExprPtr& value, std::string_view unit, const Session& session = {}) {
  return Result("CEIL", {Text(unit), value}, session, false);
}
std::string Add(std::string_view unit, int64_t count, const ExprPtr& value) {
  return Result("TIMESTAMPADD", {Text(unit), Int(count), value}, {}, false);
}
std::string Diff(std::string_view unit, const ExprPtr& a, const ExprPtr& b) {
  return Result("TIMESTAMPDIFF", {Text(unit), a, b}, {}, false);
}

TEST(ExtractTest, FieldsOfATimestamp) {
  const ExprPtr t = Timestamp("2020-02-29 01:56:59.987654", 6);
  EXPECT_EQ(Extract("YEAR", t), "2020");
  EXPECT_EQ(Extract("QUARTER", t), "1");
  EXPECT_EQ(Extract("MONTH", t), "2");
  EXPECT_EQ(Extract("DAY", t), "29");
  EXPECT_EQ(Extract("DOY", t), "60");
  EXPECT_EQ(Extract("DOW", t), "7");
  EXPECT_EQ(Extract("ISODOW", t), "6");
  EXPECT_EQ(Extract("WEEK", t), "9");
  EXPECT_EQ(Extract("ISOYEAR", t), "2020");
  EXPECT_EQ(Extract("DECADE", t), "202");
  EXPECT_EQ(Extract("CENTURY", t), "21");
  EXPECT_EQ(Extract("MILLENNIUM", t), "3");
  EXPECT_EQ(Extract("HOUR", t), "1");
  EXPECT_EQ(Extract("MINUTE", t), "56");
  EXPECT_EQ(Extract("SECOND", t), "59");
  EXPECT_EQ(Extract("MILLISECOND", t), "987");
  EXPECT_EQ(Extract("MICROSECOND", t), "987654");
  EXPECT_EQ(Extract("NANOSECOND", t), "987654000");
  EXPECT_EQ(Extract("EPOCH", Timestamp("2000-01-31 11:22:33")), "949317753");
  EXPECT_EQ(Extract("MILLENNIUM", Timestamp("2000-01-31")), "2");
}

TEST(ExtractTest, IsoWeeksBelongToTheYearOfTheirThursday) {
  EXPECT_EQ(Extract("WEEK", Date("1996-11-10")), "45");
  EXPECT_EQ(Extract("WEEK", Date("2021-01-03")), "53");
  EXPECT_EQ(Extract("ISOYEAR", Date("2021-01-03")), "2020");
  EXPECT_EQ(Extract("WEEK", Date("2018-12-31")), "1");
  EXPECT_EQ(Extract("ISOYEAR", Date("2018-12-31")), "2019");
}

TEST(ExtractTest, OtherTypes) {
  EXPECT_EQ(Extract("HOUR", Time("06:07:08")), "6");
  EXPECT_EQ(Extract("DAY", Micros(19 * data::kMicrosPerDay + 43'810'123'000)), "19");
  EXPECT_EQ(Extract("HOUR", Micros(data::kMicrosPerDay + 2 * data::kMicrosPerHour)), "2");
  EXPECT_EQ(Extract("QUARTER", Months(25)), "1");
  EXPECT_EQ(Extract("YEAR", Months(25)), "2");
  const Session shanghai{*data::TimeZone::Find("Asia/Shanghai")};
  EXPECT_EQ(Extract("HOUR", MakeLiteral(DataType::TimestampLtz(3), Value::Int(0)), shanghai), "8");
  EXPECT_EQ(Extract("YEAR", Time("06:07:08")), "EXTRACT has no YEAR of TIME(0)");
  EXPECT_EQ(Extract("FORTNIGHT", Date("2020-01-01")), "EXTRACT: unknown unit 'FORTNIGHT'");
}

TEST(ExtractTest, ShortForms) {
  const ExprPtr t = Timestamp("1996-11-10 06:55:44.333");
  EXPECT_EQ(Result("YEAR", {t}), "1996");
  EXPECT_EQ(Result("QUARTER", {t}), "4");
  EXPECT_EQ(Result("MONTH", {t}), "11");
  EXPECT_EQ(Result("WEEK", {t}), "45");
  EXPECT_EQ(Result("DAYOFYEAR", {t}), "315");
  EXPECT_EQ(Result("DAYOFMONTH", {t}), "10");
  EXPECT_EQ(Result("DAYOFWEEK", {Date("1996-11-10")}), "1");
  EXPECT_EQ(Result("HOUR", {Time("06:55:44")}), "6");
  EXPECT_EQ(Result("SECOND", {t}), "44");
}

TEST(FloorTest, BeginsOfUnits) {
  const ExprPtr t = Timestamp("2020-02-29 01:56:59.987", 3);
  EXPECT_EQ(Floor(t, "MILLENNIUM"), "2001-01-01 00:00:00.000");
  EXPECT_EQ(Floor(t, "CENTURY"), "2001-01-01 00:00:00.000");
  EXPECT_EQ(Floor(t, "DECADE"), "2020-01-01 00:00:00.000");
  EXPECT_EQ(Floor(t, "YEAR"), "2020-01-01 00:00:00.000");
  EXPECT_EQ(Floor(t, "QUARTER"), "2020-01-01 00:00:00.000");
  EXPECT_EQ(Floor(t, "MONTH"), "2020-02-01 00:00:00.000");
  EXPECT_EQ(Floor(t, "DAY"), "2020-02-29 00:00:00.000");
  EXPECT_EQ(Floor(t, "HOUR"), "2020-02-29 01:00:00.000");
  EXPECT_EQ(Floor(t, "MINUTE"), "2020-02-29 01:56:00.000");
  EXPECT_EQ(Floor(t, "SECOND"), "2020-02-29 01:56:59.000");
  EXPECT_EQ(Floor(Timestamp("2021-03-01 00:00:00", 0), "WEEK"), "2021-02-28 00:00:00");
  EXPECT_EQ(Floor(Date("1990-10-14"), "MILLENNIUM"), "1001-01-01");
  EXPECT_EQ(Floor(Date("2021-02-27"), "DAY"), "2021-02-27");
  EXPECT_EQ(Floor(Time("12:44:31"), "HOUR"), "12:00:00");
  EXPECT_EQ(Floor(Timestamp("1969-12-31 23:30:00", 0), "HOUR"), "1969-12-31 23:00:00");
  EXPECT_EQ(Floor(t, "DOW"), "FLOOR has no DOW of TIMESTAMP(3)");
  const Session shanghai{*data::TimeZone::Find("Asia/Shanghai")};
  EXPECT_EQ(Floor(Of(DataType::TimestampLtz(0), "2020-01-02 03:00:00", "Asia/Shanghai"), "DAY", shanghai),
            "2020-01-02 00:00:00");
}

TEST(CeilTest, BeginsOfTheNextUnits) {
  const ExprPtr t = Timestamp("2020-02-29 01:56:59.987", 3);
  EXPECT_EQ(Ceil(t, "MILLENNIUM"), "3001-01-01 00:00:00.000");
  EXPECT_EQ(Ceil(t, "YEAR"), "2021-01-01 00:00:00.000");
  EXPECT_EQ(Ceil(t, "WEEK"), "2020-03-01 00:00:00.000");
  EXPECT_EQ(Ceil(t, "MINUTE"), "2020-02-29 01:57:00.000");
  EXPECT_EQ(Ceil(t, "MILLISECOND"), "2020-02-29 01:56:59.987");
  EXPECT_EQ(Ceil(Date("2018-01-02"), "DECADE"), "2020-01-01");
  EXPECT_EQ(Ceil(Date("2018-03-27"), "CENTURY"), "2101-01-01");
  EXPECT_EQ(Ceil(Date("2021-02-27"), "DAY"), "2021-02-28");
  EXPECT_EQ(Ceil(Date("2021-03-01"), "WEEK"), "2021-03-07");
  EXPECT_EQ(Ceil(Date("1990-10-14"), "WEEK"), "1990-10-14");
  EXPECT_EQ(Ceil(Date("1990-10-14"), "HOUR"), "1990-10-14");
  EXPECT_EQ(Ceil(Timestamp("2018-03-01 21:00:01", 0), "MONTH"), "2018-03-01 00:00:00");
  EXPECT_EQ(Ceil(Time("12:44:31"), "MINUTE"), "12:45:00");
  EXPECT_EQ(Ceil(Time("12:44:31"), "HOUR"), "13:00:00");
}

TEST(TimestampAddTest, KeepsDatesWhereItCan) {
  EXPECT_EQ(Add("DAY", 1, Date("2016-06-15")), "2016-06-16");
  EXPECT_EQ(Add("HOUR", -1, Date("2016-06-15")), "2016-06-14 23:00:00.000000");
  EXPECT_EQ(Add("SQL_TSI_SECOND", -1, Date("2016-06-15")), "2016-06-14 23:59:59.000000");
  EXPECT_EQ(Add("MONTH", 1, Date("2016-05-31")), "2016-06-30");
  EXPECT_EQ(Add("WEEK", -1, Date("2016-03-31")), "2016-03-24");
  EXPECT_EQ(Add("QUARTER", 1, Date("2021-10-30")), "2022-01-30");
  EXPECT_EQ(Add("SECOND", 1, Time("23:59:59")), "00:00:00");
  EXPECT_EQ(Add("YEAR", -1, Time("23:59:59")), "23:59:59");
  EXPECT_EQ(Add("MINUTE", 90, Timestamp("2016-02-24 12:42:25", 0)), "2016-02-24 14:12:25");
  EXPECT_EQ(Result("TIMESTAMPADD", {Text("HOUR"), NullOf(DataType::Int()), Timestamp("2016-02-24 12:42:25")},
                   {}, false),
            "NULL");
}

TEST(TimestampDiffTest, CountsWholeUnits) {
  EXPECT_EQ(Diff("SECOND", Time("10:10:10"), Time("11:11:11")), "3661");
  EXPECT_EQ(Diff("MINUTE", Time("08:00:00"), Time("11:11:00")), "191");
  EXPECT_EQ(Diff("MONTH", Timestamp("2019-09-01 00:00:00"), Timestamp("2016-08-01 00:00:00")), "-37");
  EXPECT_EQ(Diff("MONTH", Timestamp("2021-01-04 00:00:00"), Date("2021-02-04")), "1");
  EXPECT_EQ(Diff("MONTH", Date("2020-01-04"), Timestamp("2021-02-04 12:00:00")), "13");
  EXPECT_EQ(Diff("MONTH", Date("2021-01-04"), Time("00:00:00")), "-612");
  EXPECT_EQ(Diff("MONTH", Timestamp("2021-01-31 10:00:00"), Timestamp("2021-03-31 09:00:00")), "1");
  EXPECT_EQ(Diff("YEAR", Date("2020-02-29"), Date("2021-02-28")), "1");
  EXPECT_EQ(Diff("DAY", Timestamp("2020-01-01 12:00:00"), Timestamp("2020-01-03 11:59:59")), "1");
  EXPECT_EQ(Diff("HOUR", Timestamp("2020-01-01 12:00:00"), Timestamp("2020-01-01 10:30:00")), "-1");
  EXPECT_EQ(Diff("MICROSECOND", Date("2000-01-01"), Date("2020-01-01")),
            "numeric out of range: the difference in MICROSECONDs does not fit INT");
  EXPECT_EQ(TypeOf("TIMESTAMPDIFF", {Text("DAY"), Date("2000-01-01"), Date("2020-01-01")}), "INT NOT NULL");
}

TEST(OverlapsTest, PeriodsByEndOrLength) {
  const int64_t hour = data::kMicrosPerHour;
  EXPECT_EQ(Result("OVERLAPS", {Time("2:55:00"), Micros(hour), Time("3:30:00"), Micros(2 * hour)}), "TRUE");
  EXPECT_EQ(Result("OVERLAPS", {Time("9:00:00"), Time("10:00:00"), Time("10:15:00"), Micros(3 * hour)}),
            "FALSE");
  EXPECT_EQ(Result("OVERLAPS", {Timestamp("2011-03-10 05:02:02"), Micros(0), Timestamp("2011-03-10 05:02:02"),
                                Timestamp("2011-03-10 05:02:01")}),
            "TRUE");
}

TEST(ClockTest, ReadsTheContext) {
  Session session{*data::TimeZone::Find("Asia/Shanghai"), 1'600'000'000'123'456};  // 2020-09-13 12:26:40 UTC
  EXPECT_EQ(Result("CURRENT_TIMESTAMP", {}, session), "2020-09-13 20:26:40.123");
  EXPECT_EQ(Result("NOW", {}, session), "2020-09-13 20:26:40.123");
  EXPECT_EQ(Result("LOCALTIMESTAMP", {}, session), "2020-09-13 20:26:40.123");
  EXPECT_EQ(Result("CURRENT_DATE", {}, session), "2020-09-13");
  EXPECT_EQ(Result("CURRENT_TIME", {}, session), "20:26:40");
  EXPECT_EQ(Result("UNIX_TIMESTAMP", {}, session), "1600000000");
  EXPECT_EQ(TypeOf("PROCTIME", {}), "TIMESTAMP_LTZ(3) NOT NULL");
  EXPECT_FALSE(Registry::Get().BindScalar("NOW", {}, BindContext{}).value()->IsDeterministic());
  EXPECT_EQ(Result("CURRENT_WATERMARK", {Int(1)}), "CURRENT_WATERMARK is not supported");
}

TEST(DatetimeTextTest, DateFormat) {
  EXPECT_EQ(Result("DATE_FORMAT", {Timestamp("2018-03-14 01:02:03.004"), Text("yyyy/MM/dd HH:mm:ss.SSS")}),
            "2018/03/14 01:02:03.004");
  EXPECT_EQ(Result("DATE_FORMAT", {Text("2018-03-14 01:02:03"), Text("yyyy年M月d日")}), "2018年3月14日");
  EXPECT_EQ(Result("DATE_FORMAT", {Text("invalid value"), Text("yyyy")}), "NULL");
  EXPECT_EQ(Result("DATE_FORMAT", {Date("2018-03-14"), Text("yyyyMMdd")}), "20180314");
  EXPECT_EQ(Result("DATE_FORMAT", {Date("2018-03-14"), Text("qq")}, {}, false),
            "DATE_FORMAT: date pattern 'qq' has the letter 'q', which is not supported");
}

TEST(DatetimeTextTest, UnixTime) {
  const Session berlin{*data::TimeZone::Find("Europe/Berlin")};
  EXPECT_EQ(Result("UNIX_TIMESTAMP", {Text("2005-03-27 02:00:00")}, berlin), "1111885200");
  EXPECT_EQ(Result("FROM_UNIXTIME", {Int(1111885200)}, berlin), "2005-03-27 03:00:00");
  const Session tokyo{*data::TimeZone::Find("Asia/Tokyo")};
  EXPECT_EQ(Result("FROM_UNIXTIME", {Int(44), Text("yy-MM-dd HH-mm-ss")}, tokyo), "70-01-01 09-00-44");
  EXPECT_EQ(Result("UNIX_TIMESTAMP", {Text("2015-07-24 10:00:00")}, tokyo), "1437699600");
  EXPECT_EQ(Result("UNIX_TIMESTAMP", {Text("2015/07/24 10:00:00.5"), Text("yyyy/MM/dd HH:mm:ss.S")}, tokyo),
            "1437699600");
  EXPECT_EQ(Result("UNIX_TIMESTAMP", {Text("what")}), "-9223372036854775808");
  EXPECT_EQ(Result("FROM_UNIXTIME", {Long(1'000'000'000'000)}),
            "numeric out of range: FROM_UNIXTIME(1000000000000) is beyond the year 9999");
}

TEST(DatetimeTextTest, ToTimestamp) {
  EXPECT_EQ(Result("TO_TIMESTAMP", {Text("2017-09-15 00:00:00")}), "2017-09-15 00:00:00.000");
  EXPECT_EQ(Result("TO_TIMESTAMP", {Text("abc")}), "NULL");
  EXPECT_EQ(Result("TO_TIMESTAMP", {Text("2017-09-15"), Text("yyyy-MM-dd")}), "2017-09-15 00:00:00.000");
  EXPECT_EQ(Result("TO_TIMESTAMP", {Text("1999-9-10"), Text("yyyy-MM-dd")}), "1999-09-10 00:00:00.000");
  EXPECT_EQ(Result("TO_TIMESTAMP", {Text("20000202 59:59.1234567"), Text("yyyyMMdd mm:ss.SSSSSSS")}),
            "2000-02-02 00:59:59.123");
  EXPECT_EQ(Result("TO_TIMESTAMP", {Text("2017-09-15 00:00:00.12345"), Text("yyyy-MM-dd HH:mm:ss.SSS")}),
            "2017-09-15 00:00:00.123");
  EXPECT_EQ(TypeOf("TO_TIMESTAMP", {Text("x")}), "TIMESTAMP(3)");
  EXPECT_EQ(Result("TO_DATE", {Text("2018-03-18")}), "2018-03-18");
  EXPECT_EQ(Result("TO_DATE", {Text("18/03/2018"), Text("dd/MM/yyyy")}), "2018-03-18");
  EXPECT_EQ(Result("TO_DATE", {Text("invalid value")}), "NULL");
}

TEST(DatetimeTextTest, ToTimestampLtz) {
  const Session shanghai{*data::TimeZone::Find("Asia/Shanghai")};
  const auto instant = [&](const ExprPtr& value, int64_t precision) {
    return Result("TO_TIMESTAMP_LTZ", {value, Int(precision)}, shanghai);
  };
  EXPECT_EQ(instant(Int(-100), 0), "1970-01-01 07:58:20.000");
  EXPECT_EQ(instant(Long(1234567), 3), "1970-01-01 08:20:34.567");
  EXPECT_EQ(instant(Long(1234567), 6), "1970-01-01 08:00:01.234");
  EXPECT_EQ(instant(MakeLiteral(DataType::Float().NotNull(), Value::Double(100.01f)), 0),
            "1970-01-01 08:01:40.010");
  EXPECT_EQ(instant(Double(100.123), 0), "1970-01-01 08:01:40.123");
  EXPECT_EQ(instant(Dec(3, 2, "0.01"), 3), "1970-01-01 08:00:00.000");
  EXPECT_EQ(instant(Long(-62167219200001), 3), "NULL");
  EXPECT_EQ(instant(Int(1), -1), "precision of TO_TIMESTAMP_LTZ must be between 0 and 9 but was -1");
  EXPECT_EQ(Result("TO_TIMESTAMP_LTZ", {Text("2023-01-01 00:00:00")}, shanghai), "2023-01-01 08:00:00.000");
  EXPECT_EQ(
      Result("TO_TIMESTAMP_LTZ", {Text("01/01/2023"), Text("dd/MM/yyyy"), Text("Asia/Shanghai")}, shanghai),
      "2023-01-01 00:00:00.000");
}

TEST(DatetimeTextTest, ConvertTz) {
  EXPECT_EQ(Result("CONVERT_TZ", {Text("2018-03-14 11:00:00"), Text("UTC"), Text("Asia/Shanghai")}),
            "2018-03-14 19:00:00");
  EXPECT_EQ(Result("CONVERT_TZ", {Text("what"), Text("UTC"), Text("Asia/Shanghai")}), "NULL");
  EXPECT_EQ(Result("CONVERT_TZ", {Text("2018-03-14 11:00:00"), Text("UTC"), Text("Nowhere")}, {}, false),
            "CONVERT_TZ: unknown time zone 'Nowhere'");
}

TEST(LiteralsTest, DatesTimesAndIntervals) {
  const auto shown = [](const millrace::Result<ExprPtr>& literal) {
    return literal ? (*literal)->ToString() + " " + (*literal)->type().ToString() : literal.error().message();
  };
  EXPECT_EQ(shown(MakeDateLiteral("2020-01-31")), "DATE '2020-01-31' DATE NOT NULL");
  EXPECT_EQ(shown(MakeDateLiteral("2020-01-32")), "'2020-01-32' is not a valid DATE");
  EXPECT_EQ(shown(MakeTimestampLiteral("2020-01-31 12:00:00.12")),
            "TIMESTAMP '2020-01-31 12:00:00.12' TIMESTAMP(2) NOT NULL");
  EXPECT_EQ(shown(MakeTimestampLiteral("2020-01-31 12:00:00.1234567")),
            "TIMESTAMP precision above 6 is not supported: '2020-01-31 12:00:00.1234567'");
  const auto interval = [&](std::string_view text, TimeUnit from, TimeUnit to) {
    const auto literal = MakeIntervalLiteral(text, from, to);
    return literal ? Shown(*literal) : literal.error().message();
  };
  EXPECT_EQ(interval("10 00:12", TimeUnit::kDay, TimeUnit::kMinute), "+10 00:12:00.000");
  EXPECT_EQ(interval("2-10", TimeUnit::kYear, TimeUnit::kMonth), "+2-10");
  EXPECT_EQ(interval("0.003", TimeUnit::kSecond, TimeUnit::kSecond), "+0 00:00:00.003");
  EXPECT_EQ(interval("-10 00:00:00.004", TimeUnit::kDay, TimeUnit::kSecond), "-10 00:00:00.004");
  EXPECT_EQ(interval("90", TimeUnit::kMinute, TimeUnit::kMinute), "+0 01:30:00.000");
  EXPECT_EQ(interval("2-12", TimeUnit::kYear, TimeUnit::kMonth),
            "'2-12' is not a valid INTERVAL YEAR TO MONTH");
  EXPECT_EQ(interval("1", TimeUnit::kDay, TimeUnit::kMonth), "no interval of DAY TO MONTH");
}

}  // namespace
}  // namespace millrace::functions
