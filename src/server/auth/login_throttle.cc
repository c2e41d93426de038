#include "server/auth/login_throttle.h"

#include <fmt/format.h>

#include "base/limits.h"

namespace millrace::server::auth {

Status LoginThrottle::Check(std::string_view login) {
  MutexLock lock(mutex_);
  const auto found = by_login_.find(login);
  if (found == by_login_.end()) return Ok();
  const Entry& entry = *found->second;
  if (entry.failures < limits::kLoginFailuresMax) return Ok();
  const int64_t waited = clock_.MonotonicMicros() - entry.last_micros;
  if (waited >= limits::kLoginWaitMicros) return Ok();
  return Fail(ErrorCode::kInvalidAuthorization, fmt::format("too many failed logins of {}", login),
              fmt::format("try again in {} seconds", (limits::kLoginWaitMicros - waited) / 1'000'000 + 1));
}

void LoginThrottle::Failed(std::string_view login) {
  MutexLock lock(mutex_);
  const auto found = by_login_.find(login);
  if (found == by_login_.end()) {
    if (entries_.size() >= limits::kLoginAddressesMax) {
      by_login_.erase(entries_.back().login);
      entries_.pop_back();
    }
    entries_.push_front({std::string(login), 0, 0});
    by_login_.emplace(entries_.front().login, entries_.begin());
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  ++entries_.front().failures;
  entries_.front().last_micros = clock_.MonotonicMicros();
}

void LoginThrottle::Succeeded(std::string_view login) {
  MutexLock lock(mutex_);
  const auto found = by_login_.find(login);
  if (found == by_login_.end()) return;
  const auto entry = found->second;
  by_login_.erase(found);
  entries_.erase(entry);
}

}  // namespace millrace::server::auth
