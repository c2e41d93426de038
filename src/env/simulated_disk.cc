// The failures of a SimulatedDisk, and the operations of open files.
#include "env/simulated_disk.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "env/posix_fd.h"

namespace millrace::env {

namespace {

std::string_view NameOf(DiskOperation kind) {
  static constexpr std::array<std::string_view, kDiskOperations> kNames = {
      "open", "cut", "read", "write", "sync", "rename", "remove", "makedir", "syncdir", "look", "lock"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace

SimulatedDisk::SimulatedDisk(const Clock& clock, uint64_t seed) : clock_(clock), random_(seed) {
  MutexLock lock(mutex_);
  tree_.Make(tree_.Find("/dev"), /*is_directory=*/true, clock_.NowMicros());
  tree_.SyncAll();
}

void SimulatedDisk::CutPower() {
  MutexLock lock(mutex_);
  has_power_ = false;
}

bool SimulatedDisk::has_power() const {
  MutexLock lock(mutex_);
  return has_power_;
}

void SimulatedDisk::Restore(Random& random, const PowerLoss& loss) {
  MutexLock lock(mutex_);
  tree_.LosePower(random, loss);
  ++power_;
  has_power_ = true;
}

void SimulatedDisk::SyncAll() {
  MutexLock lock(mutex_);
  tree_.SyncAll();
}

uint64_t SimulatedDisk::CountOf(std::optional<DiskOperation> kind) const {
  if (kind) return counts_[static_cast<size_t>(*kind)];
  uint64_t count = 0;
  for (const uint64_t of_one_kind : counts_) count += of_one_kind;
  return count;
}

uint64_t SimulatedDisk::Count(std::optional<DiskOperation> kind) const {
  MutexLock lock(mutex_);
  return CountOf(kind);
}

void SimulatedDisk::At(std::optional<DiskOperation> kind, uint64_t nth, Action action) {
  MutexLock lock(mutex_);
  rules_.push_back({kind, CountOf(kind) + nth, std::move(action)});
}

void SimulatedDisk::FailAt(std::optional<DiskOperation> kind, uint64_t nth, int error_number) {
  At(kind, nth, [error_number] { return error_number; });
}

void SimulatedDisk::Disarm() {
  MutexLock lock(mutex_);
  rules_.clear();
}

void SimulatedDisk::SetCapacity(std::optional<uint64_t> bytes) {
  MutexLock lock(mutex_);
  capacity_ = bytes;
}

uint64_t SimulatedDisk::FreeLocked() const {
  if (!capacity_) return uint64_t{1} << 40;
  const uint64_t used = tree_.UsedBytes();
  return used < *capacity_ ? *capacity_ - used : 0;
}

Result<uint64_t> SimulatedDisk::FlipBit(const std::string& path, uint64_t bit) {
  MutexLock lock(mutex_);
  const DiskTree::Place place = FindPath(path);
  if (!place.node) return PathError("flip a bit of", path, ENOENT);
  if (bit / 8 >= place.node->file.size()) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("cannot flip bit {} of '{}': it has only {} bytes",
                                                          bit, path, place.node->file.size()));
  }
  place.node->file.FlipBit(bit);
  return bit;
}

Result<uint64_t> SimulatedDisk::FlipBit(const std::string& path, Random& random) {
  MR_ASSIGN(const FileInfo info, Stat(path));
  return FlipBit(path, info.size == 0 ? 0 : random.Below(info.size * 8));
}

void SimulatedDisk::StartTrace(size_t lines) {
  MutexLock lock(mutex_);
  trace_lines_ = lines;
}

std::string SimulatedDisk::Trace() const {
  MutexLock lock(mutex_);
  std::string text;
  for (const std::string& line : trace_) {
    text += line;
    text += '\n';
  }
  return text;
}

void SimulatedDisk::TraceLine(DiskOperation kind, std::string_view path, std::string_view detail) {
  if (trace_lines_ == 0) return;
  if (trace_.size() >= trace_lines_) trace_.pop_front();
  trace_.push_back(
      fmt::format("{} {} us: {} {}", CountOf(std::nullopt), clock_.MonotonicMicros(), NameOf(kind), path));
  if (!detail.empty()) trace_.back() += fmt::format(" {}", detail);
}

void SimulatedDisk::TraceFailure(int error_number) {
  if (!trace_.empty()) trace_.back() += fmt::format(" -> {}", ErrnoText(error_number));
}

SimulatedDisk::Action SimulatedDisk::TakeRule(DiskOperation kind) {
  const auto due = std::ranges::find_if(rules_, [&](const Rule& rule) MR_REQUIRES(mutex_) {
    return (!rule.kind || *rule.kind == kind) && rule.count == CountOf(rule.kind);
  });
  if (due == rules_.end()) return nullptr;
  Action action = std::move(due->action);
  rules_.erase(due);
  return action;
}

SimulatedDisk::Obstacle SimulatedDisk::Begin(DiskOperation kind, std::string_view path,
                                             std::string_view detail) {
  MutexLock lock(mutex_);
  if (!has_power_) return {.error_number = EIO, .is_new = false};
  if (path.starts_with("/dev/")) return {};
  ++counts_[static_cast<size_t>(kind)];
  TraceLine(kind, path, detail);
  const Action action = TakeRule(kind);
  if (!action) return {};
  const uint64_t power = power_;
  lock.Unlock();
  int error_number = action();
  lock.Lock();
  if (!has_power_ || power_ != power) error_number = EIO;
  if (error_number != 0) TraceFailure(error_number);
  return {.error_number = error_number, .is_new = error_number != 0};
}

SimulatedDisk::Obstacle SimulatedDisk::BeginOn(const Handle& handle, DiskOperation kind,
                                               std::string_view detail) {
  {
    MutexLock lock(mutex_);
    if (!has_power_ || handle.power != power_) return {.error_number = EIO, .is_new = false};
    if (handle.is_device) return {};
  }
  return Begin(kind, handle.path, detail);
}

int SimulatedDisk::ReadOpen(const Handle& handle, uint64_t offset, std::span<std::byte> buffer,
                            size_t* bytes) {
  const Obstacle obstacle =
      BeginOn(handle, DiskOperation::kRead, fmt::format("{} at {}", buffer.size(), offset));
  if (obstacle.error_number != 0) return obstacle.error_number;
  MutexLock lock(mutex_);
  *bytes = handle.node->file.ReadAt(offset, buffer);
  return 0;
}

int SimulatedDisk::WriteOpen(const Handle& handle, std::string_view bytes) {
  const Obstacle obstacle = BeginOn(handle, DiskOperation::kWrite, fmt::format("{}", bytes.size()));
  if (obstacle.error_number != 0 && !obstacle.is_new) return obstacle.error_number;
  MutexLock lock(mutex_);
  if (handle.power != power_) return EIO;
  int error_number = obstacle.error_number;
  if (error_number != 0) {
    bytes = bytes.substr(0, random_.Below(bytes.size() + 1));
  } else if (!handle.is_device && bytes.size() > FreeLocked()) {
    bytes = bytes.substr(0, FreeLocked());
    error_number = ENOSPC;
    TraceFailure(error_number);
  }
  handle.node->file.Append(bytes);
  handle.node->mtime_micros = clock_.NowMicros();
  if (handle.is_device) handle.node->file.Sync();
  return error_number;
}

int SimulatedDisk::SyncOpen(const Handle& handle) {
  const Obstacle obstacle = BeginOn(handle, DiskOperation::kSync);
  MutexLock lock(mutex_);
  if (obstacle.error_number == 0) {
    handle.node->file.Sync();
  } else if (obstacle.is_new && has_power_ && handle.power == power_) {
    handle.node->file.FailSync();
  }
  return obstacle.error_number;
}

Result<FileInfo> SimulatedDisk::StatOpen(const Handle& handle) {
  const Obstacle obstacle = BeginOn(handle, DiskOperation::kLook);
  if (obstacle.error_number != 0) return PathError("look at", handle.path, obstacle.error_number);
  MutexLock lock(mutex_);
  return handle.node->Info();
}

void SimulatedDisk::Unlock(const Handle& handle) {
  MutexLock lock(mutex_);
  if (handle.power == power_) handle.node->is_locked = false;
}

}  // namespace millrace::env
