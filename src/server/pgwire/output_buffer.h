// OutputBuffer: bytes on their way to a client, written by append; numbers in network byte order.
//
// Grows as needed and keeps its memory when cleared (up to a bound), so that a connection in use allocates
// nothing for a message. Whoever fills it looks at size() and stops at its bound. One thread at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace millrace::server::pgwire {

template <typename T>
inline void StoreBigEndian(char* place, T value) {
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
  std::memcpy(place, &value, sizeof(T));
}

template <typename T>
inline T LoadBigEndian(const char* place) {
  T value;
  std::memcpy(&value, place, sizeof(T));
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
  return value;
}

class OutputBuffer {
 public:
  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {bytes_.get(), size_}; }

  // Room for `count` more bytes, which the caller fills in; valid until the next append.
  char* Extend(size_t count) {
    if (count > capacity_ - size_) Reallocate(size_ + count);
    char* place = bytes_.get() + size_;
    size_ += count;
    return place;
  }
  // Makes sure that the next `count` bytes fit without moving; where they will lie.
  char* Reserve(size_t count) {
    if (count > capacity_ - size_) Reallocate(size_ + count);
    return bytes_.get() + size_;
  }
  // Drops what lies behind the first `size` bytes; also takes over what was written to Reserve's room.
  void SetSize(size_t size) { size_ = size; }
  char* At(size_t position) { return bytes_.get() + position; }

  void Byte(char value) { *Extend(1) = value; }
  void Int16(int16_t value) { StoreBigEndian(Extend(2), value); }
  void Int32(int32_t value) { StoreBigEndian(Extend(4), value); }
  void Int64(int64_t value) { StoreBigEndian(Extend(8), value); }
  void Bytes(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(Extend(bytes.size()), bytes.data(), bytes.size());
  }
  // The bytes and a zero. A zero within ends the string there, as the reader will.
  void CString(std::string_view text) {
    Bytes(text.substr(0, text.find('\0')));
    Byte('\0');
  }

  // Starts a message of a type; the answer is to be handed to EndMessage, which fills the length in.
  size_t BeginMessage(char type) {
    Byte(type);
    Extend(4);
    return size_ - 4;
  }
  void EndMessage(size_t begin) { StoreBigEndian(At(begin), static_cast<int32_t>(size_ - begin)); }
  // A length word (of a value, say) to be filled in by EndLength: it does not count itself.
  size_t BeginLength() {
    Extend(4);
    return size_ - 4;
  }
  void EndLength(size_t begin) { StoreBigEndian(At(begin), static_cast<int32_t>(size_ - begin - 4)); }

  // Empties it; memory beyond `keep_bytes` is given back.
  void Clear(size_t keep_bytes = size_t{512} << 10) {
    size_ = 0;
    if (capacity_ > keep_bytes) Release();
  }
  // Gives memory back that an idle connection need not keep.
  void Trim() {
    constexpr size_t kIdleBytes = size_t{16} << 10;
    if (size_ == 0 && capacity_ > kIdleBytes) Release();
  }
  void Release() {
    bytes_.reset();
    size_ = 0;
    capacity_ = 0;
  }
  void Swap(OutputBuffer& other) {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void Reallocate(size_t least) {
    size_t capacity = capacity_ < 128 ? 256 : capacity_ * 2;
    if (capacity < least) capacity = least;
    std::unique_ptr<char[]> bytes(new char[capacity]);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace millrace::server::pgwire
