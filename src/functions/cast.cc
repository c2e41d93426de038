// CAST and TRY_CAST: which casts there are, those of dates and times, and those of nested types.
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "data/decimal.h"
#include "data/text.h"
#include "functions/builtin.h"
#include "functions/cast_column.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::TypeKind;

Error CastError(const Column& column, size_t row, const DataType& to) {
  constexpr size_t kShownBytes = 100;
  std::string value = data::ToText(column, row);
  if (value.size() > kShownBytes) value = value.substr(0, kShownBytes) + "…";
  const std::string type = to.WithNullable(true).ToString();
  if (column.type().IsCharacter()) {
    return Error(to.IsDatetime() ? ErrorCode::kInvalidDatetime : ErrorCode::kInvalidText,
                 fmt::format("CAST('{}' AS {}): not a valid {}", value, type, type));
  }
  return Error(ErrorCode::kNumericOutOfRange, fmt::format("CAST({} AS {}): out of range", value, type));
}

namespace {

using data::FloorDiv;
using data::FloorMod;
using data::kMicrosPerDay;

// As MapCaster<int64_t, A>, where f also gets the zone of the run.
template <typename R, typename A, typename F>
ColumnCaster ZonedCaster(const DataType& to, F f) {
  return [to, f](const ColumnPtr& column, size_t rows, CastRun& run) -> ColumnPtr {
    return MapCaster<R, A>(to, [f, zone = run.zone](A v) { return f(v, *zone); })(column, rows, run);
  };
}

// Cuts digits that the target does not keep.
struct Cut {
  int64_t unit;
  int64_t operator()(int64_t micros) const { return unit == 1 ? micros : FloorDiv(micros, unit) * unit; }
};

ColumnCaster FindDatetimeCaster(const DataType& from, const DataType& to) {
  using data::TimeZone;
  const Cut cut{static_cast<int64_t>(data::PowerOfTen(6 - std::min(to.precision(), 6)))};
  switch (to.kind()) {
    case TypeKind::kDate:
      if (from.kind() == TypeKind::kTimestamp) {
        return MapCaster<int32_t, int64_t>(
            to, [](int64_t v) { return static_cast<int32_t>(FloorDiv(v, kMicrosPerDay)); });
      }
      if (from.kind() == TypeKind::kTimestampLtz) {
        return ZonedCaster<int32_t, int64_t>(to, [](int64_t v, const TimeZone& zone) {
          return static_cast<int32_t>(FloorDiv(zone.ToLocal(v), kMicrosPerDay));
        });
      }
      return nullptr;
    case TypeKind::kTime:
      if (from.kind() == TypeKind::kTime) return MapCaster<int64_t, int64_t>(to, cut);
      if (from.kind() == TypeKind::kTimestamp) {
        return MapCaster<int64_t, int64_t>(to, [cut](int64_t v) { return cut(FloorMod(v, kMicrosPerDay)); });
      }
      if (from.kind() == TypeKind::kTimestampLtz) {
        return ZonedCaster<int64_t, int64_t>(to, [cut](int64_t v, const TimeZone& zone) {
          return cut(FloorMod(zone.ToLocal(v), kMicrosPerDay));
        });
      }
      return nullptr;
    case TypeKind::kTimestamp:
      switch (from.kind()) {
        case TypeKind::kDate:
          return MapCaster<int64_t, int32_t>(to, [](int32_t v) { return v * kMicrosPerDay; });
        case TypeKind::kTime:
        case TypeKind::kTimestamp:
          return MapCaster<int64_t, int64_t>(to, cut);
        case TypeKind::kTimestampLtz:
          return ZonedCaster<int64_t, int64_t>(
              to, [cut](int64_t v, const TimeZone& zone) { return cut(zone.ToLocal(v)); });
        default:
          return nullptr;
      }
    case TypeKind::kTimestampLtz:
      switch (from.kind()) {
        case TypeKind::kDate:
          return ZonedCaster<int64_t, int32_t>(
              to, [](int32_t v, const TimeZone& zone) { return zone.ToInstant(v * kMicrosPerDay); });
        case TypeKind::kTime:
        case TypeKind::kTimestamp:
          return ZonedCaster<int64_t, int64_t>(
              to, [cut](int64_t v, const TimeZone& zone) { return zone.ToInstant(cut(v)); });
        case TypeKind::kTimestampLtz:
          return MapCaster<int64_t, int64_t>(to, cut);
        default:
          return nullptr;
      }
    default:
      return nullptr;
  }
}

// Intervals as numbers of months, or of milliseconds, and back.
ColumnCaster FindIntervalCaster(const DataType& from, const DataType& to) {
  const auto unit = [](const DataType& type) {
    return type.kind() == TypeKind::kIntervalDayTime ? data::kMicrosPerMilli : int64_t{1};
  };
  if (from.IsInterval() && to.IsInteger()) {
    const ColumnCaster narrow = FindNumericCaster(DataType::BigInt(), to);
    const ColumnCaster scale =
        MapCaster<int64_t, int64_t>(DataType::BigInt(), [unit = unit(from)](int64_t v) { return v / unit; });
    return [scale, narrow](const ColumnPtr& column, size_t rows, CastRun& run) {
      return narrow(scale(column, rows, run), rows, run);
    };
  }
  if (from.IsInteger() && to.IsInterval()) {
    const ColumnCaster widen = FindNumericCaster(from, DataType::BigInt());
    const ColumnCaster scale = TryCaster<int64_t, int64_t>(
        to, [unit = unit(to)](int64_t v, int64_t* out) { return __builtin_mul_overflow(v, unit, out); });
    return [widen, scale](const ColumnPtr& column, size_t rows, CastRun& run) {
      return scale(widen(column, rows, run), rows, run);
    };
  }
  return nullptr;
}

// The children of `column`, each cast; a row with an element that failed is NULL as a whole.
ColumnPtr CastChildren(const ColumnPtr& column, size_t rows, const DataType& to,
                       const std::vector<ColumnCaster>& casters, CastRun& run) {
  const bool is_row = to.kind() == TypeKind::kRow;
  auto result = Column::Make(to, 0);
  result->CopyOwnPart(*column);
  std::vector<std::optional<Error>> errors;
  std::vector<bool> failed;
  const auto fail = [&](size_t row, const std::optional<Error>& error) {
    if (failed.empty()) {
      failed.resize(rows);
      errors.resize(rows);
    }
    if (failed[row] || column->IsNull(row)) return;
    failed[row] = true;
    errors[row] = error;
  };
  for (size_t i = 0; i < casters.size(); ++i) {
    const ColumnPtr child = column->children()[i];
    CastRun child_run{run.zone, run.wants_errors, {}};
    const ColumnPtr cast = casters[i](child, child->size(), child_run);
    // Nested columns read their children only, so a shared one will do.
    result->ReplaceChild(i, std::const_pointer_cast<Column>(data::Flatten(cast)));
    if (child_run.failures.empty()) continue;
    if (is_row) {
      for (const auto& failure : child_run.failures) fail(failure.row, failure.error);
      continue;
    }
    for (size_t row = 0; row < rows; ++row) {
      const data::ListEntry entry = column->values<data::ListEntry>()[row];
      const auto first = std::lower_bound(
          child_run.failures.begin(), child_run.failures.end(), entry.offset,
          [](const CastRun::Failure& failure, uint64_t offset) { return failure.row < offset; });
      if (first != child_run.failures.end() && first->row < entry.offset + entry.length)
        fail(row, first->error);
    }
  }
  for (size_t row = 0; row < failed.size(); ++row) {
    if (!failed[row]) continue;
    result->SetNull(row);
    run.failures.push_back({row, errors[row]});
  }
  return result;
}

Result<ColumnCaster> FindNestedCaster(const DataType& from, const DataType& to) {
  std::vector<ColumnCaster> casters;
  for (size_t i = 0; i < from.fields().size(); ++i) {
    MR_ASSIGN(ColumnCaster caster, FindCaster(from.fields()[i].type, to.fields()[i].type));
    casters.push_back(std::move(caster));
  }
  return [to, casters](const ColumnPtr& column, size_t rows, CastRun& run) {
    return CastChildren(column, rows, to, casters, run);
  };
}

// Whether every value of `from`, with its bytes as they are, is one of `to`.
bool IsSameLayout(const DataType& from, const DataType& to) {
  if (from.SameAs(to)) return true;
  if (from.IsCharacter() && to.kind() == TypeKind::kVarchar) return from.length() <= to.length();
  if (from.IsBinary() && to.kind() == TypeKind::kVarbinary) return from.length() <= to.length();
  if (from.kind() == to.kind() && (from.IsTimestamp() || from.kind() == TypeKind::kTime)) {
    return from.precision() <= to.precision();
  }
  if (!from.IsNested() || from.kind() != to.kind() || from.fields().size() != to.fields().size())
    return false;
  for (size_t i = 0; i < from.fields().size(); ++i) {
    if (!IsSameLayout(from.fields()[i].type, to.fields()[i].type)) return false;
  }
  return true;
}

std::unexpected<Error> NoCast(const DataType& from, const DataType& to) {
  std::string hint;
  if (from.IsNumeric() && to.IsTimestamp()) {
    hint = "TO_TIMESTAMP_LTZ(value, 0) takes seconds, TO_TIMESTAMP_LTZ(value, 3) milliseconds";
  } else if (from.IsTimestamp() && to.IsNumeric()) {
    hint = "UNIX_TIMESTAMP(CAST(value AS STRING)) gives seconds";
  } else if (from.kind() == TypeKind::kRow && to.kind() == TypeKind::kRow) {
    hint = "both rows need the same number of fields";
  }
  return Fail(ErrorCode::kDatatypeMismatch,
              fmt::format("{} cannot be cast to {}", from.WithNullable(true).ToString(),
                          to.WithNullable(true).ToString()),
              hint);
}

}  // namespace

