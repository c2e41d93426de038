// How formats on a disk write numbers and byte strings, and ByteReader, which reads them back from
// bytes that may be anything. Numbers of fixed width are little-endian; a varint has seven bits a byte, the
// lowest first. Plain functions over memory; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace {

static_assert(std::endian::native == std::endian::little);

template <typename T>
void AppendFixed(T value, std::string* bytes) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  bytes->append(raw, sizeof(T));
}

inline void AppendVarint(uint64_t value, std::string* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->push_back(static_cast<char>(value | 0x80));
  bytes->push_back(static_cast<char>(value));
}

// Its length, then the bytes.
inline void AppendString(std::string_view text, std::string* bytes) {
  AppendVarint(text.size(), bytes);
  bytes->append(text);
}

// `bytes` has at least sizeof(T) bytes behind `at`.
template <typename T>
T LoadFixed(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// Reads from the front. Once something was not there, all that follows is zero or empty, and ok() false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Fixed() {
    const std::string_view raw = Take(sizeof(T));
    return raw.empty() ? T{} : LoadFixed<T>(raw, 0);
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::string_view raw = Take(1);
      const auto byte = raw.empty() ? uint8_t{0} : static_cast<uint8_t>(raw[0]);
      if (shift == 63 && byte > 1) break;
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view Bytes(uint64_t size) { return Take(size); }
  std::string_view String() { return Take(Varint()); }
  // How many of something follow, each of which takes `bytes_min` bytes at least: so no more than fit.
  size_t Count(size_t bytes_min) {
    const uint64_t count = Varint();
    if (count <= bytes_.size() / bytes_min) return count;
    ok_ = false;
    return 0;
  }

  size_t left() const { return bytes_.size(); }
  bool ok() const { return ok_; }
  bool AtEnd() const { return bytes_.empty(); }

 private:
  std::string_view Take(uint64_t size) {
    if (!ok_ || size > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace millrace
