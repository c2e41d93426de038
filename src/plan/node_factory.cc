#include "plan/node_factory.h"

#include <utility>

#include "functions/logic.h"
#include "plan/traits.h"

namespace millrace::plan {

namespace {

using functions::Expression;
using functions::ExprPtr;

void CountUses(const Expression& expr, std::vector<int>* uses) {
  if (const int column = ColumnOf(expr); column >= 0) ++(*uses)[static_cast<size_t>(column)];
  for (const ExprPtr& arg : expr.args()) CountUses(*arg, uses);
}

bool IsIdentity(const std::vector<ExprPtr>& projections, const data::Schema& schema) {
  if (projections.size() != schema.size()) return false;
  for (size_t i = 0; i < projections.size(); ++i) {
    if (ColumnOf(*projections[i]) != static_cast<int>(i) || projections[i]->type() != schema[i].type)
      return false;
  }
  return true;
}

// Whether the Calc below can be taken into one above it without computing anything more than once a row.
bool CanMerge(const CalcNode& below, const ExprPtr& filter, const std::vector<ExprPtr>& projections) {
  std::vector<int> uses(below.projections.size(), 0);
  if (filter != nullptr) CountUses(*filter, &uses);
  for (const ExprPtr& projection : projections) CountUses(*projection, &uses);
  for (size_t i = 0; i < uses.size(); ++i) {
    if (uses[i] > 1 && below.projections[i]->kind() == functions::ExprKind::kCall) return false;
  }
  return true;
}

}  // namespace

ExprPtr Conjunction(ExprPtr a, ExprPtr b) {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  auto both = functions::Registry::Get().BindScalar("AND", {std::move(a), std::move(b)}, {});
  MR_CHECK(both.has_value());
  return *std::move(both);
}

std::vector<ExprPtr> SplitConjunction(const ExprPtr& expr) {
  if (!functions::IsAnd(*expr)) return {expr};
  std::vector<ExprPtr> parts;
  for (const ExprPtr& arg : expr->args()) {
    for (ExprPtr& part : SplitConjunction(arg)) parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<ExprPtr> IdentityProjections(const data::Schema& schema) {
  std::vector<ExprPtr> projections;
  projections.reserve(schema.size());
  for (size_t i = 0; i < schema.size(); ++i) {
    projections.push_back(functions::MakeColumn(static_cast<int>(i), schema[i].type));
  }
  return projections;
}

int ColumnOf(const Expression& expr) {
  return expr.kind() == functions::ExprKind::kColumn ? static_cast<const functions::ColumnRef&>(expr).index()
                                                     : -1;
}

std::string_view CallName(const Expression& expr) {
  const auto* call = dynamic_cast<const functions::Call*>(&expr);
  return call == nullptr ? std::string_view() : std::string_view(call->name());
}

std::vector<int> ColumnsOf(const ExprPtr& expr) {
  std::vector<int> columns;
  std::vector<bool> used;
  functions::CollectColumns(expr, &used);
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i]) columns.push_back(static_cast<int>(i));
  }
  return columns;
}

PlanNodePtr FinishNode(PlanNodePtr node, std::vector<PlanNodePtr> inputs, data::Schema schema) {
  node->inputs = std::move(inputs);
  node->schema = std::move(schema);
  DeriveTraits(*node);
  return node;
}

PlanNodePtr MakeCalc(PlanNodePtr input, ExprPtr filter, std::vector<ExprPtr> projections,
                     std::vector<std::string> names) {
  MR_CHECK(projections.size() == names.size());
  if (input->kind == NodeKind::kCalc && CanMerge(input->As<CalcNode>(), filter, projections)) {
    const auto& below = input->As<CalcNode>();
    if (filter != nullptr) filter = functions::SubstituteColumns(filter, below.projections);
    filter = Conjunction(below.filter, std::move(filter));
    for (ExprPtr& projection : projections)
      projection = functions::SubstituteColumns(projection, below.projections);
    PlanNodePtr next = input->inputs.front();
    return MakeCalc(std::move(next), std::move(filter), std::move(projections), std::move(names));
  }
  if (filter == nullptr && IsIdentity(projections, input->schema)) return input;
  auto calc = std::make_shared<CalcNode>();
  data::Schema schema;
  for (size_t i = 0; i < projections.size(); ++i) schema.Add(std::move(names[i]), projections[i]->type());
  calc->filter = std::move(filter);
  calc->projections = std::move(projections);
  return FinishNode(std::move(calc), {std::move(input)}, std::move(schema));
}

PlanNodePtr MakeFilter(PlanNodePtr input, ExprPtr filter) {
  std::vector<ExprPtr> projections = IdentityProjections(input->schema);
  std::vector<std::string> names;
  for (const data::Field& field : input->schema) names.push_back(field.name);
  return MakeCalc(std::move(input), std::move(filter), std::move(projections), std::move(names));
}

ColumnOrigin TraceColumn(const PlanNodePtr& node, int column) {
  PlanNode* current = node.get();
  while (current->kind == NodeKind::kCalc && column >= 0) {
    column = ColumnOf(*current->As<CalcNode>().projections[static_cast<size_t>(column)]);
    current = current->inputs.front().get();
  }
  return {current, column};
}

}  // namespace millrace::plan
