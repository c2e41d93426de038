// OwnedString: a string of its own inside an aggregate's state; 24 bytes, nothing elsewhere up to 12.
#pragma once

#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "data/string_ref.h"

namespace millrace::functions {

class OwnedString {
 public:
  OwnedString() = default;
  ~OwnedString() { std::free(buffer_); }
  OwnedString(const OwnedString&) = delete;
  OwnedString& operator=(const OwnedString&) = delete;

  const data::StringRef& ref() const { return ref_; }
  std::string_view view() const { return ref_.view(); }

  void Set(std::string_view bytes) {
    if (bytes.size() <= data::StringRef::kInlineBytes) {
      ref_ = data::StringRef(bytes);
      return;
    }
    const size_t room = (bytes.size() + 31) / 32 * 32;
    if (room > room_ || room < room_ / 4) {
      std::free(buffer_);
      buffer_ = static_cast<char*>(std::malloc(room));
      MR_CHECK(buffer_ != nullptr);
      room_ = room;
    }
    std::memcpy(buffer_, bytes.data(), bytes.size());
    ref_ = data::StringRef(std::string_view(buffer_, bytes.size()));
  }

  size_t MemoryBytes() const { return room_; }

 private:
  data::StringRef ref_;
  char* buffer_ = nullptr;
  size_t room_ = 0;
};

}  // namespace millrace::functions
