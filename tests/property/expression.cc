#include "property/expression.h"

#include <fmt/args.h>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::property {
namespace {

using data::DataType;
using data::TypeKind;

Expression Both(const char* pattern, const std::vector<Expression>& parts, DataType type) {
  fmt::dynamic_format_arg_store<fmt::format_context> flink;
  fmt::dynamic_format_arg_store<fmt::format_context> duck;
  for (const Expression& part : parts) {
    flink.push_back(part.flink);
    duck.push_back(part.duck);
  }
  return {fmt::vformat(pattern, flink), fmt::vformat(pattern, duck), std::move(type)};
}

// Each side in words of its own.
Expression Pair(const char* flink_pattern, const char* duck_pattern, const std::vector<Expression>& parts,
                DataType type) {
  Expression result = Both(flink_pattern, parts, type);
  result.duck = Both(duck_pattern, parts, type).duck;
  return result;
}

}  // namespace

Expression ExpressionMaker::Literal(const DataType& type) {
  const data::Value value = RandomValue(random_, type);
  return {FlinkLiteral(type, value), DuckLiteral(type, value), type};
}

Expression ExpressionMaker::ColumnOrLiteral(TypeKind kind) {
  std::vector<const Column*> fitting;
  for (const Column& column : columns_) {
    const bool small = kind != TypeKind::kDecimal || column.type.precision() <= 24;
    if (column.type.kind() == kind && small) fitting.push_back(&column);
  }
  if (!fitting.empty() && !random_.OneIn(6)) {
    const Column& column = *random_.Pick(fitting);
    return Expression::Same(column.name, column.type);
  }
  switch (kind) {
    case TypeKind::kDecimal:
      return Literal(DataType::Decimal(8, 2));
    case TypeKind::kVarchar:
      return Literal(DataType::String());
    case TypeKind::kBoolean:
      return Literal(DataType::Boolean());
    case TypeKind::kInt:
      return Literal(DataType::Int());
    case TypeKind::kBigInt:
      return Literal(DataType::BigInt());
    case TypeKind::kDouble:
      return Literal(DataType::Double());
    case TypeKind::kDate:
      return Literal(DataType::Date());
    case TypeKind::kTimestampLtz:
      return Literal(DataType::TimestampLtz(3));
    default:
      return Literal(DataType::Timestamp(3));
  }
}

Expression ExpressionMaker::Any(int depth) {
  const Column& column = random_.Pick(columns_);
  if (depth <= 0 || random_.OneIn(3)) return Expression::Same(column.name, column.type);
  return OfKind(random_.OneIn(3) ? RandomType(random_).kind() : column.type.kind(), depth);
}

Expression ExpressionMaker::OfKind(TypeKind kind, int depth) {
  if (depth <= 0) return ColumnOrLiteral(kind);
  if (random_.OneIn(6)) return Case(kind, depth - 1);
  switch (kind) {
    case TypeKind::kBoolean:
      return Condition(depth);
    case TypeKind::kInt:
      return Integer(depth - 1);
    case TypeKind::kBigInt:
      return Both("CAST({} AS BIGINT)", {Integer(depth - 1)}, DataType::BigInt());
    case TypeKind::kDecimal:
      return Decimal(depth - 1);
    case TypeKind::kVarchar:
      return Text(depth - 1);
    case TypeKind::kDouble:
      return Number(depth - 1);
    case TypeKind::kDate:
      return Date(depth - 1);
    case TypeKind::kTimestamp:
      return Timestamp(depth - 1);
    default:
      return ColumnOrLiteral(kind);
  }
}

Expression ExpressionMaker::Integer(int depth) {
  const DataType type = DataType::Int();
  const auto part = [&] { return OfKind(TypeKind::kInt, depth); };
  switch (random_.Below(11)) {
    case 0:
      return Both("({} + {})", {part(), ColumnOrLiteral(TypeKind::kInt)}, type);
    case 1:
      return Both("({} - {})", {part(), ColumnOrLiteral(TypeKind::kInt)}, type);
    case 2:
      return Both(random_.OneIn(2) ? "({} * 3)" : "({} * -2)", {part()}, type);
    case 3:
      // Truncates on both sides.
      return Pair("({} / 4)", "CAST(trunc(CAST({} AS DOUBLE) / 4) AS INTEGER)", {part()}, type);
    case 4:
      return Both("MOD({}, 5)", {part()}, type);
    case 5:
      return Both("ABS({})", {part()}, type);
    case 6:
      return Pair("CHAR_LENGTH({})", "CAST(length({}) AS INTEGER)", {OfKind(TypeKind::kVarchar, depth)},
                  type);
    case 7: {
      const char* unit = random_.Pick({"YEAR", "MONTH", "DAY"});
      const Expression date = OfKind(random_.OneIn(2) ? TypeKind::kDate : TypeKind::kTimestamp, depth);
      return {fmt::format("CAST(EXTRACT({} FROM {}) AS INT)", unit, date.flink),
              fmt::format("CAST(EXTRACT({} FROM {}) AS INTEGER)", unit, date.duck), type};
    }
    case 8:
      return Pair("CAST({} AS INT)", "CAST(trunc({}) AS INTEGER)",
                  {ColumnOrLiteral(random_.OneIn(2) ? TypeKind::kDecimal : TypeKind::kDouble)}, type);
    case 9:
      return Both("NULLIF({}, {})", {part(), ColumnOrLiteral(TypeKind::kInt)}, type);
    default:
      return Both("COALESCE({}, {})", {part(), ColumnOrLiteral(TypeKind::kInt)}, type);
  }
}

