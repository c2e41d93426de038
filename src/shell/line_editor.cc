#include "shell/line_editor.h"

#include <fmt/core.h>

#include <algorithm>

#include "shell/highlighter.h"
#include "shell/screen_layout.h"
#include "shell/sql_scan.h"
#include "shell/text_width.h"

namespace millrace::shell {
namespace {

using Kind = Key::Kind;

constexpr size_t kListedMax = 200;

// Names in columns, as many as the width has room for.
std::string Listed(const std::vector<std::string>& names, size_t width) {
  size_t widest = 0;
  const size_t count = std::min(names.size(), kListedMax);
  for (size_t i = 0; i < count; ++i) widest = std::max(widest, DisplayWidth(names[i]));
  const size_t columns = std::max<size_t>(1, width / (widest + 2));
  const size_t rows = (count + columns - 1) / columns;
  std::string out;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = row; i < count; i += rows) {
      out += Visible(names[i]);
      if (i + rows < count) out.append(widest + 2 - DisplayWidth(names[i]), ' ');
    }
    out += "\r\n";
  }
  if (names.size() > count) out += fmt::format("… and {} more\r\n", names.size() - count);
  return out;
}

}  // namespace

LineEditor::Outcome LineEditor::Read(std::string_view prompt, std::string_view continuation,
                                     std::string* text) {
  prompt_ = prompt;
  continuation_ = continuation;
  buffer_ = LineBuffer();
  entry_ = history_.entries().size();
  drawn_rows_ = drawn_cursor_row_ = 0;
  terminal_.BeginRaw();
  Draw();
  Action action = Action::kGoOn;
  while (action == Action::kGoOn) {
    const std::optional<Key> key = terminal_.ReadKey(env::kForever);
    if (!key.has_value()) {
      action = Action::kEnd;
      break;
    }
    action = Press(*key);
    if (action == Action::kGoOn) Draw();
  }
  buffer_.TextEnd();
  Draw();
  LeaveText();
  terminal_.EndRaw();
  if (action == Action::kEnd) return Outcome::kEnd;
  if (action == Action::kClear) return Outcome::kCleared;
  *text = buffer_.text();
  return Outcome::kText;
}

LineEditor::Action LineEditor::Press(const Key& key) {
  if (key.kind != Kind::kTab) listed_ = false;
  switch (key.kind) {
    case Kind::kCharacter:
    case Kind::kPaste:
      buffer_.Insert(key.text);
      break;
    case Kind::kControl:
      return PressControl(key.letter);
    case Kind::kAlt:
      PressAlt(key.letter);
      break;
    case Kind::kEnter:
      if (IsComplete(buffer_.text())) return Action::kAccept;
      buffer_.Insert("\n");
      break;
    case Kind::kAltEnter:
      buffer_.Insert("\n");
      break;
    case Kind::kTab:
      CompleteWord();
      break;
    case Kind::kBackspace:
      buffer_.Backspace();
      break;
    case Kind::kAltBackspace:
      buffer_.KillPartWordLeft();
      break;
    case Kind::kDelete:
      buffer_.Delete();
      break;
    case Kind::kUp:
      if (!buffer_.Up()) Older();
      break;
    case Kind::kDown:
      if (!buffer_.Down()) Newer();
      break;
    case Kind::kPageUp:
      Older();
      break;
    case Kind::kPageDown:
      Newer();
      break;
    case Kind::kLeft:
      buffer_.Left();
      break;
    case Kind::kRight:
      buffer_.Right();
      break;
    case Kind::kWordLeft:
      buffer_.WordLeft();
      break;
    case Kind::kWordRight:
      buffer_.WordRight();
      break;
    case Kind::kHome:
      buffer_.LineStart();
      break;
    case Kind::kEnd:
      buffer_.LineEnd();
      break;
    case Kind::kTextStart:
      buffer_.TextStart();
      break;
    case Kind::kTextEnd:
      buffer_.TextEnd();
      break;
    case Kind::kEscape:
      break;
  }
  return Action::kGoOn;
}

LineEditor::Action LineEditor::PressControl(char letter) {
  switch (letter) {
    case 'A':
      buffer_.LineStart();
      break;
    case 'B':
      buffer_.Left();
      break;
    case 'C':
      return Action::kClear;
    case 'D':
      if (buffer_.empty()) return Action::kEnd;
      buffer_.Delete();
      break;
    case 'E':
      buffer_.LineEnd();
      break;
    case 'F':
      buffer_.Right();
      break;
    case 'K':
      buffer_.KillToLineEnd();
      break;
    case 'L':
      terminal_.Write("\x1b[H\x1b[2J");
      drawn_rows_ = drawn_cursor_row_ = 0;
      break;
    case 'N':
      if (!buffer_.Down()) Newer();
      break;
    case 'P':
      if (!buffer_.Up()) Older();
      break;
    case 'R': {
      const Key next = Search();
      return Press(next);
    }
    case 'T':
      buffer_.SwapCharacters();
      break;
    case 'U':
      buffer_.KillToLineStart();
      break;
    case 'W':
      buffer_.KillWordLeft();
      break;
    case 'Y':
      buffer_.Yank();
      break;
    case '_':
      buffer_.Undo();
      break;
    default:
      break;
  }
  return Action::kGoOn;
}

