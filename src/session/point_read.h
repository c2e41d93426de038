// PointRead: SELECT columns FROM table WHERE key = literal [AND ...], answered from the table's index.
//
// Recognised on the syntax tree; anything it does not recognise goes to DuckDB, which gives the same answer.
// The look-up reads one snapshot: a hash and a probe for each part of the table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "data/schema.h"
#include "sql/expression.h"
#include "tables/snapshot.h"

namespace millrace::session {

struct PointRead {
  catalog::ObjectName table;
  std::vector<std::string> key_columns;
  struct KeyValue {
    const sql::LiteralExpr* literal = nullptr;  // of the query, which must outlive this; or else
    int parameter = 0;                          // the n of $n
  };
  std::vector<KeyValue> key_values;
  bool all_columns = false;
  std::vector<std::pair<std::string, std::string>> columns;  // of the table, and the name in the result
  data::Schema schema;                                       // of the result, once it was described
  std::vector<data::DataType> parameters{};                  // likewise
};

// nullopt: the query is something else. Whether the columns are the table's primary key is only known
// when it runs.
std::optional<PointRead> RecognisePointRead(const sql::Query& query, const catalog::Catalog& catalog);

// Finds the result's columns in the table as it is now; false: there is no such table, or these columns are
// not its key.
bool DescribePointRead(PointRead* read, const tables::SnapshotSet& snapshots);

struct PointAnswer {
  data::Schema schema;
  std::optional<data::Batch> row;
};

// nullopt: the table has changed, or a literal is not plainly a value of its column.
std::optional<PointAnswer> RunPointRead(const PointRead& read, const tables::SnapshotSet& snapshots,
                                        const data::TimeZone& zone,
                                        const std::vector<data::Value>& parameters = {});

}  // namespace millrace::session
