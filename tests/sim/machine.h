// Machine: a simulated machine and the process on it: a durable warehouse over a disk that may fail. What is
// outside of the machine, the feeds and the catalog, is the simulation's and outlives its crashes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/settings.h"
#include "connectors/feed/feed_hub.h"
#include "dataflow/push_group.h"
#include "dataflow/warehouse.h"
#include "env/simulated_env.h"
#include "log/log.h"
#include "sim/scenario.h"
#include "state/checkpoint_store.h"
#include "state/commit_store.h"
#include "telemetry/metrics.h"

namespace millrace::sim {

class Machine {
 public:
  // What is drawn once, or for each process.
  struct Options {
    int64_t checkpoint_interval_micros = 1'000'000;
    int64_t epoch_interval_micros = 100'000;
    int shards = 1;
    int batch_rows = 2048;
    state::CheckpointStoreOptions store;
    int64_t segment_age_micros = 1'000'000;  // of the log
  };

  Machine(uint64_t seed, connectors::FeedHub* feeds);
  ~Machine() { Stop(); }

  env::SimulatedEnv& world() { return world_; }
  Options& options() { return options_; }
  dataflow::Warehouse& warehouse() { return *warehouse_; }
  const state::CheckpointStore& store() const { return *store_; }
  // Of the last checkpoint that was committed; 0: there is none.
  int64_t CheckpointEpoch() const;

  // Opens the warehouse with these objects. After an error it has to be stopped.
  Status Start(const std::vector<Object>& objects);
  // Ends the process as a kill does.
  void Stop();
  bool is_running() const { return warehouse_ != nullptr; }
  // The power has gone, or something has failed after which the process must not go on.
  bool has_ended() const {
    return world_.has_crashed() || failure_.has_value() ||
           (store_ != nullptr && !store_->status().has_value());
  }
  const std::optional<Error>& failure() const { return failure_; }

  // While it runs, and no epoch is in flight: see AwaitEpoch. Views of one group go together.
  Status Create(const std::vector<Object>& objects);
  Status Drop(const Object& object);

  std::shared_ptr<dataflow::Ingest> Ingest(const std::string& table);
  // Rows that the log has taken of a table, up to its end.
  uint64_t LoggedRows(const Object& table) const;
  // How many of its first rows the log has no longer; of a feed: none.
  uint64_t GoneRows(const std::string& table) const;

  // These end early when the process has to end.
  void RunSlices(uint64_t slices);
  // Runs what there is to run, at each of the instants up to `micros` from now; false: some of it never
  // comes to rest.
  bool RunFor(int64_t micros, int64_t step_micros);
  // Until an epoch that starts from now on has been published; false: it never is.
  bool AwaitEpoch();

  // As published last; nothing if it is not there.
  std::optional<Rows> Published(const std::string& name) const;
  int64_t epoch() const { return warehouse_->snapshots()->epoch; }
  // Whether the checkpoint that was in force at the start had the object.
  bool WasSaved(uint64_t id) const { return saved_.contains(id); }
  // Of the jobs that have failed, by the first of their objects.
  std::map<uint64_t, std::string> JobErrors() const;
  std::vector<std::string> Topics() const;
  // In how many spaces the chapters whose names begin so have records in force.
  Result<size_t> SpacesOf(const std::string& prefix);

 private:
  Status CreateTable(const Object& object);
  Status StartViews(const std::vector<Object>& views);
  Status StartInsert(const Object& object);

  env::SimulatedEnv world_;
  connectors::FeedHub& feeds_;
  Options options_;
  telemetry::MetricsRegistry metrics_;
  std::optional<Error> failure_;
  std::unique_ptr<state::CommitStore> commits_;
  std::unique_ptr<state::CheckpointStore> store_;
  std::unique_ptr<log::Log> log_;
  dataflow::Durability durability_;
  catalog::Catalog catalog_;
  catalog::Settings settings_;
  std::unique_ptr<dataflow::Warehouse> warehouse_;
  std::map<uint64_t, std::shared_ptr<dataflow::Job>> inserts_;
  std::map<uint64_t, bool> saved_;
};

// Rows of a feed as its connector takes them.
data::Batch BatchOf(const std::vector<Column>& columns, const std::vector<Change>& changes);

}  // namespace millrace::sim
