// LoginThrottle: how often a password may be tried from one address.
//
// After limits::kLoginFailuresMax failures in a row an address has to wait limits::kLoginWaitMicros; a
// success clears it. Remembers a bounded number of addresses: past it the oldest failures are forgotten. Any
// thread.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/clock.h"

namespace millrace::server::auth {

class LoginThrottle {
 public:
  // `clock` outlives this.
  explicit LoginThrottle(const env::Clock& clock) : clock_(clock) {}

  // kInvalidAuthorization while it has to wait.
  Status Check(std::string_view login) MR_EXCLUDES(mutex_);
  void Failed(std::string_view login) MR_EXCLUDES(mutex_);
  void Succeeded(std::string_view login) MR_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::string login;
    int failures = 0;
    int64_t last_micros = 0;  // monotonic
  };

  const env::Clock& clock_;
  Mutex mutex_;
  std::list<Entry> entries_ MR_GUARDED_BY(mutex_);  // latest failure first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_login_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::server::auth
