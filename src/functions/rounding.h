// Rounding of numbers: CEIL, FLOOR, ROUND, TRUNCATE. CEIL and FLOOR of dates and times are in time_unit.h.
#pragma once

#include "functions/signature.h"

namespace millrace::functions {

// CEIL(x) or FLOOR(x) of a number.
Result<ExprPtr> BindWholeNumber(BoundArgs bound, bool ceil);

// `value` with `digits` digits behind the point (before it, when negative): half up by its shortest decimal
// text, as Java's BigDecimal.valueOf(value) rounds; or cut off.
double RoundDouble(double value, int digits, bool truncate);
float RoundFloat(float value, int digits, bool truncate);

}  // namespace millrace::functions
