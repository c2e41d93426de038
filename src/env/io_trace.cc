#include "env/io_trace.h"

#include <fmt/core.h>

#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/crc32c.h"
#include "env/clock.h"

namespace millrace::env {

namespace {

constexpr size_t kHeadBytes = 8;
constexpr std::string_view kRoot = "/data";  // the folder, on the simulated disk

template <typename T>
void AppendInt(T value, std::string* out) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out->push_back(static_cast<char>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i)));
  }
}

// Takes an integer off the front; false if there are too few bytes.
template <typename T>
bool TakeInt(std::string_view& bytes, T* value) {
  if (bytes.size() < sizeof(T)) return false;
  std::make_unsigned_t<T> result = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    result |= static_cast<std::make_unsigned_t<T>>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  *value = static_cast<T>(result);
  bytes.remove_prefix(sizeof(T));
  return true;
}

std::optional<IoStep> ParseStep(std::string_view bytes) {
  IoStep step;
  uint8_t kind = 0;
  uint32_t path_size = 0;
  if (!TakeInt(bytes, &kind) || !TakeInt(bytes, &step.monotonic_micros) || !TakeInt(bytes, &step.file) ||
      !TakeInt(bytes, &step.size) || !TakeInt(bytes, &path_size) || bytes.size() < path_size) {
    return std::nullopt;
  }
  if (kind < static_cast<uint8_t>(IoStepKind::kMakeDirs) || kind > static_cast<uint8_t>(IoStepKind::kLock)) {
    return std::nullopt;
  }
  step.kind = static_cast<IoStepKind>(kind);
  step.path = bytes.substr(0, path_size);
  step.bytes = bytes.substr(path_size);
  return step;
}

std::string OnDisk(const std::string& path) {
  return NormalPath(JoinPath(kRoot, path));
}

// Does the steps of a trace on a simulated disk.
class Follower {
 public:
  explicit Follower(SimulatedDisk& disk) : disk_(disk) {}

  Status Follow(const IoStep& step) {
    const std::string path = OnDisk(step.path);
    switch (step.kind) {
      case IoStepKind::kMakeDirs:
        return disk_.MakeDirs(path);
      case IoStepKind::kContent:
        return Replace(path, step.bytes);
      case IoStepKind::kAllSafe:
        disk_.SyncAll();
        return Ok();
      case IoStepKind::kOpen: {
        MR_ASSIGN(open_[step.file], disk_.OpenWrite(path, static_cast<WriteMode>(step.size)));
        return Ok();
      }
      case IoStepKind::kOpenAt: {
        MR_ASSIGN(open_[step.file], disk_.OpenWriteAt(path, step.size));
        return Ok();
      }
      case IoStepKind::kRename:
        return disk_.Rename(path, OnDisk(step.bytes));
      case IoStepKind::kRemove:
        return disk_.Remove(path);
      case IoStepKind::kSyncDir:
        return disk_.SyncDir(path);
      case IoStepKind::kLock: {
        MR_ASSIGN(const auto lock, disk_.Lock(path));
        return Ok();
      }
      default:
        return FollowOpen(step);
    }
  }

 private:
  Status FollowOpen(const IoStep& step) {
    const auto found = open_.find(step.file);
    if (found == open_.end()) return Fail(ErrorCode::kIoError, "the file has not been opened");
    WritableFile& file = *found->second;
    switch (step.kind) {
      case IoStepKind::kWrite:
        return file.Write(step.bytes);
      case IoStepKind::kFlush:
        return file.Flush();
      case IoStepKind::kSync:
        return file.Sync();
      default: {
        const Status closed = file.Close();
        open_.erase(found);
        return closed;
      }
    }
  }

  // Not by a rename: the name stays that of the same file.
  Status Replace(const std::string& path, const std::string& bytes) {
    MR_ASSIGN(const auto file, disk_.OpenWrite(path, WriteMode::kTruncate));
    MR_TRY(file->Write(bytes));
    MR_TRY(file->Sync());
    MR_TRY(file->Close());
    return disk_.SyncDir(DirName(path));
  }

