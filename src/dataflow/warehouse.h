// Warehouse: the running side of Millrace: stored tables, jobs, epochs.
//
// Shared by all sessions and by the servers: every call may come from any thread. What changes the warehouse
// (creating, dropping, starting, cancelling, freeing what has ended) is serialised inside, by one lock.
// Whatever waits for rows (Settle, Await, RunToEnd) waits without it, so sessions do not hold each other up.
// Callbacks
// (`report`, `cancelled`) are called without a lock. Not from a task of the dataflow.
//
// What has ended is freed with the next call that starts, creates or drops something, or FreeEnded: the tasks
// and their state, the channels of INSERTs, the rows of dropped tables that nobody writes or reads any more.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "connectors/ingest/ingest_point.h"
#include "connectors/print/print_output.h"
#include "dataflow/coordinator.h"
#include "dataflow/durability.h"
#include "dataflow/ingest.h"
#include "dataflow/pipeline_builder.h"
#include "dataflow/side_tables.h"
#include "dataflow/subscription.h"
#include "dataflow/system_tables.h"
#include "env/env.h"
#include "plan/logical_plan.h"
#include "telemetry/metrics.h"

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
    telemetry::MetricsRegistry* metrics = nullptr;  // outlives the warehouse; null: nothing is measured
    // What old snapshots may keep of tables that have changed since; beyond it their oldest readers are
    // ended.
    size_t held_bytes_max = SIZE_MAX;
    // Null: nothing outlives the process. With it the warehouse is in recovery until FinishRecovery.
    const Durability* durability = nullptr;
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
    // Of the first request: called once when the job has ended, from any thread; must only note or post.
    std::function<void()> on_end = {};
    // Of the object in the catalog, never given again, and of the first of those that were started together;
    // 0, or without durability: nothing of it outlives the process. In recovery a request with an id takes up
    // what was saved of it; the requests of a group are given to one Start again, in the same order.
    uint64_t object_id = 0;
    uint64_t group_id = 0;
  };

  explicit Warehouse(Options options);
  ~Warehouse();

  // A table that users write to: one without a connector, whose rows are kept here, or one with
  // 'connector' = 'http', whose rows go to its readers. With a log in Options::durability, what is pushed
  // into a table with an `object_id` is kept in the topic "t<object_id>", which is made if it is not there:
  // then this waits for files.
  Status CreateTable(const catalog::TableDefinition& table, uint64_t object_id = 0);
  // Changes how long the log of an http table keeps its rows. Durable on return: waits for files.
  // kUndefinedTable; kNotSupported for a table whose rows are not kept in a log.
  Status SetLogRetention(const std::string& table, const connectors::LogRetention& retention)
      MR_EXCLUDES(ingest_mutex_);
  // What the log of such a table has; absent: there is none.
  std::optional<log::Partition::Figures> LogOf(const std::string& table) const MR_EXCLUDES(ingest_mutex_);
  // Forgets a table or view; ends the query that keeps it. What the log has of it goes: waits for files.
  void Drop(const std::string& name) MR_EXCLUDES(mutex_);

  bool is_durable() const { return coordinator_.checkpointer() != nullptr; }
  // All tables, views and jobs that are kept have been made again: forgets what was saved of others, and lets
  // everything run. Without durability there is no need for it.
  Status FinishRecovery() MR_EXCLUDES(mutex_);
  // Has all that was given before this call made durable, and waits for it; kNotSupported without durability,
  // kCancelled when `micros` have passed.
  Status Checkpoint(int64_t micros);
  // Nothing of an INSERT that has ended, and is no longer in the catalog, needs to be kept.
  void ForgetJob(uint64_t object_id) MR_EXCLUDES(mutex_);

  // How a stored table lies over its parts; one part when there is none of the name.
  plan::Spread SpreadOf(const catalog::ObjectName& name) const MR_EXCLUDES(mutex_);

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
  // Waits until the job has ended and what it gave is visible; its error, if it failed. `cancelled` (may be
  // empty) is asked several times a second: once it holds, the job is cancelled and the answer is kCancelled.
  Status Await(const std::shared_ptr<Job>& job, const std::function<void()>& report,
               const std::function<bool()>& cancelled = {});
  // The end of input for all tables that users insert into; nothing can be inserted afterwards. Then waits
  // until every job has ended.
  Status RunToEnd(const std::function<void()>& report);
  // Ends all jobs in order: sources give no more, what they gave is worked off, sinks close; windows that are
  // open stay open. Returns at once; for an interrupt.
  void Stop();
  // The result of a request without a target, in order of arrival; the job must have ended without an error.
  std::vector<data::Batch> TakeResult(Job* job) MR_EXCLUDES(mutex_);

  // As Options::epoch_interval_micros.
  void SetEpochInterval(int64_t micros) { coordinator_.SetEpochMicrosMax(micros); }

  // Readers of snapshots that may get old register there.
  const tables::HeldMemoryPtr& held_memory() const { return coordinator_.held_memory(); }
  tables::SnapshotSetPtr snapshots() const { return coordinator_.snapshots(); }
  bool HasUnboundedSources() const MR_EXCLUDES(mutex_);
  // Brings the figures in Options::metrics up to date; before they are rendered.
  void CollectMetrics() MR_EXCLUDES(mutex_);
  Progress GetProgress() const MR_EXCLUDES(mutex_);
  SideTables& side_tables() { return side_; }
  // The tables of schema sys, with what each holds.
  std::vector<std::pair<StoredTable*, std::string>> system_tables();
  // Tasks that exist, those of tables that users write to included.
  size_t tasks() const MR_EXCLUDES(mutex_);
  // Frees what has ended now.
  void FreeEnded() MR_EXCLUDES(mutex_);
  // Those of Start, oldest first: all that run, and the last limits::kEndedJobsMax that have ended.
  std::vector<std::shared_ptr<Job>> jobs() const MR_EXCLUDES(mutex_);

 private:
  struct RunningJob {
    std::shared_ptr<Job> job;
    std::vector<std::unique_ptr<DataflowTask>> tasks;  // those that have ended go one by one
    std::vector<SourceTask*> sources;
    std::vector<std::pair<std::string, connectors::SourceProgress>> ended_sources;
    std::unique_ptr<StoredTable> result;
    std::vector<std::unique_ptr<Request>> requests;
    std::vector<std::shared_ptr<RunningPipeline>> pipelines;
  };

  // Which rows of logs a group of queries begins with after a restart.
  struct KeptPins {
    std::shared_ptr<Job> job;
    std::vector<std::shared_ptr<connectors::RowPin>> pins;
  };

  using GaugeName = std::pair<std::string, telemetry::Labels>;
  class Gauges;  // warehouse_metrics.cc

  Status DropUnusedTopics() MR_REQUIRES(mutex_);
  // The log of what is pushed into a table; null: nothing is kept.
  Result<std::shared_ptr<connectors::RowLog>> OpenRowLog(const catalog::TableDefinition& table,
                                                         const data::Schema& schema,
                                                         uint64_t object_id) const;
  BuildEnvironment LockedEnvironment() MR_REQUIRES(mutex_);
  Status CreateStoredTable(const std::string& name, const data::Schema& schema, const std::vector<int>& key,
                           uint64_t object_id, Ingest* ingest) MR_REQUIRES(mutex_);
  // Notes what of the job is kept. An error if it cannot be kept, or what was saved of it is of no use.
  Status MakeDurable(const Request& request, Job* job) MR_REQUIRES(mutex_);
  Status AddDurable(const std::string& name, uint64_t group_id, DurableObject object, Job* job)
      MR_REQUIRES(mutex_);
  // Why the job of these requests had failed and is not to go on; absent: it is.
  Result<std::optional<Error>> SavedFailure(const std::vector<Request>& requests) const MR_REQUIRES(mutex_);
  std::shared_ptr<Job> AddFailedJob(const std::vector<Request>& requests, Error error) MR_REQUIRES(mutex_);
  // What had come to its end before the restart: its tables with their rows, and no tasks.
  Result<std::shared_ptr<Job>> AddEndedJob(std::vector<Request> requests) MR_REQUIRES(mutex_);
  bool HadEnded(const std::vector<Request>& requests) const MR_REQUIRES(mutex_);
  // An error if the INSERT would write into what it reads, through whatever views and INSERTs.
  Status CheckNoCycle(const Request& request) const MR_REQUIRES(mutex_);
  // Whether rows of one table or view come into the other by views and INSERTs that run.
  bool Flows(const std::string& from, const std::string& to) const MR_REQUIRES(mutex_);
  void ForgetDurable(uint64_t object_id) MR_REQUIRES(mutex_);
  // Has the logs keep what the job reads of them after a restart, however it ends in this process.
  void KeepPins(const RunningJob& running) MR_REQUIRES(mutex_);
  // Drops the topics of sources that were forgotten, once nobody uses them.
  void DropStreamTopics() MR_REQUIRES(mutex_);
  // Those of jobs that a restart will not start again.
  void ReleasePins() MR_REQUIRES(mutex_);
  // An error that nobody has been told; of `only` or (null) of any job.
  Status UntoldError(const Job* only) MR_EXCLUDES(mutex_);
  std::vector<std::shared_ptr<Job>> AllJobs() const MR_EXCLUDES(mutex_);
  std::shared_ptr<Job> MakeJob() MR_REQUIRES(mutex_);
  void CancelLocked(Job* job) MR_REQUIRES(mutex_);
  void WakeSources() MR_REQUIRES(mutex_);
  void CollectJobs(telemetry::MetricsRegistry& metrics) MR_REQUIRES(mutex_);
  void CollectOperators(Gauges* gauges) MR_REQUIRES(mutex_);
  void CollectViews(Gauges* gauges) MR_REQUIRES(mutex_);
  void CollectLogs(Gauges* gauges) MR_EXCLUDES(ingest_mutex_);
  // With metrics: has the operators of a job timed, and the freshness of a view of what it reads.
  void MeasureOperators(const Job& job) MR_REQUIRES(mutex_);
  void MeasureView(const std::string& view, const plan::PlannedQuery& query) MR_REQUIRES(mutex_);
  void ForgetView(const std::string& view) MR_REQUIRES(mutex_);
  // Frees what has ended.
  void Reap() MR_REQUIRES(mutex_);
  void FreeTasks(std::vector<std::unique_ptr<DataflowTask>> tasks) MR_REQUIRES(mutex_);
  void ForgetEndedJobs() MR_REQUIRES(mutex_);

  Options options_;
  std::unique_ptr<env::WorkerPool> pool_;
  Coordinator coordinator_;
  SideTables side_;
  SystemTables system_;
  const std::shared_ptr<SubscriptionFigures> subscriptions_ = std::make_shared<SubscriptionFigures>();
  connectors::IngestHub ingest_hub_;
  mutable Mutex ingest_mutex_;  // apart, so that writers do not wait for statements; taken last
  std::map<std::string, std::shared_ptr<Ingest>> ingests_ MR_GUARDED_BY(ingest_mutex_);
  mutable Mutex mutex_;
  std::map<std::string, std::unique_ptr<StoredTable>> tables_ MR_GUARDED_BY(mutex_);
  std::map<std::string, TableTask*> table_tasks_ MR_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<RunningPipeline>> pipelines_ MR_GUARDED_BY(mutex_);  // by view
  std::map<Job*, RunningJob, ByNumber> jobs_ MR_GUARDED_BY(mutex_);  // with tasks, or a result to be taken
  uint64_t last_job_ MR_GUARDED_BY(mutex_) = 0;
  std::vector<std::shared_ptr<Job>> job_list_ MR_GUARDED_BY(mutex_);
  // Of what is kept: ids of tables and views by name, and the group of each id.
  std::map<std::string, uint64_t> object_ids_ MR_GUARDED_BY(mutex_);
  std::map<uint64_t, uint64_t> object_groups_ MR_GUARDED_BY(mutex_);
  // Of sources that keep what they receive: the group of each; and those whose group has been forgotten.
  std::map<std::string, uint64_t> stream_topics_ MR_GUARDED_BY(mutex_);
  std::set<std::string> forgotten_topics_ MR_GUARDED_BY(mutex_);
  std::map<uint64_t, KeptPins> kept_pins_ MR_GUARDED_BY(mutex_);  // by group
  std::set<std::string> measured_tables_ MR_GUARDED_BY(mutex_);   // at the last CollectMetrics
  std::set<GaugeName> measured_gauges_ MR_GUARDED_BY(mutex_);     // that go with what they are about
  std::map<std::string, std::shared_ptr<PushClock>> push_clocks_ MR_GUARDED_BY(mutex_);  // by table
  // The tables that are pushed into and that a view reads, by itself or through other views.
  std::map<std::string, std::set<std::string>> pushed_inputs_ MR_GUARDED_BY(mutex_);
  int64_t rows_read_by_forgotten_ MR_GUARDED_BY(mutex_) = 0;  // jobs that are no longer in jobs_
};

}  // namespace millrace::dataflow
