// ServerContext: what all connections of one PostgreSQL listener share.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "env/clock.h"
#include "server/auth/login_throttle.h"
#include "server/pgwire/cancel_registry.h"
#include "server/pgwire/session_port.h"

namespace millrace::server::pgwire {

// Texts of statements that were seen not to wait, by their hashes: these are prepared on an I/O thread, all
// others on the query pool. A bounded memory that forgets; any thread.
class QuickTexts {
 public:
  bool Contains(uint64_t hash) const {
    return hashes_[hash % kSlots].load(std::memory_order_relaxed) == hash;
  }
  void Add(uint64_t hash) { hashes_[hash % kSlots].store(hash, std::memory_order_relaxed); }

 private:
  static constexpr size_t kSlots = 4096;
  std::array<std::atomic<uint64_t>, kSlots> hashes_{};
};

struct ServerContext {
  explicit ServerContext(const env::Clock& clock) : throttle(clock) {}

  SessionFactory* factory = nullptr;
  bool trust_loopback = false;  // no password over the loopback interface
  bool has_tls = false;
  std::string mock_secret;  // random
  int connections_max = 0;

  CancelRegistry cancels;
  auth::LoginThrottle throttle;
  QuickTexts quick_texts;
  std::atomic<int> sessions{0};
};

// The other side of a connection.
struct Peer {
  std::string address;
  bool is_loopback = false;
  int port = -1;
};

}  // namespace millrace::server::pgwire
