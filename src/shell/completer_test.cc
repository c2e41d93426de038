#include "shell/completer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

Completer Example() {
  Completer completer({"ABS", "ARRAY_JOIN", "LOWER", "||"});
  completer.SetNames({{"ods", "dws"},
                      {{"ods", "orders", {"order_id", "amount", "Customer"}},
                       {"ods", "items", {"item_id", "order_id"}},
                       {"dws", "sales", {"city", "total"}}}});
  return completer;
}

// The bar is the cursor.
std::vector<std::string> At(std::string_view marked) {
  const size_t bar = marked.find('|');
  return Example().Complete(marked.substr(0, bar), marked.substr(bar + 1)).candidates;
}

TEST(Completer, OffersStatements) {
  EXPECT_THAT(At("SE|"), ElementsAre("SELECT", "SET"));
  EXPECT_THAT(At("select 1; se|"), ElementsAre("select", "set")) << "in the case of the beginning";
  EXPECT_THAT(At("|"), IsEmpty());
}

TEST(Completer, OffersTablesWhereATableIsNamed) {
  EXPECT_THAT(At("SELECT * FROM o|"), ElementsAre("ods.", "orders"));
  EXPECT_THAT(At("insert into |"), ElementsAre("dws.", "items", "ods.", "orders", "sales"));
  EXPECT_THAT(At("SELECT * FROM ods.|"), ElementsAre("items", "orders"));
  EXPECT_THAT(At("SUBSCRIBE TO s|"), ElementsAre("sales"));
}

TEST(Completer, OffersColumnsOfTheTablesThatTheStatementReads) {
  EXPECT_THAT(At("SELECT | FROM ods.orders"), ElementsAre("\"Customer\"", "amount", "order_id"));
  EXPECT_THAT(At("SELECT * FROM orders o, items i WHERE o.|"),
              ElementsAre("\"Customer\"", "amount", "order_id"));
  EXPECT_THAT(At("SELECT * FROM orders AS o JOIN items AS i ON i.|"), ElementsAre("item_id", "order_id"));
  EXPECT_THAT(At("SELECT * FROM sales WHERE ci|"), ElementsAre("city"));
  EXPECT_THAT(At("SELECT 1 FROM orders; SELECT tot| FROM sales"), ElementsAre("total"));
}

TEST(Completer, OffersFunctionsAndKeywords) {
  EXPECT_THAT(At("SELECT array_j|"), ElementsAre("array_join("));
  EXPECT_THAT(At("SELECT a FROM t GRO|"), Contains("GROUP"));
  EXPECT_THAT(At("SELECT a FROM t GRO|"), Not(Contains("group")));
}

TEST(Completer, OffersNothingInStringsAndComments) {
  EXPECT_THAT(At("SELECT 'or|"), IsEmpty());
  EXPECT_THAT(At("SELECT 1 -- or|"), IsEmpty());
  EXPECT_THAT(At("SELECT 12|"), IsEmpty());
}

TEST(Completer, OffersCommandsAndTheirTables) {
  EXPECT_THAT(At("\\du|"), ElementsAre("\\du"));
  EXPECT_THAT(At("\\subscribe sa|"), ElementsAre("sales"));
  EXPECT_THAT(At("\\d ods.i|"), ElementsAre("items"));
  EXPECT_THAT(At("\\timing o|"), IsEmpty());
  EXPECT_THAT(At("\\x\nSE|"), ElementsAre("SELECT", "SET"));
}

TEST(Completer, SaysWhatIsReplaced) {
  EXPECT_EQ(Example().Complete("select 1; SELECT * FROM ods.or", "").begin, 28U);
  EXPECT_EQ(Example().Complete("\\d ods.i", "").begin, 7U);
}

TEST(Completer, FindsTheCommonBeginning) {
  EXPECT_EQ(CommonPrefix({"orders", "order_items"}), "order");
  EXPECT_EQ(CommonPrefix({"订单", "订阅"}), "订");
  EXPECT_EQ(CommonPrefix({"\u8ba2", "\u8ba3"}), "") << "these share their first two bytes";
  EXPECT_EQ(CommonPrefix({}), "");
}

TEST(Completer, QuotesNames) {
  EXPECT_EQ(QuotedName("order_id"), "order_id");
  EXPECT_EQ(QuotedName("Order"), "\"Order\"");
  EXPECT_EQ(QuotedName("select"), "\"select\"") << "reserved";
  EXPECT_EQ(QuotedName("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuotedName("1a"), "\"1a\"");
}

}  // namespace
}  // namespace millrace::shell
