// Interruptible: how a statement waits so that Session::Cancel ends it.
//
// The session's thread waits; wakers and Cancel may be called from any thread, wakers also after the session
// is gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/mutex.h"
#include "env/clock.h"

namespace millrace::session {

class Interruptible {
 public:
  // `clock` outlives it.
  explicit Interruptible(env::Clock* clock) : clock_(*clock) {}

  // A new statement begins: an earlier Cancel does not count any more.
  void Begin();
  // What now waits, or will before the next Begin, ends with `reason`.
  void Cancel(Error reason);
  // The error of a Cancel since Begin.
  Status Check() const;

  // A function that ends the next Wait, or the one that goes on.
  std::function<void()> Waker() const;
  // Waits for a waker to be called (true), or for `micros` (false); for ever when negative.
  Result<bool> Wait(int64_t micros = -1) const;
  // Waits for a waker to be called, whatever Cancel says: for what cannot be called off any more.
  void WaitForWaker() const;

 private:
  struct Shared {
    Mutex mutex;
    CondVar changed;
    bool woken MR_GUARDED_BY(mutex) = false;
    std::optional<Error> cancelled MR_GUARDED_BY(mutex);
  };
  env::Clock& clock_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace millrace::session
