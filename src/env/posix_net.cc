#include "env/posix_net.h"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "env/posix_fd.h"

namespace millrace::env {

namespace {

constexpr int kListenBacklog = 128;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string HostPort(std::string_view host, std::string_view port) {
  const bool is_v6 = host.find(':') != std::string_view::npos;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string HostPort(const std::string& host, uint16_t port) {
  return HostPort(host, std::to_string(port));
}

std::string AddressText(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> host;
  std::array<char, NI_MAXSERV> port;
  if (::getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown address";
  }
  return HostPort(std::string_view(host.data()), std::string_view(port.data()));
}

Result<Addresses> Resolve(const std::string& host, uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (code == 0) return Addresses(list);
  const std::string reason = code == EAI_SYSTEM ? ErrnoText(errno) : ::gai_strerror(code);
  return Fail(code == EAI_NONAME ? ErrorCode::kInvalidParameter : ErrorCode::kIoError,
              fmt::format("cannot resolve host '{}': {}", host, reason));
}

class PosixTcpStream final : public TcpStream {
 public:
  PosixTcpStream(Fd fd, std::string peer) : fd_(std::move(fd)), peer_(std::move(peer)) {
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  Result<ReadOutcome> Read(std::span<std::byte> buffer, int64_t timeout_ms) override {
    return ReadStream(fd_.get(), peer_, buffer, timeout_ms);
  }

  Status Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written >= 0) {
        bytes.remove_prefix(static_cast<size_t>(written));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        if (WaitWritable(fd_.get(), Deadline(kForever)) == WaitOutcome::kFailed) {
          return PathError("write to", peer_, errno);
        }
      } else if (errno != EINTR) {
        return PathError("write to", peer_, errno);
      }
    }
    return Ok();
  }

  void Shutdown() override { ::shutdown(fd_.get(), SHUT_RDWR); }
  const std::string& peer() const override { return peer_; }

 private:
  Fd fd_;
  std::string peer_;
};

// Errors of accept that concern one connection, not the listener.
bool IsTransient(int error_number) {
  return error_number == EINTR || error_number == ECONNABORTED || error_number == EPROTO ||
         error_number == EAGAIN || error_number == EWOULDBLOCK;
}

class PosixTcpListener final : public TcpListener {
 public:
  PosixTcpListener(Fd fd, std::string address, uint16_t port)
      : fd_(std::move(fd)), address_(std::move(address)), port_(port) {}

  Result<std::unique_ptr<TcpStream>> Accept(int64_t timeout_ms) override {
    const Deadline deadline(timeout_ms);
    for (;;) {
      const WaitOutcome outcome = WaitReadable(fd_.get(), deadline);
      if (outcome == WaitOutcome::kTimeout) return std::unique_ptr<TcpStream>();
      if (outcome == WaitOutcome::kFailed) return PathError("wait for connections to", address_, errno);
      sockaddr_storage peer;
      socklen_t size = sizeof peer;
      auto* const address = reinterpret_cast<sockaddr*>(&peer);
      Fd fd(::accept4(fd_.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd.IsOpen()) return std::make_unique<PosixTcpStream>(std::move(fd), AddressText(address, size));
      if (!IsTransient(errno)) return PathError("accept a connection to", address_, errno);
    }
  }
  uint16_t port() const override { return port_; }

 private:
  Fd fd_;
  std::string address_;
  uint16_t port_;
};

Result<uint16_t> BoundPort(int fd, const std::string& address) {
  sockaddr_storage bound;
  socklen_t size = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return PathError("look at", address, errno);
  }
  return bound.ss_family == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port)
                                     : ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

// 0, or the errno of the attempt; ETIMEDOUT if the deadline passed.
int ConnectOne(int fd, const addrinfo& address, const Deadline& deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  const WaitOutcome outcome = WaitWritable(fd, deadline);
  if (outcome == WaitOutcome::kTimeout) return ETIMEDOUT;
  if (outcome == WaitOutcome::kFailed) return errno;
  int error_number = 0;
  socklen_t size = sizeof error_number;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) return errno;
  return error_number;
}

}  // namespace

Result<std::unique_ptr<TcpListener>> PosixNet::Listen(const std::string& host, uint16_t port) {
  const std::string address = HostPort(host, port);
  MR_ASSIGN(const Addresses addresses, Resolve(host, port, AI_PASSIVE));
  int error_number = 0;
  for (const addrinfo* entry = addresses.get(); entry != nullptr; entry = entry->ai_next) {
    Fd fd(::socket(entry->ai_family, entry->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, entry->ai_protocol));
    const int on = 1;
    if (fd.IsOpen() && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        ::bind(fd.get(), entry->ai_addr, entry->ai_addrlen) == 0 && ::listen(fd.get(), kListenBacklog) == 0) {
      MR_ASSIGN(const uint16_t bound, BoundPort(fd.get(), address));
      return std::make_unique<PosixTcpListener>(std::move(fd), address, bound);
    }
    error_number = errno;
  }
  return PathError("listen on", address, error_number);
}

Result<std::unique_ptr<TcpStream>> PosixNet::Connect(const std::string& host, uint16_t port,
                                                     int64_t timeout_ms) {
  const std::string address = HostPort(host, port);
  const Deadline deadline(timeout_ms);
  MR_ASSIGN(const Addresses addresses, Resolve(host, port, 0));
  int error_number = 0;
  for (const addrinfo* entry = addresses.get(); entry != nullptr; entry = entry->ai_next) {
    Fd fd(::socket(entry->ai_family, entry->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, entry->ai_protocol));
    error_number = fd.IsOpen() ? ConnectOne(fd.get(), *entry, deadline) : errno;
    if (error_number == 0) return std::make_unique<PosixTcpStream>(std::move(fd), address);
  }
  return PathError("connect to", address, error_number);
}

}  // namespace millrace::env
