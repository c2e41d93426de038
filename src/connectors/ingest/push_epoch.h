// PushEpoch: which epoch shows what is pushed now. One for a warehouse: its coordinator moves it on as an
// epoch starts, before the barriers go out; its IngestPoints stamp rows with it. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace millrace::connectors {

class PushEpoch {
 public:
  int64_t open() const { return open_.load(std::memory_order_acquire); }
  // `epoch` starts: what is pushed from now on belongs to the next one.
  void Started(int64_t epoch) { open_.store(epoch + 1, std::memory_order_release); }

 private:
  std::atomic<int64_t> open_{1};
};

}  // namespace millrace::connectors
