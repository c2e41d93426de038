// DurableCatalog: the statements that made what there is, and the roles, in a CommitStore. Each change is one
// transaction, and in force once it answers. Keys: docs/formats/catalog.md.
//
// Owned by the Instance of a warehouse with a data folder; any thread. Nothing here runs statements: at the
// start the Instance runs the records again, in the order of their ids.
//
// Errors. kDiskFull and kProgramLimitExceeded: nothing has changed. After any other error of a commit it is
// not known what is in force: `on_failure` is told, which ends the process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "session/statement_record.h"
#include "state/commit_store.h"

namespace millrace::session {

// What one statement changes.
struct RecordChanges {
  std::vector<StatementRecord> put;
  std::vector<uint64_t> removed;
  bool empty() const { return put.empty() && removed.empty(); }
};

class DurableCatalog {
 public:
  // `store` outlives it. kDataCorrupted for what cannot be read.
  static Result<std::unique_ptr<DurableCatalog>> Open(state::CommitStore* store,
                                                      std::function<void(const Error&)> on_failure);

  // Numbers of objects that follow each other, never given before or again, by this process or another. The
  // first of them.
  Result<uint64_t> TakeIds(uint32_t count) MR_EXCLUDES(mutex_);

  // `roles`: the state of the roles, if it changes too.
  Status Commit(const RecordChanges& changes, const std::string* roles = nullptr) MR_EXCLUDES(mutex_);
  // Takes back a record whose statement could not be started after all. Where there is no room for that now
  // it goes with the next transaction.
  void TakeBack(uint64_t id) MR_EXCLUDES(mutex_);

  struct EndedJob {
    uint64_t id = 0;
    std::optional<Error> error;
  };
  // What becomes of the records of jobs that have ended, as StatementRecord::State says.
  Status EndJobs(const std::vector<EndedJob>& jobs) MR_EXCLUDES(mutex_);

  // In the order of ids.
  std::vector<StatementRecord> records() const MR_EXCLUDES(mutex_);
  // The one that made a schema, table or view; of a schema the name is empty.
  std::optional<StatementRecord> Find(const catalog::ObjectName& name) const MR_EXCLUDES(mutex_);
  bool Has(uint64_t id) const MR_EXCLUDES(mutex_);
  // Jobs, in whatever state, that name one of them.
  std::vector<StatementRecord> JobsNaming(const std::vector<catalog::ObjectName>& names) const
      MR_EXCLUDES(mutex_);
  // Jobs with this text in this schema that have failed.
  std::vector<uint64_t> FailedJobs(const std::string& normal_text, const std::string& current_schema) const
      MR_EXCLUDES(mutex_);
  // Of the roles, as the last commit has it; absent: none was ever changed.
  std::optional<std::string> roles() const MR_EXCLUDES(mutex_);

 private:
  DurableCatalog(state::CommitStore* store, std::function<void(const Error&)> on_failure)
      : store_(*store), on_failure_(std::move(on_failure)) {}

  Status Load() MR_EXCLUDES(mutex_);
  Status CommitLocked(const RecordChanges& changes, const std::string* roles) MR_REQUIRES(mutex_);
  Status Write(const state::CommitBatch& batch) MR_REQUIRES(mutex_);
  void Forget(uint64_t id) MR_REQUIRES(mutex_);

  state::CommitStore& store_;
  const std::function<void(const Error&)> on_failure_;
  mutable Mutex mutex_;  // held over commits too: they come one after the other
  std::map<uint64_t, StatementRecord> records_ MR_GUARDED_BY(mutex_);
  std::map<catalog::ObjectName, uint64_t> objects_ MR_GUARDED_BY(mutex_);
  std::set<uint64_t> taken_back_ MR_GUARDED_BY(mutex_);  // still in the store
  std::optional<std::string> roles_ MR_GUARDED_BY(mutex_);
  uint64_t next_id_ MR_GUARDED_BY(mutex_) = 1;
  uint64_t reserved_ MR_GUARDED_BY(mutex_) = 1;  // ids below it may be given
};

}  // namespace millrace::session
