// From PostgreSQL's SQL, as clients send it to read the catalogs, to what DuckDB parses and means the same
// by.
//
// A pure function of the text, by tokens. Names of pg_catalog and information_schema become those that
// InstallPgCatalog makes; casts to regclass and its like, OPERATOR(pg_catalog.~), COLLATE, PostgreSQL's
// regular expression operators, array literals, type names and a few constructs become DuckDB's; columns
// without a name get the one PostgreSQL would give them. Parameters ($1) stay. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::query::pgcatalog {

// Whether a statement reads PostgreSQL's catalogs or calls a function that tells about the server, so that it
// is RewriteForDuckDb's. Cheap: one pass over the text, no allocation. Text in quotes and comments does not
// count. A statement that is not to be rewritten must be run byte for byte as it is.
bool MentionsCatalog(std::string_view sql);

// Errors: 42P01 for a relation that pg_catalog or information_schema does not have, with its place; 0A000 for
// what is not supported (FOR UPDATE); 42601 for text that is unterminated.
Result<std::string> RewriteForDuckDb(std::string_view sql);

}  // namespace millrace::query::pgcatalog
