#include "env/memory_net.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "env/posix_fd.h"

namespace millrace::env {

namespace {

// Where ports are taken from when any free one will do.
constexpr uint16_t kFirstFreePort = 49152;

// The bytes on their way in one direction.
class Direction {
 public:
  ReadOutcome Read(std::span<std::byte> buffer) {
    MutexLock lock(mutex_);
    if (bytes_.empty()) {
      return {closed_ ? ReadOutcome::Kind::kEnd : ReadOutcome::Kind::kTimeout, 0};
    }
    const size_t size = std::min(buffer.size(), bytes_.size());
    std::memcpy(buffer.data(), bytes_.data(), size);
    bytes_.erase(0, size);
    return {ReadOutcome::Kind::kData, size};
  }
  // False once it is closed.
  bool Write(std::string_view bytes) {
    MutexLock lock(mutex_);
    if (!closed_) bytes_.append(bytes);
    return !closed_;
  }
  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
  }

 private:
  Mutex mutex_;
  std::string bytes_ MR_GUARDED_BY(mutex_);
  bool closed_ MR_GUARDED_BY(mutex_) = false;
};
using DirectionPtr = std::shared_ptr<Direction>;

class MemoryTcpStream final : public TcpStream {
 public:
  MemoryTcpStream(DirectionPtr in, DirectionPtr out, std::string peer)
      : in_(std::move(in)), out_(std::move(out)), peer_(std::move(peer)) {}
  ~MemoryTcpStream() override { MemoryTcpStream::Shutdown(); }

  Result<ReadOutcome> Read(std::span<std::byte> buffer, int64_t) override {
    MR_CHECK(!buffer.empty());
    return in_->Read(buffer);
  }
  Status Write(std::string_view bytes) override {
    if (!out_->Write(bytes)) return PathError("write to", peer_, EPIPE);
    return Ok();
  }
  void Shutdown() override {
    in_->Close();
    out_->Close();
  }
  const std::string& peer() const override { return peer_; }

 private:
  DirectionPtr in_;
  DirectionPtr out_;
  std::string peer_;
};

}  // namespace

// The ports that are listened on, each with the connections that nobody has accepted yet.
class MemoryNet::Ports {
 public:
  // The port; 0 if it is taken.
  uint16_t Open(uint16_t port) {
    MutexLock lock(mutex_);
    if (port == 0) {
      port = kFirstFreePort;
      while (waiting_.contains(port)) ++port;
    }
    return waiting_.try_emplace(port).second ? port : 0;
  }
  void Close(uint16_t port) {
    MutexLock lock(mutex_);
    waiting_.erase(port);
  }
  // False if nobody listens.
  bool Offer(uint16_t port, std::unique_ptr<TcpStream> stream) {
    MutexLock lock(mutex_);
    const auto found = waiting_.find(port);
    if (found == waiting_.end()) return false;
    found->second.push_back(std::move(stream));
    return true;
  }
  // Null if no connection is there, or nobody listens any more.
  std::unique_ptr<TcpStream> Take(uint16_t port) {
    MutexLock lock(mutex_);
    const auto found = waiting_.find(port);
    if (found == waiting_.end() || found->second.empty()) return nullptr;
    std::unique_ptr<TcpStream> stream = std::move(found->second.front());
    found->second.pop_front();
    return stream;
  }
  void Note(const DirectionPtr& direction) {
    MutexLock lock(mutex_);
    std::erase_if(directions_, [](const std::weak_ptr<Direction>& other) { return other.expired(); });
    directions_.push_back(direction);
  }
  void CutConnections() {
    MutexLock lock(mutex_);
    for (auto& [port, streams] : waiting_) streams.clear();
    for (const std::weak_ptr<Direction>& weak : directions_) {
      if (const DirectionPtr direction = weak.lock()) direction->Close();
    }
    directions_.clear();
  }

 private:
  Mutex mutex_;
  std::vector<std::weak_ptr<Direction>> directions_ MR_GUARDED_BY(mutex_);
  std::map<uint16_t, std::deque<std::unique_ptr<TcpStream>>> waiting_ MR_GUARDED_BY(mutex_);
};

namespace {

class MemoryTcpListener final : public TcpListener {
 public:
  MemoryTcpListener(std::shared_ptr<MemoryNet::Ports> ports, uint16_t port)
      : ports_(std::move(ports)), port_(port) {}
  ~MemoryTcpListener() override { ports_->Close(port_); }

  Result<std::unique_ptr<TcpStream>> Accept(int64_t) override { return ports_->Take(port_); }
  uint16_t port() const override { return port_; }

 private:
  std::shared_ptr<MemoryNet::Ports> ports_;
  uint16_t port_;
};

}  // namespace

MemoryNet::MemoryNet() : ports_(std::make_shared<Ports>()) {}
MemoryNet::~MemoryNet() = default;

void MemoryNet::CutConnections() {
  ports_->CutConnections();
}

Result<std::unique_ptr<TcpListener>> MemoryNet::Listen(const std::string& host, uint16_t port) {
  const uint16_t opened = ports_->Open(port);
  if (opened == 0) return PathError("listen on", fmt::format("{}:{}", host, port), EADDRINUSE);
  return std::make_unique<MemoryTcpListener>(ports_, opened);
}

Result<std::unique_ptr<TcpStream>> MemoryNet::Connect(const std::string& host, uint16_t port, int64_t) {
  const std::string address = fmt::format("{}:{}", host, port);
  const auto to_listener = std::make_shared<Direction>();
  const auto from_listener = std::make_shared<Direction>();
  if (!ports_->Offer(port, std::make_unique<MemoryTcpStream>(to_listener, from_listener, "memory"))) {
    return PathError("connect to", address, ECONNREFUSED);
  }
  ports_->Note(to_listener);
  ports_->Note(from_listener);
  return std::make_unique<MemoryTcpStream>(from_listener, to_listener, address);
}

}  // namespace millrace::env
