#include <gtest/gtest.h>

#include "functions/function_tester.h"
#include "functions/regex.h"

namespace millrace::functions::testing {

bool Finds(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::Compile(pattern);
  EXPECT_TRUE(regex.has_value()) << regex.error().message();
  Regex::Match match;
  return *(*regex)->Find(text, 0, &match);
}

std::string CompileError(std::string_view pattern) {
  const auto regex = Regex::Compile(pattern);
  return regex ? "" : regex.error().message();
}

TEST(RegexTest, JavaSyntax) {
  EXPECT_TRUE(Finds("^\\p{Alpha}+$", "abc"));
  EXPECT_FALSE(Finds("^\\p{Alpha}+$", "ab1"));
  EXPECT_TRUE(Finds("^\\P{Digit}+$", "ab"));
  EXPECT_TRUE(Finds("^[\\p{Upper}_]+$", "AB_C"));
  EXPECT_TRUE(Finds("\\p{IsHan}{2}", "在北京"));
  EXPECT_TRUE(Finds("\\p{L}", "é"));
  EXPECT_TRUE(Finds("^\\u5317\\u4eac$", "北京"));
  EXPECT_TRUE(Finds("^\\uD83D\\uDE00$", "😀"));
  EXPECT_TRUE(Finds("^.$", "😀"));
  EXPECT_TRUE(Finds("a++b", "aaab"));
  EXPECT_FALSE(Finds("a++ab", "aaab"));
  EXPECT_TRUE(Finds("(?<=\\$)\\d+", "costs $15"));
  EXPECT_TRUE(Finds("(?<year>\\d{4})-\\k<year>", "2024-2024"));
  EXPECT_TRUE(Finds("(?i)HELLO", "hello"));
  EXPECT_TRUE(Finds("(?iu)HELLO", "hello"));
  EXPECT_TRUE(Finds("a(?u)b", "ab"));
  EXPECT_FALSE(Finds("^\\w$", "é"));
  EXPECT_TRUE(Finds("(?U)^\\w$", "é"));
  EXPECT_TRUE(Finds("^\\Qa.b*c\\E$", "a.b*c"));
  EXPECT_TRUE(Finds("^a\\011b$", "a\tb"));
  EXPECT_TRUE(Finds("[]x]", "]"));
  EXPECT_FALSE(Finds("a.b", "a\nb"));
  EXPECT_TRUE(Finds("(?s)a.b", "a\nb"));
}

TEST(RegexTest, WhatIsRefused) {
  EXPECT_EQ(CompileError("a(b"), "invalid regular expression 'a(b': missing closing parenthesis");
  EXPECT_EQ(
      CompileError("[a-z&&[^x]]"),
      "invalid regular expression '[a-z&&[^x]]': the intersection && of character classes is not supported");
  EXPECT_EQ(CompileError("[a[bc]]"),
            "invalid regular expression '[a[bc]]': a character class inside another is not supported");
  EXPECT_EQ(CompileError("\\u12"), "invalid regular expression '\\u12': '\\u' needs four hexadecimal digits");
  EXPECT_EQ(CompileError("(a)(?1)"), "invalid regular expression '(a)(?1)': '(?1' is not of Java's syntax");
  EXPECT_EQ(CompileError("a\\"), "invalid regular expression 'a\\': it ends with a backslash");
}

TEST(RegexTest, TextThatIsNotUtf8IsNoTrap) {
  EXPECT_TRUE(Finds("b",
                    "a\xff\xfe"
                    "b"));
  EXPECT_FALSE(Finds("c", "\xe4\xb8"));
}

TEST(RegexTest, LimitsSteps) {
  const auto regex = Regex::Compile("(a|aa|a.)+$");
  ASSERT_TRUE(regex.has_value());
  Regex::Match match;
  const auto found = (*regex)->Find(std::string(60, 'a') + "!b", 0, &match);
  ASSERT_TRUE(!found.has_value() || !*found);
  const auto evil = Regex::Compile("^(a+)+$");
  ASSERT_TRUE(evil.has_value());
  const auto answer = (*evil)->Find(std::string(64, 'a') + "!", 0, &match);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().message(),
            "the regular expression '^(a+)+$' takes more than 1000000 steps on a text of 65 bytes");
}

