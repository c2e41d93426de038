// Parameters ($1, $2 ...) of statements that the streaming engine runs. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "data/datetime.h"
#include "data/type.h"
#include "data/value.h"
#include "sql/statement.h"

namespace millrace::session {

// The greatest n of a $n in the text; 0: there is none.
size_t CountParameters(std::string_view text);

// The types of the parameters of an INSERT: as declared, else that of the column that a parameter in VALUES
// is for, else STRING. An interval is of the column's kind, and JSON for a MAP or ROW is of its type. `table`
// is the target.
std::vector<data::DataType> InsertParameterTypes(const sql::InsertStatement& statement, size_t count,
                                                 const catalog::Entry& table,
                                                 const std::vector<std::optional<data::DataType>>& declared);

// The values of a statement's parameters, and their types; both outlive it.
struct Arguments {
  const std::vector<data::Value>& values;
  const std::vector<data::DataType>& types;
};

struct FixedDecimals {
  std::vector<data::Value> values;
  std::vector<data::DataType> types;
};
// With each DECIMAL of any precision as the DECIMAL that its value is, exactly; 22003 when an ARRAY's
// elements have more than 38 digits between them.
Result<FixedDecimals> FixDecimals(std::vector<data::Value> values, std::vector<data::DataType> types);

// The value as an SQL expression of its type.
std::string LiteralText(const data::Value& value, const data::DataType& type, const data::TimeZone& zone);

// The text with each $n as a literal of its value.
std::string SubstituteParameters(std::string_view text, const std::vector<data::Value>& values,
                                 const std::vector<data::DataType>& types, const data::TimeZone& zone);

}  // namespace millrace::session
