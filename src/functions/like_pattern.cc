#include "functions/like_pattern.h"

#include <fmt/format.h>

#include <utility>

#include "functions/utf8.h"

namespace millrace::functions {

Result<LikePattern> LikePattern::Compile(std::string_view pattern, std::string_view escape) {
  if (utf8::Length(escape) > 1 || escape == std::string_view("\0", 1)) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("invalid escape character '{}'", escape),
                "ESCAPE takes one character");
  }
  LikePattern like;
  like.segments_.emplace_back();
  for (size_t at = 0; at < pattern.size();) {
    const std::string_view one = pattern.substr(at, utf8::LeadBytes(pattern.substr(at)));
    Segment& segment = like.segments_.back();
    if (!escape.empty() && one == escape) {
      const std::string_view rest = pattern.substr(at + one.size());
      const std::string_view next = rest.substr(0, rest.empty() ? 0 : utf8::LeadBytes(rest));
      if (next.empty() || (next != "%" && next != "_" && next != escape)) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("invalid escape sequence in the LIKE pattern '{}' at character {}", pattern,
                                utf8::Length(pattern.substr(0, at)) + 1),
                    fmt::format("'{}' may stand before '%', '_' or itself", escape));
      }
      segment.bytes.append(next);
      at += one.size() + next.size();
      continue;
    }
    if (one == "%") {
      like.segments_.emplace_back();
    } else if (one == "_") {
      segment.gaps.push_back(segment.bytes.size());
    } else {
      segment.bytes.append(one);
    }
    at += one.size();
  }

  // Several '%' are as good as one.
  std::vector<Segment> kept;
  for (size_t i = 0; i < like.segments_.size(); ++i) {
    const bool outer = i == 0 || i + 1 == like.segments_.size();
    if (outer || !like.segments_[i].empty()) kept.push_back(std::move(like.segments_[i]));
  }
  like.segments_ = std::move(kept);

  like.kind_ = Kind::kGeneral;
  const auto& segments = like.segments_;
  for (const Segment& segment : segments) {
    if (!segment.gaps.empty()) return like;
  }
  if (segments.size() == 1) {
    like.kind_ = Kind::kExact;
    like.literal_ = segments[0].bytes;
  } else if (segments.size() == 2) {
    const bool starts = !segments[0].empty();
    const bool ends = !segments[1].empty();
    if (starts && ends) return like;
    like.kind_ = starts ? Kind::kPrefix : ends ? Kind::kSuffix : Kind::kAny;
    like.literal_ = segments[starts ? 0 : 1].bytes;
  } else if (segments.size() == 3 && segments[0].empty() && segments[2].empty()) {
    like.kind_ = Kind::kContains;
    like.literal_ = segments[1].bytes;
  }
  return like;
}

bool LikePattern::Matches(std::string_view text) const {
  switch (kind_) {
    case Kind::kExact:
      return text == literal_;
    case Kind::kPrefix:
      return text.starts_with(literal_);
    case Kind::kSuffix:
      return text.ends_with(literal_);
    case Kind::kContains:
      return text.find(literal_) != std::string_view::npos;
    case Kind::kAny:
      return true;
    case Kind::kGeneral:
      return MatchesGeneral(text);
  }
  return false;
}

size_t LikePattern::MatchHere(const Segment& segment, std::string_view text) {
  size_t at = 0;    // in text
  size_t byte = 0;  // in segment.bytes
  const auto literal = [&](size_t end) {
    const std::string_view run = std::string_view(segment.bytes).substr(byte, end - byte);
    if (text.substr(at, run.size()) != run) return false;
    at += run.size();
    byte = end;
    return true;
  };
  for (const size_t gap : segment.gaps) {
    if (!literal(gap) || at >= text.size()) return std::string_view::npos;
    at += utf8::LeadBytes(text.substr(at));
  }
  return literal(segment.bytes.size()) ? at : std::string_view::npos;
}

// The first segment is held to the start and the last to the end; each between takes the first place where it
// fits, which leaves the most room to those after it.
bool LikePattern::MatchesGeneral(std::string_view text) const {
  const size_t first = MatchHere(segments_.front(), text);
  if (first == std::string_view::npos) return false;
  if (segments_.size() == 1) return first == text.size();
  text.remove_prefix(first);
  for (size_t i = 1; i + 1 < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.gaps.empty()) {
      const size_t found = text.find(segment.bytes);
      if (found == std::string_view::npos) return false;
      text.remove_prefix(found + segment.bytes.size());
      continue;
    }
    size_t size = MatchHere(segment, text);
    while (size == std::string_view::npos) {
      if (text.empty()) return false;
      text.remove_prefix(utf8::LeadBytes(text));
      size = MatchHere(segment, text);
    }
    text.remove_prefix(size);
  }
  const Segment& last = segments_.back();
  if (last.gaps.empty()) return text.ends_with(last.bytes);
  // It covers a known number of characters: find where they start, from the end.
  size_t start = text.size();
  size_t characters = last.gaps.size() + utf8::Length(last.bytes);
  for (; characters > 0; --characters) {
    if (start == 0) return false;
    start -= utf8::TrailBytes(text.substr(0, start));
  }
  return MatchHere(last, text.substr(start)) == text.size() - start;
}

}  // namespace millrace::functions
