// What a table's connector says of it. Plain function; any thread.
#pragma once

#include <vector>

#include "catalog/catalog.h"
#include "connectors/connector.h"

namespace millrace::session {

// With these options in place of the table's own.
Result<connectors::TableTraits> TraitsOf(const catalog::TableDefinition& table,
                                         const std::vector<catalog::TableOption>& options);

}  // namespace millrace::session
