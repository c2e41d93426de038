// The figures of a Warehouse for monitoring. All but the times of epochs and of pushes are looked at when
// they are asked for, so that rows pay nothing for them.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "dataflow/warehouse.h"
#include "telemetry/metrics.h"

namespace millrace::dataflow {
namespace {

using telemetry::MetricsRegistry;

// Has a counter say what was counted elsewhere.
void Raise(telemetry::Counter& counter, int64_t to) {
  const auto target = static_cast<uint64_t>(to);
  if (target > counter.Value()) counter.Increment(target - counter.Value());
}

void CollectIngest(MetricsRegistry& metrics, const std::string& table,
                   const connectors::IngestPoint::Figures& figures) {
  const telemetry::Labels labels = {{"table", table}};
  Raise(metrics.GetCounter("millrace_ingest_rows_total", "Rows taken from writers.", labels), figures.rows);
  Raise(metrics.GetCounter("millrace_ingest_bytes_total", "Bytes of the columns taken from writers.", labels),
        figures.bytes);
  Raise(metrics.GetCounter("millrace_ingest_refusals_total", "Pushes that were not taken, or not at once.",
                           labels),
        figures.refused);
  metrics.GetGauge("millrace_ingest_queue_rows", "Rows before the slowest reader.", labels)
      .Set(figures.queued_rows);
}

void CollectSnapshot(MetricsRegistry& metrics, const std::string& table, const tables::Snapshot* snapshot) {
  int64_t rows = 0;
  size_t bytes = 0;
  if (snapshot != nullptr) {
    rows = static_cast<int64_t>(snapshot->rows());
    for (const auto& part : snapshot->parts) {
      for (const auto& chunk : part->chunks) bytes += chunk->MemoryBytes();
      if (part->index != nullptr) bytes += part->index->MemoryBytes();
    }
  }
  const telemetry::Labels labels = {{"table", table}};
  metrics.GetGauge("millrace_table_rows", "Rows that a table or view holds.", labels).Set(rows);
  metrics.GetGauge("millrace_table_bytes", "Memory of the rows and the key of a table or view.", labels)
      .Set(static_cast<int64_t>(bytes));
}

void CollectSideTable(MetricsRegistry& metrics, const std::string& name, const std::string& help,
                      const std::map<std::string, int64_t>& by_table, int64_t gone) {
  for (const auto& [table, count] : by_table) {
    Raise(metrics.GetCounter("millrace_" + name + "_total", help, {{"table", table}}), count);
  }
  Raise(metrics.GetCounter("millrace_" + name + "_gone_total",
                           "Of these, rows no longer kept for want of room."),
        gone);
}

}  // namespace

// The gauges of one collection that belong to jobs and views: those of the last collection that are not among
// them go. Jobs may have one name.
class Warehouse::Gauges {
 public:
  void Add(std::string name, const char* help, telemetry::Labels labels, int64_t value) {
    Find(std::move(name), help, std::move(labels), 0).value += value;
  }
  void Least(std::string name, const char* help, telemetry::Labels labels, int64_t value) {
    Gauge& gauge = Find(std::move(name), help, std::move(labels), value);
    gauge.value = std::min(gauge.value, value);
  }
  void Greatest(std::string name, const char* help, telemetry::Labels labels, int64_t value) {
    Gauge& gauge = Find(std::move(name), help, std::move(labels), value);
    gauge.value = std::max(gauge.value, value);
  }
  void Publish(MetricsRegistry& metrics, std::set<GaugeName>* published) const {
    for (const auto& [name, labels] : *published) {
      if (!gauges_.contains({name, labels})) metrics.RemoveGauge(name, labels);
    }
    published->clear();
    for (const auto& [key, gauge] : gauges_) {
      metrics.GetGauge(key.first, gauge.help, key.second).Set(gauge.value);
      published->insert(key);
    }
  }

 private:
  struct Gauge {
    const char* help = "";
    int64_t value = 0;
  };
  // The gauge, made with a value when it was not there.
  Gauge& Find(std::string name, const char* help, telemetry::Labels labels, int64_t value) {
    return gauges_.try_emplace({std::move(name), std::move(labels)}, Gauge{help, value}).first->second;
  }

