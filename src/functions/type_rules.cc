#include "functions/type_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "functions/registry.h"

namespace millrace::functions {

using data::DataType;
using data::TypeKind;

DataType AsDecimal(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return DataType::Decimal(3, 0);
    case TypeKind::kSmallInt:
      return DataType::Decimal(5, 0);
    case TypeKind::kInt:
      return DataType::Decimal(10, 0);
    case TypeKind::kBigInt:
      return DataType::Decimal(19, 0);
    case TypeKind::kDecimal:
      return type;
    default:
      MR_UNREACHABLE();
  }
}

namespace {

constexpr int kMinimumScale = 6;

DataType Adjusted(int precision, int scale) {
  constexpr int kMost = limits::kDecimalPrecisionMax;
  if (precision <= kMost) return DataType::Decimal(precision, scale);
  const int integer_digits = precision - scale;
  return DataType::Decimal(kMost, std::max(kMost - integer_digits, std::min(scale, kMinimumScale)));
}

}  // namespace

DataType DecimalSumType(const DataType& a, const DataType& b) {
  const int scale = std::max(a.scale(), b.scale());
  return Adjusted(std::max(a.precision() - a.scale(), b.precision() - b.scale()) + scale + 1, scale);
}

DataType DecimalProductType(const DataType& a, const DataType& b) {
  return Adjusted(a.precision() + b.precision() + 1, a.scale() + b.scale());
}

DataType DecimalQuotientType(const DataType& a, const DataType& b) {
  const int scale = std::max(kMinimumScale, a.scale() + b.precision() + 1);
  return Adjusted(a.precision() - a.scale() + b.scale() + scale, scale);
}

DataType DecimalRemainderType(const DataType& a, const DataType& b) {
  const int scale = std::max(a.scale(), b.scale());
  return Adjusted(std::min(a.precision() - a.scale(), b.precision() - b.scale()) + scale, scale);
}

namespace {

std::optional<DataType> CommonNumeric(const DataType& a, const DataType& b) {
  if (a.IsApproximate() || b.IsApproximate()) {
    const bool is_double = a.kind() == TypeKind::kDouble || b.kind() == TypeKind::kDouble ||
                           a.kind() == TypeKind::kDecimal || b.kind() == TypeKind::kDecimal;
    return is_double ? DataType::Double() : DataType::Float();
  }
  if (a.IsInteger() && b.IsInteger()) return a.kind() >= b.kind() ? a : b;
  const DataType x = AsDecimal(a);
  const DataType y = AsDecimal(b);
  const int scale = std::max(x.scale(), y.scale());
  return Adjusted(std::max(x.precision() - x.scale(), y.precision() - y.scale()) + scale, scale);
}

std::optional<DataType> CommonDatetime(const DataType& a, const DataType& b) {
  const int precision = std::max(a.precision(), b.precision());
  if (a.kind() == b.kind()) {
    switch (a.kind()) {
      case TypeKind::kDate:
        return DataType::Date();
      case TypeKind::kTime:
        return DataType::Time(precision);
      case TypeKind::kTimestamp:
        return DataType::Timestamp(precision);
      default:
        return DataType::TimestampLtz(precision);
    }
  }
  if (a.kind() == TypeKind::kTimestampLtz || b.kind() == TypeKind::kTimestampLtz) {
    return DataType::TimestampLtz(precision);
  }
  if (a.kind() == TypeKind::kTimestamp || b.kind() == TypeKind::kTimestamp)
    return DataType::Timestamp(precision);
  return std::nullopt;  // DATE and TIME
}

std::optional<DataType> CommonNested(const DataType& a, const DataType& b) {
  const auto& fields_a = a.fields();
  const auto& fields_b = b.fields();
  if (a.kind() != b.kind() || fields_a.size() != fields_b.size()) return std::nullopt;
  std::vector<data::RowField> fields;
  for (size_t i = 0; i < fields_a.size(); ++i) {
    auto field = CommonTypeOf(fields_a[i].type, fields_b[i].type);
    if (!field) return std::nullopt;
    fields.push_back({fields_a[i].name, *field});
  }
  switch (a.kind()) {
    case TypeKind::kArray:
      return DataType::Array(fields[0].type);
    case TypeKind::kMap:
      return DataType::Map(fields[0].type, fields[1].type);
    case TypeKind::kMultiset:
      return DataType::Multiset(fields[0].type);
    default:
      return DataType::Row(std::move(fields));
  }
}

std::optional<DataType> CommonBare(const DataType& a, const DataType& b) {
  if (a.kind() == TypeKind::kNull) return b;
  if (b.kind() == TypeKind::kNull || a.SameAs(b)) return a;
  if (a.IsNumeric() && b.IsNumeric()) return CommonNumeric(a, b);
  if (a.IsCharacter() && b.IsCharacter()) return DataType::Varchar(std::max(a.length(), b.length()));
  if (a.IsBinary() && b.IsBinary()) return DataType::Varbinary(std::max(a.length(), b.length()));
  if (a.IsDatetime() && b.IsDatetime()) return CommonDatetime(a, b);
  if (a.IsNested()) return CommonNested(a, b);
  return std::nullopt;
}

}  // namespace

