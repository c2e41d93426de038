// For tests of operators: batches from text, and an Output that collects what an operator hands on.
//
// A row is written as the values of its columns separated by '|', with an optional row kind and
// watermark in front: "+I a|1|10", "-U a|1", "@5 a|1|10" (seconds). "null" is NULL; timestamps are seconds
// since 1970-01-01 (fractions allowed). Answers are written the same way, without watermarks.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "data/batch_builder.h"
#include "data/text.h"
#include "operators/operator.h"
#include "operators/restarting.h"
#include "operators/row_emitter.h"

namespace millrace::operators::testing {

inline constexpr int64_t kSecond = data::kMicrosPerSecond;

inline data::RowKind KindOf(std::string_view text) {
  if (text == "-U") return data::RowKind::kUpdateBefore;
  if (text == "+U") return data::RowKind::kUpdateAfter;
  if (text == "-D") return data::RowKind::kDelete;
  return data::RowKind::kInsert;
}

inline void AppendText(std::string_view text, const data::DataType& type, data::Column* column) {
  if (text == "null") return column->AppendNull();
  if (type.IsTimestamp()) return column->Append<int64_t>(std::llround(std::stod(std::string(text)) * 1e6));
  const Status status = data::AppendParsed(text, type, data::TimeZone::Utc(), column);
  ASSERT_TRUE(status.has_value()) << status.error().message();
}

inline data::Batch MakeBatch(const std::vector<data::DataType>& types, const std::vector<std::string>& rows) {
  data::BatchBuilder builder(types);
  std::vector<int64_t> watermarks;
  bool has_watermarks = false;
  for (std::string_view row : rows) {
    data::RowKind kind = data::RowKind::kInsert;
    int64_t watermark = data::kMinWatermark;
    if (row.starts_with("@")) {
      watermark = std::llround(std::stod(std::string(row.substr(1))) * 1e6);
      has_watermarks = true;
      row.remove_prefix(row.find(' ') + 1);
    }
    if (row.size() > 2 && row[2] == ' ' && (row[0] == '+' || row[0] == '-')) {
      kind = KindOf(row.substr(0, 2));
      row.remove_prefix(3);
    }
    watermarks.push_back(watermark);
    for (size_t i = 0; i < types.size(); ++i) {
      const size_t end = std::min(row.find('|'), row.size());
      AppendText(row.substr(0, end), types[i], &builder.column(i));
      row.remove_prefix(std::min(end + 1, row.size()));
    }
    builder.FinishRow(kind);
  }
  data::Batch batch = builder.Build();
  if (has_watermarks) batch.watermarks = std::make_shared<const std::vector<int64_t>>(std::move(watermarks));
  return batch;
}

// "a|1|null", timestamps in seconds.
inline std::string RowText(const data::Batch& batch, size_t row) {
  std::string text;
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (i > 0) text += "|";
    const data::Column& column = *batch.columns[i];
    if (column.IsNull(row)) {
      text += "null";
    } else if (column.type().IsTimestamp()) {
      const int64_t micros = data::ColumnView<int64_t>(column)[row];
      std::string seconds = std::to_string(data::FloorDiv(micros, kSecond));
      if (micros % kSecond != 0) {
        std::string fraction = std::to_string(1000000 + data::FloorMod(micros, kSecond)).substr(1);
        while (fraction.ends_with("0")) fraction.pop_back();
        seconds += "." + fraction;
      }
      text += seconds;
    } else {
      data::AppendText(column, row, {.null_text = "null"}, &text);
    }
  }
  return text;
}

