// FeedHub: rows that a test pushes by hand into tables with 'connector'='feed'.
//
// Each table is a log of batches, watermarks and one end, in the order of the pushes; it is kept whole,
// so that any number of sources can read it from the start and a restored one from its position.
// Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "data/batch.h"

namespace millrace::connectors {

class FeedHub {
 public:
  struct Event {
    enum class Kind : uint8_t { kBatch, kWatermark, kEnd };
    Kind kind = Kind::kBatch;
    int partition = 0;  // of kWatermark: -1 for all
    data::Batch batch;
    int64_t watermark = 0;
  };

  // Rows with all physical columns of the table. Tables need not exist yet.
  void Push(const std::string& table, data::Batch batch, int partition = 0);
  // A watermark of one partition, or (-1) of all: besides those that a WATERMARK clause makes.
  void Advance(const std::string& table, int64_t watermark, int partition = -1);
  // No more will be pushed: the table ends as bounded input does.
  void Finish(const std::string& table);
  // Nothing has been pushed to it; while nobody reads it.
  void Clear(const std::string& table);

  // Whether every living source of the table has given all that was pushed.
  bool IsDrained(const std::string& table) const;
  bool IsDrained() const;

 private:
  friend class FeedSource;
  struct Reader {
    size_t position = 0;
    std::function<void()> wake;
  };
  struct Log {
    std::vector<Event> events;
    std::map<uint64_t, Reader> readers;
  };

  void Append(const std::string& table, Event event);
  static bool IsDrained(const Log& log);

  uint64_t AddReader(const std::string& table, std::function<void()> wake);
  void RemoveReader(const std::string& table, uint64_t reader);
  // The event at `position`, or false: none yet. Reading it counts as having given all before it.
  bool Read(const std::string& table, uint64_t reader, size_t position, Event* event);

  mutable Mutex mutex_;
  std::map<std::string, Log, std::less<>> logs_ MR_GUARDED_BY(mutex_);
  uint64_t next_reader_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::connectors
