// ConnectionHost: what the connections of one listener share: what the warehouse offers, where waiting work
// goes, how long things may take, and the set of them all.
//
// Kept alive by the listener and by each connection; what it points to outlives them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/clock.h"
#include "server/pgwire/server_context.h"
#include "server/query_pool.h"
#include "server/tls_context.h"

namespace millrace::server::pgwire {

class Connection;

// Any thread.
class ConnectionSet {
 public:
  void Add(const std::shared_ptr<Connection>& connection) MR_EXCLUDES(mutex_);
  // By address, as it is being destroyed.
  void Remove(const Connection* connection) MR_EXCLUDES(mutex_);
  std::vector<std::shared_ptr<Connection>> All() const MR_EXCLUDES(mutex_);
  size_t size() const MR_EXCLUDES(mutex_);
  // Waits until there is none, at most so long; whether there is none.
  bool WaitUntilEmpty(int64_t micros) MR_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  CondVar removed_;
  std::unordered_map<const Connection*, std::weak_ptr<Connection>> connections_ MR_GUARDED_BY(mutex_);
};

struct ConnectionHost {
  explicit ConnectionHost(const env::Clock& clock) : context(clock), clock(clock) {}

  ServerContext context;
  const env::Clock& clock;
  QueryPool* pool = nullptr;
  const TlsContext* tls = nullptr;  // null: none
  int64_t authentication_micros = 0;
  int64_t idle_micros = 0;  // 0: a client may be idle for ever
  ConnectionSet connections;
  std::atomic<int> half_open{0};  // that have not logged in
};

}  // namespace millrace::server::pgwire
