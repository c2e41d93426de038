// Partition: an ordered sequence of records, each with an offset, in segments of its topic's folder.
//
// Any thread appends to it and makes readers. One writer (partition_writer.h), a task on the log's pool,
// writes the files: what waits when it runs is written together and made durable by one sync. This object is
// the state that they share, under one lock, which nobody holds while a file is touched or a callback runs.
//
// Owned by its topic and its readers. What appends or asks for offsets does so while the log lives; a reader
// may be kept longer, and then gets an error.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "env/env.h"
#include "log/append.h"
#include "log/encoded_append.h"
#include "log/segment_index.h"
#include "log/segment_scan.h"
#include "log/topic_state.h"
#include "log/transaction.h"

namespace millrace::log {

class Health;
class Reader;

// An append that waits for the writer.
struct PendingAppend {
  // A small one is encoded by the writer, which may merge it with others; any other has been encoded.
  bool is_small = false;
  AppendBatch small;
  EncodedAppend encoded;
  size_t bytes = 0;  // of room, see RoomOf
  std::string id;
  AppendDone done;  // empty for a part of a transaction
  std::shared_ptr<Transaction> transaction;
  size_t part = 0;
};

// What an append takes of limits::kLogQueueBytes.
inline size_t RoomOf(const AppendBatch& batch) {
  return batch.payload.size() + kBatchHeaderBytes;
}

// A file, and what of it may be read.
struct Segment {
  std::string path;
  uint64_t salt = 0;
  SegmentIndex index;
  uint64_t bytes = 0;  // durable
  std::vector<Damage> damage;
};

// Where to read the batch with some offset. A copy: the segment may be gone by the time it is opened.
struct SegmentPlace {
  std::string path;
  uint64_t salt = 0;
  uint64_t base_offset = 0;
  uint64_t end_offset = 0;  // of what may be read
  uint64_t position = 0;    // of a batch that is not behind the offset
  uint64_t limit = 0;       // bytes that may be read
};

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  // `wake_writer` has the writer run. `env` outlives this.
  Partition(const env::Env& env, std::shared_ptr<TopicState> topic, int index, Health& health);
  ~Partition();

  int index() const { return index_; }
  TopicState& topic() const { return *topic_; }

  // ------------------------------------------------------------------------------------------ appending

  // Appends the batch, which is moved from if it is taken, as is `done`. An error (kInvalidParameter for a
  // batch that is not right, what the log or the topic has come to) means that nothing was taken and nothing
  // will be called. `wake` may be empty.
  Result<Admission> TryAppend(AppendBatch* batch, AppendDone* done, const std::function<void()>& wake)
      MR_EXCLUDES(mutex_);

  // --------------------------------------------------------------------------------------------- reading

  // A reader whose first batch is the one with this offset. `wake` is called once after each time that Next
  // has had nothing to give, when there is something; by a thread of the log's pool, it must not wait.
  std::unique_ptr<Reader> NewReader(uint64_t offset, std::function<void()> wake);

  // The first offset that is still there, and the one behind the last that is durable.
  uint64_t start_offset() const MR_EXCLUDES(mutex_);
  uint64_t end_offset() const MR_EXCLUDES(mutex_);
  // Of the first batch that was appended at `micros` or later; end_offset() if there is none. Reads at most
  // one entry's worth of one segment.
  Result<uint64_t> OffsetAt(int64_t micros) MR_EXCLUDES(mutex_);

  // What could not be read when the log was opened, and what readers have found since.
  std::vector<Damage> damage() const MR_EXCLUDES(mutex_);

  // ------------------------------------------------------------------------------------------- retention

  // Records from this offset on are kept, whatever retention says: somebody has yet to read them. One pin for
  // each name; it lasts until it is removed, but not over a restart.
  void SetPin(const std::string& name, uint64_t offset) MR_EXCLUDES(mutex_);
  void RemovePin(const std::string& name) MR_EXCLUDES(mutex_);
  // Removes the segments that hold nothing from `offset` on, as far as pins allow; soon.
  //
  // Segments with ids that are remembered stay, while what is behind them is less than
  // limits::kLogIdSegmentsBytes: only there are ids found after a restart. That holds for retention too.
  void TruncateBefore(uint64_t offset) MR_EXCLUDES(mutex_);

  struct Pin {
    std::string name;
    uint64_t offset = 0;
  };
  struct Figures {
    uint64_t start_offset = 0;
    uint64_t end_offset = 0;
    uint64_t segments = 0;
    uint64_t bytes = 0;
    // What the topic's settings would have removed by now, and a pin or an id still keeps.
    uint64_t held_bytes = 0;
    std::optional<int64_t>
        first_micros;  // when the first record that is there was appended, if that is known
    std::vector<Pin> pins;
  };
  Figures figures() const MR_EXCLUDES(mutex_);

  // --------------------------------------------------------------- for the log, the writer and the readers

