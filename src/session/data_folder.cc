#include "session/data_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "env/private_dir.h"
#include "state/journal_commit_store.h"
#include "state/lmdb_commit_store.h"

namespace millrace::session {
namespace {

constexpr const char* kVersionFile = "MILLRACE";
constexpr const char* kNewVersionFile = "MILLRACE.new";
constexpr const char* kLockFile = "lock";
constexpr std::string_view kVersionLine = "millrace data folder, version ";
constexpr int kVersion = 1;
constexpr size_t kDamageToldMax = 10;

// What may be in a folder that is still to be made a data folder: what an attempt that was cut off has left,
// and what a file system has at its root.
bool IsLeftover(const std::string& name) {
  return name == kLockFile || name == kNewVersionFile || name == "lost+found";
}

}  // namespace

Result<std::unique_ptr<DataFolder>> DataFolder::Open(const env::Env& env, DataFolderOptions options) {
  std::unique_ptr<DataFolder> folder(new DataFolder(env, std::move(options)));
  Status opened = folder->OpenAll();
  if (opened.has_value()) return folder;
  return std::unexpected(opened.error().Within(fmt::format("data folder '{}'", folder->path())));
}

Status DataFolder::OpenAll() {
  env::Files& files = *env_.files;
  MR_ASSIGN(const bool exists, files.Exists(options_.path));
  if (exists) MR_TRY(CheckOwnership());  // before anything is put into what may be another's
  MR_ASSIGN(const bool was_made, files.Exists(PathOf(kVersionFile)));
  if (!was_made) MR_TRY(MakeFolder());
  Result<std::unique_ptr<env::FileLock>> lock = files.Lock(PathOf(kLockFile));
  if (!lock.has_value()) {
    if (lock.error().code() != ErrorCode::kObjectInUse) return std::unexpected(lock.error());
    return std::unexpected(lock.error().WithHint("stop that process, or name another folder with --data"));
  }
  lock_ = std::move(*lock);
  MR_ASSIGN(const bool has_version, CheckVersion());
  is_new_ = !has_version;
  if (is_new_) {
    MR_TRY(CheckOwnership());  // nobody has put anything into it meanwhile
    MR_TRY(WriteVersion());
  }

  MR_ASSIGN(commits_, options_.journal ? state::OpenJournalCommitStore(env_, options_.path)
                                       : state::OpenLmdbCommitStore(env_, options_.path));
  state::CheckpointStoreOptions checkpoints;
  checkpoints.folder = PathOf("state");
  MR_ASSIGN(checkpoints_, state::CheckpointStore::Open(env_, *commits_, std::move(checkpoints)));
  log::Log::Options log;
  log.folder = PathOf("log");
  log.metrics = options_.metrics;
  log.on_failure = options_.on_failure;
  MR_ASSIGN(log_, log::Log::Open(env_, std::move(log)));

  const std::vector<log::Damage> damage = log_->damage();
  for (const log::Damage& lost : damage) {
    if (notices_.size() == kDamageToldMax) {
      notices_.push_back(fmt::format("... and {} more", damage.size() - kDamageToldMax));
      break;
    }
    notices_.push_back(fmt::format("data folder '{}': {}", options_.path, lost.ToError().ToString()));
  }
  return {};
}

// The folder and those above it, of which a power loss leaves none or all.
Status DataFolder::MakeFolder() {
  env::Files& files = *env_.files;
  std::string_view path = options_.path;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string> to_sync;
  for (std::string made(path); made != "/" && made != ".";) {
    MR_ASSIGN(const bool exists, files.Exists(made));
    if (exists) break;
    made = env::DirName(made);
    to_sync.push_back(made);
  }
  MR_TRY(env::MakePrivateDir(files, std::string(path)));
  for (const std::string& parent : to_sync) MR_TRY(files.SyncDir(parent));
  return {};
}

// A folder that has no version must be empty, so that nobody's files are mixed with ours.
Status DataFolder::CheckOwnership() {
  MR_ASSIGN(const env::FileInfo info, env_.files->Stat(options_.path));
  if (!info.is_directory) {
    return Fail(ErrorCode::kInvalidParameter, "it is a file, not a folder", "name a folder with --data");
  }
  MR_ASSIGN(const std::vector<env::DirEntry> entries, env_.files->List(options_.path));
  if (std::ranges::find(entries, kVersionFile, &env::DirEntry::name) != entries.end()) return {};
  for (const env::DirEntry& entry : entries) {
    if (IsLeftover(entry.name)) continue;
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("it is no data folder of Millrace, and not empty: there is '{}'", entry.name),
                "name an empty folder, or one that is not there yet");
  }
  return {};
}

Result<bool> DataFolder::CheckVersion() {
  MR_ASSIGN(const bool exists, env_.files->Exists(PathOf(kVersionFile)));
  if (!exists) return false;
  MR_ASSIGN(std::string text, env_.files->ReadAll(PathOf(kVersionFile)));
  std::string_view rest = text;
  int version = 0;
  bool is_read = rest.starts_with(kVersionLine) && rest.ends_with('\n');
  if (is_read) {
    rest.remove_prefix(kVersionLine.size());
    rest.remove_suffix(1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), version);
    is_read = error == std::errc() && end == rest.data() + rest.size();
  }
  if (!is_read) {
    return Fail(ErrorCode::kDataCorrupted, fmt::format("the file '{}' does not name a version", kVersionFile),
                "restore the folder from a copy");
  }
  if (version == kVersion) return true;
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("it is of version {}, this Millrace reads version {}", version, kVersion),
              version > kVersion ? "use the newer Millrace that wrote it" : "use the Millrace that wrote it");
}

Status DataFolder::WriteVersion() {
  env::Files& files = *env_.files;
  if (const auto there = files.Exists(PathOf(kNewVersionFile)); there.has_value() && *there) {
    MR_TRY(files.Remove(PathOf(kNewVersionFile)));
  }
  MR_ASSIGN(auto file, files.OpenWrite(PathOf(kNewVersionFile), env::WriteMode::kCreatePrivate));
  MR_TRY(file->Write(fmt::format("{}{}\n", kVersionLine, kVersion)));
  MR_TRY(file->Sync());
  MR_TRY(file->Close());
  MR_TRY(files.Rename(PathOf(kNewVersionFile), PathOf(kVersionFile)));
  return files.SyncDir(options_.path);
}

Status DataFolder::status() const {
  MR_TRY(checkpoints_->status());
  return log_->health();
}

}  // namespace millrace::session
