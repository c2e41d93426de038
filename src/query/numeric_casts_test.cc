#include "query/numeric_casts.h"

#include <gtest/gtest.h>

namespace millrace::query {
namespace {

using data::DataType;

TEST(NumericCastsTest, GoFromParametersThatAreDecimals) {
  std::vector<std::optional<DataType>> types = {std::nullopt, DataType::Decimal(5, 4), DataType::Int()};
  EXPECT_EQ(DropNumericCasts("SELECT $1::numeric, CAST($2 AS DECIMAL), $3::NUMERIC, '$4::numeric', $5 :: dec",
                             &types),
            "SELECT $1         ,     ($2           ), $3::NUMERIC, '$4::numeric', $5       ");
  ASSERT_EQ(types.size(), 5u);
  EXPECT_TRUE(types[0]->IsAnyDecimal());
  EXPECT_EQ(types[1], DataType::Decimal(5, 4));
  EXPECT_EQ(types[2], DataType::Int());
  EXPECT_FALSE(types[3].has_value());
  EXPECT_TRUE(types[4]->IsAnyDecimal());
}

TEST(NumericCastsTest, OthersStay) {
  std::vector<std::optional<DataType>> types;
  for (const char* sql : {"SELECT $1::numeric(5, 2)", "SELECT CAST($1 AS NUMERIC(5))", "SELECT $1::numeric[]",
                          "SELECT a::numeric, $1", "SELECT CAST($1 + 1 AS numeric)", "SELECT ($1)::numeric",
                          "SELECT $1::numeric, 'open", "SELECT $0::numeric, $99999999::numeric"}) {
    EXPECT_EQ(DropNumericCasts(sql, &types), sql);
    EXPECT_TRUE(types.empty());
  }
}

}  // namespace
}  // namespace millrace::query
