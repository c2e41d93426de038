// The text being edited, with its cursor: what the keys of a line editor do, without a terminal. UTF-8; moves
// go by whole characters (text_width.h). One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::shell {

class LineBuffer {
 public:
  const std::string& text() const { return text_; }
  size_t cursor() const { return cursor_; }  // bytes, at the beginning of a character
  bool empty() const { return text_.empty(); }

  // The cursor goes to the end. What Undo knows is kept.
  void Set(std::string_view text);
  void Clear() { Set({}); }
  // Bounds of limits::kSqlBytesMax: what would go beyond is not inserted, and it answers false.
  bool Insert(std::string_view text);
  // Puts `text` in place of bytes [begin, cursor), for completion.
  bool ReplaceBeforeCursor(size_t begin, std::string_view text);

  void Left();
  void Right();
  void WordLeft();   // to the beginning of this word or the one before
  void WordRight();  // behind the end of this word or the next
  void LineStart();
  void LineEnd();
  void TextStart() { cursor_ = 0; }
  void TextEnd() { cursor_ = text_.size(); }
  // To the same column of the line above or below; false if there is none.
  bool Up();
  bool Down();

  void Backspace();
  void Delete();
  void SwapCharacters();  // the one before the cursor and the one at it

  // These keep what they take away for Yank; one after the other gather it.
  void KillToLineEnd();
  void KillToLineStart();
  void KillWordLeft();      // back to a blank, as Ctrl-W
  void KillPartWordLeft();  // back to the beginning of a word, as Alt-Backspace
  void KillWordRight();
  void Yank();

  // Takes the last change back; false if there is none that it knows.
  bool Undo();

 private:
  struct Moment {
    std::string text;
    size_t cursor;
  };
  void Remember();
  void Kill(size_t begin, size_t end, bool backwards);
  size_t LineStartOf(size_t at) const;
  size_t LineEndOf(size_t at) const;
  size_t WordLeftOf(size_t at) const;
  size_t WordRightOf(size_t at) const;
  // The byte of line [begin, end) at `column` columns, or its end.
  size_t AtColumn(size_t begin, size_t end, size_t column) const;

  std::string text_;
  size_t cursor_ = 0;
  std::string killed_;
  size_t killed_at_ = std::string::npos;  // where the cursor was left by the last kill
  std::vector<Moment> past_;
};

}  // namespace millrace::shell
