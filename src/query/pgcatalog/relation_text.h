// The relations of PostgreSQL 15's own schemas, written down as text: facts that clients rely on.
//
// "@name kind oid column:type column:type! ...": kind is r or v, ! says NOT NULL. Blanks and line ends
// separate.
#pragma once

#include <string_view>

namespace millrace::query::pgcatalog {

std::string_view CatalogTablesText();
std::string_view CatalogViewsText();
std::string_view InformationSchemaText();

}  // namespace millrace::query::pgcatalog
