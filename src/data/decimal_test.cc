#include "data/decimal.h"

#include <gtest/gtest.h>

#include <limits>

namespace millrace::data {
namespace {

Int128 Big(std::string_view digits) {
  Int128 value = 0;
  bool negative = false;
  for (const char c : digits) {
    if (c == '-') {
      negative = true;
    } else {
      value = value * 10 + (c - '0');
    }
  }
  return negative ? -value : value;
}

std::string Text(std::optional<Int128> value, int scale = 0) {
  return value ? DecimalToString(*value, scale) : "none";
}

TEST(DecimalTest, WritesAllDigitsOfTheScale) {
  EXPECT_EQ(DecimalToString(-1230, 2), "-12.30");
  EXPECT_EQ(DecimalToString(0, 3), "0.000");
  EXPECT_EQ(DecimalToString(-5, 3), "-0.005");
  EXPECT_EQ(DecimalToString(42, 0), "42");
  EXPECT_EQ(DecimalToString(Big("-99999999999999999999999999999999999999"), 38),
            "-0.99999999999999999999999999999999999999");
  EXPECT_EQ(DecimalToString(Big("10000000000000000000000000000000000001"), 0),
            "10000000000000000000000000000000000001");
}

TEST(DecimalTest, ParsesAndRoundsHalfUp) {
  EXPECT_EQ(Text(ParseDecimal("12.345", 10, 2), 2), "12.35");
  EXPECT_EQ(Text(ParseDecimal("-12.345", 10, 2), 2), "-12.35");
  EXPECT_EQ(Text(ParseDecimal("12.344999", 10, 2), 2), "12.34");
  EXPECT_EQ(Text(ParseDecimal("1e3", 10, 0)), "1000");
  EXPECT_EQ(Text(ParseDecimal("+1.5E-1", 10, 2), 2), "0.15");
  EXPECT_EQ(Text(ParseDecimal(".5", 10, 1), 1), "0.5");
  EXPECT_EQ(Text(ParseDecimal("5.", 10, 0)), "5");
  EXPECT_EQ(Text(ParseDecimal("0.5", 10, 0)), "1");
  EXPECT_EQ(Text(ParseDecimal("1e-100", 10, 2), 2), "0.00");
  EXPECT_EQ(Text(ParseDecimal("00000000000000000000000000000000000000000000012", 2, 0)), "12");
}

TEST(DecimalTest, RefusesWhatIsNoNumberOrDoesNotFit) {
  for (const char* text : {"", ".", "-", "1.2.3", "1e", "1e+", "abc", " 1", "1 ", "0x10", "1,000", "--1"}) {
    EXPECT_EQ(Text(ParseDecimal(text, 10, 2)), "none") << text;
  }
  EXPECT_EQ(Text(ParseDecimal("999.99", 4, 1)), "none");  // rounds to 1000.0
  EXPECT_EQ(Text(ParseDecimal("100", 2, 0)), "none");
  EXPECT_EQ(Text(ParseDecimal("1e38", 38, 0)), "none");
  EXPECT_EQ(Text(ParseDecimal("1e999999999999", 38, 0)), "none");
  EXPECT_EQ(Text(ParseDecimal("0e999999999999", 38, 0)), "0");
}

TEST(DecimalTest, KeepsThirtyEightDigits) {
  const std::string most(38, '9');
  EXPECT_EQ(Text(ParseDecimal(most, 38, 0)), most);
  EXPECT_EQ(Text(ParseDecimal("-" + most, 38, 0)), "-" + most);
  EXPECT_EQ(Text(ParseDecimal(most + ".4", 38, 0)), most);
  EXPECT_EQ(Text(ParseDecimal(most + ".5", 38, 0)), "none");
}

TEST(DecimalTest, RescaleRoundsAwayFromZero) {
  EXPECT_EQ(Text(Rescale(125, 2, 1, 38), 1), "1.3");
  EXPECT_EQ(Text(Rescale(-125, 2, 1, 38), 1), "-1.3");
  EXPECT_EQ(Text(Rescale(124, 2, 1, 38), 1), "1.2");
  EXPECT_EQ(Text(Rescale(12, 0, 3, 38), 3), "12.000");
  EXPECT_EQ(Text(Rescale(99, 1, 0, 1), 0), "none");
  EXPECT_EQ(Text(Rescale(PowerOfTen(37), 0, 5, 38), 5), "none");
}

TEST(DecimalTest, DivideScaledIsExactPast128Bits) {
  EXPECT_EQ(Text(DivideScaled(1, 3, 6), 6), "0.333333");
  EXPECT_EQ(Text(DivideScaled(2, 3, 6), 6), "0.666667");
  EXPECT_EQ(Text(DivideScaled(-2, 3, 6), 6), "-0.666667");
  EXPECT_EQ(Text(DivideScaled(-1, -2, 0)), "1");
  // 10^38 - 1 over itself, with 30 more digits: needs 68 digits in between.
  const Int128 most = PowerOfTen(38) - 1;
  EXPECT_EQ(Text(DivideScaled(most, most, 30), 30), "1.000000000000000000000000000000");
  EXPECT_EQ(Text(DivideScaled(most - 1, most, 37), 37), "1.0000000000000000000000000000000000000");
  EXPECT_EQ(Text(DivideScaled(1, most, 76), 0), "100000000000000000000000000000000000001");
  EXPECT_EQ(Text(DivideScaled(most, 1, 10)), "none");
}

TEST(DecimalTest, DoublesConvertByTheirShortestText) {
  EXPECT_EQ(Text(DoubleToDecimal(0.1, 10, 2), 2), "0.10");
  EXPECT_EQ(Text(DoubleToDecimal(1.005, 10, 2), 2), "1.01");  // the text is 1.005, the binary a bit less
  EXPECT_EQ(Text(DoubleToDecimal(1e30, 38, 0)), "1000000000000000000000000000000");
  EXPECT_EQ(Text(DoubleToDecimal(std::numeric_limits<double>::infinity(), 38, 0)), "none");
  EXPECT_EQ(DecimalToDouble(12345, 3), 12.345);
  EXPECT_EQ(DecimalToDouble(Big("123456789012345678901234567890"), 10), 12345678901234567890.123456789);
}

TEST(DecimalTest, MultiplyExactSaysWhenItOverflows) {
  EXPECT_EQ(Text(MultiplyExact(PowerOfTen(19), PowerOfTen(19))), "1" + std::string(38, '0'));
  EXPECT_EQ(Text(MultiplyExact(PowerOfTen(20), PowerOfTen(19))), "none");
}

TEST(ExactDecimal, HasTheDigitsThatAreWritten) {
  const auto read = [](std::string_view text) {
    const Result<ExactDecimal> value = ParseExactDecimal(text);
    if (!value.has_value()) return std::string(SqlState(value.error().code()));
    return DecimalToString(value->unscaled, value->scale) + " " + std::to_string(value->precision) + "," +
           std::to_string(value->scale);
  };
  EXPECT_EQ(read("0"), "0 1,0");
  EXPECT_EQ(read("-1.50"), "-1.50 3,2");
  EXPECT_EQ(read("+007"), "7 1,0");
  EXPECT_EQ(read(".001"), "0.001 3,3");
  EXPECT_EQ(read("5."), "5 1,0");
  EXPECT_EQ(read("1.5e3"), "1500 4,0");
  EXPECT_EQ(read("15e-3"), "0.015 3,3");
  EXPECT_EQ(read("0e99999999999"), "0 1,0");
  EXPECT_EQ(read("0.00"), "0.00 2,2");
  EXPECT_EQ(read("9999999999999999999999999999.9999999999"), "9999999999999999999999999999.9999999999 38,10");
  EXPECT_EQ(read("0." + std::string(37, '0') + "1"), "0." + std::string(37, '0') + "1 38,38");
  EXPECT_EQ(read("1" + std::string(37, '0') + ".000"), "1" + std::string(37, '0') + " 38,0");
  // One digit too many on either side, or in all.
  EXPECT_EQ(read("1" + std::string(38, '0')), "22003");
  EXPECT_EQ(read("0." + std::string(38, '0') + "1"), "22003");
  EXPECT_EQ(read("1." + std::string(37, '0') + "1"), "22003");
  EXPECT_EQ(read("1e38"), "22003");
  EXPECT_EQ(read("1e-99999999999"), "22003");
  EXPECT_EQ(read("NaN"), "22003");
  EXPECT_EQ(read("-Infinity"), "22003");
  for (const char* text : {"", "-", ".", "1e", "1..2", "1,5", "0x10", " 1", "e5"})
    EXPECT_EQ(read(text), "22P02") << text;
}

}  // namespace
}  // namespace millrace::data
