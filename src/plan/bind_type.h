// From written types and literals to data types and values. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "data/type.h"
#include "functions/expression.h"
#include "functions/registry.h"
#include "sql/expression.h"

namespace millrace::plan {

// Flink's defaults: CHAR is CHAR(1), DECIMAL is DECIMAL(10, 0), TIMESTAMP is TIMESTAMP(6), TIME is TIME(0).
Result<data::DataType> BindType(const sql::TypeSpec& spec);

// Literals are NOT NULL (but NULL): 'abc' CHAR(3), 1 INT, 3000000000 BIGINT, 1.50 DECIMAL(3, 2), 1e0 DOUBLE,
// TIMESTAMP '… 12:00:00.5' TIMESTAMP(1).
Result<functions::ExprPtr> BindLiteral(const sql::LiteralExpr& literal,
                                       const functions::BindContext& context);

// INTERVAL literals: months (YEAR, MONTH) or µs (DAY to SECOND).
Result<functions::ExprPtr> BindInterval(const sql::IntervalExpr& interval);

// "YEAR", "DAY", ...
std::string_view TimeUnitName(sql::TimeUnit unit);

}  // namespace millrace::plan
