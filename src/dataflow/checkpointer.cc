#include "dataflow/checkpointer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace millrace::dataflow {
namespace {

// Metadata in the checkpoint store.
constexpr std::string_view kEpochKey = "dataflow/epoch";
constexpr std::string_view kFailedPrefix = "dataflow/failed/";

// Chapters that say of an object that it is part of a checkpoint, whatever it has written, and with which
// plan; and that its job has come to its end.
constexpr std::string_view kMarkName = "plan";

std::string MarkOf(const std::string& owner) {
  return owner + "/plan";
}

std::string EndMarkOf(const std::string& owner) {
  return owner + "/ended";
}

SavedState Mark(const std::string& owner, const std::string& chapter, std::string_view value) {
  state::StateWriter writer;
  writer.PutShared(kMarkName, value);
  return {owner, chapter, std::make_shared<state::SavedRecords>(std::move(writer))};
}

}  // namespace

Checkpointer::Checkpointer(env::Env& env, Durability durability, std::function<void()> wake,
                           telemetry::MetricsRegistry* metrics)
    : env_(env),
      durability_(std::move(durability)),
      store_(*durability_.checkpoints),
      wake_(std::move(wake)),
      last_start_micros_(env.clock->MonotonicMicros()) {
  {
    MutexLock lock(callback_->mutex);
    callback_->target = this;
  }
  if (metrics == nullptr) return;
  commits_total_ = &metrics->GetCounter("millrace_checkpoints_total", "Checkpoints that were committed.");
  failures_total_ = &metrics->GetCounter("millrace_checkpoint_failures_total",
                                         "Attempts to commit a checkpoint that failed; each is made again.");
  bytes_total_ = &metrics->GetCounter("millrace_checkpoint_state_bytes_total",
                                      "Bytes of state that checkpoints were given, before compression.");
  seconds_ = &metrics->GetHistogram("millrace_checkpoint_duration_seconds",
                                    "Time from the start of a checkpoint's epoch to its commit.", 1e-6);
}

Checkpointer::~Checkpointer() {
  Close();
}

void Checkpointer::Close() {
  MutexLock lock(callback_->mutex);
  callback_->target = nullptr;
}

int64_t Checkpointer::DueMicros() const {
  MutexLock lock(mutex_);
  if (is_dead_ || is_drafting_ || is_committing_) return kNever;
  if (commit_ != nullptr) return retry_micros_;
  if (asked_ > answered_) return last_start_micros_;
  const bool has_work = has_changes_ || !carried_.empty() || !broken_.empty() || !dropped_owners_.empty();
  return has_work ? last_start_micros_ + durability_.checkpoint_interval_micros : kNever;
}

bool Checkpointer::StartIfDue(int64_t epoch) {
  const int64_t due = DueMicros();
  MutexLock lock(mutex_);
  if (commit_ != nullptr || Now() < due) {
    has_changes_ = true;  // what this epoch shows
    return false;
  }
  is_drafting_ = true;
  has_changes_ = false;
  last_start_micros_ = Now();
  draft_ = std::make_unique<Commit>();
  draft_->record.number = store_.number() + 1;
  draft_->record.epoch = epoch;
  draft_->record.started_micros = env_.clock->NowMicros();
  draft_->started_micros = last_start_micros_;
  draft_->request = asked_;
  saves_ = std::exchange(carried_, {});
  return true;
}

bool Checkpointer::is_drafting() const {
  MutexLock lock(mutex_);
  return is_drafting_;
}

void Checkpointer::Passed(const std::shared_ptr<Job>& job, TaskSave save) {
  if (job->objects.empty()) return;
  MutexLock lock(mutex_);
  saves_[job].Append(std::move(save));
}

