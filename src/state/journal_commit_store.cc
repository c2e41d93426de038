#include "state/journal_commit_store.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/fault_points.h"
#include "state/journal_record.h"

namespace millrace::state {
namespace {

constexpr std::string_view kFileName = "commit.journal";
constexpr std::string_view kNewFileName = "commit.journal.new";

// Written anew once it is longer than this, and than four times what is alive.
constexpr uint64_t kRewriteBytesMin = uint64_t{64} << 10;
constexpr uint64_t kRewriteFactor = 4;

std::string TwoRecords(uint64_t sequence, std::string_view payload) {
  std::string bytes;
  AppendJournalRecord(sequence, payload, &bytes);
  bytes += bytes;
  return bytes;
}

class JournalCommitStore final : public CommitStore {
 public:
  JournalCommitStore(const env::Env& env, std::string folder)
      : env_(env),
        folder_(std::move(folder)),
        path_(env::JoinPath(folder_, kFileName)),
        new_path_(env::JoinPath(folder_, kNewFileName)) {}

  Status Open() {
    MutexLock commit_lock(commit_mutex_);
    MR_TRY(env_.files->RemoveTree(new_path_));
    MR_ASSIGN(const bool exists, env_.files->Exists(path_));
    if (!exists) return WriteAnew(CommitEntries());
    MR_ASSIGN(const std::string bytes, env_.files->ReadAll(path_));
    MR_ASSIGN(JournalContents contents, ReadJournal(bytes, path_));
    sequence_ = contents.sequence;
    bytes_ = contents.good_bytes;
    // A last record of which there may be one copy only gets its second with the next commit.
    rewrite_next_ = contents.is_damaged;
    MR_ASSIGN(file_, env_.files->OpenWriteAt(path_, bytes_));
    if (bytes_ < bytes.size()) MR_TRY(file_->Sync());
    MutexLock lock(mutex_);
    entries_ = std::move(contents.entries);
    for (const auto& [key, value] : entries_) live_bytes_ += key.size() + value.size();
    return Ok();
  }

