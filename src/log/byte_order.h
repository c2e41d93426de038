// Integers in files, little-endian: a cursor that writes them and one that reads them. One thread.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/check.h"

namespace millrace::log {

template <std::integral T>
T InFileOrder(T value) {
  if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) return std::byteswap(value);
  return value;
}

// Writes one behind the other; the room is the caller's.
class FieldWriter {
 public:
  explicit FieldWriter(char* to) : to_(to) {}
  template <std::integral T>
  void Put(T value) {
    value = InFileOrder(value);
    std::memcpy(to_, &value, sizeof value);
    to_ += sizeof value;
  }
  void PutBytes(std::string_view bytes) {
    std::memcpy(to_, bytes.data(), bytes.size());
    to_ += bytes.size();
  }

 private:
  char* to_;
};

// Reads one behind the other. Beyond the end it gives zeros, and `failed` says so.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : bytes_(bytes) {}
  template <std::integral T>
  T Take() {
    T value = 0;
    const std::string_view bytes = TakeBytes(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return InFileOrder(value);
  }
  // Empty if there are not so many.
  std::string_view TakeBytes(size_t size) {
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view rest() const { return bytes_; }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace millrace::log
