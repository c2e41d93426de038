#include "shell/line_buffer.h"

#include <algorithm>

#include "base/limits.h"
#include "shell/text_width.h"

namespace millrace::shell {
namespace {

constexpr size_t kUndoMax = 200;

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c & 0x80) != 0;
}
bool IsBlank(char c) {
  return c == ' ' || c == '\n' || c == '\t';
}

}  // namespace

void LineBuffer::Remember() {
  if (!past_.empty() && past_.back().text == text_) return;
  if (past_.size() == kUndoMax) past_.erase(past_.begin());
  past_.push_back({text_, cursor_});
}

void LineBuffer::Set(std::string_view text) {
  Remember();
  text_ = text;
  cursor_ = text_.size();
}

bool LineBuffer::Insert(std::string_view text) {
  if (text_.size() + text.size() > limits::kSqlBytesMax) return false;
  // Letters typed one after the other are one change.
  if (text.size() != 1 || !IsWordByte(text[0]) || cursor_ == 0 || !IsWordByte(text_[cursor_ - 1])) Remember();
  text_.insert(cursor_, text);
  cursor_ += text.size();
  return true;
}

bool LineBuffer::ReplaceBeforeCursor(size_t begin, std::string_view text) {
  if (text_.size() + text.size() > limits::kSqlBytesMax) return false;
  Remember();
  text_.replace(begin, cursor_ - begin, text);
  cursor_ = begin + text.size();
  return true;
}

void LineBuffer::Left() {
  cursor_ = PreviousCharacter(text_, cursor_);
}
void LineBuffer::Right() {
  cursor_ = NextCharacter(text_, cursor_);
}

size_t LineBuffer::WordLeftOf(size_t at) const {
  while (at > 0 && !IsWordByte(text_[at - 1])) --at;
  while (at > 0 && IsWordByte(text_[at - 1])) --at;
  return at;
}
size_t LineBuffer::WordRightOf(size_t at) const {
  while (at < text_.size() && !IsWordByte(text_[at])) ++at;
  while (at < text_.size() && IsWordByte(text_[at])) ++at;
  return at;
}
void LineBuffer::WordLeft() {
  cursor_ = WordLeftOf(cursor_);
}
void LineBuffer::WordRight() {
  cursor_ = WordRightOf(cursor_);
}

size_t LineBuffer::LineStartOf(size_t at) const {
  const size_t newline = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}
size_t LineBuffer::LineEndOf(size_t at) const {
  return std::min(text_.find('\n', at), text_.size());
}
void LineBuffer::LineStart() {
  cursor_ = LineStartOf(cursor_);
}
void LineBuffer::LineEnd() {
  cursor_ = LineEndOf(cursor_);
}

size_t LineBuffer::AtColumn(size_t begin, size_t end, size_t column) const {
  size_t at = begin;
  while (at < end) {
    const size_t next = NextCharacter(text_, at);
    if (DisplayWidth(std::string_view(text_).substr(begin, next - begin)) > column) break;
    at = next;
  }
  return std::min(at, end);
}

bool LineBuffer::Up() {
  const size_t start = LineStartOf(cursor_);
  if (start == 0) return false;
  const size_t column = DisplayWidth(std::string_view(text_).substr(start, cursor_ - start));
  cursor_ = AtColumn(LineStartOf(start - 1), start - 1, column);
  return true;
}

bool LineBuffer::Down() {
  const size_t end = LineEndOf(cursor_);
  if (end == text_.size()) return false;
  const size_t start = LineStartOf(cursor_);
  const size_t column = DisplayWidth(std::string_view(text_).substr(start, cursor_ - start));
  cursor_ = AtColumn(end + 1, LineEndOf(end + 1), column);
  return true;
}

void LineBuffer::Backspace() {
  if (cursor_ == 0) return;
  Remember();
  const size_t begin = PreviousCharacter(text_, cursor_);
  text_.erase(begin, cursor_ - begin);
  cursor_ = begin;
}

void LineBuffer::Delete() {
  if (cursor_ == text_.size()) return;
  Remember();
  text_.erase(cursor_, NextCharacter(text_, cursor_) - cursor_);
}

void LineBuffer::SwapCharacters() {
  if (cursor_ == 0 || text_.empty()) return;
  if (cursor_ == text_.size()) Left();
  if (cursor_ == 0) return;
  Remember();
  const size_t first = PreviousCharacter(text_, cursor_);
  const size_t end = NextCharacter(text_, cursor_);
  const std::string swapped = text_.substr(cursor_, end - cursor_) + text_.substr(first, cursor_ - first);
  text_.replace(first, end - first, swapped);
  cursor_ = end;
}

void LineBuffer::Kill(size_t begin, size_t end, bool backwards) {
  if (begin == end) return;
  Remember();
  const std::string taken = text_.substr(begin, end - begin);
  if (killed_at_ != cursor_) {
    killed_ = taken;
  } else {
    killed_ = backwards ? taken + killed_ : killed_ + taken;
  }
  text_.erase(begin, end - begin);
  cursor_ = begin;
  killed_at_ = begin;
}

void LineBuffer::KillToLineEnd() {
  const size_t end = LineEndOf(cursor_);
  // At the end of a line it joins the next.
  Kill(cursor_, end == cursor_ ? NextCharacter(text_, cursor_) : end, false);
}
void LineBuffer::KillToLineStart() {
  Kill(LineStartOf(cursor_), cursor_, true);
}
void LineBuffer::KillWordLeft() {
  size_t at = cursor_;
  while (at > 0 && IsBlank(text_[at - 1])) --at;
  while (at > 0 && !IsBlank(text_[at - 1])) --at;
  Kill(at, cursor_, true);
}
void LineBuffer::KillPartWordLeft() {
  Kill(WordLeftOf(cursor_), cursor_, true);
}
void LineBuffer::KillWordRight() {
  Kill(cursor_, WordRightOf(cursor_), false);
}
void LineBuffer::Yank() {
  killed_at_ = std::string::npos;
  if (!killed_.empty()) Insert(killed_);
}

bool LineBuffer::Undo() {
  while (!past_.empty() && past_.back().text == text_) past_.pop_back();
  if (past_.empty()) return false;
  text_ = std::move(past_.back().text);
  cursor_ = past_.back().cursor;
  past_.pop_back();
  return true;
}

}  // namespace millrace::shell
