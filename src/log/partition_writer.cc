#include "log/partition_writer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "env/fault_points.h"

namespace millrace::log {

PartitionWriter::PartitionWriter(const env::Env& env, Health& health, env::WorkerPool& pool,
                                 LogMetrics& metrics, Partition& partition, std::string folder,
                                 WriterStart start)
    : env_(env),
      health_(health),
      pool_(pool),
      metrics_(metrics),
      partition_(partition),
      folder_(std::move(folder)),
      file_(std::move(start.file)),
      good_position_(file_->position()),
      next_offset_(start.next_offset),
      last_append_micros_(start.last_append_micros),
      last_transaction_(start.last_transaction),
      first_micros_(start.first_micros) {
  if (start.needs_mark) mark_due_micros_ = env_.clock->MonotonicMicros() + limits::kLogMarkMicros;
}

void PartitionWriter::EnableRetention() {
  retention_enabled_.store(true, std::memory_order_relaxed);
  pool_.Wake(*this);
}

bool PartitionWriter::Run() {
  if (health_.HasFailed()) {
    FailAll();
    return false;
  }
  if (transaction_ != nullptr && !AdvanceTransaction()) return false;
  Group group;
  const uint64_t segment_bytes = partition_.topic().settings().segment_bytes;
  const uint64_t left = segment_bytes - std::min(segment_bytes, good_position_);
  partition_.TakeGroup(std::min<uint64_t>(limits::kLogGroupBytes, left), &group);
  if (!group.empty()) WriteGroup(group);
  if (transaction_ != nullptr || health_.HasFailed()) return health_.HasFailed();
  const int64_t now = env_.clock->MonotonicMicros();
  SyncIfDue(now);
  MarkIfDue(now);
  Retain(now);
  SetAlarm();
  return health_.HasFailed() || partition_.HasQueued();
}

// ---------------------------------------------------------------------------------------------- appending

void PartitionWriter::WriteGroup(Group& group) {
  const TopicSettings settings = partition_.topic().settings();
  const Status rolled = RollIfDue(settings);
  if (!rolled) return FailGroup(group, rolled.error());

  const uint64_t offset_before = next_offset_;
  const int64_t micros_before = last_append_micros_;
  const size_t unpublished_before = unpublished_.size();
  std::vector<AppendResult> results(group.size());
  const Status written = WriteAppends(group, settings, &results);
  if (!written) {
    next_offset_ = offset_before;
    last_append_micros_ = micros_before;
    unpublished_.resize(unpublished_before);
    part_.reset();
    // What cannot be cut off now will be before the next append.
    if (!health_.HasFailed()) static_cast<void>(file_->CutTo(good_position_));
    return FailGroup(group, written.error());
  }
  // A part alone may yet be undone. A segment that is left without a batch must not end: the next one would
  // begin at the same offset, so have its name.
  if (!first_micros_ && (!part_ || group.size() > 1)) first_micros_ = last_append_micros_;
  good_position_ = part_ ? part_->header.position : file_->position();
  const int64_t now = env_.clock->MonotonicMicros();
  if (file_->synced() == file_->position()) {
    Publish();
    mark_due_micros_ = now + limits::kLogMarkMicros;
  } else if (sync_due_micros_ == 0) {
    sync_due_micros_ = now + settings.sync_interval_micros;
  }
  AnswerGroup(group, results);
}

Status PartitionWriter::WriteAppends(Group& group, const TopicSettings& settings,
                                     std::vector<AppendResult>* results) {
  const uint64_t begin = file_->position();
  last_append_micros_ = std::max(last_append_micros_, env_.clock->NowMicros());
  for (size_t i = 0; i < group.size();) {
    PendingAppend& first = group[i];
    const std::string id = first.id;
    size_t end = i + 1;
    if (first.is_small) first.encoded = EncodeAppend(Merge(group, i, &end), settings.codec);
    if (first.transaction) first.encoded.header.transaction = first.transaction->number();
    MR_ASSIGN(Partition::Written written, WriteOne(first.encoded, id));
    uint64_t offset = written.header.base_offset;
    for (; i < end; ++i) {
      AppendResult& result = (*results)[i];
      result.partition = partition_.index();
      result.base_offset = offset;
      result.record_count = group[i].is_small ? group[i].small.record_count : written.header.record_count;
      result.append_micros = last_append_micros_;
      offset += result.record_count;
    }
    if (first.transaction) {
      part_ = std::move(written);
    } else {
      unpublished_.push_back(std::move(written));
    }
  }
  MR_TRY(file_->Flush());
  metrics_.group_appends.Record(group.size());
  metrics_.group_bytes.Record(file_->position() - begin);
  return settings.sync == SyncMode::kAlways || part_ ? Sync() : Ok();
}

AppendBatch PartitionWriter::Merge(Group& group, size_t first, size_t* end) {
  AppendBatch& head = group[first].small;
  size_t bytes = head.payload.size();
  *end = first + 1;
  while (*end < group.size() && group[*end].is_small && group[*end].small.layout == head.layout &&
         bytes + group[*end].small.payload.size() <= limits::kLogMergedBytes) {
    bytes += group[(*end)++].small.payload.size();
  }
  AppendBatch merged;
  merged.layout = head.layout;
  merged.record_count = head.record_count;
  merged.ends = std::move(head.ends);
  merged.payload = std::move(head.payload);
  merged.payload.reserve(bytes);
  for (size_t i = first + 1; i < *end; ++i) MergeAppend(group[i].small, &merged);
  return merged;
}

Result<Partition::Written> PartitionWriter::WriteOne(EncodedAppend& encoded, const std::string& id) {
  encoded.header.base_offset = next_offset_;
  encoded.header.append_micros = last_append_micros_;
  MR_TRY(file_->Append(encoded));
  next_offset_ += encoded.header.record_count;
  return Partition::Written{encoded.header, id};
}

void PartitionWriter::AnswerGroup(Group& group, const std::vector<AppendResult>& results) {
  size_t room = 0;
  for (const PendingAppend& pending : group) room += pending.bytes;
  partition_.ReleaseRoom(room);
  for (size_t i = 0; i < group.size(); ++i) Answer(group[i], results[i]);
}

void PartitionWriter::FailGroup(Group& group, const Error& error) {
  size_t room = 0;
  for (const PendingAppend& pending : group) room += pending.bytes;
  partition_.ReleaseRoom(room);
  for (PendingAppend& pending : group) Answer(pending, std::unexpected(error));
}

void PartitionWriter::Answer(PendingAppend& pending, const Result<AppendResult>& result) {
  if (!result) partition_.topic().metrics().failures.Increment();
  if (pending.transaction) {
    transaction_ = std::move(pending.transaction);
    // The last to report has all of them run, this one included.
    transaction_->PartWritten(pending.part, result);
    return;
  }
  if (result) Count(*result, pending.bytes - kBatchHeaderBytes);
  std::vector<AppendDone> repetitions;
  if (!pending.id.empty()) repetitions = partition_.topic().ids().Finish(pending.id, result);
  pending.done(result);
  Result<AppendResult> again = result;
  if (again) again->is_repetition = true;
  for (AppendDone& done : repetitions) done(again);
}

void PartitionWriter::Count(const AppendResult& result, size_t bytes) {
  TopicMetrics& metrics = partition_.topic().metrics();
  metrics.appends.Increment();
  metrics.records.Increment(result.record_count);
  metrics.bytes.Increment(bytes);
}

// ------------------------------------------------------------------------------------------- transactions

bool PartitionWriter::AdvanceTransaction() {
  switch (transaction_->phase()) {
    case Transaction::Phase::kWriting:
      return false;
    case Transaction::Phase::kKeep:
      KeepPart();
      std::exchange(transaction_, nullptr)->StepDone();
      return true;
    case Transaction::Phase::kUndo:
      // Until every part is gone nobody writes anything that would say that the transaction has been passed.
      if (!std::exchange(has_undone_, true)) {
        if (!UndoPart()) return false;
        transaction_->StepDone();
      }
      if (transaction_->phase() == Transaction::Phase::kUndo) return false;
      break;
    case Transaction::Phase::kOver:
      break;
  }
  transaction_.reset();
  has_undone_ = false;
  return true;
}

void PartitionWriter::KeepPart() {
  const BatchHeader& header = part_->header;
  Count({.record_count = header.record_count}, header.payload_bytes);
  last_transaction_ = header.transaction;
  if (!first_micros_) first_micros_ = header.append_micros;
  unpublished_.push_back(*std::exchange(part_, std::nullopt));
  good_position_ = file_->position();
  mark_due_micros_ = env_.clock->MonotonicMicros() + limits::kLogMarkMicros;
  Publish();
}

// False: that cannot be made sure of, and the log has failed.
bool PartitionWriter::UndoPart() {
  if (!part_) return true;
  next_offset_ = part_->header.base_offset;
  part_.reset();
  const Status cut = file_->CutTo(good_position_, /*is_durable=*/true);
  if (cut) return true;
  health_.Fail(cut.error());
  FailAll();
  return false;
}

// ------------------------------------------------------------------------------------------------ syncing

Status PartitionWriter::Sync() {
  const int64_t begin = env_.clock->MonotonicMicros();
  MR_TRY(file_->Sync());
  metrics_.sync_micros.Record(static_cast<uint64_t>(env_.clock->MonotonicMicros() - begin));
  return Ok();
}

void PartitionWriter::Publish() {
  sync_due_micros_ = 0;
  partition_.Publish(std::exchange(unpublished_, {}), good_position_);
}

void PartitionWriter::SyncIfDue(int64_t now_micros) {
  if (sync_due_micros_ == 0 || now_micros < sync_due_micros_) return;
  if (Sync()) {
    Publish();
    mark_due_micros_ = now_micros + limits::kLogMarkMicros;
  } else {
    // Either the log has failed, or the file could not be opened: the next run tries again.
    sync_due_micros_ = now_micros + partition_.topic().settings().sync_interval_micros;
  }
}

void PartitionWriter::MarkIfDue(int64_t now_micros) {
  if (mark_due_micros_ == 0 || now_micros < mark_due_micros_) return;
  mark_due_micros_ = 0;
  // What is still to be synced asks for a mark anew; in a segment that is to be left the next one is the
  // proof.
  if (sync_due_micros_ != 0 || must_roll_) return;
  // Derived: without it recovery knows a little less.
  static_cast<void>(WriteMark());
}

Status PartitionWriter::WriteMark() {
  const auto write = [&]() -> Status {
    MR_TRY(file_->AppendMark(next_offset_, last_append_micros_));
    MR_TRY(file_->Flush());
    return Sync();
  };
  const Status status = write();
  if (!status && !health_.HasFailed()) static_cast<void>(file_->CutTo(good_position_));
  if (!status) return status;
  good_position_ = file_->position();
  Publish();
  return Ok();
}

// ----------------------------------------------------------------------------------------------- segments

Status PartitionWriter::RollIfDue(const TopicSettings& settings) {
  const bool is_old =
      first_micros_ && env_.clock->NowMicros() - *first_micros_ >= settings.segment_age_micros;
  return must_roll_ || is_old || file_->position() >= settings.segment_bytes ? Roll() : Ok();
}

Status PartitionWriter::Roll() {
  must_roll_ = true;
  if (file_->synced() < good_position_) {
    MR_TRY(Sync());
    Publish();
  }
  WriteIndex();
  const Participant identity = {partition_.topic().number(), static_cast<uint32_t>(partition_.index())};
  const SegmentHeader header =
      NewSegmentHeader(env_, identity, next_offset_, last_transaction_, last_append_micros_);
  MR_ASSIGN(file_, SegmentWriter::Create(env_, health_, folder_, header));
  must_roll_ = false;
  mark_due_micros_ = 0;
  first_micros_.reset();
  good_position_ = file_->position();
  partition_.ForgetLastIds();
  partition_.AddSegment(Segment{.path = file_->path(),
                                .salt = header.salt,
                                .index = SegmentIndex(next_offset_),
                                .bytes = good_position_,
                                .damage = {}});
  if (retention_enabled_.load(std::memory_order_relaxed))
    retention_due_micros_ = env_.clock->MonotonicMicros();
  return Ok();
}

// Derived: if it cannot be written it is made when the log is opened.
void PartitionWriter::WriteIndex() {
  const SegmentIndex index = partition_.LastIndex();
  const std::string path = IndexPath(folder_, index.base_offset());
  if (!env_.faults->Reach("log.index.write")) return;
  const Status written = env_.files->WriteAll(path, index.Encode(file_->salt(), good_position_));
  if (!written) static_cast<void>(env_.files->Remove(path));
}

void PartitionWriter::Retain(int64_t now_micros) {
  const bool is_enabled = retention_enabled_.load(std::memory_order_relaxed);
  const bool is_due = is_enabled && now_micros >= retention_due_micros_;
  if (is_due) {
    retention_due_micros_ = now_micros + limits::kLogRetentionMicros;
    const int64_t age = partition_.topic().settings().retention_age_micros;
    const bool is_expired = age > 0 && first_micros_ && last_append_micros_ < env_.clock->NowMicros() - age;
    // Otherwise the last records of a topic that gets no more would stay.
    if (is_expired) static_cast<void>(Roll());
  }
  while (std::optional<Segment> expired = partition_.TakeExpired(env_.clock->NowMicros(), is_due)) {
    if (RemoveSegment(*expired)) continue;
    if (!health_.HasFailed()) partition_.PutBack(std::move(*expired));
    return;
  }
}

// One at a time, each made durable, so that those that are left are one run of offsets whatever happens.
Status PartitionWriter::RemoveSegment(const Segment& segment) {
  MR_TRY(env_.faults->Reach("log.retention.remove"));
  const auto remove = [&](const std::string& path) -> Status {
    Status removed = env_.files->Remove(path);
    if (!removed && removed.error().code() == ErrorCode::kNoSuchFile) return Ok();
    return removed;
  };
  MR_TRY(remove(IndexPath(folder_, segment.index.base_offset())));
  MR_TRY(remove(segment.path));
  const auto make_durable = [&]() -> Status {
    MR_TRY(env_.faults->Reach("log.retention.removed"));
    MR_TRY(env_.files->SyncDir(folder_));
    return env_.faults->Reach("log.retention.synced");
  };
  Status durable = make_durable();
  if (!durable) health_.Fail(durable.error());
  return durable;
}

// ---------------------------------------------------------------------------------------------------- end

void PartitionWriter::FailAll() {
  const Status failed = health_.Check();
  MR_CHECK(!failed);
  if (transaction_) std::exchange(transaction_, nullptr)->Abandon(failed.error());
  for (Group group; partition_.TakeGroup(limits::kLogGroupBytes, &group), !group.empty(); group.clear()) {
    FailGroup(group, failed.error());
    if (transaction_) std::exchange(transaction_, nullptr)->Abandon(failed.error());
  }
}

void PartitionWriter::SetAlarm() {
  int64_t next = INT64_MAX;
  if (sync_due_micros_ != 0) next = std::min(next, sync_due_micros_);
  if (mark_due_micros_ != 0) next = std::min(next, mark_due_micros_);
  if (retention_enabled_.load(std::memory_order_relaxed)) next = std::min(next, retention_due_micros_);
  if (next != INT64_MAX) pool_.WakeAt(*this, next);
}

Status PartitionWriter::Finish() {
  if (health_.HasFailed() || transaction_ != nullptr) return health_.Check();
  if (file_->synced() < good_position_) {
    MR_TRY(Sync());
    Publish();
  }
  if (mark_due_micros_ != 0 && !must_roll_) static_cast<void>(WriteMark());
  return health_.Check();
}

void PartitionWriter::Abandon(const Error& reason) {
  std::deque<PendingAppend> left = partition_.Close(reason);
  if (transaction_ && !has_undone_) transaction_->Leave();
  transaction_.reset();
  for (PendingAppend& pending : left) {
    if (pending.transaction) {
      pending.transaction->PartWritten(pending.part, std::unexpected(reason));
      pending.transaction->Leave();
    } else {
      Answer(pending, std::unexpected(reason));
    }
  }
}

}  // namespace millrace::log
