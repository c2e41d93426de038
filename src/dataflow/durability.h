// Durability: where a warehouse keeps what must outlive the process. README.md, "Checkpoints", says what is
// kept and when. Plain values; what they point to outlives the warehouse.
#pragma once

#include <cstdint>
#include <functional>

#include "base/error.h"

namespace millrace::log {
class Log;
}
namespace millrace::state {
class CheckpointStore;
}

namespace millrace::dataflow {

struct Durability {
  state::CheckpointStore* checkpoints = nullptr;
  log::Log* log = nullptr;
  // The pause between the starts of two checkpoints while something changes, µs.
  int64_t checkpoint_interval_micros = 1'000'000;
  // The checkpoint store can commit nothing any more: the process is to stop. Called at most once, from any
  // thread; must not wait. May be empty.
  std::function<void(const Error&)> on_failure = {};
};

}  // namespace millrace::dataflow
