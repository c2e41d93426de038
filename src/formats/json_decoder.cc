#include "formats/json_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "formats/json_columns.h"
#include "formats/json_index.h"
#include "formats/json_speculation.h"
#include "formats/json_value.h"
#include "formats/line_decoder.h"
#include "formats/option_reader.h"
#include "formats/projection.h"

namespace millrace::formats {
namespace {

constexpr std::string_view kKeys[] = {
    "fail-on-missing-field",     "ignore-parse-errors",        "timestamp-format.standard",
    "map-null-key.mode",         "map-null-key.literal",       "encode.decimal-as-plain-number",
    "encode.ignore-null-fields", "decode.json-parser.enabled",
};

std::string_view KindOf(char c) {
  switch (c) {
    case '"':
      return "a string";
    case 't':
    case 'f':
      return "a boolean";
    case 'n':
      return "null";
    case '[':
      return "an array";
    default:
      return "a number";
  }
}

// When more than one line in so many is not of the layout that is read by columns, reading by records is
// faster; another layout is tried after ever longer pauses.
constexpr size_t kOtherLinesShare = 4;
constexpr size_t kPauseWindowsMax = 1024;

class JsonDecoder final : public LineDecoder {
 public:
  JsonDecoder(ValueSpec record, std::vector<data::DataType> types, const JsonDecodeOptions& options)
      : LineDecoder(std::move(types), true, options.ignore_parse_errors),
        record_(std::move(record)),
        values_(options),
        speculation_(&record_, options.fail_on_missing_field, &values_),
        columns_(&record_, options.fail_on_missing_field, &values_) {}

 private:
  Status DecodeWindow(const char* begin, const char* end, bool is_valid) override;
  Status DecodeRecord(std::string_view record, int64_t offset) override;
  Status DecodeLine(const char** position, const char* end);
  Status DecodeColumns(const char** position, const char* end);
  Status CommitLines(size_t first, size_t* end);
  void PauseColumns();
  Status DecodeObject(std::string_view text, std::string_view record, int64_t offset);
  Status DecodeElements(JsonCursor cursor, std::string_view record, int64_t offset);

  Status CommitRecord(int64_t offset) {
    stats_.ignored_fields += values_.record_ignored_fields();
    return Commit(offset);
  }

