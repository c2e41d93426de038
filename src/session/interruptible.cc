#include "session/interruptible.h"

#include <chrono>
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
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(micros);
  MutexLock lock(shared_->mutex);
  while (true) {
    if (shared_->cancelled.has_value()) return std::unexpected(*shared_->cancelled);
    if (std::exchange(shared_->woken, false)) return true;
    if (micros < 0) {
      shared_->changed.Wait(shared_->mutex);
      continue;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    shared_->changed.WaitFor(shared_->mutex, left.count());
  }
}

}  // namespace millrace::session