  std::map<GaugeName, Gauge> gauges_;
};

void Warehouse::CollectMetrics() {
  if (options_.metrics == nullptr) return;
  MetricsRegistry& metrics = *options_.metrics;
  MutexLock lock(mutex_);
  Reap();
  CollectJobs(metrics);
  Gauges gauges;
  CollectOperators(&gauges);
  CollectViews(&gauges);
  CollectLogs(&gauges);
  gauges.Publish(metrics, &measured_gauges_);
  const tables::HeldMemory& held = *held_memory();
  metrics.GetGauge("millrace_held_bytes", "Bytes of replaced rows that readers of old snapshots keep.")
      .Set(static_cast<int64_t>(held.bytes()));
  Raise(metrics.GetCounter("millrace_held_readers_ended_total",
                           "Readers of old snapshots that were ended since they kept too much."),
        held.ended());
  {
    MutexLock ingest_lock(ingest_mutex_);
    for (const auto& [table, ingest] : ingests_) CollectIngest(metrics, table, ingest->point().figures());
  }
  const tables::SnapshotSetPtr snapshots = coordinator_.snapshots();
  for (const std::string& table : measured_tables_) {
    if (!snapshots->tables.contains(table)) CollectSnapshot(metrics, table, nullptr);
  }
  measured_tables_.clear();
  for (const auto& [table, snapshot] : snapshots->tables) {
    CollectSnapshot(metrics, table, snapshot.get());
    measured_tables_.insert(table);
  }
  CollectSideTable(metrics, "dead_letters", "Records and rows that could not be processed.",
                   side_.dead_letters_by_table(), side_.dead_letters_gone());
  CollectSideTable(metrics, "late_rows", "Rows that came after their window closed.",
                   side_.late_rows_by_table(), side_.late_rows_gone());
  metrics.GetGauge("millrace_subscriptions", "Subscriptions that are open.").Set(subscriptions_->open.load());
  Raise(metrics.GetCounter("millrace_subscriptions_lagged_total",
                           "Subscriptions ended because their reader was slow."),
        subscriptions_->lagged.load());
}

void Warehouse::CollectJobs(MetricsRegistry& metrics) {
  int64_t tasks = 0;
  for (const auto& [job, running] : jobs_) tasks += static_cast<int64_t>(running.tasks.size());
  metrics.GetGauge("millrace_tasks", "Tasks of all jobs.").Set(tasks);
  std::map<std::string, int64_t> states = {{"running", 0}, {"failed", 0}, {"ended", 0}};
  for (const auto& job : job_list_) {
    bool has_failed = false;
    {
      MutexLock lock(job->mutex);
      has_failed = job->error.has_value();
    }
    ++states[has_failed ? "failed" : job->live_tasks.load() > 0 ? "running" : "ended"];
    for (const auto& stats : job->operators) {
      const int64_t rows = stats->rows_in.load(std::memory_order_relaxed);
      metrics
          .GetCounter("millrace_operator_rows_total", "Rows that went into an operator.",
                      {{"job", job->name}, {"operator", stats->name}})
          .Increment(static_cast<uint64_t>(rows - stats->rows_in_collected));
      stats->rows_in_collected = rows;
    }
  }
  for (const auto& [state, count] : states) {
    metrics.GetGauge("millrace_jobs", "Jobs that run, and the last that have ended.", {{"state", state}})
        .Set(count);
  }
}

void Warehouse::CollectOperators(Gauges* gauges) {
  bool asks = false;
  const int64_t now = options_.env->clock->NowMicros();
  for (const auto& [job, running] : jobs_) {
    int64_t messages = 0;
    for (const auto& task : running.tasks) messages += static_cast<int64_t>(task->queued_messages());
    gauges->Add("millrace_queue_messages", "Batches and marks that wait for the tasks of a job.",
                {{"job", job->name}}, messages);
    for (const auto& stats : job->operators) {
      const telemetry::Labels labels = {{"job", job->name}, {"operator", stats->name}};
      const int64_t entries = stats->state_entries.load(std::memory_order_relaxed);
      gauges->Add("millrace_operator_state_bytes", "Memory of an operator's state.", labels,
                  stats->state_bytes.load(std::memory_order_relaxed));
      gauges->Add("millrace_operator_state_entries",
                  "Entries of an operator's state: groups, rows, sessions.", labels, entries);
      if (entries > OperatorStats::kSmallStateEntries) {
        stats->state_asked.fetch_add(1, std::memory_order_relaxed);
        asks = true;
      }
      const int64_t watermark = stats->watermark.load(std::memory_order_relaxed);
      if (watermark == data::kMinWatermark || watermark == data::kMaxWatermark) continue;
      gauges->Least("millrace_operator_watermark_seconds",
                    "Event time up to which an operator has its input.", labels,
                    watermark / data::kMicrosPerSecond);
      gauges->Greatest("millrace_operator_watermark_lag_milliseconds", "How far that lies behind the clock.",
                       labels, (now - watermark) / data::kMicrosPerMilli);
    }
  }
  // Large states are measured at the next epoch, and shown by the next collection.
  if (asks) coordinator_.NoteChange();
}

void Warehouse::CollectViews(Gauges* gauges) {
  const int64_t now = options_.env->clock->NowMicros();
  for (const auto& [name, table] : tables_) {
    int64_t watermark = data::kMaxWatermark;
    for (const auto& part : table->parts) watermark = std::min(watermark, part->watermark());
    if (watermark == data::kMinWatermark || watermark == data::kMaxWatermark) continue;
    gauges->Least("millrace_view_watermark_seconds", "Event time up to which a view is complete.",
                  {{"view", name}}, watermark / data::kMicrosPerSecond);
    gauges->Greatest("millrace_view_watermark_lag_milliseconds", "How far that lies behind the clock.",
                     {{"view", name}}, (now - watermark) / data::kMicrosPerMilli);
  }
}

void Warehouse::CollectLogs(Gauges* gauges) {
  std::map<std::string, std::shared_ptr<connectors::RowLog>> logs;
  {
    MutexLock lock(ingest_mutex_);
    for (const auto& [table, ingest] : ingests_) {
      if (const auto& row_log = ingest->point().row_log(); row_log != nullptr) logs.emplace(table, row_log);
    }
  }
  for (const auto& [table, row_log] : logs) {
    const log::Partition::Figures figures = row_log->partition().figures();
    const telemetry::Labels labels = {{"table", table}};
    gauges->Add("millrace_table_log_bytes", "Bytes on the disk of the rows that the log keeps of a table.",
                labels, static_cast<int64_t>(figures.bytes));
    gauges->Add("millrace_table_log_rows", "Rows that the log keeps of a table.", labels,
                static_cast<int64_t>(figures.end_offset - figures.start_offset));
    gauges->Add(
        "millrace_table_log_held_bytes",
        "Bytes of a table's log that its retention would have removed by now, and that a reader or an "
        "Idempotency-Key still needs.",
        labels, static_cast<int64_t>(figures.held_bytes));
    for (const auto& pin : figures.pins) {
      // Several pins of one reader are told apart behind a '#'.
      const std::string reader = pin.name.substr(0, pin.name.rfind('#'));
      const uint64_t behind = figures.end_offset - std::min(figures.end_offset, pin.offset);
      gauges->Greatest("millrace_table_log_reader_rows",
                       "Rows of a table's log behind the last checkpoint of one that reads it.",
                       {{"reader", reader}, {"table", table}}, static_cast<int64_t>(behind));
    }
  }
}

void Warehouse::MeasureOperators(const Job& job) {
  if (options_.metrics == nullptr) return;
  for (const auto& stats : job.operators) {
    const telemetry::Labels labels = {{"job", job.name}, {"operator", stats->name}};
    stats->clock = options_.env->clock;
    stats->bytes = &options_.metrics->GetCounter("millrace_operator_bytes_total",
                                                 "Memory of the batches that went into an operator.", labels);
    stats->seconds = &options_.metrics->GetHistogram(
        "millrace_operator_seconds", "What an operator itself took for one batch or one watermark.", 1e-6,
        labels);
  }
}

void Warehouse::MeasureView(const std::string& view, const plan::PlannedQuery& query) {
  if (options_.metrics == nullptr) return;
  std::set<std::string>& inputs = pushed_inputs_[view];
  for (const catalog::ObjectName& name : query.dependencies) {
    const std::string text = name.ToString();
    if (push_clocks_.contains(text)) inputs.insert(text);
    if (const auto other = pushed_inputs_.find(text); other != pushed_inputs_.end() && text != view) {
      inputs.insert(other->second.begin(), other->second.end());
    }
  }
  if (inputs.empty()) return;
  telemetry::Histogram& seconds =
      options_.metrics->GetHistogram("millrace_view_visible_seconds",
                                     "Time from a push into a table that a view reads to its visibility in "
                                     "the view; of each epoch and table "
                                     "the longest.",
                                     1e-6, {{"view", view}});
  for (const std::string& table : inputs) push_clocks_[table]->AddView(view, &seconds);
}

// A view, or a table that others read.
void Warehouse::ForgetView(const std::string& name) {
  push_clocks_.erase(name);
  const auto found = pushed_inputs_.find(name);
  if (found == pushed_inputs_.end()) return;
  for (const std::string& table : found->second) {
    if (const auto clock = push_clocks_.find(table); clock != push_clocks_.end()) {
      clock->second->RemoveView(name);
    }
  }
  pushed_inputs_.erase(found);
}

}  // namespace millrace::dataflow
