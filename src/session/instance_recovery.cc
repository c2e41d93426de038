// An Instance with a data folder: what is kept of definitions, and made again at the start.
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"
#include "session/instance.h"
#include "session/session.h"

namespace millrace::session {

Status Instance::Save(const RecordChanges& records, const catalog::ObjectChanges& objects) {
  if (objects.empty()) return durable_ == nullptr ? Status{} : durable_->Commit(records);
  if (durable_ == nullptr) return roles_.ChangeObjects(objects);
  return roles_.ChangeObjects(objects,
                              [&](const std::string& state) { return durable_->Commit(records, &state); });
}

Status Instance::Recover() {
  MR_ASSIGN(durable_, DurableCatalog::Open(&options_.data->commits(), options_.data->on_failure()));
  if (const auto roles = durable_->roles(); roles.has_value()) MR_TRY(roles_.Restore(*roles));
  roles_.SaveWith([this](const std::string& state) { return durable_->Commit({}, &state); });
  for (const StatementRecord& record : durable_->records()) {
    if (record.state != StatementRecord::State::kActive) continue;
    Session session(this, {});
    const Status replayed = session.Replay(record);
    if (replayed.has_value()) continue;
    return std::unexpected(replayed.error().Within(
        fmt::format("{} of the data folder cannot be made again", record.Describe())));
  }
  return warehouse_->FinishRecovery();
}

Status Instance::ForgetEndedJobs() {
  if (durable_ == nullptr) return {};
  const std::vector<DurableCatalog::EndedJob> ended = kept_jobs_.Ended();
  if (ended.empty()) return {};
  // A crash after this finds all that the jobs gave; a crash before it finds their records.
  MR_TRY(warehouse_->Checkpoint(limits::kCheckpointWaitMicros));
  const std::vector<StatementRecord> records = durable_->records();
  MR_TRY(durable_->EndJobs(ended));
  for (const DurableCatalog::EndedJob& job : ended) {
    if (kept_jobs_.Remove(job.id) == nullptr) continue;
    const auto record = std::ranges::find(records, job.id, &StatementRecord::id);
    if (record != records.end()) ForgetSaved(*record);
  }
  return {};
}

void Instance::ForgetSaved(const StatementRecord& job) {
  for (uint32_t i = 0; i < job.ids; ++i) warehouse_->ForgetJob(job.id + i);
}

std::vector<std::string> Instance::FailedJobs() const {
  std::vector<std::string> failed;
  if (durable_ == nullptr) return failed;
  for (const StatementRecord& record : durable_->records()) {
    if (record.state != StatementRecord::State::kFailed) continue;
    failed.push_back(fmt::format("{} failed: {}", record.Describe(), record.error));
  }
  return failed;
}

}  // namespace millrace::session
