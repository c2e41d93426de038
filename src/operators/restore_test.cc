// Operators that are saved and made anew at random points against themselves run through: those, and the
// parts of others, that no other property test covers. What comes out must be the same.
#include <gtest/gtest.h>

#include <functional>

#include "operators/changelog_normalize.h"
#include "operators/deduplicate.h"
#include "operators/group_aggregate.h"
#include "operators/keyed_update.h"
#include "operators/property_testing.h"
#include "operators/rank.h"
#include "operators/sort_limit.h"
#include "operators/union.h"
#include "operators/watermark_assigner.h"
#include "operators/window_aggregate.h"
#include "operators/window_assign.h"

namespace millrace::operators {
namespace {

using data::DataType;
using testing::Feed;
using testing::Harness;
using testing::kSecond;
using testing::Life;
using testing::LifeName;
using testing::MakeStream;
using testing::Random;
using testing::RowsOnly;
using testing::StreamOptions;
using testing::TestRow;
using testing::Ways;
using Lines = std::vector<std::string>;
using Source = WindowOutputColumn::Source;

constexpr uint64_t kSeeds = 24;

// How a test feeds an operator: the clock goes on by this a batch, in seconds.
struct Feeding {
  double seconds_per_batch = 0;
  bool with_watermarks = true;
};

// Feed, with a clock, and the batches the same for every life.
void FeedWithClock(Harness& harness, const std::vector<TestRow>& stream, size_t batch_rows,
                   const Feeding& feeding) {
  double now = 1000;
  for (size_t begin = 0; begin < stream.size(); begin += batch_rows) {
    const size_t end = std::min(stream.size(), begin + batch_rows);
    harness.op->SetNow(std::llround(now * 1e6));
    ASSERT_TRUE(
        harness.op->OnBatch(0, testing::BatchOf(stream, begin, end, feeding.with_watermarks)).has_value());
    if (end < stream.size() && feeding.with_watermarks && stream[end].watermark != data::kMinWatermark) {
      ASSERT_TRUE(harness.op->OnWatermark(stream[end].watermark).has_value());
    }
    harness.Epoch(now);
    now += feeding.seconds_per_batch;
  }
  harness.Epoch(now);
  harness.End();
  harness.Epoch(now);
}

// What of the output must be the same: the changes in order, or the table that they make.
enum class Compared : uint8_t { kChanges, kTable };
Lines LinesOf(const Harness& harness, Compared compared) {
  return compared == Compared::kTable ? harness.output.Table() : RowsOnly(harness.output.changes);
}

using ContextEdit = std::function<void(OperatorContext&)>;

// Each life gives what a straight run gives: rows in order (but for shards), what went aside, entries left.
void ExpectTheSame(const testing::OperatorMaker& make, const std::vector<int>& spread,
                   const std::vector<TestRow>& stream, uint64_t seed, const Feeding& feeding = {},
                   const ContextEdit& edit = nullptr, Compared compared = Compared::kChanges) {
  for (const size_t batch_rows : {size_t{1}, size_t{9}, size_t{70}}) {
    Lines rows;
    Lines late;
    size_t entries = 0;
    for (const Life life : testing::kLives) {
      SCOPED_TRACE(std::string(LifeName(life)) + ", seed " + std::to_string(seed) + ", batches of " +
                   std::to_string(batch_rows));
      Harness harness;
      OperatorContext context = harness.Context();
      if (edit) edit(context);
      harness.Run(std::move(context), make, spread, life, seed);
      FeedWithClock(harness, stream, batch_rows, feeding);
      const Lines got = LinesOf(harness, compared);
      if (life == Life::kStraight) {
        rows = got;
        late = harness.side.late;
        entries = harness.op->StateEntries();
      }
      ASSERT_TRUE(testing::Same(got, rows, life)) << ::testing::PrintToString(got) << "\ninstead of\n"
                                                  << ::testing::PrintToString(rows);
      ASSERT_TRUE(testing::Same(harness.side.late, late, life));
      ASSERT_EQ(harness.op->StateEntries(), entries);
    }
  }
}

StreamOptions Options(uint64_t seed, int64_t retract_one_in, int64_t values = 20) {
  StreamOptions options;
  options.rows = 250;
  options.keys = seed % 3 == 0 ? 30 : 3;
  options.values = values;
  options.retract_one_in = retract_one_in;
  return options;
}

TEST(RestoreTest, UpsertMaterialize) {
  auto spec = std::make_shared<UpsertMaterializeSpec>();
  spec->input_types = testing::TestTypes();
  spec->primary_key = {0};
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    ExpectTheSame([&](OperatorContext context) { return MakeUpsertMaterialize(spec, std::move(context)); },
                  {0}, MakeStream(random, Options(seed, 3)), seed);
  }
}

// With a time to live, which the clock of the test passes now and then.
TEST(RestoreTest, StateTtl) {
  const ContextEdit with_ttl = [](OperatorContext& context) { context.state_ttl_micros = 20 * kSecond; };
  const Feeding feeding{.seconds_per_batch = 7};
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
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    StreamOptions options = Options(seed, 0);
    options.keys = 100;
    const auto stream = MakeStream(random, options);
    ExpectTheSame([&](OperatorContext context) { return MakeGroupAggregate(group, std::move(context)); }, {0},
                  stream, seed, feeding, with_ttl);
    ExpectTheSame([&](OperatorContext context) { return MakeDeduplicate(first, std::move(context)); }, {1},
                  stream, seed, feeding, with_ttl);
    ExpectTheSame([&](OperatorContext context) { return MakeDeduplicate(last, std::move(context)); }, {1, 0},
                  stream, seed, feeding, with_ttl);
    ExpectTheSame([&](OperatorContext context) { return MakeRank(rank, std::move(context)); }, {0}, stream,
                  seed, feeding, with_ttl);
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
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    StreamOptions options = Options(seed, 0, 3);
    options.seconds_per_row = 0.3;
    ExpectTheSame([&](OperatorContext context) { return MakeWindowAssign(spec, std::move(context)); }, {0},
                  MakeStream(random, options), seed);
    if (::testing::Test::HasFailure()) return;
  }
}

