#include "state/delta_task.h"

#include <algorithm>

#include "base/check.h"
#include "env/fault_points.h"

namespace millrace::state {

void DeltaRequest::Add(const std::string& chapter, SavedRecordsPtr records) {
  MutexLock lock(mutex_);
  MR_CHECK(phase_ == Phase::kOpen);
  buffers_.emplace_back(chapter, std::move(records));
}

void DeltaRequest::DropChapter(const std::string& chapter) {
  MutexLock lock(mutex_);
  MR_CHECK(phase_ == Phase::kOpen);
  dropped_chapters_.insert(chapter);
}

void DeltaRequest::Commit(CommitBatch metadata, std::function<void(Status)> done) {
  MutexLock lock(mutex_);
  MR_CHECK(phase_ == Phase::kOpen);
  metadata_ = std::move(metadata);
  done_ = std::move(done);
  phase_ = Phase::kToCommit;
}

void DeltaRequest::GiveUp() {
  MutexLock lock(mutex_);
  if (phase_ == Phase::kOpen) phase_ = Phase::kGivenUp;
}

DeltaRequest::Step DeltaRequest::Next() {
  MutexLock lock(mutex_);
  Step step{phase_, std::nullopt};
  if (!buffers_.empty() && phase_ != Phase::kGivenUp) {
    step.buffer = std::move(buffers_.front());
    buffers_.pop_front();
  }
  return step;
}

std::set<std::string> DeltaRequest::TakeDroppedChapters() {
  MutexLock lock(mutex_);
  return std::exchange(dropped_chapters_, {});
}

CommitBatch DeltaRequest::TakeMetadata() {
  MutexLock lock(mutex_);
  return std::exchange(metadata_, {});
}

std::function<void(Status)> DeltaRequest::TakeDone() {
  MutexLock lock(mutex_);
  return std::exchange(done_, nullptr);
}

std::shared_ptr<DeltaRequest> DeltaTask::Begin(uint64_t number) {
  MutexLock lock(mutex_);
  if (request_) return nullptr;
  request_ = std::make_shared<DeltaRequest>(number);
  return request_;
}

std::shared_ptr<DeltaRequest> DeltaTask::Current() {
  MutexLock lock(mutex_);
  return request_;
}

bool DeltaTask::Run() {
  const std::shared_ptr<DeltaRequest> request = Current();
  if (!request) return false;
  DeltaRequest::Step step = request->Next();
  if (step.phase == DeltaRequest::Phase::kGivenUp) {
    End(*request, Fail(ErrorCode::kCancelled, "the checkpoint was given up"));
    return false;
  }
  if (step.buffer) {
    checkpoint_ = request->number();
    if (failure_) failure_ = Take(step.buffer->first, std::move(step.buffer->second));
    return true;
  }
  if (step.phase == DeltaRequest::Phase::kOpen) return false;
  checkpoint_ = request->number();
  if (failure_ && !sorters_.empty()) {
    failure_ = WriteLargest();
    return true;
  }
  End(*request, failure_ ? Finish(*request) : failure_);
  return false;
}

void DeltaTask::Stop() {
  const std::shared_ptr<DeltaRequest> request = Current();
  if (request) End(*request, Fail(ErrorCode::kCancelled, "the checkpoint was given up: the store is closed"));
}

Status DeltaTask::Take(const std::string& chapter, SavedRecordsPtr records) {
  const StateBuffer& buffer = records->Buffer();
  if (buffer.is_empty()) return Ok();
  ChapterSorter& sorter = sorters_[chapter];
  memory_bytes_ -= sorter.memory_bytes();
  if (Status added = sorter.Add(StateBufferPtr(std::move(records), &buffer)); !added) {
    return std::unexpected(added.error().Within("chapter '" + chapter + "'"));
  }
  memory_bytes_ += sorter.memory_bytes();
  return memory_bytes_ < options_.run_bytes ? Ok() : WriteLargest();
}

Status DeltaTask::WriteLargest() {
  const auto largest =
      std::ranges::max_element(sorters_, {}, [](const auto& sorter) { return sorter.second.memory_bytes(); });
  memory_bytes_ -= largest->second.memory_bytes();
  MR_TRY(WriteRun(largest->first, largest->second));
  sorters_.erase(largest);
  return Ok();
}

Status DeltaTask::EnsureFile() {
  if (writer_) return Ok();
  MR_TRY(set_.status());
  MR_TRY(set_.env().faults->Reach("state.delta_write.before"));
  file_number_ = set_.TakeFileNumber();
  const CheckpointFileHead head{file_number_, CheckpointFileKind::kDelta, checkpoint_, checkpoint_};
  MR_ASSIGN(writer_, CheckpointFileWriter::Open(*set_.env().files, set_.folder(), head, options_.codec));
  return Ok();
}

Status DeltaTask::WriteRun(const std::string& chapter, ChapterSorter& sorter) {
  MR_TRY(EnsureFile());
  for (auto& [space, shards] : sorter.Drops()) effects_.drops[chapter].push_back({space, shards});
  writer_->StartRun(chapter);
  MR_TRY(sorter.Drain(options_.block_bytes, [&](RecordBlock& block) {
    effects_.removes[chapter] += block.removes();
    return writer_->AddBlock(chapter, block);
  }));
  const StateBuffer shared = sorter.TakeShared();
  if (shared.is_empty()) return Ok();
  return writer_->AddShared(chapter, checkpoint_, shared.view());
}

Status DeltaTask::Finish(DeltaRequest& request) {
  MR_TRY(set_.status());
  CheckpointFilePtr file;
  if (writer_) {
    MR_TRY(writer_->Finish());
    MR_TRY(set_.Sync(*writer_));
    const CheckpointFileHead head{file_number_, CheckpointFileKind::kDelta, checkpoint_, checkpoint_};
    MR_ASSIGN(file, CheckpointFile::Open(*set_.env().files, set_.folder(), head, writer_->size()));
    bytes_written_ += writer_->size();
  }
  effects_.dropped_chapters = request.TakeDroppedChapters();
  CommitBatch batch;
  const CommitBatch metadata = request.TakeMetadata();
  for (const CommitBatch::Change& change : metadata.changes()) {
    const std::string key = std::string(kMetadataPrefix) + change.key;
    if (change.value) {
      batch.Put(key, *change.value);
    } else {
      batch.Delete(key);
    }
  }
  return set_.CommitDelta(checkpoint_, std::move(file), effects_, std::move(batch));
}

void DeltaTask::End(DeltaRequest& request, Status status) {
  // After a final error the file may be part of a commit that is in force after all.
  const bool keep_file = status.has_value() || !set_.status();
  writer_.reset();
  if (file_number_ != 0) {
    const std::string name = CheckpointFileName(file_number_, CheckpointFileKind::kDelta);
    if (!keep_file) set_.Discard(env::JoinPath(set_.folder(), name));
    set_.GiveBackFileNumber(file_number_);
  }
  file_number_ = 0;
  failure_ = Ok();
  sorters_.clear();
  memory_bytes_ = 0;
  effects_ = {};
  {
    MutexLock lock(mutex_);
    request_.reset();
  }
  if (status && committed_) committed_();
  if (const auto done = request.TakeDone()) done(std::move(status));
}

}  // namespace millrace::state
