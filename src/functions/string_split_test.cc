#include <gtest/gtest.h>

#include "functions/function_tester.h"

namespace millrace::functions::testing {

TEST(SplitTest, Parts) {
  EXPECT_EQ(Result("SPLIT", {Text("a--b--"), Text("--")}), "[a, b, ]");
  EXPECT_EQ(Result("SPLIT", {Text("数据a"), Text("")}), "[数, 据, a]");
  EXPECT_EQ(Result("SPLIT", {Text("abc"), Text("x")}), "[abc]");
  EXPECT_EQ(TypeOf("SPLIT", {Text("a"), Text(",")}), "ARRAY<STRING> NOT NULL");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text("2024-05-06"), Text("-"), Int(1)}), "05");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text("a,,b"), Text(","), Int(1)}), "");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text("a,,b"), Text(","), Int(3)}), "NULL");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text("a,b"), Text(","), Int(-1)}), "NULL");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text(""), Text(","), Int(0)}), "NULL");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text("a|b"), Int(124), Int(1)}), "b");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text("a|b"), Int(0), Int(0)}), "NULL");
  EXPECT_EQ(Result("SPLIT_INDEX", {Text("one two"), Text(""), Int(1)}), "two");
}

TEST(SplitTest, StrToMap) {
  EXPECT_EQ(Result("STR_TO_MAP", {Text("city=北京,zip=100000")}), "{city=北京, zip=100000}");
  EXPECT_EQ(Result("STR_TO_MAP", {Text("a=1,b,c=")}), "{a=1, b=NULL, c=}");
  EXPECT_EQ(Result("STR_TO_MAP", {Text("a=1=2,,,")}), "{a=1=2}");
  EXPECT_EQ(Result("STR_TO_MAP", {Text("a=1,a=2")}), "{a=2}");
  EXPECT_EQ(Result("STR_TO_MAP", {Text("")}), "{}");
  EXPECT_EQ(Result("STR_TO_MAP", {Text("a: 1;  b:2"), Text(";\\s*"), Text(":\\s*")}), "{a=1, b=2}");
  EXPECT_EQ(Result("STR_TO_MAP", {Text("a|1$b|2"), Text("\\$"), Text("\\|")}), "{a=1, b=2}");
}

TEST(SplitTest, Elt) {
  EXPECT_EQ(Result("ELT", {Int(2), Text("a"), Text("b")}), "b");
  EXPECT_EQ(Result("ELT", {Int(3), Text("a"), Text("b")}), "NULL");
  EXPECT_EQ(Result("ELT", {Int(0), Text("a")}), "NULL");
  EXPECT_EQ(TypeOf("ELT", {Int(1), Of(DataType::Char(1), "a"), Of(DataType::Char(1), "b")}), "CHAR(1)");
  EXPECT_EQ(TypeOf("ELT", {Int(1), Of(DataType::Char(1), "a"), Of(DataType::Char(2), "bc")}), "STRING");
  EXPECT_EQ(TypeOf("ELT", {Int(-1), Text("a")}), "ELT: the index counts from 1, but is -1");
}

TEST(PrintfTest, Conversions) {
  EXPECT_EQ(Result("PRINTF", {Text("%d items, %s%%"), Int(3), Text("50")}, {}, false), "3 items, 50%");
  EXPECT_EQ(
      Result("PRINTF", {Text("[%5d|%-5d|%05d|%+d|%,d]"), Int(42), Int(42), Int(-42), Int(42), Int(1234567)}),
      "[   42|42   |-0042|+42|1,234,567]");
  EXPECT_EQ(Result("PRINTF", {Text("%x %X %o %#x"), Int(255), Int(255), Int(8), Int(16)}), "ff FF 10 0x10");
  EXPECT_EQ(Result("PRINTF", {Text("%x"), Int(-1)}), "ffffffff");
  EXPECT_EQ(Result("PRINTF", {Text("%.2f %8.1f %.0f"), Double(2.675), Double(-0.05), Double(0.5)}),
            "2.68     -0.1 1");
  EXPECT_EQ(Result("PRINTF", {Text("%f"), Dec(10, 3, "12.345")}), "12.345000");
  EXPECT_EQ(Result("PRINTF", {Text("%.2f"), Double(99.999)}), "100.00");
  EXPECT_EQ(Result("PRINTF", {Text("%.2e %E"), Double(12345.678), Double(0)}), "1.23e+04 0.000000E+00");
  EXPECT_EQ(Result("PRINTF", {Text("%2$s-%1$s-%<s"), Text("a"), Text("b")}), "b-a-a");
  EXPECT_EQ(Result("PRINTF", {Text("%S|%-6s|%.2s"), Text("é"), Text("京"), Text("abc")}), "É|京     |ab");
  EXPECT_EQ(Result("PRINTF", {Text("%c%c"), Int(20140), Int(65)}), "京A");
  EXPECT_EQ(Result("PRINTF", {Text("%b %s %d"), Bool(true), NullOf(DataType::Int()), NullOf(DataType::Int())},
                   {}, false),
            "true null null");
  EXPECT_EQ(Result("PRINTF", {Text("%s"), Timestamp("2024-05-06 07:08:00.000")}), "2024-05-06T07:08");
}

TEST(PrintfTest, Errors) {
  EXPECT_EQ(TypeOf("PRINTF", {Text("%q"), Int(1)}), "PRINTF: '%q' in '%q' is no conversion");
  EXPECT_EQ(TypeOf("PRINTF", {Text("50%"), Int(1)}), "PRINTF: '%' in '50%' is no conversion");
  EXPECT_EQ(Result("PRINTF", {Text("%d %d"), Int(1)}),
            "PRINTF: the format asks for value 2, but there are 1");
  EXPECT_EQ(Result("PRINTF", {Text("%d"), Text("a")}), "PRINTF: %d does not format STRING");
}

}  // namespace millrace::functions::testing
