#include "formats/json_value.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>

#include "formats/batch_writer.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

void MarkValid(data::Column& column, size_t row) {
  if (column.has_nulls()) column.SetValid(row);
}

// What is wrong with a value of the wrong JSON kind.
Flaw MismatchOf(const ValueSpec& spec) {
  switch (spec.kind) {
    case TypeKind::kBoolean:
      return Flaw::kBoolean;
    case TypeKind::kDecimal:
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return Flaw::kNumber;
    case TypeKind::kDate:
      return Flaw::kDate;
    case TypeKind::kTime:
      return Flaw::kTime;
    case TypeKind::kTimestamp:
      return Flaw::kTimestamp;
    case TypeKind::kTimestampLtz:
      return Flaw::kInstant;
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return Flaw::kBase64;
    case TypeKind::kArray:
      return Flaw::kNotArray;
    case TypeKind::kMap:
    case TypeKind::kMultiset:
    case TypeKind::kRow:
      return Flaw::kNotObject;
    default:
      return Flaw::kWholeNumber;
  }
}

// Java's parsers of these types are given trimmed text by Flink.
bool IsTrimmed(const ValueSpec& spec) {
  return spec.type.IsNumeric() || spec.kind == TypeKind::kBoolean || spec.type.IsInterval();
}

}  // namespace

Status CheckJsonType(const ValueSpec& spec) {
  if ((spec.kind == TypeKind::kMap || spec.kind == TypeKind::kMultiset) &&
      !spec.children[0].type.IsCharacter()) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("column '{}': json has no form for {}, whose keys are not text", spec.path,
                            spec.type.ToString()),
                "use STRING as the type of the keys");
  }
  if (spec.kind == TypeKind::kNull) {
    return Fail(ErrorCode::kNotSupported, fmt::format("column '{}' has no type", spec.path));
  }
  for (const ValueSpec& child : spec.children) MR_TRY(CheckJsonType(child));
  return Ok();
}

JsonValueWriter::JsonValueWriter(const JsonDecodeOptions& options)
    : options_(options),
      scalars_({.timestamp_separator = options.iso_timestamps ? 'T' : ' ',
                .whole_decimals = true,
                .zone = options.zone}) {}

JsonOutcome JsonValueWriter::Bad(const ValueSpec& spec, Flaw flaw, std::string_view text,
                                 data::Column& column, size_t row) {
  if (options_.ignore_parse_errors && spec.nullable) {
    ++record_ignored_fields_;
    StoreNull(column, row);
    return JsonOutcome::kOk;
  }
  bad_spec_ = &spec;
  bad_flaw_ = flaw;
  bad_text_ = text;
  return JsonOutcome::kBad;
}

JsonOutcome JsonValueWriter::WriteNull(const ValueSpec& spec, Flaw flaw, data::Column& column, size_t row) {
  if (!spec.nullable) return Bad(spec, flaw, {}, column, row);
  StoreNull(column, row);
  return JsonOutcome::kOk;
}

JsonOutcome JsonValueWriter::Write(JsonCursor& cursor, const ValueSpec& spec, data::Column& column,
                                   size_t row, int depth) {
  if (cursor.Peek() == 'n') {
    if (!cursor.TakeLiteral("null")) return JsonOutcome::kSyntax;
    return WriteNull(spec, Flaw::kNull, column, row);
  }
  if (!spec.type.IsNested()) return WriteScalar(cursor, spec, column, row, depth);
  const char open = spec.kind == TypeKind::kArray ? '[' : '{';
  if (cursor.Peek() != open) return Mismatch(cursor, spec, MismatchOf(spec), column, row, depth);
  const char* start = cursor.position();
  JsonOutcome outcome;
  if (spec.kind == TypeKind::kArray) {
    outcome = WriteArray(cursor, spec, column, row, depth);
  } else if (spec.kind == TypeKind::kRow) {
    MarkValid(column, row);
    outcome = WriteMembers(
        cursor, spec, [&column](size_t i) -> data::Column& { return column.mutable_child(i); }, row, depth,
        nullptr);
  } else {
    outcome = WriteMap(cursor, spec, column, row, depth);
  }
  if (outcome == JsonOutcome::kBad && options_.ignore_parse_errors && spec.nullable) {
    // A part that may not be NULL is no value: the whole is none.
    cursor.Seek(start);
    if (!cursor.SkipValue(depth)) return JsonOutcome::kSyntax;
    ++record_ignored_fields_;
    StoreNull(column, row);
    return JsonOutcome::kOk;
  }
  return outcome;
}

