// Reads numeric columns into arrays of one type, for aggregates whose arithmetic does not depend on it.
#pragma once

#include <cstdint>
#include <vector>

#include "data/column.h"

namespace millrace::functions {

// The first `rows` values as doubles, decimals divided by their scale; anything under a null.
std::vector<double> ReadDoubles(const data::Column& column, size_t rows);
// The first `rows` values of an integer column; anything under a null.
std::vector<int64_t> ReadIntegers(const data::Column& column, size_t rows);

}  // namespace millrace::functions
