// Literals of dates, times and intervals: from their text in a query to a literal expression.
#pragma once

#include <string_view>

#include "base/error.h"
#include "functions/expression.h"
#include "functions/time_unit.h"

namespace millrace::functions {

// DATE '2020-01-31'.
Result<ExprPtr> MakeDateLiteral(std::string_view text);
// TIME '12:30:05.25' and TIMESTAMP '2020-01-31 12:30:05.25': the precision is that of the fraction, up to 6.
Result<ExprPtr> MakeTimeLiteral(std::string_view text);
Result<ExprPtr> MakeTimestampLiteral(std::string_view text);

// INTERVAL '10 00:12' DAY TO MINUTE: `from` is DAY, `to` MINUTE (the same for a single unit). Units: YEAR,
// QUARTER, MONTH; WEEK, DAY, HOUR, MINUTE, SECOND. A sign may lead the text.
Result<ExprPtr> MakeIntervalLiteral(std::string_view text, TimeUnit from, TimeUnit to);

}  // namespace millrace::functions
