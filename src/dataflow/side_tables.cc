#include "dataflow/side_tables.h"

#include "data/text.h"

namespace millrace::dataflow {
namespace {

using data::DataType;

data::SchemaPtr DeadLetterSchema() {
  return std::make_shared<const data::Schema>(std::vector<data::Field>{
      {"table_name", DataType::String()},
      {"origin", DataType::String()},
      {"record_offset", DataType::BigInt()},
      {"record", DataType::Bytes()},
      {"record_bytes", DataType::BigInt()},
      {"sqlstate", DataType::String()},
      {"reason", DataType::String()},
      {"seen_at", DataType::TimestampLtz(3)},
  });
}

data::SchemaPtr LateRowSchema() {
  return std::make_shared<const data::Schema>(std::vector<data::Field>{
      {"table_name", DataType::String()},
      {"operator", DataType::String()},
      {"window_start", DataType::Timestamp(3)},
      {"window_end", DataType::Timestamp(3)},
      {"row_time", DataType::Timestamp(3)},
      {"watermark", DataType::Timestamp(3)},
      {"lateness_ms", DataType::BigInt()},
      {"row_text", DataType::String()},
      {"seen_at", DataType::TimestampLtz(3)},
  });
}

// What is kept back for the tables until the next epoch.
constexpr size_t kBuilderBytesMax = limits::kSideTableBytesMax / 16;

std::string RowText(const data::Batch& batch, size_t row) {
  std::string text;
  data::AppendRowText(batch, row, data::TextOptions{}, &text);
  return text;
}

}  // namespace

SideTables::SideTables(env::Clock* clock, std::function<void()> on_change)
    : clock_(*clock),
      on_change_(std::move(on_change)),
      dead_letters_("sys.dead_letters", DeadLetterSchema(), tables::TableMode::kAppend, {}, plan::Spread{}),
      late_rows_("sys.late_rows", LateRowSchema(), tables::TableMode::kAppend, {}, plan::Spread{}),
      dead_letter_builder_(*dead_letters_.schema),
      late_row_builder_(*late_rows_.schema) {}

void SideTables::AddDeadLetter(std::string_view table, std::string_view origin, int64_t offset,
                               std::string_view bytes, int64_t size, const Error& error) {
  data::BatchBuilder& builder = dead_letter_builder_;
  builder.column(0).AppendString(table);
  builder.column(1).AppendString(origin);
  if (offset < 0) {
    builder.column(2).AppendNull();
  } else {
    builder.column(2).Append(offset);
  }
  builder.column(3).AppendString(bytes);
  builder.column(4).Append(size);
  builder.column(5).AppendString(SqlState(error.code()));
  builder.column(6).AppendString(error.message());
  builder.column(7).Append(clock_.NowMicros());
  builder.FinishRow();
  ++dead_letter_count_;
  ++dead_letters_by_table_[std::string(table)];
  on_change_();
  dead_letter_bytes_ += bytes.size() + error.message().size();
  if (builder.IsFull() || dead_letter_bytes_ >= kBuilderBytesMax) FlushDeadLetters();
}

void SideTables::Malformed(const std::string& table, const connectors::MalformedRecord& record,
                           const Error& error) {
  MutexLock lock(mutex_);
  AddDeadLetter(table, record.origin, static_cast<int64_t>(record.offset), record.bytes,
                static_cast<int64_t>(record.size), error);
}

void SideTables::AddFailed(const std::string& query, const std::string& operator_name,
                           const data::Batch& batch, size_t row, const Error& error) {
  const std::string text = RowText(batch, row);
  MutexLock lock(mutex_);
  AddDeadLetter(query, operator_name, -1, text, static_cast<int64_t>(text.size()), error);
}

Status SideTables::Reject(const std::string& table, const data::Batch& batch, size_t row,
                          const Error& reason) {
  AddFailed(table, "sink", batch, row, reason);
  return {};
}

void SideTables::AddLate(const std::string& query, const std::string& operator_name, const data::Batch& batch,
                         size_t row, const operators::LateRow& late) {
  const std::string text = RowText(batch, row);
  MutexLock lock(mutex_);
  data::BatchBuilder& builder = late_row_builder_;
  builder.column(0).AppendString(query);
  builder.column(1).AppendString(operator_name);
  builder.column(2).Append(late.window_start);
  builder.column(3).Append(late.window_end);
  builder.column(4).Append(late.rowtime);
  if (late.watermark == data::kMaxWatermark || late.watermark == data::kMinWatermark) {
    builder.column(5).AppendNull();
    builder.column(6).AppendNull();
  } else {
    builder.column(5).Append(late.watermark);
    builder.column(6).Append((late.watermark - late.rowtime) / data::kMicrosPerMilli);
  }
  builder.column(7).AppendString(text);
  builder.column(8).Append(clock_.NowMicros());
  builder.FinishRow();
  ++late_row_count_;
  ++late_rows_by_table_[query];
  on_change_();
  late_row_bytes_ += text.size();
  if (builder.IsFull() || late_row_bytes_ >= kBuilderBytesMax) FlushLateRows();
}

void SideTables::FlushDeadLetters() {
  if (dead_letter_builder_.rows() == 0) return;
  dead_letters_.parts[0]->Apply(dead_letter_builder_.Build());
  dead_letter_bytes_ = 0;
  dead_letters_gone_ +=
      dead_letters_.parts[0]->KeepYoungest(limits::kSideTableRowsMax, limits::kSideTableBytesMax);
}

void SideTables::FlushLateRows() {
  if (late_row_builder_.rows() == 0) return;
  late_rows_.parts[0]->Apply(late_row_builder_.Build());
  late_row_bytes_ = 0;
  late_rows_gone_ += late_rows_.parts[0]->KeepYoungest(limits::kSideTableRowsMax, limits::kSideTableBytesMax);
}

void SideTables::Flush() {
  MutexLock lock(mutex_);
  FlushDeadLetters();
  FlushLateRows();
  dead_letters_.parts[0]->PassEpoch(Epoch{});
  late_rows_.parts[0]->PassEpoch(Epoch{});
}

int64_t SideTables::dead_letter_count() const {
  MutexLock lock(mutex_);
  return dead_letter_count_;
}

int64_t SideTables::late_row_count() const {
  MutexLock lock(mutex_);
  return late_row_count_;
}

int64_t SideTables::dead_letters_gone() const {
  MutexLock lock(mutex_);
  return dead_letters_gone_;
}

int64_t SideTables::late_rows_gone() const {
  MutexLock lock(mutex_);
  return late_rows_gone_;
}

std::map<std::string, int64_t> SideTables::dead_letters_by_table() const {
  MutexLock lock(mutex_);
  return dead_letters_by_table_;
}

std::map<std::string, int64_t> SideTables::late_rows_by_table() const {
  MutexLock lock(mutex_);
  return late_rows_by_table_;
}

void QuerySideOutput::Failed(const std::string& operator_name, const data::Batch& batch, size_t row,
                             const Error& error) {
  tables_.AddFailed(query_, operator_name, batch, row, error);
  MutexLock lock(mutex_);
  if (!first_failure_.has_value()) first_failure_ = error;
}

std::optional<Error> QuerySideOutput::first_failure() const {
  MutexLock lock(mutex_);
  return first_failure_;
}

}  // namespace millrace::dataflow
