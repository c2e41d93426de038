// Dates and times from text and numbers, and back: DATE_FORMAT, TO_DATE, TO_TIMESTAMP, TO_TIMESTAMP_LTZ,
// FROM_UNIXTIME, UNIX_TIMESTAMP, CONVERT_TZ.
//
// Patterns and zones that are constants are compiled when the call is bound; others as rows bring them, the
// last one being kept.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "data/datetime.h"
#include "data/decimal.h"
#include "functions/builtin.h"
#include "functions/datetime_arithmetic.h"
#include "functions/signature.h"
#include "functions/time_unit.h"

namespace millrace::functions {

using data::ColumnPtr;
using data::DataType;
using data::DatePattern;
using data::TimeZone;
using data::TypeKind;

namespace {

constexpr std::string_view kCategory = "temporal";
constexpr std::string_view kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

const DatePattern& DefaultPattern() {
  static const DatePattern& pattern = *new DatePattern(DatePattern::Compile(kDefaultPattern).value());
  return pattern;
}

// The pattern, or zone, for each row of an argument column.
template <typename T>
class RowOptions {
 public:
  using Compile = Result<T> (*)(std::string_view);

  // `constant`: compiled when the call was bound; else read from `column`.
  RowOptions(const std::optional<T>& constant, const data::Column* column, Compile compile)
      : constant_(constant), column_(column), compile_(compile) {}

  Result<const T*> At(size_t row) {
    if (constant_) return &*constant_;
    const std::string_view text = ArgReader<std::string_view>(*column_)[row];
    if (!last_ || last_text_ != text) {
      MR_ASSIGN(T compiled, compile_(text));
      last_ = std::move(compiled);
      last_text_ = text;
    }
    return &*last_;
  }

