#include "log/settings.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"

namespace millrace::log {

namespace {

template <typename T>
Status CheckBetween(std::string_view what, T value, T low, T high) {
  if (value >= low && value <= high) return Ok();
  return Fail(ErrorCode::kInvalidParameter, fmt::format("{} of a topic is {}", what, value),
              fmt::format("from {} to {}", low, high));
}

}  // namespace

Status CheckSettings(const TopicSettings& settings) {
  MR_TRY(CheckBetween("number of partitions", settings.partitions, 1, limits::kLogPartitionsMax));
  MR_TRY(CheckBetween("segment size in bytes", settings.segment_bytes, limits::kLogSegmentBytesMin,
                      limits::kLogSegmentBytesMax));
  MR_TRY(CheckBetween("segment age in microseconds", settings.segment_age_micros, int64_t{1}, INT64_MAX));
  MR_TRY(CheckBetween("retention in microseconds", settings.retention_age_micros, int64_t{0}, INT64_MAX));
  if (settings.sync == SyncMode::kAlways) return Ok();
  return CheckBetween("interval between syncs in microseconds", settings.sync_interval_micros, int64_t{1'000},
                      limits::kLogSyncMicrosMax);
}

Status CheckTopicName(std::string_view name) {
  const bool is_sized = !name.empty() && name.size() <= limits::kLogTopicNameBytesMax;
  const bool has_control =
      std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (is_sized && !has_control) return Ok();
  return Fail(
      ErrorCode::kInvalidParameter,
      fmt::format("a topic cannot have a name of {} bytes like this", name.size()),
      fmt::format("a name is 1 to {} bytes without control characters", limits::kLogTopicNameBytesMax));
}

}  // namespace millrace::log
