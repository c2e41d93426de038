#include "server/pgwire/frame_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kKeptBytes = size_t{64} << 10;  // memory that an emptied buffer keeps

}  // namespace

void FrameReader::Append(std::string_view bytes) {
  const size_t skipped = std::min(skip_, bytes.size());
  skip_ -= skipped;
  bytes.remove_prefix(skipped);
  if (bytes.empty()) return;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
  } else if (begin_ > bytes_.size() / 2) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  bytes_.append(bytes);
}

Frame FrameReader::Peek(bool is_startup) {
  Frame frame;
  const size_t type_bytes = is_startup ? 0 : 1;
  const std::string_view rest = std::string_view(bytes_).substr(begin_);
  peeked_ = 0;
  if (rest.size() < type_bytes + kLengthBytes) return frame;
  if (!is_startup) frame.type = rest[0];
  const auto length = LoadBigEndian<uint32_t>(rest.data() + type_bytes);
  frame.length = length;
  if (length < kLengthBytes || length > limits::kWireLengthMax) {
    frame.kind = Frame::Kind::kBroken;
    return frame;
  }
  const size_t total = type_bytes + length;
  oversize_ = length > (is_startup ? startup_bytes_max_ : message_bytes_max_);
  if (oversize_) {
    frame.kind = Frame::Kind::kOversize;
    peeked_ = total;
    return frame;
  }
  if (rest.size() < total) return frame;
  frame.kind = Frame::Kind::kMessage;
  frame.body = rest.substr(type_bytes + kLengthBytes, length - kLengthBytes);
  peeked_ = total;
  return frame;
}

void FrameReader::Consume() {
  MR_CHECK(peeked_ > 0);
  const size_t here = std::min(peeked_, bytes_.size() - begin_);
  MR_CHECK(oversize_ || here == peeked_);
  begin_ += here;
  skip_ = peeked_ - here;
  peeked_ = 0;
  if (begin_ == bytes_.size() && bytes_.capacity() > kKeptBytes) {
    bytes_ = std::string();
    begin_ = 0;
  }
}

}  // namespace millrace::server::pgwire
