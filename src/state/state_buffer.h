// StateBuffer: bytes that grow, without a cost for each append beyond a comparison.
//
// Owned by whoever fills it; moved to whoever keeps it. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace millrace::state {

class StateBuffer {
 public:
  StateBuffer() = default;
  ~StateBuffer() { std::free(data_); }
  StateBuffer(StateBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  StateBuffer& operator=(StateBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  // Room for so many more bytes, to be filled by the caller; valid until the next call.
  char* Extend(size_t bytes) {
    if (bytes > capacity_ - size_) Grow(bytes);
    char* place = data_ + size_;
    size_ += bytes;
    return place;
  }
  void Append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(Extend(bytes.size()), bytes.data(), bytes.size());
  }
  // Takes back the last bytes of what was extended.
  void Shrink(size_t bytes) { size_ -= bytes; }

  bool is_empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }

 private:
  static constexpr size_t kBytesMin = 1024;

  void Grow(size_t bytes) {
    size_t capacity = capacity_ < kBytesMin ? kBytesMin : capacity_ * 2;
    while (capacity - size_ < bytes) capacity *= 2;
    auto* grown = static_cast<char*>(std::realloc(data_, capacity));
    MR_CHECK(grown != nullptr);
    data_ = grown;
    capacity_ = capacity;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

using StateBufferPtr = std::shared_ptr<const StateBuffer>;

}  // namespace millrace::state
