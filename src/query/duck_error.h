// Errors of DuckDB as ours: its message without its class, its place, its proposals as the hint.
#pragma once

#include <duckdb.h>

#include "base/error.h"

namespace millrace::query {

// `text` may be null; with DUCKDB_ERROR_INVALID the class is read from the text.
std::unexpected<Error> DuckError(const char* text, duckdb_error_type type);

}  // namespace millrace::query
