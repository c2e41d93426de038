// Prepared: a statement that was parsed and described, to be run any number of times. Immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/schema.h"
#include "session/point_read.h"
#include "session/set_config.h"
#include "sql/statement.h"

namespace millrace::session {

struct Prepared {
  std::string text;
  sql::StatementPtr statement;  // null: a SELECT that only DuckDB understands, or nothing at all
  bool empty = false;           // blank: there is nothing to run
  bool quick = false;           // never waits

  std::vector<data::DataType> parameters;
  bool has_rows = false;
  data::Schema schema;  // with has_rows: of the result, before it runs; in scripts only known then

  // Of a SELECT: who answers it.
  enum class Route : uint8_t { kNone, kPointRead, kStreaming, kSnapshot, kSetConfig };
  Route route = Route::kNone;
  std::optional<PointRead> point_read;
  std::vector<SetConfigCall> set_config;
  std::optional<std::string> snapshot_text;  // what DuckDB is given, where that is not `text`
};
using PreparedPtr = std::shared_ptr<const Prepared>;

}  // namespace millrace::session
