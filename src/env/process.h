// What the system says of this process: processor time, memory, file descriptors. For metrics; any thread.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace millrace::env {

struct ProcessFigures {
  int64_t cpu_micros = 0;  // of all threads, user and system
  int64_t resident_bytes = 0;
  int64_t virtual_bytes = 0;
  int64_t open_descriptors = 0;
  int64_t descriptors_max = 0;  // the soft limit; -1: none
  int64_t started_millis = 0;   // since 1970-01-01 00:00:00 UTC
};

// kIoError when the system does not tell.
Result<ProcessFigures> ReadProcessFigures();

}  // namespace millrace::env
