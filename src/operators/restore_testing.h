// For tests of saving and restoring: streams fed with a clock, runs of every Life compared, and operators
// with large states to run.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "operators/property_testing.h"
#include "operators/window_aggregate.h"

namespace millrace::operators::testing {

using Lines = std::vector<std::string>;

inline constexpr uint64_t kRestoreSeeds = Seeds(24);

// How a test feeds an operator: the clock goes on by this a batch, in seconds; rows bring their watermarks,
// or only the operator is told of them.
struct Feeding {
  double seconds_per_batch = 0;
  bool with_watermarks = true;
  bool with_row_watermarks = true;
};

// Feed, with a clock, and the batches the same for every life.
inline void FeedWithClock(Harness& harness, const std::vector<TestRow>& stream, size_t batch_rows,
                          const Feeding& feeding) {
  double now = 1000;
  for (size_t begin = 0; begin < stream.size(); begin += batch_rows) {
    const size_t end = std::min(stream.size(), begin + batch_rows);
    harness.op->SetNow(std::llround(now * 1e6));
    const bool with_row_watermarks = feeding.with_watermarks && feeding.with_row_watermarks;
    ASSERT_TRUE(harness.op->OnBatch(0, BatchOf(stream, begin, end, with_row_watermarks)).has_value());
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
inline Lines LinesOf(const Harness& harness, Compared compared) {
  return compared == Compared::kTable ? harness.output.Table() : RowsOnly(harness.output.changes);
}

// What came too late, and under which watermark.
inline Lines LateLinesOf(const Harness& harness) {
  Lines lines;
  for (size_t i = 0; i < harness.side.late.size(); ++i) {
    lines.push_back(harness.side.late[i] + " under " + std::to_string(harness.side.late_rows[i].watermark));
  }
  return lines;
}

using ContextEdit = std::function<void(OperatorContext&)>;

// Each life gives what a straight run gives: rows in order (but for shards), what went aside, entries left.
inline void ExpectTheSame(const OperatorMaker& make, const std::vector<int>& spread,
                          const std::vector<TestRow>& stream, uint64_t seed, const Feeding& feeding = {},
                          const ContextEdit& edit = nullptr, Compared compared = Compared::kChanges) {
  for (const size_t batch_rows : {size_t{1}, size_t{9}, size_t{70}}) {
    Lines rows;
    Lines late;
    size_t entries = 0;
    for (const Life life : kLives) {
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
        late = LateLinesOf(harness);
        entries = harness.op->StateEntries();
      }
      ASSERT_TRUE(Same(got, rows, life)) << ::testing::PrintToString(got) << "\ninstead of\n"
                                         << ::testing::PrintToString(rows);
      ASSERT_TRUE(Same(LateLinesOf(harness), late, life));
      ASSERT_EQ(harness.op->StateEntries(), entries);
    }
  }
}

inline StreamOptions Options(uint64_t seed, int64_t retract_one_in, int64_t values = 20) {
  StreamOptions options;
  options.rows = 250;
  options.keys = seed % 3 == 0 ? 30 : 3;
  options.values = values;
  options.retract_one_in = retract_one_in;
  return options;
}

// Aggregates of every kind of state, with more values than a set that is saved whole holds.
inline std::vector<AggregateCall> ManyCalls(bool retracts) {
  std::vector<AggregateCall> calls = RealCalls(retracts);
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

inline std::shared_ptr<WindowAggregateSpec> WindowSpecOf(const WindowSpec& window, bool retracts) {
  auto spec = std::make_shared<WindowAggregateSpec>();
  spec->input_types = TestTypes();
  spec->keys = {0};
  spec->rowtime_column = 2;
  spec->window = window;
  spec->input_retracts = retracts;
  spec->aggregates = ManyCalls(retracts);
  spec->output = {{WindowOutputColumn::Source::kKey, 0, data::DataType::String()}};
  for (size_t i = 0; i < spec->aggregates.size(); ++i) {
    spec->output.push_back({WindowOutputColumn::Source::kAggregate, static_cast<int>(i),
                            spec->aggregates[i].function->result_type()});
  }
  spec->output.push_back({WindowOutputColumn::Source::kWindowStart, 0, data::DataType::Timestamp(3)});
  spec->output.push_back({WindowOutputColumn::Source::kWindowEnd, 0, data::DataType::Timestamp(3)});
  return spec;
}

struct Counted {
  size_t puts = 0;
  size_t removes = 0;
  size_t drops = 0;
  size_t bytes = 0;
};
// What a Save writes.
inline Counted SaveAndCount(Operator& op) {
  state::StateWriter writer;
  op.Save(writer);
  Counted counted;
  const state::StateBuffer written = writer.Take();
  counted.bytes = written.size();
  state::StateCursor cursor(written.view());
  state::StateRecord record;
  while (cursor.Next(&record).value_or(false)) {
    counted.puts += record.tag == state::StateTag::kPut ? 1 : 0;
    counted.removes += record.tag == state::StateTag::kRemove ? 1 : 0;
    counted.drops += record.tag == state::StateTag::kDrop ? 1 : 0;
  }
  return counted;
}

}  // namespace millrace::operators::testing
