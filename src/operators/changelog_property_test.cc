// Group aggregates, Top-N and deduplication against their definitions over all rows received.
#include <gtest/gtest.h>

#include <map>

#include "operators/changelog_normalize.h"
#include "operators/deduplicate.h"
#include "operators/group_aggregate.h"
#include "operators/property_testing.h"
#include "operators/rank.h"
#include "operators/sort_limit.h"

namespace millrace::operators {
namespace {

using testing::Feed;
using testing::Harness;
using testing::LifeName;
using testing::MakeStream;
using testing::Random;
using testing::RowsOnly;
using testing::Sorted;
using testing::StreamOptions;
using testing::TestRow;
using Lines = std::vector<std::string>;

constexpr uint64_t kSeeds = testing::Seeds(72);
constexpr std::initializer_list<size_t> kBatchRowsMax = {1, 5, 60, 2048};

std::map<std::string, std::vector<TestRow>> GroupsOf(const std::vector<TestRow>& stream) {
  std::map<std::string, std::vector<TestRow>> groups;
  for (const TestRow& row : stream) testing::ApplyTo(groups[row.KeyText()], row);
  std::erase_if(groups, [](const auto& group) { return group.second.empty(); });
  return groups;
}

StreamOptions OptionsOf(uint64_t seed) {
  StreamOptions options;
  options.retract_one_in = seed % 2 == 0 ? 3 : 0;
  options.keys = seed % 3 == 0 ? 40 : 3;
  options.values = seed % 5 == 0 ? 3 : 30;
  return options;
}

TEST(ChangelogPropertyTest, GroupAggregate) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const StreamOptions options = OptionsOf(seed);
    const std::vector<TestRow> stream = MakeStream(random, options);
    auto spec = std::make_shared<GroupAggregateSpec>();
    spec->input_types = testing::TestTypes();
    spec->input_retracts = options.retract_one_in > 0;
    spec->aggregates = testing::RealCalls(spec->input_retracts);
    const bool is_global = seed % 7 == 0;
    if (!is_global) spec->keys = {0};
    Lines expected;
    if (is_global) {
      std::vector<TestRow> all;
      for (const TestRow& row : stream) testing::ApplyTo(all, row);
      expected.push_back(testing::ResultsOf(all));
    } else {
      for (const auto& [key, rows] : GroupsOf(stream))
        expected.push_back(key + "|" + testing::ResultsOf(rows));
    }
    for (const auto& [batch_rows_max, life] : testing::Ways(kBatchRowsMax)) {
      SCOPED_TRACE(LifeName(life));
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeGroupAggregate(spec, std::move(context)); },
                  spec->keys, life, seed);
      Feed(harness, stream, batch_rows_max, random);
      EXPECT_EQ(harness.output.Table(), Sorted(expected));
      EXPECT_EQ(harness.op->StateEntries(), expected.size());
    }
    if (::testing::Test::HasFailure()) return;
  }
}

// By value descending, nulls last, then by arrival.
std::vector<TestRow> Ranked(std::vector<TestRow> rows) {
  std::ranges::sort(rows, [](const TestRow& a, const TestRow& b) {
    if (a.value.has_value() != b.value.has_value()) return a.value.has_value();
    return a.value != b.value ? *a.value > *b.value : a.number < b.number;
  });
  return rows;
}

TEST(ChangelogPropertyTest, Rank) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const StreamOptions options = OptionsOf(seed);
    const std::vector<TestRow> stream = MakeStream(random, options);
    auto spec = std::make_shared<RankSpec>();
    spec->input_types = testing::TestTypes();
    spec->partition_keys = {0};
    spec->order = {{.column = 1, .ascending = false, .nulls_first = false}};
    spec->start = 1 + random.Below(3);
    spec->end = spec->start + random.Below(4);
    spec->output_rank = random.OneIn(2);
    spec->input_retracts = options.retract_one_in > 0;
    Lines expected;
    for (const auto& [key, rows] : GroupsOf(stream)) {
      const auto ranked = Ranked(rows);
      for (int64_t rank = spec->start; rank <= std::min<int64_t>(spec->end, std::ssize(ranked)); ++rank) {
        std::string line = ranked[static_cast<size_t>(rank - 1)].Text();
        if (spec->output_rank) line += "|" + std::to_string(rank);
        expected.push_back(line);
      }
    }
    for (const auto& [batch_rows_max, life] : testing::Ways(kBatchRowsMax)) {
      SCOPED_TRACE(LifeName(life));
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeRank(spec, std::move(context)); },
                  spec->partition_keys, life, seed);
      Feed(harness, stream, batch_rows_max, random);
      EXPECT_EQ(harness.output.Table(), Sorted(expected));
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ChangelogPropertyTest, Deduplicate) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::vector<TestRow> stream = MakeStream(random, {.keys = 20});
    auto spec = std::make_shared<DeduplicateSpec>();
    spec->input_types = testing::TestTypes();
    spec->keys = {0};
    spec->keep_last = seed % 2 == 0;
    spec->rowtime_column = seed % 4 < 2 ? 2 : -1;
    Lines expected;
    for (const auto& [key, rows] : GroupsOf(stream)) {
      const TestRow* best = &rows[0];
      for (const TestRow& row : rows) {
        if (spec->rowtime_column < 0) {
          if (spec->keep_last) best = &row;
        } else if (spec->keep_last ? row.time >= best->time : row.time < best->time) {
          best = &row;
        }
      }
      expected.push_back(best->Text());
    }
    Lines first;
    for (const auto& [batch_rows_max, life] : testing::Ways(kBatchRowsMax)) {
      SCOPED_TRACE(LifeName(life));
      for (const bool with_watermarks : {true, false}) {
        Harness harness;
        harness.Run([&](OperatorContext context) { return MakeDeduplicate(spec, std::move(context)); },
                    spec->keys, life, seed);
        Feed(harness, stream, batch_rows_max, random, with_watermarks);
        EXPECT_EQ(harness.output.Table(), Sorted(expected));
        if (!with_watermarks) continue;
        // With row watermarks the changes themselves are the same in any batches.
        const Lines rows = RowsOnly(harness.output.changes);
        if (first.empty()) first = rows;
        EXPECT_TRUE(testing::Same(rows, first, life)) << ::testing::PrintToString(rows);
      }
    }
    if (::testing::Test::HasFailure()) return;
  }
}