void Checkpointer::Ended(const std::shared_ptr<Job>& job, TaskSave save, bool in_draft) {
  if (job->objects.empty()) return;
  MutexLock lock(mutex_);
  if (job->is_broken) return;
  in_draft = in_draft && is_drafting_;
  (in_draft ? saves_ : carried_)[job].Append(std::move(save));
  ++job->ended_in_order;
  // What was asked to stop goes on after a restart.
  if (job->ended_in_order < job->tasks || job->stopping.load()) return;
  // Not ahead of what another of its tasks saved last, who ended first, but behind the barrier.
  const bool in_this = in_draft && !carried_.contains(job);
  for (const DurableObject& object : job->objects) {
    const std::string owner = ObjectOwner(object.id);
    (in_this ? saves_ : carried_)[job].states.push_back(Mark(owner, EndMarkOf(owner), ""));
  }
}

void Checkpointer::Break(const std::shared_ptr<Job>& job, bool is_behind_draft) {
  if (job->objects.empty()) return;
  MutexLock lock(mutex_);
  if (is_behind_draft && is_drafting_) {
    breaking_.push_back(job);
  } else {
    BreakNow(job);
  }
}

void Checkpointer::BreakNow(const std::shared_ptr<Job>& job) {
  if (std::exchange(job->is_broken, true)) return;
  saves_.erase(job);
  carried_.erase(job);
  broken_.push_back(job);
}

void Checkpointer::DropOwner(const std::string& owner) {
  MutexLock lock(mutex_);
  dropped_owners_.insert(owner);
}

bool Checkpointer::IsDropped(const SavedState& saved) const {
  return dropped_owners_.contains(saved.object);
}

void Checkpointer::AddMarks(Job& job, TaskSave* save) {
  if (std::exchange(job.is_marked, true)) return;
  // One of the name may have been there before.
  for (const std::string& view : job.views) {
    broken_views_.erase(view);
    anew_views_.erase(view);
  }
  for (const DurableObject& object : job.objects) {
    const std::string owner = ObjectOwner(object.id);
    save->states.push_back(Mark(owner, MarkOf(owner), object.plan));
  }
}

// Of queries that were started together one may have passed the barrier when another broke them all: who
// reads that one has passed it too, and would be ahead of it. It is about to hear of the failure anyway.
void Checkpointer::BreakReaders() {
  for (size_t i = 0; i < broken_.size(); ++i) {
    const std::set<std::string> views = broken_[i]->views;
    std::vector<std::shared_ptr<Job>> readers;
    for (const auto& [job, saved] : saves_) {
      const bool reads =
          std::ranges::any_of(job->inputs, [&](const auto& name) { return views.contains(name); });
      if (reads) readers.push_back(job);
    }
    for (const auto& job : readers) BreakNow(job);
  }
}

// What they read goes on without them: as they were at their last whole checkpoint they would miss what has
// come since, for a restart gives readers of tables that are part of a checkpoint no rows again. Views are
// made anew then, of the tables as they are; what an INSERT has written cannot be taken back.
bool Checkpointer::FallsBehind(const Job& job) const {
  return std::ranges::any_of(job.inputs, [this](const std::string& name) MR_REQUIRES(mutex_) {
    return !broken_views_.contains(name) || anew_views_.contains(name);
  });
}

void Checkpointer::NoteBroken() {
  for (const auto& job : broken_) broken_views_.insert(job->views.begin(), job->views.end());
  std::vector<std::shared_ptr<Job>> jobs = std::exchange(broken_, {});
  // Those that read one that is made anew come behind it, in whatever order they broke.
  for (bool is_done = false; !is_done;) {
    is_done = true;
    for (auto& job : jobs) {
      if (job == nullptr || job->views.empty() || !FallsBehind(*job)) continue;
      anew_views_.insert(job->views.begin(), job->views.end());
      for (const DurableObject& object : job->objects) dropped_owners_.insert(ObjectOwner(object.id));
      for (const uint64_t group : job->groups) dropped_owners_.insert(GroupOwner(group));
      job = nullptr;
      is_done = false;
    }
  }
  for (const auto& job : jobs) {
    if (job == nullptr || !(job->writes_tables || (job->views.empty() && FallsBehind(*job)))) continue;
    std::string message = "it was cancelled";
    {
      MutexLock lock(job->mutex);
      if (job->error.has_value()) message = job->error->message();
    }
    for (const DurableObject& object : job->objects) {
      const std::string owner = ObjectOwner(object.id);
      if (!dropped_owners_.contains(owner))
        commit_->metadata.Put(std::string(kFailedPrefix) + owner, message);
    }
  }
}

