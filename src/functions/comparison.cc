// = <> < <= > >=, IS [NOT] DISTINCT FROM and BETWEEN.
//
// Numbers of different types compare by value, exactly among exact types. Text beside a date or time is read
// as one (text that is none: the comparison is NULL, as in Flink), beside a number as a number (text that is
// none fails the row). Nested values can be equal or not; an element that is NULL equals one that is NULL.
#include "functions/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/decimal.h"
#include "functions/builtin.h"
#include "functions/compose.h"
#include "functions/logic.h"
#include "functions/signature.h"
#include "functions/type_rules.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::Int128;
using data::PhysicalType;
using data::StringRef;
using data::TypeKind;

namespace {

std::string_view Symbol(Comparison comparison) {
  constexpr std::string_view kSymbols[] = {"=", "<>", "<", "<=", ">", ">="};
  return kSymbols[static_cast<size_t>(comparison)];
}

template <Comparison kComparison, typename T>
uint8_t Compare(const T& a, const T& b) {
  if constexpr (kComparison == Comparison::kEqual) return static_cast<uint8_t>(a == b);
  if constexpr (kComparison == Comparison::kNotEqual) return static_cast<uint8_t>(!(a == b));
  if constexpr (kComparison == Comparison::kLess) return static_cast<uint8_t>(a < b);
  if constexpr (kComparison == Comparison::kLessOrEqual) return static_cast<uint8_t>(a <= b);
  if constexpr (kComparison == Comparison::kGreater) return static_cast<uint8_t>(a > b);
  if constexpr (kComparison == Comparison::kGreaterOrEqual) return static_cast<uint8_t>(a >= b);
}

// The sign of a / 10^scale_a - b / 10^scale_b, exactly: a factor that overflows decides by itself.
int CompareDecimals(Int128 a, Int128 factor_a, Int128 b, Int128 factor_b) {
  Int128 x;
  Int128 y;
  if (__builtin_mul_overflow(a, factor_a, &x)) return a < 0 ? -1 : 1;
  if (__builtin_mul_overflow(b, factor_b, &y)) return b < 0 ? 1 : -1;
  return x < y ? -1 : (x > y ? 1 : 0);
}

bool MapsEqual(const Column& a, size_t row_a, const Column& b, size_t row_b) {
  const auto entry_a = a.values<data::ListEntry>()[row_a];
  const auto entry_b = b.values<data::ListEntry>()[row_b];
  if (entry_a.length != entry_b.length) return false;
  for (uint64_t i = 0; i < entry_a.length; ++i) {
    bool found = false;
    for (uint64_t j = 0; j < entry_b.length && !found; ++j) {
      found = data::RowsIdentical(a.child(0), entry_a.offset + i, b.child(0), entry_b.offset + j) &&
              data::RowsIdentical(a.child(1), entry_a.offset + i, b.child(1), entry_b.offset + j);
    }
    if (!found) return false;
  }
  return true;
}

Kernel NestedKernel(bool when_equal) {
  const DataType type = DataType::Boolean();
  return [type, when_equal](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = MakeResult(type, rows);
    CombineNulls(args, result.get());
    const Column& a = *args[0];
    const Column& b = *args[1];
    const bool maps = a.type().kind() == TypeKind::kMap || a.type().kind() == TypeKind::kMultiset;
    auto* out = result->mutable_values<uint8_t>();
    for (size_t i = 0; i < rows; ++i) {
      if (result->IsNull(i)) continue;
      const bool equal = maps ? MapsEqual(a, i, b, i) : data::RowsIdentical(a, i, b, i);
      out[i] = static_cast<uint8_t>(equal == when_equal);
    }
    return result;
  };
}

template <Comparison kComparison>
Kernel DecimalKernel(const DataType& a, const DataType& b) {
  const int common = std::max(a.scale(), b.scale());
  const Int128 factor_a = data::PowerOfTen(common - a.scale());
  const Int128 factor_b = data::PowerOfTen(common - b.scale());
  const auto make = [&]<typename A, typename B>() {
    return MapBinary<uint8_t, A, B>(DataType::Boolean(), [factor_a, factor_b](A x, B y) {
      return Compare<kComparison>(CompareDecimals(x, factor_a, y, factor_b), 0);
    });
  };
  const bool wide_a = a.physical() == PhysicalType::kInt128;
  const bool wide_b = b.physical() == PhysicalType::kInt128;
  if (wide_a)
    return wide_b ? make.template operator()<Int128, Int128>() : make.template operator()<Int128, int64_t>();
  return wide_b ? make.template operator()<int64_t, Int128>() : make.template operator()<int64_t, int64_t>();
}

// Arguments of one type, or two decimals.
template <Comparison kComparison>
Kernel KernelOf(const DataType& a, const DataType& b) {
  if (a.kind() == TypeKind::kDecimal && (a.scale() != b.scale() || a.physical() != b.physical())) {
    return DecimalKernel<kComparison>(a, b);
  }
  if (a.IsNested()) return NestedKernel(kComparison == Comparison::kEqual);
  return data::DispatchScalar(a.physical(), [&]<typename T>() -> Kernel {
    return MapBinary<uint8_t, T, T>(DataType::Boolean(),
                                    [](const T& x, const T& y) { return Compare<kComparison>(x, y); });
  });
}

Kernel KernelFor(Comparison comparison, const DataType& a, const DataType& b) {
  switch (comparison) {
    case Comparison::kEqual:
      return KernelOf<Comparison::kEqual>(a, b);
    case Comparison::kNotEqual:
      return KernelOf<Comparison::kNotEqual>(a, b);
    case Comparison::kLess:
      return KernelOf<Comparison::kLess>(a, b);
    case Comparison::kLessOrEqual:
      return KernelOf<Comparison::kLessOrEqual>(a, b);
    case Comparison::kGreater:
      return KernelOf<Comparison::kGreater>(a, b);
    case Comparison::kGreaterOrEqual:
      return KernelOf<Comparison::kGreaterOrEqual>(a, b);
  }
  MR_UNREACHABLE();
}

std::unexpected<Error> NotComparable(std::string_view symbol, const DataType& a, const DataType& b) {
  return Fail(ErrorCode::kDatatypeMismatch,
              fmt::format("{} {} {} cannot be compared", a.WithNullable(true).ToString(), symbol,
                          b.WithNullable(true).ToString()),
              "CAST one side to the type of the other");
}

// What text is read as beside a value of `other`; the NULL type: not at all.
DataType TextTarget(const DataType& other) {
  switch (other.kind()) {
    case TypeKind::kBoolean:
      return DataType::Boolean();
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return DataType::Double();
    case TypeKind::kDate:
      return DataType::Date();
    case TypeKind::kTime:
      return DataType::Time(limits::kTimestampPrecisionMax);
    case TypeKind::kTimestamp:
      return DataType::Timestamp();
    case TypeKind::kTimestampLtz:
      return DataType::TimestampLtz();
    default:
      break;
  }
  if (!other.IsNumeric()) return DataType::Null();
  // Room for every BIGINT, and for fractions that then are not equal to any.
  return other.kind() == TypeKind::kDecimal ? DataType::Decimal(limits::kDecimalPrecisionMax, other.scale())
                                            : DataType::Decimal(limits::kDecimalPrecisionMax, 18);
}

// Brings both sides to types that a kernel compares.
Status MakeComparable(std::string_view symbol, ExprPtr* left, ExprPtr* right, const BindContext& context) {
  for (auto [text, other] : {std::pair{left, right}, std::pair{right, left}}) {
    if (!(*text)->type().IsCharacter() || (*other)->type().IsCharacter()) continue;
    const DataType target = TextTarget((*other)->type());
    if (target.kind() == TypeKind::kNull) break;
    MR_ASSIGN(*text, MakeCast(*text, target, /*is_try=*/target.IsDatetime(), context));
    break;
  }
  const DataType a = (*left)->type();
  const DataType b = (*right)->type();
  const auto is_exact = [](const DataType& type) {
    return type.IsInteger() || type.kind() == TypeKind::kDecimal;
  };
  if (is_exact(a) && is_exact(b) && (a.kind() == TypeKind::kDecimal || b.kind() == TypeKind::kDecimal)) {
    MR_ASSIGN(*left, Coerce(*left, AsDecimal(a), context));
    MR_ASSIGN(*right, Coerce(*right, AsDecimal(b), context));
    return Ok();
  }
  std::optional<DataType> common = CommonTypeOf(a, b);
  if (!common) return NotComparable(symbol, a, b);
  if (common->kind() == TypeKind::kFloat && a.kind() != b.kind()) common = DataType::Double();
  if (common->IsCharacter() || common->IsBinary()) return Ok();
  MR_ASSIGN(*left, Coerce(*left, *common, context));
  MR_ASSIGN(*right, Coerce(*right, *common, context));
  return Ok();
}

}  // namespace

