// disk_between: stands between a program and the files of one folder. It writes down what is done to them,
// and makes chosen operations fail. For tests of the real command, which has nothing of this in it:
//
//   LD_PRELOAD=libdisk_between.so DISK_FOLDER=/x DISK_TRACE=/y/trace millrace serve --data /x …
//   LD_PRELOAD=libdisk_between.so DISK_FOLDER=/x DISK_FAULT=write:20:0:1:full DISK_TOLD=/y/told millrace …
//
// DISK_FAULT=<class>:<n>:<step>:<count>:<kind>
//
//   class    write; sync; name: files and folders that are made, emptied, cut, renamed or removed.
//            Each is counted by itself, over all threads.
//   n        The first operation to fail, from 1 on.
//   step     Then every step-th after it; 0: no other.
//   count    How many operations of the class in a row fail each time.
//   kind     full: ENOSPC, and statvfs says so. When more than one is to fail, what is written with O_DSYNC
//            is let pass: LMDB's roots, in place, for which a full disk has room.
//            error: EIO.
//            short-full, short-error: a write does its first half and says so; the next ones fail.
//
// DISK_TOLD gets a line for each failure, and one when a file is synced again whose sync has failed.
//
// The trace has records in the order in which things were done (power_cut.py reads it), integers
// little-endian: size of the rest (u32), kind (u8), CLOCK_MONOTONIC in ns before it was done (u64), three
// numbers (u64), length of the path (u32), path, bytes. The kinds, with their numbers:
//
//   O    A file or folder is opened (file, 1: made | 2: emptied | 4: folder).
//   W    Bytes are written (file, offset, number).
//   w    A write is safe: the file is open with O_DSYNC (file, number).
//   T    A file is cut (file, size).
//   B E  A sync begins, and has answered Ok (file, number).
//   F    A sync has failed (file).
//   M U  A folder is made, a name removed.
//   R    A name is changed; the bytes are the new one.
//   P    A file is mapped for writing (file).
//
// All but syncs is done one at a time, so the order is the true one; others go on during a sync. Paths are
// those of the calls: the program must name files of the folder by absolute paths without links.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kDescriptorsMax = 1 << 16;
constexpr uint64_t kNone = UINT64_MAX;
constexpr size_t kSectorBytes = 512;  // fewer are written as a whole or not at all

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct OpenFile {
  uint64_t number = 0;  // never used twice
  bool appends = false;
  bool is_safe_at_once = false;  // O_DSYNC
  std::string path;
  std::pair<dev_t, ino_t> identity;
};

struct Fault {
  std::string type;
  uint64_t first = 0;
  uint64_t step = 0;
  uint64_t count = 1;
  std::string kind;

  // The how-manieth in a row the n-th operation is of those that fail, from 0 on; kNone if it does not.
  uint64_t PlaceOf(uint64_t n) const {
    if (first == 0 || n < first) return kNone;
    const uint64_t place = step == 0 ? n - first : (n - first) % step;
    return place < count ? place : kNone;
  }
  bool IsRepeated() const { return count > 1 || step > 0; }
  bool IsFull() const { return kind == "full" || kind == "short-full"; }
  bool IsShort() const { return kind == "short-full" || kind == "short-error"; }
};

class Disk {
 public:
  static Disk& The() {
    static Disk* const disk = new Disk;  // outlives every thread
    return *disk;
  }

  bool IsTracked(int fd) const {
    return fd >= 0 && fd < kDescriptorsMax &&
           tracked_[static_cast<size_t>(fd)].load(std::memory_order_acquire);
  }
  bool IsBelow(const char* path) const {
    return path != nullptr && !folder_.empty() && std::strncmp(path, folder_.c_str(), folder_.size()) == 0 &&
           (path[folder_.size()] == '/' || path[folder_.size()] == '\0');
  }

  // One operation at a time.
  class Turn {
   public:
    explicit Turn(Disk& disk) : disk_(disk) { pthread_mutex_lock(&disk_.mutex_); }
    ~Turn() {
      const int error_number = errno;
      pthread_mutex_unlock(&disk_.mutex_);
      errno = error_number;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Disk& disk_;
  };

