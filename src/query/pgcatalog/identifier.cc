#include "query/pgcatalog/identifier.h"

#include <algorithm>
#include <cctype>

#include "query/pgcatalog/keyword_text.h"
#include "query/pgcatalog/words.h"

namespace millrace::query::pgcatalog {

const std::vector<Keyword>& Keywords() {
  static const std::vector<Keyword> keywords = [] {
    std::vector<Keyword> read;
    std::string_view text = KeywordText();
    for (std::string_view word = TakeWord(&text); !word.empty(); word = TakeWord(&text)) {
      read.push_back({word.substr(0, word.size() - 2), word.back()});
    }
    std::ranges::sort(read, {}, &Keyword::word);
    return read;
  }();
  return keywords;
}

std::string QuoteName(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  const auto& keywords = Keywords();
  const auto keyword = std::ranges::lower_bound(keywords, name, {}, &Keyword::word);
  const bool reserved = keyword != keywords.end() && keyword->word == name && keyword->category != 'U';
  if (!name.empty() && !reserved && std::ranges::all_of(name, is_plain) && (name[0] < '0' || name[0] > '9')) {
    return std::string(name);
  }
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::vector<std::string> SplitQualifiedName(std::string_view text) {
  std::vector<std::string> parts;
  size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  for (;;) {
    std::string part;
    skip_blanks();
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at >= text.size()) return {};
        if (text[at] == '"') {
          if (at + 1 >= text.size() || text[at + 1] != '"') break;
          ++at;
        }
        part += text[at];
      }
      ++at;
    } else {
      for (; at < text.size() && text[at] != '.' && text[at] != '"'; ++at) {
        part += static_cast<char>(std::tolower(static_cast<unsigned char>(text[at])));
      }
      while (part.ends_with(' ')) part.pop_back();
    }
    if (part.empty()) return {};
    parts.push_back(std::move(part));
    skip_blanks();
    if (at == text.size()) return parts;
    if (text[at] != '.') return {};
    ++at;
  }
}

}  // namespace millrace::query::pgcatalog
