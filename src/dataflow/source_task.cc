#include "dataflow/source_task.h"

#include <algorithm>
#include <utility>

#include "dataflow/coordinator.h"
#include "dataflow/saved_numbers.h"

namespace millrace::dataflow {

void RootTask::InjectEpoch(const Epoch& epoch) {
  MutexLock lock(mutex_);
  injected_ = epoch;
}

bool RootTask::TakeInjected(Epoch* epoch) {
  MutexLock lock(mutex_);
  if (injected_.number == 0) return false;
  *epoch = injected_;
  injected_ = Epoch{};
  return true;
}

SourceTask::SourceTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator,
                       std::shared_ptr<Job> job, SideTables* side, Options options)
    : RootTask(env, pool, coordinator, std::move(job)), side_(*side), options_(std::move(options)) {
  if (options_.metrics == nullptr) return;
  const telemetry::Labels labels = {{"table", options_.table}};
  rows_total_ =
      &options_.metrics->GetCounter("millrace_source_rows_total", "Rows read from a source.", labels);
  bytes_total_ =
      &options_.metrics->GetCounter("millrace_source_bytes_total", "Bytes read from a source.", labels);
}

namespace {

// Shared values of a source's chapter.
constexpr std::string_view kPosition = "position";
constexpr std::string_view kSent = "sent";

}  // namespace

void SourceTask::KeepPosition(const Chapter& chapter, bool is_saved) {
  AddState({chapter.object, chapter.name, 0, 1, [this](state::StateWriter& writer) { SavePosition(writer); },
            [this, is_saved](state::StateReader& reader) { return RestorePosition(reader, is_saved); },
            [this] { return source_->ForgetBefore(); }});
}

void SourceTask::SavePosition(state::StateWriter& writer) const {
  writer.PutShared(kPosition, source_->Position());
}

Status SourceTask::RestorePosition(state::StateReader& reader, bool is_saved) {
  MR_TRY(state::ExpectNothing(reader));
  MR_ASSIGN(const auto position, OnlySaved(reader, kPosition));
  if (!position.has_value()) return is_saved ? Status(state::BadState("no position is there")) : Status();
  MR_TRY(source_->Seek(*position));
  is_restored_ = true;
  return {};
}

Status SourceTask::Announce() {
  for (auto& consumer : consumers_) {
    for (const Chain& chain : consumer->chains) {
      for (operators::Operator* op : chain.operators) MR_TRY(op->Announce());
    }
    // Partitions that come and go (connections) went with the process.
    for (int gone = static_cast<int>(consumer->chains.size()); gone < consumer->merge->partitions(); ++gone) {
      MR_TRY(consumer->merge->SetIdle(gone, true));
    }
    MR_TRY(consumer->merge->Announce());
  }
  return {};
}

void SourceTask::AddConsumer(std::vector<int> columns, ChainFactory make_chain, Link* next,
                             std::shared_ptr<const std::atomic<bool>> done, int64_t idle_timeout_micros,
                             const Chapter& chapter) {
  auto consumer = std::make_unique<Consumer>();
  consumer->columns = std::move(columns);
  consumer->make_chain = std::move(make_chain);
  consumer->merge = std::make_unique<PartitionMerge>(next);
  consumer->next = next;
  consumer->done = std::move(done);
  consumer->idle_timeout_micros = idle_timeout_micros;
  if (!chapter.object.empty()) {
    AddState(
        {chapter.object, chapter.name, 0, 1,
         [merge = consumer->merge.get()](state::StateWriter& writer) { merge->Save(writer); },
         [merge = consumer->merge.get()](state::StateReader& reader) { return merge->Restore(reader); }});
  }
  consumers_.push_back(std::move(consumer));
}

Status SourceTask::SetSource(std::unique_ptr<connectors::Source> source) {
  source_ = std::move(source);
  pin_ = source_->Pin();
  log_topic_ = source_->LogTopic();
  for (int partition = 0; partition < source_->initial_partitions(); ++partition) {
    MR_TRY(OnPartitionStart(partition));
  }
  if (source_->bounded()) {
    job_->live_bounded_sources.fetch_add(1);
  } else if (options_.gives_by_itself) {
    job_->live_unbounded_sources.fetch_add(1);
  }
  return {};
}

void SourceTask::OnFinish() {
  if (source_->bounded()) {
    job_->live_bounded_sources.fetch_sub(1);
  } else if (options_.gives_by_itself) {
    job_->live_unbounded_sources.fetch_sub(1);
  }
  // Nobody waits for a reader that has ended, and no file stays open for it. Who wants its rows kept for a
  // restart has the pin too.
  source_.reset();
  pin_.reset();
}