void LineEditor::PressAlt(char letter) {
  switch (letter) {
    case 'b':
      buffer_.WordLeft();
      break;
    case 'd':
      buffer_.KillWordRight();
      break;
    case 'f':
      buffer_.WordRight();
      break;
    case '<':
      buffer_.TextStart();
      break;
    case '>':
      buffer_.TextEnd();
      break;
    default:
      break;
  }
}

void LineEditor::ShowEntry(size_t index) {
  if (entry_ == history_.entries().size()) drafted_ = buffer_.text();
  entry_ = index;
  buffer_.Set(index == history_.entries().size() ? drafted_ : history_.entries()[index]);
}
void LineEditor::Older() {
  if (entry_ > 0) ShowEntry(entry_ - 1);
}
void LineEditor::Newer() {
  if (entry_ < history_.entries().size()) ShowEntry(entry_ + 1);
}

void LineEditor::CompleteWord() {
  const std::string_view text = buffer_.text();
  const Completion completion = complete_(text.substr(0, buffer_.cursor()), text.substr(buffer_.cursor()));
  if (completion.candidates.empty()) return;
  const std::string prefix = CommonPrefix(completion.candidates);
  const std::string begun(text.substr(completion.begin, buffer_.cursor() - completion.begin));
  if (completion.candidates.size() == 1) {
    // A schema goes on with its dot, a function with its arguments.
    const bool goes_on = prefix.ends_with('.') || prefix.ends_with('(');
    buffer_.ReplaceBeforeCursor(completion.begin, goes_on ? prefix : prefix + " ");
  } else if (DisplayWidth(prefix) > DisplayWidth(begun)) {
    buffer_.ReplaceBeforeCursor(completion.begin, prefix);
  } else if (listed_) {
    LeaveText();
    terminal_.Write(Listed(completion.candidates, terminal_.GetSize().columns));
  } else {
    listed_ = true;
    return;
  }
  listed_ = false;
}

Key LineEditor::Search() {
  const std::string before = buffer_.text();
  std::string part;
  size_t found = history_.entries().size();
  bool failing = false;
  for (;;) {
    Draw(fmt::format("({}search `{}')", failing ? "failing " : "", part));
    const std::optional<Key> key = terminal_.ReadKey(env::kForever);
    if (!key.has_value()) return Key{Kind::kEscape};
    size_t from = found + 1;
    if (key->kind == Kind::kCharacter) {
      part += key->text;
    } else if (key->kind == Kind::kBackspace && !part.empty()) {
      part.erase(PreviousCharacter(part, part.size()));
      from = history_.entries().size();
    } else if (key->kind == Kind::kControl && key->letter == 'R') {
      from = found;
    } else if (key->kind == Kind::kControl && (key->letter == 'G' || key->letter == 'C')) {
      buffer_.Set(before);
      return Key{Kind::kEscape};
    } else {
      entry_ = std::min(found, history_.entries().size());
      return *key;
    }
    const std::optional<size_t> hit = part.empty() ? std::nullopt : history_.FindBefore(from, part);
    failing = !hit.has_value() && !part.empty();
    if (hit.has_value()) {
      found = *hit;
      buffer_.Set(history_.entries()[found]);
    }
  }
}

void LineEditor::Draw(std::string_view search) {
  const Terminal::Size size = terminal_.GetSize();
  const std::vector<Style> styles = terminal_.HasColours() ? Highlight(buffer_.text()) : std::vector<Style>();
  const std::string prompt = search.empty() ? prompt_ : std::string(search) + ": ";
  const ScreenLayout layout =
      LayOut(prompt, continuation_, buffer_.text(), buffer_.cursor(), styles, size.columns, size.rows);
  std::string out = "\r";
  if (drawn_cursor_row_ > 0) out += fmt::format("\x1b[{}A", drawn_cursor_row_);
  out += "\x1b[J";
  for (size_t i = 0; i < layout.rows.size(); ++i) {
    if (i > 0) out += "\r\n";
    out += layout.rows[i];
  }
  const size_t up = layout.rows.size() - 1 - layout.cursor_row;
  if (up > 0) out += fmt::format("\x1b[{}A", up);
  out += "\r";
  if (layout.cursor_column > 0) out += fmt::format("\x1b[{}C", layout.cursor_column);
  terminal_.Write(out);
  drawn_rows_ = layout.rows.size();
  drawn_cursor_row_ = layout.cursor_row;
}

void LineEditor::LeaveText() {
  std::string out;
  const size_t down = drawn_rows_ - 1 - drawn_cursor_row_;
  if (down > 0) out += fmt::format("\x1b[{}B", down);
  terminal_.Write(out + "\r\n");
  drawn_rows_ = drawn_cursor_row_ = 0;
}

}  // namespace millrace::shell
