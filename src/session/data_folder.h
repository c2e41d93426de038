// DataFolder: the folder of a warehouse that keeps its data: what is in it, opened in order.
//
//   MILLRACE       names the version of the layout; made first, so that all else is known to be ours
//   lock           held while a process has the folder open
//   commit.lmdb    the commit store: catalog, roles, checkpoints
//   state/         checkpoints
//   log/           rows that were pushed
//
// Made by the process that serves, before the Instance, which it outlives. Used by one thread; what it gives
// may be used by any.
//
// Errors of Open. kObjectInUse: another process has it. kInvalidParameter: it is another's folder, or of
// another version. kDataCorrupted: something in it is damaged so that the warehouse cannot be told from
// it; the message says what and where. Damage that costs single records is in notices().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "env/env.h"
#include "log/log.h"
#include "state/checkpoint_store.h"
#include "state/commit_store.h"
#include "telemetry/metrics.h"

namespace millrace::session {

struct DataFolderOptions {
  std::string path;
  // Over env::Files, in the place of LMDB: for simulated files.
  bool journal = false;
  telemetry::MetricsRegistry* metrics = nullptr;  // must be given; outlives the folder
  // Nothing can be made durable any more, and the process is to stop. From any thread; must not wait.
  std::function<void(const Error&)> on_failure;
};

class DataFolder {
 public:
  // Opens the folder, and makes it if it is not there or empty. `env` outlives it.
  static Result<std::unique_ptr<DataFolder>> Open(const env::Env& env, DataFolderOptions options);

  const std::string& path() const { return options_.path; }
  state::CommitStore& commits() { return *commits_; }
  state::CheckpointStore& checkpoints() { return *checkpoints_; }
  log::Log& log() { return *log_; }
  const std::function<void(const Error&)>& on_failure() const { return options_.on_failure; }
  // What was found damaged and could be left out; one line each.
  const std::vector<std::string>& notices() const { return notices_; }
  bool is_new() const { return is_new_; }

  // Ok until nothing can be made durable any more.
  Status status() const;
  // Writes what has been taken; nothing may follow but the destructor. Without it the end is that of a crash:
  // nothing is lost, the next start takes longer.
  Status Close() { return log_->Close(); }

 private:
  DataFolder(const env::Env& env, DataFolderOptions options) : env_(env), options_(std::move(options)) {}

  Status OpenAll();
  Status MakeFolder();
  Status CheckOwnership();
  // Reads the version; false if there is none yet.
  Result<bool> CheckVersion();
  Status WriteVersion();
  std::string PathOf(const char* name) const { return env::JoinPath(options_.path, name); }

  const env::Env& env_;
  const DataFolderOptions options_;
  bool is_new_ = false;
  std::vector<std::string> notices_;
  // Opened in this order, and closed in the opposite one.
  std::unique_ptr<env::FileLock> lock_;
  std::unique_ptr<state::CommitStore> commits_;
  std::unique_ptr<state::CheckpointStore> checkpoints_;
  std::unique_ptr<log::Log> log_;
};

}  // namespace millrace::session
