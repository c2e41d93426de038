#include "operators/window_output.h"

#include <algorithm>

#include "operators/row_emitter.h"

namespace millrace::operators {

using data::Batch;
using data::MutableColumnPtr;
using data::RowKind;

namespace {

std::vector<MutableColumnPtr> MakeColumns(const std::vector<data::DataType>& types) {
  std::vector<MutableColumnPtr> columns;
  for (const auto& type : types) columns.push_back(data::Column::Make(type, 0));
  return columns;
}

}  // namespace

WindowOutput::WindowOutput(const WindowAggregateSpec* spec, AggregateSet* aggregates,
                           OperatorContext* context, const LocalClock* clock)
    : spec_(spec),
      aggregates_(aggregates),
      context_(context),
      clock_(clock),
      aggregate_types_(aggregates->result_types()) {
  for (const int key : spec->keys) key_types_.push_back(spec->input_types[key]);
  Reset();
}

std::vector<MutableColumnPtr> WindowOutput::MakeKeyColumns() const {
  return MakeColumns(key_types_);
}
std::vector<MutableColumnPtr> WindowOutput::MakeAggregateColumns() const {
  return MakeColumns(aggregate_types_);
}

void WindowOutput::Reset() {
  rows_ = 0;
  keys_ = MakeKeyColumns();
  results_ = MakeAggregateColumns();
  starts_.clear();
  ends_.clear();
  kinds_.clear();
  errors_.clear();
}

void WindowOutput::AddWindow(size_t rows, int64_t window_start, int64_t window_end) {
  rows_ += rows;
  starts_.resize(rows_, window_start);
  ends_.resize(rows_, window_end);
}

void WindowOutput::Append(const state::KeyTable& table, std::span<const state::EntryId> ids,
                          std::span<std::byte* const> payloads) {
  table.AppendKeys(ids, keys_);
  aggregates_->Finalize(payloads, results_, context_->eval);
  for (auto& error : context_->eval.row_errors) {
    errors_.push_back({error.row + rows_, std::move(error.error)});
  }
  context_->eval.row_errors.clear();
  if (!kinds_.empty()) kinds_.resize(rows_ + ids.size(), RowKind::kInsert);
}

Status WindowOutput::AddEntries(const state::KeyTable& table, std::span<const state::EntryId> ids,
                                int64_t window_start, int64_t window_end) {
  while (!ids.empty()) {
    const size_t count = std::min(limits::kBatchRows - rows_, ids.size());
    payloads_.resize(count);
    table.Payloads(ids.first(count), 0, payloads_.data());
    Append(table, ids.first(count), payloads_);
    AddWindow(count, window_start, window_end);
    if (rows_ == limits::kBatchRows) MR_TRY(Flush());
    ids = ids.subspan(count);
  }
  return {};
}

Status WindowOutput::AddGroups(const state::KeyTable& table, std::span<const state::EntryId> ids,
                               std::span<std::byte* const> payloads, std::span<const int64_t> window_starts,
                               std::span<const int64_t> window_ends) {
  for (size_t offset = 0; offset < ids.size();) {
    const size_t count = std::min(limits::kBatchRows - rows_, ids.size() - offset);
    Append(table, ids.subspan(offset, count), payloads.subspan(offset, count));
    for (size_t i = offset; i < offset + count; ++i) AddWindow(1, window_starts[i], window_ends[i]);
    if (rows_ == limits::kBatchRows) MR_TRY(Flush());
    offset += count;
  }
  return {};
}

Status WindowOutput::AddRow(std::span<const MutableColumnPtr> keys, size_t key_row,
                            std::span<const MutableColumnPtr> aggregates, size_t aggregate_row,
                            int64_t window_start, int64_t window_end, RowKind kind) {
  for (size_t i = 0; i < keys.size(); ++i) keys_[i]->AppendRow(*keys[i], key_row);
  for (size_t i = 0; i < aggregates.size(); ++i) results_[i]->AppendRow(*aggregates[i], aggregate_row);
  kinds_.resize(rows_, RowKind::kInsert);
  kinds_.push_back(kind);
  AddWindow(1, window_start, window_end);
  return rows_ == limits::kBatchRows ? Flush() : Status();
}

data::ColumnPtr WindowOutput::ColumnOf(const WindowOutputColumn& source) const {
  using Source = WindowOutputColumn::Source;
  if (source.source == Source::kKey) return keys_[source.index];
  if (source.source == Source::kAggregate) return results_[source.index];
  auto column = data::Column::Make(source.type, rows_);
  column->Resize(rows_);
  const bool is_instant = spec_->is_ltz && source.type.kind() == data::TypeKind::kTimestampLtz;
  const auto& bounds = source.source == Source::kWindowStart ? starts_ : ends_;
  const int64_t shift = source.source == Source::kWindowTime ? data::kMicrosPerMilli : 0;
  int64_t* values = column->mutable_values<int64_t>();
  for (size_t row = 0; row < rows_; ++row) {
    if (row > 0 && bounds[row] == bounds[row - 1]) {
      values[row] = values[row - 1];
    } else {
      values[row] = bounds[row] - shift;
      if (is_instant) values[row] = clock_->ToInstant(values[row]);
    }
  }
  return column;
}

Status WindowOutput::Flush() {
  if (rows_ == 0) return {};
  Batch batch;
  batch.rows = rows_;
  for (const auto& source : spec_->output) batch.columns.push_back(ColumnOf(source));
  if (std::ranges::any_of(kinds_, [](RowKind kind) { return kind != RowKind::kInsert; })) {
    batch.kinds = std::make_shared<const std::vector<RowKind>>(kinds_);
  }
  if (!errors_.empty()) {
    std::vector<uint32_t> kept;
    context_->eval.row_errors = std::move(errors_);
    ReportRowErrors(batch, *context_, &kept);
    batch = data::Gather(batch, kept);
  }
  Reset();
  if (batch.rows == 0) return {};
  return context_->output->OnBatch(std::move(batch));
}

}  // namespace millrace::operators
