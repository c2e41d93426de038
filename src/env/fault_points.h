// Fault points: named places before and after each durable step, where tests make the world fail.
//
//   MR_TRY(env.faults->Reach("log.sync.before"));
//
// The name must stand in fault_point_names.h, else the call does not compile. In production a point costs one
// relaxed increment; the error that it answers when told to is handled like one of the step itself.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/fault_point_names.h"

namespace millrace::env {

// A registered name. Cheap to copy.
class FaultPoint {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): so that Reach takes the name itself.
  consteval FaultPoint(const char* name) : index_(IndexOf(name)) {}
  static std::optional<FaultPoint> Find(std::string_view name);

  std::string_view name() const { return kFaultPointNames[index_]; }
  size_t index() const { return index_; }

 private:
  explicit FaultPoint(size_t index) : index_(index) {}
  static consteval size_t IndexOf(std::string_view name) {
    for (size_t index = 0; index < kFaultPointNames.size(); ++index) {
      if (kFaultPointNames[index] == name) return index;
    }
    throw "not in fault_point_names.h";  // reached by the compiler alone, as an error
  }

  size_t index_;
};

// Every registered name, sorted, whether it has been reached or not.
inline std::span<const std::string_view> AllFaultPoints() {
  return kFaultPointNames;
}

// Any thread.
class Faults {
 public:
  virtual ~Faults() = default;
  // Ok, but where a test or the user's script wants it otherwise.
  virtual Status Reach(FaultPoint point) = 0;
};

// Counts, and does at chosen points what it was told to. Any thread.
class FaultScript final : public Faults {
 public:
  // What Reach then does and answers. It may be called from any thread, and may call the script.
  using Action = std::function<Status()>;

  Status Reach(FaultPoint point) override;

  // Once, when the point is reached for the `nth` time from now on (1: the next time).
  void At(FaultPoint point, uint64_t nth, Action action);
  // As At, from "point:nth:action", several parted by commas. Actions: `kill` sends this process SIGKILL,
  // `error` answers kIoError, `full` answers kDiskFull. kInvalidParameter, and nothing armed, if that is not
  // what it says.
  Status Arm(std::string_view script);
  // Forgets what is still to come; the counts stay.
  void Disarm();

  // How often it has been reached.
  uint64_t Count(FaultPoint point) const { return counts_[point.index()].load(std::memory_order_relaxed); }
  // Names that begin with `prefix` and have not been reached.
  std::vector<std::string_view> Unreached(std::string_view prefix) const;

 private:
  struct Rule {
    FaultPoint point;
    uint64_t count;  // of the point, at which it is due
    Action action;
  };

  static Result<Rule> ParseRule(std::string_view text);
  // The action due at this count, if any; it is taken out.
  Action Take(FaultPoint point, uint64_t count);

  std::array<std::atomic<uint64_t>, kFaultPointNames.size()> counts_{};
  std::atomic<size_t> pending_{0};  // size of rules_, to be read without the lock
  Mutex mutex_;
  std::vector<Rule> rules_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::env
