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

// The statement with $n as CAST($n AS <type>) for each n whose type is given (types[n - 1]). Types that
// DuckDB has no parameters of (MAP, ROW, MULTISET, INTERVAL) are left for it to infer.
std::string CastParameters(std::string_view sql, const std::vector<std::optional<data::DataType>>& types);

struct DuckValueDeleter {
  void operator()(void* value) const;
};
using DuckValue = std::unique_ptr<_duckdb_value, DuckValueDeleter>;

// A value of the type; what is not a scalar, BYTES or an ARRAY of these is passed as its text.
DuckValue ToDuckValue(const data::Value& value, const data::DataType& type);

}  // namespace millrace::query
