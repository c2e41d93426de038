#include "env/memory_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "env/posix_fd.h"

namespace millrace::env {

class MemoryFiles::Node {
 public:
  Node(const Clock& clock, uint64_t inode, bool is_directory)
      : clock_(clock), inode_(inode), is_directory_(is_directory), mtime_micros_(clock.NowMicros()) {}

  size_t ReadAt(uint64_t offset, std::span<std::byte> buffer) const {
    MutexLock lock(mutex_);
    if (offset >= bytes_.size()) return 0;
    const size_t size = std::min<size_t>(buffer.size(), bytes_.size() - offset);
    std::memcpy(buffer.data(), bytes_.data() + offset, size);
    return size;
  }
  void Append(std::string_view bytes) {
    MutexLock lock(mutex_);
    bytes_.append(bytes);
    mtime_micros_ = clock_.NowMicros();
  }
  // False if it is shorter than `size`.
  bool CutTo(uint64_t size) {
    MutexLock lock(mutex_);
    if (bytes_.size() < size) return false;
    bytes_.resize(size);
    mtime_micros_ = clock_.NowMicros();
    return true;
  }
  bool TryLock() { return !is_locked_.exchange(true); }
  void Unlock() { is_locked_ = false; }
  FileInfo Info() const {
    MutexLock lock(mutex_);
    return FileInfo{.size = bytes_.size(),
                    .mtime_micros = mtime_micros_,
                    .device = 1,
                    .inode = inode_,
                    .is_directory = is_directory_,
                    .is_regular = !is_directory_};
  }
  bool is_directory() const { return is_directory_; }

 private:
  const Clock& clock_;
  const uint64_t inode_;
  const bool is_directory_;
  mutable Mutex mutex_;
  std::string bytes_ MR_GUARDED_BY(mutex_);
  int64_t mtime_micros_ MR_GUARDED_BY(mutex_);
  std::atomic<bool> is_locked_ = false;
};

namespace {

using NodePtr = std::shared_ptr<MemoryFiles::Node>;

std::string Normal(const std::string& path) {
  std::string normal;
  for (size_t start = 0; start < path.size();) {
    const size_t slash = std::min(path.find('/', start), path.size());
    const std::string name = path.substr(start, slash - start);
    if (name == "..") {
      normal.resize(normal.empty() ? 0 : normal.rfind('/'));
    } else if (!name.empty() && name != ".") {
      normal += '/';
      normal += name;
    }
    start = slash + 1;
  }
  return normal.empty() ? "/" : normal;
}

class MemoryReadableFile final : public ReadableFile {
 public:
  MemoryReadableFile(NodePtr node, std::string path) : node_(std::move(node)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> buffer) const override {
    return node_->ReadAt(offset, buffer);
  }
  Result<FileInfo> Stat() const override { return node_->Info(); }
  const std::string& path() const override { return path_; }

 private:
  NodePtr node_;
  std::string path_;
};

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(NodePtr node) : node_(std::move(node)) {}

  Result<ReadOutcome> Read(std::span<std::byte> buffer, int64_t) override {
    MR_CHECK(!buffer.empty());
    const size_t bytes = node_ ? node_->ReadAt(offset_, buffer) : 0;
    offset_ += bytes;
    return ReadOutcome{bytes > 0 ? ReadOutcome::Kind::kData : ReadOutcome::Kind::kEnd, bytes};
  }

 private:
  NodePtr node_;  // null: nothing to read
  uint64_t offset_ = 0;
};

// Buffers as a real file does, so that a test sees a missing Flush.
class MemoryWritableFile final : public WritableFile {
 public:
  MemoryWritableFile(NodePtr node, std::string path) : node_(std::move(node)), path_(std::move(path)) {}
  ~MemoryWritableFile() override { static_cast<void>(MemoryWritableFile::Close()); }

  Status Write(std::string_view bytes) override {
    MR_CHECK(open_);
    buffer_.append(bytes);
    return Ok();
  }
  Status Flush() override {
    node_->Append(std::exchange(buffer_, {}));
    return Ok();
  }
  Status Sync() override { return Flush(); }
  Status Close() override {
    if (open_ && !buffer_.empty()) MR_TRY(Flush());
    open_ = false;
    return Ok();
  }
  uint64_t size() const override { return node_->Info().size + buffer_.size(); }
  const std::string& path() const override { return path_; }

