#include "shell/live_view.h"

#include <gtest/gtest.h>

namespace millrace::shell {
namespace {

SubscriptionTable Example() {
  SubscriptionTable table;
  EXPECT_TRUE(table.TakeHeader("mr_epoch,mr_op,city,total").has_value());
  for (const char* record : {"7,+I,广州,5", "7,+I,x,1234", "7,+I,y,"}) {
    EXPECT_TRUE(table.TakeRecord(record).has_value());
  }
  return table;
}

TEST(LiveView, DrawsAFrame) {
  EXPECT_EQ(LiveFrame(Example(), "dws.sales", {80, 24}),
            "dws.sales   epoch 7, 3 changes   (q leaves)\n"
            " city | total\n"
            "------+-------\n"
            " 广州 |     5\n"
            " x    |  1234\n"
            " y    |  NULL\n"
            "(3 rows)\n");
}

TEST(LiveView, FitsTheScreen) {
  EXPECT_EQ(LiveFrame(Example(), "dws.sales", {12, 7}),
            "dws.sales …\n"
            " city | to…\n"
            "------+---…\n"
            " 广州 |   …\n"
            " x    |  1…\n"
            "(2 of 3 ro…\n");
}

TEST(LiveView, AsksForAViewOrAQuery) {
  EXPECT_EQ(
      SubscriptionCopy("dws.\"Sales\""),
      "COPY (SUBSCRIBE TO dws.\"Sales\" WITH (PROGRESS = true)) TO STDOUT WITH (FORMAT csv, HEADER true)");
  EXPECT_EQ(SubscriptionCopy("SELECT a FROM t EMIT CHANGES;"),
            "COPY (SELECT a FROM t EMIT CHANGES) TO STDOUT WITH (FORMAT csv, HEADER true)");
}

}  // namespace
}  // namespace millrace::shell
