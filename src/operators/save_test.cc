// What a checkpoint costs: the records that a Save writes after a small change of a large state.
#include <gtest/gtest.h>

#include "operators/deduplicate.h"
#include "operators/group_aggregate.h"
#include "operators/rank.h"
#include "operators/restore_testing.h"
#include "operators/sort_limit.h"

namespace millrace::operators {
namespace {

using testing::Counted;
using testing::Harness;
using testing::kSecond;
using testing::SaveAndCount;
using testing::TestRow;
using testing::WindowSpecOf;

std::vector<TestRow> RowsOf(int64_t from, int64_t to, const std::string& key = "k") {
  std::vector<TestRow> rows;
  for (int64_t i = from; i < to; ++i) {
    TestRow row;
    row.key = key;
    row.value = i;
    row.number = static_cast<size_t>(i);
    rows.push_back(row);
  }
  return rows;
}

std::unique_ptr<Operator> MakeDurable(Harness& harness, const testing::OperatorMaker& make) {
  OperatorContext context = harness.Context();
  context.is_durable = true;
  context.spread_columns = {0};
  return make(std::move(context));
}

void Send(Operator& op, const std::vector<TestRow>& rows) {
  for (size_t begin = 0; begin < rows.size(); begin += 500) {
    const size_t end = std::min(rows.size(), begin + 500);
    ASSERT_TRUE(op.OnBatch(0, testing::BatchOf(rows, begin, end, false)).has_value());
  }
}

// Five new values in a set of twenty thousand are five records, and the group's.
TEST(SaveTest, ALargeSetCostsWhatHasChangedOfIt) {
  for (const bool retracts : {false, true}) {
    auto spec = std::make_shared<GroupAggregateSpec>();
    spec->input_types = testing::TestTypes();
    spec->keys = {0};
    spec->input_retracts = retracts;
    spec->aggregates = {testing::RealCall("COUNT", {1}, true, retracts)};
    Harness harness;
    const auto op = MakeDurable(
        harness, [&](OperatorContext context) { return MakeGroupAggregate(spec, std::move(context)); });
    Send(*op, RowsOf(0, 20'000));
    EXPECT_EQ(SaveAndCount(*op).puts, 20'001u);
    Send(*op, RowsOf(19'990, 20'005));
    const Counted counted = SaveAndCount(*op);
    // A value seen again changes its count, where there are counts.
    EXPECT_EQ(counted.puts, retracts ? 16u : 6u);
    EXPECT_EQ(counted.removes, 0u);
    EXPECT_EQ(SaveAndCount(*op).puts, 0u);
  }
}

// Values that have left a set are removed from what is saved, though it has grown and moved since.
TEST(SaveTest, ValuesThatLeftASetThatGrowsAreRemoved) {
  auto spec = std::make_shared<GroupAggregateSpec>();
  spec->input_types = testing::TestTypes();
  spec->keys = {0};
  spec->input_retracts = true;
  spec->aggregates = {testing::RealCall("COUNT", {1}, true, true)};
  Harness harness;
  const auto op = MakeDurable(
      harness, [&](OperatorContext context) { return MakeGroupAggregate(spec, std::move(context)); });
  Send(*op, RowsOf(0, 1'000));
  EXPECT_EQ(SaveAndCount(*op).puts, 1'001u);
  std::vector<TestRow> gone = RowsOf(0, 300);
  for (TestRow& row : gone) row.is_addition = false;
  Send(*op, gone);
  Send(*op, RowsOf(2'000, 7'000));
  const Counted counted = SaveAndCount(*op);
  EXPECT_EQ(counted.puts, 5'001u);
  EXPECT_EQ(counted.removes, 300u);
}

TEST(SaveTest, ALargePartitionCostsTheRowsThatChange) {
  auto spec = std::make_shared<RankSpec>();
  spec->input_types = testing::TestTypes();
  spec->partition_keys = {0};
  spec->order = {{.column = 1}};
  spec->end = 10;
  spec->input_retracts = true;
  Harness harness;
  const auto op =
      MakeDurable(harness, [&](OperatorContext context) { return MakeRank(spec, std::move(context)); });
  Send(*op, RowsOf(0, 5'000));
  EXPECT_EQ(SaveAndCount(*op).puts, 5'000u);
  std::vector<TestRow> gone = RowsOf(3, 6);
  for (TestRow& row : gone) row.is_addition = false;
  Send(*op, gone);
  Send(*op, RowsOf(6'000, 6'002));
  const Counted counted = SaveAndCount(*op);
  EXPECT_EQ(counted.puts, 2u);
  EXPECT_EQ(counted.removes, 3u);
}

// A window that closes is two records, however many groups it had.
TEST(SaveTest, AClosedWindowIsDroppedAtOnce) {
  const auto spec = WindowSpecOf({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond}, false);
  spec->aggregates.resize(2);
  spec->output.erase(spec->output.begin() + 3, spec->output.end() - 2);
  Harness harness;
  const auto op = MakeDurable(
      harness, [&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); });
  for (int i = 0; i < 300; ++i) Send(*op, RowsOf(0, 1, "key " + std::to_string(i)));
  EXPECT_EQ(SaveAndCount(*op).puts, 300u);
  ASSERT_TRUE(op->OnWatermark(20 * kSecond).has_value());
  const Counted counted = SaveAndCount(*op);
  EXPECT_EQ(counted.puts, 0u);
  EXPECT_EQ(counted.removes, 0u);
  EXPECT_EQ(counted.drops, 1u);
}

// What early firing has shown of a window goes with it.
TEST(SaveTest, WhatWasShownOfAClosedWindowIsDropped) {
  const auto spec = WindowSpecOf({.kind = WindowKind::kTumble, .size_micros = 10 * kSecond}, false);
  Harness harness;
  const auto op = MakeDurable(harness, [&](OperatorContext context) {
    context.early_fire = true;
    return MakeWindowAggregate(spec, std::move(context));
  });
  for (int i = 0; i < 10; ++i) Send(*op, RowsOf(0, 1, "key " + std::to_string(i)));
  ASSERT_TRUE(op->OnEpoch(kSecond).has_value());
  EXPECT_EQ(SaveAndCount(*op).puts, 20u) << "a group and a row of each key";
  ASSERT_TRUE(op->OnWatermark(20 * kSecond).has_value());
  const size_t spaces_of_elements = static_cast<size_t>(std::ranges::count_if(
      spec->aggregates, [](const AggregateCall& call) { return call.function->has_elements(); }));
  const Counted counted = SaveAndCount(*op);
  EXPECT_EQ(counted.puts, 0u);
  EXPECT_EQ(counted.drops, 2 + spaces_of_elements) << "its groups, their elements, and what was shown";
}

// Once a bounded sort has given its rows out, none is left in what is saved.
TEST(SaveTest, RowsThatABoundedSortHasGivenOutAreDropped) {
  auto spec = std::make_shared<BoundedSortSpec>();
  spec->input_types = testing::TestTypes();
  spec->order = {{.column = 1}};
  Harness harness;
  OperatorContext context = harness.Context();
  context.is_durable = true;
  const auto op = MakeBoundedSort(spec, std::move(context));
  Send(*op, RowsOf(0, 100));
  EXPECT_EQ(SaveAndCount(*op).puts, 100u);
  ASSERT_TRUE(op->OnWatermark(data::kMaxWatermark).has_value());
  const Counted counted = SaveAndCount(*op);
  EXPECT_EQ(counted.puts, 0u);
  EXPECT_EQ(counted.drops, 1u);
}

// State that is spread by other columns than the rows are now is refused where that makes a difference.
TEST(SaveTest, StateSpreadOtherwiseIsRefused) {
  auto spec = std::make_shared<DeduplicateSpec>();
  spec->input_types = testing::TestTypes();
  spec->keys = {0, 1};
  Harness harness;
  const auto make = [&](std::vector<int> spread) {
    OperatorContext context = harness.Context();
    context.is_durable = true;
    context.spread_columns = std::move(spread);
    return MakeDeduplicate(spec, std::move(context));
  };
  const auto op = make({0, 1});
  Send(*op, RowsOf(0, 100));
  state::StateWriter writer;
  op->Save(writer);
  std::vector<state::StateBuffer> buffers;
  buffers.push_back(writer.Take());
  state::StateLayers layers;
  layers.Add(std::move(buffers));
  state::StateReader two(&layers, 0, 2);
  const Status status = make({0})->Restore(two);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kNotSupported);
  layers.Rewind();
  state::StateReader one(&layers);
  EXPECT_TRUE(make({0})->Restore(one).has_value());
}

}  // namespace
}  // namespace millrace::operators
