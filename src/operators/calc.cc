#include "operators/calc.h"

#include <numeric>

#include "operators/row_emitter.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::Column;
using data::ColumnPtr;

// The rows where the condition is true, ascending. `selected` has room for all rows.
size_t SelectTrue(const Column& condition, size_t rows, uint32_t* selected) {
  if (condition.is_constant()) {
    if (rows == 0 || condition.IsNull(0) || condition.values<uint8_t>()[0] == 0) return 0;
    std::iota(selected, selected + rows, 0u);
    return rows;
  }
  const uint8_t* values = condition.values<uint8_t>();
  const uint64_t* validity = condition.validity();
  size_t count = 0;
  if (validity == nullptr) {
    for (size_t row = 0; row < rows; ++row) {
      selected[count] = static_cast<uint32_t>(row);
      count += values[row];
    }
  } else {
    for (size_t row = 0; row < rows; ++row) {
      selected[count] = static_cast<uint32_t>(row);
      count += values[row] & ((validity[row >> 6] >> (row & 63)) & 1);
    }
  }
  return count;
}

class Calc final : public Operator {
 public:
  Calc(std::shared_ptr<const CalcSpec> spec, OperatorContext context)
      : Operator(std::move(context)), spec_(std::move(spec)) {
    for (const auto& projection : spec_->projections) functions::CollectColumns(projection, &used_);
  }

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    const Batch whole = batch;
    bool filtered = false;
    if (spec_->filter != nullptr) {
      const ColumnPtr condition = spec_->filter->Evaluate(batch, context_.eval);
      // A row that fails is null in the condition, so it is not selected either.
      if (!context_.eval.row_errors.empty()) ReportRowErrors(batch, context_, &kept_);
      selected_.resize(batch.rows);
      selected_.resize(SelectTrue(*condition, batch.rows, selected_.data()));
      if (selected_.empty()) return {};
      filtered = selected_.size() < batch.rows;
      if (filtered) batch = GatherUsed(batch);
    }
    Batch result;
    result.rows = batch.rows;
    result.kinds = batch.kinds;
    result.watermarks = batch.watermarks;
    result.columns.reserve(spec_->projections.size());
    for (const auto& projection : spec_->projections) {
      result.columns.push_back(projection->Evaluate(batch, context_.eval));
    }
    if (!context_.eval.row_errors.empty()) {
      for (auto& error : context_.eval.row_errors) {
        if (filtered) error.row = selected_[error.row];
      }
      ReportRowErrors(whole, context_, &kept_);
      result = data::Gather(result, WithoutFailed(result.rows, filtered));
      if (result.rows == 0) return {};
    }
    return output().OnBatch(std::move(result));
  }

 private:
  // The selected rows of the columns that projections read; the others stay null pointers.
  Batch GatherUsed(const Batch& batch) const {
    Batch result;
    result.rows = selected_.size();
    result.columns.resize(batch.columns.size());
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      if (i < used_.size() && used_[i]) result.columns[i] = data::Gather(batch.columns[i], selected_);
    }
    Batch meta;
    meta.kinds = batch.kinds;
    meta.watermarks = batch.watermarks;
    meta = data::Gather(meta, selected_);
    result.kinds = std::move(meta.kinds);
    result.watermarks = std::move(meta.watermarks);
    return result;
  }

  // Positions in the result of rows that are in kept_ (rows of the whole batch).
  std::vector<uint32_t> WithoutFailed(size_t rows, bool filtered) const {
    if (!filtered) return kept_;
    std::vector<uint32_t> positions;
    size_t next = 0;
    for (size_t i = 0; i < rows; ++i) {
      while (next < kept_.size() && kept_[next] < selected_[i]) ++next;
      if (next < kept_.size() && kept_[next] == selected_[i]) positions.push_back(static_cast<uint32_t>(i));
    }
    return positions;
  }

  std::shared_ptr<const CalcSpec> spec_;
  std::vector<bool> used_;
  // Scratch of one batch.
  std::vector<uint32_t> selected_;
  std::vector<uint32_t> kept_;
};

}  // namespace

std::unique_ptr<Operator> MakeCalc(std::shared_ptr<const CalcSpec> spec, OperatorContext context) {
  return std::make_unique<Calc>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
