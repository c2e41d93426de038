#include "env/task_queue.h"

#include <algorithm>

#include "base/check.h"

namespace millrace::env {

void TaskQueue::Push(Task& task) {
  task.state_ = Task::State::kQueued;
  queued_.push_back(&task);
}

bool TaskQueue::Wake(Task& task) {
  switch (task.state_) {
    case Task::State::kIdle:
      Push(task);
      return true;
    case Task::State::kRunning:
      task.state_ = Task::State::kRunningAndWoken;
      return false;
    case Task::State::kQueued:
    case Task::State::kRunningAndWoken:
    case Task::State::kRunningAndRetired:
    case Task::State::kRetired:
      return false;
  }
  MR_UNREACHABLE();
}

bool TaskQueue::WakeAt(Task& task, int64_t monotonic_micros) {
  if (IsRetired(task)) return false;
  if (task.alarm_.second != 0) {
    if (task.alarm_.first <= monotonic_micros) return false;
    ClearAlarm(task);
  }
  const bool earliest = monotonic_micros < NextAlarm();
  task.alarm_ = {monotonic_micros, ++alarm_number_};
  alarms_.emplace(task.alarm_, &task);
  return earliest;
}

void TaskQueue::ClearAlarm(Task& task) {
  if (task.alarm_.second == 0) return;
  alarms_.erase(task.alarm_);
  task.alarm_ = {0, 0};
}

size_t TaskQueue::FireAlarms(int64_t monotonic_micros) {
  size_t woken = 0;
  while (NextAlarm() <= monotonic_micros && !alarms_.empty()) {
    Task& task = *alarms_.begin()->second;
    ClearAlarm(task);
    if (Wake(task)) ++woken;
  }
  return woken;
}

Task* TaskQueue::Take(size_t index) {
  if (index >= queued_.size()) return nullptr;
  const auto place = queued_.begin() + static_cast<std::ptrdiff_t>(index);
  Task* task = *place;
  queued_.erase(place);
  task->state_ = Task::State::kRunning;
  ++running_;
  return task;
}

void TaskQueue::Done(Task& task, bool more) {
  MR_CHECK(running_ > 0);
  --running_;
  if (task.state_ == Task::State::kRunningAndRetired) {
    task.state_ = Task::State::kRetired;
  } else if (more || task.state_ == Task::State::kRunningAndWoken) {
    Push(task);
  } else {
    task.state_ = Task::State::kIdle;
  }
}

bool TaskQueue::Retire(Task& task) {
  ClearAlarm(task);
  switch (task.state_) {
    case Task::State::kRunning:
    case Task::State::kRunningAndWoken:
      task.state_ = Task::State::kRunningAndRetired;
      return false;
    case Task::State::kRunningAndRetired:
      return false;
    case Task::State::kQueued:
      queued_.erase(std::find(queued_.begin(), queued_.end(), &task));
      break;
    case Task::State::kIdle:
    case Task::State::kRetired:
      break;
  }
  task.state_ = Task::State::kRetired;
  return true;
}

bool TaskQueue::IsRetired(const Task& task) const {
  return task.state_ == Task::State::kRetired || task.state_ == Task::State::kRunningAndRetired;
}

}  // namespace millrace::env