TEST(RegexpTest, Functions) {
  EXPECT_EQ(Result("REGEXP", {Text("order-17"), Text("\\d+")}), "TRUE");
  EXPECT_EQ(Result("REGEXP", {Text("order"), Text("\\d+")}), "FALSE");
  EXPECT_EQ(Result("REGEXP", {Text("order"), Text("")}), "FALSE");
  EXPECT_EQ(Result("REGEXP_EXTRACT", {Text("k=v;x=y"), Text("(\\w)=(\\w)"), Int(2)}), "v");
  EXPECT_EQ(Result("REGEXP_EXTRACT", {Text("k=v;x=y"), Text("(\\w)=(\\w)")}), "k=v");
  EXPECT_EQ(Result("REGEXP_EXTRACT", {Text("k=v"), Text("(\\w)=(\\w)"), Int(3)}), "NULL");
  EXPECT_EQ(Result("REGEXP_EXTRACT", {Text("k"), Text("=")}), "NULL");
  EXPECT_EQ(Result("REGEXP_EXTRACT", {Text("ac"), Text("a(b)?c"), Int(1)}), "NULL");
  EXPECT_EQ(Result("REGEXP_SUBSTR", {Text("ip 10.0.0.7!"), Text("[\\d.]+")}), "10.0.0.7");
  EXPECT_EQ(Result("REGEXP_REPLACE", {Text("a1b22c"), Text("\\d+"), Text("#")}), "a#b#c");
  EXPECT_EQ(Result("REGEXP_REPLACE", {Text("abc"), Text("b"), Text("$0\\1")}), "a$0\\1c");
  EXPECT_EQ(Result("REGEXP_REPLACE", {Text("日本"), Text(""), Text("-")}), "-日-本-");
  EXPECT_EQ(Result("REGEXP_COUNT", {Text("a1b22c"), Text("\\d")}), "3");
  EXPECT_EQ(Result("REGEXP_COUNT", {Text("日本"), Text("x*")}), "3");
  EXPECT_EQ(Result("REGEXP_INSTR", {Text("价格12元"), Text("\\d")}), "3");
  EXPECT_EQ(Result("REGEXP_INSTR", {Text("abc"), Text("\\d")}), "0");
}

TEST(RegexpTest, Arrays) {
  EXPECT_EQ(Result("REGEXP_EXTRACT_ALL", {Text("a=1,b=2"), Text("(\\w)=(\\w)")}), "[a, b]");
  EXPECT_EQ(Result("REGEXP_EXTRACT_ALL", {Text("a=1,b=2"), Text("(\\w)=(\\w)"), Int(0)}), "[a=1, b=2]");
  EXPECT_EQ(Result("REGEXP_EXTRACT_ALL", {Text("ab"), Text("(a)|(b)"), Int(2)}), "[NULL, b]");
  EXPECT_EQ(Result("REGEXP_EXTRACT_ALL", {Text("ab"), Text("a"), Int(1)}), "NULL");
  EXPECT_EQ(Result("REGEXP_EXTRACT_ALL", {Text("ab"), Text("x"), Int(0)}), "[]");
  EXPECT_EQ(Result("REGEXP_SPLIT", {Text("a, b;c"), Text("[,;]\\s*")}), "[a, b, c]");
  EXPECT_EQ(Result("REGEXP_SPLIT", {Text("1a2"), Text("\\d")}), "[, a, ]");
  EXPECT_EQ(Result("REGEXP_SPLIT", {Text("数据"), Text("")}), "[数, 据]");
}

TEST(RegexpTest, InvalidPatterns) {
  const std::string message = ": invalid regular expression '(': missing closing parenthesis";
  EXPECT_EQ(TypeOf("REGEXP", {Text("a"), Text("(")}), "REGEXP" + message);
  EXPECT_EQ(TypeOf("REGEXP_EXTRACT", {Text("a"), Text("(")}), "REGEXP_EXTRACT" + message);
  EXPECT_EQ(TypeOf("REGEXP_REPLACE", {Text("a"), Text("("), Text("")}), "REGEXP_REPLACE" + message);
  EXPECT_EQ(Result("REGEXP_COUNT", {Text("a"), Text("(")}), "NULL");
  EXPECT_EQ(Result("REGEXP_INSTR", {Text("a"), Text("(")}), "NULL");
  EXPECT_EQ(Result("REGEXP_SUBSTR", {Text("a"), Text("(")}), "NULL");
  EXPECT_EQ(Result("REGEXP_EXTRACT_ALL", {Text("a"), Text("(")}), "NULL");
}

}  // namespace millrace::functions::testing
