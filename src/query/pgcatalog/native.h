// PostgreSQL's functions that look into the catalog, as scalar functions of DuckDB. Their names there begin
// with "millrace_pg_"; the rewriter puts that in front.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "query/pgcatalog/rows.h"

namespace millrace::query::pgcatalog {

// One overload. In the signature a letter stands for a type of DuckDB: i INTEGER, l BIGINT, t VARCHAR, b
// BOOLEAN, z TIMESTAMP WITH TIME ZONE, T VARCHAR[], * any number of VARCHAR; the result stands before the
// colon.
struct NativeFunction {
  std::string_view name;
  std::string_view signature;  // "t:li"
  // The arguments are NULL, bool, whole numbers or texts, as the signature says.
  Result<Cell> (*call)(const Catalog& catalog, std::span<const Cell> arguments);
  bool takes_nulls = false;  // else NULL in gives NULL out, without a call
};

std::vector<NativeFunction> ObjectFunctions();  // regclass, format_type, pg_get_viewdef, obj_description ...
std::vector<NativeFunction> PrivilegeFunctions();  // has_table_privilege ...
std::vector<NativeFunction> SessionFunctions();    // current_user, version, current_setting ...

// Those that can be written in DuckDB's own SQL: the statements that make them, in the schema given, and
// their names.
std::vector<std::string> MacroStatements(std::string_view schema);

// How a rewritten query names a function of PostgreSQL: "millrace_pg_x", "millrace_pg_catalog.x"; "" when it
// is DuckDB's own, or nobody's.
std::string TargetOf(std::string_view function);

inline constexpr std::string_view kCatalogSchema = "millrace_pg_catalog";
inline constexpr std::string_view kInformationSchema = "millrace_information_schema";

}  // namespace millrace::query::pgcatalog