  Result<std::optional<std::string>> Get(std::string_view key) override {
    MutexLock lock(mutex_);
    if (death_) return std::unexpected(*death_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second;
  }

  Status Scan(std::string_view prefix, const Visitor& visit) override {
    std::vector<std::pair<std::string, std::string>> found;
    {
      MutexLock lock(mutex_);
      if (death_) return std::unexpected(*death_);
      for (auto entry = entries_.lower_bound(prefix);
           entry != entries_.end() && entry->first.starts_with(prefix); ++entry) {
        found.emplace_back(*entry);
      }
    }
    for (const auto& [key, value] : found) {
      if (!visit(key, value)) break;
    }
    return Ok();
  }

  Status Commit(const CommitBatch& batch) override {
    MR_TRY(CheckCommitLimits(batch));
    MutexLock commit_lock(commit_mutex_);
    CommitEntries entries;
    {
      MutexLock lock(mutex_);
      if (death_) return std::unexpected(*death_);
      entries = entries_;
    }
    const std::string payload = EncodeChanges(batch);
    if (!ApplyChanges(payload, &entries)) MR_UNREACHABLE();
    if (rewrite_next_ || bytes_ > std::max(kRewriteBytesMin, kRewriteFactor * live_bytes_)) {
      return WriteAnew(std::move(entries));
    }
    MR_TRY(Append(payload));
    Publish(std::move(entries));
    return Ok();
  }

 private:
  Status Append(std::string_view payload) MR_REQUIRES(commit_mutex_) {
    if (Status before = env_.faults->Reach("state.journal_append.before"); !before) {
      return GiveUp(std::move(before.error()));
    }
    const std::string bytes = TwoRecords(sequence_ + 1, payload);
    Status written = file_->Write(bytes);
    if (written) written = file_->Flush();
    if (!written) return TakeBack(std::move(written.error()));
    if (Status synced = file_->Sync(); !synced) return Die(synced.error());
    if (Status after = env_.faults->Reach("state.journal_append.after"); !after) return Die(after.error());
    ++sequence_;
    bytes_ += bytes.size();
    return Ok();
  }

  // Cuts off what was written of a record, and makes sure of that: if it came back after a crash, a
  // transaction would be in force that was said to have failed.
  Status TakeBack(Error error) MR_REQUIRES(commit_mutex_) {
    file_.reset();
    auto reopened = env_.files->OpenWriteAt(path_, bytes_);
    if (!reopened) return Die(reopened.error());
    file_ = std::move(*reopened);
    if (Status synced = file_->Sync(); !synced) return Die(synced.error());
    return GiveUp(std::move(error));
  }

  // The rename is the commit.
  Status WriteAnew(CommitEntries entries) MR_REQUIRES(commit_mutex_) {
    if (Status before = env_.faults->Reach("state.journal_rewrite.before"); !before) {
      return GiveUp(std::move(before.error()));
    }
    const uint64_t sequence = sequence_ + 1;
    const std::string bytes = JournalHead(sequence) + TwoRecords(sequence, EncodeEntries(entries));
    if (Status written = WriteNewFile(bytes); !written) {
      static_cast<void>(env_.files->RemoveTree(new_path_));
      return GiveUp(std::move(written.error()));
    }
    file_.reset();
    Status renamed = env_.files->Rename(new_path_, path_);
    if (renamed) renamed = env_.faults->Reach("state.journal_rewrite.renamed");
    if (renamed) renamed = env_.files->SyncDir(folder_);
    if (renamed) renamed = env_.faults->Reach("state.journal_rewrite.after");
    if (!renamed) return Die(renamed.error());
    auto reopened = env_.files->OpenWriteAt(path_, bytes.size());
    if (!reopened) return Die(reopened.error());
    file_ = std::move(*reopened);
    sequence_ = sequence;
    bytes_ = bytes.size();
    rewrite_next_ = false;
    Publish(std::move(entries));
    return Ok();
  }

  Status WriteNewFile(const std::string& bytes) {
    MR_ASSIGN(const auto file, env_.files->OpenWrite(new_path_, env::WriteMode::kTruncate));
    MR_TRY(file->Write(bytes));
    MR_TRY(file->Flush());
    MR_TRY(env_.faults->Reach("state.journal_rewrite.written"));
    if (Status synced = file->Sync(); !synced) return std::unexpected(AsFinal(synced.error()));
    return file->Close();
  }

  void Publish(CommitEntries entries) MR_REQUIRES(commit_mutex_) {
    uint64_t live_bytes = 0;
    for (const auto& [key, value] : entries) live_bytes += key.size() + value.size();
    live_bytes_ = live_bytes;
    MutexLock lock(mutex_);
    entries_ = std::move(entries);
  }

  // Nothing has changed.
  std::unexpected<Error> GiveUp(Error error) {
    if (error.code() != ErrorCode::kDiskFull) return Die(error);
    return std::unexpected(std::move(error));
  }
  std::unexpected<Error> Die(const Error& error) {
    MutexLock lock(mutex_);
    if (!death_) death_ = AsFinal(error);
    return std::unexpected(*death_);
  }

  const env::Env env_;
  const std::string folder_;
  const std::string path_;
  const std::string new_path_;

  Mutex commit_mutex_;  // taken before mutex_; held while the disk works
  std::unique_ptr<env::WritableFile> file_ MR_GUARDED_BY(commit_mutex_);
  uint64_t sequence_ MR_GUARDED_BY(commit_mutex_) = 0;
  uint64_t bytes_ MR_GUARDED_BY(commit_mutex_) = 0;
  uint64_t live_bytes_ MR_GUARDED_BY(commit_mutex_) = 0;
  bool rewrite_next_ MR_GUARDED_BY(commit_mutex_) = false;

  Mutex mutex_;
  CommitEntries entries_ MR_GUARDED_BY(mutex_);
  std::optional<Error> death_ MR_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<CommitStore>> OpenJournalCommitStore(const env::Env& env, const std::string& folder) {
  auto store = std::make_unique<JournalCommitStore>(env, folder);
  MR_TRY(store->Open());
  return store;
}

}  // namespace millrace::state
