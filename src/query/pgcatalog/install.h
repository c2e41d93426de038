// PostgreSQL's catalogs in a DuckDB database: pg_catalog's and information_schema's relations and functions.
//
//   InstallPgCatalog(connection)                      once for a database, before its first catalog query
//   if (MentionsCatalog(sql)) sql = RewriteForDuckDb(sql)   (rewrite.h)
//   BoundCatalog bound(MakeCatalog(view, session));   while DuckDB prepares *and* executes on this thread
//   ... prepare, bind parameters, execute, fetch ...
//
// The relations are table functions over the catalog that is bound on the thread that plans the statement;
// each plan keeps a reference to its catalog, so that the rows may be fetched later and by any thread.
// Two sessions on one database, each on its connection, see each their own.
#pragma once

#include <duckdb.h>

#include <memory>

#include "base/error.h"
#include "query/pgcatalog/catalog_view.h"

namespace millrace::query::pgcatalog {

class Catalog;  // both views, with object identifiers given out
using CatalogPtr = std::shared_ptr<const Catalog>;

// Gives every object its oid. Object identifiers depend on the objects' names alone, so that they stay the
// same from statement to statement and from session to session. Thread-safe; the result is immutable.
CatalogPtr MakeCatalog(std::shared_ptr<const CatalogView> view, SessionView session);

// Adds the schemas and functions that rewritten catalog queries name (they begin with "millrace_pg") to the
// database that the connection has as its current one. They are in `catalog`, which must be attached.
Status InstallPgCatalog(duckdb_connection connection, const std::string& catalog);

// The catalog of the statements that this thread plans, from construction to destruction. They nest.
class BoundCatalog {
 public:
  explicit BoundCatalog(CatalogPtr catalog);
  ~BoundCatalog();
  BoundCatalog(const BoundCatalog&) = delete;
  BoundCatalog& operator=(const BoundCatalog&) = delete;

 private:
  CatalogPtr outer_;
};

// The one that is bound on this thread; nullptr outside of any BoundCatalog.
CatalogPtr CurrentCatalog();

// An error of DuckDB (its message without its class in front) as PostgreSQL would give it: what these
// functions refuse has its own code, e.g. 42P01 for 'x'::regclass, and names of functions are PostgreSQL's
// again.
Error AsPostgresError(const Error& error);

}  // namespace millrace::query::pgcatalog
