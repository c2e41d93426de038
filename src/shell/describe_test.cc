#include "shell/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Describe, ReadsNamePatterns) {
  EXPECT_EQ(ParseNamePattern("Orders").name, "orders") << "names fold";
  EXPECT_EQ(ParseNamePattern("\"Orders\"").name, "Orders");
  EXPECT_EQ(ParseNamePattern("ods.o*_?").schema, "ods");
  EXPECT_EQ(ParseNamePattern("ods.o*_?").name, "o%!__") << "an underscore is itself";
  EXPECT_EQ(ParseNamePattern("\"a.b\".c").schema, "a.b");
  EXPECT_EQ(ParseNamePattern("").name, "");
}

TEST(Describe, QuotesWhatItIsGiven) {
  EXPECT_EQ(SqlString("it's"), "'it''s'");
  const auto queries = DescribeQueries("d", "x' OR '1'='1");
  ASSERT_TRUE(queries.has_value());
  EXPECT_THAT((*queries)[0].sql, HasSubstr("LIKE 'x'' or ''1''=''1' ESCAPE '!'"));
}

TEST(Describe, KnowsItsCommands) {
  for (const char* command : {"d", "dt", "dv", "dm", "dn", "df", "du", "l", "dt+"}) {
    EXPECT_TRUE(DescribeQueries(command, "").has_value()) << command;
  }
  EXPECT_FALSE(DescribeQueries("dx", "").has_value());
  EXPECT_EQ(DescribeQueries("d", "t")->size(), 1U);
  EXPECT_EQ(DescribeQueries("d+", "t")->size(), 2U);
}

TEST(Describe, HidesTheSystemUnlessItIsNamed) {
  EXPECT_THAT(DescribeQueries("dt", "")->at(0).sql, HasSubstr("NOT IN ('pg_catalog'"));
  EXPECT_THAT(DescribeQueries("dt", "pg_catalog.*")->at(0).sql, Not(HasSubstr("NOT IN ('pg_catalog'")));
}

}  // namespace
}  // namespace millrace::shell
