#include "plan/rules/fold_constants.h"

#include <utility>

#include "plan/node_factory.h"

namespace millrace::plan {

namespace {

bool IsTrue(const functions::Expression& expr) {
  if (expr.kind() != functions::ExprKind::kLiteral) return false;
  const data::Value& value = static_cast<const functions::Literal&>(expr).value();
  return !value.is_null() && expr.type().kind() == data::TypeKind::kBoolean && value.as_bool();
}

}  // namespace

void FoldPlanConstants(PlanNode& root, const data::TimeZone& zone) {
  for (const PlanNodePtr& input : root.inputs) FoldPlanConstants(*input, zone);
  const auto fold = [&](functions::ExprPtr& expr) { expr = functions::FoldConstants(expr, zone); };
  switch (root.kind) {
    case NodeKind::kCalc: {
      auto& calc = root.As<CalcNode>();
      for (functions::ExprPtr& projection : calc.projections) fold(projection);
      if (calc.filter == nullptr) return;
      functions::ExprPtr kept;
      for (functions::ExprPtr& part : SplitConjunction(calc.filter)) {
        fold(part);
        if (!IsTrue(*part)) kept = Conjunction(std::move(kept), std::move(part));
      }
      calc.filter = std::move(kept);
      return;
    }
    case NodeKind::kWatermarkAssigner:
      return fold(root.As<WatermarkAssignerNode>().watermark);
    default:
      return;
  }
}

}  // namespace millrace::plan
