// The events that the durable log keeps of a stream that cannot be read again (standard input, sockets), and
// their bytes: what a source has told its sink, in that order. A record of the log is an event, so offsets
// count events; docs/formats/rows.md has the grammar.
//
// Plain values and functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "connectors/connector.h"
#include "data/batch.h"

namespace millrace::connectors {

struct StreamEvent {
  enum class Kind : uint8_t {
    kPartitionStart = 1,
    kRows = 2,
    kMalformed = 3,  // a record that is no row
    kPartitionEnd = 4,
    kTableEnd = 5,  // the table gives no more
  };
  Kind kind = Kind::kTableEnd;
  int partition = 0;
  data::Batch rows = {};  // at most limits::kBatchRows
  // kMalformed: as MalformedRecord, with the reason.
  std::string origin = {};
  uint64_t offset = 0;
  std::string bytes = {};
  uint64_t size = 0;
  std::optional<Error> error = {};

  // Tells a sink of it; kTableEnd is the source's to tell.
  Status Give(SourceSink& sink) const;
};

// Behind what `bytes` has.
void AppendEvent(const StreamEvent& event, std::string* bytes);
// `types`: of the columns of rows. kDataCorrupted for bytes that are no events.
Result<std::vector<StreamEvent>> DecodeEvents(std::string_view bytes, std::span<const data::DataType> types);

// "s<group>-<place>": the topic of one source of queries that were started together.
std::string StreamTopicOf(uint64_t group_id, size_t place);
bool IsStreamTopic(std::string_view topic);

}  // namespace millrace::connectors
