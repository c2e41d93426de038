// AND, OR, NOT and the IS tests, as expressions to build others from.
#pragma once

#include "functions/expression.h"

namespace millrace::functions {

// Three-valued; operands are BOOLEAN. The right side counts only where the left does not decide.
ExprPtr MakeAnd(ExprPtr left, ExprPtr right);
ExprPtr MakeOr(ExprPtr left, ExprPtr right);
ExprPtr MakeNot(ExprPtr operand);

}  // namespace millrace::functions
