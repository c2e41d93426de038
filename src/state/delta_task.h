// DeltaTask: writes the checkpoint that is being made, on the store's pool: takes the buffers as they come,
// sorts them, writes runs, and at the end commits. Internal to CheckpointStore.
//
// Begin, and what a DeltaRequest offers, from any thread; the rest on the pool.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/executor.h"
#include "state/chapter_sorter.h"
#include "state/checkpoint_set.h"
#include "state/checkpoint_store.h"

namespace millrace::state {

// What the builder hands to the task.
class DeltaRequest {
 public:
  explicit DeltaRequest(uint64_t number) : number_(number) {}

  void Add(const std::string& chapter, SavedRecordsPtr records);
  void DropChapter(const std::string& chapter);
  void Commit(CommitBatch metadata, std::function<void(Status)> done);
  void GiveUp();

  enum class Phase : uint8_t { kOpen, kToCommit, kGivenUp };
  struct Step {
    Phase phase = Phase::kOpen;
    std::optional<std::pair<std::string, SavedRecordsPtr>> buffer;  // none: all that came so far are taken
  };
  Step Next();
  uint64_t number() const { return number_; }
  // Once the phase is kToCommit.
  std::set<std::string> TakeDroppedChapters();
  CommitBatch TakeMetadata();
  std::function<void(Status)> TakeDone();

 private:
  const uint64_t number_;
  Mutex mutex_;
  Phase phase_ MR_GUARDED_BY(mutex_) = Phase::kOpen;
  std::deque<std::pair<std::string, SavedRecordsPtr>> buffers_ MR_GUARDED_BY(mutex_);
  std::set<std::string> dropped_chapters_ MR_GUARDED_BY(mutex_);
  CommitBatch metadata_ MR_GUARDED_BY(mutex_);
  std::function<void(Status)> done_ MR_GUARDED_BY(mutex_);
};

class DeltaTask final : public env::Task {
 public:
  // `committed` is called after each commit, on the pool.
  DeltaTask(CheckpointSet& set, const CheckpointStoreOptions& options, std::function<void()> committed)
      : set_(set), options_(options), committed_(std::move(committed)) {}

  // Null while another request is being worked on.
  std::shared_ptr<DeltaRequest> Begin(uint64_t number);
  bool Run() override;
  // Once the task has been retired: gives up what is being made.
  void Stop();

  uint64_t bytes_written() const { return bytes_written_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<DeltaRequest> Current();
  Status Take(const std::string& chapter, SavedRecordsPtr records);
  Status WriteLargest();
  Status WriteRun(const std::string& chapter, ChapterSorter& sorter);
  Status EnsureFile();
  Status Finish(DeltaRequest& request);
  void End(DeltaRequest& request, Status status);

  CheckpointSet& set_;
  const CheckpointStoreOptions options_;
  const std::function<void()> committed_;
  std::atomic<uint64_t> bytes_written_{0};

  Mutex mutex_;
  std::shared_ptr<DeltaRequest> request_ MR_GUARDED_BY(mutex_);

  // Of the request at hand; on the pool only.
  Status failure_;
  std::map<std::string, ChapterSorter> sorters_;
  size_t memory_bytes_ = 0;
  uint64_t checkpoint_ = 0;
  uint64_t file_number_ = 0;  // 0: no file yet
  std::unique_ptr<CheckpointFileWriter> writer_;
  DeltaEffects effects_;
};

}  // namespace millrace::state