  const ValueSpec record_;
  JsonValueWriter values_;
  JsonSpeculation speculation_;
  JsonIndex index_;
  JsonColumns columns_;
  std::vector<JsonMember> members_;
  bool wants_layout_ = true;  // the next line that the careful path reads gives columns_ its layout
  size_t pause_windows_ = 0;  // so many are left to the other paths before another layout is tried
  size_t pause_windows_next_ = 1;
};

Status JsonDecoder::DecodeWindow(const char* begin, const char* end, bool is_valid) {
  if (!is_valid) return LineDecoder::DecodeWindow(begin, end, false);
  const char* p = begin;
  if (columns_.has_layout()) {
    while (p < end && p < block_begin() + std::min(JsonColumns::kReadableBytes,
                                                   static_cast<size_t>(block_end() - block_begin()))) {
      MR_TRY(DecodeLine(&p, end));
    }
    if (p < end) MR_TRY(DecodeColumns(&p, end));
  } else if (pause_windows_ > 0) {
    --pause_windows_;
  } else {
    wants_layout_ = true;
  }
  while (p < end) MR_TRY(DecodeLine(&p, end));
  return Ok();
}

// One line, by the layouts of the records before it if it has one of them.
Status JsonDecoder::DecodeLine(const char** position, const char* end) {
  const char* p = *position;
  const char* behind = wants_layout_ ? nullptr : speculation_.TryRecord(p, block_end(), writer_);
  if (behind != nullptr) [[likely]] {
    // The layout says nothing of the line's end.
    const char* line_end = behind;
    if (line_end < end && *line_end == '\r') ++line_end;
    if (line_end == end || *line_end == '\n') [[likely]] {
      *position = line_end == end ? end : line_end + 1;
      return CommitRecord(OffsetOf(p));
    }
  }
  const char* next;
  const std::string_view line = TakeLine(p, end, &next);
  *position = next;
  if (line.empty()) return Ok();
  members_.clear();
  const uint64_t rows_before = stats_.rows;
  MR_TRY(DecodeRecord(line, OffsetOf(p)));
  if (wants_layout_ && stats_.rows == rows_before + 1) {
    wants_layout_ = false;
    columns_.Learn(std::string_view(p, static_cast<size_t>(next - p)), members_);
    if (!columns_.has_layout()) PauseColumns();
  }
  return Ok();
}

// The lines of a window that can be indexed, column by column; those of other layouts one by one between.
Status JsonDecoder::DecodeColumns(const char** position, const char* end) {
  index_.Build(*position, end, block_end(), JsonColumns::kReadableBytes);
  const size_t lines = index_.lines();
  size_t num_other = 0;
  size_t line = 0;
  while (line < lines) {
    const size_t count = std::min({JsonColumns::kLinesMax, lines - line, writer_.room()});
    uint64_t bad = columns_.Read(index_, line, count, writer_);
    const size_t stop = line + count;
    while (line < stop) {
      size_t good_end = bad == 0 ? stop : stop - count + static_cast<size_t>(std::countr_zero(bad));
      MR_TRY(CommitLines(line, &good_end));
      line = good_end;
      if (line == stop) break;
      // The rows behind this one stay as they are if it turns out to be one row too.
      const size_t at = line - (stop - count);
      bad = at + 1 < JsonColumns::kLinesMax ? bad >> (at + 1) << (at + 1) : 0;
      ++num_other;
      writer_.ClearRow();
      const uint64_t rows_before = stats_.rows;
      const char* p = index_.line(line++);
      MR_TRY(DecodeLine(&p, end));
      if (stats_.rows != rows_before + 1) break;
    }
  }
  *position = index_.line(lines);
  if (num_other * kOtherLinesShare > lines) {
    columns_.Forget();
    PauseColumns();
  } else if (lines > 0) {
    pause_windows_next_ = 1;
  }
  return Ok();
}

// Ends the rows of the lines from `first` to *end, or to the first that is of another layout after all.
Status JsonDecoder::CommitLines(size_t first, size_t* end) {
  if (!columns_.has_rest()) {
    int64_t* offsets = writer_.offsets();
    for (size_t line = first; line < *end; ++line) *offsets++ = OffsetOf(index_.line(line));
    return CommitRows(*end - first);
  }
  for (size_t line = first; line < *end; ++line) {
    if (!columns_.ReadRest(index_, line, writer_)) {
      *end = line;
      return Ok();
    }
    MR_TRY(CommitRecord(OffsetOf(index_.line(line))));
  }
  return Ok();
}

void JsonDecoder::PauseColumns() {
  pause_windows_ = pause_windows_next_;
  pause_windows_next_ = std::min(pause_windows_next_ * 2, kPauseWindowsMax);
}

Status JsonDecoder::DecodeRecord(std::string_view record, int64_t offset) {
  JsonCursor cursor(record.data(), record.data() + record.size());
  cursor.SkipSpace();
  if (cursor.AtEnd()) return Ok();
  if (cursor.Peek() == '{') return DecodeObject(record, record, offset);
  const char first = cursor.Peek();
  const char* start = cursor.position();
  bool is_json = cursor.SkipValue(0);
  if (is_json) {
    cursor.SkipSpace();
    is_json = cursor.AtEnd() || cursor.Fail("more text after the value");
  }
  if (!is_json) return Malformed(offset, record, cursor.Failure(record.data()));
  if (first != '[') {
    return Malformed(
        offset, record,
        Error(ErrorCode::kInvalidText, fmt::format("the record is {}, not an object", KindOf(first))));
  }
  cursor.Seek(start);
  return DecodeElements(cursor, record, offset);
}

// Each element of an array is a row; what is wrong with one leaves the others alone.
Status JsonDecoder::DecodeElements(JsonCursor cursor, std::string_view record, int64_t offset) {
  cursor.Take('[');
  cursor.SkipSpace();
  while (cursor.Peek() != ']') {
    cursor.SkipSpace();
    const char* start = cursor.position();
    const char first = cursor.Peek();
    cursor.SkipValue(1);
    const std::string_view element(start, static_cast<size_t>(cursor.position() - start));
    const int64_t element_offset = offset + (start - record.data());
    if (first == '{') {
      MR_TRY(DecodeObject(element, element, element_offset));
    } else {
      MR_TRY(Malformed(element_offset, element,
                       Error(ErrorCode::kInvalidText,
                             fmt::format("an element of the record is {}, not an object", KindOf(first)))));
    }
    cursor.SkipSpace();
    if (cursor.Peek() == ',') cursor.Take(',');
  }
  return Ok();
}

Status JsonDecoder::DecodeObject(std::string_view text, std::string_view record, int64_t offset) {
  JsonCursor cursor(text.data(), text.data() + text.size());
  cursor.SkipSpace();
  members_.clear();
  values_.BeginRecord();
  const JsonOutcome outcome = values_.WriteMembers(
      cursor, record_, [this](size_t i) -> data::Column& { return writer_.column(i); }, writer_.row(), 0,
      &members_);
  if (outcome == JsonOutcome::kBad) return Malformed(offset, record, values_.BadValue());
  bool is_json = outcome == JsonOutcome::kOk;
  if (is_json) {
    cursor.SkipSpace();
    is_json = cursor.AtEnd() || cursor.Fail("more text after the object");
  }
  if (!is_json) return Malformed(offset, record, cursor.Failure(record.data()));
  speculation_.Learn(members_);
  return CommitRecord(offset);
}

}  // namespace

std::span<const std::string_view> JsonOptionKeys() {
  return kKeys;
}

Result<int> ReadTimestampStandard(const Options& options) {
  constexpr std::string_view kStandards[] = {"SQL", "ISO-8601"};
  return OptionReader("json", options, kKeys).Choice("timestamp-format.standard", kStandards, 0);
}

Status CheckJsonOptions(const Options& options) {
  const OptionReader reader("json", options, kKeys);
  MR_TRY(reader.CheckKeys());
  MR_ASSIGN(const bool fail_on_missing_field, reader.Bool("fail-on-missing-field", false));
  MR_ASSIGN(const bool ignore_parse_errors, reader.Bool("ignore-parse-errors", false));
  if (fail_on_missing_field && ignore_parse_errors) {
    return Fail(ErrorCode::kInvalidParameter,
                "options 'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be 'true'");
  }
  if (reader.Find("decode.json-parser.enabled")) {
    return Fail(ErrorCode::kNotSupported,
                "option 'json.decode.json-parser.enabled' is not supported: there is one JSON parser here",
                "leave the option out");
  }
  MR_TRY(ReadTimestampStandard(options));
  MR_TRY(reader.Bool("encode.decimal-as-plain-number", false));
  MR_TRY(reader.Bool("encode.ignore-null-fields", false));
  constexpr std::string_view kModes[] = {"FAIL", "DROP", "LITERAL"};
  MR_TRY(reader.Choice("map-null-key.mode", kModes, 0));
  return Ok();
}

Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const data::Schema& schema, const Options& options,
                                                 const DecodeContext& context) {
  MR_TRY(CheckJsonOptions(options));
  const OptionReader reader("json", options, kKeys);
  JsonDecodeOptions decode;
  decode.zone = context.zone;
  MR_ASSIGN(decode.fail_on_missing_field, reader.Bool("fail-on-missing-field", false));
  MR_ASSIGN(decode.ignore_parse_errors, reader.Bool("ignore-parse-errors", false));
  MR_ASSIGN(const int standard, ReadTimestampStandard(options));
  decode.iso_timestamps = standard == 1;
  MR_ASSIGN(std::vector<int> columns, ResolveProjection(schema, context));
  ValueSpec record = MakeRecordSpec(schema, columns);
  for (const ValueSpec& column : record.children) MR_TRY(CheckJsonType(column));
  return std::make_unique<JsonDecoder>(std::move(record), ProjectedTypes(schema, columns), decode);
}

}  // namespace millrace::formats
