#include "server/http/view_query.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::server::http {
namespace {

using testing::HasSubstr;

class ViewQueryTest : public testing::Test {
 protected:
  // The text and the values bound to it, or the error.
  std::string Query(std::string_view query) {
    Request request;
    EXPECT_TRUE(ParseTarget(fmt::format("/v?{}", query), &request));
    const auto statement = MakeViewQuery(relation_, request, 100);
    if (!statement) return statement.error().ToString();
    EXPECT_EQ(statement->parameters.size(), statement->types.size());
    std::string text = statement->text;
    for (size_t i = 0; i < statement->parameters.size(); ++i) {
      text += fmt::format(" | {}:{}", *statement->parameters[i], statement->types[i].ToString());
    }
    return text;
  }

  const Relation relation_ = {"ads", "sales",
                              data::Schema({{"city", data::DataType::Varchar(20)},
                                            {"amount", data::DataType::Decimal(10, 2).NotNull()},
                                            {"open", data::DataType::Boolean()},
                                            {"tags", data::DataType::Array(data::DataType::String())},
                                            {"odd`name", data::DataType::Int()}})};
};

TEST_F(ViewQueryTest, WithoutParametersIsEverythingUpToTheDefaultLimit) {
  EXPECT_EQ(Query(""), "SELECT `city`, `amount`, `open`, `tags`, `odd``name` FROM `ads`.`sales` LIMIT 100");
}

TEST_F(ViewQueryTest, FiltersAreBound) {
  constexpr std::string_view kStart = "SELECT `city` FROM `ads`.`sales` WHERE ";
  const auto where = [&](std::string_view query) {
    const std::string text = Query(fmt::format("select=city&{}", query));
    return text.starts_with(kStart) ? text.substr(kStart.size()) : text;
  };
  EXPECT_EQ(where("city=beijing"), "`city` = $1 LIMIT 100 | beijing:STRING");
  EXPECT_EQ(where("amount=gt.100&amount=le.2.50"),
            "`amount` > $1 AND `amount` <= $2 LIMIT 100 | 100:DECIMAL | 2.50:DECIMAL");
  EXPECT_EQ(where("amount=2.50"), "`amount` = $1 LIMIT 100 | 2.50:DECIMAL");
  EXPECT_EQ(where("city=ne.x&amount=lt.1&amount=ge.2"),
            "`city` <> $1 AND `amount` < $2 AND `amount` >= $3 LIMIT 100 | x:STRING | 1:DECIMAL | "
            "2:DECIMAL");
  EXPECT_EQ(where("city=eq.gt.5"), "`city` = $1 LIMIT 100 | gt.5:STRING");
  EXPECT_EQ(where("city=like.b%25"), "`city` LIKE $1 LIMIT 100 | b%:STRING");
  EXPECT_EQ(where("city=in.(a,%22b,c%22,%22d%22%22e%22)"),
            "`city` IN ($1, $2, $3) LIMIT 100 | a:STRING | b,c:STRING | d\"e:STRING");
  EXPECT_EQ(where("city=is.null&tags=is.notnull&open=is.true"),
            "`city` IS NULL AND `tags` IS NOT NULL AND `open` IS TRUE LIMIT 100");
  EXPECT_EQ(where("city=%27%3B+DROP+TABLE+x--"), "`city` = $1 LIMIT 100 | '; DROP TABLE x--:STRING");
  EXPECT_EQ(where("odd`name=1"), "`odd``name` = $1 LIMIT 100 | 1:INT");
}

TEST_F(ViewQueryTest, OrderAndLimits) {
  EXPECT_EQ(
      Query("select=amount,city&order=amount.desc,city.asc,open&limit=5&offset=10&format=csv"),
      "SELECT `amount`, `city` FROM `ads`.`sales` ORDER BY `amount` DESC, `city` ASC, `open` ASC LIMIT 5 "
      "OFFSET 10");
  EXPECT_THAT(Query("limit=0"), HasSubstr("LIMIT 0"));
}

TEST_F(ViewQueryTest, WhatIsRefused) {
  EXPECT_THAT(Query("ctiy=x"),
              HasSubstr("42703: 'ads.sales' has no column 'ctiy'\nHINT: did you mean 'city'?"));
  EXPECT_THAT(Query("select=city;DROP"), HasSubstr("has no column 'city;DROP'"));
  EXPECT_THAT(Query("order=amount.up"), HasSubstr("has no column 'amount.up'"));
  EXPECT_THAT(Query("limit=-1"), HasSubstr("22023: limit=-1: not a whole number from 0 on"));
  EXPECT_THAT(Query("limit=5;"), HasSubstr("limit=5;"));
  EXPECT_THAT(Query("offset=99999999999999999999"), HasSubstr("offset="));
  EXPECT_THAT(Query("tags=x"), HasSubstr("is not filtered by value"));
  EXPECT_THAT(Query("amount=like.1"), HasSubstr("like is for text"));
  EXPECT_THAT(Query("city=is.true"), HasSubstr("not a boolean"));
  EXPECT_THAT(Query("city=is.empty"), HasSubstr("no such state"));
  EXPECT_THAT(Query("city=in.a,b"), HasSubstr("not a list"));
  EXPECT_THAT(Query("city=in.(%22a)"), HasSubstr("a quote is not closed"));
}

}  // namespace
}  // namespace millrace::server::http
