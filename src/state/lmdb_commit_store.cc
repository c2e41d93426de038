#include "state/lmdb_commit_store.h"

#include <fmt/core.h>
#include <lmdb.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/fault_points.h"

namespace millrace::state {
namespace {

constexpr std::string_view kFileName = "commit.lmdb";
constexpr std::string_view kNewFileName = "commit.lmdb.new";
constexpr std::string_view kLockSuffix = "-lock";  // LMDB's own
constexpr size_t kChecksumBytes = 4;

// A write that a full disk cuts short is EIO to LMDB. What may be free then, beside what the transaction
// needs.
constexpr uint64_t kFullDiskBytes = uint64_t{4} << 20;

bool IsDiskFull(int code) {
  return code == ENOSPC || code == EDQUOT || code == MDB_MAP_FULL;
}

std::unexpected<Error> LmdbError(std::string_view action, const std::string& path, int code) {
  if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID) {
    return Fail(ErrorCode::kDataCorrupted,
                fmt::format("cannot {} '{}': {}", action, path, mdb_strerror(code)),
                "the data folder has to be restored from a copy");
  }
  if (IsDiskFull(code)) {
    return Fail(ErrorCode::kDiskFull, fmt::format("cannot {} '{}': {}", action, path, mdb_strerror(code)),
                "free some space on the device of the data folder");
  }
  return Fail(ErrorCode::kIoError, fmt::format("cannot {} '{}': {}", action, path, mdb_strerror(code)));
}

MDB_val ToVal(std::string_view bytes) {
  return MDB_val{bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view ToView(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

uint32_t ChecksumOf(std::string_view key, std::string_view value) {
  return ExtendCrc32c(Crc32c(key), value);
}

struct EnvDeleter {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};
using EnvPtr = std::unique_ptr<MDB_env, EnvDeleter>;

// Aborts unless it has been committed.
class Transaction {
 public:
  Transaction() = default;
  ~Transaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  int Begin(MDB_env* env, unsigned flags) { return mdb_txn_begin(env, nullptr, flags, &txn_); }
  int Commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }
  MDB_txn* get() const { return txn_; }

 private:
  MDB_txn* txn_ = nullptr;
};

class Cursor {
 public:
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  int Open(MDB_txn* txn, MDB_dbi dbi) { return mdb_cursor_open(txn, dbi, &cursor_); }
  int Get(MDB_val* key, MDB_val* value, MDB_cursor_op op) { return mdb_cursor_get(cursor_, key, value, op); }

 private:
  MDB_cursor* cursor_ = nullptr;
};

// Counts readers, so that they are never more than LMDB has slots for, and lets the map be moved when there
// are none.
class ReaderGate {
 public:
  void Enter() {
    MutexLock lock(mutex_);
    while (closed_ || readers_ == limits::kCommitReadersMax) changed_.Wait(mutex_);
    ++readers_;
  }
  void Leave() {
    MutexLock lock(mutex_);
    --readers_;
    changed_.NotifyAll();
  }
  // Keeps new readers out and waits for those within.
  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    while (readers_ > 0) changed_.Wait(mutex_);
  }
  void Open() {
    MutexLock lock(mutex_);
    closed_ = false;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  size_t readers_ MR_GUARDED_BY(mutex_) = 0;
  bool closed_ MR_GUARDED_BY(mutex_) = false;
};

class ReaderScope {
 public:
  explicit ReaderScope(ReaderGate& gate) : gate_(gate) { gate_.Enter(); }
  ~ReaderScope() { gate_.Leave(); }
  ReaderScope(const ReaderScope&) = delete;
  ReaderScope& operator=(const ReaderScope&) = delete;

 private:
  ReaderGate& gate_;
};

class LmdbCommitStore final : public CommitStore {
 public:
  LmdbCommitStore(EnvPtr env, MDB_dbi dbi, std::string path, const LmdbCommitOptions& options,
                  const env::Env& world)
      : env_(std::move(env)), dbi_(dbi), path_(std::move(path)), options_(options), world_(world) {}

  Result<std::optional<std::string>> Get(std::string_view key) override {
    MR_TRY(CheckAlive());
    if (key.empty() || key.size() > limits::kCommitKeyBytesMax) return std::nullopt;
    const ReaderScope reader(gate_);
    Transaction txn;
    MR_TRY(BeginRead(&txn));
    MDB_val key_val = ToVal(key);
    MDB_val stored;
    const int code = mdb_get(txn.get(), dbi_, &key_val, &stored);
    if (code == MDB_NOTFOUND) return std::nullopt;
    if (code != MDB_SUCCESS) return LmdbError("read", path_, code);
    MR_ASSIGN(const std::string_view value, Checked(key, ToView(stored)));
    return std::string(value);
  }

  Status Scan(std::string_view prefix, const Visitor& visit) override {
    MR_TRY(CheckAlive());
    const ReaderScope reader(gate_);
    Transaction txn;
    MR_TRY(BeginRead(&txn));
    Cursor cursor;
    int code = cursor.Open(txn.get(), dbi_);
    MDB_val key = ToVal(prefix);
    MDB_val stored;
    if (code == MDB_SUCCESS) code = cursor.Get(&key, &stored, prefix.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (code == MDB_SUCCESS && ToView(key).starts_with(prefix)) {
      MR_ASSIGN(const std::string_view value, Checked(ToView(key), ToView(stored)));
      if (!visit(ToView(key), value)) return Ok();
      code = cursor.Get(&key, &stored, MDB_NEXT);
    }
    if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return LmdbError("read", path_, code);
    return Ok();
  }

  Status Commit(const CommitBatch& batch) override {
    MR_TRY(CheckCommitLimits(batch));
    MutexLock lock(commit_mutex_);
    MR_TRY(CheckAlive());
    if (Status before = world_.faults->Reach("state.lmdb_commit.before"); !before) {
      return before.error().code() == ErrorCode::kDiskFull ? before : Die(before.error());
    }
    int code = TryCommit(batch);
    while (code == MDB_MAP_FULL && GrowMap(&code)) code = TryCommit(batch);
    if (code == EIO && HasNoRoomFor(batch)) code = ENOSPC;
    if (code != MDB_SUCCESS) {
      Error error = LmdbError("commit to", path_, code).error();
      if (error.code() != ErrorCode::kDiskFull || IsBroken()) return Die(error);
      return std::unexpected(std::move(error));
    }
    if (Status told = world_.files->WroteOutside(path_); !told) return Die(told.error());
    if (Status after = world_.faults->Reach("state.lmdb_commit.after"); !after) return Die(after.error());
    return Ok();
  }

 private:
  Status BeginRead(Transaction* txn) {
    const int code = txn->Begin(env_.get(), MDB_RDONLY);
    if (code != MDB_SUCCESS) return LmdbError("read", path_, code);
    return Ok();
  }

  // A full disk is met when pages are written or synced, at places that the tree in force does not use: the
  // transaction is gone and nothing has changed. The next one writes all of its pages anew, so it is safe
  // to go on even if the system has dropped what a sync found no room for.
  int TryCommit(const CommitBatch& batch) {
    Transaction txn;
    int code = txn.Begin(env_.get(), 0);
    if (code != MDB_SUCCESS) return code;
    for (const CommitBatch::Change& change : batch.changes()) {
      code = Apply(txn.get(), change);
      if (code != MDB_SUCCESS) return code;
    }
    return txn.Commit();
  }

  int Apply(MDB_txn* txn, const CommitBatch::Change& change) {
    MDB_val key = ToVal(change.key);
    if (!change.value) {
      const int code = mdb_del(txn, dbi_, &key, nullptr);
      return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
    }
    MDB_val place{change.value->size() + kChecksumBytes, nullptr};
    const int code = mdb_put(txn, dbi_, &key, &place, MDB_RESERVE);
    if (code != MDB_SUCCESS) return code;
    auto* bytes = static_cast<char*>(place.mv_data);
    const uint32_t checksum = ChecksumOf(change.key, *change.value);
    std::memcpy(bytes, change.value->data(), change.value->size());
    std::memcpy(bytes + change.value->size(), &checksum, kChecksumBytes);
    return MDB_SUCCESS;
  }

  // False if it cannot grow; `code` then says why.
  bool GrowMap(int* code) {
    MDB_envinfo info;
    mdb_env_info(env_.get(), &info);
    if (info.me_mapsize >= options_.map_bytes_max) return false;
    gate_.Close();
    *code = mdb_env_set_mapsize(env_.get(), std::min(info.me_mapsize * 2, options_.map_bytes_max));
    // The old map is gone then.
    if (*code != MDB_SUCCESS) static_cast<void>(Die(LmdbError("grow the map of", path_, *code).error()));
    gate_.Open();
    return *code == MDB_SUCCESS;
  }

  bool HasNoRoomFor(const CommitBatch& batch) {
    uint64_t needed = kFullDiskBytes;
    for (const CommitBatch::Change& change : batch.changes()) {
      needed += change.key.size() + (change.value ? change.value->size() : 0);
    }
    const auto free_bytes = world_.files->FreeBytes(env::DirName(path_));
    return free_bytes && *free_bytes < needed;
  }

  // After a failed write of the root LMDB refuses every transaction.
  bool IsBroken() {
    Transaction txn;
    return txn.Begin(env_.get(), 0) != MDB_SUCCESS;
  }

  Result<std::string_view> Checked(std::string_view key, std::string_view stored) const {
    uint32_t checksum = 0;
    if (stored.size() >= kChecksumBytes) {
      std::memcpy(&checksum, stored.data() + stored.size() - kChecksumBytes, kChecksumBytes);
      stored.remove_suffix(kChecksumBytes);
      if (checksum == ChecksumOf(key, stored)) return stored;
    }
    return Fail(ErrorCode::kDataCorrupted,
                fmt::format("'{}' is damaged: the entry '{}' does not match its checksum", path_, key));
  }

  Status Die(const Error& error) {
    MutexLock lock(death_mutex_);
    if (!death_) death_ = AsFinal(error);
    return std::unexpected(*death_);
  }
  Status CheckAlive() {
    MutexLock lock(death_mutex_);
    if (death_) return std::unexpected(*death_);
    return Ok();
  }

  const EnvPtr env_;
  const MDB_dbi dbi_;
  const std::string path_;
  const LmdbCommitOptions options_;
  const env::Env world_;
  ReaderGate gate_;
  Mutex commit_mutex_;
  Mutex death_mutex_;
  std::optional<Error> death_ MR_GUARDED_BY(death_mutex_);
};

Result<EnvPtr> OpenEnv(const std::string& path, const LmdbCommitOptions& options) {
  MDB_env* raw = nullptr;
  int code = mdb_env_create(&raw);
  if (code != MDB_SUCCESS) return LmdbError("open", path, code);
  EnvPtr env(raw);
  if (code == MDB_SUCCESS) code = mdb_env_set_mapsize(raw, options.map_bytes);
  if (code == MDB_SUCCESS) code = mdb_env_set_maxreaders(raw, limits::kCommitReadersMax);
  if (code == MDB_SUCCESS) code = mdb_env_open(raw, path.c_str(), MDB_NOSUBDIR | MDB_NOTLS, 0666);
  if (code != MDB_SUCCESS) return LmdbError("open", path, code);
  return env;
}

// An empty store appears under its name only when it is whole and on the disk.
Status MakeStore(env::Files& files, const std::string& folder, const LmdbCommitOptions& options) {
  const std::string path = env::JoinPath(folder, kNewFileName);
  const std::string lock_path = path + std::string(kLockSuffix);
  MR_TRY(files.RemoveTree(path));
  MR_TRY(files.RemoveTree(lock_path));
  {
    MR_ASSIGN(const EnvPtr env, OpenEnv(path, options));
    const int code = mdb_env_sync(env.get(), /*force=*/1);
    if (code != MDB_SUCCESS) return LmdbError("sync", path, code);
    MR_TRY(files.WroteOutside(path));
    MR_TRY(files.WroteOutside(lock_path));  // which is removed
  }
  MR_TRY(files.RemoveTree(lock_path));
  MR_TRY(files.Rename(path, env::JoinPath(folder, kFileName)));
  return files.SyncDir(folder);
}

}  // namespace

Result<std::unique_ptr<CommitStore>> OpenLmdbCommitStore(const env::Env& env, const std::string& folder,
                                                         LmdbCommitOptions options) {
  MR_CHECK(options.map_bytes <= options.map_bytes_max);
  const std::string path = env::JoinPath(folder, kFileName);
  MR_ASSIGN(const bool exists, env.files->Exists(path));
  if (!exists) MR_TRY(MakeStore(*env.files, folder, options));
  MR_ASSIGN(EnvPtr lmdb, OpenEnv(path, options));
  MR_CHECK(static_cast<size_t>(mdb_env_get_maxkeysize(lmdb.get())) >= limits::kCommitKeyBytesMax);
  MDB_dbi dbi = 0;
  {
    Transaction txn;
    int code = txn.Begin(lmdb.get(), MDB_RDONLY);
    if (code == MDB_SUCCESS) code = mdb_dbi_open(txn.get(), nullptr, 0, &dbi);
    if (code == MDB_SUCCESS) code = txn.Commit();
    if (code != MDB_SUCCESS) return LmdbError("open", path, code);
  }
  return std::make_unique<LmdbCommitStore>(std::move(lmdb), dbi, path, options, env);
}

}  // namespace millrace::state
