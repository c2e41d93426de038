// Operators that are saved and made anew at random points against themselves run through: those, and the
// parts of others, that no other property test covers. What comes out must be the same.
#include <gtest/gtest.h>

#include "operators/changelog_normalize.h"
#include "operators/deduplicate.h"
#include "operators/group_aggregate.h"
#include "operators/rank.h"
#include "operators/restore_testing.h"
#include "operators/sort_limit.h"
#include "operators/union.h"
#include "operators/watermark_assigner.h"
#include "operators/window_assign.h"

namespace millrace::operators {
namespace {

using data::DataType;
using testing::ContextEdit;
using testing::ExpectTheSame;
using testing::Feeding;
using testing::FeedWithClock;
using testing::Harness;
using testing::kRestoreSeeds;
using testing::kSecond;
using testing::Life;
using testing::Lines;
using testing::MakeStream;
using testing::ManyCalls;
using testing::Options;
using testing::Random;
using testing::StreamOptions;
using testing::TestRow;

TEST(RestoreTest, UpsertMaterialize) {
  auto spec = std::make_shared<UpsertMaterializeSpec>();
  spec->input_types = testing::TestTypes();
  spec->primary_key = {0};
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    ExpectTheSame([&](OperatorContext context) { return MakeUpsertMaterialize(spec, std::move(context)); },
                  {0}, MakeStream(random, Options(seed, 3)), seed);
  }
}

// With a time to live, which the clock of the test passes now and then: between two batches, or slowly, so
// that entries are past it before the operator looks for such. When each of several shards looks is its own
// affair.
TEST(RestoreTest, StateTtl) {
  auto group = std::make_shared<GroupAggregateSpec>();
  group->input_types = testing::TestTypes();
  group->keys = {0};
  group->aggregates = testing::RealCalls(false);
  auto first = std::make_shared<DeduplicateSpec>();
  first->input_types = testing::TestTypes();
  first->keys = {0, 1};
  auto last = std::make_shared<DeduplicateSpec>(*first);
  last->keep_last = true;
  auto rank = std::make_shared<RankSpec>();
  rank->input_types = testing::TestTypes();
  rank->partition_keys = {0};
  rank->order = {{.column = 1}};
  rank->end = 3;
  rank->output_rank = true;
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    StreamOptions options = Options(seed, 0);
    options.keys = 100;
    const bool is_slow = seed % 2 == 0;
    const Feeding feeding{.seconds_per_batch = is_slow ? 0.05 : 7};
    const ContextEdit with_ttl = [&](OperatorContext& context) {
      context.state_ttl_micros = (is_slow ? 3 : 20) * kSecond;
    };
    const auto spread = [&](std::vector<int> keys) { return is_slow ? std::vector<int>() : keys; };
    const auto stream = MakeStream(random, options);
    ExpectTheSame([&](OperatorContext context) { return MakeGroupAggregate(group, std::move(context)); },
                  spread({0}), stream, seed, feeding, with_ttl);
    ExpectTheSame([&](OperatorContext context) { return MakeDeduplicate(first, std::move(context)); },
                  spread({1}), stream, seed, feeding, with_ttl);
    ExpectTheSame([&](OperatorContext context) { return MakeDeduplicate(last, std::move(context)); },
                  spread({1, 0}), stream, seed, feeding, with_ttl);
    ExpectTheSame([&](OperatorContext context) { return MakeRank(rank, std::move(context)); }, spread({0}),
                  stream, seed, feeding, with_ttl);
    if (::testing::Test::HasFailure()) return;
  }
}

// Rows that are alike but for their arrival: which of them a retraction takes away shows in the order of
// those that tie with them.
TEST(RestoreTest, AlikeRowsInOrderOfArrival) {
  auto spec = std::make_shared<RankSpec>();
  spec->input_types = testing::TestTypes();
  spec->order = {{.column = 1}};
  spec->end = 6;
  spec->output_rank = true;
  spec->input_retracts = true;
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    StreamOptions options = Options(seed, 3, 2);
    options.keys = 1;
    options.time_step_micros = 1000 * kSecond;
    ExpectTheSame([&](OperatorContext context) { return MakeRank(spec, std::move(context)); }, {},
                  MakeStream(random, options), seed);
    if (::testing::Test::HasFailure()) return;
  }
}

// Rows collected in sessions; partitions spread by one of two keys.
TEST(RestoreTest, SessionsOfRows) {
  auto spec = std::make_shared<WindowAssignSpec>();
  spec->input_types = testing::TestTypes();
  spec->window = {.kind = WindowKind::kSession, .size_micros = 2 * kSecond};
  spec->rowtime_column = 2;
  spec->partition_keys = {0, 1};
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    StreamOptions options = Options(seed, 0, 3);
    options.seconds_per_row = 0.3;
    ExpectTheSame([&](OperatorContext context) { return MakeWindowAssign(spec, std::move(context)); }, {0},
                  MakeStream(random, options), seed);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RestoreTest, LargeAggregateStates) {
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    const bool retracts = seed % 2 == 0;
    StreamOptions options = Options(seed, retracts ? 3 : 0, 500);
    options.keys = 2;
    options.rows = retracts ? 1000 : 500;
    auto spec = std::make_shared<GroupAggregateSpec>();
    spec->input_types = testing::TestTypes();
    spec->keys = seed % 5 == 0 ? std::vector<int>{} : std::vector<int>{0};
    spec->input_retracts = retracts;
    spec->aggregates = ManyCalls(retracts);
    ExpectTheSame([&](OperatorContext context) { return MakeGroupAggregate(spec, std::move(context)); },
                  spec->keys, MakeStream(random, options), seed);
    if (::testing::Test::HasFailure()) return;
  }
}

