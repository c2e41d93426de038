// row.field: one field of a ROW value.
#pragma once

#include "functions/expression.h"

namespace millrace::plan {

// `row` is of type ROW with more than `field` fields. NULL when the row is.
functions::ExprPtr MakeFieldAccess(functions::ExprPtr row, int field);

}  // namespace millrace::plan
