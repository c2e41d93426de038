#include "log/record_ends.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace millrace::log {

namespace {

constexpr size_t kBlockRecords = 128;
using Lengths = std::array<uint32_t, kBlockRecords>;

void AppendVarint(uint32_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

std::optional<uint32_t> TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value <= UINT32_MAX ? std::optional(static_cast<uint32_t>(value)) : std::nullopt;
  }
  return std::nullopt;
}

void AppendBlock(std::span<const uint32_t> lengths, std::string* out) {
  const auto [least, greatest] = std::ranges::minmax(lengths);
  const int width = std::bit_width(greatest - least);
  out->push_back(static_cast<char>(width));
  AppendVarint(least, out);
  if (width == 0) return;
  uint64_t bits = 0;
  int filled = 0;
  for (const uint32_t length : lengths) {
    bits |= uint64_t{length - least} << filled;
    filled += width;
    for (; filled >= 8; filled -= 8, bits >>= 8) out->push_back(static_cast<char>(bits));
  }
  if (filled > 0) out->push_back(static_cast<char>(bits));
}

bool TakeBlock(std::string_view& bytes, std::span<uint32_t> lengths) {
  if (bytes.empty()) return false;
  const auto width = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  const std::optional<uint32_t> least = TakeVarint(bytes);
  const size_t size = (lengths.size() * width + 7) / 8;
  if (!least || width > 32 || bytes.size() < size) return false;
  const uint64_t mask = (uint64_t{1} << width) - 1;
  uint64_t bits = 0;
  int filled = 0;
  const char* from = bytes.data();
  for (uint32_t& length : lengths) {
    for (; filled < width; filled += 8) bits |= uint64_t{static_cast<unsigned char>(*from++)} << filled;
    const uint64_t sum = *least + (bits & mask);
    if (sum > UINT32_MAX) return false;
    length = static_cast<uint32_t>(sum);
    bits >>= width;
    filled -= width;
  }
  bytes.remove_prefix(size);
  return bits == 0;
}

std::unexpected<Error> NotEnds() {
  return Fail(ErrorCode::kDataCorrupted, "the ends of the records of a batch are not right");
}

}  // namespace

void AppendRecordEnds(std::span<const uint32_t> ends, std::string* out) {
  Lengths lengths;
  uint32_t begin = 0;
  for (size_t first = 0; first + 1 < ends.size(); first += kBlockRecords) {
    const size_t count = std::min(kBlockRecords, ends.size() - 1 - first);
    for (size_t i = 0; i < count; ++i) {
      lengths[i] = ends[first + i] - begin;
      begin = ends[first + i];
    }
    AppendBlock(std::span(lengths).first(count), out);
  }
}

Result<std::vector<uint32_t>> ReadRecordEnds(std::string_view bytes, uint32_t record_count,
                                             uint32_t payload_bytes) {
  if (record_count == 0 || (record_count - 1) / (kBlockRecords / 2) > bytes.size() + 1) return NotEnds();
  std::vector<uint32_t> ends;
  ends.reserve(record_count);
  Lengths lengths;
  uint64_t end = 0;
  while (ends.size() + 1 < record_count) {
    const size_t count = std::min<size_t>(kBlockRecords, record_count - 1 - ends.size());
    if (!TakeBlock(bytes, std::span(lengths).first(count))) return NotEnds();
    for (size_t i = 0; i < count; ++i) {
      end += lengths[i];
      if (end > payload_bytes) return NotEnds();
      ends.push_back(static_cast<uint32_t>(end));
    }
  }
  if (!bytes.empty()) return NotEnds();
  ends.push_back(payload_bytes);
  return ends;
}

std::vector<uint32_t> LineEnds(std::string_view text) {
  std::vector<uint32_t> ends;
  size_t begin = 0;
  while (begin < text.size()) {
    const void* found = std::memchr(text.data() + begin, '\n', text.size() - begin);
    const size_t end = found == nullptr
                           ? text.size()
                           : static_cast<size_t>(static_cast<const char*>(found) - text.data()) + 1;
    if (ends.empty()) ends.reserve(text.size() / end + 16);
    ends.push_back(static_cast<uint32_t>(end));
    begin = end;
  }
  return ends;
}

}  // namespace millrace::log
