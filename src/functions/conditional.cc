// CASE, IF, COALESCE, IFNULL, NULLIF, GREATEST, LEAST and the IS_ tests of text.
//
// Branches count only for the rows that take them: what fails elsewhere fails nothing.
#include <fmt/format.h>

#include <algorithm>

#include "data/text.h"
#include "functions/builtin.h"
#include "functions/comparison.h"
#include "functions/compose.h"
#include "functions/partial_evaluation.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::Batch;
using data::ColumnPtr;
using data::DataType;

namespace {

std::vector<uint32_t> AllRows(size_t rows) {
  std::vector<uint32_t> all(rows);
  for (size_t i = 0; i < rows; ++i) all[i] = static_cast<uint32_t>(i);
  return all;
}

// Arguments: when, then, when, then, ..., else.
class CaseExpression final : public Expression {
 public:
  CaseExpression(DataType type, std::vector<ExprPtr> args)
      : Expression(ExprKind::kCall, std::move(type), std::move(args)) {}

  ColumnPtr Evaluate(const Batch& batch, EvalContext& context) const override {
    Blender blender(type(), batch.rows);
    std::vector<uint32_t> open = AllRows(batch.rows);
    for (size_t i = 0; i + 1 < args().size() && !open.empty(); i += 2) {
      const PartialColumn when = EvaluateFor(args()[i], batch, open, context);
      std::vector<uint32_t> taken;
      std::vector<uint32_t> rest;
      const data::ColumnView<uint8_t> view(*when.column);
      for (size_t p = 0; p < open.size(); ++p) {
        const size_t at = when.Index(p, open[p]);
        (view[at] != 0 && !when.column->IsNull(at) ? taken : rest).push_back(open[p]);
      }
      if (!taken.empty()) blender.Add(taken, EvaluateFor(args()[i + 1], batch, taken, context));
      open = std::move(rest);
    }
    if (!open.empty()) blender.Add(open, EvaluateFor(args().back(), batch, open, context));
    return blender.Finish();
  }

  ExprPtr WithArgs(std::vector<ExprPtr> args) const override {
    return std::make_shared<CaseExpression>(type(), std::move(args));
  }

  std::string ToString(const data::Schema* schema) const override {
    std::string text = "CASE";
    for (size_t i = 0; i + 1 < args().size(); i += 2) {
      text += fmt::format(" WHEN {} THEN {}", args()[i]->ToString(schema), args()[i + 1]->ToString(schema));
    }
    return text + fmt::format(" ELSE {} END", args().back()->ToString(schema));
  }
};

// The first argument that is not NULL.
class CoalesceExpression final : public Expression {
 public:
  CoalesceExpression(DataType type, std::vector<ExprPtr> args)
      : Expression(ExprKind::kCall, std::move(type), std::move(args)) {}

  ColumnPtr Evaluate(const Batch& batch, EvalContext& context) const override {
    ColumnPtr first = args()[0]->Evaluate(batch, context);
    if (!first->has_nulls()) return first;
    Blender blender(type(), batch.rows);
    std::vector<uint32_t> open = AllRows(batch.rows);
    for (size_t i = 0; i < args().size() && !open.empty(); ++i) {
      const PartialColumn part = i == 0 ? PartialColumn{first} : EvaluateFor(args()[i], batch, open, context);
      std::vector<uint32_t> rest;
      for (size_t p = 0; p < open.size(); ++p) {
        if (part.column->IsNull(part.Index(p, open[p]))) rest.push_back(open[p]);
      }
      // What is NULL here is written again by a later argument.
      blender.Add(open, part);
      open = std::move(rest);
    }
    return blender.Finish();
  }

  ExprPtr WithArgs(std::vector<ExprPtr> args) const override {
    return std::make_shared<CoalesceExpression>(type(), std::move(args));
  }