// Aggregates of every kind of state, with more values than a set that is saved whole holds.
std::vector<AggregateCall> ManyCalls(bool retracts) {
  using testing::RealCall;
  std::vector<AggregateCall> calls = testing::RealCalls(retracts);
  calls.push_back(RealCall("COUNT", {0, 1}, true, retracts));
  calls.push_back(RealCall("SUM", {1}, true, retracts));
  calls.push_back(RealCall("COUNT", {2}, true, retracts));
  calls.push_back(RealCall("MAX", {0}, false, retracts));
  calls.push_back(RealCall("MEDIAN", {1}, false, retracts));
  calls.push_back(RealCall("COLLECT", {1}, false, retracts));
  calls.push_back(RealCall("LISTAGG", {0}, true, retracts));
  calls.push_back(RealCall("ARRAY_AGG", {1}, false, retracts));
  calls.push_back(RealCall("LAST_VALUE", {1}, false, retracts));
  calls.push_back(RealCall("FIRST_VALUE", {0}, false, retracts));
  calls.push_back(RealCall("AVG", {1}, false, retracts));
  calls.push_back(RealCall("VAR_POP", {1}, false, retracts));
  return calls;
}

TEST(RestoreTest, LargeAggregateStates) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    const bool retracts = seed % 2 == 0;
    StreamOptions options = Options(seed, retracts ? 3 : 0, 100);
    options.keys = 2;
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
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    StreamOptions options = Options(seed, 0, 100);
    options.keys = 2;
    options.rows = 80;
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

std::shared_ptr<WindowAggregateSpec> WindowSpecOf(const WindowSpec& window, bool retracts) {
  auto spec = std::make_shared<WindowAggregateSpec>();
  spec->input_types = testing::TestTypes();
  spec->keys = {0};
  spec->rowtime_column = 2;
  spec->window = window;
  spec->input_retracts = retracts;
  spec->aggregates = ManyCalls(retracts);
  spec->output = {{Source::kKey, 0, DataType::String()}};
  for (size_t i = 0; i < spec->aggregates.size(); ++i) {
    spec->output.push_back(
        {Source::kAggregate, static_cast<int>(i), spec->aggregates[i].function->result_type()});
  }
  spec->output.push_back({Source::kWindowStart, 0, DataType::Timestamp(3)});
  spec->output.push_back({Source::kWindowEnd, 0, DataType::Timestamp(3)});
  return spec;
}

