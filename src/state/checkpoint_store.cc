#include "state/checkpoint_store.h"

#include <fmt/core.h>

#include <utility>

#include "base/check.h"
#include "state/chapter_source.h"
#include "state/checkpoint_set.h"
#include "state/delta_task.h"
#include "state/merge_task.h"

namespace millrace::state {
namespace {

class Builder final : public CheckpointBuilder {
 public:
  Builder(std::shared_ptr<DeltaRequest> request, env::WorkerPool& pool, DeltaTask& task)
      : request_(std::move(request)), pool_(pool), task_(task) {}
  ~Builder() override {
    request_->GiveUp();
    pool_.Wake(task_);
  }

  void Add(const std::string& chapter, SavedRecordsPtr records) override {
    request_->Add(chapter, std::move(records));
    pool_.Wake(task_);
  }
  void DropChapter(const std::string& chapter) override { request_->DropChapter(chapter); }
  void Commit(CommitBatch metadata, std::function<void(Status)> done) override {
    request_->Commit(std::move(metadata), std::move(done));
    pool_.Wake(task_);
  }

 private:
  const std::shared_ptr<DeltaRequest> request_;
  env::WorkerPool& pool_;
  DeltaTask& task_;
};

class CheckpointStoreImpl final : public CheckpointStore {
 public:
  CheckpointStoreImpl(const env::Env& env, CommitStore& commits, const CheckpointStoreOptions& options)
      : options_(options),
        set_(env, commits, options.folder),
        pool_(env.executor->MakePool("checkpoint", 2)),
        merge_task_(set_, options),
        delta_task_(set_, options, [this] { pool_->Wake(merge_task_); }) {}

  ~CheckpointStoreImpl() override {
    pool_->Retire(delta_task_);
    pool_->Retire(merge_task_);
    delta_task_.Stop();
  }

  Status Open() {
    MR_TRY(set_.Open());
    pool_->Wake(merge_task_);
    return Ok();
  }

  uint64_t number() const override { return set_.version()->number; }
  std::vector<std::string> Chapters() const override { return set_.version()->Chapters(); }

  Result<std::optional<std::string>> Metadata(std::string_view key) override {
    return set_.commits().Get(std::string(kMetadataPrefix) + std::string(key));
  }
  Status ScanMetadata(std::string_view prefix, const CommitStore::Visitor& visit) override {
    return set_.commits().Scan(std::string(kMetadataPrefix) + std::string(prefix),
                               [&](std::string_view key, std::string_view value) {
                                 return visit(key.substr(kMetadataPrefix.size()), value);
                               });
  }

  std::unique_ptr<StateSource> ReadChapter(const std::string& chapter, uint32_t shard,
                                           uint32_t shards) override {
    MR_CHECK_LT(shard, shards);
    return std::make_unique<ChapterSource>(set_.version()->FilesOf(chapter), chapter, shard, shards,
                                           options_.block_bytes);
  }

  Result<std::unique_ptr<CheckpointBuilder>> Begin(uint64_t number) override {
    MR_TRY(set_.status());
    if (number <= set_.version()->number) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("checkpoint {} cannot follow checkpoint {}", number, set_.version()->number));
    }
    auto request = delta_task_.Begin(number);
    if (!request) {
      return Fail(ErrorCode::kObjectInUse,
                  fmt::format("checkpoint {} cannot be made while another is being made", number));
    }
    return std::make_unique<Builder>(std::move(request), *pool_, delta_task_);
  }

  CheckpointStats Stats() const override {
    const CheckpointVersionPtr version = set_.version();
    CheckpointStats stats;
    stats.number = version->number;
    stats.files = version->files.size();
    for (const auto& live : version->files) {
      stats.bytes += live.file->bytes();
      stats.garbage_bytes += live.garbage;
    }
    stats.merges = merge_task_.merges();
    stats.delta_bytes_written = delta_task_.bytes_written();
    stats.merge_bytes_written = merge_task_.bytes_written();
    stats.merge_error = merge_task_.last_error();
    return stats;
  }
  Status status() const override { return set_.status(); }

 private:
  const CheckpointStoreOptions options_;
  CheckpointSet set_;
  const std::unique_ptr<env::WorkerPool> pool_;
  MergeTask merge_task_;
  DeltaTask delta_task_;
};

}  // namespace

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::Open(const env::Env& env, CommitStore& commits,
                                                               CheckpointStoreOptions options) {
  auto store = std::make_unique<CheckpointStoreImpl>(env, commits, options);
  MR_TRY(store->Open());
  return store;
}

}  // namespace millrace::state
