// Warehouse: the running side of Millrace: stored tables, jobs, epochs.
//
// Owned by the session layer, which serialises calls; the tasks run on the worker pool meanwhile.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "connectors/ingest/ingest_point.h"
#include "connectors/print/print_output.h"
#include "dataflow/coordinator.h"
#include "dataflow/ingest.h"
#include "dataflow/pipeline_builder.h"
#include "dataflow/side_tables.h"
#include "dataflow/subscription.h"
#include "env/env.h"
#include "plan/logical_plan.h"

namespace millrace::dataflow {

// How far the running jobs are; for people who watch.
struct Progress {
  int64_t rows_read = 0;
  std::vector<std::pair<std::string, connectors::SourceProgress>> sources;
  int64_t watermark = data::kMinWatermark;  // the lowest of all operators that have one
  int64_t dead_letters = 0;
  int64_t late_rows = 0;
};

class Warehouse {
 public:
  struct Options {
    env::Env* env = nullptr;
    int threads = 2;
    // The longest pause between two epochs while something changes; the shortest is a millisecond
    // (EpochPace).
    int64_t epoch_interval_micros = 100'000;
    connectors::FeedHub* feeds = nullptr;
    connectors::PrintOutput* standard_output = nullptr;
    connectors::PrintOutput* standard_error = nullptr;
    connectors::WholeFiles* whole_files = nullptr;  // writes Parquet; null: refused
  };

  // One query to start. With `view`, its result is kept under that name; a SinkNode root writes to its table;
  // with `consumer` changes are handed over as they come; with none of them the result is kept for
  // TakeResult.
  struct Request {
    plan::PlannedQuery query;
    catalog::Settings settings;
    const data::TimeZone* zone = &data::TimeZone::Utc();
    std::string view;
    ChangeConsumer consumer;
    std::string job_name;  // that of the first request names the job; may be empty
  };

  explicit Warehouse(Options options);
  ~Warehouse();

  // A table that users write to: one without a connector, whose rows are kept here, or one with
  // 'connector' = 'http', whose rows go to its readers.
  Status CreateTable(const catalog::TableDefinition& table);
  // Forgets a table or view; ends the query that keeps it.
  void Drop(const std::string& name);

  // How a stored table lies over its parts; one part when there is none of the name.
  plan::Spread SpreadOf(const catalog::ObjectName& name) const;

  // Where rows enter a table of CreateTable; kUndefinedTable. Any thread, as are the calls of what it gives.
  Result<std::shared_ptr<Ingest>> OpenIngest(const std::string& table) MR_EXCLUDES(ingest_mutex_);
  // Calls `done` once everything that was pushed or inserted before this call is visible to readers: an epoch
  // that started after it has been published. Any thread; `done` is called from any thread and must only note
  // or post.
  void WhenVisible(std::function<void()> done);

  // Follows the changes of a table without a connector or of a materialized view; kUndefinedTable.
  Result<std::unique_ptr<Subscription>> Subscribe(const std::string& table, const SubscribeOptions& options);

  // Starts queries together; they share their sources. Nothing runs when this fails.
  Result<std::shared_ptr<Job>> Start(std::vector<Request> requests);
  // Ends the job at once, as far as it still runs.
  void Cancel(Job* job);

  // Waits until all bounded sources have ended and what others have given so far is worked off, and
  // everything is published; `report` is called about every 100 ms; an error of any job that has not been
  // told yet.
  Status Settle(const std::function<void()>& report);
  // As Settle for one job, until it has ended.
  Status Await(const std::shared_ptr<Job>& job, const std::function<void()>& report);
  // The end of input for all tables that users insert into; nothing can be inserted afterwards. Then waits
  // until every job has ended.
  Status RunToEnd(const std::function<void()>& report);
  // Ends all jobs in order: sources give no more, what they gave is worked off, sinks close; windows that are
  // open stay open. Returns at once; for an interrupt.
  void Stop();
  // The result of a request without a target, in order of arrival; the job must have ended.
  std::vector<data::Batch> TakeResult(Job* job);

  // As Options::epoch_interval_micros.
  void SetEpochInterval(int64_t micros) { coordinator_.SetEpochMicrosMax(micros); }

  tables::SnapshotSetPtr snapshots() const { return coordinator_.snapshots(); }
  bool HasUnboundedSources() const;
  Progress GetProgress() const;
  SideTables& side_tables() { return side_; }
  const std::vector<std::shared_ptr<Job>>& jobs() const { return job_list_; }

 private:
  struct RunningJob {
    std::shared_ptr<Job> job;
    std::vector<std::unique_ptr<DataflowTask>> tasks;
    std::vector<SourceTask*> sources;
    std::unique_ptr<StoredTable> result;
    std::vector<std::unique_ptr<Request>> requests;
    bool error_told = false;
  };

  BuildEnvironment Environment();
  void CreateStoredTable(const std::string& name, const data::Schema& schema, const std::vector<int>& key,
                         Ingest* ingest);
  Status ErrorOf(RunningJob* running);
  void WakeSources();
  void Retire(RunningJob* running);

  Options options_;
  std::unique_ptr<env::WorkerPool> pool_;
  Coordinator coordinator_;
  SideTables side_;
  const std::shared_ptr<SubscriptionFigures> subscriptions_ = std::make_shared<SubscriptionFigures>();
  connectors::IngestHub ingest_hub_;
  mutable Mutex ingest_mutex_;
  std::map<std::string, std::shared_ptr<Ingest>> ingests_ MR_GUARDED_BY(ingest_mutex_);
  std::map<std::string, std::unique_ptr<StoredTable>> tables_;
  std::vector<std::unique_ptr<StoredTable>> dropped_tables_;  // their writers may still run
  std::map<std::string, TableTask*> table_tasks_;
  std::map<std::string, std::shared_ptr<RunningPipeline>> pipelines_;  // by view
  std::map<Job*, RunningJob> jobs_;
  std::vector<std::shared_ptr<Job>> job_list_;
};

}  // namespace millrace::dataflow
