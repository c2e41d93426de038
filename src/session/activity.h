// Activity: what one session does, for those who look at all of them (pg_stat_activity). ActivityBoard: the
// sessions that there are.
//
// An Activity is made and told by its session, and read by others: any thread. The board belongs to the
// instance.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace millrace::session {

class Activity {
 public:
  enum class State : uint8_t { kIdle, kActive, kIdleInTransaction, kIdleInFailedTransaction };

  // Who it is; fixed.
  struct Client {
    int32_t process_id = 0;  // 0: not a connection, but one request of another protocol
    std::string role = {};
    std::string database = {};
    std::string address = {};  // "": unknown
    int port = -1;
    int64_t started_micros = 0;  // since 1970-01-01 00:00:00 UTC, as all times here
  };
  struct Figures {
    std::string application_name = {};
    State state = State::kIdle;
    int64_t query_started_micros = 0;  // 0: there was none yet
    int64_t state_changed_micros = 0;
    std::string query = {};  // the one that runs, or the last one, at most kQueryBytesMax of it
  };
  static constexpr size_t kQueryBytesMax = 1024;

  explicit Activity(Client client) : client_(std::move(client)) {
    figures_.state_changed_micros = client_.started_micros;
  }

  const Client& client() const { return client_; }
  Figures figures() const MR_EXCLUDES(mutex_);

  void Begin(std::string_view query, int64_t now_micros) MR_EXCLUDES(mutex_);
  void Rest(State state, int64_t now_micros) MR_EXCLUDES(mutex_);
  void SetApplicationName(std::string_view name) MR_EXCLUDES(mutex_);

 private:
  const Client client_;
  mutable Mutex mutex_;
  Figures figures_ MR_GUARDED_BY(mutex_);
};

class ActivityBoard {
 public:
  void Add(std::shared_ptr<const Activity> activity) MR_EXCLUDES(mutex_);
  void Remove(const std::shared_ptr<const Activity>& activity) MR_EXCLUDES(mutex_);
  std::vector<std::shared_ptr<const Activity>> All() const MR_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::set<std::shared_ptr<const Activity>> activities_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::session
