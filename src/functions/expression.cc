#include "functions/expression.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "data/text.h"

namespace millrace::functions {

using data::Batch;
using data::Column;
using data::ColumnPtr;
using data::Value;

bool Expression::IsDeterministic() const {
  return std::all_of(args_.begin(), args_.end(), [](const ExprPtr& arg) { return arg->IsDeterministic(); });
}

ColumnPtr ColumnRef::Evaluate(const Batch& batch, EvalContext&) const {
  return batch.columns[static_cast<size_t>(index_)];
}

ExprPtr ColumnRef::WithArgs(std::vector<ExprPtr>) const {
  return MakeColumn(index_, type());
}

std::string ColumnRef::ToString(const data::Schema* schema) const {
  if (schema != nullptr && static_cast<size_t>(index_) < schema->size()) {
    return (*schema)[static_cast<size_t>(index_)].name;
  }
  return fmt::format("${}", index_);
}

ColumnPtr Literal::Evaluate(const Batch& batch, EvalContext&) const {
  return Column::Constant(type(), value_, batch.rows);
}

ExprPtr Literal::WithArgs(std::vector<ExprPtr>) const {
  return MakeLiteral(type(), value_);
}

std::string Literal::ToString(const data::Schema*) const {
  if (value_.is_null()) return "NULL";
  std::string text = data::ToText(type(), value_);
  switch (type().kind()) {
    case data::TypeKind::kChar:
    case data::TypeKind::kVarchar: {
      std::string quoted = "'";
      for (const char c : text) quoted.append(c == '\'' ? "''" : std::string(1, c));
      return quoted + "'";
    }
    case data::TypeKind::kBinary:
    case data::TypeKind::kVarbinary: {
      std::string hex = "x'";
      for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
      return hex + "'";
    }
    case data::TypeKind::kDate:
      return "DATE '" + text + "'";
    case data::TypeKind::kTime:
      return "TIME '" + text + "'";
    case data::TypeKind::kTimestamp:
      return "TIMESTAMP '" + text + "'";
    case data::TypeKind::kTimestampLtz:
      return "TIMESTAMP_LTZ '" + text + "'";
    case data::TypeKind::kIntervalYearMonth:
      return "INTERVAL '" + text + "' YEAR TO MONTH";
    case data::TypeKind::kIntervalDayTime:
      return "INTERVAL '" + text + "' DAY TO SECOND";
    case data::TypeKind::kArray:
      return "ARRAY" + text;
    default:
      return text;
  }
}

namespace {

// Constant arguments: one row is computed and stands for all. What fails there fails in every row.
ColumnPtr EvaluateConstant(const Kernel& kernel, const std::vector<ColumnPtr>& args, size_t rows,
                           EvalContext& context) {
  const size_t errors_before = context.row_errors.size();
  ColumnPtr one = kernel(args, 1, context);
  const size_t errors_after = context.row_errors.size();
  for (size_t e = errors_before; e < errors_after; ++e) {
    for (size_t row = 1; row < rows; ++row) context.Fail(row, context.row_errors[e].error);
  }
  auto result = Column::Make(one->type(), 1);
  result->AddOwnersOf(*one);
  result->AppendRow(*one, 0);
  result->MakeConstant(rows);
  return result;
}

bool AllConstant(const std::vector<ColumnPtr>& args) {
  return std::all_of(args.begin(), args.end(), [](const ColumnPtr& arg) { return arg->is_constant(); });
}

}  // namespace

ColumnPtr Call::Evaluate(const Batch& batch, EvalContext& context) const {
  std::vector<ColumnPtr> columns;
  columns.reserve(args().size());
  for (const ExprPtr& arg : args()) columns.push_back(arg->Evaluate(batch, context));
  if (deterministic_ && batch.rows > 1 && !columns.empty() && !type().IsNested() && AllConstant(columns)) {
    return EvaluateConstant(kernel_, columns, batch.rows, context);
  }
  return kernel_(columns, batch.rows, context);
}

ExprPtr Call::WithArgs(std::vector<ExprPtr> args) const {
  return std::make_shared<Call>(name_, type(), std::move(args), kernel_, deterministic_);
}

namespace {

bool IsWord(std::string_view name) {
  return !name.empty() &&
         ((name[0] >= 'A' && name[0] <= 'Z') || (name[0] >= 'a' && name[0] <= 'z') || name[0] == '_');
}

}  // namespace

std::string Call::ToString(const data::Schema* schema) const {
  const auto& a = args();
  if (name_ == "CAST" || name_ == "TRY_CAST") {
    return fmt::format("{}({} AS {})", name_, a[0]->ToString(schema), type().WithNullable(true).ToString());
  }
  if (name_ == "NEGATE") return fmt::format("-({})", a[0]->ToString(schema));
  if (name_ == "ITEM" && a.size() == 2)
    return fmt::format("{}[{}]", a[0]->ToString(schema), a[1]->ToString(schema));
  if (name_.starts_with("IS ") && a.size() == 1) return fmt::format("({} {})", a[0]->ToString(schema), name_);
  const bool infix = !IsWord(name_) || name_ == "AND" || name_ == "OR" ||
                     name_.find(' ') != std::string::npos || name_ == "LIKE";
  if (infix && a.size() == 2) {
    return fmt::format("({} {} {})", a[0]->ToString(schema), name_, a[1]->ToString(schema));
  }
  std::string text = name_ + "(";
  for (size_t i = 0; i < a.size(); ++i) {
    if (i > 0) text += ", ";
    text += a[i]->ToString(schema);
  }
  return text + ")";
}

bool Call::IsDeterministic() const {
  return deterministic_ && Expression::IsDeterministic();
}

namespace {

// Rebuilds `expr` with every column replaced by what `replace` gives; shares what stays the same.
template <typename F>
ExprPtr ReplaceColumns(const ExprPtr& expr, const F& replace) {
  if (expr->kind() == ExprKind::kColumn) return replace(static_cast<const ColumnRef&>(*expr), expr);
  std::vector<ExprPtr> args;
  args.reserve(expr->args().size());
  bool changed = false;
  for (const ExprPtr& arg : expr->args()) {
    args.push_back(ReplaceColumns(arg, replace));
    changed |= args.back() != arg;
  }
  return changed ? expr->WithArgs(std::move(args)) : expr;
}

}  // namespace

ExprPtr RemapColumns(const ExprPtr& expr, const std::vector<int>& mapping) {
  return ReplaceColumns(expr, [&](const ColumnRef& column, const ExprPtr& same) -> ExprPtr {
    MR_CHECK(static_cast<size_t>(column.index()) < mapping.size());
    const int target = mapping[static_cast<size_t>(column.index())];
    MR_CHECK_GE(target, 0);
    return target == column.index() ? same : MakeColumn(target, column.type());
  });
}

ExprPtr SubstituteColumns(const ExprPtr& expr, const std::vector<ExprPtr>& replacements) {
  return ReplaceColumns(expr, [&](const ColumnRef& column, const ExprPtr&) -> ExprPtr {
    MR_CHECK(static_cast<size_t>(column.index()) < replacements.size());
    return replacements[static_cast<size_t>(column.index())];
  });
}

void CollectColumns(const ExprPtr& expr, std::vector<bool>* used) {
  if (expr->kind() == ExprKind::kColumn) {
    const auto index = static_cast<size_t>(static_cast<const ColumnRef&>(*expr).index());
    if (index >= used->size()) used->resize(index + 1);
    (*used)[index] = true;
  }
  for (const ExprPtr& arg : expr->args()) CollectColumns(arg, used);
}

ExprPtr FoldConstants(const ExprPtr& expr, const data::TimeZone& zone) {
  if (expr->kind() != ExprKind::kCall) return expr;
  std::vector<ExprPtr> args;
  args.reserve(expr->args().size());
  bool changed = false;
  bool all_literal = true;
  for (const ExprPtr& arg : expr->args()) {
    args.push_back(FoldConstants(arg, zone));
    changed |= args.back() != arg;
    all_literal &= args.back()->kind() == ExprKind::kLiteral;
  }
  ExprPtr folded = changed ? expr->WithArgs(std::move(args)) : expr;
  if (!all_literal || !folded->IsDeterministic()) return folded;
  EvalContext context;
  context.zone = &zone;
  Batch batch;
  batch.rows = 1;
  const ColumnPtr column = folded->Evaluate(batch, context);
  if (!context.row_errors.empty()) return folded;
  return MakeLiteral(folded->type(), column->GetValue(0));
}

bool SameExpression(const ExprPtr& a, const ExprPtr& b) {
  if (a == b) return true;
  if (a->kind() != b->kind() || !(a->type() == b->type()) || a->args().size() != b->args().size())
    return false;
  switch (a->kind()) {
    case ExprKind::kColumn:
      return static_cast<const ColumnRef&>(*a).index() == static_cast<const ColumnRef&>(*b).index();
    case ExprKind::kLiteral:
      return static_cast<const Literal&>(*a).value() == static_cast<const Literal&>(*b).value();
    case ExprKind::kCall:
      break;
  }
  for (size_t i = 0; i < a->args().size(); ++i) {
    if (!SameExpression(a->args()[i], b->args()[i])) return false;
  }
  // Same arguments: what is left is the function, which the text names. Two calls of RAND() differ.
  return a->IsDeterministic() && a->ToString() == b->ToString();
}

}  // namespace millrace::functions