// What the jobs have saved, and what there is to say of those that failed.
void Checkpointer::GatherSaves() {
  BreakReaders();
  NoteBroken();
  TaskSave& save = commit_->save;
  for (auto& [job, saved] : saves_) {
    if (job->is_broken) continue;
    AddMarks(*job, &save);
    save.Append(std::move(saved));
  }
  saves_.clear();
  std::erase_if(save.states,
                [this](const SavedState& saved) MR_REQUIRES(mutex_) { return IsDropped(saved); });
}

void Checkpointer::GatherDrops() {
  commit_->dropped_owners = dropped_owners_;
  for (std::string& chapter : store_.Chapters()) {
    if (dropped_owners_.contains(std::string(OwnerOf(chapter)))) {
      commit_->dropped_chapters.push_back(std::move(chapter));
    }
  }
  for (const std::string& owner : dropped_owners_) {
    commit_->metadata.Delete(std::string(kFailedPrefix) + owner);
  }
}

void Checkpointer::Complete(TaskSave save) {
  std::optional<Error> final_error;
  {
    MutexLock lock(mutex_);
    if (!std::exchange(is_drafting_, false)) return;
    commit_ = std::move(draft_);
    commit_->save = std::move(save);
    commit_->barrier_passed_micros = Now();
    commit_->record.barrier_micros = commit_->barrier_passed_micros - commit_->started_micros;
    commit_->metadata.Put(kEpochKey, std::to_string(commit_->record.epoch));
    GatherSaves();
    for (const auto& job : std::exchange(breaking_, {})) BreakNow(job);
    GatherDrops();
    final_error = StartCommit();
  }
  TellFailure(final_error);
}

std::optional<Error> Checkpointer::StartCommit() {
  auto begun = store_.Begin(commit_->record.number);
  if (!begun.has_value()) return NoteFailure(begun.error());
  is_committing_ = true;
  builder_ = std::move(*begun);
  for (const std::string& chapter : commit_->dropped_chapters) builder_->DropChapter(chapter);
  for (const SavedState& saved : commit_->save.states) builder_->Add(saved.chapter, saved.records);
  builder_->Commit(commit_->metadata, [callback = callback_](Status status) {
    MutexLock lock(callback->mutex);
    if (callback->target != nullptr) callback->target->Done(std::move(status));
  });
  return std::nullopt;
}

void Checkpointer::RetryIfDue() {
  std::optional<Error> final_error;
  {
    MutexLock lock(mutex_);
    if (is_dead_ || commit_ == nullptr || is_committing_ || Now() < retry_micros_) return;
    ++commit_->record.attempts;
    final_error = StartCommit();
  }
  TellFailure(final_error);
}

void Checkpointer::TellFailure(const std::optional<Error>& error) {
  if (error.has_value() && durability_.on_failure) durability_.on_failure(*error);
}

std::optional<Error> Checkpointer::NoteFailure(const Error& error) {
  if (failures_total_ != nullptr) failures_total_->Increment();
  commit_->record.error = error.message();
  if (const Status status = store_.status(); !status.has_value()) {
    is_dead_ = true;
    return status.error();
  }
  retry_micros_ = Now() + limits::kCheckpointRetryMicros;
  return std::nullopt;
}

void Checkpointer::NoteCommitted(Commit& commit) {
  answered_ = std::max(answered_, commit.request);
  // Tasks that are on their way to their end may save once more: an owner is forgotten when there was nothing
  // left of it.
  if (commit.dropped_chapters.empty()) {
    for (const std::string& owner : commit.dropped_owners) dropped_owners_.erase(owner);
  }
  commit.record.is_committed = true;
  commit.record.duration_micros = Now() - commit.barrier_passed_micros;
  if (commits_total_ != nullptr) {
    commits_total_->Increment();
    bytes_total_->Increment(commit.record.bytes);
    seconds_->Record(static_cast<uint64_t>(Now() - commit.started_micros));
  }
}

