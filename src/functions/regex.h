// Regular expressions as Java writes them, run by PCRE2.
//
// A Regex is immutable and shared; matching uses memory of the calling thread. A value on which a match takes
// more than limits::kRegexMatchLimit steps gives an error: no pattern can stall a pipeline.
//
// Where PCRE2 and Java mean different things the pattern is translated (POSIX classes such as \p{Alpha},
// script names such as \p{IsHan}, \uXXXX, the flags u, d and U) or refused (unions and intersections of
// character classes). Known differences: lookbehind must be of fixed length; (?i) folds all letters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::functions {

class Regex;
using RegexPtr = std::shared_ptr<const Regex>;

class Regex {
 public:
  // `whole`: it matches whole texts only. The error quotes the pattern and says where it is wrong.
  static Result<RegexPtr> Compile(std::string_view pattern, bool whole = false);
  // The same, kept in a small cache of the calling thread; for patterns that are data.
  static Result<RegexPtr> Cached(std::string_view pattern);

  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  size_t group_count() const { return group_count_; }
  const std::string& pattern() const { return pattern_; }

  // A match and its groups; valid until the thread's next match.
  class Match {
   public:
    size_t begin() const { return offsets_[0]; }
    size_t end() const { return offsets_[1]; }
    // Group 0 is the whole match. False: the group took no part.
    bool Group(size_t index, std::string_view* text) const;

   private:
    friend class Regex;
    std::string_view subject_;
    const size_t* offsets_ = nullptr;
    size_t groups_ = 0;  // that offsets_ knows of
  };

  // Finds the first match at or after byte `start`; false: there is none.
  Result<bool> Find(std::string_view text, size_t start, Match* match) const;

  // Calls each(match), which says whether to go on, for all matches from left to right. After an empty match
  // the search goes on one character further.
  template <typename F>
  Status ForEachMatch(std::string_view text, F each) const {
    size_t start = 0;
    while (start <= text.size()) {
      Match match;
      MR_ASSIGN(const bool found, Find(text, start, &match));
      if (!found || !each(match)) break;
      start = match.end();
      if (match.begin() == match.end()) start += AfterCharacter(text, start);
    }
    return Ok();
  }

 private:
  Regex() = default;
  static size_t AfterCharacter(std::string_view text, size_t at);

  std::string pattern_;
  void* code_ = nullptr;  // pcre2_code_8
  size_t group_count_ = 0;
};

// The pattern in PCRE2's syntax.
Result<std::string> TranslateJavaRegex(std::string_view pattern, bool* unicode_classes);

}  // namespace millrace::functions
