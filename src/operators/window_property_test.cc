// Window aggregates against their definition: each window is the rows in it, by a map of windows.
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "operators/property_testing.h"
#include "operators/window_aggregate.h"
#include "operators/window_rank.h"

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
using testing::Sorted;
using testing::StreamOptions;
using testing::TestRow;
using testing::Ways;
using Lines = std::vector<std::string>;
using Source = WindowOutputColumn::Source;

constexpr uint64_t kSeeds = testing::Seeds(48);

struct Window {
  int64_t start;
  int64_t end;
};

// Every window that contains the time, found by trying all starts around it.
std::vector<Window> WindowsOf(const WindowSpec& spec, int64_t time) {
  std::vector<Window> windows;
  const int64_t period = spec.kind == WindowKind::kHop ? spec.slide_micros : spec.size_micros;
  const int64_t middle = data::FloorDiv(time, period);
  const int64_t reach = spec.size_micros / period + 2;
  for (int64_t n = middle - reach; n <= middle + reach; ++n) {
    const int64_t start = n * period + spec.offset_micros;
    if (spec.kind != WindowKind::kCumulate) {
      if (start <= time && time < start + spec.size_micros)
        windows.push_back({start, start + spec.size_micros});
      continue;
    }
    for (int64_t end = start + spec.slide_micros; end <= start + spec.size_micros; end += spec.slide_micros) {
      if (start <= time && time < end) windows.push_back({start, end});
    }
  }
  return windows;
}

struct Expected {
  Lines rows;
  Lines late;
};

std::string LineOf(const std::string& key, const std::vector<TestRow>& rows, int64_t start, int64_t end) {
  return key + "|" + testing::ResultsOf(rows) + "|" + TestRow::TimeText(start) + "|" + TestRow::TimeText(end);
}

Expected ByDefinition(const WindowSpec& spec, const std::vector<TestRow>& stream) {
  std::map<std::tuple<int64_t, int64_t, std::string>, std::vector<TestRow>> groups;
  Expected expected;
  for (const TestRow& row : stream) {
    bool is_late = true;
    const auto windows = WindowsOf(spec, row.time);
    for (const Window& window : windows) {
      if (row.watermark >= window.end - 1000) continue;
      is_late = false;
      testing::ApplyTo(groups[{window.end, window.start, row.KeyText()}], row);
    }
    if (is_late && !windows.empty()) expected.late.push_back(row.Text());
  }
  for (const auto& [group, rows] : groups) {
    const auto& [end, start, key] = group;
    if (!rows.empty()) expected.rows.push_back(LineOf(key, rows, start, end));
  }
  return expected;
}

// Sessions of one key, each with its rows; those that the watermark closes are set aside.
Expected SessionsByDefinition(int64_t gap, const std::vector<TestRow>& stream) {
  struct Open {
    int64_t start;
    int64_t end;
    std::vector<TestRow> rows;
  };
  std::map<std::string, std::vector<Open>> open;
  Expected expected;
  const auto close = [&](const std::string& key, int64_t watermark) {
    std::erase_if(open[key], [&](const Open& session) {
      if (session.end - 1000 > watermark) return false;
      expected.rows.push_back(LineOf(key, session.rows, session.start, session.end));
      return true;
    });
  };
  for (const TestRow& row : stream) {
    close(row.KeyText(), row.watermark);
    Open merged{row.time, row.time + gap, {}};
    bool touched = false;
    std::erase_if(open[row.KeyText()], [&](const Open& session) {
      if (session.end < row.time || session.start > row.time + gap) return false;
      touched = true;
      merged.start = std::min(merged.start, session.start);
      merged.end = std::max(merged.end, session.end);
      merged.rows.insert(merged.rows.end(), session.rows.begin(), session.rows.end());
      return true;
    });
    if (!touched && row.time + gap - 1000 <= row.watermark) {
      expected.late.push_back(row.Text());
      continue;
    }
    merged.rows.push_back(row);
    open[row.KeyText()].push_back(std::move(merged));
  }
  for (auto& [key, sessions] : open) close(key, data::kMaxWatermark);
  return expected;
}

std::shared_ptr<WindowAggregateSpec> SpecOf(const WindowSpec& window, bool retracts) {
  auto spec = std::make_shared<WindowAggregateSpec>();
  spec->input_types = testing::TestTypes();
  spec->keys = {0};
  spec->rowtime_column = 2;
  spec->window = window;
  spec->input_retracts = retracts;
  spec->aggregates = testing::RealCalls(retracts);
  spec->output = {{Source::kKey, 0, DataType::String()}};
  for (int i = 0; i < 5; ++i) spec->output.push_back({Source::kAggregate, i, DataType::BigInt()});
  spec->output.push_back({Source::kWindowStart, 0, DataType::Timestamp(3)});
  spec->output.push_back({Source::kWindowEnd, 0, DataType::Timestamp(3)});
  return spec;
}

