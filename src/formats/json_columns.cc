#include "formats/json_columns.h"

#include <algorithm>
#include <cstring>

#include "formats/clock_scan.h"
#include "formats/number_scan.h"

// A loop's body belongs in the loop: it is short, and called for each value.
#define MR_INLINE __attribute__((always_inline))

namespace millrace::formats {
namespace {

using data::TypeKind;

// The marks of a text, as JsonIndex finds them.
bool IsMark(std::string_view text, size_t at) {
  return text[at] == '\n' || (text[at] == '"' && at + 1 < text.size() && text[at + 1] == ':');
}

uint64_t AddressOf(const char* p) {
  return reinterpret_cast<uintptr_t>(p);
}

// 0 when [p, end) is "true" or "false". Which of the two has no pattern: no branch on it.
inline uint64_t BooleanFlaws(const char* p, const char* end) {
  constexpr uint32_t kTrue = 0x65757274;  // "true"
  constexpr uint32_t kAlse = 0x65736C61;  // "alse"
  const uint64_t as_true = (Load4(p) ^ kTrue) | (AddressOf(end) ^ (AddressOf(p) + 4));
  const uint64_t as_false =
      (Load4(p + 1) ^ kAlse) | static_cast<uint64_t>(*p ^ 'f') | (AddressOf(end) ^ (AddressOf(p) + 5));
  return std::min(as_true, as_false);
}

[[gnu::noinline]] uint64_t LongStringFlaws(const char* p, const char* end) {
  if (end < p) return 1;
  const char* stop = FindAnyOf(p, end, '"', '\\', '\\');
  return uint64_t{stop != nullptr && stop < end};
}

// 0 when neither a quote nor a backslash is in [p, end), behind which a quote stands in a good line.
inline uint64_t StringFlaws(const char* p, const char* end) {
#if defined(__AVX2__)
  const auto size = static_cast<uint64_t>(end - p);
  if (size < 32) [[likely]] {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i stops = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')),
                                          _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
    // 63 when there is no stop at all.
    const auto mask = static_cast<uint32_t>(_mm256_movemask_epi8(stops));
    return static_cast<uint64_t>(std::countr_zero(mask | uint64_t{1} << 63)) ^ size;
  }
#endif
  return LongStringFlaws(p, end);
}

const char* LineEndOf(const JsonIndex& index, size_t line) {
  return index.begin() + index.marks()[index.line_marks()[line + 1]];
}

}  // namespace

// The lines that are being read.
struct JsonColumns::Lines {
  const char* begin;
  const uint32_t* marks;
  const uint32_t* line_marks;
  size_t count;
  size_t row;
};

JsonColumns::JsonColumns(const ValueSpec* record, bool fail_on_missing_field, JsonValueWriter* values)
    : record_(record), fail_on_missing_field_(fail_on_missing_field), values_(values) {}

JsonColumns::Kernel JsonColumns::KernelFor(const ValueSpec* spec, std::string_view value) {
  const char first = value.empty() ? '\0' : value[0];
  const bool is_number = IsDigit(first) || first == '-';
  const bool is_boolean = first == 't' || first == 'f';
  if (spec == nullptr) {
    return first == '"' ? Kernel::kSkipString
           : is_number  ? Kernel::kSkipNumber
           : is_boolean ? Kernel::kSkipBoolean
                        : Kernel::kRestSkip;
  }
  switch (spec->kind) {
    case TypeKind::kTinyInt:
      return is_number ? Kernel::kInt8 : Kernel::kRest;
    case TypeKind::kSmallInt:
      return is_number ? Kernel::kInt16 : Kernel::kRest;
    case TypeKind::kInt:
      return is_number ? Kernel::kInt32 : Kernel::kRest;
    case TypeKind::kBigInt:
      return is_number ? Kernel::kInt64 : Kernel::kRest;
    case TypeKind::kDecimal:
      return is_number && spec->physical == data::PhysicalType::kInt64 ? Kernel::kDecimal64 : Kernel::kRest;
    case TypeKind::kDouble:
      return is_number ? Kernel::kDouble : Kernel::kRest;
    case TypeKind::kBoolean:
      return is_boolean ? Kernel::kBoolean : Kernel::kRest;
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return first == '"' ? Kernel::kString : Kernel::kRest;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return first == '"' ? Kernel::kTimestamp : Kernel::kRest;
    default:
      return Kernel::kRest;
  }
}

void JsonColumns::Learn(std::string_view line, const std::vector<JsonMember>& members) {
  texts_.clear();
  missing_.clear();
  has_rest_ = false;
  if (!LearnTexts(line, members)) texts_.clear();
}

bool JsonColumns::LearnTexts(std::string_view line, const std::vector<JsonMember>& members) {
  if (members.size() < 2 || members.front().begin != line.data() || line.back() != '\n') return false;
  if (record_->children.size() > kColumnsMax || members.size() > kColumnsMax + 1) return false;
  std::vector<bool> seen(record_->children.size());
  uint32_t num_marks = 0;
  size_t counted = 0;  // bytes of the line whose marks are in num_marks
  bool behind_string = false;
  for (size_t i = 0; i < members.size(); ++i) {
    const JsonMember& member = members[i];
    const bool is_end = i + 1 == members.size();
    Text& text = texts_.emplace_back();
    size_t begin = static_cast<size_t>(member.begin - line.data());
    size_t end = is_end ? line.size() : static_cast<size_t>(member.value - line.data());
    if (behind_string) --begin;
    // The mark: the quote behind which the key's colon stands, or the end of the line.
    size_t mark = line.size() - 1;
    if (!is_end) {
      mark = end;
      while (mark > begin && line[mark - 1] != ':') --mark;
      if (mark < begin + 2 || line[mark - 2] != '"') return false;
      mark -= 2;
    }
    behind_string = false;
    if (!is_end) {
      const auto value_end = static_cast<size_t>(members[i + 1].begin - line.data());
      const std::string_view value = line.substr(end, value_end - end);
      if (member.child >= 0) {
        if (seen[member.child]) return false;
        seen[member.child] = true;
        text.spec = &record_->children[member.child];
        text.precision = text.spec->precision;
        text.scale = text.spec->scale;
        text.is_instant = text.spec->kind == TypeKind::kTimestampLtz;
      }
      text.child = member.child;
      text.kernel = KernelFor(text.spec, value);
      has_rest_ |= text.kernel >= Kernel::kRest;
      const size_t point = value.find('.');
      text.fraction_digits = point == value.npos ? 0 : static_cast<int>(value.size() - point - 1);
      behind_string = value[0] == '"' && text.kernel < Kernel::kRest;
      if (behind_string) ++end;
    }
    for (; counted <= mark; ++counted) num_marks += IsMark(line, counted) ? 1 : 0;
    if (num_marks >= JsonIndex::kMarksMax) return false;
    text.all_bytes = line.substr(begin, end - begin);
    const size_t line_end = text.all_bytes.find('\n');
    const bool is_one_line =
        line_end == std::string::npos || (is_end && line_end + 1 == text.all_bytes.size());
    if (!is_one_line || text.all_bytes.size() > kTextBytesMax) return false;
    text.size = static_cast<uint32_t>(text.all_bytes.size());
    text.mark = num_marks;
    text.mark_at = static_cast<uint32_t>(mark - begin);
    const size_t short_size = std::min<size_t>(text.size, kShortBytes);
    std::memcpy(text.bytes, text.all_bytes.data(), short_size);
    std::memset(text.mask, 0xFF, short_size);
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) missing_.push_back(static_cast<int>(i));
  }
  if (!missing_.empty() && fail_on_missing_field_) return false;
  has_rest_ |= !missing_.empty();
  return true;
}