  // The log: what recovery has found; then how to reach the writer.
  void SetSegments(std::deque<Segment> segments, uint64_t end_offset) MR_EXCLUDES(mutex_);
  void SetWriter(std::function<void()> wake_writer) MR_EXCLUDES(mutex_);
  // Keeps room for an append of so many bytes, if it answers kTaken: then Enqueue, or ReleaseRoom.
  Result<Admission> Reserve(size_t bytes, const std::function<void()>& wake) MR_EXCLUDES(mutex_);
  // Puts it on its way. False: the partition has been closed, and the append is still there.
  bool Enqueue(PendingAppend* pending) MR_EXCLUDES(mutex_);
  // No append is taken any more; those that have been are still written.
  void StopTaking(const Error& reason) MR_EXCLUDES(mutex_);
  // The end: everybody gets `reason`, those who wait are woken. Gives what the writer has not taken.
  std::deque<PendingAppend> Close(const Error& reason) MR_EXCLUDES(mutex_);
  void WakeWriter() MR_EXCLUDES(mutex_);

  // The writer: appends that wait, up to `bytes_max` (at least one), none behind a part of a transaction.
  void TakeGroup(size_t bytes_max, std::vector<PendingAppend>* group) MR_EXCLUDES(mutex_);
  bool HasQueued() const MR_EXCLUDES(mutex_);
  // The appends that were taken are over.
  void ReleaseRoom(size_t bytes) MR_EXCLUDES(mutex_);
  // These batches are durable and may be read: the last segment has `bytes` bytes.
  struct Written {
    BatchHeader header;
    std::string id;
  };
  void Publish(const std::vector<Written>& batches, uint64_t bytes) MR_EXCLUDES(mutex_);
  // The last segment is followed by a new one.
  void AddSegment(Segment segment) MR_EXCLUDES(mutex_);
  SegmentIndex LastIndex() const MR_EXCLUDES(mutex_);
  void ForgetLastIds() MR_EXCLUDES(mutex_);
  // The oldest segment, if it may go: it is then no longer there for readers.
  std::optional<Segment> TakeExpired(int64_t now_micros, bool by_settings) MR_EXCLUDES(mutex_);
  void PutBack(Segment segment) MR_EXCLUDES(mutex_);

  // Readers. kDataExpired below the start, kInvalidParameter beyond the end; nothing at the end.
  Result<std::optional<SegmentPlace>> Locate(uint64_t offset) const MR_EXCLUDES(mutex_);
  // Has `wake` called once when there is more than up to `offset`, or the partition is closed. False, and it
  // will not be: that is so already.
  bool WaitFor(uint64_t offset, uint64_t reader, std::function<void()> wake) MR_EXCLUDES(mutex_);
  void StopWaiting(uint64_t reader) MR_EXCLUDES(mutex_);
  uint64_t NewReaderNumber() MR_EXCLUDES(mutex_);
  void NoteDamage(const Damage& damage) MR_EXCLUDES(mutex_);
  const env::Env& env() const { return env_; }

 private:
  using Wakes = std::vector<std::function<void()>>;

  // What becomes of an append that was not put on its way although room was kept for it.
  void Refuse(PendingAppend* pending) MR_EXCLUDES(mutex_);
  void UpdateFigures() MR_REQUIRES(mutex_);
  uint64_t KeepFrom() const MR_REQUIRES(mutex_);
  // Of the segment at a place but the last: whether its ids are to stay, and whether the settings let it go,
  // with `bytes_behind` in what follows it.
  bool IsKeptForIds(size_t place, uint64_t bytes_behind, int64_t now_micros) const MR_REQUIRES(mutex_);
  bool IsPastRetention(size_t place, uint64_t bytes_behind, int64_t now_micros,
                       const TopicSettings& settings) const MR_REQUIRES(mutex_);
  SegmentPlace PlaceIn(size_t place) const MR_REQUIRES(mutex_);
  std::optional<SegmentPlace> LocateTime(int64_t micros) const MR_EXCLUDES(mutex_);

  const env::Env& env_;
  const std::shared_ptr<TopicState> topic_;
  const int index_;
  Health& health_;

  mutable Mutex mutex_;
  std::function<void()> wake_writer_ MR_GUARDED_BY(mutex_);
  std::optional<Error> stopped_ MR_GUARDED_BY(mutex_);  // what an append is answered
  std::optional<Error> closed_ MR_GUARDED_BY(mutex_);   // what everybody is answered

  std::deque<PendingAppend> queue_ MR_GUARDED_BY(mutex_);
  size_t queued_bytes_ MR_GUARDED_BY(mutex_) =
      0;  // those that the writer has taken and not released included
  Wakes room_waiters_ MR_GUARDED_BY(mutex_);

  std::deque<Segment> segments_ MR_GUARDED_BY(mutex_);  // ascending, at least one; the last is written to
  uint64_t end_offset_ MR_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::function<void()>> waiting_readers_ MR_GUARDED_BY(mutex_);
  uint64_t next_reader_ MR_GUARDED_BY(mutex_) = 0;

  std::map<std::string, uint64_t> pins_ MR_GUARDED_BY(mutex_);
  uint64_t truncate_before_ MR_GUARDED_BY(mutex_) = 0;
  // What the topic's gauges have of this partition.
  int64_t shown_segments_ MR_GUARDED_BY(mutex_) = 0;
  int64_t shown_bytes_ MR_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::log
