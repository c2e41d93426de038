#include "state/merge_task.h"

#include <algorithm>
#include <utility>

#include "env/fault_points.h"
#include "state/shared_values.h"

namespace millrace::state {

struct MergeTask::Merge {
  std::vector<CheckpointFilePtr> files;
  std::vector<CheckpointFilePtr> older;  // files before them
  CheckpointVersionPtr version;          // as it was planned
  bool reaches_newest = false;
  CheckpointFileHead head;
  std::unique_ptr<CheckpointFileWriter> writer;

  std::vector<std::string> chapters;
  size_t next_chapter = 0;
  std::string chapter;
  std::unique_ptr<ChapterMerge> records;  // of `chapter`; null between chapters
  RecordBlock block;

  // Of the files that hold the chapter; in others what there is of it is void.
  std::vector<CheckpointFilePtr> Holding(std::span<const CheckpointFilePtr> of, std::string_view name) const {
    std::vector<CheckpointFilePtr> holding;
    for (const auto& file : of) {
      if (version->Holds(*file, name)) holding.push_back(file);
    }
    return holding;
  }
};

MergeTask::MergeTask(CheckpointSet& set, const CheckpointStoreOptions& options)
    : set_(set), options_(options) {}

MergeTask::~MergeTask() = default;

bool MergeTask::Run() {
  if (!merge_) return Start();
  if (!merge_->records && merge_->next_chapter == merge_->chapters.size()) {
    End(Finish());
    return true;
  }
  if (Status stepped = Step(); !stepped) {
    End(stepped);
    return false;
  }
  return true;
}

bool MergeTask::Start() {
  if (!set_.status()) return false;
  if (commits_to_wait_ > 0) {
    --commits_to_wait_;
    return false;
  }
  const CheckpointVersionPtr version = set_.version();
  std::vector<MergeCandidate> candidates;
  for (const auto& live : version->files) candidates.push_back({live.file->bytes(), live.garbage});
  const std::optional<MergeRange> range = PlanMerge(candidates, options_.merge);
  if (!range) return false;
  merge_ = std::make_unique<Merge>();
  merge_->version = version;
  merge_->reaches_newest = range->end == version->files.size();
  for (size_t i = 0; i < range->end; ++i) {
    (i < range->begin ? merge_->older : merge_->files).push_back(version->files[i].file);
  }
  merge_->head = {.number = set_.TakeFileNumber(),
                  .kind = CheckpointFileKind::kBase,
                  .first = merge_->files.front()->head().first,
                  .last = merge_->files.back()->head().last};
  for (const std::string& chapter : version->Chapters()) {
    if (!merge_->Holding(merge_->files, chapter).empty()) merge_->chapters.push_back(chapter);
  }
  return true;
}

Status MergeTask::Step() {
  if (!merge_->writer) {
    MR_TRY(set_.env().faults->Reach("state.merge_write.before"));
    MR_ASSIGN(merge_->writer,
              CheckpointFileWriter::Open(*set_.env().files, set_.folder(), merge_->head, options_.codec));
  }
  if (!merge_->records) return StartChapter();
  MR_ASSIGN(const bool has_block, merge_->records->Next(&merge_->block));
  if (has_block) return merge_->writer->AddBlock(merge_->chapter, merge_->block);
  merge_->records.reset();
  return Ok();
}

Status MergeTask::StartChapter() {
  merge_->chapter = merge_->chapters[merge_->next_chapter++];
  const std::vector<CheckpointFilePtr> files = merge_->Holding(merge_->files, merge_->chapter);
  const bool is_oldest = merge_->Holding(merge_->older, merge_->chapter).empty();
  MR_ASSIGN(std::vector<SharedValue> shared, ReadSharedValues(files, merge_->chapter));
  shared = is_oldest ? InForce(std::move(shared)) : WithoutReplaced(std::move(shared));
  std::ranges::stable_sort(shared, {}, &SharedValue::layer);
  for (auto begin = shared.begin(); begin != shared.end();) {
    const auto end =
        std::find_if(begin, shared.end(), [&](const auto& value) { return value.layer != begin->layer; });
    MR_TRY(merge_->writer->AddShared(merge_->chapter, begin->layer, EncodeShared({begin, end}).view()));
    begin = end;
  }
  merge_->records = std::make_unique<ChapterMerge>(
      files, merge_->chapter,
      ChapterMergeOptions{.is_oldest = is_oldest, .block_bytes = options_.block_bytes});
  return Ok();
}

Status MergeTask::Finish() {
  CheckpointFilePtr merged;
  if (merge_->writer && !merge_->writer->is_empty()) {
    MR_TRY(merge_->writer->Finish());
    MR_TRY(set_.Sync(*merge_->writer));
    MR_ASSIGN(merged,
              CheckpointFile::Open(*set_.env().files, set_.folder(), merge_->head, merge_->writer->size()));
    bytes_written_ += merged->bytes();
  }
  // What was known to be void is left out if all that made it so has been read; what became known meanwhile
  // is in.
  uint64_t garbage = 0;
  const CheckpointVersionPtr now = set_.version();
  for (const auto& live : now->files) {
    if (std::ranges::find(merge_->files, live.file) != merge_->files.end()) garbage += live.garbage;
  }
  if (merge_->reaches_newest) {
    for (const auto& live : merge_->version->files) {
      if (std::ranges::find(merge_->files, live.file) != merge_->files.end()) garbage -= live.garbage;
    }
  }
  return set_.CommitMerge(merge_->files, std::move(merged), garbage);
}

void MergeTask::End(const Status& status) {
  const std::string name = CheckpointFileName(merge_->head.number, merge_->head.kind);
  const bool in_force = status.has_value() && merge_->writer != nullptr && !merge_->writer->is_empty();
  merge_->writer.reset();
  // After a final error the file may be part of a commit that is in force after all.
  if (!in_force && set_.status()) set_.Discard(env::JoinPath(set_.folder(), name));
  set_.GiveBackFileNumber(merge_->head.number);
  merge_.reset();
  if (status) ++merges_;
  failures_ = status ? 0 : std::min(failures_ + 1, 11u);
  commits_to_wait_ = failures_ == 0 ? 0 : (uint64_t{1} << (failures_ - 1)) - 1;
  MutexLock lock(mutex_);
  last_error_ = status ? std::string() : status.error().ToString();
}

std::string MergeTask::last_error() const {
  MutexLock lock(mutex_);
  return last_error_;
}

}  // namespace millrace::state
