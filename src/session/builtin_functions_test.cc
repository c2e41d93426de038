#include "session/builtin_functions.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "query/pgcatalog/pg_types.h"

namespace millrace::session {
namespace {

namespace pg = query::pgcatalog;

// "name(arguments) result".
std::string Shown(std::string_view name) {
  const auto found = std::ranges::find(BuiltinFunctions(), name, &pg::FunctionInfo::name);
  if (found == BuiltinFunctions().end()) return "there is none";
  return fmt::format("{}({}) {}", name, found->arguments, pg::FormatType(found->result_type));
}

TEST(BuiltinFunctionsTest, SayTheirTypes) {
  EXPECT_EQ(Shown("upper"), "upper(text text) text");
  EXPECT_EQ(Shown("char_length"), "char_length(text text) integer");
  EXPECT_EQ(Shown("lpad"), "lpad(text text, length integer, pad text) text");
  EXPECT_EQ(Shown("locate"), "locate(part text, whole text, from integer DEFAULT NULL) integer");
  EXPECT_EQ(Shown("concat_ws"), "concat_ws(separator text, VARIADIC text text) text");
  EXPECT_EQ(Shown("uuid"), "uuid() text");
}

TEST(BuiltinFunctionsTest, SayAnyWhereSeveralTypesFit) {
  EXPECT_EQ(Shown("coalesce"), "coalesce(VARIADIC a any) any");
  EXPECT_EQ(Shown("round"), "round(x numeric, digits integer DEFAULT NULL) any");
  EXPECT_EQ(Shown("array_distinct"), "array_distinct(array anyarray) any");
}

TEST(BuiltinFunctionsTest, SayTheTypesOfAggregates) {
  EXPECT_EQ(Shown("count"), "count(value any, VARIADIC value any) bigint");
  EXPECT_EQ(Shown("max"), "max(value any) any");
  EXPECT_EQ(Shown("listagg"), "listagg(string text, separator text DEFAULT NULL) text");
  EXPECT_EQ(Shown("bool_and"), "bool_and(condition boolean) boolean");
}

TEST(BuiltinFunctionsTest, TakeAnyWhereTheGrammarHasItsOwnForm) {
  const auto found = std::ranges::find(BuiltinFunctions(), "extract", &pg::FunctionInfo::name);
  ASSERT_NE(found, BuiltinFunctions().end());
  EXPECT_TRUE(found->variadic);
  EXPECT_EQ(found->argument_types.size(), 1u);
}

TEST(BuiltinFunctionsTest, LeaveOperatorsOut) {
  for (const char* name : {"and", "between", "case", "in", "item"}) EXPECT_EQ(Shown(name), "there is none");
  for (const pg::FunctionInfo& function : BuiltinFunctions()) {
    EXPECT_EQ(function.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos)
        << function.name;
  }
}

}  // namespace
}  // namespace millrace::session
