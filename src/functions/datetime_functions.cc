// EXTRACT and its short forms, FLOOR and CEIL, TIMESTAMPADD, TIMESTAMPDIFF, OVERLAPS, and the clock.
#include <fmt/format.h>

#include <limits>

#include "functions/builtin.h"
#include "functions/compose.h"
#include "functions/datetime_arithmetic.h"
#include "functions/rounding.h"
#include "functions/signature.h"
#include "functions/time_unit.h"

namespace millrace::functions {

using data::ColumnPtr;
using data::DataType;
using data::FloorMod;
using data::kMicrosPerDay;
using data::TypeKind;

namespace {

constexpr std::string_view kCategory = "temporal";

Result<TimeUnit> UnitArgument(const BoundArgs& bound) {
  const data::Value name = bound.LiteralValue(0);
  if (name.is_null())
    return Fail(ErrorCode::kSyntaxError, fmt::format("{} needs a unit such as DAY", bound.name));
  const auto unit = ParseTimeUnit(name.as_string());
  if (!unit) {
    return Fail(
        ErrorCode::kInvalidParameter, fmt::format("{}: unknown unit '{}'", bound.name, name.as_string()),
        "units are MILLENNIUM, CENTURY, DECADE, YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, "
        "MILLISECOND, MICROSECOND, and for EXTRACT also ISOYEAR, DOY, DOW, ISODOW, NANOSECOND, EPOCH");
  }
  return *unit;
}

std::unexpected<Error> UnitNotFor(std::string_view name, TimeUnit unit, const DataType& type) {
  return Fail(ErrorCode::kDatatypeMismatch, fmt::format("{} has no {} of {}", name, TimeUnitName(unit),
                                                        type.WithNullable(true).ToString()));
}

// --- EXTRACT ---

int64_t ExtractMonths(TimeUnit unit, int64_t months) {
  const int64_t years = months / 12;
  switch (unit) {
    case TimeUnit::kMillennium:
      return years / 1000;
    case TimeUnit::kCentury:
      return years / 100;
    case TimeUnit::kDecade:
      return years / 10;
    case TimeUnit::kYear:
      return years;
    case TimeUnit::kQuarter:
      return months % 12 / 3 + 1;
    default:
      return months % 12;
  }
}

int64_t ExtractInterval(TimeUnit unit, int64_t micros) {
  switch (unit) {
    case TimeUnit::kDay:
      return micros / kMicrosPerDay;
    case TimeUnit::kHour:
      return micros / data::kMicrosPerHour % 24;
    case TimeUnit::kMinute:
      return micros / data::kMicrosPerMinute % 60;
    case TimeUnit::kSecond:
      return micros / data::kMicrosPerSecond % 60;
    case TimeUnit::kMillisecond:
      return micros / data::kMicrosPerMilli % 1000;
    case TimeUnit::kMicrosecond:
      return micros % data::kMicrosPerSecond;
    case TimeUnit::kNanosecond:
      return micros % data::kMicrosPerSecond * 1000;
    default:
      return micros / data::kMicrosPerSecond;
  }
}

Result<ExprPtr> MakeExtract(std::string_view name, TimeUnit unit, ExprPtr value, const BindContext& context) {
  const DataType from = value->type();
  const DataType type = DataType::BigInt();
  BoundArgs bound{name, {std::move(value)}, context};
  const bool is_time_field = unit == TimeUnit::kEpoch || (unit >= TimeUnit::kHour);
  switch (from.kind()) {
    case TypeKind::kDate:
      return bound.Call(bound.Nullable(type), MapUnary<int64_t, int32_t>(type, [unit](int32_t days) {
                          return ExtractField(unit, days * kMicrosPerDay);
                        }));
    case TypeKind::kTime:
      if (!is_time_field) return UnitNotFor(name, unit, from);
      [[fallthrough]];
    case TypeKind::kTimestamp:
      return bound.Call(bound.Nullable(type), MapUnary<int64_t, int64_t>(type, [unit](int64_t micros) {
                          return ExtractField(unit, micros);
                        }));
    case TypeKind::kTimestampLtz:
      return bound.Call(
          bound.Nullable(type),
          [type, unit](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& eval) -> ColumnPtr {
            const data::TimeZone* zone = eval.zone;
            const bool is_instant = unit == TimeUnit::kEpoch;
            return MapUnary<int64_t, int64_t>(type, [=](int64_t instant) {
              return ExtractField(unit, is_instant ? instant : zone->ToLocal(instant));
            })(args, rows, eval);
          });
    case TypeKind::kIntervalYearMonth:
      if (MonthsOf(unit) == 0) return UnitNotFor(name, unit, from);
      return bound.Call(bound.Nullable(type), MapUnary<int64_t, int64_t>(type, [unit](int64_t months) {
                          return ExtractMonths(unit, months);
                        }));
    case TypeKind::kIntervalDayTime:
      if (!is_time_field && unit != TimeUnit::kDay) return UnitNotFor(name, unit, from);
      return bound.Call(bound.Nullable(type), MapUnary<int64_t, int64_t>(type, [unit](int64_t micros) {
                          return ExtractInterval(unit, micros);
                        }));
    default:
      return Fail(ErrorCode::kUndefinedFunction,
                  fmt::format("function {}({}) does not exist", name, from.WithNullable(true).ToString()),
                  fmt::format("{}(date, time, timestamp or interval) does", name));
  }
}

void DefineField(Registry& registry, std::string_view signature, std::string_view summary, TimeUnit unit) {
  Define(registry, {kCategory, signature, summary},
         [unit](BoundArgs bound) { return MakeExtract(bound.name, unit, bound.args[0], bound.context); });
}

void DefineExtracts(Registry& registry) {
  Define(registry,
         {kCategory, "EXTRACT(unit STRING, t DATE|TIME|TIMESTAMP|TIMESTAMP_LTZ|INTERVAL)",
          "A field of a date, time or interval, as a number", "EXTRACT(unit FROM t)"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           MR_ASSIGN(const TimeUnit unit, UnitArgument(bound));
           return MakeExtract("EXTRACT", unit, bound.args[1], bound.context);
         });
  DefineField(registry, "YEAR(t DATE|TIMESTAMP|TIMESTAMP_LTZ|INTERVAL)", "The year", TimeUnit::kYear);
  DefineField(registry, "QUARTER(t DATE|TIMESTAMP|TIMESTAMP_LTZ|INTERVAL)", "The quarter of the year, 1 to 4",
              TimeUnit::kQuarter);
  DefineField(registry, "MONTH(t DATE|TIMESTAMP|TIMESTAMP_LTZ|INTERVAL)", "The month of the year, 1 to 12",
              TimeUnit::kMonth);
  DefineField(registry, "WEEK(t DATE|TIMESTAMP|TIMESTAMP_LTZ)", "The ISO week of the year, 1 to 53",
              TimeUnit::kWeek);
  DefineField(registry, "DAYOFYEAR(t DATE|TIMESTAMP|TIMESTAMP_LTZ)", "The day of the year, 1 to 366",
              TimeUnit::kDayOfYear);
  DefineField(registry, "DAYOFMONTH(t DATE|TIMESTAMP|TIMESTAMP_LTZ|INTERVAL)",
              "The day of the month, 1 to 31", TimeUnit::kDay);
  DefineField(registry, "DAYOFWEEK(t DATE|TIMESTAMP|TIMESTAMP_LTZ)", "The day of the week, 1 for Sunday to 7",
              TimeUnit::kDayOfWeek);
  DefineField(registry, "HOUR(t TIMESTAMP|DATE|TIME|TIMESTAMP_LTZ|INTERVAL)", "The hour of the day, 0 to 23",
              TimeUnit::kHour);
  DefineField(registry, "MINUTE(t TIMESTAMP|DATE|TIME|TIMESTAMP_LTZ|INTERVAL)",
              "The minute of the hour, 0 to 59", TimeUnit::kMinute);
  DefineField(registry, "SECOND(t TIMESTAMP|DATE|TIME|TIMESTAMP_LTZ|INTERVAL)",
              "The second of the minute, 0 to 59", TimeUnit::kSecond);
}

// --- FLOOR and CEIL ---

Result<ExprPtr> BindRoundedTime(BoundArgs bound, bool ceil) {
  if (bound.size() == 1) {
    if (!bound.type(0).IsNumeric()) {
      return std::unexpected(
          BadArguments(bound.name, bound.args, fmt::format("{0}(number), {0}(time TO unit)", bound.name)));
    }
    return BindWholeNumber(std::move(bound), ceil);
  }
  if (!bound.type(0).IsCharacter() || !bound.type(1).IsDatetime()) {
    return std::unexpected(
        BadArguments(bound.name, bound.args, fmt::format("{0}(number), {0}(time TO unit)", bound.name)));
  }
  MR_ASSIGN(const TimeUnit unit, UnitArgument(bound));
  const DataType type = bound.type(1);
  const auto round = [unit, ceil](int64_t micros) {
    return ceil ? CeilTo(unit, micros) : FloorTo(unit, micros);
  };
  if (!IsFloorUnit(unit)) return UnitNotFor(bound.name, unit, type);
  BoundArgs value{bound.name, {bound.args[1]}, bound.context};
  ExprPtr call;
  switch (type.kind()) {
    case TypeKind::kDate:
      if (unit == TimeUnit::kDay) {
        call = value.Call(
            type, MapUnary<int32_t, int32_t>(type, [ceil](int32_t days) { return ceil ? days + 1 : days; }));
      } else if (unit > TimeUnit::kDay) {
        return bound.args[1];
      } else {
        call = value.Call(type, MapUnary<int32_t, int32_t>(type, [round](int32_t days) {
                            return static_cast<int32_t>(round(days * kMicrosPerDay) / kMicrosPerDay);
                          }));
      }
      break;
    case TypeKind::kTime:
      if (unit < TimeUnit::kHour) return UnitNotFor(bound.name, unit, type);
      call = value.Call(type, MapUnary<int64_t, int64_t>(type, [round](int64_t micros) {
                          return FloorMod(round(micros), kMicrosPerDay);
                        }));
      break;
    case TypeKind::kTimestampLtz:
      call = value.Call(
          type,
          [type, round](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& eval) -> ColumnPtr {
            const data::TimeZone* zone = eval.zone;
            return MapUnary<int64_t, int64_t>(type, [=](int64_t instant) {
              return zone->ToInstant(round(zone->ToLocal(instant)));
            })(args, rows, eval);
          });
      break;
    default:
      call = value.Call(type, MapUnary<int64_t, int64_t>(type, round));
      break;
  }
  return call;
}

// --- TIMESTAMPADD and TIMESTAMPDIFF ---

Result<ExprPtr> BindTimestampAdd(BoundArgs bound) {
  MR_ASSIGN(const TimeUnit unit, UnitArgument(bound));
  const int64_t months = MonthsOf(unit);
  const int64_t micros = MicrosOf(unit);
  if (months == 0 && micros == 0) return UnitNotFor(bound.name, unit, bound.type(2));
  ExprPtr point = bound.args[2];
  if (point->type().kind() == TypeKind::kDate && micros > 0 && micros < kMicrosPerDay) {
    MR_ASSIGN(point, MakeCast(point, DataType::Timestamp(), /*is_try=*/false, bound.context));
  }
  const DataType type = months > 0 ? DataType::IntervalYearMonth() : DataType::IntervalDayTime();
  const Registry& registry = Registry::Get();
  MR_ASSIGN(
      ExprPtr interval,
      registry.BindScalar(
          "*", {MakeLiteral(type.NotNull(), data::Value::Int(months > 0 ? months : micros)), bound.args[1]},
          bound.context));
  return registry.BindScalar("+", {std::move(point), std::move(interval)}, bound.context);
}

Result<ExprPtr> BindTimestampDiff(BoundArgs bound) {
  MR_ASSIGN(const TimeUnit unit, UnitArgument(bound));
  const int64_t months = MonthsOf(unit);
  const int64_t micros = MicrosOf(unit);
  if (months == 0 && micros == 0) return UnitNotFor(bound.name, unit, bound.type(1));
  const bool zoned =
      bound.type(1).kind() == TypeKind::kTimestampLtz && bound.type(2).kind() == TypeKind::kTimestampLtz;
  const DataType point = zoned ? DataType::TimestampLtz() : DataType::Timestamp();
  BoundArgs points{bound.name, {bound.args[1], bound.args[2]}, bound.context};
  for (ExprPtr& arg : points.args) {
    MR_ASSIGN(arg, MakeCast(arg, point, /*is_try=*/false, bound.context));
  }
  const DataType type = DataType::Int();
  const auto too_far = [unit](int64_t, int64_t) {
    return Error(
        ErrorCode::kNumericOutOfRange,
        fmt::format("numeric out of range: the difference in {}s does not fit INT", TimeUnitName(unit)));
  };
  const auto difference = [months, micros](int64_t from, int64_t to) {
    // Wraps under NULL only: both are within the calendar.
    const auto distance = static_cast<int64_t>(static_cast<uint64_t>(to) - static_cast<uint64_t>(from));
    return months > 0 ? MonthsBetween(from, to) / months : distance / micros;
  };
  return points.Call(points.Nullable(type), TryBinary<int32_t, int64_t, int64_t>(
                                                type,
                                                [difference](int64_t from, int64_t to, int32_t* out) {
                                                  const int64_t count = difference(from, to);
                                                  const bool fits =
                                                      count >= std::numeric_limits<int32_t>::min() &&
                                                      count <= std::numeric_limits<int32_t>::max();
                                                  *out = fits ? static_cast<int32_t>(count) : 0;
                                                  return !fits;
                                                },
                                                too_far));
}

// (a, b) OVERLAPS (c, d), where b and d may be lengths: each period from its earlier end to its later.
Result<ExprPtr> BindOverlaps(BoundArgs bound) {
  const Registry& registry = Registry::Get();
  const auto columns = ArgumentColumns(bound.args);
  ExprPtr ends[4] = {columns[0], columns[1], columns[2], columns[3]};
  for (const size_t i : {size_t{1}, size_t{3}}) {
    if (!ends[i]->type().IsInterval()) continue;
    MR_ASSIGN(ends[i], registry.BindScalar("+", {ends[i - 1], ends[i]}, bound.context));
  }
  const auto of = [&](std::string_view name, const ExprPtr& a, const ExprPtr& b) {
    return registry.BindScalar(name, {a, b}, bound.context);
  };
  MR_ASSIGN(ExprPtr begin_a, of("LEAST", ends[0], ends[1]));
  MR_ASSIGN(ExprPtr end_a, of("GREATEST", ends[0], ends[1]));
  MR_ASSIGN(ExprPtr begin_b, of("LEAST", ends[2], ends[3]));
  MR_ASSIGN(ExprPtr end_b, of("GREATEST", ends[2], ends[3]));
  MR_ASSIGN(ExprPtr a_ends_late, of(">=", end_a, begin_b));
  MR_ASSIGN(ExprPtr b_ends_late, of(">=", end_b, begin_a));
  MR_ASSIGN(ExprPtr both, of("AND", a_ends_late, b_ends_late));
  return Composed(bound, std::move(both));
}

// --- The clock ---

void DefineClock(Registry& registry, std::string_view signature, std::string_view summary,
                 const DataType& type, int64_t (*read)(int64_t now, const data::TimeZone& zone)) {
  Define(registry, {kCategory, signature, summary}, [type, read](BoundArgs bound) -> Result<ExprPtr> {
    return bound.Call(
        type.NotNull(),
        [type, read](const std::vector<ColumnPtr>&, size_t rows, EvalContext& context) {
          return data::Column::Constant(type.NotNull(),
                                        data::Value::Int(read(context.now_micros, *context.zone)), rows);
        },
        /*deterministic=*/false);
  });
}

int64_t CutToMillis(int64_t micros) {
  return FloorTo(TimeUnit::kMillisecond, micros);
}

void DefineClocks(Registry& registry) {
  const auto instant = [](int64_t now, const data::TimeZone&) { return CutToMillis(now); };
  const auto local = [](int64_t now, const data::TimeZone& zone) { return CutToMillis(zone.ToLocal(now)); };
  const auto time = [](int64_t now, const data::TimeZone& zone) {
    return FloorMod(FloorTo(TimeUnit::kSecond, zone.ToLocal(now)), kMicrosPerDay);
  };
  const DataType ltz = DataType::TimestampLtz(3);
  DefineClock(registry, "CURRENT_TIMESTAMP()", "The present instant", ltz, instant);
  DefineClock(registry, "NOW()", "The present instant", ltz, instant);
  DefineClock(registry, "CURRENT_ROW_TIMESTAMP()", "The present instant", ltz, instant);
  DefineClock(registry, "PROCTIME()", "The instant of processing", ltz, instant);
  DefineClock(registry, "LOCALTIMESTAMP()", "The present date and time of the session's zone",
              DataType::Timestamp(3), local);
  DefineClock(registry, "CURRENT_TIME()", "The present time of day of the session's zone", DataType::Time(0),
              time);
  DefineClock(registry, "LOCALTIME()", "The present time of day of the session's zone", DataType::Time(0),
              time);
  DefineClock(registry, "CURRENT_DATE()", "The present date of the session's zone", DataType::Date(),
              [](int64_t now, const data::TimeZone& zone) {
                return data::FloorDiv(zone.ToLocal(now), kMicrosPerDay);
              });
}

void DefineRefusals(Registry& registry) {
  Define(registry,
         {kCategory, "CURRENT_WATERMARK(rowtime ANY)", "Not supported: lateness is judged by the engine"},
         [](BoundArgs) -> Result<ExprPtr> {
           return Fail(ErrorCode::kNotSupported, "CURRENT_WATERMARK is not supported",
                       "late rows are kept in sys.late_rows, with the watermark in force");
         });
  Define(registry, {kCategory, "SOURCE_WATERMARK()", "Not supported: no source has watermarks of its own"},
         [](BoundArgs) -> Result<ExprPtr> {
           return Fail(ErrorCode::kNotSupported, "SOURCE_WATERMARK is not supported",
                       "declare WATERMARK FOR column AS column - INTERVAL '5' SECOND");
         });
}

}  // namespace

void RegisterDatetime(Registry& registry) {
  DefineExtracts(registry);
  Define(registry,
         {kCategory, "FLOOR(a ANY [, t ANY])",
          "The greatest integer not above a number; the begin of a unit of time",
          "FLOOR(number), FLOOR(time TO unit)"},
         [](BoundArgs bound) { return BindRoundedTime(std::move(bound), false); });
  Define(registry,
         {kCategory, "CEIL(a ANY [, t ANY])",
          "The least integer not below a number; the begin of the next unit of time",
          "CEIL(number), CEIL(time TO unit)"},
         [](BoundArgs bound) { return BindRoundedTime(std::move(bound), true); });
  registry.AddAlias("CEILING", "CEIL");
  Define(registry,
         {kCategory, "TIMESTAMPADD(unit STRING, count INTEGER, t TIMESTAMP|DATE|TIME|TIMESTAMP_LTZ)",
          "The time that lies so many units later", "TIMESTAMPADD(unit, count, t)"},
         [](BoundArgs bound) { return BindTimestampAdd(std::move(bound)); });
  Define(
      registry,
      {kCategory,
       "TIMESTAMPDIFF(unit STRING, a TIMESTAMP|DATE|TIME|TIMESTAMP_LTZ, b TIMESTAMP|DATE|TIME|TIMESTAMP_LTZ)",
       "Whole units from a to b", "TIMESTAMPDIFF(unit, a, b)"},
      [](BoundArgs bound) { return BindTimestampDiff(std::move(bound)); });
  Define(registry,
         {kCategory,
          "OVERLAPS(a DATE|TIME|TIMESTAMP|TIMESTAMP_LTZ, b DATE|TIME|TIMESTAMP|TIMESTAMP_LTZ|INTERVAL, "
          "c DATE|TIME|TIMESTAMP|TIMESTAMP_LTZ, d DATE|TIME|TIMESTAMP|TIMESTAMP_LTZ|INTERVAL)",
          "Whether two periods have a moment in common",
          "(begin, end or length) OVERLAPS (begin, end or length)"},
         [](BoundArgs bound) { return BindOverlaps(std::move(bound)); });
  DefineClocks(registry);
  DefineRefusals(registry);
}

}  // namespace millrace::functions