// One pass over the values between `text` and `next`, see ForLines. Unless exact, the result only tells
// whether there is any line that is not as learnt.
template <bool kExact, typename F>
[[gnu::always_inline]] inline uint64_t JsonColumns::Loop(const Lines& lines, const Text& text,
                                                         const Text& next, F read) {
  uint64_t bad = 0;
  const size_t size = text.size;
  const size_t mark = text.mark;
  const size_t next_mark = next.mark;
  const size_t count = lines.count;
  // Only ever used with a mark added.
  const auto base = reinterpret_cast<uintptr_t>(lines.begin) - text.mark_at;
  const auto next_base = reinterpret_cast<uintptr_t>(lines.begin) - next.mark_at;
  const uint32_t* all_marks = lines.marks;
  const uint32_t* line_marks = lines.line_marks;
#if defined(__AVX2__)
  const __m256i bytes = _mm256_load_si256(reinterpret_cast<const __m256i*>(text.bytes));
  const __m256i mask = _mm256_load_si256(reinterpret_cast<const __m256i*>(text.mask));
  __m256i differences = _mm256_setzero_si256();
#endif
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* marks = all_marks + line_marks[i];
    const char* p = reinterpret_cast<const char*>(base + marks[mark]);
    const char* end = reinterpret_cast<const char*>(next_base + marks[next_mark]);
    uint64_t flaws = read(p + size, end, i);
#if defined(__AVX2__)
    const __m256i difference = _mm256_and_si256(
        _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), bytes), mask);
    if constexpr (kExact) {
      flaws |= static_cast<uint64_t>(_mm256_testz_si256(difference, difference) ^ 1);
    } else {
      differences = _mm256_or_si256(differences, difference);
    }
