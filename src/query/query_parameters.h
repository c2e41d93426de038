// Parameters ($1, $2 ...) of statements that DuckDB runs. Pure functions.
#pragma once

#include <duckdb.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/type.h"
#include "data/value.h"

namespace millrace::query {

// The end of what is quoted or a comment and begins at `at`; `at` itself when nothing such begins there.
size_t SkipQuoted(std::string_view sql, size_t at);

// The text with each $n outside of quotes and comments replaced by what `replacement(n)` gives.
std::string ReplaceParameters(std::string_view sql, const std::function<std::string(size_t)>& replacement);

// Whether it is a DECIMAL of any precision, or an ARRAY of such.
bool HasAnyDecimal(const data::DataType& type);

// The statement with $n as CAST($n AS <type>) for each n whose type is given (types[n - 1]); DECIMAL of any
// precision is left for DuckDB to infer.
std::string CastParameters(std::string_view sql, const std::vector<std::optional<data::DataType>>& types);

// The statement with $n as CAST(NULL AS <type>), for each n whose type is given.
std::string NullParameters(std::string_view sql, const std::vector<std::optional<data::DataType>>& types);

// The n of each $n that is an operand of ||.
std::vector<size_t> ConcatenatedParameters(std::string_view sql);

// The statement with ANY($n), SOME($n) and ALL($n) as ($n): what is compared there with the elements of $n is
// compared with $n itself. Each such n is added to `numbers`.
std::string CompareWithElements(std::string_view sql, std::vector<size_t>* numbers);

struct DuckValueDeleter {
  void operator()(void* value) const;
};
using DuckValue = std::unique_ptr<_duckdb_value, DuckValueDeleter>;

// A value of the type, which is no DECIMAL of any precision.
DuckValue ToDuckValue(const data::Value& value, const data::DataType& type);

}  // namespace millrace::query
