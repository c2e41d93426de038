// JsonIndex: where the lines of a window end and where their keys do, found in one pass without a branch
// on the bytes.
//
// A mark is the position of a '\n', or of a '"' with a ':' right behind it: nearly always the end of a
// key. Nothing here knows of strings, so text that looks like either inside a string is marked too; who
// uses marks compares the bytes around them.
//
// Owned by one decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace::formats {

class JsonIndex {
 public:
  // The longest window that is indexed; of a longer one no line is.
  static constexpr size_t kBytesMax = size_t{128} << 10;
  // How many marks may be read from the first of any line on, whatever the line has of its own.
  static constexpr size_t kMarksMax = 512;

  JsonIndex();

  // Indexes the lines of [begin, end), which begins at a line, that end in '\n' and do so at least
  // `tail_bytes` (64 or more) before `limit`, the end of readable memory.
  void Build(const char* begin, const char* end, const char* limit, size_t tail_bytes);

  size_t lines() const { return lines_; }
  const char* begin() const { return begin_; }
  // Marks as offsets from begin(). Those of line i are numbered line_marks()[i] + 1 to
  // line_marks()[i + 1], of which the last is its '\n'; the one before the first is the '\n' before the line.
  const uint32_t* marks() const { return marks_.get(); }
  const uint32_t* line_marks() const { return line_marks_.get(); }
  // Where line i begins; i may be lines(), for the end of the last one.
  const char* line(size_t i) const { return begin_ + static_cast<uint32_t>(marks_[line_marks_[i]] + 1); }

 private:
  const char* begin_ = nullptr;
  size_t lines_ = 0;
  std::unique_ptr<uint32_t[]> marks_;
  std::unique_ptr<uint32_t[]> line_marks_;
};

}  // namespace millrace::formats