 private:
  const std::optional<T>& constant_;
  const data::Column* column_;
  Compile compile_;
  std::optional<T> last_;
  std::string last_text_;
};

// What a literal argument compiles to; nullopt when it is none (or NULL).
template <typename T>
Result<std::optional<T>> CompileLiteral(const BoundArgs& bound, size_t i,
                                        Result<T> (*compile)(std::string_view)) {
  const data::Value value = i < bound.size() ? bound.LiteralValue(i) : data::Value::Null();
  if (value.is_null()) return std::optional<T>();
  auto compiled = compile(value.as_string());
  if (!compiled) return std::unexpected(compiled.error().Within(bound.name));
  return std::optional<T>(std::move(*compiled));
}

using PatternOptions = RowOptions<DatePattern>;
using ZoneOptions = RowOptions<const TimeZone*>;

// The pattern argument i of a call, or the default one when the call has none.
Result<std::optional<DatePattern>> PatternArgument(const BoundArgs& bound, size_t i) {
  if (i >= bound.size()) return std::optional<DatePattern>(DefaultPattern());
  return CompileLiteral<DatePattern>(bound, i, DatePattern::Compile);
}

// out[i] = f(row) for rows without NULL arguments; f gives Result<std::optional<R>>.
template <typename R, typename F>
ColumnPtr FillRows(const DataType& type, const std::vector<ColumnPtr>& args, size_t rows,
                   EvalContext& context, F f) {
  if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
  auto result = MakeResult(type, rows);
  CombineNulls(args, result.get());
  R* out = result->template mutable_values<R>();
  const bool has_nulls = result->has_nulls();
  for (size_t row = 0; row < rows; ++row) {
    if (has_nulls && result->IsNull(row)) continue;
    const Result<std::optional<R>> answer =
        f(row, result->physical() == data::PhysicalType::kString ? &result->heap() : nullptr);
    if (answer && *answer) {
      out[row] = **answer;
      continue;
    }
    if (!answer) context.Fail(row, answer.error());
    result->SetNull(row);
  }
  return result;
}

// --- Text from times ---

// Writes local µs by the pattern of the row.
Result<std::optional<data::StringRef>> Format(PatternOptions& patterns, size_t row, int64_t local,
                                              std::string* text, data::StringHeap* heap) {
  MR_ASSIGN(const DatePattern* pattern, patterns.At(row));
  text->clear();
  pattern->Format(local, text);
  return std::optional(heap->Add(*text));
}

Result<ExprPtr> BindDateFormat(BoundArgs bound) {
  MR_ASSIGN(const auto pattern, PatternArgument(bound, 1));
  const DataType type = DataType::String();
  const DataType from = bound.type(0);
  if (from.kind() == TypeKind::kDate || from.kind() == TypeKind::kTime) {
    MR_ASSIGN(bound.args[0], MakeCast(bound.args[0], DataType::Timestamp(), /*is_try=*/false, bound.context));
  }
  if (from.IsCharacter()) {
    return bound.Call(
        type, [type, pattern](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) {
          PatternOptions patterns(pattern, args[1].get(), DatePattern::Compile);
          const ArgReader<std::string_view> texts(*args[0]);
          std::string text;
          return FillRows<data::StringRef>(
              type, args, rows, context,
              [&](size_t row, data::StringHeap* heap) -> Result<std::optional<data::StringRef>> {
                const auto local = DefaultPattern().ParseLenient(texts[row]);
                if (!local) return std::optional<data::StringRef>();
                return Format(patterns, row, *local, &text, heap);
              });
        });
  }
  const bool zoned = from.kind() == TypeKind::kTimestampLtz;
  return bound.Call(bound.Nullable(type), [type, pattern, zoned](const std::vector<ColumnPtr>& args,
                                                                 size_t rows, EvalContext& context) {
    PatternOptions patterns(pattern, args[1].get(), DatePattern::Compile);
    const data::ColumnView<int64_t> micros(*args[0]);
    std::string text;
    return FillRows<data::StringRef>(type, args, rows, context, [&](size_t row, data::StringHeap* heap) {
      const int64_t local = zoned ? context.zone->ToLocal(micros[row]) : micros[row];
      return Format(patterns, row, local, &text, heap);
    });
  });
}

Result<ExprPtr> BindFromUnixtime(BoundArgs bound) {
  MR_ASSIGN(const auto pattern, PatternArgument(bound, 1));
  const DataType type = DataType::String();
  return bound.Call(bound.Nullable(type), [type, pattern](const std::vector<ColumnPtr>& args, size_t rows,
                                                          EvalContext& context) {
    PatternOptions patterns(pattern, args.size() > 1 ? args[1].get() : nullptr, DatePattern::Compile);
    const data::ColumnView<int64_t> seconds(*args[0]);
    std::string text;
    return FillRows<data::StringRef>(
        type, args, rows, context,
        [&](size_t row, data::StringHeap* heap) -> Result<std::optional<data::StringRef>> {
          int64_t instant = 0;
          if (__builtin_mul_overflow(seconds[row], data::kMicrosPerSecond, &instant) ||
              !IsTimestampInRange(instant)) {
            return Fail(
                ErrorCode::kNumericOutOfRange,
                fmt::format("numeric out of range: FROM_UNIXTIME({}) is beyond the year 9999", seconds[row]));
          }
          return Format(patterns, row, context.zone->ToLocal(instant), &text, heap);
        });
  });
}

// --- Times from text ---

// By the pattern, or else as "yyyy-M-d[ H:m:s[.f]]", which Flink falls back to.
std::optional<int64_t> ParseWithFallback(const DatePattern& pattern, std::string_view text) {
  if (const auto local = pattern.Parse(text)) return local;
  if (text.find('T') != std::string_view::npos) return std::nullopt;
  return data::ParseTimestamp(text);
}

Result<ExprPtr> BindToDate(BoundArgs bound) {
  const DataType type = DataType::Date();
  if (bound.size() == 1) {
    return bound.Call(
        type, RowKernel<int32_t, std::string_view>(type, [](std::string_view text) -> std::optional<int32_t> {
          const auto days = data::ParseDate(text);
          return days ? std::optional(static_cast<int32_t>(*days)) : std::nullopt;
        }));
  }
  MR_ASSIGN(const auto pattern, PatternArgument(bound, 1));
  return bound.Call(
      type, [type, pattern](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) {
        PatternOptions patterns(pattern, args[1].get(), DatePattern::Compile);
        const ArgReader<std::string_view> texts(*args[0]);
        return FillRows<int32_t>(
            type, args, rows, context, [&](size_t row, data::StringHeap*) -> Result<std::optional<int32_t>> {
              MR_ASSIGN(const DatePattern* parser, patterns.At(row));
              const auto local = parser->ParseLenient(texts[row]);
              if (!local) return std::optional<int32_t>();
              return std::optional(static_cast<int32_t>(data::FloorDiv(*local, data::kMicrosPerDay)));
            });
      });
}

int64_t CutToMillis(int64_t micros) {
  return FloorTo(TimeUnit::kMillisecond, micros);
}

// Text to local µs by the pattern of argument 1, in the zone of argument 2 (neither: Flink's defaults).
Result<ExprPtr> BindParsedTimestamp(BoundArgs bound, const DataType& type) {
  MR_ASSIGN(const auto pattern, PatternArgument(bound, 1));
  MR_ASSIGN(auto zone, CompileLiteral<const TimeZone*>(bound, 2, TimeZone::Find));
  if (bound.size() < 3) zone = &TimeZone::Utc();
  return bound.Call(
      type, [type, pattern, zone](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) {
        PatternOptions patterns(pattern, args.size() > 1 ? args[1].get() : nullptr, DatePattern::Compile);
        ZoneOptions zones(zone, args.size() > 2 ? args[2].get() : nullptr, TimeZone::Find);
        const ArgReader<std::string_view> texts(*args[0]);
        return FillRows<int64_t>(type, args, rows, context,
                                 [&](size_t row, data::StringHeap*) -> Result<std::optional<int64_t>> {
                                   MR_ASSIGN(const DatePattern* parser, patterns.At(row));
                                   MR_ASSIGN(const TimeZone* const* row_zone, zones.At(row));
                                   const auto local = ParseWithFallback(*parser, texts[row]);
                                   if (!local) return std::optional<int64_t>();
                                   return std::optional(CutToMillis((*row_zone)->ToInstant(*local)));
                                 });
      });
}

Result<ExprPtr> BindToTimestamp(BoundArgs bound) {
  const DataType type = DataType::Timestamp(3);
  if (bound.size() > 1) return BindParsedTimestamp(std::move(bound), type);
  return bound.Call(
      type, RowKernel<int64_t, std::string_view>(type, [](std::string_view text) -> std::optional<int64_t> {
        if (text.find('T') != std::string_view::npos) return std::nullopt;
        const auto local = data::ParseTimestamp(text);
        return local ? std::optional(CutToMillis(*local)) : std::nullopt;
      }));
}

// --- Instants from numbers ---

constexpr int64_t kInstantMin = -62'167'219'200'000'000;  // 0000-01-01 00:00:00 UTC
constexpr int64_t kInstantMax = 253'402'300'799'999'999;  // 9999-12-31 23:59:59.999999 UTC

std::optional<int64_t> InstantInRange(int64_t micros) {
  if (micros < kInstantMin || micros > kInstantMax) return std::nullopt;
  return CutToMillis(micros);
}

// `value` in units of 10^-precision seconds.
std::optional<int64_t> InstantFromInteger(int64_t value, int64_t precision) {
  if (precision > 6)
    return InstantInRange(
        data::FloorDiv(value, static_cast<int64_t>(data::PowerOfTen(static_cast<int>(precision) - 6))));
  int64_t micros = 0;
  if (__builtin_mul_overflow(value, static_cast<int64_t>(data::PowerOfTen(6 - static_cast<int>(precision))),
                             &micros)) {
    return std::nullopt;
  }
  return InstantInRange(micros);
}

// Fractions below a millisecond are cut.
std::optional<int64_t> InstantFromDouble(double value, int64_t precision) {
  const double millis = value * std::pow(10.0, 3.0 - static_cast<double>(precision));
  if (!(std::abs(millis) < 1e15)) return std::nullopt;
  // A product such as 100.01 * 1000 may end just below the integer it stands for.
  const double nearest = std::round(millis);
  const double whole = std::abs(millis - nearest) < 1e-6 * std::max(1.0, std::abs(nearest)) * 1e-3
                           ? nearest
                           : std::trunc(millis);
  return InstantInRange(static_cast<int64_t>(whole) * data::kMicrosPerMilli);
}

Status CheckPrecision(int64_t precision) {
  if (precision >= 0 && precision <= 9) return Ok();
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("precision of TO_TIMESTAMP_LTZ must be between 0 and 9 but was {}", precision),
              "0 for seconds, 3 for milliseconds");
}

Result<ExprPtr> BindToTimestampLtz(BoundArgs bound) {
  const DataType type = DataType::TimestampLtz(3);
  if (bound.type(0).IsCharacter()) {
    if (bound.size() > 1 && !bound.type(1).IsCharacter()) {
      return std::unexpected(
          BadArguments(bound.name, bound.args, "TO_TIMESTAMP_LTZ(text [, pattern [, zone]])"));
    }
    return BindParsedTimestamp(std::move(bound), type);
  }
  if (bound.size() > 2 || (bound.size() == 2 && !bound.type(1).IsInteger())) {
    return std::unexpected(BadArguments(bound.name, bound.args, "TO_TIMESTAMP_LTZ(number [, precision])"));
  }
  if (bound.size() == 1) bound.args.push_back(MakeLiteral(DataType::BigInt().NotNull(), data::Value::Int(3)));
  if (!bound.LiteralValue(1).is_null()) MR_TRY(CheckPrecision(bound.LiteralValue(1).as_int()));
  MR_ASSIGN(bound.args[1], Coerce(bound.args[1], DataType::BigInt(), bound.context));
  const bool exact = bound.type(0).IsInteger();
  MR_ASSIGN(bound.args[0],
            Coerce(bound.args[0], exact ? DataType::BigInt() : DataType::Double(), bound.context));
  const auto convert = [](auto from, int64_t precision) -> Result<int64_t> {
    MR_TRY(CheckPrecision(precision));
    if constexpr (std::is_same_v<decltype(from), double>) {
      return InstantFromDouble(from, precision).value_or(std::numeric_limits<int64_t>::min());
    } else {
      return InstantFromInteger(from, precision).value_or(std::numeric_limits<int64_t>::min());
    }
  };
  Kernel kernel = exact ? RowKernel<int64_t, int64_t, int64_t>(type, convert)
                        : RowKernel<int64_t, double, int64_t>(type, convert);
  // Out of range is NULL, which the row kernel of a Result cannot say by itself.
  return bound.Call(
      type, [kernel](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) -> ColumnPtr {
        auto result = std::const_pointer_cast<data::Column>(kernel(args, rows, context));
        if (result->is_constant()) return result;
        auto* values = result->mutable_values<int64_t>();
        for (size_t i = 0; i < rows; ++i) {
          if (values[i] != std::numeric_limits<int64_t>::min()) continue;
          values[i] = 0;
          result->SetNull(i);
        }
        return result;
      });
}

// --- Seconds since 1970 ---

Result<ExprPtr> BindUnixTimestamp(BoundArgs bound) {
  const DataType type = DataType::BigInt();
  if (bound.size() == 0) {
    return bound.Call(
        type.NotNull(),
        [type](const std::vector<ColumnPtr>&, size_t rows, EvalContext& context) {
          return data::Column::Constant(
              type.NotNull(), data::Value::Int(data::FloorDiv(context.now_micros, data::kMicrosPerSecond)),
              rows);
        },
        /*deterministic=*/false);
  }
  MR_ASSIGN(const auto pattern, PatternArgument(bound, 1));
  return bound.Call(bound.Nullable(type), [type, pattern](const std::vector<ColumnPtr>& args, size_t rows,
                                                          EvalContext& context) {
    PatternOptions patterns(pattern, args.size() > 1 ? args[1].get() : nullptr, DatePattern::Compile);
    const ArgReader<std::string_view> texts(*args[0]);
    return FillRows<int64_t>(type, args, rows, context,
                             [&](size_t row, data::StringHeap*) -> Result<std::optional<int64_t>> {
                               MR_ASSIGN(const DatePattern* parser, patterns.At(row));
                               const auto local = parser->ParseLenient(texts[row]);
                               // Flink's documented answer for text that is no time.
                               if (!local) return std::optional(std::numeric_limits<int64_t>::min());
                               return std::optional(context.zone->ToInstant(*local) / data::kMicrosPerSecond);
                             });
  });
}

Result<ExprPtr> BindConvertTz(BoundArgs bound) {
  MR_ASSIGN(const auto from, CompileLiteral<const TimeZone*>(bound, 1, TimeZone::Find));
  MR_ASSIGN(const auto to, CompileLiteral<const TimeZone*>(bound, 2, TimeZone::Find));
  const DataType type = DataType::String();
  return bound.Call(type,
                    [type, from, to](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) {
                      ZoneOptions sources(from, args[1].get(), TimeZone::Find);
                      ZoneOptions targets(to, args[2].get(), TimeZone::Find);
                      const ArgReader<std::string_view> texts(*args[0]);
                      std::string text;
                      return FillRows<data::StringRef>(
                          type, args, rows, context,
                          [&](size_t row, data::StringHeap* heap) -> Result<std::optional<data::StringRef>> {
                            MR_ASSIGN(const TimeZone* const* source, sources.At(row));
                            MR_ASSIGN(const TimeZone* const* target, targets.At(row));
                            const auto local = DefaultPattern().ParseLenient(texts[row]);
                            if (!local) return std::optional<data::StringRef>();
                            text.clear();
                            DefaultPattern().Format((*target)->ToLocal((*source)->ToInstant(*local)), &text);
                            return std::optional(heap->Add(text));
                          });
                    });
}

}  // namespace

