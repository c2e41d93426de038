#include "server/pgwire/connection_host.h"

namespace millrace::server::pgwire {

void ConnectionSet::Add(const std::shared_ptr<Connection>& connection) {
  MutexLock lock(mutex_);
  connections_.emplace(connection.get(), connection);
}

void ConnectionSet::Remove(const Connection* connection) {
  MutexLock lock(mutex_);
  connections_.erase(connection);
  if (connections_.empty()) removed_.NotifyAll();
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::All() const {
  std::vector<std::shared_ptr<Connection>> all;
  MutexLock lock(mutex_);
  all.reserve(connections_.size());
  for (const auto& [address, weak] : connections_) {
    if (auto connection = weak.lock()) all.push_back(std::move(connection));
  }
  return all;
}

size_t ConnectionSet::size() const {
  MutexLock lock(mutex_);
  return connections_.size();
}

bool ConnectionSet::WaitUntilEmpty(int64_t micros) {
  MutexLock lock(mutex_);
  while (!connections_.empty()) {
    if (!removed_.WaitFor(mutex_, micros)) return connections_.empty();
  }
  return true;
}

}  // namespace millrace::server::pgwire
