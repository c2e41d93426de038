// The figures of a Warehouse for monitoring. All but the times of epochs and of pushes are looked at when
// they are asked for, so that rows pay nothing for them.
#include <map>
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

void Warehouse::CollectMetrics() {
  if (options_.metrics == nullptr) return;
  MetricsRegistry& metrics = *options_.metrics;
  MutexLock lock(mutex_);
  Reap();
  CollectJobs(metrics);
  CollectViews(metrics);
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
  std::map<std::string, int64_t> queued;
  int64_t tasks = 0;
  for (const auto& [job, running] : jobs_) {
    tasks += static_cast<int64_t>(running.tasks.size());
    int64_t& messages = queued[job->name];
    for (const auto& task : running.tasks) messages += static_cast<int64_t>(task->queued_messages());
  }
  for (const auto& [name, messages] : queued) {
    metrics
        .GetGauge("millrace_queue_messages", "Batches and marks that wait for the tasks of a job.",
                  {{"job", name}})
        .Set(messages);
  }
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

void Warehouse::CollectViews(MetricsRegistry& metrics) {
  const int64_t now = options_.env->clock->NowMicros();
  for (const auto& [name, table] : tables_) {
    int64_t watermark = data::kMaxWatermark;
    for (const auto& part : table->parts) watermark = std::min(watermark, part->watermark());
    if (watermark == data::kMinWatermark || watermark == data::kMaxWatermark) continue;
    const telemetry::Labels labels = {{"view", name}};
    metrics.GetGauge("millrace_view_watermark_seconds", "Event time up to which a view is complete.", labels)
        .Set(watermark / data::kMicrosPerSecond);
    metrics
        .GetGauge("millrace_view_watermark_lag_milliseconds", "How far that lies behind the clock.", labels)
        .Set((now - watermark) / data::kMicrosPerMilli);
  }
}

}  // namespace millrace::dataflow