  std::string ToString(const data::Schema* schema) const override {
    std::string text = "COALESCE(";
    for (size_t i = 0; i < args().size(); ++i) {
      if (i > 0) text += ", ";
      text += args()[i]->ToString(schema);
    }
    return text + ")";
  }
};

Result<ExprPtr> AsBoolean(ExprPtr expr, const BindContext& context) {
  if (expr->type().kind() == data::TypeKind::kBoolean) return expr;
  if (expr->type().kind() == data::TypeKind::kNull)
    return MakeCast(std::move(expr), DataType::Boolean(), false, context);
  return Fail(
      ErrorCode::kDatatypeMismatch,
      fmt::format("the condition {} is {}", expr->ToString(), expr->type().WithNullable(true).ToString()),
      "a condition is BOOLEAN");
}

// `args` as of CASE.
Result<ExprPtr> MakeCase(std::vector<ExprPtr> args, const BindContext& context) {
  std::vector<size_t> values;
  for (size_t i = 0; i + 1 < args.size(); i += 2) {
    MR_ASSIGN(args[i], AsBoolean(args[i], context));
    values.push_back(i + 1);
  }
  values.push_back(args.size() - 1);
  std::vector<DataType> types;
  for (const size_t i : values) types.push_back(args[i]->type());
  MR_ASSIGN(const DataType type, CommonType(types));
  for (const size_t i : values) {
    MR_ASSIGN(args[i], Coerce(args[i], type, context));
  }
  return std::make_shared<CaseExpression>(type, std::move(args));
}

Result<ExprPtr> MakeCoalesce(std::vector<ExprPtr> args, const BindContext& context) {
  std::vector<DataType> types;
  bool nullable = true;
  for (const ExprPtr& arg : args) {
    types.push_back(arg->type());
    nullable &= arg->type().nullable();
  }
  MR_ASSIGN(DataType type, CommonType(types));
  type = type.WithNullable(nullable);
  if (args.size() == 1) return args[0];
  for (ExprPtr& arg : args) {
    MR_ASSIGN(arg, Coerce(arg, type, context));
  }
  return std::make_shared<CoalesceExpression>(type, std::move(args));
}

Result<ExprPtr> BindNullIf(BoundArgs bound) {
  const auto columns = ArgumentColumns(bound.args);
  MR_ASSIGN(ExprPtr equal, MakeComparison(Comparison::kEqual, columns[0], columns[1], bound.context));
  const DataType type = bound.type(0).WithNullable(true);
  ExprPtr null = MakeLiteral(type, data::Value::Null());
  return Composed(bound,
                  std::make_shared<CaseExpression>(type, std::vector<ExprPtr>{equal, null, columns[0]}));
}

template <typename T>
bool IsLess(const T& a, const T& b) {
  return a < b;
}

// Of columns of one type: NULL when one is.
Kernel ExtremeKernel(const DataType& type, bool greatest) {
  if (type.IsNested()) return nullptr;
  return data::DispatchScalar(type.physical(), [&]<typename T>() -> Kernel {
    return [type, greatest](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
      auto result = MakeResult(type, rows);
      T* out = result->template mutable_values<T>();
      for (size_t a = 0; a < args.size(); ++a) {
        const data::ColumnView<T> in(*args[a]);
        for (size_t i = 0; i < rows; ++i) {
          const T value = in[i];
          if (a == 0 || (greatest ? IsLess(out[i], value) : IsLess(value, out[i]))) out[i] = value;
        }
        if (args[a]->physical() == data::PhysicalType::kString) result->AddOwnersOf(*args[a]);
      }
      CombineNulls(args, result.get());
      return result;
    };
  });
}

Result<ExprPtr> BindExtreme(BoundArgs bound, bool greatest, std::string_view shown) {
  std::vector<DataType> types;
  for (const ExprPtr& arg : bound.args) types.push_back(arg->type());
  const auto type = CommonType(types);
  if (!type || type->IsNested()) return std::unexpected(BadArguments(bound.name, bound.args, shown));
  for (ExprPtr& arg : bound.args) {
    MR_ASSIGN(arg, Coerce(arg, *type, bound.context));
  }
  return bound.Call(*type, ExtremeKernel(*type, greatest));
}

void DefineExtreme(Registry& registry, std::string_view signature, std::string_view summary, bool greatest) {
  Define(registry, {"conditional", signature, summary}, [greatest, signature](BoundArgs bound) {
    return BindExtreme(std::move(bound), greatest, signature);
  });
}

bool IsAsciiLetter(char c) {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Letters of any script count: bytes above ASCII are taken as such.
bool IsAlpha(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAsciiLetter(c) || static_cast<unsigned char>(c) >= 0x80;
  });
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

bool IsDecimalText(std::string_view text) {
  double value = 0;
  return data::ParseDouble(text, &value) &&
         text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

// FALSE for NULL.
void DefineTextTest(Registry& registry, std::string_view signature, std::string_view summary,
                    bool (*test)(std::string_view)) {
  const DataType type = DataType::Boolean().NotNull();
  Define(registry, {"conditional", signature, summary}, [type, test](BoundArgs bound) -> Result<ExprPtr> {
    // A number is one by its type.
    if (!bound.type(0).IsCharacter()) {
      MR_ASSIGN(bound.args[0], MakeCast(bound.args[0], DataType::String(), /*is_try=*/false, bound.context));
    }
    return bound.Call(
        type, [type, test](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
          auto result = MakeResult(type, rows);
          auto* out = result->mutable_values<uint8_t>();
          const ArgReader<std::string_view> in(*args[0]);
          for (size_t i = 0; i < rows; ++i) out[i] = !args[0]->IsNull(i) && test(in[i]) ? 1 : 0;
          return result;
        });
  });
}

}  // namespace

void RegisterConditional(Registry& registry) {
  Define(registry,
         {"conditional", "CASE(ANY, ANY [, ANY...])", "The value of the first condition that is TRUE",
          "CASE WHEN condition THEN value [WHEN ...] [ELSE value] END"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           if (bound.size() % 2 == 0) {
             bound.args.push_back(MakeLiteral(DataType::Null(), data::Value::Null()));
           }
           return MakeCase(std::move(bound.args), bound.context);
         });
  Define(registry, {"conditional", "IF(condition BOOLEAN, then ANY, else ANY)", "The one value or the other"},
         [](BoundArgs bound) -> Result<ExprPtr> { return MakeCase(std::move(bound.args), bound.context); });
  Define(
      registry, {"conditional", "COALESCE(a ANY...)", "The first value that is not NULL"},
      [](BoundArgs bound) -> Result<ExprPtr> { return MakeCoalesce(std::move(bound.args), bound.context); });
  Define(
      registry, {"conditional", "IFNULL(a ANY, b ANY)", "a, or b where a is NULL"},
      [](BoundArgs bound) -> Result<ExprPtr> { return MakeCoalesce(std::move(bound.args), bound.context); });
  Define(registry, {"conditional", "NULLIF(a ANY, b ANY)", "a, or NULL where a equals b"},
         [](BoundArgs bound) { return BindNullIf(std::move(bound)); });
  DefineExtreme(registry, "GREATEST(a ANY...)", "The greatest value; NULL when one is NULL", true);
  DefineExtreme(registry, "LEAST(a ANY...)", "The least value; NULL when one is NULL", false);
  DefineTextTest(registry, "IS_ALPHA(text STRING)", "Whether the text has letters only", IsAlpha);
  DefineTextTest(registry, "IS_DIGIT(text STRING)", "Whether the text has digits only", IsDigits);
  DefineTextTest(registry, "IS_DECIMAL(text STRING|NUMERIC)", "Whether the text is a number", IsDecimalText);
}

}  // namespace millrace::functions