std::optional<DataType> CommonTypeOf(const DataType& a, const DataType& b) {
  auto common = CommonBare(a, b);
  if (common) common = common->WithNullable(a.nullable() || b.nullable());
  return common;
}

Result<DataType> CommonType(std::span<const DataType> types) {
  if (types.empty()) return DataType::Null();
  DataType common = types[0];
  for (const DataType& type : types.subspan(1)) {
    const auto wider = CommonTypeOf(common, type);
    if (!wider) {
      return Fail(ErrorCode::kDatatypeMismatch,
                  fmt::format("{} and {} have no common type", common.WithNullable(true).ToString(),
                              type.WithNullable(true).ToString()),
                  "CAST one of them to the type of the other");
    }
    common = *wider;
  }
  return common;
}

bool CanCoerce(const DataType& from, const DataType& to) {
  if (from.kind() == TypeKind::kNull || from.SameAs(to)) return true;
  if (from.IsNumeric() && to.IsNumeric()) {
    if (to.IsInteger()) return from.IsInteger() && from.kind() <= to.kind();
    if (to.kind() == TypeKind::kDecimal) return !from.IsApproximate();
    return from.kind() != TypeKind::kDouble || to.kind() == TypeKind::kDouble;
  }
  if ((from.IsCharacter() && to.IsCharacter()) || (from.IsBinary() && to.IsBinary())) return true;
  if (from.IsTimestamp() && to.IsDatetime()) return true;
  if (from.IsDatetime() && to.IsTimestamp()) return true;
  if (from.kind() == to.kind() && from.kind() == TypeKind::kTime) return true;
  if (from.IsNested() && from.kind() == to.kind() && from.fields().size() == to.fields().size()) {
    for (size_t i = 0; i < from.fields().size(); ++i) {
      if (!CanCoerce(from.fields()[i].type, to.fields()[i].type)) return false;
    }
    return true;
  }
  return false;
}

Result<ExprPtr> Coerce(ExprPtr expr, const DataType& type, const BindContext& context) {
  if (expr->type().SameAs(type)) return expr;
  if (!CanCoerce(expr->type(), type)) {
    return Fail(
        ErrorCode::kDatatypeMismatch,
        fmt::format("{} is {} where {} is needed", expr->ToString(),
                    expr->type().WithNullable(true).ToString(), type.WithNullable(true).ToString()),
        fmt::format("CAST({} AS {}) converts it", expr->ToString(), type.WithNullable(true).ToString()));
  }
  return MakeCast(std::move(expr), type, /*is_try=*/false, context);
}

}  // namespace millrace::functions
