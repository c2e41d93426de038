// Random: the numbers of one case, all from its seed. The same seed gives the same case on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace millrace::property {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(HashInt(seed + 1)) {}

  // 0 <= result < bound.
  int64_t Below(int64_t bound) {
    state_ += 0x9E3779B97F4A7C15ull;
    return static_cast<int64_t>(HashInt(state_) % static_cast<uint64_t>(bound));
  }
  // first <= result <= last.
  int64_t Between(int64_t first, int64_t last) { return first + Below(last - first + 1); }
  bool OneIn(int64_t n) { return Below(n) == 0; }

  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[static_cast<size_t>(Below(static_cast<int64_t>(items.size())))];
  }
  template <typename T>
  T Pick(std::initializer_list<T> items) {
    return items.begin()[Below(static_cast<int64_t>(items.size()))];
  }
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<size_t>(Below(static_cast<int64_t>(i)))]);
    }
  }

 private:
  uint64_t state_;
};

}  // namespace millrace::property
