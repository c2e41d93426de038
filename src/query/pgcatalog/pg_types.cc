#include "query/pgcatalog/pg_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "query/pgcatalog/pg_type_text.h"
#include "query/pgcatalog/words.h"

namespace millrace::query::pgcatalog {
namespace {

using data::DataType;
using data::TypeKind;

std::vector<BuiltinType> ReadTypes() {
  std::vector<BuiltinType> types;
  for (std::string_view text = BuiltinTypeText();;) {
    const std::string_view oid = TakeWord(&text);
    if (oid.empty()) return types;
    BuiltinType type{};
    type.oid = NumberOf<uint32_t>(oid);
    type.name = TakeWord(&text);
    type.length = NumberOf<int16_t>(TakeWord(&text));
    type.by_value = TakeWord(&text) == "t";
    type.type = TakeWord(&text)[0];
    type.category = TakeWord(&text)[0];
    type.preferred = TakeWord(&text) == "t";
    type.element = NumberOf<uint32_t>(TakeWord(&text));
    type.array = NumberOf<uint32_t>(TakeWord(&text));
    type.alignment = TakeWord(&text)[0];
    type.storage = TakeWord(&text)[0];
    type.collation = NumberOf<uint32_t>(TakeWord(&text));
    type.input = NumberOf<uint32_t>(TakeWord(&text));
    type.output = NumberOf<uint32_t>(TakeWord(&text));
    type.receive = NumberOf<uint32_t>(TakeWord(&text));
    type.send = NumberOf<uint32_t>(TakeWord(&text));
    types.push_back(type);
  }
}

// What the standard calls a type; it stands before or around the typmod.
struct StandardName {
  uint32_t oid;
  std::string_view name;
  std::string_view suffix = {};  // behind the typmod
};
constexpr StandardName kStandardNames[] = {
    {16, "boolean"},
    {18, "\"char\""},
    {20, "bigint"},
    {21, "smallint"},
    {23, "integer"},
    {700, "real"},
    {701, "double precision"},
    {1042, "character"},
    {1043, "character varying"},
    {1083, "time", " without time zone"},
    {1114, "timestamp", " without time zone"},
    {1184, "timestamp", " with time zone"},
    {1266, "time", " with time zone"},
    {1560, "bit"},
    {1562, "bit varying"},
    {1700, "numeric"},
};

// Other names that SQL texts use.
constexpr StandardName kAliases[] = {{23, "int"},    {700, "float4"},   {701, "float8"},
                                     {701, "float"}, {1700, "decimal"}, {1043, "char varying"},
                                     {1042, "char"}, {25, "string"}};

std::string TypmodText(uint32_t oid, int32_t typmod) {
  if (typmod < 0) return "";
  switch (oid) {
    case 1042:
    case 1043:
      return fmt::format("({})", typmod - 4);
    case 1700:
      return fmt::format("({},{})", (typmod - 4) >> 16, (typmod - 4) & 0x7ff);
    case 1083:
    case 1114:
    case 1184:
    case 1266:
    case 1560:
    case 1562:
      return fmt::format("({})", typmod);
    default:
      return "";
  }
}

}  // namespace

std::span<const BuiltinType> BuiltinTypes() {
  static const std::vector<BuiltinType> types = ReadTypes();
  return types;
}

std::span<const TypeFunction> TypeFunctions() {
  static const std::vector<TypeFunction> functions = [] {
    std::vector<TypeFunction> read;
    for (std::string_view text = TypeFunctionText();;) {
      const std::string_view oid = TakeWord(&text);
      if (oid.empty()) return read;
      read.push_back({NumberOf<uint32_t>(oid), TakeWord(&text)});
    }
  }();
  return functions;
}

const BuiltinType* FindType(uint32_t oid) {
  const auto types = BuiltinTypes();
  const auto found = std::ranges::lower_bound(types, oid, {}, &BuiltinType::oid);
  return found != types.end() && found->oid == oid ? &*found : nullptr;
}

const BuiltinType* FindTypeByName(std::string_view name) {
  if (name.ends_with("[]")) {
    const BuiltinType* element = FindTypeByName(name.substr(0, name.size() - 2));
    return element == nullptr ? nullptr : FindType(element->array);
  }
  const auto types = BuiltinTypes();
  const auto found = std::ranges::find(types, name, &BuiltinType::name);
  if (found != types.end() && name != "char") return &*found;
  for (const StandardName& known : kStandardNames) {
    const bool whole = name.starts_with(known.name) && name.substr(known.name.size()) == known.suffix;
    if (whole || (name == known.name && known.oid != 1184 && known.oid != 1266)) return FindType(known.oid);
  }
  for (const StandardName& known : kAliases) {
    if (name == known.name) return FindType(known.oid);
  }
  return nullptr;
}

std::string FormatType(uint32_t oid, int32_t typmod) {
  const BuiltinType* type = FindType(oid);
  if (type == nullptr) return oid == 0 ? "-" : "???";
  // int2vector and oidvector have elements too, but names of their own.
  if (type->element != 0 && type->length == -1 && type->name.starts_with('_')) {
    return FormatType(type->element, typmod) + "[]";
  }
  for (const StandardName& known : kStandardNames) {
    if (known.oid == oid) return fmt::format("{}{}{}", known.name, TypmodText(oid, typmod), known.suffix);
  }
  return std::string(type->name);
}

PgType PgTypeOf(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return {16, -1};
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
      return {21, -1};
    case TypeKind::kInt:
      return {23, -1};
    case TypeKind::kBigInt:
      return {20, -1};
    case TypeKind::kDecimal:
      return {1700, ((type.precision() << 16) | type.scale()) + 4};
    case TypeKind::kFloat:
      return {700, -1};
    case TypeKind::kDouble:
      return {701, -1};
    case TypeKind::kChar:
      return {1042, static_cast<int32_t>(type.length()) + 4};
    case TypeKind::kVarchar:
      if (type.length() > 10'485'760) return {25, -1};  // the longest that PostgreSQL's varchar(n) can say
      return {1043, static_cast<int32_t>(type.length()) + 4};
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return {17, -1};
    case TypeKind::kDate:
      return {1082, -1};
    case TypeKind::kTime:
      return {1083, type.precision() == 6 ? -1 : type.precision()};
    case TypeKind::kTimestamp:
      return {1114, type.precision() == 6 ? -1 : type.precision()};
    case TypeKind::kTimestampLtz:
      return {1184, type.precision() == 6 ? -1 : type.precision()};
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval:
      return {1186, -1};
    case TypeKind::kArray: {
      const PgType element = PgTypeOf(type.element());
      const BuiltinType* builtin = FindType(element.oid);
      // An array of arrays is one of the same type in PostgreSQL.
      return {builtin->array != 0 ? builtin->array : element.oid, element.typmod};
    }
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      return {114, -1};
    case TypeKind::kNull:
      return {25, -1};
  }
  return {25, -1};
}

}  // namespace millrace::query::pgcatalog