#else
    flaws |= uint64_t{std::memcmp(p, text.bytes, std::min(size, kShortBytes)) != 0};
#endif
    bad |= kExact ? uint64_t{flaws != 0} << i : flaws;
  }
#if defined(__AVX2__)
  bad |= static_cast<uint64_t>(_mm256_testz_si256(differences, differences) ^ 1);
#endif
  return bad;
}

// Calls read(value, end, i) for the value between `text` and `next` of each line i, which returns 0, or
// anything else when that is no such value or does not end at `end`. In a line of another layout `end` may
// be anywhere, also before the value. May call it twice for a line.
template <typename F>
[[gnu::always_inline]] inline uint64_t JsonColumns::ForLines(const Lines& lines, const Text& text,
                                                             const Text& next, F read) {
  uint64_t bad = text.size > kShortBytes ? LongTexts(lines, text) : 0;
  if (Loop<false>(lines, text, next, read) != 0) [[unlikely]]
    bad |= Loop<true>(lines, text, next, read);
  return bad;
}

uint64_t JsonColumns::LongTexts(const Lines& lines, const Text& text) {
  uint64_t bad = 0;
  for (size_t i = 0; i < lines.count; ++i) {
    const int64_t mark = lines.marks[lines.line_marks[i] + text.mark];
    bad |= uint64_t{std::memcmp(lines.begin + (mark - text.mark_at), text.all_bytes.data(), text.size) != 0}
           << i;
  }
  return bad;
}

uint64_t JsonColumns::Read(const JsonIndex& index, size_t first, size_t count, BatchWriter& writer) {
  const Lines lines{.begin = index.begin(),
                    .marks = index.marks(),
                    .line_marks = index.line_marks() + first,
                    .count = count,
                    .row = writer.row()};
  uint64_t bad = 0;
  const uint32_t num_marks = texts_.back().mark;
  const uint32_t first_mark = texts_.front().mark;
  const uint32_t first_mark_at = texts_.front().mark_at;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t* marks = lines.marks + lines.line_marks[i];
    const bool has_marks = lines.line_marks[i + 1] - lines.line_marks[i] == num_marks;
    const bool begins = marks[first_mark] - first_mark_at == marks[0] + 1;
    bad |= uint64_t{!(has_marks & begins)} << i;
  }
  for (size_t i = 0; i + 1 < texts_.size(); ++i) bad |= ReadColumn(lines, texts_[i], texts_[i + 1], writer);
  return bad | ForLines(lines, texts_.back(), texts_.back(),
                        [](const char*, const char*, size_t) { return uint64_t{0}; });
}

uint64_t JsonColumns::ReadColumn(const Lines& lines, Text& text, const Text& next, BatchWriter& writer) {
  std::byte* out = nullptr;
  if (text.child >= 0 && text.kernel < Kernel::kRest) {
    out = writer.raw_values(text.child) + lines.row * data::PhysicalSize(text.spec->physical);
  }
  switch (text.kernel) {
    case Kernel::kInt8:
      return ReadIntegers<int8_t>(lines, text, next, out);
    case Kernel::kInt16:
      return ReadIntegers<int16_t>(lines, text, next, out);
    case Kernel::kInt32:
      return ReadIntegers<int32_t>(lines, text, next, out);
    case Kernel::kInt64:
      return ReadIntegers<int64_t>(lines, text, next, out);
    case Kernel::kDecimal64:
      return ReadDecimals(lines, text, next, out);
    case Kernel::kDouble:
      return ReadDoubles(lines, text, next, out);
    case Kernel::kBoolean:
      return ReadBooleans(lines, text, next, out);
    case Kernel::kString:
      return ReadStrings(lines, text, next, out);
    case Kernel::kTimestamp:
      return ReadTimestamps(lines, text, next, out);
    case Kernel::kSkipString:
      return SkipStrings(lines, text, next);
    case Kernel::kSkipNumber:
      return SkipNumbers(lines, text, next);
    case Kernel::kSkipBoolean:
      return SkipBooleans(lines, text, next);
    default:
      return ForLines(lines, text, next, [](const char*, const char*, size_t) { return uint64_t{0}; });
  }
}