JsonOutcome JsonValueWriter::Mismatch(JsonCursor& cursor, const ValueSpec& spec, Flaw flaw,
                                      data::Column& column, size_t row, int depth) {
  const char* start = cursor.position();
  if (!cursor.SkipValue(depth)) return JsonOutcome::kSyntax;
  return Bad(spec, flaw, std::string_view(start, static_cast<size_t>(cursor.position() - start)), column,
             row);
}

JsonOutcome JsonValueWriter::WriteText(const ValueSpec& spec, std::string_view text, bool is_stable,
                                       std::string_view shown, data::Column& column, size_t row) {
  const Flaw flaw = scalars_.Write(spec, IsTrimmed(spec) ? Trim(text) : text, is_stable, column, row);
  if (flaw != Flaw::kNone) return Bad(spec, flaw, shown, column, row);
  MarkValid(column, row);
  return JsonOutcome::kOk;
}

JsonOutcome JsonValueWriter::WriteEscaped(const ValueSpec& spec, std::string_view raw, data::Column& column,
                                          size_t row) {
  if (spec.type.IsCharacter() && raw.size() > data::StringRef::kInlineBytes) {
    char* place = column.heap().Allocate(raw.size());
    const size_t size = UnescapeJson(raw, place);
    column.mutable_values<data::StringRef>()[row] = data::StringRef(std::string_view(place, size));
    MarkValid(column, row);
    return JsonOutcome::kOk;
  }
  scratch_.resize(raw.size());
  scratch_.resize(UnescapeJson(raw, scratch_.data()));
  return WriteText(spec, scratch_, false, scratch_, column, row);
}

JsonOutcome JsonValueWriter::WriteScalar(JsonCursor& cursor, const ValueSpec& spec, data::Column& column,
                                         size_t row, int depth) {
  const char* start = cursor.position();
  std::string_view text;
  switch (cursor.Peek()) {
    case '"': {
      bool escaped;
      if (!cursor.TakeString(&text, &escaped)) return JsonOutcome::kSyntax;
      if (escaped) return WriteEscaped(spec, text, column, row);
      return WriteText(spec, text, true, text, column, row);
    }
    case '{':
    case '[': {
      if (!spec.type.IsCharacter()) return Mismatch(cursor, spec, MismatchOf(spec), column, row, depth);
      if (!cursor.SkipValue(depth)) return JsonOutcome::kSyntax;
      const std::string_view whole(start, static_cast<size_t>(cursor.position() - start));
      scratch_.clear();
      AppendCompactJson(whole, &scratch_);
      const bool is_compact = scratch_.size() == whole.size();
      return WriteText(spec, is_compact ? whole : std::string_view(scratch_), is_compact, whole, column, row);
    }
    case 't':
      if (!cursor.TakeLiteral("true")) return JsonOutcome::kSyntax;
      break;
    case 'f':
      if (!cursor.TakeLiteral("false")) return JsonOutcome::kSyntax;
      break;
    default:
      if (!cursor.TakeNumber(&text)) return JsonOutcome::kSyntax;
      // Bytes are text in base64, never a number that happens to look like it.
      if (spec.type.IsBinary()) return Bad(spec, Flaw::kBase64, text, column, row);
      return WriteText(spec, text, true, text, column, row);
  }
  text = std::string_view(start, static_cast<size_t>(cursor.position() - start));
  if (spec.type.IsBinary()) return Bad(spec, Flaw::kBase64, text, column, row);
  return WriteText(spec, text, true, text, column, row);
}

