#include "catalog/table_text.h"

#include "sql/printer.h"

namespace millrace::catalog {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string ColumnText(const Column& column) {
  std::string text = sql::PrintName(column.name);
  if (column.kind == ColumnKind::kComputed) {
    text += " AS " + column.expr_text;
  } else {
    text += " " + column.type.ToString();
  }
  if (column.kind == ColumnKind::kMetadata) {
    text += " METADATA FROM " + Quoted(column.metadata_key);
    if (column.is_virtual) text += " VIRTUAL";
  }
  if (!column.comment.empty()) text += " COMMENT " + Quoted(column.comment);
  return text;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

std::string CreateTableText(const TableDefinition& table) {
  std::vector<std::string> parts;
  for (const Column& column : table.columns) parts.push_back(ColumnText(column));
  if (table.watermark.has_value()) {
    parts.push_back("WATERMARK FOR " +
                    sql::PrintName(table.columns[static_cast<size_t>(table.watermark->column)].name) +
                    " AS " + table.watermark->expr_text);
  }
  if (!table.primary_key.empty()) {
    std::vector<std::string> names;
    for (const int column : table.primary_key) {
      names.push_back(sql::PrintName(table.columns[static_cast<size_t>(column)].name));
    }
    parts.push_back("PRIMARY KEY (" + Joined(names) + ") NOT ENFORCED");
  }
  std::string text = table.temporary ? "CREATE TEMPORARY TABLE " : "CREATE TABLE ";
  text +=
      sql::PrintName(table.name.schema) + "." + sql::PrintName(table.name.name) + " (" + Joined(parts) + ")";
  if (!table.comment.empty()) text += " COMMENT " + Quoted(table.comment);
  if (!table.partitioned_by.empty()) {
    std::vector<std::string> names;
    for (const std::string& name : table.partitioned_by) names.push_back(sql::PrintName(name));
    text += " PARTITIONED BY (" + Joined(names) + ")";
  }
  if (!table.options.empty()) {
    std::vector<std::string> options;
    for (const TableOption& option : table.options) {
      options.push_back(Quoted(option.key) + " = " + Quoted(option.value));
    }
    text += " WITH (" + Joined(options) + ")";
  }
  return text;
}

}  // namespace millrace::catalog
