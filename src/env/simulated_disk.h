// SimulatedDisk: a file system in memory, for tests and the simulation, that can fail as a real one does. It
// behaves as POSIX does: a folder must exist before a file in it, an open file lives on when its path is
// removed, a rename keeps the inode. A path that does not begin with a slash is taken from the root;
// there are no links and no pipes. Standard input reads the file /dev/stdin (empty if there is none),
// standard output is appended to /dev/stdout; the disk's failures spare what is in /dev.
//
// What it can do to its users:
// - lose power: only what was synced stays for sure (power_loss.h). Files that were open are dead then,
//   every call of them fails, and locks are gone. CutPower stops everything at once, Restore
//   brings the disk back.
// - be full: SetCapacity. A write takes what still fits and fails with ENOSPC.
// - fail: FailAt, At, at the nth operation of a kind or of any kind. A write that fails has written any part.
// - forget: FlipBit.
// The same calls under the same seed give the same disk. Trace tells what was done.
//
// Any thread (the order of their calls is then theirs). It outlives all that is open.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/clock.h"
#include "env/disk_tree.h"
#include "env/files.h"
#include "env/power_loss.h"
#include "env/random.h"

namespace millrace::env {

enum class DiskOperation : uint8_t {
  kOpen,     // of a file, in any way, creations included
  kCut,      // of a file that is opened, to a shorter length
  kRead,     // by ReadAt or a stream
  kWrite,    // when a buffer is handed over, not at each Write
  kSync,     // of a file
  kRename,   //
  kRemove,   //
  kMakeDir,  // a call of MakeDirs
  kSyncDir,  //
  kLook,     // Stat, List, FreeBytes
  kLock,     //
};
inline constexpr size_t kDiskOperations = 11;

class SimulatedDisk final : public Files {
 public:
  // Called in place of an operation: the errno it fails with, or 0 to let it be done. It may call the
  // disk, so cut its power.
  using Action = std::function<int()>;

  // Times of last change come from `clock`, which outlives this. The seed says how much of a failed write is
  // written.
  explicit SimulatedDisk(const Clock& clock, uint64_t seed = 0);

  // Every call fails (EIO) until Restore; what is open now fails forever.
  void CutPower();
  bool has_power() const;
  // The disk as a power loss leaves it, drawn by `random`. Cuts the power first if nobody has.
  void Restore(Random& random, const PowerLoss& loss = {});
  // Makes all that is there safe, such as what a test sets out from.
  void SyncAll();

  // Once, at the `nth` operation of this kind (without one: of any kind) from now on; 1 is the next.
  void At(std::optional<DiskOperation> kind, uint64_t nth, Action action);
  void FailAt(std::optional<DiskOperation> kind, uint64_t nth, int error_number);
  // Forgets what At and FailAt have asked for and has not been met.
  void Disarm();
  // How many there have been; without a kind, of all kinds.
  uint64_t Count(std::optional<DiskOperation> kind = std::nullopt) const;

  // Bytes of all files that have a name, together; they may be more already. Makes creations fail too when it
  // is reached.
  void SetCapacity(std::optional<uint64_t> bytes);
  // Turns one bit of a stored file over: the bit of this number, or one drawn by `random`. Answers which.
  // kNoSuchFile, and kInvalidParameter for a bit that is not there.
  Result<uint64_t> FlipBit(const std::string& path, uint64_t bit);
  Result<uint64_t> FlipBit(const std::string& path, Random& random);

  // From now on the last `lines` operations, one a line: its number, the clock, what, where, and how it was
  // made to fail.
  void StartTrace(size_t lines);
  std::string Trace() const;

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override;
  Result<std::unique_ptr<ByteStream>> OpenStream(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenWrite(const std::string& path, WriteMode mode) override;
  Result<std::unique_ptr<WritableFile>> OpenWriteAt(const std::string& path, uint64_t size) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  std::unique_ptr<ByteStream> StandardInput() override;
  std::unique_ptr<WritableFile> StandardOutput() override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<DirEntry>> List(const std::string& directory) override;
  Status MakeDirs(const std::string& directory) override;
  Status SyncDir(const std::string& directory) override;
  Result<uint64_t> FreeBytes(const std::string& directory) override;

  // An open file, as those that are open know it (simulated_disk_files.cc).
  struct Handle {
    DiskNodePtr node;
    std::string path;
    uint64_t size = 0;       // when it was opened
    uint64_t power = 0;      // the time between two power losses that it belongs to
    bool is_device = false;  // spared by failures
  };
  // These answer an errno, or 0.
  int ReadOpen(const Handle& handle, uint64_t offset, std::span<std::byte> buffer, size_t* bytes);
  int WriteOpen(const Handle& handle, std::string_view bytes);
  int SyncOpen(const Handle& handle);
  Result<FileInfo> StatOpen(const Handle& handle);
  void Unlock(const Handle& handle);

 private:
  struct Rule {
    std::optional<DiskOperation> kind;
    uint64_t count;  // of operations of the kind, at which it is due
    Action action;
  };
  // What stands in an operation's way, as an errno.
  struct Obstacle {
    int error_number = 0;
    bool is_new = false;  // it came with this operation, which may be done in part
  };

  // Counts an operation, meets its rule, and says what stands in its way. Before the lock is taken.
  Obstacle Begin(DiskOperation kind, std::string_view path, std::string_view detail = {}) MR_EXCLUDES(mutex_);
  Obstacle BeginOn(const Handle& handle, DiskOperation kind, std::string_view detail = {})
      MR_EXCLUDES(mutex_);
  Action TakeRule(DiskOperation kind) MR_REQUIRES(mutex_);
  uint64_t CountOf(std::optional<DiskOperation> kind) const MR_REQUIRES(mutex_);
  void TraceLine(DiskOperation kind, std::string_view path, std::string_view detail) MR_REQUIRES(mutex_);
  void TraceFailure(int error_number) MR_REQUIRES(mutex_);
  uint64_t FreeLocked() const MR_REQUIRES(mutex_);

  DiskTree::Place FindPath(const std::string& path) const MR_REQUIRES(mutex_);
  Handle HandleOf(DiskNodePtr node, const std::string& path) const MR_REQUIRES(mutex_);
  // The file at `place`; a new one if nothing is there. An errno, or 0.
  int MakeFile(DiskTree::Place& place) MR_REQUIRES(mutex_);
  // A file that is there.
  Result<Handle> OpenFile(const std::string& path);
  // Cuts an open file to `size` bytes.
  Status CutOpen(Handle& handle, uint64_t size);

  const Clock& clock_;
  mutable Mutex mutex_;
  DiskTree tree_ MR_GUARDED_BY(mutex_);
  Random random_ MR_GUARDED_BY(mutex_);
  bool has_power_ MR_GUARDED_BY(mutex_) = true;
  uint64_t power_ MR_GUARDED_BY(mutex_) = 0;  // how often the power has been cut
  std::optional<uint64_t> capacity_ MR_GUARDED_BY(mutex_);
  std::array<uint64_t, kDiskOperations> counts_ MR_GUARDED_BY(mutex_){};
  std::vector<Rule> rules_ MR_GUARDED_BY(mutex_);
  size_t trace_lines_ MR_GUARDED_BY(mutex_) = 0;
  std::deque<std::string> trace_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::env
