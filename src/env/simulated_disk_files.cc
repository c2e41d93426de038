// What a SimulatedDisk does as a Files.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "env/buffered_file.h"
#include "env/posix_fd.h"
#include "env/simulated_disk.h"

namespace millrace::env {

namespace {

using Handle = SimulatedDisk::Handle;

class SimulatedReadableFile final : public ReadableFile {
 public:
  SimulatedReadableFile(SimulatedDisk& disk, Handle handle) : disk_(disk), handle_(std::move(handle)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> buffer) const override {
    size_t bytes = 0;
    const int error_number = disk_.ReadOpen(handle_, offset, buffer, &bytes);
    if (error_number != 0) return PathError("read", handle_.path, error_number);
    return bytes;
  }
  Result<FileInfo> Stat() const override { return disk_.StatOpen(handle_); }
  const std::string& path() const override { return handle_.path; }

 private:
  SimulatedDisk& disk_;
  const Handle handle_;
};

class SimulatedStream final : public ByteStream {
 public:
  SimulatedStream(SimulatedDisk& disk, Handle handle) : disk_(disk), handle_(std::move(handle)) {}

  Result<ReadOutcome> Read(std::span<std::byte> buffer, int64_t) override {
    MR_CHECK(!buffer.empty());
    size_t bytes = 0;
    if (handle_.node) {
      const int error_number = disk_.ReadOpen(handle_, offset_, buffer, &bytes);
      if (error_number != 0) return PathError("read", handle_.path, error_number);
    }
    offset_ += bytes;
    return ReadOutcome{bytes > 0 ? ReadOutcome::Kind::kData : ReadOutcome::Kind::kEnd, bytes};
  }

 private:
  SimulatedDisk& disk_;
  const Handle handle_;  // of no node: nothing to read
  uint64_t offset_ = 0;
};

class SimulatedWritableFile final : public BufferedFile {
 public:
  SimulatedWritableFile(SimulatedDisk& disk, Handle handle)
      : BufferedFile(handle.path, handle.size), disk_(disk), handle_(std::move(handle)) {}
  ~SimulatedWritableFile() override { static_cast<void>(Close()); }

 private:
  int WriteToFile(std::string_view bytes) override { return disk_.WriteOpen(handle_, bytes); }
  int SyncFile() override { return disk_.SyncOpen(handle_); }
  int EndFile() override { return 0; }

  SimulatedDisk& disk_;
  const Handle handle_;
};

class SimulatedFileLock final : public FileLock {
 public:
  SimulatedFileLock(SimulatedDisk& disk, Handle handle) : disk_(disk), handle_(std::move(handle)) {}
  ~SimulatedFileLock() override { disk_.Unlock(handle_); }

