#include "state/checkpoint_set.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "env/fault_points.h"

namespace millrace::state {
namespace {

// The number in the name of a checkpoint file, of whichever kind; absent if it is another name.
std::optional<uint64_t> NumberIn(std::string_view name) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  for (const CheckpointFileKind kind : {CheckpointFileKind::kDelta, CheckpointFileKind::kBase}) {
    if (name == CheckpointFileName(number, kind)) return number;
  }
  return std::nullopt;
}

CheckpointManifest ManifestOf(const CheckpointVersion& version, uint64_t next_file) {
  CheckpointManifest manifest;
  manifest.number = version.number;
  manifest.next_file = next_file;
  for (const auto& live : version.files) {
    manifest.files.push_back({live.file->head(), live.file->bytes(), live.garbage});
    manifest.next_file = std::max(manifest.next_file, live.file->head().number + 1);
  }
  manifest.dropped = version.dropped;
  return manifest;
}

// Stored bytes of the chapter in this file for each raw byte of its records.
double StoredShare(const ChapterIndex& chapter) {
  uint64_t raw = chapter.small_space_bytes;
  for (const auto& [space, bytes] : chapter.large_spaces) raw += bytes;
  return raw == 0 ? 0 : static_cast<double>(chapter.bytes) / static_cast<double>(raw);
}

uint64_t DroppedBytes(const ChapterIndex& chapter, const std::vector<DeltaEffects::Drop>& drops) {
  double bytes = 0;
  const double small = chapter.small_spaces == 0 ? 0
                                                 : static_cast<double>(chapter.small_space_bytes) /
                                                       static_cast<double>(chapter.small_spaces);
  for (const DeltaEffects::Drop& drop : drops) {
    const auto large = chapter.large_spaces.find(drop.space);
    bytes += (large == chapter.large_spaces.end() ? small : static_cast<double>(large->second)) / drop.shards;
  }
  return static_cast<uint64_t>(bytes * StoredShare(chapter));
}

void AddGarbage(uint64_t bytes, CheckpointVersion::Live* live) {
  live->garbage = std::min(live->garbage + bytes, live->file->bytes());
}

// Estimates what the checkpoint makes void in the files before it.
void AccountFor(const DeltaEffects& effects, CheckpointVersion* version) {
  for (auto& live : version->files) {
    for (const auto& [chapter, drops] : effects.drops) {
      const ChapterIndex* index = live.file->index().Find(chapter);
      if (index != nullptr) AddGarbage(DroppedBytes(*index, drops), &live);
    }
    for (const std::string& chapter : effects.dropped_chapters) {
      if (!version->Holds(*live.file, chapter)) continue;
      AddGarbage(live.file->index().Find(chapter)->bytes, &live);
    }
  }
  for (const auto& [chapter, removes] : effects.removes) {
    // Where most of the chapter is, most of what was removed is.
    CheckpointVersion::Live* most = nullptr;
    uint64_t most_bytes = 0;
    for (auto& live : version->files) {
      const ChapterIndex* index = live.file->index().Find(chapter);
      if (index == nullptr || index->puts == 0 || index->bytes <= most_bytes) continue;
      most = &live;
      most_bytes = index->bytes;
    }
    if (most == nullptr) continue;
    AddGarbage(removes * (most_bytes / most->file->index().Find(chapter)->puts), most);
  }
}

// A chapter stays noted as dropped while a file still has something of it from before.
void ForgetDropped(CheckpointVersion* version) {
  std::erase_if(version->dropped, [&](const auto& dropped) {
    return std::ranges::none_of(version->files, [&](const auto& live) {
      return live.file->head().last < dropped.second && live.file->index().Find(dropped.first) != nullptr;
    });
  });
}

}  // namespace

bool CheckpointVersion::Holds(const CheckpointFile& file, std::string_view chapter) const {
  if (file.index().Find(chapter) == nullptr) return false;
  const auto drop = dropped.find(chapter);
  return drop == dropped.end() || file.head().last >= drop->second;
}

std::vector<CheckpointFilePtr> CheckpointVersion::FilesOf(std::string_view chapter) const {
  std::vector<CheckpointFilePtr> found;
  for (const Live& live : files) {
    if (Holds(*live.file, chapter)) found.push_back(live.file);
  }
  return found;
}

