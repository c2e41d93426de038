// Texts of words between blanks, which facts about PostgreSQL are written down as.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace millrace::query::pgcatalog {

// Takes the first word off a text; "" at its end.
inline std::string_view TakeWord(std::string_view* text) {
  const size_t begin = text->find_first_not_of(" \n");
  if (begin == std::string_view::npos) {
    *text = {};
    return {};
  }
  const size_t end = std::min(text->find_first_of(" \n", begin), text->size());
  const std::string_view word = text->substr(begin, end - begin);
  text->remove_prefix(end);
  return word;
}

// The number that a word is; 0 when it is none.
template <typename T>
T NumberOf(std::string_view word) {
  T number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

}  // namespace millrace::query::pgcatalog
