#include <gtest/gtest.h>

#include "functions/function_tester.h"
#include "functions/like_pattern.h"

namespace millrace::functions::testing {

std::string Like(std::string_view text, std::string_view pattern) {
  return Result("LIKE", {Text(text), Text(pattern)});
}

TEST(LikeTest, EachShape) {
  EXPECT_EQ(Like("order", "order"), "TRUE");
  EXPECT_EQ(Like("orders", "order"), "FALSE");
  EXPECT_EQ(Like("orders", "order%"), "TRUE");
  EXPECT_EQ(Like("my orders", "%orders"), "TRUE");
  EXPECT_EQ(Like("my orders now", "%orders"), "FALSE");
  EXPECT_EQ(Like("my orders now", "%orders%"), "TRUE");
  EXPECT_EQ(Like("", "%"), "TRUE");
  EXPECT_EQ(Like("x", ""), "FALSE");
  EXPECT_EQ(Like("anything", "%%%"), "TRUE");
  EXPECT_EQ(Like("ab", "a%b"), "TRUE");
  EXPECT_EQ(Like("a", "a%a"), "FALSE");
}

TEST(LikeTest, SegmentsAndSingleCharacters) {
  EXPECT_EQ(Like("a1b2c3", "a_b_c_"), "TRUE");
  EXPECT_EQ(Like("北京市", "北_市"), "TRUE");
  EXPECT_EQ(Like("北京市", "____"), "FALSE");
  EXPECT_EQ(Like("xxabyycdzz", "%ab%cd%"), "TRUE");
  EXPECT_EQ(Like("xxcdyyabzz", "%ab%cd%"), "FALSE");
  EXPECT_EQ(Like("aXbaYc", "%a_c"), "TRUE");
  EXPECT_EQ(Like("mississippi", "m%iss%ip_i"), "TRUE");
  EXPECT_EQ(Like("mississippi", "m%_iss%ix_i"), "FALSE");
  EXPECT_EQ(Like("aab", "%_ab"), "TRUE");
  EXPECT_EQ(Like("ab", "%_ab"), "FALSE");
  EXPECT_EQ(Like("line\nbreak", "line_break"), "TRUE");
}

TEST(LikeTest, Escape) {
  EXPECT_EQ(Result("LIKE", {Text("50%"), Text("50!%"), Text("!")}), "TRUE");
  EXPECT_EQ(Result("LIKE", {Text("50x"), Text("50!%"), Text("!")}), "FALSE");
  EXPECT_EQ(Result("LIKE", {Text("a!b"), Text("a!!_"), Text("!")}), "TRUE");
  // Without ESCAPE a backslash is itself.
  EXPECT_EQ(Like("a\\b", "a\\_"), "TRUE");
  EXPECT_EQ(Result("LIKE", {Text("a"), Text("!a"), Text("!")}),
            "invalid escape sequence in the LIKE pattern '!a' at character 1");
  EXPECT_EQ(Result("LIKE", {Text("a"), Text("a"), Text("xy")}), "invalid escape character 'xy'");
  EXPECT_EQ(Result("LIKE", {Text("a%"), Text("a %"), Text(" ")}), "TRUE");
  EXPECT_EQ(Result("NOT LIKE", {Text("50%"), Text("50!%"), Text("!")}), "FALSE");
}

TEST(LikeTest, PatternFromTheData) {
  data::Batch batch;
  batch.rows = 3;
  auto text = data::Column::Make(DataType::String(), 3);
  auto pattern = data::Column::Make(DataType::String(), 3);
  for (const auto& [t, p] : {std::pair{"abc", "a%"}, {"abc", "_"}, {"abc", "%c"}}) {
    text->AppendString(t);
    pattern->AppendString(p);
  }
  batch.columns = {text, pattern};
  const auto call = Registry::Get().BindScalar(
      "LIKE", {MakeColumn(0, DataType::String()), MakeColumn(1, DataType::String())}, BindContext{});
  ASSERT_TRUE(call.has_value());
  EvalContext context;
  const auto answer = (*call)->Evaluate(batch, context);
  EXPECT_EQ(data::ToText(*answer, 0), "TRUE");
  EXPECT_EQ(data::ToText(*answer, 1), "FALSE");
  EXPECT_EQ(data::ToText(*answer, 2), "TRUE");
}

// Against a plain recursive definition, over all short texts and patterns.
bool Defined(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '%') {
    for (size_t skip = 0; skip <= text.size(); ++skip) {
      if (Defined(text.substr(skip), pattern.substr(1))) return true;
    }
    return false;
  }
  return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
         Defined(text.substr(1), pattern.substr(1));
}

std::vector<std::string> AllOver(std::string_view alphabet, size_t longest) {
  std::vector<std::string> all = {""};
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == longest) break;
    for (const char c : alphabet) all.push_back(all[i] + c);
  }
  return all;
}

TEST(LikeTest, EqualsItsDefinition) {
  const auto texts = AllOver("ab", 5);
  for (const std::string& pattern : AllOver("ab%_", 5)) {
    const auto like = LikePattern::Compile(pattern, "");
    ASSERT_TRUE(like.has_value());
    for (const std::string& text : texts) {
      ASSERT_EQ(like->Matches(text), Defined(text, pattern)) << text << " LIKE " << pattern;
    }
  }
}

TEST(SimilarTest, StandardRegularExpressions) {
  const auto similar = [](std::string_view text, std::string_view pattern) {
    return Result("SIMILAR TO", {Text(text), Text(pattern)}, {}, false);
  };
  EXPECT_EQ(similar("abc", "a|b"), "FALSE");
  EXPECT_EQ(similar("b", "a|b"), "TRUE");
  EXPECT_EQ(similar("a123", "[[:ALPHA:]][0-9]+"), "TRUE");
  EXPECT_EQ(similar("x\ny", "%y"), "TRUE");
  EXPECT_EQ(similar("US$5", "US$_"), "TRUE");
  EXPECT_EQ(similar("ababab", "(ab){3}"), "TRUE");
  EXPECT_EQ(Result("SIMILAR TO", {Text("5%"), Text("_!%"), Text("!")}, {}, false), "TRUE");
  EXPECT_EQ(similar("a", "(a").substr(0, 16), "SIMILAR TO '(a':");
}

}  // namespace millrace::functions::testing
