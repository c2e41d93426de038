#include "state/commit_store.h"

#include <fmt/core.h>

#include "base/limits.h"

namespace millrace::state {

void CommitBatch::Put(std::string_view key, std::string_view value) {
  changes_.push_back({std::string(key), std::string(value)});
}

void CommitBatch::Delete(std::string_view key) {
  changes_.push_back({std::string(key), std::nullopt});
}

Status CheckCommitLimits(const CommitBatch& batch) {
  size_t bytes = 0;
  for (const CommitBatch::Change& change : batch.changes()) {
    const size_t value_bytes = change.value ? change.value->size() : 0;
    bytes += change.key.size() + value_bytes;
    if (change.key.empty() || change.key.size() > limits::kCommitKeyBytesMax) {
      return Fail(ErrorCode::kProgramLimitExceeded,
                  fmt::format("a key of {} bytes cannot be committed", change.key.size()),
                  fmt::format("keys of the commit store have 1 to {} bytes", limits::kCommitKeyBytesMax));
    }
  }
  if (bytes > limits::kCommitBytesMax) {
    return Fail(
        ErrorCode::kProgramLimitExceeded, fmt::format("a transaction of {} bytes cannot be committed", bytes),
        fmt::format("one transaction of the commit store changes at most {} bytes", limits::kCommitBytesMax));
  }
  return Ok();
}

Error AsFinal(const Error& error) {
  if (error.code() != ErrorCode::kDiskFull) return error;
  return Error(ErrorCode::kIoError, error.message(), "start again once there is space");
}

}  // namespace millrace::state
