#include "session/activity.h"

#include <gtest/gtest.h>

namespace millrace::session {
namespace {

using State = Activity::State;

TEST(ActivityTest, TellsWhatRunsAndSinceWhen) {
  Activity activity({.process_id = 7, .role = "a", .started_micros = 10});
  EXPECT_EQ(activity.figures().state, State::kIdle);
  EXPECT_EQ(activity.figures().state_changed_micros, 10);
  activity.Begin("SELECT 1", 20);
  activity.Begin("SELECT 2", 30);  // of the same message
  EXPECT_EQ(activity.figures().state, State::kActive);
  EXPECT_EQ(activity.figures().query, "SELECT 2");
  EXPECT_EQ(activity.figures().query_started_micros, 30);
  EXPECT_EQ(activity.figures().state_changed_micros, 20);
  activity.Rest(State::kIdleInTransaction, 40);
  activity.Rest(State::kIdleInTransaction, 50);
  EXPECT_EQ(activity.figures().state_changed_micros, 40);
  EXPECT_EQ(activity.figures().query, "SELECT 2");  // the last one stays
}

TEST(ActivityTest, KeepsTheBeginningOfALongQuery) {
  Activity activity({});
  // "表" has three bytes: a third of it would stand at the end.
  const std::string query = std::string(Activity::kQueryBytesMax - 1, 'x') + "表表";
  activity.Begin(query, 1);
  EXPECT_EQ(activity.figures().query, std::string(Activity::kQueryBytesMax - 1, 'x'));
}

TEST(ActivityBoardTest, KnowsThoseThatWereAdded) {
  ActivityBoard board;
  const auto one = std::make_shared<const Activity>(Activity::Client{.process_id = 1});
  const auto two = std::make_shared<const Activity>(Activity::Client{.process_id = 2});
  board.Add(one);
  board.Add(two);
  EXPECT_EQ(board.All().size(), 2u);
  board.Remove(one);
  ASSERT_EQ(board.All().size(), 1u);
  EXPECT_EQ(board.All()[0]->client().process_id, 2);
}

}  // namespace
}  // namespace millrace::session
