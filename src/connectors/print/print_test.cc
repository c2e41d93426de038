#include "connectors/print/print.h"

#include <gtest/gtest.h>

#include "connectors/print/print_output.h"
#include "connectors/print/print_text.h"
#include "connectors/source_fixture.h"
#include "data/batch_builder.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using data::Int128;
using data::Value;

std::string Printed(const DataType& type, const Value& value) {
  data::Column column(type, 1);
  column.AppendValue(value);
  std::string text;
  AppendPrintedValue(column, 0, &text);
  return text;
}

// Java's toString of the classes that Flink hands out for each type.
TEST(PrintTextTest, ValuesAsJavaShowsThem) {
  EXPECT_EQ(Printed(DataType::Boolean(), Value::Bool(true)), "true");
  EXPECT_EQ(Printed(DataType::TinyInt(), Value::Int(-128)), "-128");
  EXPECT_EQ(Printed(DataType::BigInt(), Value::Int(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(Printed(DataType::Double(), Value::Double(1)), "1.0");
  EXPECT_EQ(Printed(DataType::Double(), Value::Double(1e10)), "1.0E10");
  EXPECT_EQ(Printed(DataType::String(), Value::String("北京 a, b")), "北京 a, b");
  EXPECT_EQ(Printed(DataType::String(), Value::Null()), "null");
  EXPECT_EQ(Printed(DataType::Bytes(), Value::String("a\xff")), "[97, -1]");
  EXPECT_EQ(Printed(DataType::Date(), Value::Int(18262)), "2020-01-01");
  EXPECT_EQ(Printed(DataType::Time(), Value::Int(0)), "00:00");
  EXPECT_EQ(Printed(DataType::Time(3), Value::Int(45'296'500'000)), "12:34:56.500");
}

TEST(PrintTextTest, TimestampsAsLocalDateTimeAndInstant) {
  const int64_t micros = 1'586'937'600'000'000;  // 2020-04-15 08:00:00
  EXPECT_EQ(Printed(DataType::Timestamp(3), Value::Int(micros)), "2020-04-15T08:00");
  EXPECT_EQ(Printed(DataType::Timestamp(3), Value::Int(micros + 5'000'000)), "2020-04-15T08:00:05");
  EXPECT_EQ(Printed(DataType::Timestamp(3), Value::Int(micros + 120'000)), "2020-04-15T08:00:00.120");
  EXPECT_EQ(Printed(DataType::Timestamp(6), Value::Int(micros + 123'456)), "2020-04-15T08:00:00.123456");
  EXPECT_EQ(Printed(DataType::TimestampLtz(3), Value::Int(micros)), "2020-04-15T08:00:00Z");
  EXPECT_EQ(Printed(DataType::TimestampLtz(3), Value::Int(micros + 999'000)), "2020-04-15T08:00:00.999Z");
  EXPECT_EQ(Printed(DataType::Timestamp(3), Value::Int(-1'000)), "1969-12-31T23:59:59.999");
}

TEST(PrintTextTest, DecimalsAsBigDecimal) {
  EXPECT_EQ(Printed(DataType::Decimal(10, 2), Value::Decimal(1'230)), "12.30");
  EXPECT_EQ(Printed(DataType::Decimal(10, 2), Value::Decimal(-5)), "-0.05");
  EXPECT_EQ(Printed(DataType::Decimal(10, 6), Value::Decimal(1)), "0.000001");
  EXPECT_EQ(Printed(DataType::Decimal(10, 7), Value::Decimal(1)), "1E-7");
  EXPECT_EQ(Printed(DataType::Decimal(10, 9), Value::Decimal(-12)), "-1.2E-8");
  EXPECT_EQ(Printed(DataType::Decimal(10, 8), Value::Decimal(0)), "0E-8");
  EXPECT_EQ(Printed(DataType::Decimal(38, 0), Value::Decimal(Int128{1} << 100)),
            "1267650600228229401496703205376");
}

TEST(PrintTextTest, IntervalsAsPeriodAndDuration) {
  EXPECT_EQ(Printed(DataType::IntervalYearMonth(), Value::Int(14)), "P1Y2M");
  EXPECT_EQ(Printed(DataType::IntervalYearMonth(), Value::Int(0)), "P0D");
  EXPECT_EQ(Printed(DataType::IntervalDayTime(), Value::Int(0)), "PT0S");
  EXPECT_EQ(Printed(DataType::IntervalDayTime(), Value::Int(90'062'500'000)), "PT25H1M2.5S");
  EXPECT_EQ(Printed(DataType::IntervalDayTime(), Value::Int(-500'000)), "PT-0.5S");
}

TEST(PrintTextTest, Collections) {
  const Value one = Value::Int(1);
  EXPECT_EQ(Printed(DataType::Array(DataType::Int()), Value::MakeList({one, Value::Null()})), "[1, null]");
  EXPECT_EQ(Printed(DataType::Map(DataType::String(), DataType::Int()),
                    Value::MakeList({Value::MakeList({Value::String("k"), one})})),
            "{k=1}");
  EXPECT_EQ(Printed(DataType::Row({{"a", DataType::Int()}, {"b", DataType::Array(DataType::Int())}}),
                    Value::MakeList({one, Value::MakeList({})})),
            "+I[1, []]");
}

data::Batch TwoChanges() {
  data::BatchBuilder builder({DataType::Int(), DataType::String()});
  builder.column(0).Append<int32_t>(1);
  builder.column(1).AppendString("beijing");
  builder.FinishRow();
  builder.column(0).Append<int32_t>(2);
  builder.column(1).AppendNull();
  builder.FinishRow(data::RowKind::kDelete);
  return builder.Build();
}

class PrintSinkTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Sink>> Make(std::vector<std::pair<std::string, std::string>> with) {
    with.emplace_back("connector", "print");
    SinkContext context;
    context.standard_output = &output_;
    context.standard_error = &error_;
    return MakeSink(With(std::move(with)), Physical({{"a", DataType::Int()}, {"b", DataType::String()}}),
                    context);
  }
  MemoryPrintOutput output_;
  MemoryPrintOutput error_;
};

TEST_F(PrintSinkTest, PrintsChanges) {
  auto sink = Make({});
  ASSERT_TRUE(sink.has_value()) << sink.error().ToString();
  ASSERT_TRUE((*sink)->Write(TwoChanges()).has_value());
  EXPECT_EQ(output_.Take(), "+I[1, beijing]\n-D[2, null]\n");
  EXPECT_TRUE((*sink)->Flush(1).has_value());
  EXPECT_TRUE((*sink)->Close().has_value());
  EXPECT_EQ(output_.Take(), "");
}

TEST_F(PrintSinkTest, IdentifierAndStandardError) {
  auto sink = Make({{"print-identifier", "out"}, {"standard-error", "true"}});
  ASSERT_TRUE(sink.has_value());
  ASSERT_TRUE((*sink)->Write(TwoChanges()).has_value());
  EXPECT_EQ(output_.Take(), "");
  EXPECT_EQ(error_.Take(), "out> +I[1, beijing]\nout> -D[2, null]\n");
}

TEST_F(PrintSinkTest, RefusesParallelism) {
  EXPECT_EQ(Make({{"sink.parallelism", "4"}}).error().ToString(),
            "22023: table 't': option 'sink.parallelism': '4' is above 1\nHINT: rows are printed by one "
            "task; only 1 "
            "is possible");
}

TEST_F(PrintSinkTest, CannotBeRead) {
  EXPECT_EQ(MakeSource(With({{"connector", "print"}}), Physical({{"a", DataType::Int()}}), {true}, {})
                .error()
                .message(),
            "table 't': connector 'print' only writes: it cannot be read");
}

}  // namespace
}  // namespace millrace::connectors
