// Parts and forms of texts: SUBSTRING, LEFT, TRIM, LPAD, UPPER, REPLACE, ...
//
// Positions and lengths count code points, from 1.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/limits.h"
#include "functions/builtin.h"
#include "functions/signature.h"
#include "functions/utf8.h"

namespace millrace::functions {

using data::DataType;

namespace {

constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

Status FitsText(uint64_t bytes, std::string_view function) {
  if (bytes <= limits::kRecordBytesMax) return Ok();
  return Fail(ErrorCode::kResourceExhausted,
              fmt::format("{} would give a text longer than {} bytes", function, limits::kRecordBytesMax));
}

// Negative starts count from the end; what lies outside is empty; a negative length gives NULL.
std::optional<std::string_view> Substring(std::string_view text, int64_t start, int64_t length) {
  if (length < 0 || length > kIntMax || start > kIntMax) return std::nullopt;
  size_t first = 0;
  if (start > 0) {
    first = static_cast<size_t>(start - 1);
  } else if (start < 0) {
    const auto total = static_cast<int64_t>(utf8::Length(text));
    if (total + start < 0) return std::string_view();
    first = static_cast<size_t>(total + start);
  }
  return utf8::Substring(text, first, static_cast<size_t>(length));
}

std::string_view Left(std::string_view text, int64_t count) {
  return count <= 0 ? std::string_view() : utf8::Substring(text, 0, static_cast<size_t>(count));
}

std::string_view Right(std::string_view text, int64_t count) {
  if (count <= 0) return {};
  size_t at = text.size();
  for (; count > 0 && at > 0; --count) at -= utf8::TrailBytes(text.substr(0, at));
  return text.substr(at);
}

std::string_view TrimLeft(std::string_view text, std::string_view characters) {
  while (!text.empty()) {
    const size_t size = utf8::LeadBytes(text);
    if (characters.find(text.substr(0, size)) == std::string_view::npos) break;
    text.remove_prefix(size);
  }
  return text;
}

std::string_view TrimRight(std::string_view text, std::string_view characters) {
  while (!text.empty()) {
    const size_t size = utf8::TrailBytes(text);
    if (characters.find(text.substr(text.size() - size)) == std::string_view::npos) break;
    text.remove_suffix(size);
  }
  return text;
}

std::string_view TrimBoth(std::string_view text, std::string_view characters) {
  return TrimRight(TrimLeft(text, characters), characters);
}

// One or two arguments: without the second, blanks are trimmed.
void DefineTrim(Registry& registry, std::string_view signature, std::string_view summary,
                std::string_view (*trim)(std::string_view, std::string_view)) {
  Define(registry, {"string", signature, summary}, [trim](BoundArgs bound) -> Result<ExprPtr> {
    const DataType type = bound.Nullable(DataType::String());
    if (bound.size() == 1) {
      return bound.Call(type, ViewKernel<std::string_view>(
                                  type, [trim](std::string_view text) { return trim(text, " "); }));
    }
    return bound.Call(type, ViewKernel<std::string_view, std::string_view>(type, trim));
  });
}

// TRIM(text), or its three parts as the grammar gives them: BOTH | LEADING | TRAILING, characters, text.
Result<ExprPtr> BindTrim(BoundArgs bound) {
  const DataType type = bound.Nullable(DataType::String());
  if (bound.size() == 1) {
    return bound.Call(
        type, ViewKernel<std::string_view>(type, [](std::string_view text) { return TrimBoth(text, " "); }));
  }
  if (bound.size() != 3 || !bound.IsLiteral(0) || bound.LiteralValue(0).is_null()) {
    return std::unexpected(
        BadArguments(bound.name, bound.args, "TRIM([BOTH|LEADING|TRAILING] chars FROM text)"));
  }
  const std::string mode = bound.LiteralValue(0).as_string();
  auto* trim = mode == "LEADING" ? TrimLeft : mode == "TRAILING" ? TrimRight : TrimBoth;
  return bound.Call(type, ViewKernel<std::string_view, std::string_view, std::string_view>(
                              type, [trim](std::string_view, std::string_view characters,
                                           std::string_view text) { return trim(text, characters); }));
}

// What fills `count` code points, repeating `pad`.
void AppendPadding(std::string_view pad, size_t count, std::string* out) {
  const size_t length = utf8::Length(pad);
  for (; count >= length; count -= length) out->append(pad);
  out->append(utf8::Substring(pad, 0, count));
}

enum class Side : uint8_t { kLeft, kRight };

// Rows without an answer (a negative length, nothing to fill with) are NULL; those too long fail.
Kernel PadKernel(const DataType& type, Side side) {
  return [type, side](const std::vector<data::ColumnPtr>& args, size_t rows,
                      EvalContext& context) -> data::ColumnPtr {
    if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    std::string out;
    internal::ForEachRow<std::string_view, int32_t, std::string_view>(
        args, rows, result.get(), std::index_sequence_for<int, int, int>(),
        [&](size_t row, std::string_view text, int32_t wanted, std::string_view pad) {
          if (wanted < 0 || pad.empty()) {
            result->SetNull(row);
            return;
          }
          const size_t length = utf8::Length(text);
          const auto total = static_cast<size_t>(wanted);
          const size_t missing = total > length ? total - length : 0;
          const Status fits = FitsText(text.size() + missing, side == Side::kLeft ? "LPAD" : "RPAD");
          if (!fits) {
            context.Fail(row, fits.error());
            result->SetNull(row);
            return;
          }
          out.clear();
          if (side == Side::kLeft) AppendPadding(pad, missing, &out);
          out.append(utf8::Substring(text, 0, total));
          if (side == Side::kRight) AppendPadding(pad, missing, &out);
          result->mutable_values<data::StringRef>()[row] = result->heap().Add(out);
        });
    return result;
  };
}

Status Repeat(std::string_view text, int32_t times, std::string* out) {
  if (times <= 0) return Ok();
  MR_TRY(FitsText(static_cast<uint64_t>(times) * text.size(), "REPEAT"));
  out->reserve(text.size() * static_cast<size_t>(times));
  for (; times > 0; --times) out->append(text);
  return Ok();
}

void Replace(std::string_view text, std::string_view search, std::string_view replacement, std::string* out) {
  if (search.empty()) {
    // As in Java: around every code point.
    out->append(replacement);
    for (size_t at = 0; at < text.size();) {
      const size_t size = utf8::LeadBytes(text.substr(at));
      out->append(text.substr(at, size)).append(replacement);
      at += size;
    }
    return;
  }
  size_t from = 0;
  for (size_t at; (at = text.find(search, from)) != std::string_view::npos; from = at + search.size()) {
    out->append(text.substr(from, at - from)).append(replacement);
  }
  out->append(text.substr(from));
}

// `length` code points from `start` give way to `replacement`; a start outside the text leaves it as it is.
void Overlay(std::string_view text, std::string_view replacement, int64_t start, int64_t length,
             std::string* out) {
  const auto total = static_cast<int64_t>(utf8::Length(text));
  if (start <= 0 || start > total) {
    out->append(text);
    return;
  }
  const size_t first = utf8::ByteOffset(text, static_cast<size_t>(start - 1));
  out->append(text.substr(0, first)).append(replacement);
  const std::string_view rest = text.substr(first);
  out->append(rest.substr(utf8::ByteOffset(rest, static_cast<size_t>(std::max<int64_t>(length, 0)))));
}

void Reverse(std::string_view text, std::string* out) {
  if (utf8::IsAscii(text)) {
    out->assign(text.rbegin(), text.rend());
    return;
  }
  while (!text.empty()) {
    const size_t size = utf8::TrailBytes(text);
    out->append(text.substr(text.size() - size));
    text.remove_suffix(size);
  }
}

// The first letter of each run of letters and digits is a capital, the others are small.
void InitCap(std::string_view text, std::string* out) {
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const size_t before = at;
    const char32_t c = utf8::Next(text, &at);
    const bool part = utf8::IsLetter(c) || (c >= '0' && c <= '9');
    if (!part || c == utf8::kReplacement) {
      out->append(text.substr(before, at - before));
    } else {
      utf8::Append(inside ? utf8::ToLower(c) : utf8::ToUpper(c), out);
    }
    inside = part;
  }
}

// As `from` and `to` pair up code points; those of `from` without a partner are dropped.
void Translate(std::string_view text, std::string_view from, std::string_view to, std::string* out) {
  for (size_t at = 0; at < text.size();) {
    const std::string_view one = text.substr(at, utf8::LeadBytes(text.substr(at)));
    at += one.size();
    const size_t found = from.find(one);
    if (found == std::string_view::npos) {
      out->append(one);
    } else {
      out->append(utf8::Substring(to, utf8::Length(from.substr(0, found)), 1));
    }
  }
}

void DefineSubstring(Registry& registry, std::string_view signature, std::string_view shown) {
  Define(registry,
         {"string", signature, "The part from a position, counted from the end when negative", shown},
         [](BoundArgs bound) -> Result<ExprPtr> {
           const DataType type = DataType::String();
           if (bound.size() == 2) {
             return bound.Call(
                 type, ViewKernel<std::string_view, int64_t>(type, [](std::string_view text, int64_t start) {
                   return Substring(text, start, kIntMax);
                 }));
           }
           return bound.Call(type, ViewKernel<std::string_view, int64_t, int64_t>(type, Substring));
         });
}

}  // namespace

