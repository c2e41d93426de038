// SourceTask: reads one source for all queries that were started together.
//
// Each query (consumer) gets the columns it asked for, through a chain of its own for every partition (up to
// its watermark assigner), merged behind. Bad records go to the dead letters. A root task.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "connectors/connector.h"
#include "dataflow/side_tables.h"
#include "dataflow/task.h"
#include "telemetry/metrics.h"

namespace millrace::dataflow {

class RootTask : public DataflowTask {
 public:
  using DataflowTask::DataflowTask;
  bool IsRoot() const override { return true; }
  void InjectEpoch(const Epoch& epoch) override;

 protected:
  // The barrier that waits to be passed, if there is one.
  bool TakeInjected(Epoch* epoch);

 private:
  Mutex mutex_;
  Epoch injected_ MR_GUARDED_BY(mutex_);
};

class SourceTask final : public RootTask, private connectors::SourceSink {
 public:
  struct Options {
    std::string table;  // for dead letters and messages
    int64_t batch_rows = limits::kBatchRows;
    telemetry::MetricsRegistry* metrics = nullptr;  // may be null
    bool gives_by_itself = true;                    // false: rows are pushed by a test (feed)
  };
  // The links of one partition from the source on, and its operators in the same order. Empty: the rows go
  // straight to the merge.
  struct Chain {
    Link* head = nullptr;
    std::vector<operators::Operator*> operators;
  };
  // Makes the chain of a partition; it must end in `tail`.
  using ChainFactory = std::function<Result<Chain>(Link* tail, int partition)>;
  // Where the task and each of its consumers keep their state; empty: nothing outlives the process.
  struct Chapter {
    std::string object;
    std::string name;
  };

  SourceTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator, std::shared_ptr<Job> job,
             SideTables* side, Options options);

  // `columns`: of the table's schema, by their place in `source_columns` order given to SetSource.
  // `done`: set when the query needs no more. `next`: what follows behind the merged partitions.
  void AddConsumer(std::vector<int> columns, ChainFactory make_chain, Link* next,
                   std::shared_ptr<const std::atomic<bool>> done, int64_t idle_timeout_micros,
                   const Chapter& chapter);
  // The position of the source outlives the process. `is_saved`: one must be there at Restore. Before
  // SetSource.
  void KeepPosition(const Chapter& chapter, bool is_saved);
  Status SetSource(std::unique_ptr<connectors::Source> source);
  connectors::SourceProgress Progress() const MR_EXCLUDES(progress_mutex_);
  const std::string& table() const { return options_.table; }
  // connectors::Source::Pin of the source; before the task runs.
  const std::shared_ptr<connectors::RowPin>& pin() const { return pin_; }
  const std::string& log_topic() const { return log_topic_; }

 protected:
  Result<bool> Step() override;
  void OnFinish() override;

 private:
  struct Consumer {
    std::vector<int> columns;
    ChainFactory make_chain;
    std::unique_ptr<PartitionMerge> merge;
    Link* next;
    std::shared_ptr<const std::atomic<bool>> done;
    int64_t idle_timeout_micros;
    std::vector<Chain> chains;  // one a partition
    bool ended = false;
  };
  Status OnBatch(int partition, data::Batch batch) override;
  Status OnMalformed(int partition, const connectors::MalformedRecord& record, const Error& error) override;
  Status OnWatermark(int partition, int64_t watermark) override;
  Status OnPartitionStart(int partition) override;
  Status OnPartitionEnd(int partition) override;

  Status MakeChains(Consumer* consumer, int partition);
  void SavePosition(state::StateWriter& writer) const;
  Status RestorePosition(state::StateReader& reader, bool is_saved);
  // Hands on the watermarks that had been handed on before the restart.
  Status Announce();
  Status Deliver(int partition, const data::Batch& batch);
  Status MarkIdle();
  Status EndConsumer(Consumer* consumer);
  Status EndDone();
  // Tells those who watch how far the source is.
  void NoteProgress() MR_EXCLUDES(progress_mutex_);

  SideTables& side_;
  Options options_;
  std::unique_ptr<connectors::Source> source_;  // null once the task has ended
  std::shared_ptr<connectors::RowPin> pin_;
  std::string log_topic_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  bool gave_something_ = false;  // in the last Poll
  bool is_restored_ = false;     // and has not told its consumers yet
  uint64_t rows_given_ = 0;      // what rows_total_ does not have yet
  telemetry::Counter* rows_total_ = nullptr;
  telemetry::Counter* bytes_total_ = nullptr;
  std::vector<int64_t> last_active_micros_;  // one a partition, monotonic

  mutable Mutex progress_mutex_;
  connectors::SourceProgress progress_ MR_GUARDED_BY(progress_mutex_);
};

// Gives constant rows once, then ends.
class ValuesTask final : public RootTask {
 public:
  ValuesTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator, std::shared_ptr<Job> job,
             std::vector<data::Batch> batches);
  void SetNext(Link* next) { next_ = next; }
  // How much it has given outlives the process.
  void KeepPosition(const SourceTask::Chapter& chapter, bool is_saved);

 protected:
  Result<bool> Step() override;
  void OnFinish() override;

 private:
  std::vector<data::Batch> batches_;
  size_t sent_ = 0;
  Link* next_ = nullptr;
};

}  // namespace millrace::dataflow
