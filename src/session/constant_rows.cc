#include "session/constant_rows.h"

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

}  // namespace

bool IsConstant(const plan::PlanNode& node) {
  if (node.kind == plan::NodeKind::kValues) return true;
  return node.kind == plan::NodeKind::kCalc && IsConstant(node.input());
}

Result<std::vector<data::Batch>> ConstantRows(const plan::PlanNode& node,
                                              const functions::EvalContext& eval) {
  if (const auto* values = node.AsIf<plan::ValuesNode>()) return dataflow::BatchesOf(*values);
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
