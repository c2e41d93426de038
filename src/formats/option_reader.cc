#include "formats/option_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace millrace::formats {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The value of `digits` read in `base`, or nullopt when one is no digit of it.
std::optional<int> ReadCode(std::string_view digits, int base) {
  int value = 0;
  for (const char c : digits) {
    const char lower = LowerAscii(c);
    int digit = 99;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (lower >= 'a' && lower <= 'f') digit = lower - 'a' + 10;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

// The one character that `text` denotes, or nullopt.
std::optional<char> ReadCharacter(std::string_view text) {
  if (text.size() == 1) return text[0];
  if (text.size() < 2 || text[0] != '\\') return std::nullopt;
  if (text.size() == 2) {
    switch (text[1]) {
      case 't':
        return '\t';
      case '\\':
        return '\\';
      case '"':
        return '"';
      case '\'':
        return '\'';
      case '0':
        return '\0';
      default:
        return std::nullopt;
    }
  }
  const std::optional<int> code = text[1] == 'u' && text.size() == 6 ? ReadCode(text.substr(2), 16)
                                  : text.size() == 4                 ? ReadCode(text.substr(1), 8)
                                                                     : std::nullopt;
  if (!code || *code > 127) return std::nullopt;
  return static_cast<char>(*code);
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerAscii(x) == LowerAscii(y); });
}

std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string OptionReader::Name(std::string_view key) const {
  return fmt::format("option '{}.{}'", format_, key);
}

Status OptionReader::CheckKeys() const {
  for (const auto& [full_key, value] : *options_) {
    if (full_key.size() <= format_.size() || full_key[format_.size()] != '.' ||
        !full_key.starts_with(format_)) {
      continue;
    }
    const std::string_view key = std::string_view(full_key).substr(format_.size() + 1);
    if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) continue;
    const std::string_view nearest = Nearest(key, keys_);
    std::string hint;
    if (!nearest.empty()) {
      hint = fmt::format("did you mean '{}.{}'?", format_, nearest);
    } else {
      hint = "it has:";
      for (const std::string_view known : keys_) {
        hint += fmt::format("{} '{}.{}'", known == keys_.front() ? "" : ",", format_, known);
      }
    }
    return Fail(ErrorCode::kUndefinedObject, fmt::format("format '{}' has no option '{}'", format_, full_key),
                hint);
  }
  return Ok();
}

std::optional<std::string_view> OptionReader::Find(std::string_view key) const {
  const auto found = options_->find(fmt::format("{}.{}", format_, key));
  if (found == options_->end()) return std::nullopt;
  return found->second;
}

std::string_view OptionReader::Text(std::string_view key, std::string_view fallback) const {
  return Find(key).value_or(fallback);
}

Result<bool> OptionReader::Bool(std::string_view key, bool fallback) const {
  const std::optional<std::string_view> value = Find(key);
  if (!value) return fallback;
  if (EqualsIgnoreCase(*value, "true")) return true;
  if (EqualsIgnoreCase(*value, "false")) return false;
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("{} is '{}', not 'true' or 'false'", Name(key), *value));
}

Result<char> OptionReader::Character(std::string_view key, char fallback) const {
  const std::optional<std::string_view> value = Find(key);
  if (!value) return fallback;
  const std::optional<char> c = ReadCharacter(*value);
  if (c && static_cast<unsigned char>(*c) < 128 && *c != '\n' && *c != '\r') return *c;
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("{} is '{}', not one ASCII character other than a line end", Name(key), *value),
              "write a tab as '\\t' and other control characters as '\\001' or '\\u0001'");
}

Result<int> OptionReader::Choice(std::string_view key, std::span<const std::string_view> choices,
                                 int fallback) const {
  const std::optional<std::string_view> value = Find(key);
  if (!value) return fallback;
  std::string listed;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (EqualsIgnoreCase(*value, choices[i])) return static_cast<int>(i);
    listed += fmt::format("{}'{}'", i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ", choices[i]);
  }
  return Fail(ErrorCode::kInvalidParameter, fmt::format("{} is '{}', not {}", Name(key), *value, listed));
}

}  // namespace millrace::formats
