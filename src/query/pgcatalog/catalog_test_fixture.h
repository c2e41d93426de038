// A DuckDB with PostgreSQL's catalogs over a fixed sample of Millrace's, for tests.
#pragma once

#include <duckdb.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "query/pgcatalog/catalog_view.h"
#include "query/pgcatalog/install.h"

namespace millrace::query::pgcatalog {

// Schemas ods, dws and public; ods.orders with a primary key, a computed column and comments, ods."Events",
// dws.user_daily with a primary key of two columns, the view dws.big_orders, the materialized view
// dws.city_sales; the roles millrace (superuser, owner of all), analyst (may log in) who is a member of
// reader (who may use dws, read dws.city_sales, read and write ods.orders).
std::shared_ptr<const CatalogView> SampleView();

struct Answer {
  std::vector<std::string> columns;
  // Values as PostgreSQL writes them: t and f, {a,b} for lists; NULL as "\N".
  std::vector<std::vector<std::string>> rows;
};

class SampleDatabase {
 public:
  SampleDatabase();
  ~SampleDatabase();

  // Rewrites and runs a query as a session's. Parameters are texts.
  Result<Answer> Query(const std::string& sql, const SessionView& session = {},
                       const std::vector<std::string>& parameters = {});

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace millrace::query::pgcatalog
