#include "functions/similar_pattern.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "functions/utf8.h"

namespace millrace::functions {

namespace {

constexpr std::string_view kSpecial = "[]()|^-+*_%?{}";

// The standard's names of character classes.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kClasses = {{
    {"[:ALPHA:]", "\\p{Alpha}"},
    {"[:UPPER:]", "\\p{Upper}"},
    {"[:LOWER:]", "\\p{Lower}"},
    {"[:DIGIT:]", "\\d"},
    {"[:SPACE:]", " "},
    {"[:WHITESPACE:]", "\\s"},
    {"[:ALNUM:]", "\\p{Alnum}"},
}};

bool EqualsIgnoringCase(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (utf8::ToUpper(static_cast<unsigned char>(text[i])) != static_cast<unsigned char>(upper[i]))
      return false;
  }
  return true;
}

}  // namespace

Result<RegexPtr> CompileSimilar(std::string_view pattern, std::string_view escape) {
  if (utf8::Length(escape) > 1) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("invalid escape character '{}'", escape),
                "ESCAPE takes one character");
  }
  std::string out = "(?:";
  bool in_class = false;
  for (size_t at = 0; at < pattern.size();) {
    const std::string_view one = pattern.substr(at, utf8::LeadBytes(pattern.substr(at)));
    at += one.size();
    if (!escape.empty() && one == escape) {
      const std::string_view rest = pattern.substr(at);
      const std::string_view next = rest.substr(0, rest.empty() ? 0 : utf8::LeadBytes(rest));
      if (next.empty() ||
          (next != escape && (next.size() != 1 || kSpecial.find(next) == std::string_view::npos))) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("invalid escape sequence in the SIMILAR TO pattern '{}'", pattern),
                    fmt::format("'{}' may stand before one of {} or itself", escape, kSpecial));
      }
      if (next.size() == 1) out.push_back('\\');
      out.append(next);
      at += next.size();
      continue;
    }
    const char c = one[0];
    if (in_class) {
      if (c == '[') {
        bool known = false;
        for (const auto& [name, regex] : kClasses) {
          if (!EqualsIgnoringCase(pattern.substr(at - 1, name.size()), name)) continue;
          out.append(regex);
          at += name.size() - 1;
          known = true;
        }
        if (!known) {
          return Fail(
              ErrorCode::kInvalidParameter,
              fmt::format("unknown character class in the SIMILAR TO pattern '{}'", pattern),
              "the classes are [:ALPHA:], [:UPPER:], [:LOWER:], [:DIGIT:], [:SPACE:], [:WHITESPACE:] and "
              "[:ALNUM:]");
        }
        continue;
      }
      if (c == ']') in_class = false;
      if (c == '\\') out.push_back('\\');
      out.append(one);
    } else if (c == '_') {
      out.append("(?s:.)");
    } else if (c == '%') {
      out.append("(?s:.*)");
    } else if (c == '\\' || c == '$') {
      out.append("\\").append(one);
    } else {
      if (c == '[') in_class = true;
      out.append(one);
    }
  }
  out.push_back(')');
  Result<RegexPtr> regex = Regex::Compile(out, /*whole=*/true);
  if (!regex) return std::unexpected(regex.error().Within(fmt::format("SIMILAR TO '{}'", pattern)));
  return regex;
}

}  // namespace millrace::functions