// Collects rows as "+I a|1" and watermarks as "W 10" (seconds) or "W max"; keeps the table that the changes
// make, and checks that each retraction takes away a row that is there.
class Collector final : public Output {
 public:
  Status OnBatch(data::Batch batch) override {
    EXPECT_LE(batch.rows, limits::kBatchRows);
    EXPECT_GT(batch.rows, 0u);
    for (const auto& column : batch.columns) EXPECT_EQ(column->size(), batch.rows);
    for (size_t row = 0; row < batch.rows; ++row) {
      const std::string text = RowText(batch, row);
      changes.push_back(std::string(data::RowKindName(batch.kind(row))) + " " + text);
      if (batch.watermarks) row_watermarks.push_back((*batch.watermarks)[row]);
      int64_t& count = table[text];
      count += data::IsAddition(batch.kind(row)) ? 1 : -1;
      EXPECT_TRUE(is_upsert || count >= 0) << "taken away but not there: " << text;
      if (count == 0) table.erase(text);
    }
    batches.push_back(std::move(batch));
    return {};
  }
  Status OnWatermark(int64_t watermark) override {
    EXPECT_GE(watermark, last_watermark);
    last_watermark = watermark;
    changes.push_back(watermark == data::kMaxWatermark ? "W max"
                                                       : "W " + std::to_string(watermark / kSecond));
    return {};
  }

  // The changes since the last call.
  std::vector<std::string> Take() { return std::exchange(changes, {}); }
  // Rows of the table, repeated as often as they are in it, sorted.
  std::vector<std::string> Table() const {
    std::vector<std::string> rows;
    for (const auto& [text, count] : table) rows.insert(rows.end(), static_cast<size_t>(count), text);
    return rows;
  }

  std::vector<std::string> changes;
  std::vector<int64_t> row_watermarks;
  std::map<std::string, int64_t> table;
  std::vector<data::Batch> batches;
  int64_t last_watermark = data::kMinWatermark;
  bool is_upsert = false;
};

class SideCollector final : public SideOutput {
 public:
  void Late(const std::string&, const data::Batch& batch, size_t row, const LateRow& late_row) override {
    late.push_back(RowText(batch, row));
    late_rows.push_back(late_row);
  }
  void Failed(const std::string&, const data::Batch& batch, size_t row, const Error& error) override {
    failed.push_back(RowText(batch, row));
    messages.push_back(error.message());
  }

  std::vector<std::string> late;
  std::vector<LateRow> late_rows;
  std::vector<std::string> failed;
  std::vector<std::string> messages;
};

// An operator under test with its surroundings.
struct Harness {
  Collector output;
  SideCollector side;
  std::unique_ptr<Operator> op;

  // Runs the operator as `life` says; its rows are spread by these columns.
  void Run(OperatorMaker make, std::vector<int> spread_columns, Life life, uint64_t seed,
           bool early_fire = false) {
    OperatorContext context = Context();
    context.early_fire = early_fire;
    Run(std::move(context), std::move(make), std::move(spread_columns), life, seed);
  }
  void Run(OperatorContext context, OperatorMaker make, std::vector<int> spread_columns, Life life,
           uint64_t seed) {
    context.spread_columns = std::move(spread_columns);
    if (life == Life::kStraight) {
      op = make(std::move(context));
    } else {
      op = std::make_unique<Restarting>(std::move(context), std::move(make), life, seed);
    }
  }

  OperatorContext Context() {
    OperatorContext context;
    context.name = "Test(1)";
    context.output = &output;
    context.side_output = &side;
    return context;
  }
  void Send(const std::vector<data::DataType>& types, const std::vector<std::string>& rows, int input = 0) {
    const Status status = op->OnBatch(input, MakeBatch(types, rows));
    ASSERT_TRUE(status.has_value()) << status.error().message();
  }
  void Watermark(double seconds) { ASSERT_TRUE(op->OnWatermark(std::llround(seconds * 1e6)).has_value()); }
  void End() { ASSERT_TRUE(op->OnWatermark(data::kMaxWatermark).has_value()); }
  void Epoch(double now_seconds = 0) {
    ASSERT_TRUE(op->OnEpoch(std::llround(now_seconds * 1e6)).has_value());
  }
};

}  // namespace millrace::operators::testing
