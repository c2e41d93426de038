// The durable log: topics of partitions of records, kept in a folder. Sources that cannot be read again
// (HTTP, TCP, standard input) are appended to it and acknowledged once that is safe; from there they are read
// by offset.
//
//   MR_ASSIGN(auto log, Log::Open(env, {.folder = "data/log", .metrics = &registry, .on_failure =
//   StopTheProcess})); MR_ASSIGN(auto topic, log->CreateTopic("ods.orders", {})); AppendBatch batch{.payload
//   = ndjson, .record_count = n, .ends = LineEnds(ndjson)}; topic->partition(0).TryAppend(&batch, &done,
//   wake);           // done: it is on the device auto reader = topic->partition(0).NewReader(0, wake); while
//   (*reader->Next(&read)) Decode(read.owner, read.payload);
//
// One process opens a folder at a time; whoever opens it holds the lock of the data folder. All functions may
// be called from any thread; those that create, drop, alter and close wait for files, and are not for tasks
// of the log's own pool.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "env/env.h"
#include "log/append.h"
#include "log/health.h"
#include "log/log_metrics.h"
#include "log/partition.h"
#include "log/reader.h"
#include "log/segment_scan.h"
#include "log/settings.h"
#include "telemetry/metrics.h"

namespace millrace::log {

class PartitionWriter;
struct FoundTopic;
struct TopicFile;

class Topic {
 public:
  Topic(std::shared_ptr<TopicState> state, std::vector<std::shared_ptr<Partition>> partitions)
      : state_(std::move(state)), partitions_(std::move(partitions)) {}

  const std::string& name() const { return state_->name(); }
  TopicSettings settings() const { return state_->settings(); }
  int partitions() const { return static_cast<int>(partitions_.size()); }
  Partition& partition(int index) const { return *partitions_[static_cast<size_t>(index)]; }

 private:
  friend class Log;
  std::shared_ptr<TopicState> state_;
  std::vector<std::shared_ptr<Partition>> partitions_;
};

class Log {
 public:
  struct Options {
    std::string folder;                             // made if it is not there
    telemetry::MetricsRegistry* metrics = nullptr;  // outlives the log and its readers
    // A sync has failed: nothing is taken any more, and the process has to stop; it must not try again.
    // Called once, by any thread; it must not wait for the log.
    std::function<void(const Error&)> on_failure;
    int threads = 4;  // so many partitions are synced at once
  };

  // What one append of several takes to one partition.
  struct Part {
    Partition* partition = nullptr;
    AppendBatch batch;  // without an id
  };

  // Recovers what is there. Damage is no error: damage() has it. kDataCorrupted if a topic's file or all
  // segments of a partition are missing or unreadable, since then it is not known what the log holds. `env`
  // outlives the log and its readers.
  static Result<std::unique_ptr<Log>> Open(const env::Env& env, Options options);
  // Without Close it ends as in a crash, but for the appends that wait, which fail: nothing acknowledged is
  // lost.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Durable on return. kDuplicateObject; kInvalidParameter; kDiskFull and kIoError leave nothing behind.
  Result<std::shared_ptr<Topic>> CreateTopic(const std::string& name, const TopicSettings& settings);
  // Durable on return. Its appends fail, its readers get an error, its files are removed. kUndefinedObject.
  // After another error the topic takes nothing any more, and may be dropped again.
  Status DropTopic(const std::string& name);
  // Everything but the number of partitions. Durable on return, for appends from then on.
  Status AlterTopic(const std::string& name, const TopicSettings& settings);
  // Null if there is none.
  std::shared_ptr<Topic> FindTopic(std::string_view name) const MR_EXCLUDES(topics_mutex_);
  std::vector<std::shared_ptr<Topic>> Topics() const MR_EXCLUDES(topics_mutex_);  // by name

  // Appends to several partitions, one batch each: all of them will be there, after a crash too, or none.
  // Otherwise as Partition::TryAppend; results are in the order of the parts.
  Result<Admission> TryAppendAll(std::vector<Part>* parts, AppendAllDone* done,
                                 const std::function<void()>& wake) MR_EXCLUDES(transaction_mutex_);

  // Retention by the topics' settings begins: call it once those who read have set their pins.
  void StartRetention();

  // Records that are lost, over all partitions.
  std::vector<Damage> damage() const;
  // Reads everything there is, and adds to damage() what cannot be read. Waits for the files; any thread but
  // the pool's.
  Status Verify();

  // Ok unless a sync has failed.
  Status health() const { return health_.Check(); }

  // Takes nothing any more, writes what has been taken, and notes that all of it is durable. Not for a task.
  Status Close();

 private:
  struct Entry {
    std::shared_ptr<Topic> topic;
    std::vector<std::unique_ptr<PartitionWriter>> writers;
    std::string folder;
  };

  Log(const env::Env& env, Options options);

  Status Recover() MR_EXCLUDES(ddl_mutex_);
  Status RemoveLeftovers(const std::vector<env::DirEntry>& entries);
  Result<std::shared_ptr<Topic>> AddTopic(FoundTopic found) MR_EXCLUDES(topics_mutex_);
  Status MakeTopicFolder(const std::string& folder, const TopicFile& topic);
  std::string FolderOf(std::string_view prefix, uint32_t number) const;
  // A failure ends the log.
  Status SyncFolder(const std::string& folder);
  Status CheckOpen() MR_REQUIRES(ddl_mutex_);
  void WakeAll() MR_EXCLUDES(topics_mutex_);
  std::vector<PartitionWriter*> Writers() const MR_EXCLUDES(topics_mutex_);
  void Retire(Entry& entry, const Error& reason);

  static Status CheckParts(const std::vector<Part>& parts);
  static Result<Admission> AppendOne(Part& part, AppendAllDone* done, const std::function<void()>& wake);
  void Start(std::vector<PendingAppend> appends, const std::vector<std::shared_ptr<Partition>>& partitions,
             AppendAllDone done) MR_EXCLUDES(transaction_mutex_);

  const env::Env& env_;
  const Options options_;
  LogMetrics metrics_;
  Health health_;
  std::unique_ptr<env::WorkerPool> pool_;

  // Held while topics are made, dropped and altered; outside of all other locks.
  Mutex ddl_mutex_;
  uint32_t next_topic_ MR_GUARDED_BY(ddl_mutex_) = 1;
  bool is_closed_ MR_GUARDED_BY(ddl_mutex_) = false;

  mutable Mutex topics_mutex_;
  std::map<std::string, Entry, std::less<>> topics_ MR_GUARDED_BY(topics_mutex_);
  bool retention_started_ MR_GUARDED_BY(topics_mutex_) = false;

  // Orders transactions: in every partition their numbers ascend.
  Mutex transaction_mutex_;
  uint64_t last_transaction_ MR_GUARDED_BY(transaction_mutex_) = 0;
};

}  // namespace millrace::log