void SourceTask::NoteProgress() {
  MutexLock lock(progress_mutex_);
  const uint64_t bytes_before = progress_.bytes_read;
  progress_ = source_->Progress();
  if (rows_total_ != nullptr) {
    rows_total_->Increment(std::exchange(rows_given_, 0));
    bytes_total_->Increment(progress_.bytes_read - std::min(progress_.bytes_read, bytes_before));
  }
}

Result<bool> SourceTask::Step() {
  if (std::exchange(is_restored_, false)) MR_TRY(Announce());
  Epoch epoch;
  if (TakeInjected(&epoch)) {
    // What was pushed before the epoch began is in it.
    if (!job_->stopping.load(std::memory_order_relaxed)) {
      MR_TRY(source_->GivePushed(epoch.number, *this));
      NoteProgress();
    }
    const int64_t started_micros = env_.clock->MonotonicMicros();
    for (auto& consumer : consumers_) {
      if (!consumer->ended) MR_TRY(consumer->next->OnEpoch(epoch));
    }
    Pass(epoch, env_.clock->MonotonicMicros() - started_micros);
  }
  if (!HasRoom()) return false;
  if (job_->stopping.load(std::memory_order_relaxed)) {
    for (auto& consumer : consumers_) {
      if (!consumer->ended) MR_TRY(consumer->next->OnEnd());
      consumer->ended = true;
    }
    Finish();
    return false;
  }
  MR_TRY(EndDone());
  if (finished()) return false;
  gave_something_ = false;
  MR_ASSIGN(const connectors::ReadStatus status, source_->Poll(*this, connectors::PollLimits{}));
  if (gave_something_) coordinator_.NoteChange();
  NoteProgress();
  switch (status.kind) {
    case connectors::ReadStatus::Kind::kMore:
      return true;
    case connectors::ReadStatus::Kind::kIdle:
      MR_TRY(MarkIdle());
      pool_.WakeAt(*this, env_.clock->MonotonicMicros() + std::max<int64_t>(status.retry_micros, 1000));
      return false;
    case connectors::ReadStatus::Kind::kEnd:
      for (auto& consumer : consumers_) MR_TRY(EndConsumer(consumer.get()));
      Finish();
      return false;
  }
  return false;
}

Status SourceTask::EndConsumer(Consumer* consumer) {
  if (consumer->ended) return {};
  consumer->ended = true;
  for (size_t partition = 0; partition < consumer->chains.size(); ++partition) {
    MR_TRY(consumer->merge->SetIdle(static_cast<int>(partition), false));
  }
  for (const Chain& chain : consumer->chains) MR_TRY(chain.head->OnWatermark(data::kMaxWatermark));
  if (consumer->merge->watermark() != data::kMaxWatermark) {
    MR_TRY(consumer->next->OnWatermark(data::kMaxWatermark));
  }
  return consumer->next->OnEnd();
}

// Ends consumers that want no more; with the last of them the task itself.
Status SourceTask::EndDone() {
  bool any_left = false;
  for (auto& consumer : consumers_) {
    if (!consumer->ended && consumer->done->load(std::memory_order_relaxed)) {
      MR_TRY(EndConsumer(consumer.get()));
    }
    any_left |= !consumer->ended;
  }
  if (!any_left) Finish();
  return {};
}

Status SourceTask::MakeChains(Consumer* consumer, int partition) {
  while (static_cast<int>(consumer->chains.size()) <= partition) {
    const int next = static_cast<int>(consumer->chains.size());
    MR_ASSIGN(Chain chain, consumer->make_chain(consumer->merge->input(next), next));
    consumer->chains.push_back(std::move(chain));
  }
  return {};
}

Status SourceTask::OnPartitionStart(int partition) {
  gave_something_ = true;
  if (static_cast<int>(last_active_micros_.size()) <= partition) last_active_micros_.resize(partition + 1);
  last_active_micros_[partition] = env_.clock->MonotonicMicros();
  for (auto& consumer : consumers_) {
    MR_TRY(MakeChains(consumer.get(), partition));
    MR_TRY(consumer->merge->SetIdle(partition, false));
  }
  return {};
}

Status SourceTask::OnPartitionEnd(int partition) {
  gave_something_ = true;
  for (auto& consumer : consumers_) {
    if (!consumer->ended) MR_TRY(consumer->merge->SetIdle(partition, true));
  }
  return {};
}

