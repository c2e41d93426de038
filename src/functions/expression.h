// Expression: a bound scalar expression, evaluated over whole batches.
//
// Built by the binder (plan/) from functions of the registry, immutable and shared by all shards.
// Evaluate gives one column with a value for each row of the batch; it never fails as a whole: a
// row whose value cannot be computed (division by zero, a failed CAST, overflow) is null in the
// answer and named in the context's row errors, and the operator sends that row to the dead letters.
//
// Cost: one virtual call an expression node a batch; kernels are loops over arrays.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "data/schema.h"
#include "data/type.h"
#include "data/value.h"

namespace millrace::functions {

// What evaluation needs beside the rows, and what it reports. One for each operator instance.
struct EvalContext {
  const data::TimeZone* zone = &data::TimeZone::Utc();  // table.local-time-zone
  int64_t now_micros = 0;  // the time of CURRENT_TIMESTAMP, PROCTIME(), ... for this batch
  int64_t sequence = 0;    // arrival number of the batch's first row, for order-sensitive aggregates
  uint64_t random_state = 0;

  struct RowError {
    size_t row;
    Error error;
  };
  std::vector<RowError> row_errors;  // unordered; may name a row more than once

  void Fail(size_t row, Error error) { row_errors.push_back({row, std::move(error)}); }
};

class Expression;
using ExprPtr = std::shared_ptr<const Expression>;

enum class ExprKind : uint8_t { kColumn, kLiteral, kCall };

class Expression {
 public:
  Expression(ExprKind kind, data::DataType type, std::vector<ExprPtr> args)
      : kind_(kind), type_(std::move(type)), args_(std::move(args)) {}
  virtual ~Expression() = default;

  ExprKind kind() const { return kind_; }
  const data::DataType& type() const { return type_; }
  const std::vector<ExprPtr>& args() const { return args_; }

  // A column of batch.rows values (possibly constant).
  virtual data::ColumnPtr Evaluate(const data::Batch& batch, EvalContext& context) const = 0;

  // The same expression over other arguments (rewrites: column remapping, folding).
  virtual ExprPtr WithArgs(std::vector<ExprPtr> args) const = 0;

  // For EXPLAIN and for telling expressions apart: SQL-like, columns as $0 or by the schema's names.
  virtual std::string ToString(const data::Schema* schema = nullptr) const = 0;

  // Same answer for the same input, always (not RAND(), not CURRENT_TIMESTAMP).
  virtual bool IsDeterministic() const;

 private:
  ExprKind kind_;
  data::DataType type_;
  std::vector<ExprPtr> args_;
};

class ColumnRef final : public Expression {
 public:
  ColumnRef(int index, data::DataType type)
      : Expression(ExprKind::kColumn, std::move(type), {}), index_(index) {}
  int index() const { return index_; }
  data::ColumnPtr Evaluate(const data::Batch& batch, EvalContext& context) const override;
  ExprPtr WithArgs(std::vector<ExprPtr> args) const override;
  std::string ToString(const data::Schema* schema) const override;

 private:
  int index_;
};

class Literal final : public Expression {
 public:
  Literal(data::DataType type, data::Value value)
      : Expression(ExprKind::kLiteral, std::move(type), {}), value_(std::move(value)) {}
  const data::Value& value() const { return value_; }
  data::ColumnPtr Evaluate(const data::Batch& batch, EvalContext& context) const override;
  ExprPtr WithArgs(std::vector<ExprPtr> args) const override;
  std::string ToString(const data::Schema* schema) const override;

 private:
  data::Value value_;
};

// A kernel: one column a call argument (each flat or constant, `rows` long) to one result column of
// the call's type. It must skip rows with null arguments itself unless it is made by a wrapper that does.
using Kernel = std::function<data::ColumnPtr(const std::vector<data::ColumnPtr>& args, size_t rows,
                                             EvalContext& context)>;

// A call of a scalar function whose arguments are all evaluated first.
class Call : public Expression {
 public:
  Call(std::string name, data::DataType type, std::vector<ExprPtr> args, Kernel kernel,
       bool deterministic = true)
      : Expression(ExprKind::kCall, std::move(type), std::move(args)),
        name_(std::move(name)),
        kernel_(std::move(kernel)),
        deterministic_(deterministic) {}
  const std::string& name() const { return name_; }
  data::ColumnPtr Evaluate(const data::Batch& batch, EvalContext& context) const override;
  ExprPtr WithArgs(std::vector<ExprPtr> args) const override;
  std::string ToString(const data::Schema* schema) const override;
  bool IsDeterministic() const override;

 protected:
  std::string name_;
  Kernel kernel_;
  bool deterministic_;
};

inline ExprPtr MakeColumn(int index, data::DataType type) {
  return std::make_shared<ColumnRef>(index, std::move(type));
}
inline ExprPtr MakeLiteral(data::DataType type, data::Value value) {
  return std::make_shared<Literal>(std::move(type), std::move(value));
}

// The expression with every column index i replaced by mapping[i] (which must be >= 0 for used ones).
ExprPtr RemapColumns(const ExprPtr& expr, const std::vector<int>& mapping);
// The expression with every column i replaced by replacements[i].
ExprPtr SubstituteColumns(const ExprPtr& expr, const std::vector<ExprPtr>& replacements);
// Sets used[i] for each column i that the expression reads.
void CollectColumns(const ExprPtr& expr, std::vector<bool>* used);
// Deterministic calls over literals become literals; one whose evaluation fails stays a call.
ExprPtr FoldConstants(const ExprPtr& expr, const data::TimeZone& zone);
// Structural equality.
bool SameExpression(const ExprPtr& a, const ExprPtr& b);

}  // namespace millrace::functions
