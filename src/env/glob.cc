#include "env/glob.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "env/files.h"

namespace millrace::env {

namespace {

// Takes one UTF-8 code point off the front; a byte that begins none counts as one by itself.
std::string_view TakeCodePoint(std::string_view& text) {
  const auto first = static_cast<uint8_t>(text.front());
  size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  size = std::min(size, text.size());
  const std::string_view code_point = text.substr(0, size);
  text.remove_prefix(size);
  return code_point;
}

// Compares code points by value: in UTF-8, that is the order of their bytes.
bool InRange(std::string_view low, std::string_view character, std::string_view high) {
  return low <= character && character <= high;
}

// Matches `character` against the bracket expression that `pattern` begins with and takes it off the
// pattern; nothing, with the pattern untouched, if the bracket is never closed.
std::optional<bool> TakeBracket(std::string_view& pattern, std::string_view character) {
  std::string_view rest = pattern.substr(1);
  const bool negated = !rest.empty() && (rest.front() == '!' || rest.front() == '^');
  if (negated) rest.remove_prefix(1);
  bool found = false;
  // A bracket that comes first is an ordinary character: "[]]".
  for (bool first = true;; first = false) {
    if (rest.empty()) return std::nullopt;
    if (rest.front() == ']' && !first) break;
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    const std::string_view low = TakeCodePoint(rest);
    std::string_view high = low;
    if (rest.size() >= 2 && rest.front() == '-' && rest[1] != ']') {
      rest.remove_prefix(1);
      if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      high = TakeCodePoint(rest);
    }
    found = found || InRange(low, character, high);
  }
  pattern = rest.substr(1);
  return found != negated;
}

// Matches one character of the name against what the pattern begins with, which is not a star, and
// takes both off.
bool TakeOne(std::string_view& pattern, std::string_view& name) {
  const std::string_view character = TakeCodePoint(name);
  if (pattern.front() == '?') {
    pattern.remove_prefix(1);
    return true;
  }
  if (pattern.front() == '[') {
    if (const std::optional<bool> matched = TakeBracket(pattern, character)) return *matched;
  }
  if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return TakeCodePoint(pattern) == character;
}

}  // namespace

bool GlobMatchName(std::string_view pattern, std::string_view name) {
  if (!name.empty() && name.front() == '.' && (pattern.empty() || pattern.front() != '.')) return false;
  // On a mismatch, the last star takes one character more: linear in name times pattern.
  std::optional<std::string_view> after_star;
  std::string_view star_name;
  for (;;) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      star_name = name;
      continue;
    }
    if (name.empty() && pattern.empty()) return true;
    if (!name.empty() && !pattern.empty() && TakeOne(pattern, name)) continue;
    if (!after_star || star_name.empty()) return false;
    TakeCodePoint(star_name);
    pattern = *after_star;
    name = star_name;
  }
}

bool IsGlobPattern(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") != std::string_view::npos;
}

namespace {

// Depth of folders that "**" looks into.
constexpr int kGlobDepthMax = 64;

class GlobWalk {
 public:
  GlobWalk(Files& files, std::vector<std::string> names) : files_(files), names_(std::move(names)) {}

  // Adds what is below `directory` ("": the working folder) and matches names_[index] and on.
  Status Below(const std::string& directory, size_t index, int depth) {
    const std::string& pattern = names_[index];
    if (pattern == "**") return AnyDepth(directory, index, depth);
    if (!IsGlobPattern(pattern)) return Add(JoinPath(directory, pattern), index, /*is_directory=*/{}, depth);
    MR_ASSIGN(const std::vector<DirEntry> entries, Entries(directory));
    for (const DirEntry& entry : entries) {
      if (!GlobMatchName(pattern, entry.name)) continue;
      MR_TRY(Add(JoinPath(directory, entry.name), index, entry.is_directory, depth));
    }
    return Ok();
  }

  std::vector<std::string> TakeFound() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  Status AnyDepth(const std::string& directory, size_t index, int depth) {
    const bool last = index + 1 == names_.size();
    if (!last) MR_TRY(Below(directory, index + 1, depth));
    if (depth >= kGlobDepthMax) return Ok();
    MR_ASSIGN(const std::vector<DirEntry> entries, Entries(directory));
    for (const DirEntry& entry : entries) {
      if (entry.name.front() == '.') continue;
      const std::string path = JoinPath(directory, entry.name);
      if (last) found_.push_back(path);
      if (entry.is_directory && !entry.is_link) MR_TRY(AnyDepth(path, index, depth + 1));
    }
    return Ok();
  }

  Status Add(const std::string& path, size_t index, std::optional<bool> is_directory, int depth) {
    const bool last = index + 1 == names_.size();
    if (!is_directory) {
      const Result<FileInfo> info = files_.Stat(path);
      if (!info) return IsNothing(info.error()) ? Ok() : Status(std::unexpected(info.error()));
      is_directory = info->is_directory;
    }
    if (last) {
      found_.push_back(path);
      return Ok();
    }
    return *is_directory ? Below(path, index + 1, depth) : Ok();
  }

  // Of a folder that is not (or no more) there: none.
  Result<std::vector<DirEntry>> Entries(const std::string& directory) {
    Result<std::vector<DirEntry>> entries = files_.List(directory.empty() ? "." : directory);
    if (!entries && IsNothing(entries.error())) return std::vector<DirEntry>();
    return entries;
  }

  static bool IsNothing(const Error& error) { return error.code() == ErrorCode::kNoSuchFile; }

  Files& files_;
  const std::vector<std::string> names_;
  std::vector<std::string> found_;
};

// Backslashes of a name without other special characters, taken off.
std::string Unescape(const std::string& name) {
  if (name.find_first_of("*?[") != std::string::npos) return name;
  std::string plain;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) ++i;
    plain += name[i];
  }
  return plain;
}

}  // namespace

Result<std::vector<std::string>> Files::Glob(const std::string& pattern) {
  std::vector<std::string> names;
  for (size_t start = 0; start < pattern.size();) {
    const size_t slash = std::min(pattern.find('/', start), pattern.size());
    if (slash > start) names.push_back(Unescape(pattern.substr(start, slash - start)));
    start = slash + 1;
  }
  if (names.empty()) return std::vector<std::string>();
  GlobWalk walk(*this, std::move(names));
  MR_TRY(walk.Below(pattern.front() == '/' ? "/" : "", 0, 0));
  return walk.TakeFound();
}

}  // namespace millrace::env