WindowSpec RandomWindow(Random& random, uint64_t kind) {
  const int64_t unit = kSecond * (1 + random.Below(4));
  const int64_t offset = random.OneIn(3) ? kSecond * (random.Below(7) - 3) : 0;
  switch (kind % 4) {
    case 0:
      return {.kind = WindowKind::kTumble, .size_micros = unit * 5, .offset_micros = offset};
    case 1:
      return {.kind = WindowKind::kHop,
              .size_micros = unit * (1 + random.Below(6)),
              .slide_micros = kSecond * (1 + random.Below(6)),
              .offset_micros = offset};
    case 2:
      return {.kind = WindowKind::kCumulate,
              .size_micros = unit * (1 + random.Below(6)),
              .slide_micros = unit,
              .offset_micros = offset};
    default:
      return {.kind = WindowKind::kSession, .size_micros = kSecond * (1 + random.Below(3))};
  }
}

TEST(WindowPropertyTest, EqualsTheDefinitionInAnyBatches) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const WindowSpec window = RandomWindow(random, seed);
    StreamOptions options;
    options.seconds_per_row = window.kind == WindowKind::kSession ? 0.7 : 0.3;
    if (seed % 3 == 1 && window.kind != WindowKind::kSession) options.retract_one_in = 4;
    const bool retracts = options.retract_one_in > 0;
    const std::vector<TestRow> stream = MakeStream(random, options);
    const Expected expected = window.kind == WindowKind::kSession
                                  ? SessionsByDefinition(window.size_micros, stream)
                                  : ByDefinition(window, stream);
    const auto spec = SpecOf(window, retracts);
    Lines first;
    for (const auto& [batch_rows_max, life] : Ways({1, 7, 50, 2048})) {
      SCOPED_TRACE(batch_rows_max);
      SCOPED_TRACE(LifeName(life));
      const auto make = [&](OperatorContext context) {
        return MakeWindowAggregate(spec, std::move(context));
      };
      Harness harness;
      harness.Run(make, spec->keys, life, seed);
      Feed(harness, stream, batch_rows_max, random);
      EXPECT_EQ(harness.output.Table(), Sorted(expected.rows)) << window.ToString();
      EXPECT_TRUE(testing::Same(harness.side.late, expected.late, life));
      EXPECT_EQ(harness.op->StateEntries(), 0u);
      // Not only the same rows, but in the same order.
      const Lines rows = RowsOnly(harness.output.changes);
      if (first.empty()) first = rows;
      EXPECT_TRUE(testing::Same(rows, first, life)) << ::testing::PrintToString(rows);

      Harness early;
      early.Run(make, spec->keys, life, seed, true);
      Feed(early, stream, batch_rows_max, random);
      EXPECT_EQ(early.output.Table(), Sorted(expected.rows)) << "early firing, " << window.ToString();
      EXPECT_EQ(early.op->StateEntries(), 0u);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(WindowPropertyTest, AttachedWindowsAreGroupsThatClose) {
  for (uint64_t seed = 0; seed < testing::Seeds(40); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    // Windows of 8 s (hopping by 4), one of the row's two at random.
    const std::vector<DataType> types = {DataType::String(), DataType::BigInt(), DataType::Timestamp(3),
                                         DataType::Timestamp(3)};
    const std::vector<TestRow> stream = MakeStream(random, {});
    std::map<std::tuple<int64_t, int64_t, std::string>, std::vector<TestRow>> groups;
    Lines expected_late;
    Lines input;
    for (const TestRow& row : stream) {
      const int64_t start = (data::FloorDiv(row.time, 4 * kSecond) - random.Below(2)) * 4 * kSecond;
      const int64_t end = start + 8 * kSecond;
      std::string line;
      if (row.watermark != data::kMinWatermark) line = "@" + TestRow::TimeText(row.watermark) + " ";
      const std::string text = row.KeyText() + "|" + row.ValueText() + "|" + TestRow::TimeText(start) + "|" +
                               TestRow::TimeText(end);
      input.push_back(line + text);
      if (row.watermark >= end - 1000) {
        expected_late.push_back(text);
      } else {
        groups[{end, start, row.KeyText()}].push_back(row);
      }
    }
    Lines expected;
    for (const auto& [group, rows] : groups) {
      const auto& [end, start, key] = group;
      expected.push_back(LineOf(key, rows, start, end));
    }
    auto spec = SpecOf({}, false);
    spec->input_types = types;
    spec->attached = true;
    spec->rowtime_column = -1;
    spec->window_start_column = 2;
    spec->window_end_column = 3;
    for (const auto& [batch_rows, life] : Ways({1, 13, 500})) {
      SCOPED_TRACE(LifeName(life));
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeWindowAggregate(spec, std::move(context)); },
                  spec->keys, life, seed);
      for (size_t begin = 0; begin < input.size(); begin += batch_rows) {
        const size_t end = std::min(input.size(), begin + batch_rows);
        harness.Send(types, Lines(input.begin() + static_cast<ptrdiff_t>(begin),
                                  input.begin() + static_cast<ptrdiff_t>(end)));
        if (end < input.size() && stream[end].watermark != data::kMinWatermark) {
          ASSERT_TRUE(harness.op->OnWatermark(stream[end].watermark));
        }
      }
      harness.End();
      EXPECT_EQ(harness.output.Table(), Sorted(expected));
      EXPECT_TRUE(testing::Same(harness.side.late, expected_late, life));
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(WindowPropertyTest, WindowRankIsTopNOfEachWindow) {
  for (uint64_t seed = 0; seed < testing::Seeds(60); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    StreamOptions options;
    options.retract_one_in = seed % 2 == 0 ? 4 : 0;
    const std::vector<TestRow> stream = MakeStream(random, options);
    // Key, value, and a tumbling window of 4 s.
    const std::vector<DataType> types = {DataType::String(), DataType::BigInt(), DataType::Timestamp(3),
                                         DataType::Timestamp(3)};
    const auto window_of = [](const TestRow& row) {
      return data::FloorDiv(row.time, 4 * kSecond) * 4 * kSecond;
    };
    const auto text_of = [&](const TestRow& row) {
      return row.KeyText() + "|" + row.ValueText() + "|" + TestRow::TimeText(window_of(row)) + "|" +
             TestRow::TimeText(window_of(row) + 4 * kSecond);
    };
    std::map<std::pair<int64_t, std::string>, std::vector<TestRow>> groups;
    Lines input;
    Lines expected_late;
    for (const TestRow& row : stream) {
      const std::string watermark =
          row.watermark == data::kMinWatermark ? "" : "@" + TestRow::TimeText(row.watermark) + " ";
      input.push_back(watermark + (row.is_addition ? "+I " : "-D ") + text_of(row));
      if (row.watermark >= window_of(row) + 4 * kSecond - 1000) {
        expected_late.push_back(text_of(row));
        continue;
      }
      auto& rows = groups[{window_of(row), row.KeyText()}];
      if (row.is_addition) {
        rows.push_back(row);
      } else {
        const auto found = std::ranges::find(rows, text_of(row), text_of);
        if (found != rows.end()) rows.erase(found);
      }
    }
    auto spec = std::make_shared<WindowRankSpec>();
    spec->input_types = types;
    spec->partition_keys = {0};
    spec->order = {{.column = 1, .ascending = true, .nulls_first = true}};
    spec->window_start_column = 2;
    spec->window_end_column = 3;
    spec->start = 1 + random.Below(2);
    spec->end = spec->start + random.Below(3);
    spec->output_rank = true;
    spec->input_retracts = options.retract_one_in > 0;
    Lines expected;
    for (auto& [group, rows] : groups) {
      // An optional without a value is less than any other.
      std::ranges::sort(rows, {}, [](const TestRow& row) { return std::pair(row.value, row.number); });
      for (int64_t rank = spec->start; rank <= std::min<int64_t>(spec->end, std::ssize(rows)); ++rank) {
        expected.push_back(text_of(rows[static_cast<size_t>(rank - 1)]) + "|" + std::to_string(rank));
      }
    }
    Lines first;
    for (const auto& [batch_rows, life] : Ways({1, 17, 500})) {
      SCOPED_TRACE(LifeName(life));
      Harness harness;
      harness.Run([&](OperatorContext context) { return MakeWindowRank(spec, std::move(context)); },
                  spec->partition_keys, life, seed);
      for (size_t begin = 0; begin < input.size(); begin += batch_rows) {
        const size_t end = std::min(input.size(), begin + batch_rows);
        harness.Send(types, Lines(input.begin() + static_cast<ptrdiff_t>(begin),
                                  input.begin() + static_cast<ptrdiff_t>(end)));
        if (end < input.size() && stream[end].watermark != data::kMinWatermark) {
          ASSERT_TRUE(harness.op->OnWatermark(stream[end].watermark));
        }
      }
      harness.End();
      EXPECT_EQ(harness.output.Table(), Sorted(expected));
      EXPECT_TRUE(testing::Same(harness.side.late, expected_late, life));
      const Lines rows = RowsOnly(harness.output.changes);
      if (first.empty()) first = rows;
      EXPECT_TRUE(testing::Same(rows, first, life)) << ::testing::PrintToString(rows);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace millrace::operators
