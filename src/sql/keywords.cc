#include "sql/keywords.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace millrace::sql {
namespace {

constexpr WordClass S = WordClass::kStructural;
constexpr WordClass R = WordClass::kReserved;
constexpr WordClass F = WordClass::kFunction;
constexpr WordClass L = WordClass::kNiladic;
constexpr WordClass N = WordClass::kFree;

struct Entry {
  std::string_view text;
  WordClass word_class;
};

// The word of number i is kWords[i - 1].
constexpr Entry kWords[] = {
#define MILLRACE_SQL_WORD(word, group) {#word, group},
    MILLRACE_SQL_WORDS(MILLRACE_SQL_WORD)
#undef MILLRACE_SQL_WORD
};

constexpr size_t kWordBytesMax = 40;

constexpr bool IsSorted() {
  for (size_t i = 1; i < std::size(kWords); ++i) {
    if (kWords[i - 1].text >= kWords[i].text || kWords[i].text.size() > kWordBytesMax) return false;
  }
  return true;
}
static_assert(IsSorted());

}  // namespace

Word FindWord(std::string_view text) {
  if (text.size() > kWordBytesMax) return Word::kNone;
  std::array<char, kWordBytesMax> upper;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    upper[i] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  const std::string_view key(upper.data(), text.size());
  const auto* found = std::lower_bound(std::begin(kWords), std::end(kWords), key,
                                       [](const Entry& entry, std::string_view k) { return entry.text < k; });
  if (found == std::end(kWords) || found->text != key) return Word::kNone;
  return static_cast<Word>(found - std::begin(kWords) + 1);
}

std::string_view WordText(Word word) {
  return word == Word::kNone ? std::string_view() : kWords[static_cast<size_t>(word) - 1].text;
}

WordClass ClassOf(Word word) {
  return word == Word::kNone ? WordClass::kFree : kWords[static_cast<size_t>(word) - 1].word_class;
}

}  // namespace millrace::sql
