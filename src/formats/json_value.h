// JsonValueWriter: one JSON value into one row of a column, by the column's type; nested types too.
//
// The careful path of the json decoder, and what its hot path calls for the values it has no short way
// for. Owned by one decoder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/column.h"
#include "formats/json_cursor.h"
#include "formats/scalar_text.h"
#include "formats/value_spec.h"

namespace millrace::formats {

struct JsonDecodeOptions {
  bool fail_on_missing_field = false;
  bool ignore_parse_errors = false;
  bool iso_timestamps = false;
  const data::TimeZone* zone = &data::TimeZone::Utc();
};

// kBad: a value is not of its type (the cursor stands anywhere); kSyntax: the text is not JSON.
enum class JsonOutcome : uint8_t { kOk, kBad, kSyntax };

// Where a member of an object stood: [begin, value) is the text from the end of what came before
// it (punctuation, key, colon) to its value. `child` is -1 for a member that is not wanted.
struct JsonMember {
  const char* begin;
  const char* value;
  int child;
};

class JsonValueWriter {
 public:
  explicit JsonValueWriter(const JsonDecodeOptions& options);

  // Before each record.
  void BeginRecord() { record_ignored_fields_ = 0; }
  // Fields of this record that were set to NULL because they are no values of their types.
  uint64_t record_ignored_fields() const { return record_ignored_fields_; }
  // Why the last call returned kBad.
  Error BadValue() const { return DescribeFlaw(*bad_spec_, bad_flaw_, bad_text_); }

  JsonOutcome Write(JsonCursor& cursor, const ValueSpec& spec, data::Column& column, size_t row, int depth);

  // The members of an object into the columns that `column_at(i)` gives for child i. With `members`, tells
  // where each stood.
  template <typename ColumnAt>
  JsonOutcome WriteMembers(JsonCursor& cursor, const ValueSpec& spec, ColumnAt column_at, size_t row,
                           int depth, std::vector<JsonMember>* members);

  // NULL, if the value may be.
  JsonOutcome WriteNull(const ValueSpec& spec, Flaw flaw, data::Column& column, size_t row);

  ScalarTextWriter& scalars() { return scalars_; }

 private:
  JsonOutcome WriteScalar(JsonCursor& cursor, const ValueSpec& spec, data::Column& column, size_t row,
                          int depth);
  JsonOutcome WriteArray(JsonCursor& cursor, const ValueSpec& spec, data::Column& column, size_t row,
                         int depth);
  JsonOutcome WriteMap(JsonCursor& cursor, const ValueSpec& spec, data::Column& column, size_t row,
                       int depth);
  JsonOutcome WriteText(const ValueSpec& spec, std::string_view text, bool is_stable, std::string_view shown,
                        data::Column& column, size_t row);
  JsonOutcome WriteEscaped(const ValueSpec& spec, std::string_view raw, data::Column& column, size_t row);
  JsonOutcome Mismatch(JsonCursor& cursor, const ValueSpec& spec, Flaw flaw, data::Column& column, size_t row,
                       int depth);
  JsonOutcome Bad(const ValueSpec& spec, Flaw flaw, std::string_view text, data::Column& column, size_t row);

  JsonDecodeOptions options_;
  ScalarTextWriter scalars_;
  std::string scratch_;
  uint64_t record_ignored_fields_ = 0;
  const ValueSpec* bad_spec_ = nullptr;
  Flaw bad_flaw_ = Flaw::kNone;
  std::string bad_text_;
};

// An error when a type has no JSON form: maps and multisets need text keys.
Status CheckJsonType(const ValueSpec& spec);

// Which members have been seen, without allocation for up to 256 of them.
class MemberSet {
 public:
  explicit MemberSet(size_t size) {
    if (size > 256) large_.resize((size + 63) / 64);
  }
  void Insert(size_t i) { words()[i >> 6] |= uint64_t{1} << (i & 63); }
  bool Contains(size_t i) const { return (words()[i >> 6] >> (i & 63) & 1) != 0; }

 private:
  uint64_t* words() { return large_.empty() ? small_ : large_.data(); }
  const uint64_t* words() const { return large_.empty() ? small_ : large_.data(); }

  uint64_t small_[4] = {};
  std::vector<uint64_t> large_;
};

template <typename ColumnAt>
JsonOutcome JsonValueWriter::WriteMembers(JsonCursor& cursor, const ValueSpec& spec, ColumnAt column_at,
                                          size_t row, int depth, std::vector<JsonMember>* members) {
  const auto syntax = [] { return JsonOutcome::kSyntax; };
  if (depth >= limits::kNestingMax) {
    cursor.Fail("nested too deeply");
    return syntax();
  }
  const char* begin = cursor.position();
  if (!cursor.Take('{')) return syntax();
  MemberSet seen(spec.children.size());
  size_t guess = 0;
  cursor.SkipSpace();
  if (cursor.Peek() != '}') {
    for (;;) {
      cursor.SkipSpace();
      std::string_view key;
      bool escaped;
      if (cursor.Peek() != '"') {
        cursor.Fail("expected a key");
        return syntax();
      }
      if (!cursor.TakeString(&key, &escaped)) return syntax();
      cursor.SkipSpace();
      if (!cursor.Take(':')) return syntax();
      cursor.SkipSpace();
      int child;
      if (escaped) {
        std::string name(key.size(), '\0');
        name.resize(UnescapeJson(key, name.data()));
        child = spec.FindChild(name, guess);
      } else {
        child = spec.FindChild(key, guess);
      }
      if (members != nullptr) members->push_back({begin, cursor.position(), child});
      if (child < 0) {
        if (!cursor.SkipValue(depth + 1)) return syntax();
      } else {
        const JsonOutcome outcome = Write(cursor, spec.children[child], column_at(child), row, depth + 1);
        if (outcome != JsonOutcome::kOk) return outcome;
        seen.Insert(child);
        guess = child + 1;
      }
      begin = cursor.position();
      cursor.SkipSpace();
      const char c = cursor.Peek();
      if (c == '}') break;
      if (c != ',') {
        cursor.Fail("expected ',' or '}'");
        return syntax();
      }
      cursor.Take(',');
    }
  }
  cursor.Take('}');
  if (members != nullptr) members->push_back({begin, cursor.position(), -1});
  for (size_t i = 0; i < spec.children.size(); ++i) {
    if (seen.Contains(i)) continue;
    data::Column& column = column_at(i);
    if (options_.fail_on_missing_field) return Bad(spec.children[i], Flaw::kMissing, {}, column, row);
    const JsonOutcome outcome = WriteNull(spec.children[i], Flaw::kMissing, column, row);
    if (outcome != JsonOutcome::kOk) return outcome;
  }
  return JsonOutcome::kOk;
}

}  // namespace millrace::formats