  OpenFile& file(int fd) { return open_[fd]; }
  uint64_t NextNumber() { return ++numbers_; }
  uint64_t Now() const {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  void Track(int fd, OpenFile file) {
    struct stat status;
    if (fstat(fd, &status) == 0) file.identity = {status.st_dev, status.st_ino};
    open_[fd] = std::move(file);
    tracked_[static_cast<size_t>(fd)].store(true, std::memory_order_release);
  }
  void Forget(int fd) {
    tracked_[static_cast<size_t>(fd)].store(false, std::memory_order_release);
    open_.erase(fd);
  }

  // The errno that the next operation of the type must end with, or 0.
  int Begin(const char* type, std::string_view what, std::string_view path, bool needs_room = true) {
    if (fault_.type != type) return 0;
    const uint64_t count = ++count_;
    const uint64_t place = fault_.PlaceOf(count);
    is_full_ = place != kNone && fault_.IsFull();
    is_short_ = place == 0 && fault_.IsShort();
    if (place == kNone || (!needs_room && fault_.IsFull() && fault_.IsRepeated())) return 0;
    Tell(type, count, what, path);
    return fault_.IsFull() ? ENOSPC : EIO;
  }
  // Of the operation that has begun: its first half is to be done.
  bool is_short() const { return is_short_; }
  bool is_full() const { return is_full_; }

  void SyncFailed(const OpenFile& file) { failed_syncs_.insert(file.identity); }
  void LookForRetry(const OpenFile& file) {
    if (failed_syncs_.contains(file.identity)) Tell("again", 0, "sync", file.path);
  }

  void Record(char kind, uint64_t time, uint64_t a, uint64_t b, uint64_t c, std::string_view path,
              std::string_view bytes = {}) {
    if (trace_ < 0) return;
    record_.assign(4, '\0');
    record_ += kind;
    Append(time);
    Append(a);
    Append(b);
    Append(c);
    Append(static_cast<uint32_t>(path.size()));
    record_ += path;
    record_ += bytes;
    const auto size = static_cast<uint32_t>(record_.size() - 4);
    std::memcpy(record_.data(), &size, sizeof(size));
    WriteAll(trace_, record_);
  }

 private:
  Disk() {
    if (const char* folder = getenv("DISK_FOLDER")) folder_ = folder;
    if (const char* trace = getenv("DISK_TRACE")) trace_ = OpenOut(trace);
    if (const char* told = getenv("DISK_TOLD")) told_ = OpenOut(told);
    if (const char* fault = getenv("DISK_FAULT")) ReadFault(fault);
  }

  static int OpenOut(const char* path) {
    return static_cast<int>(syscall(SYS_open, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }

  void ReadFault(const std::string& text) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
      if (c == ':') {
        parts.emplace_back();
      } else {
        parts.back() += c;
      }
    }
    if (parts.size() != 5) {
      std::fprintf(stderr, "disk_between: DISK_FAULT=%s is none\n", text.c_str());
      std::abort();
    }
    fault_ = {parts[0], std::strtoull(parts[1].c_str(), nullptr, 10),
              std::strtoull(parts[2].c_str(), nullptr, 10), std::strtoull(parts[3].c_str(), nullptr, 10),
              parts[4]};
  }

  template <typename T>
  void Append(T value) {
    record_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }

  void Tell(const char* type, uint64_t n, std::string_view what, std::string_view path) {
    if (told_ < 0) return;
    std::string line = std::string(type) + ' ' + std::to_string(n) + ' ';
    line.append(what).append(" ").append(path).append("\n");
    WriteAll(told_, line);
  }

  static void WriteAll(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const long written = syscall(SYS_write, fd, bytes.data(), bytes.size());
      if (written <= 0) std::abort();  // a trace has no gaps
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  std::array<std::atomic<bool>, kDescriptorsMax> tracked_{};
  std::map<int, OpenFile> open_;
  std::set<std::pair<dev_t, ino_t>> failed_syncs_;
  std::string folder_;
  std::string record_;
  Fault fault_;
  uint64_t numbers_ = static_cast<uint64_t>(getpid()) << 32;  // a trace may have several lives
  uint64_t count_ = 0;                                        // operations of the fault's class
  int trace_ = -1;
  int told_ = -1;
  bool is_full_ = false;
  bool is_short_ = false;
};

int Fail(int error_number) {
  errno = error_number;
  return -1;
}

int Open(const char* path, int flags, mode_t mode) {
  static auto* const real = Real<int(const char*, int, ...)>("open");
  Disk& disk = Disk::The();
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (!disk.IsBelow(path) || (!writes && (flags & O_DIRECTORY) == 0)) return real(path, flags, mode);
  const Disk::Turn turn(disk);
  struct stat status;
  const bool is_new = (flags & O_CREAT) != 0 && lstat(path, &status) != 0;
  const bool empties = (flags & O_TRUNC) != 0 && !is_new;
  if (is_new || empties) {
    if (const int failed = disk.Begin("name", is_new ? "make" : "empty", path)) return Fail(failed);
  }
  const uint64_t time = disk.Now();
  const int fd = real(path, flags, mode);
  if (fd < 0 || fd >= kDescriptorsMax) return fd;
  const uint64_t number = disk.NextNumber();
  disk.Record('O', time, number,
              (is_new ? 1u : 0u) | (empties ? 2u : 0u) | ((flags & O_DIRECTORY) != 0 ? 4u : 0u), 0, path);
  disk.Track(fd, {number, (flags & O_APPEND) != 0, (flags & O_DSYNC) != 0, path, {}});
  return fd;
}

// `offset` < 0: where the file stands, or its end if it is one that appends.
ssize_t Write(int fd, const iovec* parts, int count, off_t offset) {
  static auto* const real_writev = Real<ssize_t(int, const iovec*, int)>("writev");
  static auto* const real_pwrite = Real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  Disk& disk = Disk::The();
  uint64_t number = 0, file_number = 0, time = 0;
  bool is_safe_at_once = false;
  ssize_t written = 0;
  {
    const Disk::Turn turn(disk);
    OpenFile& file = disk.file(fd);
    file_number = file.number;
    is_safe_at_once = file.is_safe_at_once;
    const int failed = disk.Begin("write", is_safe_at_once ? "synced-write" : "write", file.path,
                                  /*needs_room=*/!is_safe_at_once);
    // The bytes are written, and the sync that belongs to it fails.
    const bool is_unsafe = failed == EIO && is_safe_at_once;
    if (failed != 0 && !is_unsafe && (!disk.is_short() || bytes.size() <= kSectorBytes)) return Fail(failed);
    if (failed != 0 && !is_unsafe) bytes.resize(bytes.size() / 2);
    time = disk.Now();
    off_t place = offset;
    if (offset < 0) {
      struct stat status;
      place = file.appends && fstat(fd, &status) == 0 ? status.st_size : lseek(fd, 0, SEEK_CUR);
      const iovec whole{bytes.data(), bytes.size()};
      written = real_writev(fd, &whole, 1);
    } else {
      written = real_pwrite(fd, bytes.data(), bytes.size(), offset);
    }
    if (written <= 0) return written;
    number = disk.NextNumber();
    disk.Record('W', time, file_number, static_cast<uint64_t>(place), number, {},
                std::string_view(bytes).substr(0, static_cast<size_t>(written)));
    if (is_unsafe) {
      disk.Record('F', time, file_number, 0, 0, {});
      return Fail(failed);
    }
    if (is_safe_at_once) disk.Record('w', time, file_number, number, 0, {});
  }
  return written;
}

int Sync(int fd, const char* name) {
  Disk& disk = Disk::The();
  auto* const real = Real<int(int)>(name);
  uint64_t number = 0, file_number = 0;
  {
    const Disk::Turn turn(disk);
    const OpenFile& file = disk.file(fd);
    disk.LookForRetry(file);
    if (const int failed = disk.Begin("sync", "sync", file.path)) {
      disk.SyncFailed(file);
      disk.Record('F', disk.Now(), file.number, 0, 0, {});
      return Fail(failed);
    }
    number = disk.NextNumber();
    file_number = file.number;
    disk.Record('B', disk.Now(), file_number, number, 0, {});
  }
  const int answer = real(fd);
  if (answer != 0) return answer;
  const Disk::Turn turn(disk);
  disk.Record('E', disk.Now(), file_number, number, 0, {});
  return 0;
}

int Cut(int fd, off_t size) {
  static auto* const real = Real<int(int, off_t)>("ftruncate");
  Disk& disk = Disk::The();
  if (!disk.IsTracked(fd)) return real(fd, size);
  const Disk::Turn turn(disk);
  const OpenFile& file = disk.file(fd);
  if (const int failed = disk.Begin("name", "cut", file.path)) return Fail(failed);
  const uint64_t time = disk.Now();
  const int answer = real(fd, size);
  if (answer == 0) disk.Record('T', time, file.number, static_cast<uint64_t>(size), 0, {});
  return answer;
}

int ChangeName(char kind, const char* what, const char* path, const char* to,
               int (*real)(const char*, const char*)) {
  Disk& disk = Disk::The();
  const bool is_below = disk.IsBelow(path), to_is_below = to != nullptr && disk.IsBelow(to);
  if (!is_below && !to_is_below) return real(path, to);
  if (to != nullptr && is_below != to_is_below) std::abort();  // not followed
  const Disk::Turn turn(disk);
  struct stat status;
  // What would fail anyway is no operation of the disk.
  const bool is_there = lstat(path, &status) == 0;
  if (is_there == (kind != 'M')) {
    if (const int failed = disk.Begin("name", what, path)) return Fail(failed);
  }
  const uint64_t time = disk.Now();
  const int answer = real(path, to);
  if (answer == 0)
    disk.Record(kind, time, 0, 0, 0, path, to == nullptr ? std::string_view() : std::string_view(to));
  return answer;
}

template <typename Status>
int Room(const char* path, Status* status, const char* name) {
  const int answer = Real<int(const char*, Status*)>(name)(path, status);
  Disk& disk = Disk::The();
  if (answer != 0 || !disk.IsBelow(path)) return answer;
  const Disk::Turn turn(disk);
  if (disk.is_full()) status->f_bavail = status->f_bfree = 0;
  return answer;
}

mode_t ModeOf(int flags, va_list rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = ModeOf(flags, rest);
  va_end(rest);
  return Open(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = ModeOf(flags, rest);
  va_end(rest);
  return Open(path, flags, mode);
}

int close(int fd) {
  static auto* const real = Real<int(int)>("close");
  Disk& disk = Disk::The();
  if (!disk.IsTracked(fd)) return real(fd);
  const Disk::Turn turn(disk);
  disk.Forget(fd);
  return real(fd);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  if (!Disk::The().IsTracked(fd)) return real(fd, bytes, size);
  const iovec part{const_cast<void*>(bytes), size};
  return Write(fd, &part, 1, -1);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* const real = Real<ssize_t(int, const iovec*, int)>("writev");
  return Disk::The().IsTracked(fd) ? Write(fd, parts, count, -1) : real(fd, parts, count);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  if (!Disk::The().IsTracked(fd)) return real(fd, bytes, size, offset);
  const iovec part{const_cast<void*>(bytes), size};
  return Write(fd, &part, 1, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}

int fsync(int fd) {
  static auto* const real = Real<int(int)>("fsync");
  return Disk::The().IsTracked(fd) ? Sync(fd, "fsync") : real(fd);
}
int fdatasync(int fd) {
  static auto* const real = Real<int(int)>("fdatasync");
  return Disk::The().IsTracked(fd) ? Sync(fd, "fdatasync") : real(fd);
}

int ftruncate(int fd, off_t size) noexcept {
  return Cut(fd, size);
}
int ftruncate64(int fd, off64_t size) noexcept {
  return Cut(fd, size);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const real = Real<int(const char*, mode_t)>("mkdir");
  static thread_local mode_t wanted;
  wanted = mode;
  return ChangeName('M', "make-folder", path, nullptr,
                    [](const char* what, const char*) { return real(what, wanted); });
}
int rename(const char* from, const char* to) noexcept {
  return ChangeName('R', "rename", from, to, Real<int(const char*, const char*)>("rename"));
}
int unlink(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("unlink");
  return ChangeName('U', "remove", path, nullptr, [](const char* what, const char*) { return real(what); });
}
int rmdir(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("rmdir");
  return ChangeName('U', "remove", path, nullptr, [](const char* what, const char*) { return real(what); });
}
int remove(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("remove");
  return ChangeName('U', "remove", path, nullptr, [](const char* what, const char*) { return real(what); });
}

void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  static auto* const real = Real<void*(void*, size_t, int, int, int, off_t)>("mmap");
  void* const mapped = real(address, size, protection, flags, fd, offset);
  if ((protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0) {
    Disk& disk = Disk::The();
    if (disk.IsTracked(fd)) {
      const Disk::Turn turn(disk);
      disk.Record('P', disk.Now(), disk.file(fd).number, 0, 0, {});
    }
  }
  return mapped;
}

int statvfs(const char* path, struct statvfs* status) noexcept {
  return Room(path, status, "statvfs");
}
int statvfs64(const char* path, struct statvfs64* status) noexcept {
  return Room(path, status, "statvfs64");
}

}  // extern "C"
