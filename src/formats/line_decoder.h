// LineDecoder: what the decoders of line-oriented formats share: blocks taken window by window, byte order
// mark, UTF-8, offsets, and the fate of malformed records.
#pragma once

#include <memory>
#include <string_view>

#include "formats/batch_writer.h"
#include "formats/format.h"

namespace millrace::formats {

class LineDecoder : public Decoder {
 public:
  Status Decode(std::shared_ptr<const void> owner, std::string_view block, int64_t base_offset,
                DecodeSink& sink) final;
  Status DecodeMessages(std::shared_ptr<const void> owner, std::span<const Message> messages,
                        DecodeSink& sink) final;

 protected:
  LineDecoder(std::vector<data::DataType> types, bool is_text, bool ignore_parse_errors)
      : writer_(std::move(types)), is_text_(is_text), ignore_parse_errors_(ignore_parse_errors) {}

  // Decodes the records of [begin, end), which begins and ends at record boundaries. When not
  // `is_valid`, some record holds bytes that are not UTF-8. The default takes it line by line.
  virtual Status DecodeWindow(const char* begin, const char* end, bool is_valid);
  // Decodes one record, of valid UTF-8 where the format is text, without its line end.
  virtual Status DecodeRecord(std::string_view record, int64_t offset) = 0;
  // Where a window that must end at or behind `wanted` ends: behind a line end, or at `end`.
  virtual const char* WindowEnd(const char* begin, const char* wanted, const char* end) const;
  // A new file begins.
  virtual void BeginInput() {}
  virtual bool SkipsEmptyLines() const { return true; }

  // The line that begins at `line`: *next is behind its line end.
  static std::string_view TakeLine(const char* line, const char* end, const char** next);
  // Decodes a record whose bytes may not be UTF-8.
  Status DecodeUnchecked(std::string_view record, int64_t offset);
  // Counts a record that is no row, and delivers it unless errors are ignored.
  Status Malformed(int64_t offset, std::string_view record, const Error& reason);
  // Ends the row that a record has been decoded into.
  Status Commit(int64_t offset) {
    ++stats_.rows;
    return writer_.Commit(offset, *sink_);
  }
  // Ends `count` rows whose offsets stand in the writer.
  Status CommitRows(size_t count) {
    stats_.rows += count;
    return writer_.CommitRows(count, *sink_);
  }
  int64_t OffsetOf(const char* p) const { return base_offset_ + (p - block_begin_); }
  const char* block_begin() const { return block_begin_; }
  const char* block_end() const { return block_end_; }

  BatchWriter writer_;

 private:
  Status DecodeWindows(const char* begin, const char* end);

  const bool is_text_;
  const bool ignore_parse_errors_;
  const char* block_begin_ = nullptr;
  const char* block_end_ = nullptr;
  int64_t base_offset_ = 0;
  DecodeSink* sink_ = nullptr;
};

// Whether all bytes are UTF-8.
bool IsValidUtf8(std::string_view bytes);

}  // namespace millrace::formats
