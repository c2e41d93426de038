// GrokMatcher: a grok pattern compiled to a regular expression, and its named captures.
//
// Owned by one decoder and used by one thread: the match data and the JIT stack are its own. A match that
// takes more than limits::kRegexMatchLimit steps is given up.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::formats {

class GrokMatcher {
 public:
  // `definitions`: lines of "NAME regex" that add to the library, or replace parts of it.
  static Result<std::unique_ptr<GrokMatcher>> Compile(std::string_view pattern, std::string_view definitions);
  ~GrokMatcher();

  // The names of the captures, each once.
  const std::vector<std::string>& fields() const { return fields_; }

  enum class Outcome { kMatch, kNoMatch, kTooLong };
  // Matches a text of valid UTF-8, anywhere in it.
  Outcome Match(std::string_view text);
  // After a match: the text of a field, or one with a null data() when it took no part. Points into the text.
  std::string_view Field(size_t field) const;

 private:
  GrokMatcher();

  struct Engine;
  std::unique_ptr<Engine> engine_;
  std::vector<std::string> fields_;
  std::vector<std::vector<uint32_t>> groups_;  // of each field; a name may stand in several alternatives
  std::string_view text_;
};

// A pattern with all its %{…} replaced: the expression, and the field of each of our groups "_0", "_1", ….
struct ExpandedGrok {
  std::string regex;
  std::vector<std::string> fields;
};
Result<ExpandedGrok> ExpandGrok(std::string_view pattern, std::string_view definitions);

}  // namespace millrace::formats