Expression ExpressionMaker::Decimal(int depth) {
  const Expression a = ColumnOrLiteral(TypeKind::kDecimal);
  const int digits = a.type.precision() - a.type.scale();
  (void)depth;
  switch (random_.Below(6)) {
    case 0: {
      const Expression b = Literal(DataType::Decimal(6, 3));
      const int scale = std::max(a.type.scale(), 3);
      const DataType type = DataType::Decimal(std::min(38, std::max(digits, 3) + scale + 1), scale);
      return Both(random_.OneIn(2) ? "({} + {})" : "({} - {})", {a, b}, type);
    }
    case 1:
      return Both("({} * {})", {a, Literal(DataType::Decimal(5, 2))},
                  DataType::Decimal(std::min(38, a.type.precision() + 5), a.type.scale() + 2));
    case 2:
      return Both("CAST({} AS DECIMAL(20, 1))", {a}, DataType::Decimal(20, 1));
    case 3:
      return Both("ABS({})", {a}, a.type);
    case 4:
      return Both("CAST({} AS DECIMAL(14, 2))", {ColumnOrLiteral(TypeKind::kInt)}, DataType::Decimal(14, 2));
    default:
      return Both("(-{})", {a}, a.type);
  }
}

Expression ExpressionMaker::Text(int depth) {
  const DataType type = DataType::String();
  const auto part = [&] { return OfKind(TypeKind::kVarchar, depth); };
  switch (random_.Below(10)) {
    case 0:
      return Both("UPPER({})", {part()}, type);
    case 1:
      return Both("LOWER({})", {part()}, type);
    case 2:
      return Pair("SUBSTRING({} FROM 2 FOR 3)", "substring({}, 2, 3)", {part()}, type);
    case 3:
      return Pair("CONCAT({}, {})", "({} || {})", {part(), ColumnOrLiteral(TypeKind::kVarchar)}, type);
    case 4:
      return Both("({} || {})", {part(), ColumnOrLiteral(TypeKind::kVarchar)}, type);
    case 5:
      return Both("REPLACE({}, 'a', 'xy')", {part()}, type);
    case 6:
      return Pair("CAST({} AS STRING)", "CAST({} AS VARCHAR)",
                  {ColumnOrLiteral(random_.OneIn(2) ? TypeKind::kInt : TypeKind::kDecimal)}, type);
    case 7:
      return Pair("DATE_FORMAT({}, 'yyyy-MM-dd HH')", "strftime({}, '%Y-%m-%d %H')",
                  {OfKind(TypeKind::kTimestamp, depth)}, type);
    case 8:
      return Both("REVERSE({})", {part()}, type);
    default:
      return Both("COALESCE({}, {})", {part(), ColumnOrLiteral(TypeKind::kVarchar)}, type);
  }
}

Expression ExpressionMaker::Number(int depth) {
  const DataType type = DataType::Double();
  const auto part = [&] { return OfKind(TypeKind::kDouble, depth); };
  // Nothing that makes a -0.0, which groups may or may not tell from 0.0.
  switch (random_.Below(3)) {
    case 0:
      return Both("({} + {})", {part(), ColumnOrLiteral(TypeKind::kDouble)}, type);
    case 1:
      return Both("(CAST({} AS DOUBLE) / 4)", {ColumnOrLiteral(TypeKind::kInt)}, type);
    default:
      return Both("ABS({})", {part()}, type);
  }
}

Expression ExpressionMaker::Date(int depth) {
  if (random_.OneIn(2)) {
    return Both("CAST({} AS DATE)", {OfKind(TypeKind::kTimestamp, depth)}, DataType::Date());
  }
  return Pair("({} + INTERVAL '3' DAY)", "CAST(({} + INTERVAL '3' DAY) AS DATE)",
              {ColumnOrLiteral(TypeKind::kDate)}, DataType::Date());
}

