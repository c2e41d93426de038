#include "formats/grok.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/grok_matcher.h"
#include "formats/line_decoder.h"
#include "formats/option_reader.h"
#include "formats/projection.h"
#include "formats/scalar_text.h"
#include "formats/timestamp_pattern.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

constexpr std::string_view kKeys[] = {"pattern", "definitions", "timestamp-format", "ignore-parse-errors"};

// What web servers write; read without a 'grok.timestamp-format' too.
constexpr std::string_view kHttpDate = "d/MMM/yyyy:HH:mm:ss Z";

class GrokDecoder final : public LineDecoder {
 public:
  struct Column {
    ValueSpec spec;
    size_t field;  // of the matcher
  };

  GrokDecoder(std::vector<data::DataType> types, std::vector<Column> columns,
              std::unique_ptr<GrokMatcher> matcher, std::vector<TimestampPattern> timestamps,
              bool has_own_timestamps, bool ignore_parse_errors, const data::TimeZone* zone)
      : LineDecoder(std::move(types), true, ignore_parse_errors),
        columns_(std::move(columns)),
        matcher_(std::move(matcher)),
        timestamps_(std::move(timestamps)),
        has_own_timestamps_(has_own_timestamps),
        ignores_errors_(ignore_parse_errors),
        zone_(zone),
        scalars_({.timestamp_separator = 0, .seconds_optional = true, .zone = zone}) {}

 private:
  Status DecodeRecord(std::string_view record, int64_t offset) override;
  Flaw WriteTimestamp(const ValueSpec& spec, std::string_view text, data::Column& column, size_t row);
  Flaw WriteField(const ValueSpec& spec, std::string_view text, data::Column& column, size_t row);

  const std::vector<Column> columns_;
  const std::unique_ptr<GrokMatcher> matcher_;
  const std::vector<TimestampPattern> timestamps_;
  const bool has_own_timestamps_;
  const bool ignores_errors_;
  const data::TimeZone* zone_;
  ScalarTextWriter scalars_;
};

Status GrokDecoder::DecodeRecord(std::string_view record, int64_t offset) {
  switch (matcher_->Match(record)) {
    case GrokMatcher::Outcome::kMatch:
      break;
    case GrokMatcher::Outcome::kNoMatch:
      return Malformed(offset, record,
                       Error(ErrorCode::kInvalidText, "the record does not match 'grok.pattern'"));
    case GrokMatcher::Outcome::kTooLong:
      return Malformed(
          offset, record,
          Error(ErrorCode::kResourceExhausted,
                fmt::format("matching 'grok.pattern' took more than {} steps", limits::kRegexMatchLimit),
                "make the pattern more exact: %{DATA} and %{GREEDYDATA} side by side try every division"));
  }
  const size_t row = writer_.row();
  uint64_t ignored = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ValueSpec& spec = columns_[i].spec;
    data::Column& column = writer_.column(i);
    const std::string_view text = matcher_->Field(columns_[i].field);
    const Flaw flaw = WriteField(spec, text, column, row);
    if (flaw == Flaw::kNone) continue;
    if (!ignores_errors_ || !spec.nullable) return Malformed(offset, record, DescribeFlaw(spec, flaw, text));
    StoreNull(column, row);
    ++ignored;
  }
  stats_.ignored_fields += ignored;
  return Commit(offset);
}

Flaw GrokDecoder::WriteField(const ValueSpec& spec, std::string_view text, data::Column& column, size_t row) {
  if (text.data() == nullptr) {
    if (!spec.nullable) return Flaw::kNull;
    StoreNull(column, row);
    return Flaw::kNone;
  }
  if (column.has_nulls()) column.SetValid(row);
  if (spec.type.IsTimestamp()) return WriteTimestamp(spec, text, column, row);
  const bool is_trimmed = spec.type.IsNumeric() || spec.kind == TypeKind::kBoolean;
  return scalars_.Write(spec, is_trimmed ? Trim(text) : text, true, column, row);
}

