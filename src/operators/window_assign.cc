#include "operators/window_assign.h"

#include <algorithm>

#include "operators/row_emitter.h"
#include "operators/session_assign.h"
#include "operators/slice_assigner.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::ColumnPtr;

class WindowAssign final : public Operator {
 public:
  WindowAssign(std::shared_ptr<const WindowAssignSpec> spec, OperatorContext context)
      : Operator(std::move(context)),
        spec_(std::move(spec)),
        rowtime_type_(spec_->input_types[spec_->rowtime_column]),
        assigner_(spec_->window),
        clock_(rowtime_type_.kind() == data::TypeKind::kTimestampLtz ? context_.eval.zone : nullptr) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    const data::Column& column = *batch.columns[spec_->rowtime_column];
    if (column.has_nulls()) {
      for (size_t row = 0; row < batch.rows; ++row) {
        if (!column.IsNull(row)) continue;
        context_.eval.Fail(
            row, Error(ErrorCode::kNullNotAllowed, "the row has no window: its time attribute is NULL"));
      }
      std::vector<uint32_t> kept;
      ReportRowErrors(batch, context_, &kept);
      if (kept.empty()) return {};
      if (kept.size() < batch.rows) batch = data::Gather(batch, kept);
    }
    Assign(batch);
    return spec_->window.kind == WindowKind::kTumble ? EmitTumble(std::move(batch)) : EmitRepeated(batch);
  }

 private:
  // Fills in row, start and end of each window of each row.
  void Assign(const Batch& batch) {
    const data::ColumnView<int64_t> times(*batch.columns[spec_->rowtime_column]);
    rows_.clear();
    starts_.clear();
    ends_.clear();
    const int64_t slice_micros = assigner_.slice_micros();
    const int64_t interval = assigner_.interval_micros();
    int64_t slice_start = 0;
    int64_t first = 0;
    int64_t last = 0;
    bool has_slice = false;
    for (size_t row = 0; row < batch.rows; ++row) {
      const int64_t time = clock_.ToLocal(times[row]);
      if (!has_slice || static_cast<uint64_t>(time - slice_start) >= static_cast<uint64_t>(slice_micros)) {
        slice_start = assigner_.SliceStart(time);
        first = assigner_.FirstWindowEnd(slice_start + slice_micros);
        last = assigner_.LastWindowEnd(slice_start + slice_micros);
        has_slice = true;
      }
      for (int64_t end = first; end <= last; end += interval) {
        rows_.push_back(static_cast<uint32_t>(row));
        ends_.push_back(end);
        starts_.push_back(assigner_.WindowStart(end));
      }
    }
  }

  ColumnPtr MakeTimes(const data::DataType& type, std::span<const int64_t> times) const {
    auto column = data::Column::Make(type, times.size());
    column->Resize(times.size());
    std::ranges::copy(times, column->mutable_values<int64_t>());
    return column;
  }

  void AppendWindow(Batch* batch, size_t offset, size_t count) const {
    const std::span starts = std::span<const int64_t>(starts_).subspan(offset, count);
    const std::span ends = std::span<const int64_t>(ends_).subspan(offset, count);
    const data::DataType bound_type = data::DataType::Timestamp(3).NotNull();
    batch->columns.push_back(MakeTimes(bound_type, starts));
    batch->columns.push_back(MakeTimes(bound_type, ends));
    auto time = data::Column::Make(rowtime_type_.NotNull(), count);
    time->Resize(count);
    int64_t* values = time->mutable_values<int64_t>();
    for (size_t i = 0; i < count; ++i) {
      values[i] = i > 0 && ends[i] == ends[i - 1] ? values[i - 1] : clock_.ToInstant(WindowTime(ends[i]));
    }
    batch->columns.push_back(std::move(time));
  }

  Status EmitTumble(Batch batch) {
    AppendWindow(&batch, 0, batch.rows);
    return output().OnBatch(std::move(batch));
  }

  Status EmitRepeated(const Batch& batch) {
    for (size_t offset = 0; offset < rows_.size(); offset += limits::kBatchRows) {
      const size_t count = std::min(limits::kBatchRows, rows_.size() - offset);
      Batch result = data::Gather(batch, std::span<const uint32_t>(rows_).subspan(offset, count));
      AppendWindow(&result, offset, count);
      MR_TRY(output().OnBatch(std::move(result)));
    }
    return {};
  }

  std::shared_ptr<const WindowAssignSpec> spec_;
  data::DataType rowtime_type_;
  SliceAssigner assigner_;
  LocalClock clock_;
  // Of the batch at hand, one a row and window.
  std::vector<uint32_t> rows_;
  std::vector<int64_t> starts_;
  std::vector<int64_t> ends_;
};

}  // namespace

std::unique_ptr<Operator> MakeWindowAssign(std::shared_ptr<const WindowAssignSpec> spec,
                                           OperatorContext context) {
  if (spec->window.kind == WindowKind::kSession) {
    return MakeSessionAssign(std::move(spec), std::move(context));
  }
  return std::make_unique<WindowAssign>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
