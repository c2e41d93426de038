// A function defined by an expression over its arguments: each argument is evaluated once, as a column of a
// small batch, however often the expression names it.
#pragma once

#include <utility>
#include <vector>

#include "functions/signature.h"

namespace millrace::functions {

// $i, standing for argument i.
inline std::vector<ExprPtr> ArgumentColumns(const std::vector<ExprPtr>& args) {
  std::vector<ExprPtr> columns;
  for (size_t i = 0; i < args.size(); ++i)
    columns.push_back(MakeColumn(static_cast<int>(i), args[i]->type()));
  return columns;
}

inline Kernel ExpressionKernel(ExprPtr body) {
  return
      [body = std::move(body)](const std::vector<data::ColumnPtr>& args, size_t rows, EvalContext& context) {
        data::Batch batch;
        batch.columns = args;
        batch.rows = rows;
        return body->Evaluate(batch, context);
      };
}

// The call `bound` with the value of `body`, an expression over ArgumentColumns(bound.args).
inline ExprPtr Composed(const BoundArgs& bound, ExprPtr body) {
  const data::DataType type = body->type();
  const bool deterministic = body->IsDeterministic();
  return bound.Call(type, ExpressionKernel(std::move(body)), deterministic);
}

}  // namespace millrace::functions
