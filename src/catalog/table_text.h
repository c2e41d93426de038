// The CREATE TABLE statement of a definition: what another statement would have to say to make the same
// table. Pure; any thread.
#pragma once

#include <string>

#include "catalog/catalog.h"

namespace millrace::catalog {

// Everything is written out: what LIKE has brought, and the schema of the name.
std::string CreateTableText(const TableDefinition& table);

}  // namespace millrace::catalog
