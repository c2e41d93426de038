#include "query/query_parameters.h"

#include <fmt/format.h>

#include <cctype>

#include "data/decimal.h"
#include "query/duck_types.h"

namespace millrace::query {
namespace {

using data::DataType;
using data::TypeKind;

// DuckDB's name of a type; empty: it has none that a parameter could be cast to.
std::string DuckTypeName(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kTinyInt:
      return "TINYINT";
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInt:
      return "INTEGER";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({}, {})", type.precision(), type.scale());
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return "VARCHAR";
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return "BLOB";
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return "TIME";
    case TypeKind::kTimestamp:
      return "TIMESTAMP";
    case TypeKind::kTimestampLtz:
      return "TIMESTAMP WITH TIME ZONE";
    case TypeKind::kArray: {
      const std::string element = DuckTypeName(type.element());
      return element.empty() ? "" : element + "[]";
    }
    default:
      return "";
  }
}

bool IsNamePart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

}  // namespace

size_t SkipQuoted(std::string_view sql, size_t at) {
  const char c = sql[at];
  const char next = at + 1 < sql.size() ? sql[at + 1] : '\0';
  if (c == '\'' || c == '"' || c == '`') {
    const bool escapes = c == '\'' && at > 0 && (sql[at - 1] == 'E' || sql[at - 1] == 'e') &&
                         (at < 2 || !IsNamePart(sql[at - 2]));
    for (size_t i = at + 1; i < sql.size(); ++i) {
      if (escapes && sql[i] == '\\') {
        ++i;
      } else if (sql[i] == c) {
        return i + 1;  // a doubled quote begins a quoted part again, to the same effect
      }
    }
    return sql.size();
  }
  if (c == '-' && next == '-') return std::min(sql.find('\n', at), sql.size());
  if (c == '/' && next == '*') {
    int depth = 1;
    size_t i = at + 2;
    while (i + 1 < sql.size() && depth > 0) {
      if (sql[i] == '*' && sql[i + 1] == '/') {
        --depth;
        i += 2;
      } else if (sql[i] == '/' && sql[i + 1] == '*') {
        ++depth;
        i += 2;
      } else {
        ++i;
      }
    }
    return depth > 0 ? sql.size() : i;
  }
  if (c == '$' &&
      (next == '$' || (IsNamePart(next) && std::isdigit(static_cast<unsigned char>(next)) == 0))) {
    const size_t tag_end = sql.find('$', at + 1);
    if (tag_end == std::string_view::npos) return at;
    const std::string_view tag = sql.substr(at, tag_end - at + 1);
    for (const char letter : tag.substr(1, tag.size() - 2)) {
      if (!IsNamePart(letter)) return at;
    }
    const size_t end = sql.find(tag, tag_end + 1);
    return end == std::string_view::npos ? sql.size() : end + tag.size();
  }
  return at;
}

std::string ReplaceParameters(std::string_view sql, const std::function<std::string(size_t)>& replacement) {
  std::string result;
  for (size_t i = 0; i < sql.size();) {
    if (const size_t end = SkipQuoted(sql, i); end != i) {
      result += sql.substr(i, end - i);
      i = end;
      continue;
    }
    size_t end = i + 1;
    size_t number = 0;
    if (sql[i] == '$' && (i == 0 || !IsNamePart(sql[i - 1]))) {
      while (end < sql.size() && std::isdigit(static_cast<unsigned char>(sql[end])) != 0 &&
             number < 100'000) {
        number = number * 10 + static_cast<size_t>(sql[end++] - '0');
      }
    }
    if (number > 0) {
      result += replacement(number);
    } else {
      result += sql.substr(i, end - i);
    }
    i = end;
  }
  return result;
}

std::string CastParameters(std::string_view sql, const std::vector<std::optional<DataType>>& types) {
  return ReplaceParameters(sql, [&](size_t number) {
    const std::string type =
        number <= types.size() && types[number - 1].has_value() ? DuckTypeName(*types[number - 1]) : "";
    return type.empty() ? fmt::format("${}", number) : fmt::format("CAST(${} AS {})", number, type);
  });
}

void DuckValueDeleter::operator()(void* value) const {
  auto* handle = static_cast<duckdb_value>(value);
  duckdb_destroy_value(&handle);
}

DuckValue ToDuckValue(const data::Value& value, const DataType& type) {
  if (value.is_null()) return DuckValue(duckdb_create_null_value());
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return DuckValue(duckdb_create_bool(value.as_bool()));
    case TypeKind::kTinyInt:
      return DuckValue(duckdb_create_int8(static_cast<int8_t>(value.as_int())));
    case TypeKind::kSmallInt:
      return DuckValue(duckdb_create_int16(static_cast<int16_t>(value.as_int())));
    case TypeKind::kInt:
      return DuckValue(duckdb_create_int32(static_cast<int32_t>(value.as_int())));
    case TypeKind::kBigInt:
      return DuckValue(duckdb_create_int64(value.as_int()));
    case TypeKind::kDecimal: {
      const data::Int128 unscaled = value.as_decimal();
      return DuckValue(duckdb_create_decimal(duckdb_decimal{
          static_cast<uint8_t>(type.precision()), static_cast<uint8_t>(type.scale()),
          duckdb_hugeint{static_cast<uint64_t>(unscaled), static_cast<int64_t>(unscaled >> 64)}}));
    }
    case TypeKind::kFloat:
      return DuckValue(duckdb_create_float(static_cast<float>(value.as_double())));
    case TypeKind::kDouble:
      return DuckValue(duckdb_create_double(value.as_double()));
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return DuckValue(duckdb_create_blob(reinterpret_cast<const uint8_t*>(value.as_string().data()),
                                          value.as_string().size()));
    case TypeKind::kDate:
      return DuckValue(duckdb_create_date(duckdb_date{static_cast<int32_t>(value.as_int())}));
    case TypeKind::kTime:
      return DuckValue(duckdb_create_time(duckdb_time{value.as_int()}));
    case TypeKind::kTimestamp:
      return DuckValue(duckdb_create_timestamp(duckdb_timestamp{value.as_int()}));
    case TypeKind::kTimestampLtz:
      return DuckValue(duckdb_create_timestamp_tz(duckdb_timestamp{value.as_int()}));
    case TypeKind::kArray: {
      std::vector<DuckValue> elements;
      std::vector<duckdb_value> handles;
      for (const data::Value& element : value.as_list()) {
        elements.push_back(ToDuckValue(element, type.element()));
        handles.push_back(elements.back().get());
      }
      const LogicalType element_type = ToDuckType(type.element());
      return DuckValue(duckdb_create_list_value(element_type.get(), handles.data(), handles.size()));
    }
    default:
      return DuckValue(duckdb_create_varchar_length(value.as_string().data(), value.as_string().size()));
  }
}

}  // namespace millrace::query
