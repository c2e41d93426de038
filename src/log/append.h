// What goes into the log, and what is answered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "log/batch_format.h"

namespace millrace::log {

// Some records for one partition, which get offsets that follow each other. All of it is there in the end, or
// nothing.
struct AppendBatch {
  Layout layout = Layout::kLines;
  std::string payload = {};   // at most limits::kLogPayloadBytesMax; not looked into
  uint32_t record_count = 0;  // at least 1
  // With lines and values: where each record ends in the payload, ascending, the last at its end (LineEnds in
  // record_ends.h finds them). One record needs none. Opaque payloads have none.
  std::vector<uint32_t> ends = {};
  // A name for this batch that its writer gives again when it repeats it (at most limits::kLogBatchIdBytesMax
  // bytes of any kind); empty: none. Ids belong to the topic, whatever the partition.
  std::string id = {};
};

struct AppendResult {
  int partition = 0;
  uint64_t base_offset = 0;
  uint32_t record_count = 0;
  int64_t append_micros = 0;
  bool is_repetition = false;  // its id was known: nothing was appended, this is what was answered then
};

// Called exactly once, by a thread of the log's pool or by the one that appends, with no lock held that
// appending or reading takes. It must not wait.
using AppendDone = std::move_only_function<void(Result<AppendResult>)>;
using AppendAllDone = std::move_only_function<void(Result<std::vector<AppendResult>>)>;

enum class Admission : uint8_t {
  kTaken,    // `done` will be called, or has been
  kFull,     // nothing was taken; `wake` will be called once, when there is room
  kCrowded,  // full, and limits::kLogWaitersMax wait already: `wake` will not be called
};

// kInvalidParameter for a batch that is not as described above.
Status CheckAppend(const AppendBatch& batch);

}  // namespace millrace::log
