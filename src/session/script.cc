#include "session/script.h"

#include <algorithm>
#include <cctype>

namespace millrace::session {
namespace {

// Skips a quoted or commented stretch that begins at `at`; the byte behind it, or `at` if there is none.
size_t SkipQuoted(std::string_view text, size_t at) {
  const char c = text[at];
  if (c == '\'' || c == '"' || c == '`') {
    const size_t end = text.find(c, at + 1);  // a doubled quote begins the next stretch at once
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  if (text.substr(at).starts_with("--")) {
    const size_t end = text.find('\n', at);
    return end == std::string_view::npos ? text.size() : end + 1;
  }
  if (text.substr(at).starts_with("/*")) {
    const size_t end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  return at;
}

// The byte behind the back-quoted name that begins at `at`; npos if it is not closed.
size_t BackQuotedEnd(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] != '`') continue;
    if (i + 1 == text.size() || text[i + 1] != '`') return i + 1;
    ++i;
  }
  return std::string_view::npos;
}

bool IsComment(std::string_view text, size_t at) {
  return text.substr(at).starts_with("--") ||
         (text.substr(at).starts_with("/*") && !text.substr(at).starts_with("/*+"));
}

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

std::string UpperWord(std::string_view text, size_t at) {
  std::string word;
  while (at < text.size() && IsWordByte(text[at])) word += static_cast<char>(std::toupper(text[at++]));
  return word;
}

SourceLocation Advance(SourceLocation location, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      ++location.line;
      location.column = 1;
    } else if ((c & 0xC0) != 0x80) {
      ++location.column;
    }
  }
  return location;
}

// Where the statement that begins at `begin` ends: its semicolon, or the end of the text.
size_t StatementEnd(std::string_view text, size_t begin) {
  std::vector<std::string> head;  // its first words
  bool in_set = false;
  size_t at = begin;
  while (at < text.size()) {
    const size_t skipped = SkipQuoted(text, at);
    if (skipped != at) {
      at = skipped;
      continue;
    }
    if (IsWordByte(text[at])) {
      const std::string word = UpperWord(text, at);
      if (head.size() < 4) head.push_back(word);
      in_set |= head == std::vector<std::string>{"BEGIN", "STATEMENT", "SET"} ||
                head == std::vector<std::string>{"EXECUTE", "STATEMENT", "SET", "BEGIN"};
      if (in_set && word == "END") {
        const size_t semicolon = text.find(';', at);
        return semicolon == std::string_view::npos ? text.size() : semicolon;
      }
      at += word.size();
      continue;
    }
    if (text[at] == ';' && !in_set) return at;
    ++at;
  }
  return text.size();
}

}  // namespace

std::vector<ScriptPart> SplitScript(std::string_view script) {
  std::vector<ScriptPart> parts;
  SourceLocation location{1, 1};
  size_t at = 0;
  while (at < script.size()) {
    // To the first character that counts.
    size_t begin = at;
    while (begin < script.size()) {
      if (std::isspace(static_cast<unsigned char>(script[begin])) || script[begin] == ';') {
        ++begin;
      } else if (IsComment(script, begin)) {
        begin = SkipQuoted(script, begin);
      } else {
        break;
      }
    }
    location = Advance(location, script.substr(at, begin - at));
    if (begin >= script.size()) break;
    const size_t end = StatementEnd(script, begin);
    std::string_view text = script.substr(begin, end - begin);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
    parts.push_back({text, location});
    location = Advance(location, script.substr(begin, end - begin));
    at = end;
  }
  return parts;
}

Result<std::string> ToDuckQuoting(std::string_view sql) {
  std::string result;
  size_t at = 0;
  while (at < sql.size()) {
    if (sql[at] == '`') {
      const size_t end = BackQuotedEnd(sql, at);
      if (end == std::string_view::npos) {
        return Fail(ErrorCode::kSyntaxError, "a back-quoted name is not closed", "end it with `",
                    Advance({1, 1}, sql.substr(0, at)));
      }
      result += '"';
      for (size_t i = at + 1; i < end - 1; ++i) {
        if (sql[i] == '`') ++i;  // a doubled one stands for one
        if (sql[i] == '"') result += '"';
        result += sql[i];
      }
      result += '"';
      at = end;
      continue;
    }
    const size_t end = std::max(SkipQuoted(sql, at), at + 1);
    result += sql.substr(at, end - at);
    at = end;
  }
  return result;
}

Error PlaceInScript(const Error& error, SourceLocation part) {
  SourceLocation location = error.location();
  if (!location.IsKnown()) return error;
  if (location.line == 1) location.column += part.column - 1;
  location.line += part.line - 1;
  return Error(error.code(), error.message(), error.hint(), location);
}

}  // namespace millrace::session
