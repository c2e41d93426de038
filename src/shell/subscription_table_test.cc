#include "shell/subscription_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

using testing::ElementsAre;

std::vector<std::string> Rows(const SubscriptionTable& table, size_t count = 100) {
  std::vector<std::string> out;
  for (const auto* row : table.Top(count)) {
    std::string text;
    for (const Cell& cell : *row) text += (text.empty() ? "" : "|") + cell.value_or("NULL");
    out.push_back(text);
  }
  return out;
}

SubscriptionTable Started() {
  SubscriptionTable table;
  EXPECT_TRUE(table.TakeHeader("mr_epoch,mr_op,city,total\n").has_value());
  return table;
}

void Take(SubscriptionTable& table, std::initializer_list<const char*> records) {
  for (const char* record : records) EXPECT_TRUE(table.TakeRecord(record).has_value()) << record;
}

TEST(SubscriptionTable, ParsesCsvRecords) {
  EXPECT_THAT(ParseCsvRecord("a,,\"\",\"b\"\"c,\nd\"\n").value(),
              ElementsAre(Cell("a"), Cell(), Cell(""), Cell("b\"c,\nd")));
  EXPECT_THAT(ParseCsvRecord("a,").value(), ElementsAre(Cell("a"), Cell()));
  EXPECT_THAT(ParseCsvRecord("").value(), ElementsAre(Cell()));
  EXPECT_FALSE(ParseCsvRecord("\"a").has_value());
  EXPECT_FALSE(ParseCsvRecord("\"a\"b").has_value());
}

TEST(SubscriptionTable, FollowsChanges) {
  SubscriptionTable table = Started();
  EXPECT_THAT(table.columns(), ElementsAre("city", "total"));
  Take(table, {"1,+I,广州,5", "1,+I,x,", "1,+I,z,9"});
  EXPECT_THAT(Rows(table), ElementsAre("广州|5", "x|NULL", "z|9"));
  Take(table, {"2,-U,x,", "2,+U,x,7"});
  EXPECT_THAT(Rows(table), ElementsAre("广州|5", "x|7", "z|9")) << "an update stays in its place";
  Take(table, {"3,-D,广州,5", "3,+I,y,1"});
  EXPECT_THAT(Rows(table), ElementsAre("x|7", "z|9", "y|1"));
  EXPECT_THAT(Rows(table, 2), ElementsAre("x|7", "z|9"));
  EXPECT_EQ(table.rows(), 3U);
  EXPECT_EQ(table.changes(), 7U);
  EXPECT_EQ(table.epoch(), "3");
}

TEST(SubscriptionTable, TellsNullFromEmptyAndCountsEqualRows) {
  SubscriptionTable table = Started();
  Take(table, {"1,+I,a,", "1,+I,a,\"\"", "1,+I,a,"});
  Take(table, {"2,-D,a,"});
  EXPECT_THAT(Rows(table), testing::UnorderedElementsAre("a|", "a|NULL"));
  Take(table, {"2,-D,a,"});
  EXPECT_THAT(Rows(table), ElementsAre("a|"));
}

TEST(SubscriptionTable, ForgetsTheGapWithTheEpoch) {
  SubscriptionTable table = Started();
  Take(table, {"1,+I,a,1", "1,+I,b,2", "2,-U,a,1", "2,P,,", "3,+U,c,3"});
  EXPECT_THAT(Rows(table), ElementsAre("b|2", "c|3"));
  EXPECT_EQ(table.changes(), 4U) << "progress is no change";
}

TEST(SubscriptionTable, GapSurvivesUntilItsRowGoes) {
  SubscriptionTable table = Started();
  // The gap is before b; b goes before anything takes the gap.
  Take(table, {"1,+I,a,1", "1,+I,b,2", "1,+I,c,3", "2,-U,a,1", "2,-U,b,2", "2,+U,d,4", "2,+U,e,5"});
  EXPECT_THAT(Rows(table), testing::UnorderedElementsAre("d|4", "c|3", "e|5"));
}

TEST(SubscriptionTable, RefusesWhatIsNoSubscription) {
  SubscriptionTable no_subscription;
  EXPECT_FALSE(no_subscription.TakeHeader("city,total").has_value());
  SubscriptionTable table = Started();
  EXPECT_FALSE(table.TakeRecord("1,+I,a").has_value()) << "too few fields";
  EXPECT_FALSE(table.TakeRecord("1,?,a,1").has_value());
  EXPECT_FALSE(table.TakeRecord("1,-D,a,1").has_value()) << "a row that is not there";
}

}  // namespace
}  // namespace millrace::shell