 private:
  NodePtr node_;
  std::string path_;
  std::string buffer_;
  bool open_ = true;
};

class MemoryFileLock final : public FileLock {
 public:
  explicit MemoryFileLock(NodePtr node) : node_(std::move(node)) {}
  ~MemoryFileLock() override { node_->Unlock(); }

 private:
  NodePtr node_;
};

}  // namespace

MemoryFiles::MemoryFiles(const Clock& clock) : clock_(clock) {
  MutexLock lock(mutex_);
  nodes_["/"] = MakeNode(/*is_directory=*/true);
  nodes_["/dev"] = MakeNode(/*is_directory=*/true);
}

MemoryFiles::NodePtr MemoryFiles::MakeNode(bool is_directory) {
  return std::make_shared<Node>(clock_, ++inode_, is_directory);
}

MemoryFiles::NodePtr MemoryFiles::Find(const std::string& normal_path) const {
  const auto found = nodes_.find(normal_path);
  return found == nodes_.end() ? nullptr : found->second;
}

int MemoryFiles::ParentError(const std::string& normal_path) const {
  const NodePtr parent = Find(DirName(normal_path));
  if (!parent) return ENOENT;
  return parent->is_directory() ? 0 : ENOTDIR;
}

bool MemoryFiles::HasChildren(const std::string& normal_path) const {
  const std::string prefix = JoinPath(normal_path, "");
  const auto next = nodes_.upper_bound(prefix);
  return next != nodes_.end() && next->first.starts_with(prefix);
}

Result<std::unique_ptr<ReadableFile>> MemoryFiles::OpenRead(const std::string& path) {
  MutexLock lock(mutex_);
  NodePtr node = Find(Normal(path));
  if (!node) return PathError("open", path, ENOENT);
  if (node->is_directory()) return PathError("open", path, EISDIR);
  return std::make_unique<MemoryReadableFile>(std::move(node), path);
}

Result<std::unique_ptr<ByteStream>> MemoryFiles::OpenStream(const std::string& path) {
  MutexLock lock(mutex_);
  NodePtr node = Find(Normal(path));
  if (!node) return PathError("open", path, ENOENT);
  if (node->is_directory()) return PathError("open", path, EISDIR);
  return std::make_unique<MemoryStream>(std::move(node));
}

Result<std::unique_ptr<WritableFile>> MemoryFiles::OpenWrite(const std::string& path, WriteMode mode) {
  const std::string normal_path = Normal(path);
  MutexLock lock(mutex_);
  NodePtr node = Find(normal_path);
  if (!node) {
    if (const int error_number = ParentError(normal_path)) return PathError("open", path, error_number);
    node = nodes_[normal_path] = MakeNode(/*is_directory=*/false);
  } else if (mode == WriteMode::kCreate || mode == WriteMode::kCreatePrivate) {
    return PathError("open", path, EEXIST);
  } else if (node->is_directory()) {
    return PathError("open", path, EISDIR);
  } else if (mode == WriteMode::kTruncate) {
    node->CutTo(0);
  }
  return std::make_unique<MemoryWritableFile>(std::move(node), path);
}

Result<std::unique_ptr<WritableFile>> MemoryFiles::OpenWriteAt(const std::string& path, uint64_t size) {
  MutexLock lock(mutex_);
  NodePtr node = Find(Normal(path));
  if (!node) return PathError("open", path, ENOENT);
  if (node->is_directory()) return PathError("open", path, EISDIR);
  if (!node->CutTo(size)) return TooShort(path, size, node->Info().size);
  return std::make_unique<MemoryWritableFile>(std::move(node), path);
}

Result<std::unique_ptr<FileLock>> MemoryFiles::Lock(const std::string& path) {
  const std::string normal_path = Normal(path);
  MutexLock lock(mutex_);
  NodePtr node = Find(normal_path);
  if (!node) {
    if (const int error_number = ParentError(normal_path)) return PathError("lock", path, error_number);
    node = nodes_[normal_path] = MakeNode(/*is_directory=*/false);
  }
  if (node->is_directory()) return PathError("lock", path, EISDIR);
  if (!node->TryLock()) return LockHeld(path, "this process");
  return std::make_unique<MemoryFileLock>(std::move(node));
}

std::unique_ptr<ByteStream> MemoryFiles::StandardInput() {
  MutexLock lock(mutex_);
  return std::make_unique<MemoryStream>(Find("/dev/stdin"));
}

