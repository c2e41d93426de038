// SltWarehouse: the warehouse that an .slt file runs in, with its one session.
//
// In a mode with restarts it has a data folder on a disk in memory, and can be ended and opened again. Feeds,
// print tables and the clock are outside of it, as the world is: they stay. One thread.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "connectors/feed/feed_hub.h"
#include "connectors/print/print_output.h"
#include "env/env.h"
#include "env/random.h"
#include "env/simulated_disk.h"
#include "env/thread_executor.h"
#include "session/data_folder.h"
#include "session/instance.h"
#include "session/session.h"
#include "session/slt_runner.h"
#include "telemetry/metrics.h"

namespace millrace::session {

class SltWarehouse {
 public:
  // `env` and `mode` outlive it. Restarts draw from `seed`.
  SltWarehouse(const env::Env& env, const SltMode& mode, uint64_t seed);
  ~SltWarehouse();

  Status Open();
  // Ends it and opens it again from its folder; the session goes on with its settings. The end is that of a
  // crash: with `saved` after a checkpoint, without it some power is lost besides, by chance. Nothing
  // happens while there is a temporary object, which would be gone.
  Status Restart(bool saved);

  Session& session() { return *session_; }
  connectors::FeedHub& feeds() { return feeds_; }
  connectors::MemoryPrintOutput& printed() { return printed_; }
  env::ShiftedClock& clock() { return clock_; }

 private:
  Status OpenFolder();
  Status OpenInstance();
  // Has what is kept use that many shards from the next start on.
  Status Rescale(const std::string& shards);
  bool HasTemporaries();

  const SltMode& mode_;
  env::ShiftedClock clock_;
  env::ThreadExecutor executor_;
  env::Env env_;
  env::SimulatedDisk disk_;
  env::Env disk_env_;
  env::Random random_;
  telemetry::MetricsRegistry metrics_;  // of the folder
  connectors::FeedHub feeds_;
  connectors::MemoryPrintOutput printed_;
  bool has_other_shards_ = false;
  std::unique_ptr<DataFolder> folder_;
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Session> session_;
};

}  // namespace millrace::session
