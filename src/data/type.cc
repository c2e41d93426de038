#include "data/type.h"

#include <fmt/format.h>

#include "base/check.h"

namespace millrace::data {

DataType DataType::Decimal(int precision, int scale) {
  MR_CHECK(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision);
  DataType type(TypeKind::kDecimal);
  type.precision_ = static_cast<uint8_t>(precision);
  type.scale_ = static_cast<uint8_t>(scale);
  return type;
}

DataType DataType::AnyDecimal() {
  return DataType(TypeKind::kDecimal);
}

namespace {
const std::vector<RowField> kNoFields;
}

#define MR_LENGTH_TYPE(Name)                 \
  DataType DataType::Name(uint32_t length) { \
    DataType type(TypeKind::k##Name);        \
    type.length_ = length;                   \
    return type;                             \
  }
MR_LENGTH_TYPE(Char)
MR_LENGTH_TYPE(Varchar)
MR_LENGTH_TYPE(Binary)
MR_LENGTH_TYPE(Varbinary)
#undef MR_LENGTH_TYPE

#define MR_PRECISION_TYPE(Name)                        \
  DataType DataType::Name(int precision) {             \
    MR_CHECK(precision >= 0 && precision <= 6);        \
    DataType type(TypeKind::k##Name);                  \
    type.precision_ = static_cast<uint8_t>(precision); \
    return type;                                       \
  }
MR_PRECISION_TYPE(Time)
MR_PRECISION_TYPE(Timestamp)
MR_PRECISION_TYPE(TimestampLtz)
#undef MR_PRECISION_TYPE

DataType DataType::Array(DataType element) {
  DataType type(TypeKind::kArray);
  type.fields_ =
      std::make_shared<const std::vector<RowField>>(std::vector<RowField>{{"element", std::move(element)}});
  return type;
}

DataType DataType::Map(DataType key, DataType value) {
  DataType type(TypeKind::kMap);
  type.fields_ = std::make_shared<const std::vector<RowField>>(
      std::vector<RowField>{{"key", std::move(key)}, {"value", std::move(value)}});
  return type;
}

DataType DataType::Multiset(DataType element) {
  DataType type(TypeKind::kMultiset);
  type.fields_ = std::make_shared<const std::vector<RowField>>(
      std::vector<RowField>{{"element", std::move(element)}, {"count", Int().NotNull()}});
  return type;
}

DataType DataType::Row(std::vector<RowField> fields) {
  DataType type(TypeKind::kRow);
  type.fields_ = std::make_shared<const std::vector<RowField>>(std::move(fields));
  return type;
}

DataType DataType::WithNullable(bool nullable) const {
  DataType type = *this;
  type.nullable_ = nullable;
  return type;
}

const std::vector<RowField>& DataType::fields() const {
  return fields_ ? *fields_ : kNoFields;
}

const DataType& DataType::element() const {
  MR_CHECK(kind_ == TypeKind::kArray || kind_ == TypeKind::kMultiset);
  return (*fields_)[0].type;
}

const DataType& DataType::key_type() const {
  MR_CHECK(kind_ == TypeKind::kMap);
  return (*fields_)[0].type;
}

const DataType& DataType::value_type() const {
  MR_CHECK(kind_ == TypeKind::kMap);
  return (*fields_)[1].type;
}

PhysicalType DataType::physical() const {
  switch (kind_) {
    case TypeKind::kNull:
    case TypeKind::kBoolean:
      return PhysicalType::kBool;
    case TypeKind::kTinyInt:
      return PhysicalType::kInt8;
    case TypeKind::kSmallInt:
      return PhysicalType::kInt16;
    case TypeKind::kInt:
    case TypeKind::kDate:
      return PhysicalType::kInt32;
    case TypeKind::kBigInt:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
      return PhysicalType::kInt64;
    case TypeKind::kInterval:
      return PhysicalType::kInt128;
    case TypeKind::kDecimal:
      if (IsAnyDecimal()) return PhysicalType::kString;
      return precision_ <= 18 ? PhysicalType::kInt64 : PhysicalType::kInt128;
    case TypeKind::kFloat:
      return PhysicalType::kFloat;
    case TypeKind::kDouble:
      return PhysicalType::kDouble;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return PhysicalType::kString;
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      return PhysicalType::kList;
    case TypeKind::kRow:
      return PhysicalType::kRow;
  }
  MR_UNREACHABLE();
}

size_t PhysicalSize(PhysicalType type) {
  switch (type) {
    case PhysicalType::kBool:
    case PhysicalType::kInt8:
      return 1;
    case PhysicalType::kInt16:
      return 2;
    case PhysicalType::kInt32:
    case PhysicalType::kFloat:
      return 4;
    case PhysicalType::kInt64:
    case PhysicalType::kDouble:
      return 8;
    case PhysicalType::kInt128:
    case PhysicalType::kString:
    case PhysicalType::kList:
      return 16;
    case PhysicalType::kRow:
      return 0;
  }
  MR_UNREACHABLE();
}

namespace {

std::string BareName(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kNull:
      return "NULL";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kTinyInt:
      return "TINYINT";
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInt:
      return "INT";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kDecimal:
      if (type.IsAnyDecimal()) return "DECIMAL";
      return fmt::format("DECIMAL({}, {})", type.precision(), type.scale());
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kChar:
      return fmt::format("CHAR({})", type.length());
    case TypeKind::kVarchar:
      return type.length() == kMaxLength ? "STRING" : fmt::format("VARCHAR({})", type.length());
    case TypeKind::kBinary:
      return fmt::format("BINARY({})", type.length());
    case TypeKind::kVarbinary:
      return type.length() == kMaxLength ? "BYTES" : fmt::format("VARBINARY({})", type.length());
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return fmt::format("TIME({})", type.precision());
    case TypeKind::kTimestamp:
      return fmt::format("TIMESTAMP({})", type.precision());
    case TypeKind::kTimestampLtz:
      return fmt::format("TIMESTAMP_LTZ({})", type.precision());
    case TypeKind::kIntervalYearMonth:
      return "INTERVAL YEAR TO MONTH";
    case TypeKind::kIntervalDayTime:
      return "INTERVAL DAY TO SECOND";
    case TypeKind::kInterval:
      return "INTERVAL";
    case TypeKind::kArray:
      return fmt::format("ARRAY<{}>", type.element().ToString());
    case TypeKind::kMultiset:
      return fmt::format("MULTISET<{}>", type.element().ToString());
    case TypeKind::kMap:
      return fmt::format("MAP<{}, {}>", type.key_type().ToString(), type.value_type().ToString());
    case TypeKind::kRow: {
      std::string text = "ROW<";
      for (size_t i = 0; i < type.fields().size(); ++i) {
        if (i > 0) text += ", ";
        text += fmt::format("`{}` {}", type.fields()[i].name, type.fields()[i].type.ToString());
      }
      return text + ">";
    }
  }
  MR_UNREACHABLE();
}

}  // namespace

std::string DataType::ToString() const {
  std::string text = BareName(*this);
  if (!nullable_ && kind_ != TypeKind::kNull) text += " NOT NULL";
  return text;
}

bool DataType::SameAs(const DataType& other) const {
  if (kind_ != other.kind_ || precision_ != other.precision_ || scale_ != other.scale_ ||
      length_ != other.length_) {
    return false;
  }
  const auto& a = fields();
  const auto& b = other.fields();
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!a[i].type.SameAs(b[i].type)) return false;
    if (kind_ == TypeKind::kRow && a[i].name != b[i].name) return false;
  }
  return true;
}

}  // namespace millrace::data
