#include "log/append.h"

#include <fmt/core.h>

#include "base/limits.h"

namespace millrace::log {

namespace {

std::unexpected<Error> Wrong(std::string what) {
  return Fail(ErrorCode::kInvalidParameter, "a batch for the log " + std::move(what));
}

Status CheckEnds(const AppendBatch& batch) {
  uint32_t last = 0;
  for (const uint32_t end : batch.ends) {
    if (end < last || end > batch.payload.size())
      return Wrong("has records that end outside of it or out of order");
    if (batch.layout == Layout::kLines && (end == last || batch.payload[end - 1] != '\n')) {
      return Wrong("of lines has a record that does not end with a line feed");
    }
    last = end;
  }
  return last == batch.payload.size() ? Ok() : Wrong("has bytes behind its last record");
}

}  // namespace

Status CheckAppend(const AppendBatch& batch) {
  if (batch.record_count == 0) return Wrong("has no records");
  if (batch.record_count > limits::kLogRecordsMax) {
    return Wrong(fmt::format("has {} records, more than {}", batch.record_count, limits::kLogRecordsMax));
  }
  if (batch.payload.size() > limits::kLogPayloadBytesMax) {
    return Wrong(
        fmt::format("has {} bytes, more than {}", batch.payload.size(), limits::kLogPayloadBytesMax));
  }
  if (batch.id.size() > limits::kLogBatchIdBytesMax) {
    return Wrong(
        fmt::format("has an id of {} bytes, more than {}", batch.id.size(), limits::kLogBatchIdBytesMax));
  }
  if (batch.layout == Layout::kOpaque) {
    return batch.ends.empty() ? Ok() : Wrong("is opaque, but says where its records end");
  }
  if (batch.ends.empty() && batch.record_count == 1) {
    if (batch.layout == Layout::kValues || batch.payload.ends_with('\n')) return Ok();
    return Wrong("of lines has a record that does not end with a line feed");
  }
  if (batch.ends.size() != batch.record_count) {
    return Wrong(fmt::format("has {} records, but ends of {}", batch.record_count, batch.ends.size()));
  }
  return CheckEnds(batch);
}

}  // namespace millrace::log
