#include "session/query_changes.h"

#include <deque>
#include <optional>

#include "base/limits.h"
#include "base/mutex.h"
#include "session/subscription_stream.h"

namespace millrace::session {

// Filled by the job's tasks, emptied by the reader.
class QueryChanges::Queue {
 public:
  void Push(const data::Batch& changes, int64_t epoch) MR_EXCLUDES(mutex_) {
    std::function<void()> wake;
    {
      MutexLock lock(mutex_);
      if (lagged_) return;
      for (const data::ColumnPtr& column : changes.columns) bytes_ += column->MemoryBytes();
      if (bytes_ > limits::kSubscriptionBytes) {
        lagged_ = true;
        batches_.clear();
      } else {
        batches_.push_back(SubscriptionStream::ChangeRows(changes, epoch));
      }
      wake = std::exchange(wake_, nullptr);
    }
    if (wake) wake();
  }

  // The job has nothing more to say.
  void Wake() MR_EXCLUDES(mutex_) {
    std::function<void()> wake;
    {
      MutexLock lock(mutex_);
      wake = std::exchange(wake_, nullptr);
    }
    if (wake) wake();
  }

  Result<std::optional<data::Batch>> Take(const std::function<void()>& wake) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (lagged_) {
      return Fail(ErrorCode::kConfigurationLimitExceeded, "the reader fell behind the changes of the query",
                  "read faster, or keep the result in a materialized view and subscribe to that");
    }
    if (batches_.empty()) {
      wake_ = wake;
      return std::nullopt;
    }
    data::Batch batch = std::move(batches_.front());
    batches_.pop_front();
    if (batches_.empty()) bytes_ = 0;
    return batch;
  }

 private:
  Mutex mutex_;
  std::deque<data::Batch> batches_ MR_GUARDED_BY(mutex_);
  size_t bytes_ MR_GUARDED_BY(mutex_) = 0;  // at most what came since the queue was last empty
  bool lagged_ MR_GUARDED_BY(mutex_) = false;
  std::function<void()> wake_ MR_GUARDED_BY(mutex_);
};

Result<std::unique_ptr<ResultStream>> QueryChanges::Start(dataflow::Warehouse* warehouse,
                                                          dataflow::Warehouse::Request request) {
  auto queue = std::make_shared<Queue>();
  std::unique_ptr<QueryChanges> stream(
      new QueryChanges(warehouse, SubscriptionStream::SchemaOf(request.query.schema), queue));
  request.consumer = [queue, warehouse](const data::Batch& batch) -> Status {
    queue->Push(batch, warehouse->snapshots()->epoch + 1);
    return {};
  };
  request.on_end = [queue] { queue->Wake(); };
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(std::move(request));
  MR_ASSIGN(stream->job_, warehouse->Start(std::move(requests)));
  return stream;
}

QueryChanges::~QueryChanges() {
  if (job_ != nullptr) warehouse_.Cancel(job_.get());
}

Result<ResultStream::Step> QueryChanges::Next(const std::function<void()>& wake) {
  // Asked before the queue: what the last task gave is in it by then.
  const bool ended = job_->live_tasks.load() <= 0;
  MR_ASSIGN(std::optional<data::Batch> batch, queue_->Take(wake));
  if (batch.has_value()) return Step{Step::Kind::kBatch, std::move(*batch)};
  if (!ended) return Step{Step::Kind::kLater};
  MutexLock lock(job_->mutex);
  if (job_->error.has_value()) return std::unexpected(*job_->error);
  return Step{};
}

}  // namespace millrace::session
