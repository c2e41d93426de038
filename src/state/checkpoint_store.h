// CheckpointStore: where checkpoints live (README.md says what they are). Writes the records that owners hand
// over into delta files, commits them, merges files in the background, and gives the records in force back.
//
//   MR_ASSIGN(auto store, CheckpointStore::Open(env, commit_store, {.folder = "/data/state"}));
//   for (const std::string& chapter : store->Chapters()) {
//     const auto source = store->ReadChapter(chapter);          // restore: a StateReader over it
//   }
//   MR_ASSIGN(auto builder, store->Begin(store->number() + 1));  // at the barrier
//   builder->Add("job 3/aggregate 1", writer.Take());            // from the threads of the owners
//   builder->Commit(std::move(metadata), [](Status status) { ... });
//
// Made by the dataflow, one for a data folder. Its work is done on a pool of its own: one task writes the
// checkpoint, one merges, so that a merge never holds a checkpoint up but for the moment of a commit. Any
// thread may call it.
//
// Errors of a commit. kDiskFull, or a write that failed: the checkpoint before stays in force, the file is
// removed, and a later Begin tries anew. Once status() is an error (a failed sync, a commit whose outcome is
// unknown) nothing more can be committed, and the process is to stop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "env/env.h"
#include "state/block_codec.h"
#include "state/commit_store.h"
#include "state/merge_policy.h"
#include "state/saved_records.h"
#include "state/state_buffer.h"
#include "state/state_reader.h"

namespace millrace::state {

struct CheckpointStoreOptions {
  std::string folder;
  BlockCodec codec = BlockCodec::kLz4;
  size_t block_bytes = size_t{256} << 10;  // before compression
  // Records that are sorted at once; more of a checkpoint become several runs of its file.
  size_t run_bytes = size_t{64} << 20;
  MergePolicy merge;
};

struct CheckpointStats {
  uint64_t number = 0;
  size_t files = 0;
  uint64_t bytes = 0;          // of these files
  uint64_t garbage_bytes = 0;  // of them, known to be void
  uint64_t merges = 0;         // since the opening
  uint64_t delta_bytes_written = 0;
  uint64_t merge_bytes_written = 0;
  std::string merge_error;  // of the last merge, if it failed
};

// One checkpoint that is being made. Dropped without Commit it is given up.
class CheckpointBuilder {
 public:
  virtual ~CheckpointBuilder() = default;
  // Records of the chapter, as StateWriter writes them; several buffers of one chapter are those of its
  // shards. Nothing waits: the records are kept until the store has written them, and what of them was
  // deferred is made on its threads. Who shares them can give them again, should the commit fail. Any thread,
  // before Commit.
  virtual void Add(const std::string& chapter, SavedRecordsPtr records) = 0;
  void Add(const std::string& chapter, StateBuffer records) {
    Add(chapter, std::make_shared<SavedRecords>(std::move(records)));
  }
  // What the chapter held before this checkpoint is void; what is added to it is not. Any thread, before
  // Commit.
  virtual void DropChapter(const std::string& chapter) = 0;
  // Makes all of it durable and in force, with the changes of metadata, or nothing. Called once; `done` is
  // called once, on a thread of the store, with the outcome.
  virtual void Commit(CommitBatch metadata, std::function<void(Status)> done) = 0;
};

class CheckpointStore {
 public:
  virtual ~CheckpointStore() =
      default;  // gives up a checkpoint that is being made: its `done` gets kCancelled

  // Opens the folder (made if need be) at the newest checkpoint that was committed, and removes files that it
  // does not name. `env` and `commits` outlive the store; nobody else uses the folder.
  static Result<std::unique_ptr<CheckpointStore>> Open(const env::Env& env, CommitStore& commits,
                                                       CheckpointStoreOptions options);

  // Of the newest checkpoint in force; 0: none.
  virtual uint64_t number() const = 0;
  // Those that have something in force.
  virtual std::vector<std::string> Chapters() const = 0;
  // Metadata, as the newest commit has it: keys and values that belong to the callers.
  virtual Result<std::optional<std::string>> Metadata(std::string_view key) = 0;
  virtual Status ScanMetadata(std::string_view prefix, const CommitStore::Visitor& visit) = 0;

  // The records of the chapter that are in force, each key once, as one layer, for a StateReader of this
  // shard of so many. Reads in sequence, with a block of each run in memory; of other shards' records only
  // those that share a block are among them. The source is for one thread, and outlives merges and later
  // checkpoints.
  virtual std::unique_ptr<StateSource> ReadChapter(const std::string& chapter, uint32_t shard = 0,
                                                   uint32_t shards = 1) = 0;

  // Starts checkpoint `number`, above that in force. kObjectInUse while another is being made. The
  // store outlives the builder.
  virtual Result<std::unique_ptr<CheckpointBuilder>> Begin(uint64_t number) = 0;

  virtual CheckpointStats Stats() const = 0;
  // Ok until nothing can be committed any more.
  virtual Status status() const = 0;
};

}  // namespace millrace::state