Result<ColumnCaster> FindCaster(const DataType& from, const DataType& to) {
  if (from.kind() == TypeKind::kNull) {
    return [to](const ColumnPtr&, size_t rows, CastRun&) { return Column::Nulls(to, rows); };
  }
  if (IsSameLayout(from, to)) {
    return [to](const ColumnPtr& column, size_t, CastRun&) { return data::Retype(column, to); };
  }
  if (ColumnCaster caster = FindNumericCaster(from, to)) return caster;
  if (ColumnCaster caster = FindTextCaster(from, to)) return caster;
  if (ColumnCaster caster = FindDatetimeCaster(from, to)) return caster;
  if (ColumnCaster caster = FindIntervalCaster(from, to)) return caster;
  if (from.IsNested() && from.kind() == to.kind() && from.fields().size() == to.fields().size()) {
    return FindNestedCaster(from, to);
  }
  return NoCast(from, to);
}

Result<ExprPtr> MakeCast(ExprPtr expr, const DataType& type, bool is_try, const BindContext& context) {
  // An inner null that the target forbids cannot be told from its type alone, so nested nullability is
  // what the target says.
  const DataType result_type = type.WithNullable(is_try || expr->type().nullable());
  MR_ASSIGN(const ColumnCaster caster, FindCaster(expr->type(), result_type));
  if (expr->type().SameAs(type)) return expr;
  Kernel kernel = [caster, is_try](const std::vector<ColumnPtr>& args, size_t rows,
                                   EvalContext& eval) -> ColumnPtr {
    CastRun run{eval.zone, !is_try, {}};
    ColumnPtr result = caster(args[0], rows, run);
    if (!is_try) {
      for (CastRun::Failure& failure : run.failures) eval.Fail(failure.row, *std::move(failure.error));
    }
    return result;
  };
  const bool is_literal = expr->kind() == ExprKind::kLiteral;
  ExprPtr call = std::make_shared<Call>(is_try ? "TRY_CAST" : "CAST", result_type,
                                        std::vector<ExprPtr>{std::move(expr)}, std::move(kernel));
  return is_literal ? FoldConstants(call, *context.zone) : call;
}

void RegisterCast(Registry& registry) {
  const auto only_as = [](BoundArgs bound) -> Result<ExprPtr> {
    return Fail(ErrorCode::kSyntaxError, fmt::format("{} needs a type", bound.name),
                fmt::format("{}(value AS type)", bound.name));
  };
  Define(registry,
         {"conversion", "CAST(value ANY)", "The value as another type; a value without one fails its row",
          "CAST(value AS type)"},
         only_as);
  Define(registry,
         {"conversion", "TRY_CAST(value ANY)", "The value as another type; NULL where it has none",
          "TRY_CAST(value AS type)"},
         only_as);
  Define(registry, {"conversion", "TYPEOF(value ANY)", "The type of the value, as text"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           return MakeLiteral(DataType::String().NotNull(), data::Value::String(bound.type(0).ToString()));
         });
}

}  // namespace millrace::functions
