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

SnapshotStream::SnapshotStream(ActiveQueries* active, tables::HeldMemoryPtr memory,
                               std::unique_ptr<query::SnapshotQuery> query)
    : active_(*active), memory_(std::move(memory)), schema_(query->schema()), query_(std::move(query)) {
  active_.Add(query_.get());
  memory_->Add(this, query_->epoch());
}

SnapshotStream::~SnapshotStream() {
  memory_->Remove(this);
  MutexLock lock(mutex_);
  Release();
}

void SnapshotStream::Release() {
  if (query_ == nullptr) return;
  active_.Remove(query_.get());
  std::unique_ptr<query::SnapshotQuery> gone;
  {
    MutexLock lock(query_mutex_);
    gone = std::move(query_);
  }
}

Status SnapshotStream::Start(const std::vector<data::Value>& parameters) {
  MutexLock lock(mutex_);
  if (query_ == nullptr) return std::unexpected(*ended_);
  Status started = query_->Start(parameters);
  if (!started.has_value()) {
    Release();
    memory_->Remove(this);
  }
  return started;
}

Result<ResultStream::Step> SnapshotStream::Next(const std::function<void()>&) {
  MutexLock lock(mutex_);
  if (query_ == nullptr) {
    if (ended_.has_value()) return std::unexpected(*ended_);
    return Step{};
  }
  Result<std::optional<data::Batch>> batch = query_->Next();
  if (batch.has_value() && batch->has_value()) return Step{Step::Kind::kBatch, std::move(**batch)};
  Release();
  memory_->Remove(this);
  if (batch.has_value()) return Step{};
  ended_ = batch.error();
  return std::unexpected(batch.error());
}

bool SnapshotStream::EndHold(const Error& reason) {
  if (mutex_.TryLock()) {
    ended_ = reason;
    Release();
    mutex_.Unlock();
    return true;
  }
  MutexLock lock(query_mutex_);
  if (query_ == nullptr) return true;
  query_->Cancel(reason);
  return false;
}

}  // namespace millrace::session