void Checkpointer::Done(Status status) {
  std::vector<state::SavedRecordsPtr> records;
  std::vector<std::function<void()>> committed;
  {
    MutexLock lock(mutex_);
    for (const SavedState& saved : commit_->save.states) records.push_back(saved.records);
    if (status.has_value()) committed = std::move(commit_->save.committed);
  }
  uint64_t bytes = 0;
  for (const state::SavedRecordsPtr& saved : records) bytes += saved->Buffer().size();
  // Ahead of those who wait for the checkpoint: what is to follow it has been done then.
  for (const auto& told : committed) told();
  std::optional<Error> final_error;
  CheckpointRecord record;
  {
    MutexLock lock(mutex_);
    is_committing_ = false;
    builder_ = nullptr;
    commit_->record.bytes = bytes;
    if (status.has_value()) {
      NoteCommitted(*commit_);
      record = commit_->record;
      commit_ = nullptr;
    } else {
      final_error = NoteFailure(status.error());
      record = commit_->record;
      record.duration_micros = Now() - commit_->barrier_passed_micros;
    }
  }
  changed_.NotifyAll();
  TellFailure(final_error);
  if (listener_) listener_(record);
  wake_();
}

int64_t Checkpointer::Request() {
  int64_t request = 0;
  {
    MutexLock lock(mutex_);
    request = ++asked_;
  }
  wake_();
  return request;
}

bool Checkpointer::Await(int64_t request, int64_t micros) {
  MutexLock lock(mutex_);
  if (answered_ < request && !is_dead_) changed_.WaitFor(mutex_, micros);
  return answered_ >= request;
}

bool Checkpointer::HasChapter(const std::string& chapter) const {
  const std::vector<std::string> chapters = store_.Chapters();
  return std::find(chapters.begin(), chapters.end(), chapter) != chapters.end();
}

bool Checkpointer::Has(uint64_t object_id) const {
  return HasChapter(MarkOf(ObjectOwner(object_id)));
}

bool Checkpointer::HasEnded(uint64_t object_id) const {
  return HasChapter(EndMarkOf(ObjectOwner(object_id)));
}

Status Checkpointer::CheckPlan(const DurableObject& object) const {
  if (!Has(object.id)) return {};
  const std::string mark = MarkOf(ObjectOwner(object.id));
  const auto source = store_.ReadChapter(mark);
  state::StateReader reader(source.get());
  MR_TRY(state::ExpectNothing(reader));
  const std::vector<std::string_view> plans = reader.shared(kMarkName);
  if (plans.size() == 1 && plans.front() == object.plan) return {};
  return Fail(
      ErrorCode::kNotSupported,
      fmt::format("its state cannot be taken up ({}): its plan is not that with which it was saved", mark),
      "start the version that saved it, or drop the object there and create it here");
}

Result<std::optional<std::string>> Checkpointer::FailureOf(uint64_t object_id) const {
  return store_.Metadata(std::string(kFailedPrefix) + ObjectOwner(object_id));
}

void Checkpointer::KeepOnly(const std::set<std::string>& owners) {
  MutexLock lock(mutex_);
  for (const std::string& chapter : store_.Chapters()) {
    const std::string owner(OwnerOf(chapter));
    if (!owners.contains(owner)) dropped_owners_.insert(owner);
  }
}

Result<int64_t> Checkpointer::LastEpoch() const {
  MR_ASSIGN(const std::optional<std::string> text, store_.Metadata(kEpochKey));
  if (!text.has_value()) return 0;
  int64_t epoch = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), epoch);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || epoch < 0) {
    return Fail(ErrorCode::kDataCorrupted, "the epoch of the last checkpoint cannot be read");
  }
  return epoch;
}

}  // namespace millrace::dataflow
