#include "session/statement_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "data/datetime.h"
#include "data/decimal.h"
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

// What clients declare such a column's values as, and what says less about them.
bool IsLooserNameOf(const DataType& declared, const DataType& column) {
  if (column.IsInterval()) return declared.kind() == TypeKind::kInterval;
  // JSON is declared as json, which is STRING here.
  const bool is_object = column.IsNested() && column.kind() != TypeKind::kArray;
  return is_object && declared.IsCharacter();
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
    if (declared[i].has_value() && !IsLooserNameOf(*declared[i], types[i])) types[i] = *declared[i];
  }
  return types;
}

namespace {

// How many digits stand before and behind the point.
struct Digits {
  int whole = 0;
  int fraction = 0;
};

// Takes the texts of the value, one decimal or an ARRAY of them, into account.
Status CountDigits(const data::Value& value, const DataType& type, Digits* digits) {
  if (value.is_null()) return {};
  if (type.kind() == TypeKind::kArray) {
    for (const data::Value& element : value.as_list()) {
      MR_TRY(CountDigits(element, type.element(), digits));
    }
    return {};
  }
  MR_ASSIGN(const data::ExactDecimal exact, data::ParseExactDecimal(value.as_string()));
  digits->whole = std::max(digits->whole, exact.precision - exact.scale);
  digits->fraction = std::max(digits->fraction, exact.scale);
  return {};
}

// The value with decimals of this precision and scale, which they fit.
data::Value FixValue(const data::Value& value, const DataType& type) {
  if (value.is_null()) return value;
  if (type.kind() == TypeKind::kArray) {
    data::Value::List elements;
    for (const data::Value& element : value.as_list()) elements.push_back(FixValue(element, type.element()));
    return data::Value::MakeList(std::move(elements));
  }
  const auto unscaled = data::ParseDecimal(value.as_string(), type.precision(), type.scale());
  return unscaled.has_value() ? data::Value::Decimal(*unscaled) : data::Value::Null();
}

DataType FixType(const DataType& type, const DataType& decimal) {
  if (type.kind() == TypeKind::kArray) return DataType::Array(FixType(type.element(), decimal));
  return decimal;
}

}  // namespace

Result<FixedDecimals> FixDecimals(std::vector<data::Value> values, std::vector<DataType> types) {
  constexpr int kPrecisionMax = 38;
  FixedDecimals arguments{std::move(values), std::move(types)};
  for (size_t i = 0; i < arguments.types.size(); ++i) {
    DataType& type = arguments.types[i];
    if (!query::HasAnyDecimal(type)) continue;
    Digits digits;
    MR_TRY(CountDigits(arguments.values[i], type, &digits));
    if (digits.whole + digits.fraction > kPrecisionMax) {
      return Fail(
          ErrorCode::kNumericOutOfRange,
          fmt::format("parameter ${}: its elements have {} digits before the point and {} behind it, more "
                      "than the {} of DECIMAL",
                      i + 1, digits.whole, digits.fraction, kPrecisionMax));
    }
    type = FixType(type, DataType::Decimal(std::max(1, digits.whole + digits.fraction), digits.fraction));
    arguments.values[i] = FixValue(arguments.values[i], type);
  }
  return arguments;
}

namespace {

// An array literal needs an element that tells its type.
std::string EmptyArray(const DataType& element) {
  const std::string null = fmt::format("CAST(NULL AS {})", element.WithNullable(true).ToString());
  return fmt::format("ARRAY_REMOVE(ARRAY[{}], {})", null, null);
}

std::string DayTimeLiteral(int64_t micros) {
  const uint64_t magnitude = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  constexpr auto kDay = static_cast<uint64_t>(data::kMicrosPerDay);
  std::string time;
  data::AppendTime(static_cast<int64_t>(magnitude % kDay), 6, &time);
  return fmt::format("INTERVAL '{}{} {}' DAY TO SECOND", micros < 0 ? "-" : "", magnitude / kDay, time);
}

}  // namespace

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
      if (value.as_list().empty()) return EmptyArray(type.element());
      std::string text;
      for (const data::Value& element : value.as_list()) {
        text += (text.empty() ? "" : ", ") + LiteralText(element, type.element(), zone);
      }
      return "ARRAY[" + text + "]";
    }
    case TypeKind::kIntervalYearMonth: {
      const int64_t months = std::abs(value.as_int());
      return fmt::format("INTERVAL '{}{}-{}' YEAR TO MONTH", value.as_int() < 0 ? "-" : "", months / 12,
                         months % 12);
    }
    case TypeKind::kIntervalDayTime:
      return DayTimeLiteral(value.as_int());
    case TypeKind::kMap: {
      if (value.as_list().empty()) {
        return fmt::format("MAP_FROM_ARRAYS({}, {})", EmptyArray(type.key_type()),
                           EmptyArray(type.value_type()));
      }
      std::string text;
      for (const data::Value& entry : value.as_list()) {
        text += fmt::format("{}{}, {}", text.empty() ? "" : ", ",
                            LiteralText(entry.as_list()[0], type.key_type(), zone),
                            LiteralText(entry.as_list()[1], type.value_type(), zone));
      }
      return fmt::format("MAP[{}]", text);
    }
    case TypeKind::kRow: {
      std::string text;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        text += (i > 0 ? ", " : "") + LiteralText(value.as_list()[i], type.fields()[i].type, zone);
      }
      return fmt::format("ROW({})", text);
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
