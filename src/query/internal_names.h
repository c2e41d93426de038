// Names of DuckDB that tell about its own insides and the machine it runs on, or that run text as a
// statement.
#pragma once

#include <string>
#include <string_view>

namespace millrace::query {

// The first name in the statement that is such a one (duckdb_settings, pragma_..., sqlite_master,
// query(...)), quoted or not; empty: there is none. Texts and comments do not count.
std::string InternalNameIn(std::string_view sql);

}  // namespace millrace::query