void RegisterStringShape(Registry& registry) {
  DefineRow<int32_t, std::string_view>(
      registry, {"string", "CHAR_LENGTH(text STRING)", "The number of characters"}, DataType::Int(),
      [](std::string_view text) { return static_cast<int32_t>(utf8::Length(text)); });
  registry.AddAlias("CHARACTER_LENGTH", "CHAR_LENGTH");
  DefineString<std::string_view>(registry, {"string", "UPPER(text STRING)", "The text in capitals"},
                                 utf8::AppendUpper);
  DefineString<std::string_view>(registry, {"string", "LOWER(text STRING)", "The text in small letters"},
                                 utf8::AppendLower);
  registry.AddAlias("UCASE", "UPPER");
  registry.AddAlias("LCASE", "LOWER");
  DefineString<std::string_view>(
      registry, {"string", "INITCAP(text STRING)", "Each word with a capital first and small letters after"},
      InitCap);
  DefineString<std::string_view>(registry, {"string", "REVERSE(text STRING)", "The characters backwards"},
                                 Reverse);
  DefineSubstring(registry, "SUBSTRING(text STRING, start BIGINT [, length BIGINT])",
                  "SUBSTRING(text FROM start [FOR length]) or SUBSTRING(text, start [, length])");
  DefineSubstring(registry, "SUBSTR(text STRING, start BIGINT [, length BIGINT])", {});
  DefineView<std::string_view, int64_t>(
      registry, {"string", "LEFT(text STRING, count BIGINT)", "The first characters"}, Left);
  DefineView<std::string_view, int64_t>(
      registry, {"string", "RIGHT(text STRING, count BIGINT)", "The last characters"}, Right);
  Define(registry,
         {"string", "TRIM(text STRING [, STRING, STRING])",
          "Without the characters, blanks unless given, at both ends or one",
          "TRIM([[BOTH | LEADING | TRAILING] [characters] FROM] text)"},
         BindTrim);
  DefineTrim(registry, "LTRIM(text STRING [, characters STRING])",
             "Without the characters, blanks unless given, on the left", TrimLeft);
  DefineTrim(registry, "RTRIM(text STRING [, characters STRING])",
             "Without the characters, blanks unless given, on the right", TrimRight);
  DefineTrim(registry, "BTRIM(text STRING [, characters STRING])",
             "Without the characters, blanks unless given, on both sides", TrimBoth);
  DefineKernel(registry,
               {"string", "LPAD(text STRING, length INT, pad STRING)",
                "Filled up on the left, or cut, to so many characters"},
               DataType::String(), PadKernel(DataType::String(), Side::kLeft));
  DefineKernel(registry,
               {"string", "RPAD(text STRING, length INT, pad STRING)",
                "Filled up on the right, or cut, to so many characters"},
               DataType::String(), PadKernel(DataType::String(), Side::kRight));
  DefineString<std::string_view, int32_t>(
      registry, {"string", "REPEAT(text STRING, times INT)", "The text so many times"}, Repeat);
  DefineString<std::string_view, std::string_view, std::string_view>(
      registry,
      {"string", "REPLACE(text STRING, search STRING, replacement STRING)", "Every occurrence replaced"},
      Replace);
  DefineString<std::string_view, std::string_view, std::string_view>(
      registry,
      {"string", "TRANSLATE(text STRING, from STRING, to STRING)",
       "Characters of `from` replaced by those at the same places of `to`"},
      Translate);
  registry.AddAlias("TRANSLATE3", "TRANSLATE");
  Define(registry,
         {"string", "OVERLAY(text STRING, replacement STRING, start BIGINT [, length BIGINT])",
          "The text with a part replaced", "OVERLAY(text PLACING replacement FROM start [FOR length])"},
         [](BoundArgs bound) -> Result<ExprPtr> {
           const DataType type = bound.Nullable(DataType::String());
           if (bound.size() == 3) {
             return bound.Call(type, StringKernel<std::string_view, std::string_view, int64_t>(
                                         type, [](std::string_view text, std::string_view replacement,
                                                  int64_t start, std::string* out) {
                                           Overlay(text, replacement, start,
                                                   static_cast<int64_t>(utf8::Length(replacement)), out);
                                         }));
           }
           return bound.Call(
               type, StringKernel<std::string_view, std::string_view, int64_t, int64_t>(type, Overlay));
         });
}

}  // namespace millrace::functions
