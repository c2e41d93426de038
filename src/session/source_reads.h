// Whether rows come from outside (a stream) or are kept in Millrace. Pure functions over a catalog.
#pragma once

#include "catalog/catalog.h"

namespace millrace::session {

// Whether an object's rows come from outside: a table with a connector, or a view that reads one.
bool ReadsASource(const catalog::Catalog& catalog, const catalog::Entry& entry);

}  // namespace millrace::session
