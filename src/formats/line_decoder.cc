#include "formats/line_decoder.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>

namespace millrace::formats {
namespace {

// Checked for UTF-8 and decoded at a time: small enough to stay in the core's cache between the two.
constexpr size_t kWindowBytes = size_t{32} << 10;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

size_t FirstInvalidByte(std::string_view bytes) {
  // The longest valid prefix, by halving: only for messages.
  size_t low = 0;
  size_t high = bytes.size();
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    size_t cut = middle;
    while (cut > low && (static_cast<unsigned char>(bytes[cut]) & 0xC0) == 0x80) --cut;
    if (cut == low) break;
    if (IsValidUtf8(bytes.substr(low, cut - low))) {
      low = cut;
    } else {
      high = cut;
    }
  }
  while (low < high && static_cast<unsigned char>(bytes[low]) < 0x80) ++low;
  return low;
}

}  // namespace

bool IsValidUtf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::string_view LineDecoder::TakeLine(const char* line, const char* end, const char** next) {
  const void* found = std::memchr(line, '\n', static_cast<size_t>(end - line));
  const char* line_end = found != nullptr ? static_cast<const char*>(found) : end;
  *next = found != nullptr ? line_end + 1 : end;
  if (line_end > line && line_end[-1] == '\r') --line_end;
  return std::string_view(line, static_cast<size_t>(line_end - line));
}

const char* LineDecoder::WindowEnd(const char*, const char* wanted, const char* end) const {
  if (wanted >= end) return end;
  const void* found = std::memchr(wanted, '\n', static_cast<size_t>(end - wanted));
  return found != nullptr ? static_cast<const char*>(found) + 1 : end;
}

Status LineDecoder::Decode(std::shared_ptr<const void> owner, std::string_view block, int64_t base_offset,
                           DecodeSink& sink) {
  block_begin_ = block.data();
  block_end_ = block.data() + block.size();
  base_offset_ = base_offset;
  sink_ = &sink;
  writer_.BeginBlock(std::move(owner), SkipsEmptyLines() ? block.size() / 2 + 1 : block.size() + 1);
  const char* begin = block_begin_;
  if (base_offset == 0) {
    BeginInput();
    if (is_text_ && block.starts_with(kByteOrderMark)) begin += kByteOrderMark.size();
  }
  const Status status = DecodeWindows(begin, block_end_);
  const Status flushed = status ? writer_.EndBlock(sink) : status;
  return flushed;
}

Status LineDecoder::DecodeWindows(const char* begin, const char* end) {
  while (begin < end) {
    const char* wanted = static_cast<size_t>(end - begin) > kWindowBytes ? begin + kWindowBytes : end;
    const char* window_end = WindowEnd(begin, wanted, end);
    const bool is_valid =
        !is_text_ || simdjson::validate_utf8(begin, static_cast<size_t>(window_end - begin));
    MR_TRY(DecodeWindow(begin, window_end, is_valid));
    begin = window_end;
  }
  return Ok();
}

Status LineDecoder::DecodeWindow(const char* begin, const char* end, bool is_valid) {
  while (begin < end) {
    const char* next;
    const std::string_view line = TakeLine(begin, end, &next);
    if (!line.empty() || !SkipsEmptyLines()) {
      MR_TRY(is_valid ? DecodeRecord(line, OffsetOf(begin)) : DecodeUnchecked(line, OffsetOf(begin)));
    }
    begin = next;
  }
  return Ok();
}

Status LineDecoder::DecodeUnchecked(std::string_view record, int64_t offset) {
  if (!is_text_ || IsValidUtf8(record)) return DecodeRecord(record, offset);
  return Malformed(offset, record,
                   Error(ErrorCode::kInvalidText,
                         fmt::format("the record is not UTF-8 at byte {}", FirstInvalidByte(record))));
}

Status LineDecoder::DecodeMessages(std::shared_ptr<const void> owner, std::span<const Message> messages,
                                   DecodeSink& sink) {
  sink_ = &sink;
  size_t rows_max = 0;
  for (const Message& message : messages) rows_max += message.bytes.size() / 2 + 1;
  writer_.BeginBlock(std::move(owner), rows_max);
  for (const Message& message : messages) {
    if (message.bytes.empty() && SkipsEmptyLines()) continue;
    MR_TRY(DecodeUnchecked(message.bytes, message.offset));
  }
  return writer_.EndBlock(sink);
}

Status LineDecoder::Malformed(int64_t offset, std::string_view record, const Error& reason) {
  writer_.ClearRow();
  if (ignore_parse_errors_) {
    ++stats_.ignored_records;
    return Ok();
  }
  ++stats_.malformed;
  return sink_->OnMalformed(offset, record, reason);
}

}  // namespace millrace::formats