Result<ExprPtr> MakeComparison(Comparison comparison, ExprPtr left, ExprPtr right,
                               const BindContext& context) {
  const std::string_view symbol = Symbol(comparison);
  const DataType result =
      DataType::Boolean().WithNullable(left->type().nullable() || right->type().nullable());
  const bool untyped_left = left->type().kind() == TypeKind::kNull;
  const bool untyped_right = right->type().kind() == TypeKind::kNull;
  if (untyped_left || untyped_right) {
    const DataType type = untyped_left && untyped_right ? DataType::Boolean()
                          : untyped_left                ? right->type()
                                                        : left->type();
    ExprPtr& untyped = untyped_left ? left : right;
    untyped = MakeLiteral(type.WithNullable(true), data::Value::Null());
    if (untyped_left && untyped_right) right = left;
  }
  const DataType a = left->type();
  const DataType b = right->type();
  MR_TRY(MakeComparable(symbol, &left, &right, context));
  const bool ordered = comparison != Comparison::kEqual && comparison != Comparison::kNotEqual;
  if (ordered && left->type().IsNested()) return NotComparable(symbol, a, b);
  const bool any_nullable = left->type().nullable() || right->type().nullable();
  Kernel kernel = KernelFor(comparison, left->type(), right->type());
  return std::make_shared<Call>(std::string(symbol), result.WithNullable(any_nullable),
                                std::vector<ExprPtr>{std::move(left), std::move(right)}, std::move(kernel));
}

