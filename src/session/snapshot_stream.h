// SnapshotStream: the rows of a snapshot query as a ResultStream; ActiveQueries: those of a session that can
// be cancelled.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "query/snapshot_query.h"
#include "session/result_stream.h"
#include "tables/held_memory.h"

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

// Lets its snapshot go at its end, with an error, and when it is told to because old snapshots hold too much
// memory: at once while nobody pulls (a cursor, a client that does not read), else when the pull has stopped.
class SnapshotStream final : public ResultStream, private tables::HeldMemory::Holder {
 public:
  // `active` must outlive it.
  SnapshotStream(ActiveQueries* active, tables::HeldMemoryPtr memory,
                 std::unique_ptr<query::SnapshotQuery> query);
  ~SnapshotStream() override;
  Status Start(const std::vector<data::Value>& parameters) MR_EXCLUDES(mutex_);

  const data::Schema& schema() const override { return schema_; }
  Result<Step> Next(const std::function<void()>& wake) override MR_EXCLUDES(mutex_);

 private:
  bool EndHold(const Error& reason) override MR_EXCLUDES(mutex_, query_mutex_);
  void Release() MR_REQUIRES(mutex_) MR_EXCLUDES(query_mutex_);

  ActiveQueries& active_;
  const tables::HeldMemoryPtr memory_;
  const data::Schema schema_;
  Mutex mutex_;  // held by who runs or pulls
  std::optional<Error> ended_ MR_GUARDED_BY(mutex_);
  // Null once it has ended. Changed with both locks; so read with either.
  Mutex query_mutex_;
  std::unique_ptr<query::SnapshotQuery> query_;
};

}  // namespace millrace::session