template <typename T>
uint64_t JsonColumns::ReadIntegers(const Lines& lines, const Text& text, const Text& next, std::byte* out) {
  T* values = reinterpret_cast<T*>(out);
  return ForLines(lines, text, next, [values](const char* p, const char* end, size_t i) MR_INLINE {
    int64_t value;
    const uint64_t flaws = ReadWhole(p, end, &value);
    values[i] = static_cast<T>(value);
    return flaws | static_cast<uint64_t>(value ^ static_cast<T>(value));
  });
}

uint64_t JsonColumns::ReadDecimals(const Lines& lines, const Text& text, const Text& next, std::byte* out) {
  auto* values = reinterpret_cast<int64_t*>(out);
  const int digits = text.fraction_digits;
  const int precision = text.precision;
  const int scale = text.scale;
  // A decimal of the learnt fraction needs one scaling, and is below 10^precision after it.
  const bool is_short = IsShortFraction(digits) && digits <= scale && scale - digits <= precision;
  const auto unit = static_cast<int64_t>(is_short ? kPowersOfTen[scale - digits] : 0);
  const uint64_t bound = is_short ? kPowersOfTen[precision - (scale - digits)] : 0;
  return ForLines(lines, text, next, [=](const char* p, const char* end, size_t i) MR_INLINE {
    int64_t value;
    if (is_short && ReadShortFraction(p, end, digits, &value) == 0) [[likely]] {
      values[i] = value * unit;
      return uint64_t{static_cast<uint64_t>(value < 0 ? -value : value) >= bound};
    }
    return AddressOf(ScanDecimal(p, precision, scale, values + i)) ^ AddressOf(end);
  });
}

uint64_t JsonColumns::ReadDoubles(const Lines& lines, const Text& text, const Text& next, std::byte* out) {
  auto* values = reinterpret_cast<double*>(out);
  const int digits = text.fraction_digits;
  const bool is_short = IsShortFraction(digits);
  const double unit = is_short ? static_cast<double>(kPowersOfTen[digits]) : 1;
  return ForLines(lines, text, next, [=](const char* p, const char* end, size_t i) MR_INLINE {
    int64_t value;
    // Both operands are exact, so that one rounding remains; a zero may have a sign.
    if (is_short && ReadShortFraction(p, end, digits, &value) == 0 && value != 0) [[likely]] {
      values[i] = static_cast<double>(value) / unit;
      return uint64_t{0};
    }
    return AddressOf(ScanDouble(p, values + i)) ^ AddressOf(end);
  });
}

uint64_t JsonColumns::ReadBooleans(const Lines& lines, const Text& text, const Text& next, std::byte* out) {
  return ForLines(lines, text, next, [out](const char* p, const char* end, size_t i) MR_INLINE {
    out[i] = static_cast<std::byte>(*p == 't');
    return BooleanFlaws(p, end);
  });
}

uint64_t JsonColumns::ReadStrings(const Lines& lines, const Text& text, const Text& next, std::byte* out) {
  auto* values = reinterpret_cast<data::StringRef*>(out);
  return ForLines(lines, text, next, [values](const char* p, const char* end, size_t i) MR_INLINE {
    StoreStringRef(p, static_cast<size_t>(end - p), values + i);
    return StringFlaws(p, end);
  });
}

uint64_t JsonColumns::SkipStrings(const Lines& lines, const Text& text, const Text& next) {
  return ForLines(lines, text, next,
                  [](const char* p, const char* end, size_t) { return StringFlaws(p, end); });
}

uint64_t JsonColumns::SkipNumbers(const Lines& lines, const Text& text, const Text& next) {
  return ForLines(lines, text, next, [](const char* p, const char* end, size_t) {
    if (SkipFixed(p) == end) [[likely]]
      return uint64_t{0};
    Fixed fixed;
    return AddressOf(ScanFixed(p, &fixed)) ^ AddressOf(end);
  });
}

