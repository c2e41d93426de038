// TaskQueue: the states of tasks, the order of their turns and their alarms; the part that both
// WorkerPools share. It locks nothing: its owner calls it under one lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>

#include "env/executor.h"

namespace millrace::env {

class TaskQueue {
 public:
  static constexpr int64_t kNoAlarm = std::numeric_limits<int64_t>::max();

  // True if the task has newly been queued.
  bool Wake(Task& task);
  // True if the next alarm is now earlier than it was.
  bool WakeAt(Task& task, int64_t monotonic_micros);
  // Queues the tasks whose alarm is due; answers how many.
  size_t FireAlarms(int64_t monotonic_micros);
  // The moment of the next alarm, or kNoAlarm.
  int64_t NextAlarm() const { return alarms_.empty() ? kNoAlarm : alarms_.begin()->first.first; }

  // The task whose turn it is (the index-th of those queued), now running; null if none is queued.
  Task* Take(size_t index = 0);
  // After Run has answered `more`.
  void Done(Task& task, bool more);
  // True if the task is out for good; false if it runs now, and will be out once it is Done.
  bool Retire(Task& task);
  bool IsRetired(const Task& task) const;

  size_t queued() const { return queued_.size(); }
  bool IsIdle() const { return queued_.empty() && running_ == 0; }

 private:
  void Push(Task& task);
  void ClearAlarm(Task& task);

  std::deque<Task*> queued_;
  std::map<Task::AlarmKey, Task*> alarms_;
  uint64_t alarm_number_ = 0;
  size_t running_ = 0;
};

}  // namespace millrace::env
