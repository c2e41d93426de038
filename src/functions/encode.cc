// Texts and bytes in other forms: CHR, ASCII, base 64, character sets, URLs, IP addresses.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "functions/builtin.h"
#include "functions/charset.h"
#include "functions/json_write.h"
#include "functions/pattern_argument.h"
#include "functions/row_writer.h"
#include "functions/signature.h"
#include "functions/url.h"
#include "functions/utf8.h"

namespace millrace::functions {

using data::DataType;

namespace {

// The character of the number's lowest byte, in Latin-1; the empty text for a negative number.
void Chr(int64_t number, std::string* out) {
  if (number >= 0) utf8::Append(static_cast<char32_t>(number & 0xFF), out);
}

// The first byte, as Flink counts it: from -128 to 127; 0 for the empty text.
int32_t Ascii(std::string_view text) {
  return text.empty() ? 0 : static_cast<int8_t>(text[0]);
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

// Padding may be left out.
Status FromBase64(std::string_view text, std::string* out) {
  const auto wrong = [&] {
    return Fail(ErrorCode::kInvalidText, fmt::format("FROM_BASE64: '{}' is not base 64", text));
  };
  std::string_view digits = text;
  for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  const size_t padding = text.size() - digits.size();
  if (digits.size() % 4 == 1 || (padding > 0 && text.size() % 4 != 0)) return wrong();
  uint32_t bits = 0;
  int count = 0;
  for (const char c : digits) {
    const int value = Base64Value(c);
    if (value < 0) return wrong();
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out->push_back(static_cast<char>(bits >> count));
    }
  }
  return Ok();
}

// Argument 1 names a character set.
Result<ExprPtr> BindCharset(BoundArgs bound, const DataType& result,
                            Status (*convert)(std::string_view, Charset, std::string*)) {
  std::optional<Charset> constant;
  if (const std::optional<std::string> name = ConstantText(&bound, 1)) {
    MR_ASSIGN(constant, CharsetNamed(*name));
  }
  const DataType type = bound.Nullable(result);
  return bound.Call(type, StringKernel<std::string_view, std::string_view>(
                              type,
                              [constant, convert](std::string_view value, std::string_view name,
                                                  std::string* out) -> Status {
                                if (constant) return convert(value, *constant, out);
                                MR_ASSIGN(const Charset charset, CharsetNamed(name));
                                return convert(value, charset, out);
                              }));
}

// "10.1.2.3" as a number; with fewer parts the last one fills the rest, as inet_aton reads it.
std::optional<int64_t> InetAton(std::string_view text) {
  std::array<uint64_t, 4> parts{};
  size_t count = 0;
  while (true) {
    const size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (count == 4 || part.empty() || part.size() > 10) return std::nullopt;
    for (const char c : part) {
      if (c < '0' || c > '9') return std::nullopt;
    }
    std::from_chars(part.data(), part.data() + part.size(), parts[count]);
    if (parts[count] > 255) return std::nullopt;
    ++count;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  uint64_t address = parts[count - 1];
  for (size_t i = 0; i + 1 < count; ++i) address |= parts[i] << (24 - 8 * i);
  return static_cast<int64_t>(address);
}

bool InetNtoa(int64_t address, std::string* out) {
  if (address < 0 || address > 0xFFFFFFFF) return false;
  fmt::format_to(std::back_inserter(*out), "{}.{}.{}.{}", address >> 24, (address >> 16) & 255,
                 (address >> 8) & 255, address & 255);
  return true;
}

}  // namespace

void RegisterEncode(Registry& registry) {
  DefineString<int64_t>(registry, {"string", "CHR(number BIGINT)", "The character of a number's lowest byte"},
                        Chr);
  DefineRow<int32_t, std::string_view>(
      registry, {"string", "ASCII(text STRING)", "The number of the first byte; 0 for the empty text"},
      DataType::Int(), Ascii);
  DefineString<std::string_view>(
      registry, {"string", "TO_BASE64(value STRING|BYTES)", "The bytes in base 64"}, AppendBase64);
  DefineString<std::string_view>(
      registry, {"string", "FROM_BASE64(text STRING|BYTES)", "The text that is given in base 64"},
      FromBase64);
  Define(registry,
         {"string", "ENCODE(text STRING, charset STRING)",
          "The text's bytes in a character set: US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE, UTF-16LE"},
         [](BoundArgs bound) { return BindCharset(std::move(bound), DataType::Bytes(), EncodeText); });
  Define(registry,
         {"string", "DECODE(bytes BYTES, charset STRING)", "The text that bytes are in a character set"},
         [](BoundArgs bound) { return BindCharset(std::move(bound), DataType::String(), DecodeText); });
  DefineRow<bool, std::string_view>(
      registry, {"string", "IS_VALID_UTF8(bytes BYTES)", "Whether the bytes are a text in UTF-8"},
      DataType::Boolean(), utf8::IsValid);
  DefineString<std::string_view>(registry,
                                 {"string", "MAKE_VALID_UTF8(bytes BYTES)",
                                  "The bytes as text, with a replacement character for each that is none"},
                                 [](std::string_view bytes, std::string* out) {
                                   for (size_t at = 0; at < bytes.size();)
                                     utf8::Append(utf8::Next(bytes, &at), out);
                                 });
  DefineString<std::string_view>(
      registry, {"string", "URL_ENCODE(text STRING)", "The text as application/x-www-form-urlencoded"},
      AppendUrlEncoded);
  DefineString<std::string_view>(
      registry, {"string", "URL_DECODE(text STRING)", "The text that is URL-encoded; NULL when it is not so"},
      AppendUrlDecoded);
  Define(
      registry,
      {"string", "PARSE_URL(url STRING, part STRING [, key STRING])",
       "HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE or USERINFO of a URL, or the value of a key of "
       "QUERY"},
      [](BoundArgs bound) -> Result<ExprPtr> {
        const DataType type = DataType::String();
        if (bound.size() == 2) {
          return bound.Call(
              type,
              ViewKernel<std::string_view, std::string_view>(
                  type, [](std::string_view url, std::string_view part) -> std::optional<std::string_view> {
                    std::string_view text;
                    if (!UrlPart(url, part, &text)) return std::nullopt;
                    return text;
                  }));
        }
        return bound.Call(type, ViewKernel<std::string_view, std::string_view, std::string_view>(
                                    type,
                                    [](std::string_view url, std::string_view part,
                                       std::string_view key) -> std::optional<std::string_view> {
                                      std::string_view query;
                                      if (part != "QUERY" || !UrlPart(url, part, &query)) return std::nullopt;
                                      return QueryValue(query, key);
                                    }));
      });
  DefineRow<int64_t, std::string_view>(
      registry, {"string", "INET_ATON(address STRING)", "An IPv4 address as a number; NULL when it is none"},
      DataType::BigInt(), InetAton);
  DefineString<int64_t>(registry, {"string", "INET_NTOA(number BIGINT)", "A number as an IPv4 address"},
                        InetNtoa);
}

}  // namespace millrace::functions
