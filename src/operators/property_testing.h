// For property tests of operators: random changelogs, fed in random batches, and real aggregates.
//
// A property test makes a stream from a seed, works out by the plain definition what must come of it, and
// feeds the operator with the stream cut into batches in several ways. The answer must always be the same.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "functions/registry.h"
#include "operators/aggregate_call.h"
#include "operators/testing.h"

namespace millrace::operators::testing {

// How many seeds a test runs: a third where sanitizers make each of them take many times as long. Tests that
// choose by the seed what they run must get round with eight.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr uint64_t kSeedsDivisor = 3;
#else
inline constexpr uint64_t kSeedsDivisor = 1;
#endif
constexpr uint64_t Seeds(uint64_t seeds) {
  return seeds / kSeedsDivisor;
}

// Numbers from a seed.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(HashInt(seed)) {}
  // 0 <= result < bound.
  int64_t Below(int64_t bound) {
    state_ += 0x9E3779B97F4A7C15ull;
    return static_cast<int64_t>(HashInt(state_) % static_cast<uint64_t>(bound));
  }
  bool OneIn(int64_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

// A row of key STRING (may be null), value BIGINT (may be null), rowtime TIMESTAMP(3).
struct TestRow {
  std::optional<std::string> key;
  std::optional<int64_t> value;
  int64_t time = 0;       // µs
  int64_t watermark = 0;  // in force before it, µs
  bool is_addition = true;
  size_t number = 0;  // in the order of arrival

  std::string KeyText() const { return key.value_or("null"); }
  std::string ValueText() const { return value ? std::to_string(*value) : "null"; }
  static std::string TimeText(int64_t micros) {
    // As RowText writes it; times of tests are whole milliseconds.
    std::string text = std::to_string(data::FloorDiv(micros, kSecond));
    if (micros % kSecond == 0) return text;
    std::string fraction = std::to_string(1000 + data::FloorMod(micros, kSecond) / 1000).substr(1);
    while (fraction.ends_with("0")) fraction.pop_back();
    return text + "." + fraction;
  }
  std::string Text() const { return KeyText() + "|" + ValueText() + "|" + TimeText(time); }
};

inline std::vector<data::DataType> TestTypes() {
  return {data::DataType::String(), data::DataType::BigInt(), data::DataType::Timestamp(3)};
}

struct StreamOptions {
  size_t rows = 200;
  int64_t keys = 4;
  int64_t values = 20;
  double seconds_per_row = 0.5;
  double disorder_seconds = 5;   // how far behind the front a row may be
  double watermark_seconds = 3;  // how far the watermark is behind the front: some rows are late
  int64_t time_step_micros = 500'000;
  int64_t retract_one_in = 0;  // 0: insert-only
};

// Rows whose times wander forward; retractions take away a random row that is still there.
inline std::vector<TestRow> MakeStream(Random& random, const StreamOptions& options) {
  std::vector<TestRow> rows;
  std::vector<TestRow> alive;
  int64_t watermark = data::kMinWatermark;
  for (size_t i = 0; i < options.rows; ++i) {
    TestRow row;
    if (options.retract_one_in > 0 && !alive.empty() && random.OneIn(options.retract_one_in)) {
      const size_t taken = static_cast<size_t>(random.Below(static_cast<int64_t>(alive.size())));
      row = alive[taken];
      alive.erase(alive.begin() + static_cast<ptrdiff_t>(taken));
      row.is_addition = false;
    } else {
      if (!random.OneIn(10)) {
        row.key = "key " + std::to_string(random.Below(options.keys));
        if (random.OneIn(2)) *row.key += " longer than twelve bytes";
      }
      if (!random.OneIn(8)) row.value = random.Below(options.values) - options.values / 2;
      const double front = static_cast<double>(i) * options.seconds_per_row;
      row.time = static_cast<int64_t>(front * 1e6) -
                 random.Below(static_cast<int64_t>(options.disorder_seconds * 1e6) + 1);
      row.time = data::FloorDiv(row.time, options.time_step_micros) * options.time_step_micros;
      alive.push_back(row);
    }
    row.number = i;
    row.watermark = watermark;
    watermark = std::max(watermark, row.time - static_cast<int64_t>(options.watermark_seconds * 1e6));
    rows.push_back(row);
  }
  return rows;
}

// As a batch; with row watermarks when asked.
inline data::Batch BatchOf(const std::vector<TestRow>& rows, size_t begin, size_t end, bool with_watermarks) {
  data::BatchBuilder builder(TestTypes());
  auto watermarks = std::make_shared<std::vector<int64_t>>();
  for (size_t i = begin; i < end; ++i) {
    const TestRow& row = rows[i];
    if (row.key) {
      builder.column(0).AppendString(*row.key);
    } else {
      builder.column(0).AppendNull();
    }
    if (row.value) {
      builder.column(1).Append<int64_t>(*row.value);
    } else {
      builder.column(1).AppendNull();
    }
    builder.column(2).Append<int64_t>(row.time);
    builder.FinishRow(row.is_addition ? data::RowKind::kInsert : data::RowKind::kDelete);
    watermarks->push_back(row.watermark);
  }
  data::Batch batch = builder.Build();
  if (with_watermarks) batch.watermarks = std::move(watermarks);
  return batch;
}

// Feeds the rows in batches of random sizes up to `batch_rows_max`, the watermark behind each batch, and
// random epochs; then the end.
inline void Feed(Harness& harness, const std::vector<TestRow>& rows, size_t batch_rows_max, Random& random,
                 bool with_watermarks = true) {
  for (size_t begin = 0; begin < rows.size();) {
    const size_t size = 1 + static_cast<size_t>(random.Below(static_cast<int64_t>(batch_rows_max)));
    const size_t end = std::min(rows.size(), begin + size);
    ASSERT_TRUE(harness.op->OnBatch(0, BatchOf(rows, begin, end, with_watermarks)).has_value());
    if (end < rows.size() && with_watermarks && rows[end].watermark != data::kMinWatermark) {
      ASSERT_TRUE(harness.op->OnWatermark(rows[end].watermark).has_value());
    }
    if (random.OneIn(4)) harness.Epoch();
    begin = end;
  }
  harness.Epoch();
  harness.End();
  harness.Epoch();
}

// The changes without the watermarks.
inline std::vector<std::string> RowsOnly(const std::vector<std::string>& changes) {
  std::vector<std::string> rows;
  for (const std::string& change : changes) {
    if (!change.starts_with("W ")) rows.push_back(change);
  }
  return rows;
}

inline std::vector<std::string> Sorted(std::vector<std::string> rows) {
  std::ranges::sort(rows);
  return rows;
}

// Each way to run an operator: with batches of at most so many rows, and through restarts.
struct Way {
  size_t batch_rows_max;
  Life life;
};
inline std::vector<Way> Ways(std::initializer_list<size_t> batch_rows_max) {
  std::vector<Way> ways;
  for (const Life life : kLives) {
    for (const size_t rows : batch_rows_max) ways.push_back({rows, life});
  }
  return ways;
}

// Whether two runs gave the same rows: in the same order, but where shards have them side by side.
inline bool Same(const std::vector<std::string>& a, const std::vector<std::string>& b, Life life) {
  return life == Life::kRescaled ? Sorted(a) == Sorted(b) : a == b;
}

// A built-in aggregate over columns of TestTypes().
inline AggregateCall RealCall(const std::string& name, std::vector<int> args, bool distinct, bool retracts) {
  functions::AggregateRequest request;
  for (const int arg : args) {
    request.arg_types.push_back(TestTypes()[static_cast<size_t>(arg)]);
    request.literal_args.emplace_back();
  }
  request.distinct = distinct;
  request.with_retractions = retracts;
  auto bound = functions::Registry::Get().BindAggregate(name, request);
  MR_CHECK(bound.has_value());
  return {.name = name, .function = *bound, .args = std::move(args), .filter = -1};
}

// COUNT(*), SUM(value), MIN(value), MAX(value), COUNT(DISTINCT value), and their results by definition.
inline std::vector<AggregateCall> RealCalls(bool retracts) {
  return {RealCall("COUNT", {}, false, retracts), RealCall("SUM", {1}, false, retracts),
          RealCall("MIN", {1}, false, retracts), RealCall("MAX", {1}, false, retracts),
          RealCall("COUNT", {1}, true, retracts)};
}
inline std::string ResultsOf(const std::vector<TestRow>& rows) {
  std::vector<int64_t> values;
  for (const TestRow& row : rows) {
    if (row.value) values.push_back(*row.value);
  }
  std::ranges::sort(values);
  int64_t sum = 0;
  for (const int64_t value : values) sum += value;
  std::string text = std::to_string(rows.size());
  if (values.empty()) return text + "|null|null|null|0";
  text +=
      "|" + std::to_string(sum) + "|" + std::to_string(values.front()) + "|" + std::to_string(values.back());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return text + "|" + std::to_string(values.size());
}

// Adds a row to a multiset of rows, or takes an equal one away (the first arrived).
inline void ApplyTo(std::vector<TestRow>& rows, const TestRow& row) {
  if (row.is_addition) {
    rows.push_back(row);
    return;
  }
  const auto found = std::ranges::find(rows, row.Text(), &TestRow::Text);
  if (found != rows.end()) rows.erase(found);
}

}  // namespace millrace::operators::testing
