// Comparisons, as expressions to build others from.
#pragma once

#include "base/error.h"
#include "functions/registry.h"

namespace millrace::functions {

enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// `left <op> right`, with the casts that make the sides comparable. An error when nothing does.
Result<ExprPtr> MakeComparison(Comparison comparison, ExprPtr left, ExprPtr right,
                               const BindContext& context);

}  // namespace millrace::functions