Flaw GrokDecoder::WriteTimestamp(const ValueSpec& spec, std::string_view text, data::Column& column,
                                 size_t row) {
  const bool is_instant = spec.kind == TypeKind::kTimestampLtz;
  for (const TimestampPattern& pattern : timestamps_) {
    const std::optional<TimestampPattern::Time> time = pattern.Parse(text);
    if (!time) continue;
    int64_t micros = time->local_micros;
    if (is_instant) {
      micros = time->offset_seconds ? micros - *time->offset_seconds * data::kMicrosPerSecond
                                    : zone_->ToInstant(micros);
    }
    column.mutable_values<int64_t>()[row] = CutToPrecision(micros, spec.precision);
    return Flaw::kNone;
  }
  if (has_own_timestamps_) return is_instant ? Flaw::kInstant : Flaw::kTimestamp;
  if (!is_instant && text.size() > 19) {
    // A TIMESTAMP is the wall clock as written: a zone behind it is left aside.
    const size_t zone_at = text.find_first_of("Z+-", 19);
    int32_t seconds;
    if (zone_at != std::string_view::npos && ReadOffset(text.substr(zone_at), &seconds))
      text = text.substr(0, zone_at);
  }
  return scalars_.Write(spec, text, true, column, row);
}

Status CheckType(const data::Field& column) {
  const data::DataType& type = column.type;
  if (type.IsCharacter() || type.IsNumeric() || type.IsDatetime() || type.kind() == TypeKind::kBoolean)
    return Ok();
  return Fail(ErrorCode::kNotSupported,
              fmt::format("column '{}': grok has no form for {}", column.name, type.ToString()),
              "grok takes STRING, numbers, BOOLEAN, DATE, TIME and TIMESTAMP");
}

}  // namespace

std::span<const std::string_view> GrokOptionKeys() {
  return kKeys;
}

Result<std::unique_ptr<Decoder>> MakeGrokDecoder(const data::Schema& schema, const Options& options,
                                                 const DecodeContext& context) {
  const OptionReader reader("grok", options, kKeys);
  MR_TRY(reader.CheckKeys());
  const auto pattern = reader.Find("pattern");
  if (!pattern) {
    return Fail(ErrorCode::kInvalidParameter, "format 'grok' needs option 'grok.pattern'",
                "e.g. 'grok.pattern' = '%{IPORHOST:ip} - %{USER:user} \\[%{HTTPDATE:time}\\]'");
  }
  MR_ASSIGN(std::unique_ptr<GrokMatcher> matcher,
            GrokMatcher::Compile(*pattern, reader.Text("definitions", "")));
  const std::vector<std::string>& fields = matcher->fields();
  for (const data::Field& column : schema) {
    MR_TRY(CheckType(column));
    if (std::find(fields.begin(), fields.end(), column.name) == fields.end()) {
      return Fail(ErrorCode::kInvalidTableDefinition,
                  fmt::format("column '{}' is captured by nothing in 'grok.pattern'", column.name),
                  fmt::format("it captures: {}", fmt::join(fields, ", ")));
    }
  }
  std::vector<TimestampPattern> timestamps;
  const auto own_format = reader.Find("timestamp-format");
  auto compiled = TimestampPattern::Compile(own_format.value_or(kHttpDate));
  if (!compiled) return std::unexpected(compiled.error().Within("option 'grok.timestamp-format'"));
  timestamps.push_back(std::move(*compiled));
  MR_ASSIGN(const bool ignore_parse_errors, reader.Bool("ignore-parse-errors", false));
  MR_ASSIGN(const std::vector<int> projection, ResolveProjection(schema, context));
  std::vector<GrokDecoder::Column> columns;
  for (const int index : projection) {
    const std::string& name = schema[index].name;
    const auto field = std::find(fields.begin(), fields.end(), name) - fields.begin();
    columns.push_back({ValueSpec(name, name, schema[index].type), static_cast<size_t>(field)});
  }
  return std::make_unique<GrokDecoder>(ProjectedTypes(schema, projection), std::move(columns),
                                       std::move(matcher), std::move(timestamps), own_format.has_value(),
                                       ignore_parse_errors, context.zone);
}

}  // namespace millrace::formats
