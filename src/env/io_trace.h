// IoTrace: what a program did to the files of one folder, step by step, and the states in which a power loss
// at any step may leave them. RecordingFiles writes one while the real command runs; a test then makes
// hundreds of folders as after a power loss and starts the command on each.
//
// A trace is a file of steps, each: length of the rest (u32), CRC32C of the rest (u32), kind (u8), monotonic
// microseconds (i64), file (u32), size (u64), length of the path (u32), path, bytes; integers little-endian.
// Its end may be torn, as the program that wrote it may have been killed.
//
// What a trace cannot see: what libraries write by themselves. Whoever lets one do so says so by
// Files::WroteOutside when it is durable; the file then counts as replaced in one safe step. So the states
// test what we do around such a library (LMDB, say), and not the library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "env/files.h"
#include "env/power_loss.h"
#include "env/simulated_disk.h"

namespace millrace::env {

enum class IoStepKind : uint8_t {
  kMakeDirs = 1,  // path
  kContent = 2,   // path, bytes: the whole file, safe
  kAllSafe = 3,   // what was there when the recording began has been told
  kOpen = 4,      // file, path, size: the WriteMode
  kOpenAt = 5,    // file, path, size
  kWrite = 6,     // file, bytes
  kFlush = 7,     // file
  kSync = 8,      // file: it has answered Ok
  kClose = 9,     // file
  kRename = 10,   // path, bytes: to
  kRemove = 11,   // path
  kSyncDir = 12,  // path: it has answered Ok
  kLock = 13,     // path
};

struct IoStep {
  IoStepKind kind = IoStepKind::kAllSafe;
  int64_t monotonic_micros = 0;  // when it was done
  uint32_t file = 0;             // number of an open file, never used twice
  uint64_t size = 0;
  std::string path = {};  // from the folder on, beginning with a slash
  std::string bytes = {};
};

void AppendIoStep(const IoStep& step, std::string* trace);

// Immutable. Any thread.
class IoTrace {
 public:
  // The whole steps of the file. kIoError for a file that is no trace, or with damage before its end.
  static Result<IoTrace> Read(Files& files, const std::string& path);
  static Result<IoTrace> Parse(std::string_view bytes);

  const std::vector<IoStep>& steps() const { return steps_; }
  // The first number of steps after which a power loss can be looked at: the folder as it was is there.
  size_t first() const { return first_; }

  // Makes `folder`, which must not be there, as a power loss after `steps` steps may leave it. What had been
  // acknowledged until the last of them was done (its monotonic_micros) must still be there. kIoError if a
  // step cannot be followed: somebody else has changed the folder too.
  Status MakeCrashState(size_t steps, uint64_t seed, const PowerLoss& loss, Files& files,
                        const std::string& folder) const;

 private:
  std::vector<IoStep> steps_;
  size_t first_ = 0;
};

}  // namespace millrace::env
