// Casts from and to text and bytes.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "data/decimal.h"
#include "data/text.h"
#include "functions/cast_column.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::ColumnView;
using data::DataType;
using data::StringRef;
using data::TypeKind;

namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// Digits with a sign, and a fraction that is checked but dropped. True: it FAILED.
template <typename R>
bool ReadInteger(const StringRef& ref, R* out) {
  std::string_view text = Trim(ref.view());
  *out = 0;
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && ref.view()[0] != '+')))
    return true;
  const auto [at, error] = std::from_chars(text.data(), end, *out);
  if (error != std::errc()) return true;
  if (at == end) return false;
  if (*at != '.') return true;
  return !std::all_of(at + 1, end, [](char c) { return c >= '0' && c <= '9'; });
}

template <typename R>
ColumnCaster TextToInteger(const DataType& to) {
  return TryCaster<R, StringRef>(to, [](const StringRef& ref, R* out) { return ReadInteger<R>(ref, out); });
}

int64_t CutToPrecision(int64_t micros, int precision) {
  const auto unit = static_cast<int64_t>(data::PowerOfTen(6 - precision));
  return unit == 1 ? micros : data::FloorDiv(micros, unit) * unit;
}

// What a std::optional<int64_t> of micros becomes as a value of the type.
template <typename Parse>
ColumnCaster TextToMicros(const DataType& to, Parse parse) {
  return TryCaster<int64_t, StringRef>(
      to, [parse, precision = to.precision()](const StringRef& ref, int64_t* out) {
        const std::optional<int64_t> micros = parse(Trim(ref.view()));
        *out = micros ? CutToPrecision(*micros, precision) : 0;
        return !micros;
      });
}

// The zone is known only when the cast runs.
ColumnCaster TextToInstant(const DataType& to) {
  return [to](const ColumnPtr& column, size_t rows, CastRun& run) -> ColumnPtr {
    return TextToMicros(to, [zone = run.zone](std::string_view text) {
      return data::ParseTimestampLtz(text, *zone);
    })(column, rows, run);
  };
}

// The bytes of the first `count` code points.
size_t PrefixBytes(std::string_view text, uint32_t count, uint32_t* points) {
  size_t at = 0;
  for (*points = 0; at < text.size() && *points < count; ++*points) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return at;
}

// Text cut or padded to the type's length; what already fits stays where it is.
StringRef FitCharacters(std::string_view text, const DataType& to, data::StringHeap* heap) {
  uint32_t points = 0;
  const std::string_view prefix = text.substr(0, PrefixBytes(text, to.length(), &points));
  if (to.kind() == TypeKind::kVarchar || points == to.length()) return StringRef(prefix);
  std::string padded(prefix);
  padded.append(to.length() - points, ' ');
  return heap->Add(padded);
}

StringRef FitBytes(std::string_view bytes, const DataType& to, data::StringHeap* heap) {
  if (bytes.size() >= to.length()) return StringRef(bytes.substr(0, to.length()));
  if (to.kind() == TypeKind::kVarbinary) return StringRef(bytes);
  std::string padded(bytes);
  padded.append(to.length() - bytes.size(), '\0');
  return heap->Add(padded);
}

// Between texts, or between bytes, of different lengths.
template <typename Fit>
ColumnCaster Refit(const DataType& to, Fit fit) {
  return [to, fit](const ColumnPtr& column, size_t rows, CastRun&) -> ColumnPtr {
    auto result = Column::Make(to, rows);
    result->Resize(rows);
    auto* out = result->mutable_values<StringRef>();
    const ColumnView<StringRef> in(*column);
    for (size_t i = 0; i < rows; ++i) {
      if (!in.IsNull(i)) out[i] = fit(in[i].view(), to, &result->heap());
    }
    result->AndValidity(*column);
    result->AddOwnersOf(*column);
    return result;
  };
}

