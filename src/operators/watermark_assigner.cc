#include "operators/watermark_assigner.h"

#include <algorithm>

#include "operators/row_emitter.h"
#include "operators/saved_state.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::Column;
using data::kMaxWatermark;
using data::kMinWatermark;

struct WatermarkAssignerState {
  int64_t watermark = kMinWatermark;
};

// Fills in the watermark in force before each row, and returns that after the last.
int64_t RunningWatermarks(const Column& column, int64_t watermark, std::span<int64_t> before) {
  const data::ColumnView<int64_t> values(column);
  if (!column.has_nulls()) {
    for (size_t row = 0; row < before.size(); ++row) {
      before[row] = watermark;
      watermark = std::max(watermark, values[row]);
    }
  } else {
    for (size_t row = 0; row < before.size(); ++row) {
      before[row] = watermark;
      if (!column.IsNull(row)) watermark = std::max(watermark, values[row]);
    }
  }
  return watermark;
}

class WatermarkAssigner final : public Operator {
 public:
  WatermarkAssigner(std::shared_ptr<const WatermarkAssignerSpec> spec, OperatorContext context)
      : Operator(std::move(context)), spec_(std::move(spec)) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    data::ColumnPtr column = spec_->watermark->Evaluate(batch, context_.eval);
    const Column& rowtime = *batch.columns[spec_->rowtime_column];
    for (size_t row = 0; rowtime.has_nulls() && row < batch.rows; ++row) {
      if (rowtime.IsNull(row)) {
        context_.eval.Fail(row,
                           Error(ErrorCode::kNullNotAllowed, "the rowtime column is NULL",
                                 "filter such rows out in a view, or give the column a value with COALESCE"));
      }
    }
    if (!context_.eval.row_errors.empty()) {
      std::vector<uint32_t> kept;
      ReportRowErrors(batch, context_, &kept);
      if (kept.empty()) return {};
      batch = data::Gather(batch, kept);
      column = data::Gather(column, kept);
    }
    auto before = std::make_shared<std::vector<int64_t>>(batch.rows);
    const int64_t after = RunningWatermarks(*column, state_.watermark, *before);
    batch.watermarks = std::move(before);
    MR_TRY(output().OnBatch(std::move(batch)));
    if (after == state_.watermark) return {};
    state_.watermark = after;
    return output().OnWatermark(after);
  }

  Status OnWatermark(int64_t watermark) override {
    if (watermark <= state_.watermark) return {};
    state_.watermark = watermark;
    return output().OnWatermark(watermark);
  }

  void Save(state::StateWriter& writer) override { SaveShared("watermark", state_.watermark, writer); }
  Status Restore(state::StateReader& reader) override {
    MR_TRY(state::ExpectNothing(reader));
    return RestoreShared(reader, "watermark", SharedRule::kLeast, &state_.watermark);
  }
  Status Announce() override {
    return state_.watermark == kMinWatermark ? Status() : output().OnWatermark(state_.watermark);
  }

  size_t StateBytes() const override { return sizeof(state_); }

 private:
  std::shared_ptr<const WatermarkAssignerSpec> spec_;
  WatermarkAssignerState state_;
};

}  // namespace

std::unique_ptr<Operator> MakeWatermarkAssigner(std::shared_ptr<const WatermarkAssignerSpec> spec,
                                                OperatorContext context) {
  return std::make_unique<WatermarkAssigner>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
