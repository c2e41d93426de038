#include "functions/logic.h"

#include <fmt/format.h>

#include <algorithm>

#include "functions/builtin.h"
#include "functions/partial_evaluation.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::Batch;
using data::Column;
using data::ColumnPtr;
using data::DataType;

namespace {

class Connective final : public Expression {
 public:
  Connective(bool is_and, ExprPtr left, ExprPtr right)
      : Expression(ExprKind::kCall,
                   DataType::Boolean().WithNullable(left->type().nullable() || right->type().nullable()),
                   {left, right}),
        is_and_(is_and) {}

  ColumnPtr Evaluate(const Batch& batch, EvalContext& context) const override {
    const uint8_t deciding = is_and_ ? kFalse : kTrue;
    std::vector<uint8_t> truth(batch.rows);
    ReadTruth(*args()[0]->Evaluate(batch, context), batch.rows, truth.data());
    std::vector<uint32_t> open;
    open.reserve(batch.rows);
    for (size_t i = 0; i < batch.rows; ++i) {
      if (truth[i] != deciding) open.push_back(static_cast<uint32_t>(i));
    }
    if (open.empty()) return MakeTruth(type(), truth);
    const PartialColumn right = EvaluateFor(args()[1], batch, open, context);
    std::vector<uint8_t> other(right.by_position ? open.size() : batch.rows);
    ReadTruth(*right.column, other.size(), other.data());
    if (right.by_position) {
      for (size_t i = 0; i < open.size(); ++i) truth[open[i]] = Combine(truth[open[i]], other[i]);
    } else {
      for (size_t i = 0; i < batch.rows; ++i) truth[i] = Combine(truth[i], other[i]);
    }
    return MakeTruth(type(), truth);
  }

  ExprPtr WithArgs(std::vector<ExprPtr> args) const override {
    return std::make_shared<Connective>(is_and_, args[0], args[1]);
  }

  std::string ToString(const data::Schema* schema) const override {
    return fmt::format("({} {} {})", args()[0]->ToString(schema), is_and_ ? "AND" : "OR",
                       args()[1]->ToString(schema));
  }

  bool is_and() const { return is_and_; }

 private:
  uint8_t Combine(uint8_t a, uint8_t b) const { return is_and_ ? std::min(a, b) : std::max(a, b); }

  bool is_and_;
};

Kernel NotKernel() {
  return MapUnary<uint8_t, uint8_t>(DataType::Boolean(),
                                    [](uint8_t v) { return static_cast<uint8_t>(v ^ 1); });
}

// The value for each of false, unknown and true.
Kernel TruthTableKernel(uint8_t when_false, uint8_t when_unknown, uint8_t when_true) {
  return [table = std::array<uint8_t, 3>{when_false, when_unknown, when_true}](
             const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    std::vector<uint8_t> truth(rows);
    ReadTruth(*args[0], rows, truth.data());
    auto result = MakeResult(DataType::Boolean().NotNull(), rows);
    auto* out = result->mutable_values<uint8_t>();
    for (size_t i = 0; i < rows; ++i) out[i] = table[truth[i]];
    return result;
  };
}

Kernel NullTestKernel(uint8_t when_null) {
  return [when_null](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = MakeResult(DataType::Boolean().NotNull(), rows);
    auto* out = result->mutable_values<uint8_t>();
    const Column& column = *args[0];
    if (column.type().kind() == data::TypeKind::kNull) {
      std::fill_n(out, rows, when_null);
    } else if (!column.has_nulls()) {
      std::fill_n(out, rows, when_null ^ 1);
    } else if (column.is_constant()) {
      std::fill_n(out, rows, column.IsNull(0) ? when_null : when_null ^ 1);
    } else {
      const uint64_t* words = column.validity();
      for (size_t i = 0; i < rows; ++i) {
        out[i] = static_cast<uint8_t>(((words[i >> 6] >> (i & 63)) & 1) ^ when_null);
      }
    }
    return result;
  };
}

}  // namespace

ExprPtr MakeAnd(ExprPtr left, ExprPtr right) {
  return std::make_shared<Connective>(true, std::move(left), std::move(right));
}

ExprPtr MakeOr(ExprPtr left, ExprPtr right) {
  return std::make_shared<Connective>(false, std::move(left), std::move(right));
}

bool IsAnd(const Expression& expr) {
  const auto* connective = dynamic_cast<const Connective*>(&expr);
  return connective != nullptr && connective->is_and();
}

bool IsOr(const Expression& expr) {
  const auto* connective = dynamic_cast<const Connective*>(&expr);
  return connective != nullptr && !connective->is_and();
}

ExprPtr MakeNot(ExprPtr operand) {
  const DataType type = operand->type();
  return std::make_shared<Call>("NOT", type, std::vector<ExprPtr>{std::move(operand)}, NotKernel());
}

void RegisterLogic(Registry& registry) {
  Define(registry,
         {"logical", "AND(a BOOLEAN, b BOOLEAN)", "TRUE when both are; FALSE when one is, whatever the other",
          "a AND b"},
         [](BoundArgs bound) -> Result<ExprPtr> { return MakeAnd(bound.args[0], bound.args[1]); });
  Define(registry,
         {"logical", "OR(a BOOLEAN, b BOOLEAN)", "TRUE when one is, whatever the other; FALSE when both are",
          "a OR b"},
         [](BoundArgs bound) -> Result<ExprPtr> { return MakeOr(bound.args[0], bound.args[1]); });
  Define(registry, {"logical", "NOT(a BOOLEAN)", "TRUE for FALSE, FALSE for TRUE", "NOT a"},
         [](BoundArgs bound) -> Result<ExprPtr> { return MakeNot(bound.args[0]); });

  const DataType boolean = DataType::Boolean().NotNull();
  const auto define_test = [&](std::string_view signature, std::string_view summary, std::string_view shown,
                               Kernel kernel) {
    Define(registry, {"logical", signature, summary, shown},
           [boolean, kernel = std::move(kernel)](BoundArgs bound) -> Result<ExprPtr> {
             return bound.Call(boolean, kernel);
           });
  };
  define_test("IS TRUE(a BOOLEAN)", "Whether a is TRUE, never NULL", "a IS TRUE", TruthTableKernel(0, 0, 1));
  define_test("IS NOT TRUE(a BOOLEAN)", "Whether a is FALSE or NULL", "a IS NOT TRUE",
              TruthTableKernel(1, 1, 0));
  define_test("IS FALSE(a BOOLEAN)", "Whether a is FALSE, never NULL", "a IS FALSE",
              TruthTableKernel(1, 0, 0));
  define_test("IS NOT FALSE(a BOOLEAN)", "Whether a is TRUE or NULL", "a IS NOT FALSE",
              TruthTableKernel(0, 1, 1));
  define_test("IS UNKNOWN(a BOOLEAN)", "Whether a is NULL", "a IS UNKNOWN", TruthTableKernel(0, 1, 0));
  define_test("IS NOT UNKNOWN(a BOOLEAN)", "Whether a is TRUE or FALSE", "a IS NOT UNKNOWN",
              TruthTableKernel(1, 0, 1));
  define_test("IS NULL(a ANY)", "Whether a is NULL", "a IS NULL", NullTestKernel(1));
  define_test("IS NOT NULL(a ANY)", "Whether a is not NULL", "a IS NOT NULL", NullTestKernel(0));
}

}  // namespace millrace::functions