JsonOutcome JsonValueWriter::WriteArray(JsonCursor& cursor, const ValueSpec& spec, data::Column& column,
                                        size_t row, int depth) {
  if (depth >= limits::kNestingMax) {
    cursor.Fail("nested too deeply");
    return JsonOutcome::kSyntax;
  }
  const size_t start = BeginList(column, row);
  data::Column& elements = column.mutable_child(0);
  size_t size = start;
  cursor.Take('[');
  cursor.SkipSpace();
  if (cursor.Peek() != ']') {
    for (;;) {
      cursor.SkipSpace();
      GrowColumn(elements, size + 1);
      const JsonOutcome outcome = Write(cursor, spec.children[0], elements, size, depth + 1);
      if (outcome != JsonOutcome::kOk) return outcome;
      ++size;
      cursor.SkipSpace();
      if (cursor.Peek() == ']') break;
      if (cursor.Peek() != ',') {
        cursor.Fail("expected ',' or ']'");
        return JsonOutcome::kSyntax;
      }
      cursor.Take(',');
    }
  }
  cursor.Take(']');
  column.mutable_values<data::ListEntry>()[row] = {start, size - start};
  MarkValid(column, row);
  return JsonOutcome::kOk;
}

JsonOutcome JsonValueWriter::WriteMap(JsonCursor& cursor, const ValueSpec& spec, data::Column& column,
                                      size_t row, int depth) {
  if (depth >= limits::kNestingMax) {
    cursor.Fail("nested too deeply");
    return JsonOutcome::kSyntax;
  }
  // First the keys, to know which of equal ones is the last; then the values.
  struct Entry {
    std::string key;
    std::string_view raw;
    bool escaped;
    const char* value;
    bool is_last;
  };
  std::vector<Entry> entries;
  cursor.Take('{');
  cursor.SkipSpace();
  while (cursor.Peek() != '}') {
    cursor.SkipSpace();
    Entry entry{};
    if (cursor.Peek() != '"') {
      cursor.Fail("expected a key");
      return JsonOutcome::kSyntax;
    }
    if (!cursor.TakeString(&entry.raw, &entry.escaped)) return JsonOutcome::kSyntax;
    cursor.SkipSpace();
    if (!cursor.Take(':')) return JsonOutcome::kSyntax;
    cursor.SkipSpace();
    entry.value = cursor.position();
    if (!cursor.SkipValue(depth + 1)) return JsonOutcome::kSyntax;
    if (entry.escaped) {
      entry.key.resize(entry.raw.size());
      entry.key.resize(UnescapeJson(entry.raw, entry.key.data()));
    }
    entries.push_back(std::move(entry));
    cursor.SkipSpace();
    if (cursor.Peek() == ',') {
      cursor.Take(',');
      cursor.SkipSpace();
      if (cursor.Peek() == '}') {
        cursor.Fail("expected a key");
        return JsonOutcome::kSyntax;
      }
    } else if (cursor.Peek() != '}') {
      cursor.Fail("expected ',' or '}'");
      return JsonOutcome::kSyntax;
    }
  }
  cursor.Take('}');
  const char* end = cursor.position();
  std::unordered_map<std::string_view, size_t> last;
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::string_view key = entries[i].escaped ? std::string_view(entries[i].key) : entries[i].raw;
    entries[i].is_last = true;
    const auto [found, is_new] = last.try_emplace(key, i);
    if (!is_new) {
      entries[found->second].is_last = false;
      found->second = i;
    }
  }
  const size_t start = BeginList(column, row);
  data::Column& keys = column.mutable_child(0);
  data::Column& values = column.mutable_child(1);
  size_t size = start;
  for (const Entry& entry : entries) {
    if (!entry.is_last) continue;
    GrowColumn(keys, size + 1);
    GrowColumn(values, size + 1);
    const std::string_view key = entry.escaped ? std::string_view(entry.key) : entry.raw;
    keys.mutable_values<data::StringRef>()[size] =
        entry.escaped ? keys.heap().Add(key) : data::StringRef(key);
    cursor.Seek(entry.value);
    const JsonOutcome outcome = Write(cursor, spec.children[1], values, size, depth + 1);
    if (outcome != JsonOutcome::kOk) return outcome;
    ++size;
  }
  cursor.Seek(end);
  column.mutable_values<data::ListEntry>()[row] = {start, size - start};
  MarkValid(column, row);
  return JsonOutcome::kOk;
}

}  // namespace millrace::formats
