// CheckpointSet: the files that the newest checkpoint is made of, and the commits that change them. The part
// of CheckpointStore that all of its tasks share.
//
// Any thread. Commits are one at a time; what is in force between them never changes and is read without
// waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/env.h"
#include "state/checkpoint_file.h"
#include "state/checkpoint_manifest.h"
#include "state/commit_store.h"

namespace millrace::state {

using CheckpointFilePtr = std::shared_ptr<const CheckpointFile>;

// What is in force after one commit.
struct CheckpointVersion {
  struct Live {
    CheckpointFilePtr file;
    uint64_t garbage = 0;
  };
  uint64_t number = 0;
  std::vector<Live> files;  // oldest first
  std::map<std::string, uint64_t, std::less<>> dropped;

  // Whether the file has something of the chapter that is in force.
  bool Holds(const CheckpointFile& file, std::string_view chapter) const;
  // Those that hold something of the chapter, oldest first.
  std::vector<CheckpointFilePtr> FilesOf(std::string_view chapter) const;
  std::vector<std::string> Chapters() const;
};
using CheckpointVersionPtr = std::shared_ptr<const CheckpointVersion>;

// What a checkpoint does to older layers.
struct DeltaEffects {
  struct Drop {
    std::string space;
    uint32_t shards = 1;  // that part of it
  };
  std::map<std::string, std::vector<Drop>> drops;  // by chapter
  std::map<std::string, uint64_t> removes;
  std::set<std::string> dropped_chapters;
};

class CheckpointSet {
 public:
  // Both outlive this.
  CheckpointSet(const env::Env& env, CommitStore& commits, std::string folder);

  // Reads what was committed last, checks that all of its files are there, and removes those that it does not
  // name.
  Status Open();

  CheckpointVersionPtr version() const;
  const env::Env& env() const { return env_; }
  const std::string& folder() const { return folder_; }
  CommitStore& commits() { return commits_; }

  // The error after which nothing can be committed any more, such as a failed sync; Ok while there was none.
  Status status() const;
  std::unexpected<Error> Die(const Error& error);

  // A number for a file that is being written; given back if it is not committed.
  uint64_t TakeFileNumber();
  void GiveBackFileNumber(uint64_t number);

  // Makes the written file durable. An error is final: Die.
  Status Sync(CheckpointFileWriter& writer);

  // Commits checkpoint `number`: its file (null if nothing was written), with the changes of metadata. An
  // error that is not final leaves everything as it was.
  Status CommitDelta(uint64_t number, CheckpointFilePtr file, const DeltaEffects& effects, CommitBatch batch);
  // Puts `merged` (null if nothing was left) in the place of the files, which are in force and neighbours.
  // `garbage`: what is known to be void in it.
  Status CommitMerge(std::span<const CheckpointFilePtr> files, CheckpointFilePtr merged, uint64_t garbage);

  // Removes a file that is not in force, if it can be.
  void Discard(const std::string& path);

 private:
  Status OpenFiles(const CheckpointManifest& manifest);
  Status RemoveLeftovers(bool has_manifest);
  Status Commit(std::shared_ptr<CheckpointVersion> version, CommitBatch batch) MR_REQUIRES(commit_mutex_);

  const env::Env env_;
  CommitStore& commits_;
  const std::string folder_;

  Mutex commit_mutex_;  // taken before mutex_
  mutable Mutex mutex_;
  CheckpointVersionPtr version_ MR_GUARDED_BY(mutex_);
  uint64_t next_file_ MR_GUARDED_BY(mutex_) = 1;
  std::set<uint64_t> files_being_written_ MR_GUARDED_BY(mutex_);
  std::optional<Error> death_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::state
