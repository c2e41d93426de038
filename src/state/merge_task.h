// MergeTask: merges files in the background, on the store's pool, a block at a time: checkpoints are written
// and committed meanwhile. Internal to CheckpointStore.
//
// A merge reads every block of its files and checks it: damage ends it, with the files as they were.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/executor.h"
#include "state/chapter_merge.h"
#include "state/checkpoint_set.h"
#include "state/checkpoint_store.h"

namespace millrace::state {

class MergeTask final : public env::Task {
 public:
  MergeTask(CheckpointSet& set, const CheckpointStoreOptions& options);
  ~MergeTask() override;

  // Woken after every commit. What failed is tried again after the next one, then after 2, 4, ... 1024 more:
  // damage that stays is not read again and again.
  bool Run() override;

  uint64_t merges() const { return merges_.load(std::memory_order_relaxed); }
  uint64_t bytes_written() const { return bytes_written_.load(std::memory_order_relaxed); }
  std::string last_error() const;

 private:
  struct Merge;

  bool Start();
  Status Step();
  Status StartChapter();
  Status Finish();
  void End(const Status& status);

  CheckpointSet& set_;
  const CheckpointStoreOptions options_;
  std::atomic<uint64_t> merges_{0};
  std::atomic<uint64_t> bytes_written_{0};
  mutable Mutex mutex_;
  std::string last_error_ MR_GUARDED_BY(mutex_);

  uint32_t failures_ = 0;  // in a row; on the pool only, as what follows
  uint64_t commits_to_wait_ = 0;
  std::unique_ptr<Merge> merge_;  // null: none
};

}  // namespace millrace::state
