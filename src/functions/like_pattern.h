// LIKE patterns, compiled: '%' stands for any text, '_' for any one character, the rest for itself.
//
// Immutable; any thread may match. Matching takes no memory and no more than text times pattern steps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::functions {

class LikePattern {
 public:
  // `escape` is empty (there is none) or one character; it stands before '%', '_' or itself only.
  static Result<LikePattern> Compile(std::string_view pattern, std::string_view escape);

  bool Matches(std::string_view text) const;

 private:
  enum class Kind : uint8_t { kExact, kPrefix, kSuffix, kContains, kAny, kGeneral };

  // What stands between two '%': bytes, with gaps of one character each.
  struct Segment {
    std::string bytes;         // without the gaps
    std::vector<size_t> gaps;  // before which byte of `bytes` each gap is, ascending
    bool empty() const { return bytes.empty() && gaps.empty(); }
  };

  // The bytes of `text` that the segment covers from its start, or npos.
  static size_t MatchHere(const Segment& segment, std::string_view text);
  bool MatchesGeneral(std::string_view text) const;

  Kind kind_ = Kind::kExact;
  std::string literal_;            // all kinds but kGeneral
  std::vector<Segment> segments_;  // kGeneral: one more than there are '%'
};

}  // namespace millrace::functions
