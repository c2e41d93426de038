#include "server/pgwire/cancel_registry.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

#include "server/auth/scram.h"

namespace millrace::server::pgwire {

Result<CancelRegistry::Key> CancelRegistry::Add(std::shared_ptr<CancelTarget> target) {
  while (true) {
    MR_ASSIGN(const std::string bytes, auth::RandomBytes(8));
    Key key;
    std::memcpy(&key.process_id, bytes.data(), 4);
    std::memcpy(&key.secret, bytes.data() + 4, 4);
    key.process_id &= 0x7FFFFFFF;  // clients show it as the number of a process
    if (key.process_id == 0) continue;
    MutexLock lock(mutex_);
    if (entries_.try_emplace(key.process_id, Entry{key.secret, target}).second) return key;
  }
}

void CancelRegistry::Remove(const Key& key) {
  MutexLock lock(mutex_);
  entries_.erase(key.process_id);
}

void CancelRegistry::Cancel(const Key& key) {
  std::shared_ptr<CancelTarget> target;
  {
    MutexLock lock(mutex_);
    const auto entry = entries_.find(key.process_id);
    if (entry == entries_.end()) return;
    if (CRYPTO_memcmp(&entry->second.secret, &key.secret, sizeof(key.secret)) != 0) return;
    target = entry->second.target;
  }
  target->Cancel();
}

}  // namespace millrace::server::pgwire