Expression ExpressionMaker::Timestamp(int depth) {
  const DataType type = DataType::Timestamp(3);
  const bool has_ltz = std::any_of(columns_.begin(), columns_.end(), [](const Column& column) {
    return column.type.kind() == TypeKind::kTimestampLtz;
  });
  if (has_ltz && random_.OneIn(2)) {
    return Pair("CAST({} AS TIMESTAMP(3))", "make_timestamp(local_ms_(epoch_ms({})) * 1000)",
                {ColumnOrLiteral(TypeKind::kTimestampLtz)}, type);
  }
  switch (random_.Below(3)) {
    case 0: {
      const char* unit = random_.Pick({"MINUTE", "HOUR", "DAY"});
      const Expression part = OfKind(TypeKind::kTimestamp, depth);
      return {fmt::format("FLOOR({} TO {})", part.flink, unit),
              fmt::format("date_trunc('{}', {})", unit, part.duck), type};
    }
    case 1:
      return Both("({} + INTERVAL '90' MINUTE)", {OfKind(TypeKind::kTimestamp, depth)}, type);
    default:
      return Pair("CAST({} AS TIMESTAMP(3))", "CAST({} AS TIMESTAMP)", {ColumnOrLiteral(TypeKind::kDate)},
                  type);
  }
}

Expression ExpressionMaker::Case(TypeKind kind, int depth) {
  // Branches of one type, so that no side has to find a common one.
  const Expression first = ColumnOrLiteral(kind);
  Expression second = ColumnOrLiteral(kind);
  for (int i = 0; i < 20 && !second.type.SameAs(first.type); ++i) second = ColumnOrLiteral(kind);
  if (!second.type.SameAs(first.type)) second = first;
  if (random_.OneIn(3)) {
    return Both("CASE WHEN {} THEN {} END", {Condition(depth), first}, first.type.WithNullable(true));
  }
  if (random_.OneIn(3)) {
    return Pair("IF({}, {}, {})", "CASE WHEN {} THEN {} ELSE {} END", {Condition(depth), first, second},
                first.type.WithNullable(true));
  }
  return Both("CASE WHEN {} THEN {} WHEN {} THEN NULL ELSE {} END",
              {Condition(depth), first, Condition(depth), second}, first.type.WithNullable(true));
}

Expression ExpressionMaker::Comparison(int depth) {
  const TypeKind kind = random_.Pick(columns_).type.kind();
  const Expression a = OfKind(kind, depth);
  const Expression b = ColumnOrLiteral(kind);
  const DataType type = DataType::Boolean();
  switch (random_.Below(8)) {
    case 0:
      return Both("({} = {})", {a, b}, type);
    case 1:
      return Both("({} <> {})", {a, b}, type);
    case 2:
      return Both("({} < {})", {a, b}, type);
    case 3:
      return Both("({} >= {})", {a, b}, type);
    case 4:
      return Both("({} IS DISTINCT FROM {})", {a, b}, type);
    case 5:
      return Both("({} IS NOT DISTINCT FROM {})", {a, b}, type);
    case 6:
      return Both("({} BETWEEN {} AND {})", {a, b, ColumnOrLiteral(kind)}, type);
    default:
      return Both("({} > {})", {a, b}, type);
  }
}

Expression ExpressionMaker::Condition(int depth) {
  const DataType type = DataType::Boolean();
  const Column& column = random_.Pick(columns_);
  switch (random_.Below(depth > 0 ? 12 : 8)) {
    case 0:
      return Expression::Same(fmt::format("({} IS {}NULL)", column.name, random_.OneIn(2) ? "NOT " : ""),
                              type);
    case 1:
    case 2: {
      const bool is_null_free = random_.OneIn(4);
      const Expression a = Literal(column.type);
      Expression result = Both(
          is_null_free ? "({} NOT IN ({}, {}, {}))" : "({} IN ({}, {}, {}))",
          {Expression::Same(column.name, column.type), a, Literal(column.type), Literal(column.type)}, type);
      return result;
    }
    case 3: {
      const char* pattern = random_.Pick({"a%", "%e%", "_", "%twelve%", "", "%京", "a_", "%"});
      return Both(
          "({} {} '{}')",
          {OfKind(TypeKind::kVarchar, depth - 1),
           Expression::Same(random_.OneIn(4) ? "NOT LIKE" : "LIKE", type), Expression::Same(pattern, type)},
          type);
    }
    case 4:
      return ColumnOrLiteral(TypeKind::kBoolean);
    case 8:
      return Both("({} AND {})", {Condition(depth - 1), Condition(depth - 1)}, type);
    case 9:
      return Both("({} OR {})", {Condition(depth - 1), Condition(depth - 1)}, type);
    case 10:
      return Both("(NOT {})", {Condition(depth - 1)}, type);
    case 11:
      return Both(random_.OneIn(2) ? "({} IS TRUE)" : "({} IS NOT FALSE)", {Condition(depth - 1)}, type);
    default:
      return Comparison(depth - 1);
  }
}

}  // namespace millrace::property
