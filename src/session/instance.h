// Instance: one warehouse that any number of sessions share: catalog, running jobs, snapshot queries, roles.
//
// Thread-safe. The catalog is copy-on-write: a CatalogVersion never changes, so a session reads the one it
// has without a lock; changes are made one after the other through a CatalogChange.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/mutex.h"
#include "catalog/catalog.h"
#include "catalog/roles.h"
#include "connectors/feed/feed_hub.h"
#include "connectors/print/print_output.h"
#include "dataflow/warehouse.h"
#include "env/env.h"
#include "query/parquet_files.h"
#include "query/snapshot_database.h"
#include "session/activity.h"
#include "session/data_folder.h"
#include "session/durable_catalog.h"
#include "session/kept_jobs.h"

namespace millrace::session {

// A bearer token for HTTP: what its holder sends, and its SHA-256.
struct NewToken {
  std::string text;
  std::string hash;
};

struct InstanceOptions {
  env::Env* env = nullptr;
  int threads = 2;
  bool test_feeds = false;  // allow 'connector' = 'feed'
  // Where their rows come from; outlives the instance. Null: a hub of the instance.
  connectors::FeedHub* feeds = nullptr;
  connectors::PrintOutput* standard_output = nullptr;
  connectors::PrintOutput* standard_error = nullptr;
  query::EngineLimits queries;
  size_t held_bytes_max = SIZE_MAX;  // dataflow::Warehouse::Options
  // Settings in force in each session from its start (and again after RESET), e.g. {"parallelism.default",
  // "2"}.
  std::vector<std::pair<std::string, std::string>> settings;
  catalog::RolesOptions roles;
  std::function<Result<NewToken>()> make_token;   // empty: there are none
  telemetry::MetricsRegistry* metrics = nullptr;  // outlives the instance; null: nothing is measured
  std::string version = "0";                      // of Millrace, for version()
  DataFolder* data = nullptr;                     // outlives the instance; null: nothing is kept
  int64_t checkpoint_interval_micros = limits::kCheckpointMicros;
};

struct CatalogVersion {
  int64_t number = 0;
  catalog::Catalog catalog;
  query::ViewSetPtr views;  // those that snapshot queries can read
};
using CatalogVersionPtr = std::shared_ptr<const CatalogVersion>;

class Instance {
 public:
  explicit Instance(InstanceOptions options);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Checks InstanceOptions::settings, makes the system tables, and makes again what the data folder keeps;
  // before the first session. What cannot be made again is an error that names it: nothing of it is given up.
  Status Start();

  const InstanceOptions& options() const { return options_; }
  env::Env& env() { return *options_.env; }
  connectors::FeedHub& feeds() { return options_.feeds != nullptr ? *options_.feeds : feeds_; }
  dataflow::Warehouse& warehouse() { return *warehouse_; }
  catalog::Roles& roles() { return roles_; }
  ActivityBoard& activities() { return activities_; }
  // Where statements are timed.
  env::WorkerPool& timers() { return *timers_; }
  // Where queries of a role run: with the others, or, if the memory of the role is limited, by themselves.
  query::SnapshotDatabase& QueriesOf(const std::string& role) MR_EXCLUDES(mutex_);
  CatalogVersionPtr catalog() const MR_EXCLUDES(mutex_);
  int64_t started_micros() const { return started_micros_; }  // since 1970-01-01 00:00:00 UTC

  // ---- with a data folder (instance_recovery.cc)
  // What is kept of definitions; null without a data folder.
  DurableCatalog* durable() { return durable_.get(); }
  KeptJobs& kept_jobs() { return kept_jobs_; }
  // The records of jobs that have ended go, once a checkpoint contains what they gave; those of failed jobs
  // say so. Waits for that checkpoint. Any thread but a task's; not once the warehouse is being stopped.
  Status ForgetEndedJobs();
  // What was saved of a job that is no longer in the catalog.
  void ForgetSaved(const StatementRecord& job);
  // Jobs that failed, now or before the start: one line each.
  std::vector<std::string> FailedJobs() const;

 private:
  friend class CatalogChange;

  // instance_recovery.cc
  Status Recover();
  Status Save(const RecordChanges& records, const catalog::ObjectChanges& objects);

  InstanceOptions options_;
  const int64_t started_micros_;
  const std::unique_ptr<env::WorkerPool> timers_;
  connectors::FeedHub feeds_;
  query::ParquetFiles parquet_;
  catalog::Roles roles_;
  ActivityBoard activities_;
  query::SnapshotDatabase queries_;
  dataflow::Durability durability_;
  std::unique_ptr<DurableCatalog> durable_;  // set by Start, before there are other threads
  KeptJobs kept_jobs_;
  std::unique_ptr<dataflow::Warehouse> warehouse_;
  Mutex change_mutex_;  // held by a CatalogChange
  mutable Mutex mutex_;
  // By role; one of another limit replaces it for the statements to come.
  struct LimitedQueries {
    int64_t memory_bytes = 0;
    std::unique_ptr<query::SnapshotDatabase> database;
  };
  std::map<std::string, LimitedQueries> limited_queries_ MR_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<query::SnapshotDatabase>> replaced_queries_ MR_GUARDED_BY(mutex_);
  CatalogVersionPtr catalog_ MR_GUARDED_BY(mutex_) = std::make_shared<const CatalogVersion>();
};

// A change of the catalog, begun when no other is going on. Forgotten unless it is committed.
//
// With a data folder it comes in two steps: Save makes durable what records() and objects() say, in one
// transaction; Publish lets everybody see the catalog. What can be undone in memory (a new table or view)
// runs before, so that a failed Save leaves nothing; what cannot (a drop, a job that writes elsewhere) comes
// between the two.
class CatalogChange {
 public:
  // Bare names in the change's catalog are looked up in `current_schema`.
  CatalogChange(Instance* instance, const std::string& current_schema);

  catalog::Catalog& catalog() { return version_->catalog; }
  RecordChanges& records() { return records_; }
  catalog::ObjectChanges& objects() { return objects_; }

  Status Save();
  void Publish();
  // Both.
  Status Commit();

 private:
  Instance& instance_;
  MutexLock lock_;
  std::shared_ptr<CatalogVersion> version_;
  RecordChanges records_;
  catalog::ObjectChanges objects_;
};

}  // namespace millrace::session