namespace {

// `a = b` where NULL equals NULL, over two columns.
Kernel DistinctKernel(ExprPtr equal, uint8_t when_distinct) {
  return [equal = ExpressionKernel(std::move(equal)), when_distinct](
             const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) -> ColumnPtr {
    const ColumnPtr same = equal(args, rows, context);
    const data::ColumnView<uint8_t> view(*same);
    auto result = MakeResult(DataType::Boolean().NotNull(), rows);
    auto* out = result->mutable_values<uint8_t>();
    for (size_t i = 0; i < rows; ++i) {
      const bool null_a = args[0]->IsNull(i);
      const bool null_b = args[1]->IsNull(i);
      const bool distinct = null_a || null_b ? null_a != null_b : same->IsNull(i) || view[i] == 0;
      out[i] = distinct ? when_distinct : when_distinct ^ 1;
    }
    return result;
  };
}

void DefineComparison(Registry& registry, Comparison comparison, std::string_view signature,
                      std::string_view summary) {
  Define(registry, {"comparison", signature, summary, fmt::format("a {} b", Symbol(comparison))},
         [comparison](BoundArgs bound) {
           return MakeComparison(comparison, bound.args[0], bound.args[1], bound.context);
         });
}

void DefineDistinct(Registry& registry, std::string_view signature, std::string_view summary,
                    std::string_view shown, uint8_t when_distinct) {
  Define(registry, {"comparison", signature, summary, shown},
         [when_distinct](BoundArgs bound) -> Result<ExprPtr> {
           const auto columns = ArgumentColumns(bound.args);
           MR_ASSIGN(ExprPtr equal,
                     MakeComparison(Comparison::kEqual, columns[0], columns[1], bound.context));
           return bound.Call(DataType::Boolean().NotNull(), DistinctKernel(std::move(equal), when_distinct));
         });
}

Result<ExprPtr> BindBetween(const BoundArgs& bound, bool negated) {
  const auto columns = ArgumentColumns(bound.args);
  MR_ASSIGN(ExprPtr low, MakeComparison(Comparison::kGreaterOrEqual, columns[0], columns[1], bound.context));
  MR_ASSIGN(ExprPtr high, MakeComparison(Comparison::kLessOrEqual, columns[0], columns[2], bound.context));
  ExprPtr body = MakeAnd(std::move(low), std::move(high));
  if (negated) body = MakeNot(std::move(body));
  return Composed(bound, std::move(body));
}

}  // namespace

void RegisterComparison(Registry& registry) {
  DefineComparison(registry, Comparison::kEqual, "=(ANY, ANY)", "Whether both are equal");
  DefineComparison(registry, Comparison::kNotEqual, "<>(ANY, ANY)", "Whether both differ");
  DefineComparison(registry, Comparison::kLess, "<(ANY, ANY)", "Whether a is less");
  DefineComparison(registry, Comparison::kLessOrEqual, "<=(ANY, ANY)", "Whether a is less or equal");
  DefineComparison(registry, Comparison::kGreater, ">(ANY, ANY)", "Whether a is greater");
  DefineComparison(registry, Comparison::kGreaterOrEqual, ">=(ANY, ANY)", "Whether a is greater or equal");
  registry.AddAlias("!=", "<>");
  DefineDistinct(registry, "IS DISTINCT FROM(ANY, ANY)", "Whether both differ, NULL being a value like any",
                 "a IS DISTINCT FROM b", 1);
  DefineDistinct(registry, "IS NOT DISTINCT FROM(ANY, ANY)",
                 "Whether both are equal, NULL being a value like any", "a IS NOT DISTINCT FROM b", 0);
  Define(registry,
         {"comparison", "BETWEEN(ANY, ANY, ANY)", "Whether x is neither below low nor above high",
          "x BETWEEN low AND high"},
         [](BoundArgs bound) { return BindBetween(bound, false); });
  Define(registry,
         {"comparison", "NOT BETWEEN(ANY, ANY, ANY)", "Whether x is below low or above high",
          "x NOT BETWEEN low AND high"},
         [](BoundArgs bound) { return BindBetween(bound, true); });
  RegisterInList(registry);
}

}  // namespace millrace::functions
