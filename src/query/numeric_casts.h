// Casts of parameters to numeric without precision. A pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/type.h"

namespace millrace::query {

// The statement without each $n::numeric and CAST($n AS numeric) (or decimal, dec) whose type is not given,
// or is a DECIMAL: types[n - 1] is then DECIMAL of any precision, if it was not given. To PostgreSQL such a
// cast changes nothing, to DuckDB it rounds to three digits; ORMs write it at every number. Spaces keep the
// places of the rest.
std::string DropNumericCasts(std::string_view sql, std::vector<std::optional<data::DataType>>* types);

}  // namespace millrace::query
