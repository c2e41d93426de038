// What is found of a partition when the log is opened, and how it goes on from there (docs/formats/log.md,
// "Recovery").
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "env/env.h"
#include "log/health.h"
#include "log/partition.h"
#include "log/partition_writer.h"
#include "log/segment_scan.h"
#include "log/topic_file.h"

namespace millrace::log {

struct FoundPartition {
  std::deque<Segment>
      segments;  // the last is to be gone on with, unless its creation or a damage says otherwise
  SegmentHeader last_header;
  bool is_last_torn = false;    // it was being created
  bool is_last_closed = false;  // it is damaged: a new one follows
  bool needs_mark = false;
  // Of the last segment, see SegmentScan.
  uint64_t unproven_position = 0;
  uint64_t unproven_offset = 0;
  uint64_t end_offset = 0;
  int64_t last_append_micros = INT64_MIN;
  uint64_t last_transaction = 0;
  std::optional<LastPart> last_part;
  std::vector<BatchIdNote> ids;
};

struct FoundTopic {
  TopicFile file;
  std::string folder;
  std::vector<FoundPartition> partitions;
};

// "<topic folder>/<5 digits>".
std::string PartitionFolder(const std::string& topic_folder, size_t partition);

// The topic in a folder, with all its partitions.
Result<FoundTopic> FindTopicIn(const env::Env& env, const std::string& folder);

// Cuts off, durably, the parts of transactions that did not happen.
Status CutUndecided(const env::Env& env, Health& health, std::vector<FoundTopic>* topics);

// Reads indexes and the last segment. Writes nothing but indexes that are missing.
Result<FoundPartition> FindPartition(const env::Env& env, const std::string& folder);

// Cuts off a torn tail or copies what may not be durable, and makes a new segment where one is needed, which
// is then in `found` too.
Result<WriterStart> ContinuePartition(const env::Env& env, Health& health, const std::string& folder,
                                      Participant identity, FoundPartition* found);

}  // namespace millrace::log
