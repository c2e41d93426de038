#include "data/datetime.h"

#include <gtest/gtest.h>

namespace millrace::data {
namespace {

std::string Shown(std::optional<int64_t> micros, int precision = 6) {
  if (!micros) return "none";
  std::string text;
  AppendTimestamp(*micros, precision, ' ', &text);
  return text;
}

int64_t At(std::string_view text) {
  return ParseTimestamp(text).value();
}

const TimeZone& Zone(std::string_view name) {
  return **TimeZone::Find(name);
}

TEST(DatetimeTest, CalendarKnowsItsCornerstones) {
  EXPECT_EQ(DaysFromCivil(1970, 1, 1), 0);
  EXPECT_EQ(DaysFromCivil(2000, 3, 1), 11017);
  EXPECT_EQ(DaysFromCivil(1, 1, 1), -719162);
  EXPECT_EQ(DaysFromCivil(9999, 12, 31), 2932896);
  EXPECT_TRUE(IsValidDate(2000, 2, 29));
  EXPECT_FALSE(IsValidDate(1900, 2, 29));
  EXPECT_FALSE(IsValidDate(2001, 13, 1));
}

TEST(DatetimeTest, EveryDayOfTenThousandYearsRoundTrips) {
  CivilDate expected{0, 1, 1};
  for (int64_t days = DaysFromCivil(0, 1, 1); days <= DaysFromCivil(9999, 12, 31); ++days) {
    const CivilDate date = CivilFromDays(days);
    ASSERT_TRUE(date.year == expected.year && date.month == expected.month && date.day == expected.day)
        << days;
    ASSERT_EQ(DaysFromCivil(date.year, date.month, date.day), days);
    if (++expected.day > DaysInMonth(expected.year, expected.month)) {
      expected.day = 1;
      if (++expected.month > 12) {
        expected.month = 1;
        ++expected.year;
      }
    }
  }
}

TEST(DatetimeTest, WritesTimestampsWithTheirPrecision) {
  const int64_t micros = At("2020-01-31 12:30:05.25");
  EXPECT_EQ(Shown(micros, 0), "2020-01-31 12:30:05");
  EXPECT_EQ(Shown(micros, 3), "2020-01-31 12:30:05.250");
  EXPECT_EQ(Shown(micros, 6), "2020-01-31 12:30:05.250000");
  EXPECT_EQ(Shown(-1, 6), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(Shown(At("0001-01-01 00:00:00"), 0), "0001-01-01 00:00:00");
}

TEST(DatetimeTest, ParsesTheFormsOfACast) {
  EXPECT_EQ(Shown(ParseTimestamp("2020-01-31")), "2020-01-31 00:00:00.000000");
  EXPECT_EQ(Shown(ParseTimestamp("1999-9-10 5:20:1")), "1999-09-10 05:20:01.000000");
  EXPECT_EQ(Shown(ParseTimestamp("2020-01-31T12:30")), "2020-01-31 12:30:00.000000");
  EXPECT_EQ(Shown(ParseTimestamp("2020-01-31 12:30:05.123456789")), "2020-01-31 12:30:05.123456");
  EXPECT_EQ(Shown(ParseTimestamp(" 2020-01-31 12:30:05 ")), "2020-01-31 12:30:05.000000");
  for (const char* text :
       {"", "abc", "2020-02-30", "2020-13-01 00:00:00", "2020-01-31 24:00:00", "2020-01-31 12:60:00",
        "2020-01-31 12:30:05x", "2020-01-31 12:30:05Z", "2020/01/31"}) {
    EXPECT_EQ(Shown(ParseTimestamp(text)), "none") << text;
  }
}

TEST(DatetimeTest, ParsesDatesAndTimes) {
  EXPECT_EQ(ParseDate("2020-1-31"), DaysFromCivil(2020, 1, 31));
  EXPECT_EQ(ParseDate("2017-12-12 09:30:00.0"), DaysFromCivil(2017, 12, 12));
  EXPECT_EQ(ParseDate("2020"), DaysFromCivil(2020, 1, 1));
  EXPECT_EQ(ParseDate("2021-02-29"), std::nullopt);
  EXPECT_EQ(ParseDate("20200131"), std::nullopt);
  EXPECT_EQ(ParseTime("1:30:00"), kMicrosPerHour + 30 * kMicrosPerMinute);
  EXPECT_EQ(ParseTime("12"), 12 * kMicrosPerHour);
  EXPECT_EQ(ParseTime("00:00:05.25"), 5'250'000);
  EXPECT_EQ(ParseTime("25:00:00"), std::nullopt);
}

TEST(DatetimeTest, InstantsTakeTheirOffsetOrTheZone) {
  const TimeZone& shanghai = Zone("Asia/Shanghai");
  const int64_t noon_utc = At("2020-06-01 12:00:00");
  EXPECT_EQ(ParseTimestampLtz("2020-06-01 12:00:00Z", shanghai), noon_utc);
  EXPECT_EQ(ParseTimestampLtz("2020-06-01T20:00:00.000+08:00", shanghai), noon_utc);
  EXPECT_EQ(ParseTimestampLtz("2020-06-01 20:00:00", shanghai), noon_utc);
  EXPECT_EQ(ParseTimestampLtz("2020-06-01 06:30:00-0530", shanghai), noon_utc);
  EXPECT_EQ(ParseTimestampLtz("2020-06-01 06:30:00+99:00", shanghai), std::nullopt);
}

TEST(DatetimeTest, MonthsAreAddedToTheLastDayThatExists) {
  const auto add = [](std::string_view date, int64_t months) {
    return Shown(AddMonthsToMicros(At(date), months), 0);
  };
  EXPECT_EQ(add("2016-05-31", 1), "2016-06-30 00:00:00");
  EXPECT_EQ(add("2020-02-29 10:00:00", 12), "2021-02-28 10:00:00");
  EXPECT_EQ(add("2020-01-31", -2), "2019-11-30 00:00:00");
  EXPECT_EQ(add("2020-01-15", -13), "2018-12-15 00:00:00");
}

TEST(DatetimeTest, IntervalsAsFlinkWritesThem) {
  const auto months = [](int64_t value) {
    std::string text;
    AppendIntervalMonths(value, &text);
    return text;
  };
  const auto micros = [](int64_t value) {
    std::string text;
    AppendIntervalMicros(value, &text);
    return text;
  };
  EXPECT_EQ(months(14), "+1-02");
  EXPECT_EQ(months(-24), "-2-00");
  EXPECT_EQ(micros(kMicrosPerDay + 2 * kMicrosPerHour + 3 * kMicrosPerMinute + 4'500'000), "+1 02:03:04.500");
  EXPECT_EQ(micros(-12 * kMicrosPerSecond), "-0 00:00:12.000");
}

TEST(TimeZoneTest, FixedOffsets) {
  EXPECT_EQ(Zone("GMT+08:00").ToLocal(0), 8 * kMicrosPerHour);
  EXPECT_EQ(Zone("GMT+8").ToLocal(0), 8 * kMicrosPerHour);
  EXPECT_EQ(Zone("-05:30").ToInstant(0), 5 * kMicrosPerHour + 30 * kMicrosPerMinute);
  EXPECT_EQ(Zone("UTC").ToLocal(7), 7);
  for (const char* name : {"Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "GMT+99", "+8:", "Asia"}) {
    EXPECT_FALSE(TimeZone::Find(name).has_value()) << name;
  }
  EXPECT_EQ(TimeZone::Find("Mars/Olympus").error().message(), "unknown time zone 'Mars/Olympus'");
}

TEST(TimeZoneTest, ShanghaiHasBeenEightHoursAheadSinceItsSummerTimesEnded) {
  const TimeZone& zone = Zone("Asia/Shanghai");
  EXPECT_EQ(Shown(zone.ToLocal(At("2017-11-26 01:00:00")), 0), "2017-11-26 09:00:00");
  EXPECT_EQ(Shown(zone.ToLocal(At("1988-07-01 00:00:00")), 0), "1988-07-01 09:00:00");
  EXPECT_EQ(Shown(zone.ToLocal(At("2500-07-01 00:00:00")), 0), "2500-07-01 08:00:00");
}

TEST(TimeZoneTest, BerlinSkipsAndRepeatsAnHour) {
  const TimeZone& zone = Zone("Europe/Berlin");
  // 02:30 on 2021-03-28 does not exist: as 03:30 summer time. 02:30 on 2021-10-31 is twice: the earlier.
  EXPECT_EQ(Shown(zone.ToInstant(At("2021-03-28 02:30:00")), 0), "2021-03-28 01:30:00");
  EXPECT_EQ(Shown(zone.ToLocal(At("2021-03-28 01:30:00")), 0), "2021-03-28 03:30:00");
  EXPECT_EQ(Shown(zone.ToInstant(At("2021-10-31 02:30:00")), 0), "2021-10-31 00:30:00");
  EXPECT_EQ(Shown(zone.ToInstant(At("2021-10-31 03:00:00")), 0), "2021-10-31 02:00:00");
  EXPECT_EQ(Shown(zone.ToInstant(At("2021-07-01 12:00:00")), 0), "2021-07-01 10:00:00");
}

TEST(TimeZoneTest, RulesHoldPastTheTable) {
  const TimeZone& zone = Zone("America/New_York");
  // Daylight time from the second Sunday of March to the first of November.
  EXPECT_EQ(Shown(zone.ToLocal(At("2050-07-01 12:00:00")), 0), "2050-07-01 08:00:00");
  EXPECT_EQ(Shown(zone.ToLocal(At("2050-01-01 12:00:00")), 0), "2050-01-01 07:00:00");
  EXPECT_EQ(Shown(zone.ToLocal(At("2050-03-13 06:59:59")), 0), "2050-03-13 01:59:59");
  EXPECT_EQ(Shown(zone.ToLocal(At("2050-03-13 07:00:00")), 0), "2050-03-13 03:00:00");
  EXPECT_EQ(Shown(zone.ToLocal(At("8850-07-01 12:00:00")), 0), "8850-07-01 08:00:00");
  EXPECT_EQ(Shown(zone.ToInstant(At("8850-12-01 12:00:00")), 0), "8850-12-01 17:00:00");
}

TEST(DatePatternTest, Formats) {
  const int64_t micros = At("2021-03-07 15:04:05.678901");
  const auto format = [&](std::string_view pattern) {
    std::string text;
    DatePattern::Compile(pattern)->Format(micros, &text);
    return text;
  };
  EXPECT_EQ(format("yyyy-MM-dd HH:mm:ss.SSS"), "2021-03-07 15:04:05.678");
  EXPECT_EQ(format("yy/M/d h:mm a"), "21/3/7 3:04 PM");
  EXPECT_EQ(format("EEE, dd MMM yyyy"), "Sun, 07 Mar 2021");
  EXPECT_EQ(format("EEEE MMMM D"), "Sunday March 66");
  EXPECT_EQ(format("yyyy'年'MM'月'dd'日' ''HH''"), "2021年03月07日 '15'");
  EXPECT_EQ(format("yyyyMMddHHmmss"), "20210307150405");
  EXPECT_EQ(format("ss.SSSSSSSSS"), "05.678901000");
}

TEST(DatePatternTest, ParsesStrictly) {
  const auto parse = [](std::string_view pattern, std::string_view text) {
    return Shown(DatePattern::Compile(pattern)->Parse(text), 3);
  };
  EXPECT_EQ(parse("yyyy-MM-dd HH:mm:ss", "2021-03-07 15:04:05"), "2021-03-07 15:04:05.000");
  EXPECT_EQ(parse("yyyyMMddHH", "2000020210"), "2000-02-02 10:00:00.000");
  EXPECT_EQ(parse("yyyyMMdd mm:ss.SSSSSSS", "20000202 59:59.1234567"), "2000-02-02 00:59:59.123");
  EXPECT_EQ(parse("dd/MMM/yyyy:HH:mm:ss", "17/May/2015:10:05:03"), "2015-05-17 10:05:03.000");
  EXPECT_EQ(parse("d/M/yy h:mm a", "7/3/21 12:30 am"), "2021-03-07 00:30:00.000");
  EXPECT_EQ(parse("HH:mm", "15:04"), "1970-01-01 15:04:00.000");
  EXPECT_EQ(parse("yyyy-MM-dd", "1999-9-10"), "none");
  EXPECT_EQ(parse("yyyy-MM-dd", "2021-03-07 15"), "none");
  EXPECT_EQ(parse("yyyy-MM-dd", "2021-13-07"), "none");
  EXPECT_EQ(parse("yyyy-MM-dd", ""), "none");
}

TEST(DatePatternTest, ParsesLenientlyAsSimpleDateFormat) {
  const auto parse = [](std::string_view pattern, std::string_view text) {
    return Shown(DatePattern::Compile(pattern)->ParseLenient(text), 3);
  };
  EXPECT_EQ(parse("yyyy-MM-dd", "1999-9-10 and more"), "1999-09-10 00:00:00.000");
  EXPECT_EQ(parse("yyyy/MM/dd HH:mm:ss.S", "2015/07/24 10:00:00.5"), "2015-07-24 10:00:00.005");
  EXPECT_EQ(parse("yyyy-MM-dd", "abc"), "none");
}

TEST(DatePatternTest, RefusesUnknownLettersAndOpenQuotes) {
  EXPECT_EQ(DatePattern::Compile("yyyy-MM-dd Q").error().message(),
            "date pattern 'yyyy-MM-dd Q' has the letter 'Q', which is not supported");
  EXPECT_EQ(DatePattern::Compile("yyyy'T").error().message(),
            "date pattern 'yyyy'T' has a quote that is not closed");
}

}  // namespace
}  // namespace millrace::data
