// What a topic of the durable log is told: how it is stored, how safe an append is when it is acknowledged,
// and how long it is kept. Plain values.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace millrace::log {

// How a payload is stored. The numbers are those of docs/formats/log.md.
enum class Codec : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

// When an append is acknowledged.
enum class SyncMode : uint8_t {
  // When it is on the device. Appends that come during a sync share the next one.
  kAlways = 0,
  // When the operating system has it: a crash of the process loses nothing, a power loss what was
  // acknowledged since
  // the last sync. Syncs come every `sync_interval_micros`; readers get what is synced, so none has read what
  // may yet
  // be lost, but the offsets that were answered for it are then given to other records.
  kInterval = 1,
};

struct TopicSettings {
  int partitions = 1;  // fixed once the topic is made
  Codec codec = Codec::kNone;
  SyncMode sync = SyncMode::kAlways;
  int64_t sync_interval_micros = 100'000;  // of SyncMode::kInterval alone

  // A segment that has this many bytes, or whose first record is this old, is followed by a new one.
  // Retention takes whole segments.
  uint64_t segment_bytes = uint64_t{64} << 20;
  int64_t segment_age_micros = int64_t{24} * 3600 * 1'000'000;

  // A segment goes when its last record is older, and as long as what is left of the partition has so many
  // bytes; 0: for ever, and without bound.
  int64_t retention_age_micros = 0;
  uint64_t retention_bytes = 0;  // of each partition

  friend bool operator==(const TopicSettings&, const TopicSettings&) = default;
};

// kInvalidParameter for what is out of bounds.
Status CheckSettings(const TopicSettings& settings);
// A name of 1 to limits::kLogTopicNameBytesMax bytes without control characters; kInvalidParameter.
Status CheckTopicName(std::string_view name);

}  // namespace millrace::log