std::unique_ptr<WritableFile> MemoryFiles::StandardOutput() {
  MutexLock lock(mutex_);
  NodePtr& node = nodes_["/dev/stdout"];
  if (!node) node = MakeNode(/*is_directory=*/false);
  return std::make_unique<MemoryWritableFile>(node, "standard output");
}

Status MemoryFiles::Rename(const std::string& from, const std::string& to) {
  const std::string source = Normal(from);
  const std::string target = Normal(to);
  const auto fail = [&](int error_number) {
    return PathError("rename to '" + to + "' the file", from, error_number);
  };
  MutexLock lock(mutex_);
  const NodePtr node = Find(source);
  if (!node) return fail(ENOENT);
  if (source == target) return Ok();
  if (const int error_number = ParentError(target)) return fail(error_number);
  if (target.starts_with(JoinPath(source, ""))) return fail(EINVAL);
  if (const NodePtr replaced = Find(target)) {
    if (replaced->is_directory() && !node->is_directory()) return fail(EISDIR);
    if (!replaced->is_directory() && node->is_directory()) return fail(ENOTDIR);
    if (HasChildren(target)) return fail(ENOTEMPTY);
  }
  std::map<std::string, NodePtr> moved;
  const std::string prefix = JoinPath(source, "");
  for (auto entry = nodes_.lower_bound(prefix); entry != nodes_.end() && entry->first.starts_with(prefix);) {
    moved[JoinPath(target, entry->first.substr(prefix.size()))] = entry->second;
    entry = nodes_.erase(entry);
  }
  nodes_.erase(source);
  nodes_[target] = node;
  nodes_.merge(moved);
  return Ok();
}

Status MemoryFiles::Remove(const std::string& path) {
  const std::string normal_path = Normal(path);
  MutexLock lock(mutex_);
  if (!Find(normal_path)) return PathError("remove", path, ENOENT);
  if (normal_path == "/") return PathError("remove", path, EBUSY);
  if (HasChildren(normal_path)) return PathError("remove", path, ENOTEMPTY);
  nodes_.erase(normal_path);
  return Ok();
}

Result<FileInfo> MemoryFiles::Stat(const std::string& path) {
  MutexLock lock(mutex_);
  const NodePtr node = Find(Normal(path));
  if (!node) return PathError("look at", path, ENOENT);
  return node->Info();
}

Result<std::vector<DirEntry>> MemoryFiles::List(const std::string& directory) {
  const std::string normal_path = Normal(directory);
  MutexLock lock(mutex_);
  const NodePtr node = Find(normal_path);
  if (!node) return PathError("list", directory, ENOENT);
  if (!node->is_directory()) return PathError("list", directory, ENOTDIR);
  const std::string prefix = JoinPath(normal_path, "");
  std::vector<DirEntry> entries;
  for (auto entry = nodes_.upper_bound(prefix); entry != nodes_.end() && entry->first.starts_with(prefix);
       ++entry) {
    std::string name = entry->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) {
      entries.push_back({std::move(name), entry->second->is_directory(), /*is_link=*/false});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
  return entries;
}

Status MemoryFiles::MakeDirs(const std::string& directory) {
  const std::string normal_path = Normal(directory);
  MutexLock lock(mutex_);
  for (size_t slash = normal_path.find('/', 1);; slash = normal_path.find('/', slash + 1)) {
    const std::string prefix = normal_path.substr(0, slash);
    NodePtr& node = nodes_[prefix];
    if (!node) node = MakeNode(/*is_directory=*/true);
    if (!node->is_directory()) return PathError("make the folder", prefix, ENOTDIR);
    if (slash == std::string::npos) return Ok();
  }
}

Status MemoryFiles::SyncDir(const std::string& directory) {
  MutexLock lock(mutex_);
  const NodePtr node = Find(Normal(directory));
  if (!node) return PathError("open", directory, ENOENT);
  if (!node->is_directory()) return PathError("open", directory, ENOTDIR);
  return Ok();
}

Result<uint64_t> MemoryFiles::FreeBytes(const std::string& directory) {
  MutexLock lock(mutex_);
  if (!Find(Normal(directory))) return PathError("look at", directory, ENOENT);
  return uint64_t{1} << 40;
}

}  // namespace millrace::env