  SimulatedDisk& disk_;
  std::map<uint32_t, std::unique_ptr<WritableFile>> open_;
};

Status CopyTree(Files& from, const std::string& source, Files& to, const std::string& target) {
  MR_TRY(to.MakeDirs(target));
  MR_ASSIGN(const std::vector<DirEntry> entries, from.List(source));
  for (const DirEntry& entry : entries) {
    const std::string below = JoinPath(source, entry.name);
    const std::string copy = JoinPath(target, entry.name);
    if (entry.is_directory) {
      MR_TRY(CopyTree(from, below, to, copy));
    } else {
      MR_ASSIGN(const std::string bytes, from.ReadAll(below));
      MR_TRY(to.WriteAll(copy, bytes));
    }
  }
  return Ok();
}

}  // namespace

void AppendIoStep(const IoStep& step, std::string* trace) {
  std::string rest;
  AppendInt(static_cast<uint8_t>(step.kind), &rest);
  AppendInt(step.monotonic_micros, &rest);
  AppendInt(step.file, &rest);
  AppendInt(step.size, &rest);
  AppendInt(static_cast<uint32_t>(step.path.size()), &rest);
  rest += step.path;
  rest += step.bytes;
  AppendInt(static_cast<uint32_t>(rest.size()), trace);
  AppendInt(Crc32c(rest), trace);
  *trace += rest;
}

Result<IoTrace> IoTrace::Parse(std::string_view bytes) {
  IoTrace trace;
  const size_t whole = bytes.size();
  while (bytes.size() >= kHeadBytes) {
    const size_t offset = whole - bytes.size();
    std::string_view head = bytes.substr(0, kHeadBytes);
    uint32_t size = 0, crc = 0;
    TakeInt(head, &size);
    TakeInt(head, &crc);
    const std::string_view rest = bytes.substr(kHeadBytes, size);
    if (rest.size() < size) break;
    std::optional<IoStep> step = Crc32c(rest) == crc ? ParseStep(rest) : std::nullopt;
    if (!step) {
      return Fail(ErrorCode::kIoError, fmt::format("the trace of files is damaged at byte {}", offset));
    }
    trace.steps_.push_back(*std::move(step));
    if (trace.steps_.back().kind == IoStepKind::kAllSafe) trace.first_ = trace.steps_.size();
    bytes.remove_prefix(kHeadBytes + size);
  }
  if (trace.first_ == 0) {
    return Fail(ErrorCode::kIoError, "the trace of files ends before the folder's first state is told");
  }
  return trace;
}

Result<IoTrace> IoTrace::Read(Files& files, const std::string& path) {
  MR_ASSIGN(const std::string bytes, files.ReadAll(path));
  Result<IoTrace> trace = Parse(bytes);
  if (!trace) return std::unexpected(trace.error().Within(path));
  return trace;
}

Status IoTrace::MakeCrashState(size_t steps, uint64_t seed, const PowerLoss& loss, Files& files,
                               const std::string& folder) const {
  MR_ASSIGN(const bool exists, files.Exists(folder));
  if (exists) return Fail(ErrorCode::kIoError, fmt::format("cannot make '{}': it is there already", folder));
  const SimulatedClock clock;
  SimulatedDisk disk(clock);
  MR_TRY(disk.MakeDirs(std::string(kRoot)));
  disk.SyncAll();
  {
    Follower follower(disk);
    for (size_t i = 0; i < steps && i < steps_.size(); ++i) {
      const Status followed = follower.Follow(steps_[i]);
      if (!followed) return std::unexpected(followed.error().Within(fmt::format("step {}", i + 1)));
    }
    // What is in the buffers of open files is gone with their process.
    disk.CutPower();
  }
  Random random(seed);
  disk.Restore(random, loss);
  return CopyTree(disk, std::string(kRoot), files, folder);
}

}  // namespace millrace::env