void RegisterDatetimeText(Registry& registry) {
  Define(registry,
         {kCategory, "DATE_FORMAT(t TIMESTAMP|TIMESTAMP_LTZ|DATE|TIME|STRING, pattern STRING)",
          "The time as text of the pattern; text is read as yyyy-MM-dd HH:mm:ss"},
         [](BoundArgs bound) { return BindDateFormat(std::move(bound)); });
  Define(registry,
         {kCategory, "FROM_UNIXTIME(seconds BIGINT [, pattern STRING])",
          "Seconds since 1970 as text, in the session's zone"},
         [](BoundArgs bound) { return BindFromUnixtime(std::move(bound)); });
  Define(registry,
         {kCategory, "UNIX_TIMESTAMP([text STRING [, pattern STRING]])",
          "Seconds since 1970, of now or of a text in the session's zone"},
         [](BoundArgs bound) { return BindUnixTimestamp(std::move(bound)); });
  Define(registry,
         {kCategory, "TO_DATE(text STRING [, pattern STRING])", "The date of a text; NULL where it is none"},
         [](BoundArgs bound) { return BindToDate(std::move(bound)); });
  Define(registry,
         {kCategory, "TO_TIMESTAMP(text STRING [, pattern STRING])",
          "The TIMESTAMP(3) of a text; NULL where it is none"},
         [](BoundArgs bound) { return BindToTimestamp(std::move(bound)); });
  Define(registry,
         {kCategory, "TO_TIMESTAMP_LTZ(value NUMERIC|STRING [, option INTEGER|STRING [, zone STRING]])",
          "The instant of seconds (precision 0), milliseconds (3) or text since 1970",
          "TO_TIMESTAMP_LTZ(number [, precision]), TO_TIMESTAMP_LTZ(text [, pattern [, zone]])"},
         [](BoundArgs bound) { return BindToTimestampLtz(std::move(bound)); });
  Define(registry,
         {kCategory, "CONVERT_TZ(text STRING, source STRING, target STRING)",
          "A time yyyy-MM-dd HH:mm:ss of one zone in another"},
         [](BoundArgs bound) { return BindConvertTz(std::move(bound)); });
}

}  // namespace millrace::functions
