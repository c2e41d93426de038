#include <gtest/gtest.h>

#include <cmath>

#include "functions/function_tester.h"
#include "functions/rounding.h"

namespace millrace::functions {
namespace {

using namespace testing;  // NOLINT: the tester's vocabulary

ExprPtr Tiny(int64_t v) {
  return MakeLiteral(DataType::TinyInt().NotNull(), Value::Int(v));
}
ExprPtr Float(double v) {
  return MakeLiteral(DataType::Float().NotNull(), Value::Double(v));
}

TEST(MathTest, PowersRootsAndLogarithms) {
  EXPECT_EQ(Result("POWER", {Int(5), Int(5)}), "3125.0");
  EXPECT_EQ(Result("SQRT", {Int(25)}), "5.0");
  EXPECT_EQ(Result("EXP", {Int(0)}), "1.0");
  EXPECT_EQ(Result("LOG10", {Int(1)}), "0.0");
  EXPECT_EQ(Result("LN", {Double(M_E)}), "1.0");
  EXPECT_EQ(Result("LOG2", {Int(10)}), "3.321928094887362");
  EXPECT_EQ(Result("LOG", {Int(10), Int(100)}), "2.0");
  EXPECT_EQ(Result("LOG", {Int(1), NullOf(DataType::Double())}), "NULL");
  EXPECT_EQ(Result("LOG", {Int(-1)}), "numeric out of range: the logarithm of -1, which is not above 0");
  EXPECT_EQ(Result("LOG", {Int(1), Int(5)}),
            "numeric out of range: a logarithm to the base 1, which is not above 1");
}

TEST(MathTest, Trigonometry) {
  EXPECT_EQ(Result("SINH", {Dec(2, 1, "2.5")}), "6.0502044810397875");
  EXPECT_EQ(Result("ATAN2", {Double(0.5), Double(0.5)}), "0.7853981633974483");
  EXPECT_EQ(Result("DEGREES", {Double(0.5)}), "28.64788975654116");
  EXPECT_EQ(Result("RADIANS", {Double(0.5)}), "0.008726646259971648");
  EXPECT_EQ(Result("COS", {Int(0)}), "1.0");
  EXPECT_EQ(Result("E", {}), "2.718281828459045");
  EXPECT_EQ(Result("PI", {}), "3.141592653589793");
}

TEST(MathTest, AbsAndSignKeepTheType) {
  EXPECT_EQ(Result("ABS", {Int(-42)}), "42");
  EXPECT_EQ(TypeOf("ABS", {Tiny(-4)}), "TINYINT NOT NULL");
  EXPECT_EQ(Result("ABS", {Tiny(-128)}), "numeric out of range: ABS(-128) does not fit TINYINT");
  EXPECT_EQ(Result("ABS", {Dec(5, 2, "-3.14")}), "3.14");
  EXPECT_EQ(Result("SIGN", {Dec(2, 1, "-1.1")}), "-1.0");
  EXPECT_EQ(Result("SIGN", {Dec(2, 2, "0.55")}), "1.00");
  EXPECT_EQ(Result("SIGN", {Int(0)}), "0");
  EXPECT_EQ(Result("SIGN", {Double(-0.5)}), "-1.0");
}

TEST(MathTest, CeilAndFloor) {
  EXPECT_EQ(Result("CEIL", {Dec(2, 1, "2.5")}), "3");
  EXPECT_EQ(Result("FLOOR", {Dec(2, 1, "2.5")}), "2");
  EXPECT_EQ(Result("FLOOR", {Dec(2, 1, "-2.5")}), "-3");
  EXPECT_EQ(Result("CEILING", {Dec(2, 1, "-2.5")}), "-2");
  EXPECT_EQ(Result("CEIL", {Double(4.5)}), "5.0");
  EXPECT_EQ(Result("FLOOR", {Int(43)}), "43");
}

TEST(MathTest, RoundGoesHalfAwayFromZero) {
  EXPECT_EQ(Result("ROUND", {Dec(6, 3, "125.315")}), "125");
  EXPECT_EQ(Result("ROUND", {Dec(6, 3, "-125.315"), Int(2)}, {}, false), "-125.32");
  EXPECT_EQ(TypeOf("ROUND", {Dec(10, 5, "12345.12345"), Int(2)}), "DECIMAL(8, 2) NOT NULL");
  EXPECT_EQ(Result("ROUND", {Dec(6, 3, "646.646"), Int(-1)}, {}, false), "650");
  EXPECT_EQ(Result("ROUND", {Dec(6, 3, "646.646"), Int(4)}, {}, false), "646.646");
  EXPECT_EQ(Result("ROUND", {Tiny(123), Int(-2)}), "100");
  EXPECT_EQ(Result("ROUND", {Tiny(127), Int(-1)}),
            "numeric out of range: ROUND(127, -1) does not fit TINYINT");
  EXPECT_EQ(Result("ROUND", {Float(1.2345f), Int(3)}), "1.235");
  EXPECT_EQ(Result("ROUND", {Double(1.005), Int(2)}), "1.01");
  EXPECT_EQ(Result("ROUND", {Int(123), NullOf(DataType::Int())}), "NULL");
}

TEST(MathTest, ADecimalKeepsItsScaleWhenTheDigitsAreNoConstant) {
  const ExprPtr digits = MakeColumn(0, DataType::Int());
  EXPECT_EQ(TypeOf("ROUND", {Dec(6, 3, "646.646"), digits}), "DECIMAL(7, 3)");
}

TEST(MathTest, RoundingDoublesByTheirText) {
  EXPECT_EQ(RoundDouble(9.99, 1, false), 10.0);
  EXPECT_EQ(RoundDouble(0.06, 1, false), 0.1);
  EXPECT_EQ(RoundDouble(0.04, 1, false), 0.0);
  EXPECT_EQ(RoundDouble(0.006, 1, false), 0.0);
  EXPECT_EQ(RoundDouble(-15, -1, false), -20.0);
  EXPECT_EQ(RoundDouble(5, -1, false), 10.0);
  EXPECT_EQ(RoundDouble(1e300, 2, false), 1e300);
  EXPECT_EQ(RoundDouble(1.5e-300, 310, false), 1.5e-300);
  EXPECT_EQ(RoundDouble(0.46, 1, true), 0.4);
  EXPECT_TRUE(std::isnan(RoundDouble(NAN, 1, false)));
}

TEST(MathTest, TruncateCuts) {
  EXPECT_EQ(Result("TRUNCATE", {Dec(5, 3, "42.345")}), "42");
  EXPECT_EQ(Result("TRUNCATE", {Dec(5, 3, "42.345"), Int(2)}, {}, false), "42.34");
  EXPECT_EQ(Result("TRUNCATE", {Double(0.45), Int(1)}), "0.4");
  EXPECT_EQ(Result("TRUNCATE", {Int(42)}), "42");
}

TEST(MathTest, Notations) {
  EXPECT_EQ(Result("BIN", {Int(12)}), "1100");
  EXPECT_EQ(Result("BIN", {Int(0)}), "0");
  EXPECT_EQ(Result("HEX", {Int(100)}), "64");
  EXPECT_EQ(Result("HEX", {Int(-1)}), "FFFFFFFFFFFFFFFF");
  EXPECT_EQ(Result("HEX", {Text("ö")}), "C3B6");
  EXPECT_EQ(Result("UNHEX", {Text("4D7953514C")}), "MySQL");
  EXPECT_EQ(Result("UNHEX", {Text("146")}), std::string("\0F", 2));
  EXPECT_EQ(Result("UNHEX", {Text("1-")}), "NULL");
}

TEST(MathTest, RandomNumbers) {
  // The first of java.util.Random with seed 1.
  EXPECT_EQ(Result("RAND", {Int(1)}, {}, false), "0.7308781907032909");
  const auto draw = [](std::vector<ExprPtr> args, std::string_view name) {
    data::Batch batch;
    batch.rows = 1000;
    EvalContext context;
    context.random_state = 42;
    return Registry::Get().BindScalar(name, std::move(args), BindContext{}).value()->Evaluate(batch, context);
  };
  const auto integers = draw({Int(10)}, "RAND_INTEGER");
  int seen[10] = {};
  for (size_t i = 0; i < 1000; ++i) {
    const int value = data::ColumnView<int32_t>(*integers)[i];
    ASSERT_TRUE(value >= 0 && value < 10);
    ++seen[value];
  }
  for (const int count : seen) EXPECT_GT(count, 50);
  const auto ids = draw({}, "UUID");
  EXPECT_NE(data::ToText(*ids, 0), data::ToText(*ids, 1));
  EXPECT_EQ(data::ToText(*ids, 0).size(), 36u);
  EXPECT_EQ(data::ToText(*ids, 0)[14], '4');
  EXPECT_EQ(Result("RAND_INTEGER", {Int(0)}, {}, false),
            "numeric out of range: RAND_INTEGER below 0, which is not above 0");
}

}  // namespace
}  // namespace millrace::functions
