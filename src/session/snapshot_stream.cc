#include "session/snapshot_stream.h"

namespace millrace::session {

void ActiveQueries::Add(query::SnapshotQuery* query) {
  MutexLock lock(mutex_);
  queries_.push_back(query);
}

void ActiveQueries::Remove(query::SnapshotQuery* query) {
  MutexLock lock(mutex_);
  std::erase(queries_, query);
}

void ActiveQueries::Cancel(const Error& reason) {
  MutexLock lock(mutex_);
  for (query::SnapshotQuery* query : queries_) query->Cancel(reason);
}

SnapshotStream::SnapshotStream(ActiveQueries* active, std::unique_ptr<query::SnapshotQuery> query)
    : active_(*active), query_(std::move(query)) {
  active_.Add(query_.get());
}

SnapshotStream::~SnapshotStream() {
  active_.Remove(query_.get());
}

Result<ResultStream::Step> SnapshotStream::Next(const std::function<void()>&) {
  MR_ASSIGN(std::optional<data::Batch> batch, query_->Next());
  if (!batch.has_value()) return Step{};
  return Step{Step::Kind::kBatch, std::move(*batch)};
}

}  // namespace millrace::session
