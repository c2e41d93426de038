// WireReader: takes the body of a message apart, in order. Reading past the end, or a string without its
// zero, makes it not ok() for good; what it then answers is empty. The bytes outlive the reader.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  // Everything was read, and nothing too much.
  bool AtEnd() const { return ok_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }

  char Byte() { return Number<char>(); }
  int16_t Int16() { return Number<int16_t>(); }
  int32_t Int32() { return Number<int32_t>(); }
  int64_t Int64() { return Number<int64_t>(); }

  std::string_view Bytes(size_t count) {
    if (count > rest_.size()) return Fail();
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  std::string_view CString() {
    const size_t end = rest_.find('\0');
    if (end == std::string_view::npos) return Fail();
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

 private:
  template <typename T>
  T Number() {
    if (rest_.size() < sizeof(T)) {
      Fail();
      return T{};
    }
    const T value = LoadBigEndian<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view Fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace millrace::server::pgwire