TEST(RestoreTest, WindowsOfLargeStates) {
  const WindowSpec windows[] = {
      {.kind = WindowKind::kTumble, .size_micros = 40 * kSecond},
      {.kind = WindowKind::kHop, .size_micros = 60 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kCumulate, .size_micros = 80 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kSession, .size_micros = 3 * kSecond},
  };
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    const WindowSpec& window = windows[seed % 4];
    const bool retracts = seed % 8 >= 4 && window.kind != WindowKind::kSession;
    StreamOptions options = Options(seed, retracts ? 4 : 0, 300);
    options.keys = 2;
    options.rows = 300;
    options.seconds_per_row = 0.4;
    const auto stream = MakeStream(random, options);
    const auto spec = WindowSpecOf(window, retracts);
    const auto make = [&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); };
    ExpectTheSame(make, {0}, stream, seed);
    // Early firing with a delay, which restarts must not begin anew: what is shown in between is compared by
    // its last state here, as each shard has its own delay, and change by change in EarlyFiringGoesOn.
    ExpectTheSame(
        make, {0}, stream, seed, {.seconds_per_batch = 1},
        [](OperatorContext& context) {
          context.early_fire = true;
          context.early_fire_delay_micros = 5 * kSecond;
        },
        Compared::kTable);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RestoreTest, WindowsOfProcessingTime) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    const WindowSpec windows[] = {
        {.kind = WindowKind::kTumble, .size_micros = 20 * kSecond},
        {.kind = WindowKind::kHop, .size_micros = 30 * kSecond, .slide_micros = 10 * kSecond},
        {.kind = WindowKind::kCumulate, .size_micros = 40 * kSecond, .slide_micros = 10 * kSecond},
        {.kind = WindowKind::kSession, .size_micros = 8 * kSecond},
    };
    auto spec = WindowSpecOf(windows[seed % 4], false);
    spec->processing_time = true;
    ExpectTheSame([&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); }, {0},
                  MakeStream(random, Options(seed, 0)), seed,
                  {.seconds_per_batch = 4, .with_watermarks = false});
    if (::testing::Test::HasFailure()) return;
  }
}

// What early firing has shown is corrected, not repeated, and shown when its delay is over and in the order
// in which groups and sessions changed, whatever happened between. On one shard: of several each has its own
// delay.
TEST(RestoreTest, EarlyFiringGoesOn) {
  const WindowSpec windows[] = {
      {.kind = WindowKind::kTumble, .size_micros = 40 * kSecond},
      {.kind = WindowKind::kHop, .size_micros = 60 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kCumulate, .size_micros = 80 * kSecond, .slide_micros = 20 * kSecond},
      {.kind = WindowKind::kSession, .size_micros = 3 * kSecond},
  };
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    const WindowSpec& window = windows[seed % 4];
    const bool retracts = seed % 8 >= 4;
    const auto spec = WindowSpecOf(window, retracts);
    StreamOptions options = Options(seed, retracts ? 4 : 0);
    options.keys = 1 + static_cast<int64_t>(seed % 5) * 4;
    ExpectTheSame([&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); }, {},
                  MakeStream(random, options), seed, {.seconds_per_batch = 1},
                  [&](OperatorContext& context) {
                    context.early_fire = true;
                    context.early_fire_delay_micros = static_cast<int64_t>(seed % 3) * 5 * kSecond;
                  });
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(RestoreTest, Limit) {
  auto spec = std::make_shared<LimitSpec>();
  spec->offset = 20;
  spec->limit = 100;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    ExpectTheSame([&](OperatorContext context) { return MakeLimit(spec, std::move(context)); }, {},
                  MakeStream(random, Options(seed, 0)), seed);
  }
}

