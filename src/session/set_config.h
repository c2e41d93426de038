// SELECT set_config(name, value, is_local): SET as PostgreSQL's function, which drivers and pools call.
//
// Recognised on the syntax tree: a SELECT of nothing but such calls, with constants and parameters. In any
// other query the function only confirms what is set, since DuckDB computes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/value.h"
#include "sql/query.h"

namespace millrace::session {

struct SetConfigCall {
  struct Argument {
    int parameter = 0;  // the n of $n; 0: the value
    data::Value value;
  };
  Argument name;
  Argument value;
  Argument is_local;
  std::string column;  // of the result
};

// nullopt: the query is something else.
std::optional<std::vector<SetConfigCall>> RecogniseSetConfig(const sql::Query& query);

}  // namespace millrace::session
