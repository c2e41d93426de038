#include "session/constant_rows.h"

#include <algorithm>
#include <memory>

#include "dataflow/operator_factory.h"

namespace millrace::session {
namespace {

class Collected final : public operators::Output {
 public:
  Status OnBatch(data::Batch batch) override {
    if (batch.rows > 0) batches.push_back(std::move(batch));
    return {};
  }
  Status OnWatermark(int64_t) override { return {}; }
  std::vector<data::Batch> batches;
};

class FirstFailure final : public operators::SideOutput {
 public:
  void Late(const std::string&, const data::Batch&, size_t, const operators::LateRow&) override {}
  void Failed(const std::string&, const data::Batch&, size_t, const Error& error) override {
    if (!failure.has_value()) failure = error;
  }
  std::optional<Error> failure;
};

std::vector<data::Batch> ValuesRows(const plan::ValuesNode& values) {
  std::vector<data::Batch> batches;
  for (size_t offset = 0; offset < values.rows.size(); offset += limits::kBatchRows) {
    data::Batch batch;
    batch.rows = std::min(limits::kBatchRows, values.rows.size() - offset);
    for (size_t i = 0; i < values.schema.size(); ++i) {
      auto column = data::Column::Make(values.schema[i].type, batch.rows);
      for (size_t row = 0; row < batch.rows; ++row) column->AppendValue(values.rows[offset + row][i]);
      batch.columns.push_back(std::move(column));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

}  // namespace

bool IsConstant(const plan::PlanNode& node) {
  if (node.kind == plan::NodeKind::kValues) return true;
  return node.kind == plan::NodeKind::kCalc && IsConstant(node.input());
}

Result<std::vector<data::Batch>> ConstantRows(const plan::PlanNode& node,
                                              const functions::EvalContext& eval) {
  if (const auto* values = node.AsIf<plan::ValuesNode>()) return ValuesRows(*values);
  MR_ASSIGN(std::vector<data::Batch> input, ConstantRows(node.input(), eval));
  Collected collected;
  FirstFailure failures;
  operators::OperatorContext context;
  context.name = "Calc";
  context.output = &collected;
  context.side_output = &failures;
  context.eval = eval;
  MR_ASSIGN(const dataflow::OperatorFactory factory, dataflow::OperatorFactory::For(node));
  const std::unique_ptr<operators::Operator> calc = factory.Make(std::move(context));
  for (data::Batch& batch : input) MR_TRY(calc->OnBatch(0, std::move(batch)));
  if (failures.failure.has_value()) return std::unexpected(*failures.failure);
  return std::move(collected.batches);
}

}  // namespace millrace::session