std::vector<std::string> CheckpointVersion::Chapters() const {
  std::set<std::string> names;
  for (const Live& live : files) {
    for (const auto& [name, chapter] : live.file->index().chapters) {
      if (Holds(*live.file, name)) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

CheckpointSet::CheckpointSet(const env::Env& env, CommitStore& commits, std::string folder)
    : env_(env),
      commits_(commits),
      folder_(std::move(folder)),
      version_(std::make_shared<CheckpointVersion>()) {}

Status CheckpointSet::Open() {
  MR_TRY(env_.files->MakeDirs(folder_));
  MR_TRY(env_.files->SyncDir(env::DirName(folder_)));
  MR_ASSIGN(const std::optional<std::string> bytes, commits_.Get(kManifestKey));
  if (bytes) {
    MR_ASSIGN(const CheckpointManifest manifest, DecodeManifest(*bytes));
    MR_TRY(OpenFiles(manifest));
  }
  return RemoveLeftovers(bytes.has_value());
}

Status CheckpointSet::OpenFiles(const CheckpointManifest& manifest) {
  auto version = std::make_shared<CheckpointVersion>();
  version->number = manifest.number;
  version->dropped = manifest.dropped;
  for (const ManifestFile& file : manifest.files) {
    auto opened = CheckpointFile::Open(*env_.files, folder_, file.head, file.bytes);
    if (!opened) {
      return std::unexpected(opened.error().Within(
          fmt::format("checkpoint {} cannot be read, of which this file is a part", manifest.number)));
    }
    version->files.push_back({std::move(*opened), file.garbage});
  }
  MutexLock lock(mutex_);
  version_ = std::move(version);
  next_file_ = manifest.next_file;
  return Ok();
}

Status CheckpointSet::RemoveLeftovers(bool has_manifest) {
  std::set<std::string> named;
  for (const auto& live : version()->files) named.insert(env::BaseName(live.file->path()));
  MR_ASSIGN(const std::vector<env::DirEntry> entries, env_.files->List(folder_));
  std::vector<std::string> leftovers;
  for (const env::DirEntry& entry : entries) {
    const auto number = NumberIn(entry.name);
    if (!number || named.contains(entry.name)) continue;
    leftovers.push_back(env::JoinPath(folder_, entry.name));
    // Before the first commit there is no other file than the first: that nothing was committed cannot be
    // true.
    if (!has_manifest && *number != 1) {
      return Fail(ErrorCode::kDataCorrupted,
                  fmt::format("the commit store knows no checkpoint, but '{}' is there", leftovers.back()),
                  "the commit store has been lost or replaced: restore it from a copy");
    }
  }
  for (const std::string& path : leftovers) {
    MR_TRY(env_.faults->Reach("state.leftover_remove.before"));
    MR_TRY(env_.files->Remove(path));
    MR_TRY(env_.faults->Reach("state.leftover_remove.after"));
  }
  return leftovers.empty() ? Ok() : env_.files->SyncDir(folder_);
}

CheckpointVersionPtr CheckpointSet::version() const {
  MutexLock lock(mutex_);
  return version_;
}

Status CheckpointSet::status() const {
  MutexLock lock(mutex_);
  if (death_) return std::unexpected(*death_);
  return Ok();
}

std::unexpected<Error> CheckpointSet::Die(const Error& error) {
  MutexLock lock(mutex_);
  if (!death_) death_ = AsFinal(error);
  return std::unexpected(*death_);
}

uint64_t CheckpointSet::TakeFileNumber() {
  MutexLock lock(mutex_);
  uint64_t number = next_file_;
  while (files_being_written_.contains(number)) ++number;
  files_being_written_.insert(number);
  return number;
}

void CheckpointSet::GiveBackFileNumber(uint64_t number) {
  MutexLock lock(mutex_);
  files_being_written_.erase(number);
}

Status CheckpointSet::Sync(CheckpointFileWriter& writer) {
  Status done = env_.faults->Reach("state.file_sync.before");
  if (done) done = writer.Sync();
  if (done) done = env_.faults->Reach("state.file_sync.synced");
  if (done) done = env_.files->SyncDir(folder_);
  if (done) done = env_.faults->Reach("state.file_sync.after");
  if (!done) return Die(done.error());
  return Ok();
}

Status CheckpointSet::Commit(std::shared_ptr<CheckpointVersion> version, CommitBatch batch) {
  MR_TRY(status());
  ForgetDropped(version.get());
  uint64_t next_file;
  {
    MutexLock lock(mutex_);
    next_file = next_file_;
  }
  const CheckpointManifest manifest = ManifestOf(*version, next_file);
  batch.Put(kManifestKey, EncodeManifest(manifest));
  if (Status committed = commits_.Commit(batch); !committed) {
    const ErrorCode code = committed.error().code();
    if (code == ErrorCode::kDiskFull || code == ErrorCode::kProgramLimitExceeded) return committed;
    return Die(committed.error());
  }
  MutexLock lock(mutex_);
  next_file_ = manifest.next_file;
  version_ = std::move(version);
  return Ok();
}

Status CheckpointSet::CommitDelta(uint64_t number, CheckpointFilePtr file, const DeltaEffects& effects,
                                  CommitBatch batch) {
  MutexLock commit_lock(commit_mutex_);
  auto next = std::make_shared<CheckpointVersion>(*version());
  MR_CHECK_LT(next->number, number);
  next->number = number;
  AccountFor(effects, next.get());
  for (const std::string& chapter : effects.dropped_chapters) next->dropped[chapter] = number;
  if (file) next->files.push_back({std::move(file), 0});
  return Commit(std::move(next), std::move(batch));
}

Status CheckpointSet::CommitMerge(std::span<const CheckpointFilePtr> files, CheckpointFilePtr merged,
                                  uint64_t garbage) {
  {
    MutexLock commit_lock(commit_mutex_);
    auto next = std::make_shared<CheckpointVersion>(*version());
    const auto first = std::ranges::find(next->files, files[0], &CheckpointVersion::Live::file);
    MR_CHECK(first != next->files.end());
    for (size_t i = 0; i < files.size(); ++i) MR_CHECK((first + static_cast<ptrdiff_t>(i))->file == files[i]);
    const auto place = next->files.erase(first, first + static_cast<ptrdiff_t>(files.size()));
    if (merged) next->files.insert(place, {merged, std::min(garbage, merged->bytes())});
    MR_TRY(Commit(std::move(next), CommitBatch()));
  }
  for (const CheckpointFilePtr& file : files) Discard(file->path());
  return Ok();
}

void CheckpointSet::Discard(const std::string& path) {
  // What cannot be removed now is at the next start.
  if (!env_.faults->Reach("state.file_remove.before")) return;
  if (!env_.files->Remove(path)) return;
  static_cast<void>(env_.faults->Reach("state.file_remove.after"));
}

}  // namespace millrace::state
