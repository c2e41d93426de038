// CommitStore: a small ordered store of keys and values whose changes are transactions: atomic, and durable
// when Commit returns. The commit point of checkpoints: whatever else a commit needs is on the disk before
// the transaction that names it. It holds positions, lists of files and the catalog, not state.
//
// Two implementations: over LMDB (lmdb_commit_store.h), for a warehouse on a machine, and a journal over
// env::Files (journal_commit_store.h), to which a simulated disk applies. commit_store_test.cc holds both
// to what is said here.
//
// Any thread may call it. Readers see what was committed last and do not wait for a Commit. One process at
// a time has a store open, which its owner ensures (env::Files::Lock of the data folder).
//
// Errors. kDiskFull: there was no room; nothing has changed, and Commit may be tried again.
// kProgramLimitExceeded: a key or value past its bound; nothing has changed. After any other error of a
// Commit the store is dead: whether the transaction is in force is known only once the store is opened again,
// so every later call answers that error and the process should stop. A damaged entry or file is
// kDataCorrupted, and says which.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::state {

// The changes of one transaction, applied in the order in which they were added.
class CommitBatch {
 public:
  // Keys have 1 to limits::kCommitKeyBytesMax bytes.
  void Put(std::string_view key, std::string_view value);
  // No error if the key is not there.
  void Delete(std::string_view key);

  struct Change {
    std::string key;
    std::optional<std::string> value;  // absent: deleted
  };
  const std::vector<Change>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }

 private:
  std::vector<Change> changes_;
};

class CommitStore {
 public:
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~CommitStore() = default;

  // Absent if there is no such key.
  virtual Result<std::optional<std::string>> Get(std::string_view key) = 0;
  // Calls `visit` for each key that begins with `prefix`, ascending by unsigned bytes, all as of one commit,
  // until it answers false. It must not call this store.
  virtual Status Scan(std::string_view prefix, const Visitor& visit) = 0;
  virtual Status Commit(const CommitBatch& batch) = 0;
};

// What every implementation refuses: kProgramLimitExceeded.
Status CheckCommitLimits(const CommitBatch& batch);
// The same error as one that is final, so not kDiskFull: a sync or a rename that found no room is not to be
// tried again.
Error AsFinal(const Error& error);

}  // namespace millrace::state
