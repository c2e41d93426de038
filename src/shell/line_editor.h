// Reads statements from a terminal: keys to LineBuffer, what they make to the screen. Keys are those of Emacs
// and the arrows; Tab completes, Ctrl-R searches the history. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "shell/completer.h"
#include "shell/history.h"
#include "shell/line_buffer.h"
#include "shell/terminal.h"

namespace millrace::shell {

class LineEditor {
 public:
  using Complete = std::function<Completion(std::string_view before, std::string_view after)>;
  LineEditor(Terminal& terminal, History& history, Complete complete)
      : terminal_(terminal), history_(history), complete_(std::move(complete)) {}

  enum class Outcome : uint8_t { kText, kCleared, kEnd };
  // kText: *text is complete (sql_scan.h). kCleared: Ctrl-C. kEnd: Ctrl-D on nothing, or the input has ended.
  Outcome Read(std::string_view prompt, std::string_view continuation, std::string* text);

 private:
  enum class Action : uint8_t { kGoOn, kAccept, kClear, kEnd };
  Action Press(const Key& key);
  Action PressControl(char letter);
  void PressAlt(char letter);
  void Older();
  void Newer();
  void ShowEntry(size_t index);
  void CompleteWord();
  // Ctrl-R until a key that is none of its own, which is then to be pressed.
  Key Search();
  void Draw(std::string_view search = {});
  // Moves below the text, which stays.
  void LeaveText();

  Terminal& terminal_;
  History& history_;
  Complete complete_;
  LineBuffer buffer_;
  std::string prompt_;
  std::string continuation_;
  size_t entry_ = 0;     // of the history that is shown; entries().size(): what is being typed
  std::string drafted_;  // what was being typed
  bool listed_ = false;  // the last key was a Tab that could not go on
  size_t drawn_cursor_row_ = 0;
  size_t drawn_rows_ = 0;
};

}  // namespace millrace::shell
