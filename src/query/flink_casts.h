// Casts to types that are written as only Flink writes them, for DuckDB. A pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::query {

// The statement with CAST(x AS type), TRY_CAST(x AS type) and x::type in DuckDB's words where the type is one
// of Flink's that DuckDB does not know by that name: BYTES, BINARY(n), TIME(p), TIMESTAMP_LTZ, ARRAY<…>,
// MAP<…>, MULTISET<…>, ROW<…>, INTERVAL DAY TO SECOND(p). Fractions of seconds are cut to the precision.
// nullopt: there is no such cast.
std::optional<std::string> TranslateFlinkCasts(std::string_view sql);

}  // namespace millrace::query
