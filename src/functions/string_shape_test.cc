#include <gtest/gtest.h>

#include "functions/function_tester.h"

namespace millrace::functions::testing {

TEST(StringShapeTest, LengthCountsCharacters) {
  EXPECT_EQ(Result("CHAR_LENGTH", {Text("plum")}), "4");
  EXPECT_EQ(Result("CHARACTER_LENGTH", {Text("北京😀é")}), "4");
  EXPECT_EQ(Result("CHAR_LENGTH", {Text("")}), "0");
  EXPECT_EQ(Result("CHAR_LENGTH", {NullOf(DataType::String())}, {}, false), "NULL");
  EXPECT_EQ(TypeOf("CHAR_LENGTH", {Text("a")}), "INT NOT NULL");
}

TEST(StringShapeTest, Case) {
  EXPECT_EQ(Result("UPPER", {Text("straße 12 éà")}), "STRASSE 12 ÉÀ");
  EXPECT_EQ(Result("LOWER", {Text("ÀÉ Ω X1")}), "àé ω x1");
  EXPECT_EQ(Result("UCASE", {Text("a")}), "A");
  EXPECT_EQ(Result("LCASE", {Text("A")}), "a");
  EXPECT_EQ(Result("INITCAP", {Text("the qUICK bROWN-fox 3rd")}), "The Quick Brown-Fox 3rd");
  EXPECT_EQ(Result("INITCAP", {Text("élan VITAL")}), "Élan Vital");
}

TEST(StringShapeTest, Substring) {
  const auto text = Text("warehouse");
  EXPECT_EQ(Result("SUBSTRING", {text, Int(5)}), "house");
  EXPECT_EQ(Result("SUBSTRING", {text, Int(1), Int(4)}), "ware");
  EXPECT_EQ(Result("SUBSTRING", {text, Int(0), Int(4)}), "ware");
  EXPECT_EQ(Result("SUBSTR", {text, Int(-5), Int(3)}), "hou");
  EXPECT_EQ(Result("SUBSTR", {text, Int(-10), Int(3)}), "");
  EXPECT_EQ(Result("SUBSTR", {text, Int(10), Int(3)}), "");
  EXPECT_EQ(Result("SUBSTR", {text, Int(3), Int(0)}), "");
  EXPECT_EQ(Result("SUBSTR", {text, Int(3), Int(500)}), "rehouse");
  EXPECT_EQ(Result("SUBSTR", {text, Int(3), Int(-1)}), "NULL");
  EXPECT_EQ(Result("SUBSTRING", {Text("实时数据仓库 is long enough"), Int(3), Int(2)}), "数据");
  EXPECT_EQ(Result("SUBSTRING", {Text("实时数据仓库"), Int(-2)}), "仓库");
}

TEST(StringShapeTest, LeftAndRight) {
  EXPECT_EQ(Result("LEFT", {Text("实时数据"), Int(3)}), "实时数");
  EXPECT_EQ(Result("LEFT", {Text("abc"), Int(-1)}), "");
  EXPECT_EQ(Result("LEFT", {Text("abc"), Int(9)}), "abc");
  EXPECT_EQ(Result("RIGHT", {Text("实时数据"), Int(3)}), "时数据");
  EXPECT_EQ(Result("RIGHT", {Text("abc"), Int(0)}), "");
  EXPECT_EQ(Result("RIGHT", {Text("abc"), Int(9)}), "abc");
}

TEST(StringShapeTest, Trim) {
  EXPECT_EQ(Result("TRIM", {Text("  a b  ")}), "a b");
  EXPECT_EQ(Result("TRIM", {Text("BOTH"), Text("xy"), Text("yxaxbyx")}, {}, false), "axb");
  EXPECT_EQ(Result("TRIM", {Text("LEADING"), Text("x"), Text("xxax")}, {}, false), "ax");
  EXPECT_EQ(Result("TRIM", {Text("TRAILING"), Text("x"), Text("xxax")}, {}, false), "xxa");
  EXPECT_EQ(Result("LTRIM", {Text("  a ")}), "a ");
  EXPECT_EQ(Result("RTRIM", {Text("  a ")}), "  a");
  EXPECT_EQ(Result("RTRIM", {Text("价格：元元"), Text("元")}), "价格：");
  EXPECT_EQ(Result("LTRIM", {Text("abba"), Text("")}), "abba");
  EXPECT_EQ(Result("BTRIM", {Text("..a.."), Text(".")}), "a");
  EXPECT_EQ(Result("BTRIM", {Text("    ")}), "");
}

TEST(StringShapeTest, Pad) {
  EXPECT_EQ(Result("LPAD", {Text("7"), Int(3), Text("0")}), "007");
  EXPECT_EQ(Result("LPAD", {Text("7"), Int(4), Text("ab")}), "aba7");
  EXPECT_EQ(Result("LPAD", {Text("十一月"), Int(2), Text("x")}), "十一");
  EXPECT_EQ(Result("RPAD", {Text("hi"), Int(7), Text("<>")}), "hi<><><");
  EXPECT_EQ(Result("RPAD", {Text("hi"), Int(1), Text("<>")}), "h");
  EXPECT_EQ(Result("RPAD", {Text("hi"), Int(0), Text("<>")}), "");
  EXPECT_EQ(Result("RPAD", {Text("hi"), Int(-1), Text("<>")}), "NULL");
  EXPECT_EQ(Result("RPAD", {Text("hi"), Int(5), Text("")}), "NULL");
  EXPECT_EQ(Result("LPAD", {Text("hi"), Int(2000000000), Text("x")}),
            "LPAD would give a text longer than 67108864 bytes");
}

TEST(StringShapeTest, RepeatReplaceOverlayReverse) {
  EXPECT_EQ(Result("REPEAT", {Text("ab"), Int(3)}), "ababab");
  EXPECT_EQ(Result("REPEAT", {Text("ab"), Int(-3)}), "");
  EXPECT_EQ(Result("REPEAT", {Text("ab"), Int(2147483647)}),
            "REPEAT would give a text longer than 67108864 bytes");
  EXPECT_EQ(Result("REPLACE", {Text("a-b-c"), Text("-"), Text("--")}), "a--b--c");
  EXPECT_EQ(Result("REPLACE", {Text("aaa"), Text("aa"), Text("b")}), "ba");
  EXPECT_EQ(Result("REPLACE", {Text("né"), Text(""), Text("_")}), "_n_é_");
  EXPECT_EQ(Result("OVERLAY", {Text("2024-01-01"), Text("12"), Int(6)}), "2024-12-01");
  EXPECT_EQ(Result("OVERLAY", {Text("kettle"), Text("XYZ"), Int(2), Int(1)}), "kXYZttle");
  EXPECT_EQ(Result("OVERLAY", {Text("kettle"), Text("X"), Int(2), Int(99)}), "kX");
  EXPECT_EQ(Result("OVERLAY", {Text("kettle"), Text("X"), Int(0), Int(1)}), "kettle");
  EXPECT_EQ(Result("OVERLAY", {Text("kettle"), Text("X"), Int(7), Int(1)}), "kettle");
  EXPECT_EQ(Result("REVERSE", {Text("日本ab")}), "ba本日");
}

TEST(StringShapeTest, Translate) {
  EXPECT_EQ(Result("TRANSLATE", {Text("2,50 €"), Text(",€ "), Text(".")}), "2.50");
  EXPECT_EQ(Result("TRANSLATE", {Text("一二三"), Text("一三"), Text("13")}), "1二3");
  EXPECT_EQ(Result("TRANSLATE", {Text("aa"), Text("aa"), Text("xy")}), "xx");
}

TEST(StringConcatTest, Joins) {
  EXPECT_EQ(Result("||", {Text("ab"), Text("cdefghijklmnop")}), "abcdefghijklmnop");
  EXPECT_EQ(Result("CONCAT", {Text("a"), Text("b"), Text("c")}), "abc");
  EXPECT_EQ(Result("CONCAT", {Text("a"), NullOf(DataType::String())}, {}, false), "NULL");
  EXPECT_EQ(Result("CONCAT_WS", {Text(", "), Text("a"), NullOf(DataType::String()), Text(""), Text("b")}, {},
                   false),
            "a, , b");
  EXPECT_EQ(Result("CONCAT_WS", {Text(", ")}), "");
  EXPECT_EQ(Result("CONCAT_WS", {NullOf(DataType::String()), Text("a")}, {}, false), "NULL");
  EXPECT_EQ(TypeOf("||", {Text("a"), Text("b")}), "STRING NOT NULL");
  EXPECT_EQ(TypeOf("||", {Text("a"), Int(1)}), "function ||(STRING, INT) does not exist");
}

TEST(StringSearchTest, Places) {
  EXPECT_EQ(Result("POSITION", {Text("ho"), Text("warehouse")}), "5");
  EXPECT_EQ(Result("POSITION", {Text("x"), Text("warehouse")}), "0");
  EXPECT_EQ(Result("POSITION", {Text("仓"), Text("数据仓库")}), "3");
  EXPECT_EQ(Result("LOCATE", {Text("e"), Text("warehouse"), Int(5)}), "9");
  EXPECT_EQ(Result("LOCATE", {Text("e"), Text("warehouse"), Int(10)}), "0");
  EXPECT_EQ(Result("LOCATE", {Text(""), Text("warehouse")}), "1");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an")}), "2");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an"), Int(1), Int(2)}), "4");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an"), Int(3)}), "4");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an"), Int(-1)}), "4");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an"), Int(-3), Int(1)}), "2");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an"), Int(-1), Int(2)}), "2");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an"), Int(0)}), "0");
  EXPECT_EQ(Result("INSTR", {Text("banana"), Text("an"), Int(1), Int(0)}),
            "INSTR: the number of the occurrence counts from 1");
}

TEST(StringSearchTest, Ends) {
  EXPECT_EQ(Result("STARTSWITH", {Text("数据仓库"), Text("数据")}), "TRUE");
  EXPECT_EQ(Result("STARTSWITH", {Text("a"), Text("")}), "TRUE");
  EXPECT_EQ(Result("ENDSWITH", {Text("report.csv"), Text(".csv")}), "TRUE");
  EXPECT_EQ(Result("ENDSWITH", {Text("csv"), Text("report.csv")}), "FALSE");
  EXPECT_EQ(TypeOf("ENDSWITH", {Text("a"), MakeLiteral(DataType::Bytes(), Value::String("a"))}),
            "function ENDSWITH(STRING, BYTES) does not exist");
}

}  // namespace millrace::functions::testing
