#include "functions/partial_evaluation.h"

#include <algorithm>

#include "base/check.h"

namespace millrace::functions {

using data::Batch;
using data::Column;
using data::ColumnPtr;
using data::PhysicalType;

namespace {

// The rows of the columns that the expression reads; the others stay absent.
Batch GatherUsed(const ExprPtr& expr, const Batch& batch, std::span<const uint32_t> rows) {
  std::vector<bool> used(batch.columns.size());
  CollectColumns(expr, &used);
  Batch part;
  part.rows = rows.size();
  part.columns.resize(batch.columns.size());
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (used[i]) part.columns[i] = data::Gather(batch.columns[i], rows);
  }
  return part;
}

EvalContext WithoutErrors(EvalContext& context) {
  EvalContext inner;
  inner.zone = context.zone;
  inner.now_micros = context.now_micros;
  inner.sequence = context.sequence;
  inner.random_state = context.random_state;
  return inner;
}

}  // namespace

PartialColumn EvaluateFor(const ExprPtr& expr, const Batch& batch, std::span<const uint32_t> rows,
                          EvalContext& context) {
  if (rows.size() == batch.rows || expr->kind() != ExprKind::kCall) return {expr->Evaluate(batch, context)};
  EvalContext inner = WithoutErrors(context);
  PartialColumn part;
  part.by_position = rows.size() * 2 < batch.rows;
  if (part.by_position) {
    part.column = expr->Evaluate(GatherUsed(expr, batch, rows), inner);
    for (auto& failure : inner.row_errors) context.Fail(rows[failure.row], std::move(failure.error));
  } else {
    part.column = expr->Evaluate(batch, inner);
    for (auto& failure : inner.row_errors) {
      if (std::binary_search(rows.begin(), rows.end(), static_cast<uint32_t>(failure.row))) {
        context.Fail(failure.row, std::move(failure.error));
      }
    }
  }
  context.random_state = inner.random_state;
  return part;
}

Blender::Blender(data::DataType type, size_t rows) : type_(std::move(type)), rows_(rows) {
  if (type_.IsNested()) return;
  result_ = Column::Make(type_, rows);
  result_->Resize(rows);
  std::fill_n(result_->MutableValidity(), (rows + 63) / 64, uint64_t{0});
}

void Blender::Add(std::span<const uint32_t> rows, const PartialColumn& part) {
  if (type_.IsNested()) {
    nested_.push_back({part.column, {rows.begin(), rows.end()}, part.by_position});
    return;
  }
  const Column& column = *part.column;
  data::DispatchScalar(result_->physical(), [&]<typename T>() {
    T* out = result_->mutable_values<T>();
    const data::ColumnView<T> in(column);
    for (size_t i = 0; i < rows.size(); ++i) out[rows[i]] = in[part.Index(i, rows[i])];
  });
  uint64_t* words = result_->MutableValidity();
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint64_t valid = column.IsNull(part.Index(i, rows[i])) ? 0 : 1;
    words[rows[i] >> 6] |= valid << (rows[i] & 63);
  }
  if (column.physical() == PhysicalType::kString) result_->AddOwnersOf(column);
}

void Blender::AddNested() {
  std::vector<std::pair<const Source*, size_t>> origin(rows_, {nullptr, 0});
  for (const Source& source : nested_) {
    for (size_t i = 0; i < source.rows.size(); ++i) {
      const uint32_t row = source.rows[i];
      origin[row] = {&source, source.by_position ? i : row};
    }
  }
  result_ = Column::Make(type_, rows_);
  for (const auto& [source, index] : origin) {
    if (source == nullptr) {
      result_->AppendNull();
    } else {
      result_->AppendRow(*source->column, index);
    }
  }
}

ColumnPtr Blender::Finish() {
  if (type_.IsNested()) AddNested();
  return std::move(result_);
}

void ReadTruth(const Column& column, size_t rows, uint8_t* truth) {
  const data::ColumnView<uint8_t> view(column);
  if (column.is_constant()) {
    std::fill_n(truth, rows, column.IsNull(0) ? kUnknown : static_cast<uint8_t>(view[0] << 1));
    return;
  }
  const uint8_t* values = column.values<uint8_t>();
  if (!column.has_nulls()) {
    for (size_t i = 0; i < rows; ++i) truth[i] = static_cast<uint8_t>(values[i] << 1);
    return;
  }
  const uint64_t* words = column.validity();
  for (size_t i = 0; i < rows; ++i) {
    const auto valid = static_cast<uint8_t>((words[i >> 6] >> (i & 63)) & 1);
    truth[i] = static_cast<uint8_t>(((values[i] & valid) << 1) | (valid ^ 1));
  }
}

ColumnPtr MakeTruth(const data::DataType& type, std::span<const uint8_t> truth) {
  auto result = Column::Make(type, truth.size());
  result->Resize(truth.size());
  auto* out = result->mutable_values<uint8_t>();
  uint8_t any_unknown = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    out[i] = truth[i] >> 1;
    any_unknown |= truth[i] & 1;
  }
  if (any_unknown != 0) {
    for (size_t i = 0; i < truth.size(); ++i) {
      if (truth[i] == kUnknown) result->SetNull(i);
    }
  }
  return result;
}

}  // namespace millrace::functions
