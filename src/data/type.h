// SQL types (Flink's logical types) and how their values lie in memory.
//
// A DataType is a small immutable value; nested parts are shared. Any thread may use one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::data {

enum class TypeKind : uint8_t {
  kNull,  // the type of an untyped NULL literal
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInt,
  kBigInt,
  kDecimal,  // precision 1..38, scale 0..precision; or open: DataType::AnyDecimal
  kFloat,
  kDouble,
  kChar,     // length in code points
  kVarchar,  // length in code points; STRING is VARCHAR(kMaxLength)
  kBinary,
  kVarbinary,  // BYTES is VARBINARY(kMaxLength)
  kDate,
  kTime,
  kTimestamp,     // without time zone; precision 0..6
  kTimestampLtz,  // an instant; shown in table.local-time-zone
  kIntervalYearMonth,
  kIntervalDayTime,
  kInterval,  // months, days and time, each for itself: DuckDB's and PostgreSQL's; of snapshot queries only
  kArray,
  kMap,
  kMultiset,  // element -> count
  kRow,
};

// Memory layout of one value; those that DuckDB has too are the same as its vectors'.
enum class PhysicalType : uint8_t {
  kBool,  // uint8_t, 0 or 1
  kInt8,
  kInt16,
  kInt32,   // INT; DATE: days since 1970-01-01
  kInt64,   // BIGINT; DECIMAL(p<=18): unscaled; TIME: µs of the day; TIMESTAMP(_LTZ): µs since
            // 1970-01-01 00:00:00; INTERVAL: months, or µs
  kInt128,  // DECIMAL(p>18): unscaled; INTERVAL with all parts: interval.h
  kFloat,
  kDouble,
  kString,  // StringRef, 16 bytes
  kList,    // ListEntry into children: ARRAY [elements]; MAP [keys, values]; MULTISET [elements, counts INT]
  kRow,     // no own values: one child column a field, each as long as the row column
};

inline constexpr uint32_t kMaxLength = 2147483647;

using Int128 = __int128;

struct RowField;

class DataType {
 public:
  DataType() = default;  // NULL

  static DataType Null() { return DataType(); }
  static DataType Boolean() { return DataType(TypeKind::kBoolean); }
  static DataType TinyInt() { return DataType(TypeKind::kTinyInt); }
  static DataType SmallInt() { return DataType(TypeKind::kSmallInt); }
  static DataType Int() { return DataType(TypeKind::kInt); }
  static DataType BigInt() { return DataType(TypeKind::kBigInt); }
  static DataType Float() { return DataType(TypeKind::kFloat); }
  static DataType Double() { return DataType(TypeKind::kDouble); }
  static DataType Decimal(int precision, int scale);
  // DECIMAL of whatever precision and scale a value has: of parameters and of results that hang on them,
  // before their values are known. Its values are texts such as "-1.50"; no stored column has it.
  static DataType AnyDecimal();
  static DataType Char(uint32_t length);
  static DataType Varchar(uint32_t length);
  static DataType String() { return Varchar(kMaxLength); }
  static DataType Binary(uint32_t length);
  static DataType Varbinary(uint32_t length);
  static DataType Bytes() { return Varbinary(kMaxLength); }
  static DataType Date() { return DataType(TypeKind::kDate); }
  static DataType Time(int precision = 0);
  static DataType Timestamp(int precision = 6);
  static DataType TimestampLtz(int precision = 6);
  static DataType IntervalYearMonth() { return DataType(TypeKind::kIntervalYearMonth); }
  static DataType IntervalDayTime() { return DataType(TypeKind::kIntervalDayTime); }
  static DataType Interval() { return DataType(TypeKind::kInterval); }
  static DataType Array(DataType element);
  static DataType Map(DataType key, DataType value);
  static DataType Multiset(DataType element);
  static DataType Row(std::vector<RowField> fields);

  TypeKind kind() const { return kind_; }
  PhysicalType physical() const;
  bool nullable() const { return nullable_; }
  DataType WithNullable(bool nullable) const;
  DataType NotNull() const { return WithNullable(false); }

  int precision() const { return precision_; }  // DECIMAL, TIME, TIMESTAMP(_LTZ)
  int scale() const { return scale_; }          // DECIMAL
  uint32_t length() const { return length_; }   // CHAR, VARCHAR, BINARY, VARBINARY

  // ARRAY and MULTISET: element at 0; MAP: key at 0, value at 1; ROW: one a field.
  const std::vector<RowField>& fields() const;
  const DataType& element() const;     // ARRAY, MULTISET
  const DataType& key_type() const;    // MAP
  const DataType& value_type() const;  // MAP

  bool IsAnyDecimal() const { return kind_ == TypeKind::kDecimal && precision_ == 0; }
  bool IsInteger() const { return kind_ >= TypeKind::kTinyInt && kind_ <= TypeKind::kBigInt; }
  bool IsNumeric() const { return kind_ >= TypeKind::kTinyInt && kind_ <= TypeKind::kDouble; }
  bool IsApproximate() const { return kind_ == TypeKind::kFloat || kind_ == TypeKind::kDouble; }
  bool IsCharacter() const { return kind_ == TypeKind::kChar || kind_ == TypeKind::kVarchar; }
  bool IsBinary() const { return kind_ == TypeKind::kBinary || kind_ == TypeKind::kVarbinary; }
  bool IsTimestamp() const { return kind_ == TypeKind::kTimestamp || kind_ == TypeKind::kTimestampLtz; }
  bool IsDatetime() const { return kind_ >= TypeKind::kDate && kind_ <= TypeKind::kTimestampLtz; }
  // One of Flink's two.
  bool IsInterval() const {
    return kind_ == TypeKind::kIntervalYearMonth || kind_ == TypeKind::kIntervalDayTime;
  }
  bool IsNested() const { return kind_ >= TypeKind::kArray; }

  // Flink's spelling, e.g. "DECIMAL(10, 2)", "TIMESTAMP(3) NOT NULL", "ROW<`a` INT>".
  std::string ToString() const;

  // Equal apart from nullability, at every depth.
  bool SameAs(const DataType& other) const;
  friend bool operator==(const DataType& a, const DataType& b) {
    return a.nullable_ == b.nullable_ && a.SameAs(b);
  }

 private:
  explicit DataType(TypeKind kind) : kind_(kind) {}

  TypeKind kind_ = TypeKind::kNull;
  bool nullable_ = true;
  uint8_t precision_ = 0;
  uint8_t scale_ = 0;
  uint32_t length_ = 0;
  std::shared_ptr<const std::vector<RowField>> fields_;
};

struct RowField {
  std::string name;
  DataType type;
};

// Bytes of one value in a column's value array; 0 for kRow.
size_t PhysicalSize(PhysicalType type);

}  // namespace millrace::data
