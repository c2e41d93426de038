#include "shell/error_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "shell/text_width.h"

namespace millrace::shell {
namespace {

constexpr size_t kColumnsMax = 100;

// The byte of code point `position` (from 1), or the text's end.
size_t ByteOf(std::string_view text, size_t position) {
  size_t at = 0;
  for (size_t i = 1; i < position && at < text.size(); ++i) at += CodePointAt(text, at).bytes;
  return at;
}

std::string Place(std::string_view statement, size_t position, size_t first_line) {
  const size_t at = ByteOf(statement, position);
  const size_t line_number =
      first_line + static_cast<size_t>(std::count(statement.begin(),
                                                  statement.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  size_t begin = at == 0 ? 0 : statement.rfind('\n', at - 1) + 1;  // npos + 1 is 0
  size_t end = std::min(statement.find('\n', at), statement.size());
  bool cut_front = false;
  bool cut_back = false;
  while (DisplayWidth(statement.substr(begin, at - begin)) > kColumnsMax / 2) {
    begin = NextCharacter(statement, begin);
    cut_front = true;
  }
  while (end > at && DisplayWidth(statement.substr(begin, end - begin)) > kColumnsMax) {
    end = PreviousCharacter(statement, end);
    cut_back = true;
  }
  const std::string head = fmt::format("LINE {}: {}", line_number, cut_front ? "…" : "");
  const std::string before = Visible(statement.substr(begin, at - begin));
  const std::string behind = Visible(statement.substr(at, end - at));
  return head + before + behind + (cut_back ? "…" : "") + '\n' +
         std::string(DisplayWidth(head) + DisplayWidth(before), ' ') + "^\n";
}

// The text's newlines stay, everything else that steers a terminal does not.
std::string Lines(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += Visible(text.substr(0, end));
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string ErrorText(const ServerError& error, std::string_view statement, size_t first_line) {
  std::string out = error.severity;
  if (!error.sqlstate.empty() && error.sqlstate != "00000") out += " " + error.sqlstate;
  out += ": " + Lines(error.message) + '\n';
  if (error.position > 0 && !statement.empty()) out += Place(statement, error.position, first_line);
  if (!error.detail.empty()) out += "DETAIL: " + Lines(error.detail) + '\n';
  if (!error.hint.empty()) out += "HINT: " + Lines(error.hint) + '\n';
  if (!error.context.empty()) out += "CONTEXT: " + Lines(error.context) + '\n';
  return out;
}

}  // namespace millrace::shell