uint64_t JsonColumns::SkipBooleans(const Lines& lines, const Text& text, const Text& next) {
  return ForLines(lines, text, next,
                  [](const char* p, const char* end, size_t) { return BooleanFlaws(p, end); });
}

uint64_t JsonColumns::ReadTimestamps(const Lines& lines, Text& text, const Text& next, std::byte* out) {
  auto* values = reinterpret_cast<int64_t*>(out);
  const int precision = text.precision;
  const TimeShape& shape = text.time;
  return ForLines(
      lines, text, next,
      [this, values, precision, &shape, &text](const char* p, const char* end, size_t i) MR_INLINE {
        int64_t micros;
#if defined(__AVX2__)
        const __m256i found = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        const __m256i bytes = _mm256_load_si256(reinterpret_cast<const __m256i*>(shape.text));
        const __m256i mask = _mm256_load_si256(reinterpret_cast<const __m256i*>(shape.mask));
        const auto is_same_day = _mm256_testz_si256(_mm256_xor_si256(found, bytes), mask);
        if ((static_cast<size_t>(end - p) == shape.size) & (is_same_day != 0) &&
            ReadClock(p + 11, shape.has_fraction, &micros) == 0) [[likely]] {
          values[i] = CutToPrecision(shape.day_micros + micros, precision);
          return uint64_t{0};
        }
#endif
        if (end < p || !ReadTimeSlowly(std::string_view(p, static_cast<size_t>(end - p)), text, &micros)) {
          return uint64_t{1};
        }
        values[i] = CutToPrecision(micros, precision);
        return uint64_t{0};
      });
}

// Learns the shape and the day of what it reads: "2020-01-31 12:30:05", with or without ".123" and, for an
// instant, with "Z".
bool JsonColumns::ReadTimeSlowly(std::string_view value, Text& text, int64_t* micros) {
  TimestampReader& reader = values_->scalars().timestamps();
  if (!(text.is_instant ? reader.ReadInstant(value, micros) : reader.Read(value, micros))) return false;
  const size_t size = value.size();
  const bool is_utc = value.back() == 'Z';
  const size_t time_end = size - (is_utc ? 1 : 0);
  const bool has_fraction = time_end == 23;
  const bool has_shape = (time_end == 19 || has_fraction) && is_utc == text.is_instant && value[4] == '-' &&
                         value[7] == '-' && value[13] == ':' && value[16] == ':' &&
                         (!has_fraction || value[19] == '.');
  if (!has_shape) return true;
  TimeShape& shape = text.time;
  shape.size = size;
  shape.has_fraction = has_fraction;
  shape.day_micros = *micros - data::FloorMod(*micros, data::kMicrosPerDay);
  std::memset(shape.mask, 0, sizeof(shape.mask));
  std::memcpy(shape.text, value.data(), size);
  std::memset(shape.mask, 0xFF, 11);
  shape.mask[13] = shape.mask[16] = '\xFF';
  if (has_fraction) shape.mask[19] = '\xFF';
  if (is_utc) shape.mask[size - 1] = '\xFF';
  return true;
}

bool JsonColumns::ReadRest(const JsonIndex& index, size_t line, BatchWriter& writer) {
  values_->BeginRecord();
  const uint32_t* marks = index.marks() + index.line_marks()[line];
  const auto begin_of = [&](const Text& text) {
    return index.begin() + (static_cast<int64_t>(marks[text.mark]) - text.mark_at);
  };
  for (size_t i = 0; i + 1 < texts_.size(); ++i) {
    const Text& text = texts_[i];
    if (text.kernel < Kernel::kRest) continue;
    JsonCursor cursor(begin_of(text) + text.size, LineEndOf(index, line));
    const bool is_good = text.kernel == Kernel::kRestSkip
                             ? cursor.SkipValue(1)
                             : values_->Write(cursor, *text.spec, writer.column(text.child), writer.row(),
                                              1) == JsonOutcome::kOk;
    if (!is_good || cursor.position() != begin_of(texts_[i + 1])) return false;
  }
  for (const int child : missing_) {
    const JsonOutcome outcome =
        values_->WriteNull(record_->children[child], Flaw::kMissing, writer.column(child), writer.row());
    if (outcome != JsonOutcome::kOk) return false;
  }
  return true;
}

}  // namespace millrace::formats