TEST(RestoreTest, WatermarkAssigner) {
  auto spec = std::make_shared<WatermarkAssignerSpec>();
  spec->rowtime_column = 2;
  spec->watermark = functions::MakeColumn(2, DataType::Timestamp(3));
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
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
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
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

// --- What a checkpoint costs ---

struct Counted {
  size_t puts = 0;
  size_t removes = 0;
  size_t drops = 0;
  size_t bytes = 0;
};
Counted SaveAndCount(Operator& op) {
  state::StateWriter writer;
  op.Save(writer);
  Counted counted;
  counted.bytes = writer.size();
  state::StateCursor cursor(writer.view());
  state::StateRecord record;
  while (cursor.Next(&record).value_or(false)) {
    counted.puts += record.tag == state::StateTag::kPut ? 1 : 0;
    counted.removes += record.tag == state::StateTag::kRemove ? 1 : 0;
    counted.drops += record.tag == state::StateTag::kDrop ? 1 : 0;
  }
  return counted;
}

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
TEST(RestoreTest, ALargeSetCostsWhatHasChangedOfIt) {
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

TEST(RestoreTest, ALargePartitionCostsTheRowsThatChange) {
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
TEST(RestoreTest, AClosedWindowIsDroppedAtOnce) {
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

// State that is spread by other columns than the rows are now is refused where that makes a difference.
TEST(RestoreTest, StateSpreadOtherwiseIsRefused) {
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

// --- Damage ---

// Every operator that keeps state, with what a run has left of it in one buffer.
struct Stateful {
  std::string name;
  testing::OperatorMaker make;
  ContextEdit edit;
};

std::vector<Stateful> AllStateful() {
  std::vector<Stateful> all;
  const auto add = [&all](std::string name, auto spec, auto make, ContextEdit edit = nullptr) {
    all.push_back({std::move(name),
                   [spec, make](OperatorContext context) { return make(spec, std::move(context)); },
                   std::move(edit)});
  };
  const ContextEdit with_ttl = [](OperatorContext& context) { context.state_ttl_micros = 3600 * kSecond; };
  const ContextEdit early = [](OperatorContext& context) { context.early_fire = true; };
  auto group = std::make_shared<GroupAggregateSpec>();
  group->input_types = testing::TestTypes();
  group->keys = {0};
  group->input_retracts = true;
  group->aggregates = ManyCalls(true);
  add("group", group, MakeGroupAggregate);
  add("group with ttl", group, MakeGroupAggregate, with_ttl);
  auto first = std::make_shared<DeduplicateSpec>();
  first->input_types = testing::TestTypes();
  first->keys = {0, 1};
  add("first arrival", first, MakeDeduplicate, with_ttl);
  auto last = std::make_shared<DeduplicateSpec>(*first);
  last->rowtime_column = 2;
  last->keep_last = true;
  add("deduplicate", last, MakeDeduplicate);
  auto upsert = std::make_shared<UpsertMaterializeSpec>();
  upsert->input_types = testing::TestTypes();
  upsert->primary_key = {0};
  add("upsert materialize", upsert, MakeUpsertMaterialize);
  for (const bool retracts : {false, true}) {
    auto rank = std::make_shared<RankSpec>();
    rank->input_types = testing::TestTypes();
    rank->partition_keys = {0};
    rank->order = {{.column = 1}};
    rank->end = 3;
    rank->input_retracts = retracts;
    add(retracts ? "rank of retractions" : "rank", rank, MakeRank, retracts ? nullptr : with_ttl);
  }
  for (const WindowKind kind :
       {WindowKind::kTumble, WindowKind::kHop, WindowKind::kCumulate, WindowKind::kSession}) {
    auto window =
        WindowSpecOf({.kind = kind, .size_micros = 40 * kSecond, .slide_micros = 20 * kSecond}, false);
    if (kind == WindowKind::kSession) window->window.size_micros = 2 * kSecond;
    add(window->window.ToString(), window, MakeWindowAggregate);
    add("early " + window->window.ToString(), window, MakeWindowAggregate, early);
  }
  auto sessions = std::make_shared<WindowAssignSpec>();
  sessions->input_types = testing::TestTypes();
  sessions->window = {.kind = WindowKind::kSession, .size_micros = 2 * kSecond};
  sessions->rowtime_column = 2;
  sessions->partition_keys = {0};
  add("sessions of rows", sessions, MakeWindowAssign);
  auto by_time = std::make_shared<TemporalSortSpec>();
  by_time->input_types = testing::TestTypes();
  by_time->rowtime_column = 2;
  add("temporal sort", by_time, MakeTemporalSort);
  auto sort = std::make_shared<BoundedSortSpec>();
  sort->input_types = testing::TestTypes();
  sort->order = {{.column = 1}};
  add("bounded sort", sort, MakeBoundedSort);
  auto limit = std::make_shared<LimitSpec>();
  limit->limit = 1000;
  add("limit", limit, MakeLimit);
  auto assigner = std::make_shared<WatermarkAssignerSpec>();
  assigner->rowtime_column = 2;
  assigner->watermark = functions::MakeColumn(2, DataType::Timestamp(3));
  add("watermark assigner", assigner, MakeWatermarkAssigner);
  return all;
}

OperatorContext ContextOf(const Stateful& stateful, Output* output, SideOutput* side) {
  OperatorContext context;
  context.output = output;
  context.side_output = side;
  context.is_durable = true;
  if (stateful.edit) stateful.edit(context);
  return context;
}

// Takes anything.
struct Ignored final : Output, SideOutput {
  Status OnBatch(data::Batch) override { return {}; }
  Status OnWatermark(int64_t) override { return {}; }
  void Late(const std::string&, const data::Batch&, size_t, const LateRow&) override {}
  void Failed(const std::string&, const data::Batch&, size_t, const Error&) override {}
};

// Whether the bytes are taken as state; if so the operator must run on, whatever they mean.
bool TakesState(const Stateful& stateful, std::string_view bytes, const std::vector<TestRow>& stream) {
  Ignored ignored;
  const auto op = stateful.make(ContextOf(stateful, &ignored, &ignored));
  std::vector<state::StateBuffer> buffers(1);
  buffers[0].Append(bytes);
  state::StateLayers layers;
  layers.Add(std::move(buffers));
  state::StateReader reader(&layers);
  const Status status = op->Restore(reader);
  if (!status.has_value()) {
    EXPECT_EQ(status.error().code(), ErrorCode::kDataCorrupted) << status.error().ToString();
    return false;
  }
  EXPECT_TRUE(op->OnBatch(0, testing::BatchOf(stream, 0, 20, true)).has_value());
  EXPECT_TRUE(op->OnEpoch(10 * kSecond).has_value());
  state::StateWriter writer;
  op->Save(writer);
  EXPECT_TRUE(op->OnWatermark(data::kMaxWatermark).has_value());
  return true;
}

// What was read back is not written again.
TEST(RestoreTest, NothingCountsAsChangedAfterRestoring) {
  Random random(1);
  StreamOptions options = Options(1, 0, 400);
  options.keys = 2;
  const auto stream = MakeStream(random, options);
  for (const Stateful& stateful : AllStateful()) {
    SCOPED_TRACE(stateful.name);
    Ignored ignored;
    const auto op = stateful.make(ContextOf(stateful, &ignored, &ignored));
    ASSERT_TRUE(op->OnBatch(0, testing::BatchOf(stream, 0, 250, true)).has_value());
    ASSERT_TRUE(op->OnEpoch(5 * kSecond).has_value());
    state::StateWriter writer;
    op->Save(writer);
    std::vector<state::StateBuffer> buffers;
    buffers.push_back(writer.Take());
    state::StateLayers layers;
    layers.Add(std::move(buffers));
    state::StateReader reader(&layers);
    const auto restored = stateful.make(ContextOf(stateful, &ignored, &ignored));
    ASSERT_TRUE(restored->Restore(reader).has_value());
    EXPECT_EQ(restored->StateEntries(), op->StateEntries());
    const Counted counted = SaveAndCount(*restored);
    EXPECT_EQ(counted.puts + counted.removes + counted.drops, 0u);
  }
}

TEST(RestoreTest, DamagedStateIsAnErrorOrOtherState) {
  Random random(1);
  StreamOptions options = Options(1, 0, 40);
  options.keys = 2;
  options.rows = 120;
  const auto stream = MakeStream(random, options);
  for (const Stateful& stateful : AllStateful()) {
    SCOPED_TRACE(stateful.name);
    Ignored ignored;
    const auto op = stateful.make(ContextOf(stateful, &ignored, &ignored));
    ASSERT_TRUE(op->OnBatch(0, testing::BatchOf(stream, 0, 120, true)).has_value());
    ASSERT_TRUE(op->OnEpoch(5 * kSecond).has_value());
    state::StateWriter writer;
    op->Save(writer);
    const std::string whole(writer.view());
    ASSERT_FALSE(whole.empty());
    ASSERT_TRUE(TakesState(stateful, whole, stream));
    // Cuts and changed bytes, at some hundred places of each operator.
    const size_t step = 1 + whole.size() / 150;
    for (size_t at = 0; at < whole.size(); at += step) {
      (void)TakesState(stateful, std::string_view(whole).substr(0, at), stream);
      for (const int flip : {0xFF, 0x01, 0x80}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        (void)TakesState(stateful, damaged, stream);
      }
    }
    // State of another operator.
    for (const Stateful& other : AllStateful()) (void)TakesState(other, whole, stream);
  }
}

}  // namespace
}  // namespace millrace::operators