 private:
  SimulatedDisk& disk_;
  const Handle handle_;
};

}  // namespace

DiskTree::Place SimulatedDisk::FindPath(const std::string& path) const {
  return tree_.Find(NormalPath(path));
}

Handle SimulatedDisk::HandleOf(DiskNodePtr node, const std::string& path) const {
  const uint64_t size = node->file.size();
  return Handle{.node = std::move(node),
                .path = path,
                .size = size,
                .power = power_,
                .is_device = NormalPath(path).starts_with("/dev/")};
}

int SimulatedDisk::MakeFile(DiskTree::Place& place) {
  if (place.error_number != 0) return place.error_number;
  if (place.node) return place.node->is_directory ? EISDIR : 0;
  if (FreeLocked() == 0) return ENOSPC;
  place.node = tree_.Make(place, /*is_directory=*/false, clock_.NowMicros());
  return 0;
}

Result<Handle> SimulatedDisk::OpenFile(const std::string& path) {
  const Obstacle obstacle = Begin(DiskOperation::kOpen, path);
  if (obstacle.error_number != 0) return PathError("open", path, obstacle.error_number);
  MutexLock lock(mutex_);
  DiskTree::Place place = FindPath(path);
  if (place.error_number != 0) return PathError("open", path, place.error_number);
  if (!place.node) return PathError("open", path, ENOENT);
  if (place.node->is_directory) return PathError("open", path, EISDIR);
  return HandleOf(std::move(place.node), path);
}

Status SimulatedDisk::CutOpen(Handle& handle, uint64_t size) {
  if (handle.size == size) return Ok();
  const Obstacle obstacle = BeginOn(handle, DiskOperation::kCut, std::to_string(size));
  if (obstacle.error_number != 0) return PathError("cut", handle.path, obstacle.error_number);
  MutexLock lock(mutex_);
  handle.node->file.CutTo(size);
  handle.node->mtime_micros = clock_.NowMicros();
  handle.size = size;
  return Ok();
}

Result<std::unique_ptr<ReadableFile>> SimulatedDisk::OpenRead(const std::string& path) {
  MR_ASSIGN(Handle handle, OpenFile(path));
  return std::make_unique<SimulatedReadableFile>(*this, std::move(handle));
}

Result<std::unique_ptr<ByteStream>> SimulatedDisk::OpenStream(const std::string& path) {
  MR_ASSIGN(Handle handle, OpenFile(path));
  return std::make_unique<SimulatedStream>(*this, std::move(handle));
}

Result<std::unique_ptr<WritableFile>> SimulatedDisk::OpenWrite(const std::string& path, WriteMode mode) {
  const Obstacle obstacle = Begin(DiskOperation::kOpen, path);
  if (obstacle.error_number != 0) return PathError("open", path, obstacle.error_number);
  Handle handle;
  {
    MutexLock lock(mutex_);
    DiskTree::Place place = FindPath(path);
    const bool must_be_new = mode == WriteMode::kCreate || mode == WriteMode::kCreatePrivate;
    if (must_be_new && place.node) return PathError("open", path, EEXIST);
    if (const int error_number = MakeFile(place)) return PathError("open", path, error_number);
    handle = HandleOf(std::move(place.node), path);
  }
  if (mode == WriteMode::kTruncate) MR_TRY(CutOpen(handle, 0));
  return std::make_unique<SimulatedWritableFile>(*this, std::move(handle));
}

Result<std::unique_ptr<WritableFile>> SimulatedDisk::OpenWriteAt(const std::string& path, uint64_t size) {
  MR_ASSIGN(Handle handle, OpenFile(path));
  if (handle.size < size) return TooShort(path, size, handle.size);
  MR_TRY(CutOpen(handle, size));
  return std::make_unique<SimulatedWritableFile>(*this, std::move(handle));
}

Result<std::unique_ptr<FileLock>> SimulatedDisk::Lock(const std::string& path) {
  const Obstacle obstacle = Begin(DiskOperation::kLock, path);
  if (obstacle.error_number != 0) return PathError("lock", path, obstacle.error_number);
  MutexLock lock(mutex_);
  DiskTree::Place place = FindPath(path);
  if (const int error_number = MakeFile(place)) return PathError("lock", path, error_number);
  if (std::exchange(place.node->is_locked, true)) return LockHeld(path, "this process");
  return std::make_unique<SimulatedFileLock>(*this, HandleOf(std::move(place.node), path));
}

std::unique_ptr<ByteStream> SimulatedDisk::StandardInput() {
  MutexLock lock(mutex_);
  DiskNodePtr node = tree_.Find("/dev/stdin").node;
  return std::make_unique<SimulatedStream>(*this, node ? HandleOf(std::move(node), "/dev/stdin") : Handle());
}

std::unique_ptr<WritableFile> SimulatedDisk::StandardOutput() {
  MutexLock lock(mutex_);
  DiskTree::Place place = tree_.Find("/dev/stdout");
  if (!place.node) place.node = tree_.Make(place, /*is_directory=*/false, clock_.NowMicros());
  tree_.Sync(*place.directory);
  Handle handle = HandleOf(std::move(place.node), "/dev/stdout");
  handle.path = "standard output";
  return std::make_unique<SimulatedWritableFile>(*this, std::move(handle));
}

Status SimulatedDisk::Rename(const std::string& from, const std::string& to) {
  const auto fail = [&](int error_number) {
    return PathError("rename to '" + to + "' the file", from, error_number);
  };
  const Obstacle obstacle = Begin(DiskOperation::kRename, from, to);
  if (obstacle.error_number != 0) return fail(obstacle.error_number);
  MutexLock lock(mutex_);
  const DiskTree::Place source = FindPath(from);
  const DiskTree::Place target = FindPath(to);
  if (source.error_number != 0) return fail(source.error_number);
  if (!source.node) return fail(ENOENT);
  if (source.node == target.node) return Ok();
  if (NormalPath(to).starts_with(JoinPath(NormalPath(from), ""))) return fail(EINVAL);
  if (target.error_number != 0) return fail(target.error_number);
  if (!source.directory || !target.directory) return fail(EBUSY);
  if (target.node) {
    if (target.node->is_directory && !source.node->is_directory) return fail(EISDIR);
    if (!target.node->is_directory && source.node->is_directory) return fail(ENOTDIR);
    if (!target.node->names.empty()) return fail(ENOTEMPTY);
  }
  tree_.Rename(source, target);
  return Ok();
}

Status SimulatedDisk::Remove(const std::string& path) {
  const Obstacle obstacle = Begin(DiskOperation::kRemove, path);
  if (obstacle.error_number != 0) return PathError("remove", path, obstacle.error_number);
  MutexLock lock(mutex_);
  const DiskTree::Place place = FindPath(path);
  if (place.error_number != 0) return PathError("remove", path, place.error_number);
  if (!place.node) return PathError("remove", path, ENOENT);
  if (!place.directory) return PathError("remove", path, EBUSY);
  if (!place.node->names.empty()) return PathError("remove", path, ENOTEMPTY);
  tree_.Remove(place);
  return Ok();
}

Result<FileInfo> SimulatedDisk::Stat(const std::string& path) {
  const Obstacle obstacle = Begin(DiskOperation::kLook, path);
  if (obstacle.error_number != 0) return PathError("look at", path, obstacle.error_number);
  MutexLock lock(mutex_);
  const DiskTree::Place place = FindPath(path);
  if (place.error_number != 0) return PathError("look at", path, place.error_number);
  if (!place.node) return PathError("look at", path, ENOENT);
  return place.node->Info();
}

Result<std::vector<DirEntry>> SimulatedDisk::List(const std::string& directory) {
  const Obstacle obstacle = Begin(DiskOperation::kLook, directory);
  if (obstacle.error_number != 0) return PathError("list", directory, obstacle.error_number);
  MutexLock lock(mutex_);
  const DiskTree::Place place = FindPath(directory);
  if (place.error_number != 0) return PathError("list", directory, place.error_number);
  if (!place.node) return PathError("list", directory, ENOENT);
  if (!place.node->is_directory) return PathError("list", directory, ENOTDIR);
  std::vector<DirEntry> entries;
  for (const auto& [name, node] : place.node->names) {
    entries.push_back({name, node->is_directory, /*is_link=*/false});
  }
  return entries;
}

Status SimulatedDisk::MakeDirs(const std::string& directory) {
  const Obstacle obstacle = Begin(DiskOperation::kMakeDir, directory);
  if (obstacle.error_number != 0) return PathError("make the folder", directory, obstacle.error_number);
  const std::string path = NormalPath(directory);
  MutexLock lock(mutex_);
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string prefix = path.substr(0, slash);
    DiskTree::Place place = tree_.Find(prefix);
    if (!place.node) {
      if (FreeLocked() == 0) return PathError("make the folder", prefix, ENOSPC);
      place.node = tree_.Make(place, /*is_directory=*/true, clock_.NowMicros());
    }
    if (!place.node->is_directory) return PathError("make the folder", prefix, ENOTDIR);
    if (slash == std::string::npos) return Ok();
  }
}

Status SimulatedDisk::SyncDir(const std::string& directory) {
  const Obstacle obstacle = Begin(DiskOperation::kSyncDir, directory);
  if (obstacle.error_number != 0) return PathError("sync", directory, obstacle.error_number);
  MutexLock lock(mutex_);
  const DiskTree::Place place = FindPath(directory);
  if (place.error_number != 0) return PathError("open", directory, place.error_number);
  if (!place.node) return PathError("open", directory, ENOENT);
  if (!place.node->is_directory) return PathError("open", directory, ENOTDIR);
  tree_.Sync(*place.node);
  return Ok();
}

Result<uint64_t> SimulatedDisk::FreeBytes(const std::string& directory) {
  const Obstacle obstacle = Begin(DiskOperation::kLook, directory);
  if (obstacle.error_number != 0) return PathError("look at", directory, obstacle.error_number);
  MutexLock lock(mutex_);
  if (!FindPath(directory).node) return PathError("look at", directory, ENOENT);
  return FreeLocked();
}

}  // namespace millrace::env
