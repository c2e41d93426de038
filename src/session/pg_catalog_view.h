// The catalog of an instance as PostgreSQL's clients are shown it (query/pgcatalog/catalog_view.h).
#pragma once

#include <memory>

#include "query/pgcatalog/catalog_view.h"
#include "session/instance.h"

namespace millrace::session {

// Of the catalog's version and the roles as they are now. Cost: of the number of columns of all tables.
std::shared_ptr<const query::pgcatalog::CatalogView> MakeCatalogView(Instance& instance,
                                                                     const CatalogVersion& version);

}  // namespace millrace::session
