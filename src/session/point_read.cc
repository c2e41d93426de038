#include "session/point_read.h"

#include <algorithm>

#include "data/text.h"
#include "sql/query_body.h"
#include "sql/server_statement.h"

namespace millrace::session {
namespace {

// Collects column = literal from a conjunction; false if there is anything else in it.
bool CollectEqualities(const sql::Expr& expr, PointRead* read) {
  const auto* binary = expr.AsIf<sql::BinaryExpr>();
  if (binary == nullptr) return false;
  if (binary->op == sql::BinaryOp::kAnd) {
    return CollectEqualities(*binary->left, read) && CollectEqualities(*binary->right, read);
  }
  if (binary->op != sql::BinaryOp::kEqual) return false;
  const auto* column = binary->left->AsIf<sql::IdentifierExpr>();
  const auto* literal = binary->right->AsIf<sql::LiteralExpr>();
  const auto* parameter = binary->right->AsIf<sql::ParameterExpr>();
  if (column == nullptr || column->parts.size() != 1 || (literal == nullptr && parameter == nullptr)) {
    return false;
  }
  if (std::find(read->key_columns.begin(), read->key_columns.end(), column->parts[0].text) !=
      read->key_columns.end()) {
    return false;
  }
  read->key_columns.push_back(column->parts[0].text);
  read->key_values.push_back({literal, parameter == nullptr ? 0 : parameter->number});
  return true;
}

bool CollectColumns(const sql::SelectBody& select, PointRead* read) {
  for (const sql::SelectItem& item : select.items) {
    if (const auto* star = item.expr->AsIf<sql::StarExpr>()) {
      if (!star->qualifier.empty() || select.items.size() != 1) return false;
      read->all_columns = true;
      return true;
    }
    const auto* column = item.expr->AsIf<sql::IdentifierExpr>();
    if (column == nullptr || column->parts.size() != 1) return false;
    const std::string& name = column->parts[0].text;
    read->columns.emplace_back(name, item.alias.has_value() ? item.alias->text : name);
  }
  return !read->columns.empty();
}

// The literal as a value of the column, if its text means just that.
data::ColumnPtr KeyColumn(const sql::LiteralExpr& literal, const data::DataType& type,
                          const data::TimeZone& zone) {
  const bool fits =
      (literal.literal == sql::LiteralKind::kInteger && type.IsInteger()) ||
      (literal.literal == sql::LiteralKind::kString && type.kind() == data::TypeKind::kVarchar) ||
      (literal.literal == sql::LiteralKind::kDate && type.kind() == data::TypeKind::kDate) ||
      (literal.literal == sql::LiteralKind::kTimestamp && type.kind() == data::TypeKind::kTimestamp);
  if (!fits) return nullptr;
  auto column = data::Column::Make(type, 1);
  if (!data::AppendParsed(literal.text, type, zone, column.get()).has_value()) return nullptr;
  return column;
}

// The type in which a parameter for a key column is taken, such that no value is rounded or cut into one that
// the table has; nullopt: DuckDB is to compare.
std::optional<data::DataType> ParameterType(const data::DataType& key) {
  switch (key.kind()) {
    case data::TypeKind::kVarchar:
      return data::DataType::String();
    case data::TypeKind::kVarbinary:
      return data::DataType::Bytes();
    case data::TypeKind::kTime:
      return data::DataType::Time(6);
    case data::TypeKind::kTimestamp:
      return data::DataType::Timestamp(6);
    case data::TypeKind::kTimestampLtz:
      return data::DataType::TimestampLtz(6);
    case data::TypeKind::kDecimal:
    case data::TypeKind::kChar:
    case data::TypeKind::kBinary:
      return std::nullopt;
    default:
      return key.WithNullable(true);
  }
}

}  // namespace

std::optional<PointRead> RecognisePointRead(const sql::Query& query, const catalog::Catalog& catalog) {
  if (!query.ctes.empty() || !query.order_by.empty() || query.limit != nullptr || query.offset != nullptr)
    return {};
  if (query.body->kind != sql::QueryBodyKind::kSelect) return {};
  const auto& select = static_cast<const sql::SelectBody&>(*query.body);
  if (select.distinct || !select.hints.empty() || select.has_group_by || select.having != nullptr ||
      select.qualify != nullptr || select.where == nullptr || select.from == nullptr) {
    return {};
  }
  const auto* from = select.from->AsIf<sql::NamedTableRef>();
  if (from == nullptr || !from->hints.empty() || from->system_time != nullptr ||
      !from->column_aliases.empty()) {
    return {};
  }
  PointRead read;
  if (!CollectEqualities(*select.where, &read) || !CollectColumns(select, &read)) return {};
  const auto entry = catalog.Resolve(from->name);
  if (!entry.has_value()) return {};
  read.table = (*entry)->name;
  return read;
}

bool DescribePointRead(PointRead* read, const tables::SnapshotSet& snapshots) {
  const auto found = snapshots.tables.find(read->table.ToString());
  if (found == snapshots.tables.end()) return false;
  const tables::Snapshot& table = *found->second;
  if (table.key.empty() || table.key.size() != read->key_columns.size()) return false;
  for (const int key : table.key) {
    const auto& name = (*table.schema)[key].name;
    if (std::find(read->key_columns.begin(), read->key_columns.end(), name) == read->key_columns.end())
      return false;
  }
  size_t parameters = 0;
  for (const auto& value : read->key_values) {
    parameters = std::max(parameters, static_cast<size_t>(value.parameter));
  }
  std::vector<const data::DataType*> types(parameters, nullptr);
  for (size_t i = 0; i < read->key_values.size(); ++i) {
    if (read->key_values[i].parameter == 0) continue;
    const data::DataType*& type = types[static_cast<size_t>(read->key_values[i].parameter) - 1];
    if (type != nullptr) return false;  // of two columns: their types may differ
    type = &(*table.schema)[table.schema->Find(read->key_columns[i])].type;
  }
  read->parameters.clear();
  for (const data::DataType* type : types) {
    const auto parameter = type == nullptr ? std::nullopt : ParameterType(*type);
    if (!parameter.has_value()) return false;
    read->parameters.push_back(*parameter);
  }
  read->schema = read->all_columns ? *table.schema : data::Schema();
  for (const auto& [name, shown] : read->columns) {
    const int column = table.schema->Find(name);
    if (column < 0) return false;
    read->schema.Add(shown, (*table.schema)[column].type);
  }
  return true;
}

std::optional<PointAnswer> RunPointRead(const PointRead& read, const tables::SnapshotSet& snapshots,
                                        const data::TimeZone& zone,
                                        const std::vector<data::Value>& parameters) {
  const auto found = snapshots.tables.find(read.table.ToString());
  if (found == snapshots.tables.end()) return {};
  const tables::Snapshot& table = *found->second;
  std::vector<data::ColumnPtr> key_values;
  for (const int key : table.key) {
    const auto& name = (*table.schema)[key].name;
    const auto at = std::find(read.key_columns.begin(), read.key_columns.end(), name);
    if (at == read.key_columns.end()) return {};
    const auto& given = read.key_values[static_cast<size_t>(at - read.key_columns.begin())];
    const data::DataType& type = (*table.schema)[key].type;
    data::ColumnPtr value;
    if (given.parameter == 0) {
      value = KeyColumn(*given.literal, type, zone);
    } else {
      const data::Value& parameter = parameters[static_cast<size_t>(given.parameter) - 1];
      if (parameter.is_null()) return PointAnswer{read.schema, {}};  // NULL equals nothing
      auto column = data::Column::Make(type, 1);
      column->AppendValue(parameter);
      value = std::move(column);
    }
    if (value == nullptr) return {};
    key_values.push_back(std::move(value));
  }
  PointAnswer answer{read.schema, {}};
  std::optional<data::Batch> row = table.Find(key_values);
  if (!row.has_value()) return answer;
  if (!read.all_columns) {
    std::vector<data::ColumnPtr> shown;
    for (const auto& [name, alias] : read.columns) {
      const int column = table.schema->Find(name);
      if (column < 0) return {};
      shown.push_back(row->columns[column]);
    }
    row->columns = std::move(shown);
  }
  answer.row = std::move(row);
  return answer;
}

}  // namespace millrace::session
