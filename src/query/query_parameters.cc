#include "query/query_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "data/interval.h"
#include "query/duck_types.h"

namespace millrace::query {
namespace {

using data::DataType;
using data::TypeKind;

bool IsNamePart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

// The number at *end, which moves behind it; 0: there is none.
size_t ReadNumber(std::string_view sql, size_t* end) {
  size_t number = 0;
  while (*end < sql.size() && std::isdigit(static_cast<unsigned char>(sql[*end])) != 0 && number < 100'000) {
    number = number * 10 + static_cast<size_t>(sql[(*end)++] - '0');
  }
  return number;
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
      number = ReadNumber(sql, &end);
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

bool HasAnyDecimal(const DataType& type) {
  return type.kind() == TypeKind::kArray ? HasAnyDecimal(type.element()) : type.IsAnyDecimal();
}

namespace {

// The statement with CAST(<operand> AS <type>) for each $n whose type is given; the operand is `operand`, or
// $n.
std::string ReplaceByCasts(std::string_view sql, const std::vector<std::optional<DataType>>& types,
                           std::string_view operand) {
  return ReplaceParameters(sql, [&](size_t number) {
    const std::string type =
        number <= types.size() && types[number - 1].has_value() ? DuckTypeName(*types[number - 1]) : "";
    const std::string parameter = fmt::format("${}", number);
    return type.empty() ? parameter
                        : fmt::format("CAST({} AS {})", operand.empty() ? parameter : operand, type);
  });
}

}  // namespace

std::string CastParameters(std::string_view sql, const std::vector<std::optional<DataType>>& types) {
  return ReplaceByCasts(sql, types, "");
}

std::string NullParameters(std::string_view sql, const std::vector<std::optional<DataType>>& types) {
  return ReplaceByCasts(sql, types, "NULL");
}

std::vector<size_t> ConcatenatedParameters(std::string_view sql) {
  std::vector<size_t> found;
  size_t parameter = 0;         // that has just ended
  bool after_operator = false;  // || stands before what comes
  for (size_t i = 0; i < sql.size();) {
    if (std::isspace(static_cast<unsigned char>(sql[i])) != 0) {
      ++i;
      continue;
    }
    const size_t skipped = SkipQuoted(sql, i);
    if (skipped != i) {
      const bool is_comment = sql[i] == '-' || sql[i] == '/';
      i = skipped;
      if (!is_comment) {
        parameter = 0;
        after_operator = false;
      }
    } else if (sql.substr(i).starts_with("||")) {
      if (parameter > 0) found.push_back(parameter);
      parameter = 0;
      after_operator = true;
      i += 2;
    } else {
      size_t end = i + 1;
      size_t number = 0;
      if (sql[i] == '$') number = ReadNumber(sql, &end);
      if (number > 0 && after_operator) found.push_back(number);
      parameter = number;
      after_operator = false;
      i = end;
    }
  }
  return found;
}

namespace {

size_t SkipSpaces(std::string_view sql, size_t at) {
  while (at < sql.size() && std::isspace(static_cast<unsigned char>(sql[at])) != 0) ++at;
  return at;
}

// Behind the word, in whatever case, that begins at `at`; `at` itself if it does not.
size_t SkipWord(std::string_view sql, size_t at, std::string_view word) {
  if (sql.size() - at < word.size() || (at > 0 && IsNamePart(sql[at - 1]))) return at;
  for (size_t i = 0; i < word.size(); ++i) {
    if (std::toupper(static_cast<unsigned char>(sql[at + i])) != word[i]) return at;
  }
  const size_t end = at + word.size();
  return end < sql.size() && IsNamePart(sql[end]) ? at : end;
}

// The n of ANY($n) and its like at `at`, and the place behind it; 0: there is none.
size_t QuantifiedParameter(std::string_view sql, size_t at, size_t* end) {
  for (const std::string_view word : {"ANY", "SOME", "ALL"}) {
    size_t place = SkipWord(sql, at, word);
    if (place == at) continue;
    place = SkipSpaces(sql, place);
    if (place == sql.size() || sql[place] != '(') return 0;
    place = SkipSpaces(sql, place + 1);
    if (place == sql.size() || sql[place] != '$') return 0;
    const size_t number = ReadNumber(sql, &++place);
    place = SkipSpaces(sql, place);
    if (place == sql.size() || sql[place] != ')') return 0;
    *end = place + 1;
    return number;
  }
  return 0;
}

}  // namespace

std::string CompareWithElements(std::string_view sql, std::vector<size_t>* numbers) {
  std::string result;
  for (size_t i = 0; i < sql.size();) {
    size_t end = SkipQuoted(sql, i);
    size_t number = 0;
    if (end == i) number = QuantifiedParameter(sql, i, &end);
    if (number > 0) {
      numbers->push_back(number);
      result += fmt::format("(${})", number);
    } else {
      end = std::max(end, i + 1);
      result += sql.substr(i, end - i);
    }
    i = end;
  }
  return result;
}

void DuckValueDeleter::operator()(void* value) const {
  auto* handle = static_cast<duckdb_value>(value);
  duckdb_destroy_value(&handle);
}

namespace {

// Values and, in a row, what DuckDB knows them by.
class DuckValues {
 public:
  void Add(DuckValue value) {
    handles_.push_back(value.get());
    owned_.push_back(std::move(value));
  }
  duckdb_value* data() { return handles_.data(); }
  size_t size() const { return handles_.size(); }

 private:
  std::vector<DuckValue> owned_;
  std::vector<duckdb_value> handles_;
};

}  // namespace

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
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
      return DuckValue(duckdb_create_interval(ToDuckInterval(value.as_int(), type)));
    case TypeKind::kInterval: {
      const data::Interval interval = data::UnpackInterval(value.as_decimal());
      return DuckValue(duckdb_create_interval({interval.months, interval.days, interval.micros}));
    }
    case TypeKind::kArray: {
      DuckValues elements;
      for (const data::Value& element : value.as_list()) elements.Add(ToDuckValue(element, type.element()));
      const LogicalType element_type = ToDuckType(type.element());
      return DuckValue(duckdb_create_list_value(element_type.get(), elements.data(), elements.size()));
    }
    case TypeKind::kMap:
    case TypeKind::kMultiset: {
      DuckValues keys;
      DuckValues values;
      for (const data::Value& entry : value.as_list()) {
        keys.Add(ToDuckValue(entry.as_list()[0], type.fields()[0].type));
        values.Add(ToDuckValue(entry.as_list()[1], type.fields()[1].type));
      }
      const LogicalType map_type = ToDuckType(type);
      return DuckValue(duckdb_create_map_value(map_type.get(), keys.data(), values.data(), keys.size()));
    }
    case TypeKind::kRow: {
      DuckValues fields;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        fields.Add(ToDuckValue(value.as_list()[i], type.fields()[i].type));
      }
      const LogicalType row_type = ToDuckType(type);
      return DuckValue(duckdb_create_struct_value(row_type.get(), fields.data()));
    }
    case TypeKind::kNull:
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return DuckValue(duckdb_create_varchar_length(value.as_string().data(), value.as_string().size()));
  }
  MR_UNREACHABLE();
}

}  // namespace millrace::query
