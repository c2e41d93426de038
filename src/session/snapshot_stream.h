// SnapshotStream: the rows of a snapshot query as a ResultStream; ActiveQueries: those of a session that can
// be cancelled.
#pragma once

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "query/snapshot_query.h"
#include "session/result_stream.h"

namespace millrace::session {

// The queries of one session that run or are being read. Thread-safe.
class ActiveQueries {
 public:
  void Add(query::SnapshotQuery* query) MR_EXCLUDES(mutex_);
  void Remove(query::SnapshotQuery* query) MR_EXCLUDES(mutex_);
  void Cancel(const Error& reason) MR_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::vector<query::SnapshotQuery*> queries_ MR_GUARDED_BY(mutex_);
};

class SnapshotStream final : public ResultStream {
 public:
  // `active` must outlive it.
  SnapshotStream(ActiveQueries* active, std::unique_ptr<query::SnapshotQuery> query);
  ~SnapshotStream() override;
  Status Start(const std::vector<data::Value>& parameters) { return query_->Start(parameters); }

  const data::Schema& schema() const override { return query_->schema(); }
  Result<Step> Next(const std::function<void()>& wake) override;

 private:
  ActiveQueries& active_;
  std::unique_ptr<query::SnapshotQuery> query_;
};

}  // namespace millrace::session
