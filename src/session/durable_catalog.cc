#include "session/durable_catalog.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_coding.h"

namespace millrace::session {
namespace {

constexpr std::string_view kObjectPrefix = "catalog/object/";
constexpr std::string_view kNextIdKey = "catalog/next_id";
constexpr std::string_view kRolesKey = "catalog/roles";
// So many ids are reserved by one transaction. Those that a process did not use are never used.
constexpr uint64_t kIdsReserved = 64;

std::string ObjectKey(uint64_t id) {
  return fmt::format("{}{:016x}", kObjectPrefix, id);
}

bool HasName(const StatementRecord& record) {
  return record.kind != StatementRecord::Kind::kJob && record.kind != StatementRecord::Kind::kDroppedSchema;
}

}  // namespace

Result<std::unique_ptr<DurableCatalog>> DurableCatalog::Open(state::CommitStore* store,
                                                             std::function<void(const Error&)> on_failure) {
  std::unique_ptr<DurableCatalog> catalog(new DurableCatalog(store, std::move(on_failure)));
  MR_TRY(catalog->Load());
  return catalog;
}

Status DurableCatalog::Load() {
  MutexLock lock(mutex_);
  MR_ASSIGN(roles_, store_.Get(kRolesKey));
  MR_ASSIGN(const std::optional<std::string> next, store_.Get(kNextIdKey));
  if (next.has_value()) {
    ByteReader reader(*next);
    reserved_ = reader.Fixed<uint64_t>();
    if (!reader.ok() || !reader.AtEnd() || reserved_ == 0) {
      return Fail(ErrorCode::kDataCorrupted, fmt::format("'{}' in the commit store is no number", kNextIdKey),
                  "restore the data folder from a copy");
    }
    next_id_ = reserved_;
  }
  Status read;
  MR_TRY(store_.Scan(kObjectPrefix, [&](std::string_view key, std::string_view value) MR_REQUIRES(mutex_) {
    Result<StatementRecord> record = StatementRecord::Decode(value);
    if (record.has_value() && (ObjectKey(record->id) != key || record->id + record->ids > reserved_)) {
      record = Fail(ErrorCode::kDataCorrupted, "a kept statement has an id that it cannot have",
                    "restore the data folder from a copy");
    }
    if (!record.has_value()) {
      read = std::unexpected(record.error().Within(key));
      return false;
    }
    const uint64_t id = record->id;
    if (HasName(*record)) objects_[record->name] = id;
    records_.emplace(id, std::move(*record));
    return true;
  }));
  return read;
}

Status DurableCatalog::Write(const state::CommitBatch& batch) {
  Status done = store_.Commit(batch);
  if (done.has_value()) return done;
  const ErrorCode code = done.error().code();
  if (code != ErrorCode::kDiskFull && code != ErrorCode::kProgramLimitExceeded && on_failure_) {
    on_failure_(done.error());
  }
  return done;
}

Result<uint64_t> DurableCatalog::TakeIds(uint32_t count) {
  MutexLock lock(mutex_);
  if (next_id_ + count > reserved_) {
    const uint64_t reserved = next_id_ + count + kIdsReserved;
    std::string value;
    AppendFixed(reserved, &value);
    state::CommitBatch batch;
    batch.Put(kNextIdKey, value);
    MR_TRY(Write(batch));
    reserved_ = reserved;
  }
  const uint64_t first = next_id_;
  next_id_ += count;
  return first;
}

void DurableCatalog::Forget(uint64_t id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  const auto object = objects_.find(found->second.name);
  if (object != objects_.end() && object->second == id) objects_.erase(object);
  records_.erase(found);
}

Status DurableCatalog::Commit(const RecordChanges& changes, const std::string* roles) {
  MutexLock lock(mutex_);
  return CommitLocked(changes, roles);
}

Status DurableCatalog::CommitLocked(const RecordChanges& changes, const std::string* roles) {
  state::CommitBatch batch;
  for (const uint64_t id : taken_back_) batch.Delete(ObjectKey(id));
  for (const uint64_t id : changes.removed) batch.Delete(ObjectKey(id));
  for (const StatementRecord& record : changes.put) batch.Put(ObjectKey(record.id), record.Encode());
  if (roles != nullptr && roles_ != *roles) batch.Put(kRolesKey, *roles);
  if (batch.empty()) return {};
  MR_TRY(Write(batch));
  taken_back_.clear();
  for (const uint64_t id : changes.removed) Forget(id);
  for (const StatementRecord& record : changes.put) {
    records_.insert_or_assign(record.id, record);
    if (HasName(record)) objects_[record.name] = record.id;
  }
  if (roles != nullptr) roles_ = *roles;
  return {};
}

void DurableCatalog::TakeBack(uint64_t id) {
  MutexLock lock(mutex_);
  Forget(id);
  taken_back_.insert(id);
  static_cast<void>(CommitLocked({}, nullptr));
}

Status DurableCatalog::EndJobs(const std::vector<EndedJob>& jobs) {
  MutexLock lock(mutex_);
  RecordChanges changes;
  for (const EndedJob& job : jobs) {
    const auto found = records_.find(job.id);
    if (found == records_.end()) continue;
    StatementRecord record = found->second;
    if (job.error.has_value()) {
      record.state = StatementRecord::State::kFailed;
      record.error = job.error->ToString();
    } else if (record.of_start) {
      record.state = StatementRecord::State::kEnded;
    } else {
      changes.removed.push_back(job.id);
      continue;
    }
    changes.put.push_back(std::move(record));
  }
  return CommitLocked(changes, nullptr);
}

std::vector<StatementRecord> DurableCatalog::records() const {
  MutexLock lock(mutex_);
  std::vector<StatementRecord> records;
  for (const auto& [id, record] : records_) records.push_back(record);
  return records;
}

std::optional<StatementRecord> DurableCatalog::Find(const catalog::ObjectName& name) const {
  MutexLock lock(mutex_);
  const auto found = objects_.find(name);
  if (found == objects_.end()) return std::nullopt;
  return records_.at(found->second);
}

bool DurableCatalog::Has(uint64_t id) const {
  MutexLock lock(mutex_);
  return records_.contains(id);
}

std::vector<StatementRecord> DurableCatalog::JobsNaming(const std::vector<catalog::ObjectName>& names) const {
  MutexLock lock(mutex_);
  std::vector<StatementRecord> jobs;
  for (const auto& [id, record] : records_) {
    const bool is_named = std::ranges::any_of(record.names, [&](const catalog::ObjectName& name) {
      return std::ranges::find(names, name) != names.end();
    });
    if (is_named) jobs.push_back(record);
  }
  return jobs;
}

std::vector<uint64_t> DurableCatalog::FailedJobs(const std::string& normal_text,
                                                 const std::string& current_schema) const {
  MutexLock lock(mutex_);
  std::vector<uint64_t> ids;
  for (const auto& [id, record] : records_) {
    if (record.kind == StatementRecord::Kind::kJob && record.state == StatementRecord::State::kFailed &&
        record.current_schema == current_schema && NormalStatement(record.text) == normal_text) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::optional<std::string> DurableCatalog::roles() const {
  MutexLock lock(mutex_);
  return roles_;
}

}  // namespace millrace::session
