// Runs .slt files (slt_file.h), each in every mode asked for.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "env/env.h"

namespace millrace::session {

// How a file is run; the answers must be the same in each.
struct SltMode {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings;
  int threads = 1;
  bool restarts = false;  // SltWarehouse::Restart, between records
  int other_shards = 0;   // after every other restart, one after the others; 0: as in `settings`
};

// default (one shard, full batches), batch1 (a row a batch), shards2 (two shards), batch1-shards2, restarts
// (the warehouse ends and is opened again between records), restarts-shards2 (with two shards and one by
// turns).
const std::vector<SltMode>& SltModes();

struct SltFailure {
  int line = 0;
  std::string message;  // what was expected and what came, ready to print
};

struct SltOutcome {
  int records = 0;
  std::vector<SltFailure> failures;
};

// An error only if the file cannot be read or parsed.
Result<SltOutcome> RunSltFile(env::Env& env, const std::string& path, const SltMode& mode);

// The .slt files under the given files and folders, sorted.
Result<std::vector<std::string>> FindSltFiles(env::Env& env, const std::vector<std::string>& paths);

}  // namespace millrace::session
