#include "session/interruptible.h"

#include <utility>

namespace millrace::session {

void Interruptible::Begin() {
  MutexLock lock(shared_->mutex);
  shared_->cancelled.reset();
  shared_->woken = false;
}

void Interruptible::Cancel(Error reason) {
  {
    MutexLock lock(shared_->mutex);
    if (!shared_->cancelled.has_value()) shared_->cancelled = std::move(reason);
  }
  shared_->changed.NotifyAll();
}

Status Interruptible::Check() const {
  MutexLock lock(shared_->mutex);
  if (shared_->cancelled.has_value()) return std::unexpected(*shared_->cancelled);
  return {};
}

std::function<void()> Interruptible::Waker() const {
  return [shared = shared_] {
    {
      MutexLock lock(shared->mutex);
      shared->woken = true;
    }
    shared->changed.NotifyAll();
  };
}

Result<bool> Interruptible::Wait(int64_t micros) const {
  const int64_t deadline = clock_.MonotonicMicros() + micros;
  MutexLock lock(shared_->mutex);
  while (true) {
    if (shared_->cancelled.has_value()) return std::unexpected(*shared_->cancelled);
    if (std::exchange(shared_->woken, false)) return true;
    if (micros < 0) {
      shared_->changed.Wait(shared_->mutex);
      continue;
    }
    const int64_t left = deadline - clock_.MonotonicMicros();
    if (left <= 0) return false;
    shared_->changed.WaitFor(shared_->mutex, left);
  }
}

void Interruptible::WaitForWaker() const {
  MutexLock lock(shared_->mutex);
  while (!std::exchange(shared_->woken, false)) shared_->changed.Wait(shared_->mutex);
}

}  // namespace millrace::session
