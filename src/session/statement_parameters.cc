#include "session/statement_parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/text.h"
#include "query/query_parameters.h"
#include "sql/printer.h"
#include "sql/query_body.h"
#include "sql/server_statement.h"

namespace millrace::session {
namespace {

using data::DataType;
using data::TypeKind;

// The physical columns that an INSERT names, or all, in its order; -1 for a name that is none.
std::vector<int> TargetColumns(const sql::InsertStatement& statement, const catalog::Entry& table) {
  std::vector<int> columns;
  if (statement.columns.empty()) {
    for (size_t i = 0; i < table.schema.size(); ++i) {
      const bool persisted = table.table == nullptr || table.table->columns[i].IsPersisted();
      if (persisted) columns.push_back(static_cast<int>(i));
    }
    return columns;
  }
  for (const sql::Name& name : statement.columns) columns.push_back(table.schema.Find(name.text));
  return columns;
}

}  // namespace

size_t CountParameters(std::string_view text) {
  size_t count = 0;
  query::ReplaceParameters(text, [&](size_t number) {
    count = std::max(count, number);
    return std::string();
  });
  return count;
}

std::vector<DataType> InsertParameterTypes(const sql::InsertStatement& statement, size_t count,
                                           const catalog::Entry& table,
                                           const std::vector<std::optional<DataType>>& declared) {
  std::vector<DataType> types(count, DataType::String());
  if (statement.query->body->kind == sql::QueryBodyKind::kValues) {
    const std::vector<int> columns = TargetColumns(statement, table);
    for (const auto& row : static_cast<const sql::ValuesBody&>(*statement.query->body).rows) {
      for (size_t i = 0; i < std::min(row.size(), columns.size()); ++i) {
        const auto* parameter = row[i]->AsIf<sql::ParameterExpr>();
        if (parameter != nullptr && columns[i] >= 0) {
          types[static_cast<size_t>(parameter->number) - 1] =
              table.schema[columns[i]].type.WithNullable(true);
        }
      }
    }
  }
  for (size_t i = 0; i < std::min(count, declared.size()); ++i) {
    if (declared[i].has_value()) types[i] = *declared[i];
  }
  return types;
}

std::string LiteralText(const data::Value& value, const DataType& type, const data::TimeZone& zone) {
  const std::string type_text = type.WithNullable(true).ToString();
  if (value.is_null()) return fmt::format("CAST(NULL AS {})", type_text);
  switch (type.kind()) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return sql::PrintString(value.as_string());
    case TypeKind::kBinary:
    case TypeKind::kVarbinary: {
      std::string text = "X'";
      for (const char byte : value.as_string()) {
        fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
      }
      return text + "'";
    }
    case TypeKind::kArray: {
      if (value.as_list().empty()) return fmt::format("CAST(ARRAY[] AS {})", type_text);
      std::string text;
      for (const data::Value& element : value.as_list()) {
        text += (text.empty() ? "" : ", ") + LiteralText(element, type.element(), zone);
      }
      return "ARRAY[" + text + "]";
    }
    default:
      return fmt::format("CAST({} AS {})", sql::PrintString(data::ToText(type, value, {.zone = &zone})),
                         type_text);
  }
}

std::string SubstituteParameters(std::string_view text, const std::vector<data::Value>& values,
                                 const std::vector<DataType>& types, const data::TimeZone& zone) {
  return query::ReplaceParameters(text, [&](size_t number) {
    return number <= values.size() ? LiteralText(values[number - 1], types[number - 1], zone)
                                   : fmt::format("${}", number);
  });
}

}  // namespace millrace::session
