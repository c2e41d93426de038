#include "server/pgwire/wire_type.h"

#include "base/check.h"

namespace millrace::server::pgwire {

using data::DataType;
using data::TypeKind;

namespace {

constexpr int32_t kHeaderBytes = 4;  // PostgreSQL counts the header of its values into modifiers

int32_t LengthModifier(uint32_t length) {
  constexpr uint32_t kPostgresLengthMax = 10'485'760;
  return length <= kPostgresLengthMax ? static_cast<int32_t>(length) + kHeaderBytes : -1;
}

WireType ScalarWireType(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return {oid::kBool, 1, -1};
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
      return {oid::kInt2, 2, -1};
    case TypeKind::kInt:
      return {oid::kInt4, 4, -1};
    case TypeKind::kBigInt:
      return {oid::kInt8, 8, -1};
    case TypeKind::kDecimal:
      if (type.IsAnyDecimal()) return {oid::kNumeric, -1, -1};
      return {oid::kNumeric, -1, ((type.precision() << 16) | type.scale()) + kHeaderBytes};
    case TypeKind::kFloat:
      return {oid::kFloat4, 4, -1};
    case TypeKind::kDouble:
      return {oid::kFloat8, 8, -1};
    case TypeKind::kChar:
      return {oid::kBpchar, -1, LengthModifier(type.length())};
    case TypeKind::kVarchar:
      if (type.length() == data::kMaxLength) return {oid::kText, -1, -1};
      return {oid::kVarchar, -1, LengthModifier(type.length())};
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return {oid::kBytea, -1, -1};
    case TypeKind::kDate:
      return {oid::kDate, 4, -1};
    case TypeKind::kTime:
      return {oid::kTime, 8, type.precision()};
    case TypeKind::kTimestamp:
      return {oid::kTimestamp, 8, type.precision()};
    case TypeKind::kTimestampLtz:
      return {oid::kTimestamptz, 8, type.precision()};
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kInterval:
      return {oid::kInterval, 16, -1};
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      return {oid::kJson, -1, -1};
    case TypeKind::kNull:
    case TypeKind::kArray:
      return {oid::kText, -1, -1};
  }
  MR_UNREACHABLE();
}

struct ArrayPair {
  uint32_t element;
  uint32_t array;
};
constexpr ArrayPair kArrays[] = {
    {oid::kBool, 1000},   {oid::kBytea, 1001},       {oid::kInt2, 1005},      {oid::kInt4, 1007},
    {oid::kText, 1009},   {oid::kBpchar, 1014},      {oid::kVarchar, 1015},   {oid::kInt8, 1016},
    {oid::kFloat4, 1021}, {oid::kFloat8, 1022},      {oid::kTimestamp, 1115}, {oid::kDate, 1182},
    {oid::kTime, 1183},   {oid::kTimestamptz, 1185}, {oid::kInterval, 1187},  {oid::kNumeric, 1231},
    {oid::kJson, 199},
};

std::optional<DataType> ScalarOf(uint32_t type) {
  switch (type) {
    case oid::kBool:
      return DataType::Boolean();
    case oid::kBytea:
      return DataType::Bytes();
    case oid::kInt8:
    case oid::kOid:
      return DataType::BigInt();
    case oid::kInt2:
      return DataType::SmallInt();
    case oid::kInt4:
      return DataType::Int();
    case oid::kFloat4:
      return DataType::Float();
    case oid::kFloat8:
      return DataType::Double();
    case oid::kText:
    case oid::kVarchar:
    case oid::kBpchar:
    case oid::kJson:
    case 18:    // "char"
    case 19:    // name
    case 2950:  // uuid
      return DataType::String();
    case oid::kDate:
      return DataType::Date();
    case oid::kTime:
      return DataType::Time(6);
    case oid::kTimestamp:
      return DataType::Timestamp(6);
    case oid::kTimestamptz:
      return DataType::TimestampLtz(6);
    case oid::kInterval:
      return DataType::Interval();
    case oid::kNumeric:
      return DataType::AnyDecimal();
    default:
      return std::nullopt;
  }
}

}  // namespace

const DataType& InnermostElement(const DataType& type) {
  const DataType* inner = &type;
  while (inner->kind() == TypeKind::kArray) inner = &inner->element();
  return *inner;
}

WireType WireTypeOf(const DataType& type) {
  if (type.kind() != TypeKind::kArray) return ScalarWireType(type);
  const WireType element = ScalarWireType(InnermostElement(type));
  for (const ArrayPair& pair : kArrays) {
    if (pair.element == element.oid) return {pair.array, -1, element.modifier};
  }
  MR_UNREACHABLE();
}

DeclaredType DeclaredTypeOf(uint32_t type) {
  if (type == 0 || type == oid::kUnknown) return {};
  for (const ArrayPair& pair : kArrays) {
    if (pair.array == type) return {true, DataType::Array(*ScalarOf(pair.element))};
  }
  std::optional<DataType> scalar = ScalarOf(type);
  const bool known = scalar.has_value();
  return {known, std::move(scalar)};
}

}  // namespace millrace::server::pgwire