// An upsert stream by key: a deletion names a random key.
TEST(ChangelogPropertyTest, ChangelogNormalize) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<TestRow> stream = MakeStream(random, {.keys = 6, .values = 3});
    for (TestRow& row : stream) row.is_addition = !random.OneIn(4);
    std::map<std::string, std::string> table;
    for (const TestRow& row : stream) {
      if (row.is_addition) {
        table[row.KeyText()] = row.Text();
      } else {
        table.erase(row.KeyText());
      }
    }
    Lines expected;
    for (const auto& [key, row] : table) expected.push_back(row);
    auto spec = std::make_shared<ChangelogNormalizeSpec>();
    spec->input_types = testing::TestTypes();
    spec->keys = {0};
    for (const auto& [batch_rows_max, life] : testing::Ways(kBatchRowsMax)) {
      SCOPED_TRACE(LifeName(life));
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeChangelogNormalize(spec, std::move(context)); },
                  spec->keys, life, seed);
      Feed(harness, stream, batch_rows_max, random, random.OneIn(2));
      EXPECT_EQ(harness.output.Table(), Sorted(expected));
      EXPECT_EQ(harness.op->StateEntries(), expected.size());
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ChangelogPropertyTest, Sorts) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const StreamOptions options = OptionsOf(seed);
    const std::vector<TestRow> stream = MakeStream(random, options);
    auto spec = std::make_shared<BoundedSortSpec>();
    spec->input_types = testing::TestTypes();
    spec->order = {{.column = 1, .ascending = false, .nulls_first = false}};
    spec->input_retracts = options.retract_one_in > 0;
    spec->offset = random.Below(5);
    if (random.OneIn(2)) spec->limit = random.Below(20);
    std::vector<TestRow> all;
    for (const TestRow& row : stream) testing::ApplyTo(all, row);
    const auto ranked = Ranked(all);
    Lines expected;
    for (auto i = static_cast<size_t>(spec->offset); i < ranked.size(); ++i) {
      if (!spec->limit || std::ssize(expected) < *spec->limit) expected.push_back("+I " + ranked[i].Text());
    }
    auto temporal = std::make_shared<TemporalSortSpec>();
    temporal->input_types = testing::TestTypes();
    temporal->rowtime_column = 2;
    temporal->then_by = {{.column = 1}};
    Lines first;
    for (const auto& [batch_rows_max, life] : testing::Ways(kBatchRowsMax)) {
      SCOPED_TRACE(LifeName(life));
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeBoundedSort(spec, std::move(context)); }, {},
                  life, seed);
      Feed(harness, stream, batch_rows_max, random);
      EXPECT_EQ(RowsOnly(harness.output.changes), expected);

      if (options.retract_one_in > 0) continue;
      Harness by_time;
      by_time.Run([&](OperatorContext context) { return MakeTemporalSort(temporal, std::move(context)); }, {},
                  life, seed);
      Feed(by_time, stream, batch_rows_max, random);
      const Lines rows = RowsOnly(by_time.output.changes);
      if (first.empty()) first = rows;
      EXPECT_EQ(rows, first);
      EXPECT_EQ(rows.size() + by_time.side.late.size(), stream.size());
      int64_t time = data::kMinWatermark;
      for (const data::Batch& batch : by_time.output.batches) {
        for (size_t row = 0; row < batch.rows; ++row) {
          const int64_t next = data::ColumnView<int64_t>(*batch.columns[2])[row];
          EXPECT_LE(time, next);
          time = next;
        }
      }
    }
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace millrace::operators
