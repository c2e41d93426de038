// AND, OR, NOT and the IS tests, as expressions to build others from.
#pragma once

#include "functions/expression.h"

namespace millrace::functions {

// Three-valued; operands are BOOLEAN. The right side counts only where the left does not decide.
ExprPtr MakeAnd(ExprPtr left, ExprPtr right);
ExprPtr MakeOr(ExprPtr left, ExprPtr right);
ExprPtr MakeNot(ExprPtr operand);

// Whether the expression is `args()[0] AND args()[1]`; or OR.
bool IsAnd(const Expression& expr);
bool IsOr(const Expression& expr);

}  // namespace millrace::functions