// Groups with large states that are emptied, or forgotten, and come again.
TEST(RestoreTest, LargeAggregateStatesThatGo) {
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    StreamOptions options = Options(seed, 0, 500);
    options.keys = 2;
    options.rows = 260;
    std::vector<TestRow> stream;
    for (int round = 0; round < 3; ++round) {
      std::vector<TestRow> rows = MakeStream(random, options);
      stream.insert(stream.end(), rows.begin(), rows.end());
      for (TestRow row : rows) {
        row.is_addition = false;
        stream.push_back(row);
      }
    }
    auto spec = std::make_shared<GroupAggregateSpec>();
    spec->input_types = testing::TestTypes();
    spec->keys = {0};
    spec->input_retracts = true;
    spec->aggregates = ManyCalls(true);
    ExpectTheSame([&](OperatorContext context) { return MakeGroupAggregate(spec, std::move(context)); }, {0},
                  stream, seed, {.with_watermarks = false});
    const bool ages = seed % 2 == 0;
    if (ages) {
      ExpectTheSame([&](OperatorContext context) { return MakeGroupAggregate(spec, std::move(context)); },
                    {0}, stream, seed, {.seconds_per_batch = 1, .with_watermarks = false},
                    [](OperatorContext& context) { context.state_ttl_micros = kSecond / 2; });
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RestoreTest, Limit) {
  auto spec = std::make_shared<LimitSpec>();
  spec->offset = 20;
  spec->limit = 100;
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    ExpectTheSame([&](OperatorContext context) { return MakeLimit(spec, std::move(context)); }, {},
                  MakeStream(random, Options(seed, 0)), seed);
  }
}

TEST(RestoreTest, WatermarkAssigner) {
  auto spec = std::make_shared<WatermarkAssignerSpec>();
  spec->rowtime_column = 2;
  spec->watermark = functions::MakeColumn(2, DataType::Timestamp(3));
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    Random random(seed);
    const auto stream = MakeStream(random, Options(seed, 0));
    std::vector<int64_t> watermarks;
    for (const Life life : {Life::kStraight, Life::kRestarted}) {
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeWatermarkAssigner(spec, std::move(context)); },
                  {}, life, seed);
      FeedWithClock(harness, stream, 7, {.with_watermarks = false});
      if (life == Life::kStraight) watermarks = harness.output.row_watermarks;
      EXPECT_EQ(harness.output.row_watermarks, watermarks);
    }
  }
}

// The union lowers row watermarks to what its inputs allow; a restored one knows what they had brought.
TEST(RestoreTest, Union) {
  auto spec = std::make_shared<UnionSpec>();
  spec->inputs = 3;
  for (uint64_t seed = 0; seed < kRestoreSeeds; ++seed) {
    std::vector<int64_t> watermarks;
    Lines changes;
    for (const Life life : {Life::kStraight, Life::kRestarted}) {
      Random random(seed);
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeUnion(spec, std::move(context)); }, {}, life,
                  seed);
      std::vector<std::vector<TestRow>> streams;
      for (int i = 0; i < 3; ++i) streams.push_back(MakeStream(random, Options(seed, 0)));
      for (size_t step = 0; step + 10 < 250; step += 10) {
        const auto input = static_cast<int>(random.Below(3));
        const auto& stream = streams[static_cast<size_t>(input)];
        ASSERT_TRUE(harness.op->OnBatch(input, testing::BatchOf(stream, step, step + 10, true)).has_value());
        ASSERT_TRUE(harness.op->OnInputWatermark(input, stream[step + 10].watermark).has_value());
      }
      if (life == Life::kStraight) {
        watermarks = harness.output.row_watermarks;
        changes = harness.output.changes;
      }
      EXPECT_EQ(harness.output.row_watermarks, watermarks);
      EXPECT_EQ(harness.output.changes, changes);
    }
  }
}

// What a union has handed on stays handed on, although the input that was idle then holds the others back
// again.
TEST(RestoreTest, UnionKeepsWhatItHasHandedOn) {
  auto spec = std::make_shared<UnionSpec>();
  spec->inputs = 2;
  Harness before;
  OperatorContext context = before.Context();
  context.is_durable = true;
  const auto op = MakeUnion(spec, std::move(context));
  ASSERT_TRUE(op->OnInputWatermark(0, 10 * kSecond).has_value());
  ASSERT_TRUE(op->OnInputWatermark(1, 3 * kSecond).has_value());
  ASSERT_TRUE(op->OnInputIdle(1, true).has_value());
  EXPECT_EQ(before.output.Take(), (Lines{"W 3", "W 10"}));
  state::StateWriter writer;
  op->Save(writer);
  std::vector<state::StateBuffer> buffers;
  buffers.push_back(writer.Take());
  state::StateLayers layers;
  layers.Add(std::move(buffers));
  state::StateReader reader(&layers);
  Harness after;
  const auto restored = MakeUnion(spec, after.Context());
  ASSERT_TRUE(restored->Restore(reader).has_value());
  std::vector<TestRow> rows(1);
  rows[0].watermark = 4 * kSecond;
  ASSERT_TRUE(restored->OnBatch(1, testing::BatchOf(rows, 0, 1, true)).has_value());
  EXPECT_EQ(after.output.row_watermarks, std::vector<int64_t>{10 * kSecond});
  ASSERT_TRUE(restored->OnInputWatermark(1, 5 * kSecond).has_value());
  ASSERT_TRUE(restored->OnInputWatermark(1, 20 * kSecond).has_value());
  EXPECT_EQ(after.output.changes.size(), 1u) << "the row, and no watermark: 10 was handed on before";
  ASSERT_TRUE(restored->OnInputWatermark(0, 15 * kSecond).has_value());
  EXPECT_EQ(after.output.changes.back(), "W 15");
}

}  // namespace
}  // namespace millrace::operators
