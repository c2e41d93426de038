#include "server/pgwire/listener.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>

#include "base/limits.h"
#include "server/pgwire/connection.h"

namespace millrace::server::pgwire {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kTick(250);  // how exactly deadlines are kept
constexpr int kBacklog = 4096;

Error SystemError(std::string_view what, const boost::system::error_code& error) {
  return Error(millrace::ErrorCode::kIoError, fmt::format("{}: {}", what, error.message()));
}

}  // namespace

// Its handlers run on its strand and keep it alive.
class Listener::Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(asio::io_context& io, std::shared_ptr<ConnectionHost> host)
      : io_(io), host_(std::move(host)), acceptor_(asio::make_strand(io)), timer_(acceptor_.get_executor()) {}

  Status Open(const std::string& address, uint16_t port) {
    boost::system::error_code error;
    const asio::ip::address parsed = asio::ip::make_address(address, error);
    if (error) {
      return Fail(millrace::ErrorCode::kInvalidParameter, fmt::format("'{}' is no IP address", address),
                  "give an address such as 127.0.0.1 or ::1");
    }
    const tcp::endpoint endpoint(parsed, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kBacklog, error);
    if (error)
      return std::unexpected(SystemError(fmt::format("cannot listen on {}:{}", address, port), error));
    return Ok();
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void Start() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
      self->Accept();
      self->Tick();
    });
  }

  void Stop() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
      boost::system::error_code ignored;
      self->acceptor_.close(ignored);
      for (const auto& connection : self->host_->connections.All()) connection->Shutdown();
    });
  }

 private:
  void Accept() {
    if (!acceptor_.is_open()) return;
    if (host_->half_open.load() >= limits::kHalfOpenConnectionsMax) {
      paused_ = true;  // Tick looks again
      return;
    }
    acceptor_.async_accept(asio::make_strand(io_),
                           [self = shared_from_this()](auto error, tcp::socket socket) {
                             self->OnAccepted(error, std::move(socket));
                           });
  }

  void OnAccepted(const boost::system::error_code& error, tcp::socket socket) {
    if (error) {
      if (error == asio::error::operation_aborted) return;
      // Without a descriptor or memory the next attempt fails too: wait.
      const bool is_client =
          error == asio::error::connection_aborted || error == asio::error::connection_reset;
      if (!is_client) {
        paused_ = true;
        return;
      }
      return Accept();
    }
    boost::system::error_code ignored;
    const tcp::endpoint remote = socket.remote_endpoint(ignored);
    if (!ignored) {
      Peer peer{remote.address().to_string(), remote.address().is_loopback(), remote.port()};
      std::make_shared<Connection>(host_, std::move(socket), std::move(peer))->Start();
    }
    Accept();
  }

  void Tick() {
    const int64_t now = host_->clock.MonotonicMicros();
    for (const auto& connection : host_->connections.All()) connection->CheckDeadline(now);
    if (paused_) {
      paused_ = false;
      Accept();
    }
    timer_.expires_after(kTick);
    timer_.async_wait([self = shared_from_this()](const auto& error) {
      if (!error) self->Tick();
    });
  }

  asio::io_context& io_;
  const std::shared_ptr<ConnectionHost> host_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  bool paused_ = false;
};

Listener::Listener(IoThreads& threads, std::shared_ptr<ConnectionHost> host)
    : host_(std::move(host)), threads_(threads) {}

Listener::~Listener() = default;

Status Listener::Start(const std::string& address, uint16_t port) {
  auto acceptor = std::make_shared<Acceptor>(threads_.context(), host_);
  MR_TRY(acceptor->Open(address, port));
  port_ = acceptor->port();
  acceptor_ = std::move(acceptor);
  acceptor_->Start();
  return Ok();
}

void Listener::Stop(int64_t micros) {
  if (!acceptor_) return;
  acceptor_->Stop();
  host_->connections.WaitUntilEmpty(micros);
}

}  // namespace millrace::server::pgwire