Status SourceTask::OnBatch(int partition, data::Batch batch) {
  gave_something_ = true;
  last_active_micros_[partition] = env_.clock->MonotonicMicros();
  rows_given_ += batch.rows;
  job_->rows_read.fetch_add(static_cast<int64_t>(batch.rows), std::memory_order_relaxed);
  const auto rows_max = static_cast<size_t>(options_.batch_rows);
  if (batch.rows <= rows_max) return Deliver(partition, batch);
  for (size_t offset = 0; offset < batch.rows; offset += rows_max) {
    MR_TRY(Deliver(partition, data::Slice(batch, offset, std::min(rows_max, batch.rows - offset))));
  }
  return {};
}

Status SourceTask::Deliver(int partition, const data::Batch& batch) {
  for (auto& consumer : consumers_) {
    if (consumer->ended) continue;
    MR_TRY(consumer->merge->SetIdle(partition, false));
    data::Batch projected;
    projected.rows = batch.rows;
    projected.kinds = batch.kinds;
    projected.columns.reserve(consumer->columns.size());
    for (const int column : consumer->columns) projected.columns.push_back(batch.columns[column]);
    MR_TRY(consumer->chains[partition].head->OnBatch(std::move(projected)));
  }
  return {};
}

Status SourceTask::OnMalformed(int, const connectors::MalformedRecord& record, const Error& error) {
  side_.Malformed(options_.table, record, error);
  return {};
}

Status SourceTask::OnWatermark(int partition, int64_t watermark) {
  gave_something_ = true;
  for (auto& consumer : consumers_) {
    if (!consumer->ended) MR_TRY(consumer->chains[partition].head->OnWatermark(watermark));
  }
  return {};
}

Status SourceTask::MarkIdle() {
  const int64_t now = env_.clock->MonotonicMicros();
  for (auto& consumer : consumers_) {
    if (consumer->ended || consumer->idle_timeout_micros <= 0) continue;
    for (size_t partition = 0; partition < last_active_micros_.size(); ++partition) {
      if (now - last_active_micros_[partition] < consumer->idle_timeout_micros) continue;
      if (consumer->merge->IsIdle(static_cast<int>(partition))) continue;
      coordinator_.NoteChange();
      MR_TRY(consumer->merge->SetIdle(static_cast<int>(partition), true));
    }
  }
  return {};
}

connectors::SourceProgress SourceTask::Progress() const {
  MutexLock lock(progress_mutex_);
  return progress_;
}

ValuesTask::ValuesTask(env::Env& env, env::WorkerPool* pool, Coordinator* coordinator,
                       std::shared_ptr<Job> job, std::vector<data::Batch> batches)
    : RootTask(env, pool, coordinator, std::move(job)), batches_(std::move(batches)) {
  job_->live_bounded_sources.fetch_add(1);
}

void ValuesTask::KeepPosition(const SourceTask::Chapter& chapter, bool is_saved) {
  const auto save = [this](state::StateWriter& writer) {
    PutSavedNumber(kSent, static_cast<int64_t>(sent_), writer);
  };
  const auto restore = [this, is_saved](state::StateReader& reader) -> Status {
    MR_TRY(state::ExpectNothing(reader));
    MR_ASSIGN(const int64_t sent, OnlySavedNumber(reader, kSent));
    if (sent < 0 && is_saved) return state::BadState("no position is there");
    if (sent > static_cast<int64_t>(batches_.size())) return state::BadState("more rows than there are");
    if (sent > 0) sent_ = static_cast<size_t>(sent);
    return {};
  };
  AddState({chapter.object, chapter.name, 0, 1, save, restore});
}

void ValuesTask::OnFinish() {
  job_->live_bounded_sources.fetch_sub(1);
}

Result<bool> ValuesTask::Step() {
  Epoch epoch;
  if (TakeInjected(&epoch)) {
    MR_TRY(next_->OnEpoch(epoch));
    Pass(epoch, 0);
  }
  if (!HasRoom()) return false;
  if (sent_ < batches_.size()) {
    MR_TRY(next_->OnBatch(std::move(batches_[sent_++])));
    coordinator_.NoteChange();
    return true;
  }
  MR_TRY(next_->OnWatermark(data::kMaxWatermark));
  MR_TRY(next_->OnEnd());
  Finish();
  return false;
}

}  // namespace millrace::dataflow