// The length of the valid UTF-8 sequence at the start of `bytes`; 0: there is none.
size_t SequenceBytes(std::string_view bytes) {
  const auto at = [&](size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  const auto follows = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && at(1) < 0xA0;
    const bool surrogate = lead == 0xED && at(1) >= 0xA0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && at(1) < 0x90;
    const bool beyond = lead == 0xF4 && at(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

// Bytes as text: what is not UTF-8 becomes U+FFFD.
StringRef DecodeUtf8(std::string_view bytes, const DataType& to, data::StringHeap* heap) {
  size_t valid = 0;
  while (valid < bytes.size()) {
    const size_t length = SequenceBytes(bytes.substr(valid));
    if (length == 0) break;
    valid += length;
  }
  if (valid == bytes.size()) return FitCharacters(bytes, to, heap);
  std::string text;
  for (size_t i = 0; i < bytes.size();) {
    const size_t length = SequenceBytes(bytes.substr(i));
    if (length == 0) {
      text += "\xEF\xBF\xBD";
      ++i;
    } else {
      text += bytes.substr(i, length);
      i += length;
    }
  }
  // Fitted first so that only what is kept goes to the heap.
  uint32_t points = 0;
  text.resize(PrefixBytes(text, to.length(), &points));
  if (to.kind() == TypeKind::kChar) text.append(to.length() - points, ' ');
  return heap->Add(text);
}

ColumnCaster FromText(const DataType& to) {
  switch (to.kind()) {
    case TypeKind::kBoolean:
      return TryCaster<uint8_t, StringRef>(to, [](const StringRef& ref, uint8_t* out) {
        bool value = false;
        const bool read = data::ParseBoolean(Trim(ref.view()), &value);
        *out = value ? 1 : 0;
        return !read;
      });
    case TypeKind::kTinyInt:
      return TextToInteger<int8_t>(to);
    case TypeKind::kSmallInt:
      return TextToInteger<int16_t>(to);
    case TypeKind::kInt:
      return TextToInteger<int32_t>(to);
    case TypeKind::kBigInt:
      return TextToInteger<int64_t>(to);
    case TypeKind::kFloat:
      return TryCaster<float, StringRef>(to, [](const StringRef& ref, float* out) {
        double value = 0;
        const bool read = data::ParseDouble(Trim(ref.view()), &value);
        *out = static_cast<float>(value);
        return !read;
      });
    case TypeKind::kDouble:
      return TryCaster<double, StringRef>(
          to, [](const StringRef& ref, double* out) { return !data::ParseDouble(Trim(ref.view()), out); });
    case TypeKind::kDecimal: {
      const auto make = [&]<typename R>() {
        return TryCaster<R, StringRef>(
            to, [precision = to.precision(), scale = to.scale()](const StringRef& ref, R* out) {
              const auto value = data::ParseDecimal(Trim(ref.view()), precision, scale);
              *out = value ? static_cast<R>(*value) : R{0};
              return !value;
            });
      };
      if (to.physical() == data::PhysicalType::kInt64) return make.operator()<int64_t>();
      return make.operator()<data::Int128>();
    }
    case TypeKind::kDate:
      return TryCaster<int32_t, StringRef>(to, [](const StringRef& ref, int32_t* out) {
        const auto days = data::ParseDate(Trim(ref.view()));
        *out = static_cast<int32_t>(days.value_or(0));
        return !days;
      });
    case TypeKind::kTime:
      return TextToMicros(to, data::ParseTime);
    case TypeKind::kTimestamp:
      return TextToMicros(to, data::ParseTimestamp);
    case TypeKind::kTimestampLtz:
      return TextToInstant(to);
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return Refit(to, FitCharacters);
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
      return Refit(to, FitBytes);
    default:
      return nullptr;
  }
}

ColumnCaster ToTextCaster(const DataType& to) {
  return [to](const ColumnPtr& column, size_t rows, CastRun& run) -> ColumnPtr {
    auto result = Column::Make(to, rows);
    result->Resize(rows);
    auto* out = result->mutable_values<StringRef>();
    data::StringHeap& heap = result->heap();
    const data::TextOptions options{.zone = run.zone};
    const bool is_whole = to.length() == data::kMaxLength;
    std::string text;
    for (size_t i = 0; i < rows; ++i) {
      if (column->IsNull(i)) continue;
      text.clear();
      data::AppendText(*column, i, options, &text);
      if (!is_whole) {
        uint32_t points = 0;
        text.resize(PrefixBytes(text, to.length(), &points));
        if (to.kind() == TypeKind::kChar) text.append(to.length() - points, ' ');
      }
      out[i] = heap.Add(text);
    }
    result->AndValidity(*column);
    return result;
  };
}

}  // namespace

ColumnCaster FindTextCaster(const DataType& from, const DataType& to) {
  if (from.IsCharacter()) return FromText(to);
  if (from.IsBinary()) {
    if (to.IsBinary()) return Refit(to, FitBytes);
    return to.IsCharacter() ? Refit(to, DecodeUtf8) : nullptr;
  }
  return to.IsCharacter() ? ToTextCaster(to) : nullptr;
}

}  // namespace millrace::functions
