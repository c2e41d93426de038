#include <gtest/gtest.h>

#include <limits>

#include "functions/function_tester.h"

namespace millrace::functions {
namespace {

using namespace testing;  // NOLINT: the tester's vocabulary

ExprPtr Tiny(int64_t v) {
  return MakeLiteral(DataType::TinyInt().NotNull(), Value::Int(v));
}
ExprPtr Float(double v) {
  return MakeLiteral(DataType::Float().NotNull(), Value::Double(v));
}

TEST(ArithmeticTest, IntegersTakeTheWiderType) {
  EXPECT_EQ(Result("+", {Int(5), Int(5)}), "10");
  EXPECT_EQ(TypeOf("+", {Int(5), Long(5)}), "BIGINT NOT NULL");
  EXPECT_EQ(TypeOf("*", {Tiny(5), Tiny(5)}), "TINYINT NOT NULL");
  EXPECT_EQ(Result("-", {Long(5), Int(7)}), "-2");
  EXPECT_EQ(Result("/", {Int(7), Int(-2)}), "-3");
  EXPECT_EQ(Result("%", {Int(-7), Int(3)}), "-1");
  EXPECT_EQ(TypeOf("MOD", {Long(44), Int(3)}), "INT NOT NULL");
  EXPECT_EQ(Result("MOD", {Long(44), Int(3)}), "2");
}

TEST(ArithmeticTest, OverflowFailsTheRow) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(Result("+", {Int(2147483647), Int(1)}), "numeric out of range: 2147483647 + 1 does not fit INT");
  EXPECT_EQ(Result("+", {Long(most), Long(1)}),
            "numeric out of range: 9223372036854775807 + 1 does not fit BIGINT");
  EXPECT_EQ(Result("-", {Long(least), Long(1)}),
            "numeric out of range: -9223372036854775808 - 1 does not fit BIGINT");
  EXPECT_EQ(Result("*", {Tiny(16), Tiny(8)}), "numeric out of range: 16 * 8 does not fit TINYINT");
  EXPECT_EQ(Result("/", {Long(least), Long(-1)}),
            "numeric out of range: -9223372036854775808 / -1 does not fit BIGINT");
  EXPECT_EQ(Result("%", {Long(least), Long(-1)}), "0");
  EXPECT_EQ(Result("NEGATE", {Long(least)}),
            "numeric out of range: -(-9223372036854775808) does not fit BIGINT");
  EXPECT_EQ(Result("+", {Long(most), Long(least)}), "-1");
}

TEST(ArithmeticTest, DivisionByZeroIsAnErrorOfExactTypesOnly) {
  EXPECT_EQ(Result("/", {Int(1), Int(0)}), "division by zero: 1 / 0");
  EXPECT_EQ(Result("%", {Int(1), Int(0)}), "division by zero: 1 % 0");
  EXPECT_EQ(Result("/", {Dec(3, 2, "1.5"), Int(0)}), "division by zero: 1.50 / 0");
  EXPECT_EQ(Result("/", {Int(1), Double(0)}), "Infinity");
  EXPECT_EQ(Result("/", {Double(0), Double(0)}), "NaN");
}

TEST(ArithmeticTest, ApproximateTypes) {
  EXPECT_EQ(TypeOf("+", {Int(1), Float(1)}), "FLOAT NOT NULL");
  EXPECT_EQ(TypeOf("+", {Dec(5, 2, "1"), Float(1)}), "DOUBLE NOT NULL");
  EXPECT_EQ(Result("+", {Dec(5, 2, "123.45"), Double(4.2)}), "127.65");
  EXPECT_EQ(Result("NEGATE", {Double(1)}), "-1.0");
}

TEST(ArithmeticTest, DecimalTypesFollowTheirRules) {
  const ExprPtr f0 = Dec(19, 0, "1514356320000");
  EXPECT_EQ(TypeOf("+", {f0, f0}), "DECIMAL(20, 0) NOT NULL");
  EXPECT_EQ(Result("+", {f0, f0}), "3028712640000");
  EXPECT_EQ(Result("-", {f0, Int(6)}), "1514356319994");
  EXPECT_EQ(TypeOf("/", {f0, f0}), "DECIMAL(38, 19) NOT NULL");
  EXPECT_EQ(Result("/", {f0, f0}), "1.0000000000000000000");
  EXPECT_EQ(TypeOf("/", {f0, Int(6)}), "DECIMAL(30, 11) NOT NULL");
  EXPECT_EQ(Result("/", {f0, Int(6)}), "252392720000.00000000000");
  EXPECT_EQ(TypeOf("*", {f0, f0}), "DECIMAL(38, 0) NOT NULL");
  EXPECT_EQ(Result("*", {f0, f0}), "2293275063923942400000000");
  EXPECT_EQ(TypeOf("*", {f0, Int(6)}), "DECIMAL(30, 0) NOT NULL");
  // Literals of the query text: 2.0 is DECIMAL(2, 1).
  EXPECT_EQ(Result("/", {Dec(2, 1, "1.0"), Dec(2, 1, "8.0")}), "0.125000");
  EXPECT_EQ(Result("/", {Dec(2, 1, "2.0"), Dec(2, 1, "3.0")}), "0.666667");
  EXPECT_EQ(Result("/", {Int(-2), Dec(2, 1, "3.0")}), "-0.666667");
  EXPECT_EQ(Result("/", {Dec(2, 1, "1.0"), Int(400)}), "0.002500000000");
  EXPECT_EQ(Result("/", {Dec(2, 1, "1.0"), Long(100000000000)}), "0.000000000010000000000");
}

TEST(ArithmeticTest, DecimalsKeepSixDigitsOfScaleWhenThirtyEightDoNotSuffice) {
  const ExprPtr wide = Dec(30, 0, "123456789123456789123456789");
  EXPECT_EQ(TypeOf("/", {wide, wide}), "DECIMAL(38, 8) NOT NULL");
  EXPECT_EQ(Result("/", {wide, wide}), "1.00000000");
  EXPECT_EQ(Result("+", {wide, Dec(3, 1, "12.3")}), "123456789123456789123456801.3");
  EXPECT_EQ(TypeOf("*", {Dec(38, 18, "1.5"), Dec(38, 18, "1.5")}), "DECIMAL(38, 6) NOT NULL");
  EXPECT_EQ(Result("*", {Dec(38, 18, "1.5"), Dec(38, 18, "1.5")}), "2.250000");
  // The exact product has 74 digits: it is computed in 256 bits and rounded.
  EXPECT_EQ(Result("*", {Dec(38, 18, "12345678901234567890.123456789012345678"),
                         Dec(38, 18, "1.000000000000000005")}),
            "12345678901234567951.851851");
  EXPECT_EQ(Result("*", {Dec(38, 18, "99999999999999999999"), Dec(38, 18, "99999999999999999999")}),
            "numeric out of range: 99999999999999999999.000000000000000000 * "
            "99999999999999999999.000000000000000000 "
            "does not fit DECIMAL(38, 6)");
}

TEST(ArithmeticTest, DecimalRemainder) {
  EXPECT_EQ(Result("MOD", {Dec(5, 2, "3.00"), Int(7)}), "3.00");
  EXPECT_EQ(Result("MOD", {Int(7), Dec(5, 2, "3.00")}), "1.00");
  EXPECT_EQ(Result("%", {Dec(5, 4, "3.1234"), Dec(10, 0, "5")}), "3.1234");
}

TEST(ArithmeticTest, NullsGiveNull) {
  EXPECT_EQ(Result("+", {Int(1), Null()}), "NULL");
  EXPECT_EQ(TypeOf("+", {Long(1), Null()}), "BIGINT");
  EXPECT_EQ(Result("/", {NullOf(DataType::Int()), Int(0)}), "NULL");
}

TEST(ArithmeticTest, DatesAndIntervals) {
  const int64_t day = data::kMicrosPerDay;
  EXPECT_EQ(Result("+", {Date("1990-10-14"), Micros(2 * day)}), "1990-10-16");
  EXPECT_EQ(Result("+", {Micros(30 * day), Date("1990-10-14")}), "1990-11-13");
  EXPECT_EQ(Result("-", {Date("1990-10-14"), Micros(2 * day)}), "1990-10-12");
  EXPECT_EQ(Result("+", {Date("1990-10-14"), Months(2)}), "1990-12-14");
  EXPECT_EQ(Result("-", {Timestamp("1990-10-14 10:20:45.123"), Months(120)}), "1980-10-14 10:20:45.123");
  EXPECT_EQ(Result("-", {Timestamp("1990-10-14 10:20:45.123"), Micros(10 * day + 4000)}),
            "1990-10-04 10:20:45.119");
  EXPECT_EQ(Result("+", {Time("23:59:59"), Micros(2'000'000)}), "00:00:01");
  EXPECT_EQ(Result("-", {Time("00:00:00"), Micros(1'000'000)}), "23:59:59");
  EXPECT_EQ(Result("-", {Months(24), Months(12)}), "+1-00");
  EXPECT_EQ(Result("-", {Micros(60'000'000), Micros(10'000'000)}), "+0 00:00:50.000");
  EXPECT_EQ(Result("NEGATE", {Months(24)}), "-2-00");
  EXPECT_EQ(Result("*", {Int(2), Micros(3'000'000)}), "+0 00:00:06.000");
  EXPECT_EQ(Result("-", {Timestamp("2020-01-02 00:00:00"), Timestamp("2020-01-01 12:00:00")}),
            "+0 12:00:00.000");
  EXPECT_EQ(TypeOf("+", {Timestamp("2020-01-01"), Micros(1)}), "TIMESTAMP(3) NOT NULL");
  EXPECT_EQ(Result("+", {Date("9999-12-31"), Micros(day)}),
            "numeric out of range: 9999-12-31 and +1 00:00:00.000 give no date of the years -9999 to 9999");
}

TEST(ArithmeticTest, OtherTypesAreRefused) {
  const auto call = Registry::Get().BindScalar("+", {Text("a"), Int(1)}, BindContext{});
  ASSERT_FALSE(call.has_value());
  EXPECT_EQ(
      call.error().ToString(),
      "42883: function +(STRING, INT) does not exist\nHINT: number + number, date or time + interval does");
}

}  // namespace
}  // namespace millrace::functions
