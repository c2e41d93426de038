#include "server/http/server.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "base/mutex.h"
#include "server/http/connection.h"
#include "server/http/http_metrics.h"

namespace millrace::server::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using SysError = boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

// Bytes that are at hand when a read has given this much are read as well, before they are decoded.
constexpr size_t kReadOnBytes = size_t{16} << 10;
// After an error of accept, such as no free file descriptor.
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);

constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Content-Length: 69\r\nConnection: close\r\n\r\n"
    "{\"error\":{\"code\":\"53300\",\"message\":\"too many connections are open\"}}\n";

// A connection of either kind, for those who count and stop them.
class Link {
 public:
  virtual ~Link() = default;
  // Ends after the answer that is being made, at the latest after HttpLimits::linger_micros. Any thread.
  virtual void End() = 0;
};

// The connections that are open. Any thread.
class Links {
 public:
  void Add(const Link* key, std::weak_ptr<Link> link) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    links_[key] = std::move(link);
  }
  void Remove(const Link* key) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    links_.erase(key);
    if (links_.empty()) none_left_.NotifyAll();
  }
  size_t size() const MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return links_.size();
  }
  void EndAll() MR_EXCLUDES(mutex_) {
    std::map<const Link*, std::weak_ptr<Link>> links;
    {
      MutexLock lock(mutex_);
      links = links_;
    }
    for (const auto& [key, weak] : links) {
      if (const auto link = weak.lock()) link->End();
    }
    MutexLock lock(mutex_);
    while (!links_.empty()) none_left_.Wait(mutex_);
  }

 private:
  mutable Mutex mutex_;
  CondVar none_left_;
  std::map<const Link*, std::weak_ptr<Link>> links_ MR_GUARDED_BY(mutex_);
};

// The given context, counted once more: Boost's object gives its count back.
std::optional<asio::ssl::context> ShareTls(ssl_ctx_st* tls) {
  if (tls == nullptr) return std::nullopt;
  SSL_CTX_up_ref(tls);
  return std::make_optional<asio::ssl::context>(tls);
}

struct Shared {
  HttpServer::Context context;
  HttpServerOptions options;
  std::optional<asio::ssl::context> tls;
  HttpMetrics metrics;
  Router router;
  Links links;

  Shared(HttpServer::Context given, HttpServerOptions chosen)
      : context(std::move(given)),
        options(std::move(chosen)),
        tls(ShareTls(options.tls)),
        metrics(context.metrics),
        router(context.backend, &options.limits, context.env->clock, &metrics, options.router) {}
};

// One socket and its Connection. Keeps itself alive while something of it is under way.
template <typename Stream>
class SocketLink final : public Link, public std::enable_shared_from_this<SocketLink<Stream>> {
 public:
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

  SocketLink(std::shared_ptr<Shared> shared, Stream stream)
      : shared_(std::move(shared)), stream_(std::move(stream)), timer_(stream_.get_executor()) {
    shared_->metrics.connections.Add(1);
  }
  ~SocketLink() override {
    shared_->metrics.connections.Add(-1);
    shared_->links.Remove(this);
  }

  void Start(Peer peer) {
    shared_->links.Add(this, this->weak_from_this());
    const Connection::Context context = {.limits = &shared_->options.limits,
                                         .clock = shared_->context.env->clock,
                                         .router = &shared_->router,
                                         .metrics = &shared_->metrics};
    connection_ = std::make_unique<Connection>(context, std::move(peer), [weak = this->weak_from_this()] {
      if (auto self = weak.lock()) {
        SocketLink* const link = self.get();
        Post(std::move(self), [link] { link->connection_->Resume(); });
      }
    });
    SysError ignored;
    socket().set_option(tcp::no_delay(true), ignored);
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] {
      if constexpr (kIsTls) {
        self->ArmTimer(self->Now() + self->shared_->options.limits.header_micros);
        self->stream_.async_handshake(asio::ssl::stream_base::server, [self](SysError error) {
          self->is_open_ = !error;
          if (error) return self->CloseSocket();
          self->Pump();
        });
      } else {
        self->is_open_ = true;
        self->Pump();
      }
    });
  }

  void End() override {
    Post(this->shared_from_this(), [this] {
      if (!is_open_) return CloseSocket();
      connection_->FinishSoon();
      end_at_ = Now() + shared_->options.limits.linger_micros;
    });
  }

 private:
  tcp::socket& socket() {
    if constexpr (kIsTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }
  int64_t Now() const { return shared_->context.env->clock->MonotonicMicros(); }

  // Runs on the strand, then sees what is to be done. The caller, who may hold locks, keeps no reference: it
  // is never the one to destroy the link.
  template <typename Function>
  static void Post(std::shared_ptr<SocketLink> self, Function function) {
    const auto executor = self->stream_.get_executor();
    asio::post(executor, [self = std::move(self), function] {
      function();
      self->Pump();
    });
  }

  void Pump() {
    if (!is_open_ || is_closed_) return;
    Write();
    Read();
    RunJob();
    if (connection_->wants_shutdown() && !is_shut_ && !is_writing_) {
      is_shut_ = true;
      SysError ignored;
      socket().shutdown(tcp::socket::shutdown_send, ignored);
    }
    if (connection_->is_closed()) return CloseSocket();
    if (const int64_t deadline = connection_->deadline(); deadline != env::kForever) ArmTimer(deadline);
    if (end_at_ != 0) ArmTimer(end_at_);
  }

  void Write() {
    if (is_writing_) return;
    const std::string_view output = connection_->Output();
    if (output.empty()) return;
    is_writing_ = true;
    stream_.async_write_some(asio::buffer(output.data(), output.size()),
                             [self = this->shared_from_this()](SysError error, size_t bytes) {
                               self->is_writing_ = false;
                               if (error) {
                                 self->connection_->Abandon();
                               } else {
                                 self->connection_->Sent(bytes);
                               }
                               self->Pump();
                             });
  }

  void Read() {
    if (is_reading_) return;
    const std::span<std::byte> room = connection_->Room();
    if (room.empty()) return;
    is_reading_ = true;
    stream_.async_read_some(asio::buffer(room.data(), room.size()),
                            [self = this->shared_from_this(), room](SysError error, size_t bytes) {
                              self->is_reading_ = false;
                              if (!error) {
                                self->connection_->Received(self->ReadOn(room, bytes));
                              } else if (error == asio::error::operation_aborted) {
                                self->connection_->Abandon();
                              } else if (error == asio::error::eof) {
                                self->connection_->ReceivedEnd();
                              } else {
                                self->connection_->Abandon();
                              }
                              self->Pump();
                            });
  }

  // What else has come of a large body, without waiting: fewer and fuller batches.
  size_t ReadOn(std::span<std::byte> room, size_t bytes) {
    if constexpr (!kIsTls) {
      SysError error;
      if (bytes >= kReadOnBytes && !socket().non_blocking()) socket().non_blocking(true, error);
      while (!error && bytes >= kReadOnBytes && room.size() - bytes >= kReadOnBytes) {
        const size_t more = socket().read_some(asio::buffer(room.data() + bytes, room.size() - bytes), error);
        if (error) break;  // would block; or an end that the next read meets again
        bytes += more;
      }
    }
    return bytes;
  }

  void RunJob() {
    std::function<void()> job = connection_->TakeJob();
    if (!job) return;
    const bool is_taken = shared_->context.run_waiting([self = this->shared_from_this(), job] {
      job();
      Post(self, [link = self.get()] { link->connection_->JobDone(); });
    });
    if (!is_taken) {
      connection_->JobRefused();
      Post(this->shared_from_this(), [] {});
    }
  }

  // A timer that is set earlier is left alone: it looks again when it fires.
  void ArmTimer(int64_t deadline) {
    if (armed_for_ != 0 && armed_for_ <= deadline) return;
    armed_for_ = deadline;
    timer_.expires_after(std::chrono::microseconds(std::max<int64_t>(deadline - Now(), 0)));
    timer_.async_wait([self = this->shared_from_this(), deadline](SysError error) {
      if (error || self->armed_for_ != deadline) return;
      self->armed_for_ = 0;
      if (!self->is_open_) return self->CloseSocket();  // no handshake in time
      const int64_t due = self->connection_->deadline();
      if (due != env::kForever && due <= self->Now()) self->connection_->Resume();
      if (self->end_at_ != 0 && self->end_at_ <= self->Now()) self->connection_->Abandon();
      self->Pump();
    });
  }

  void CloseSocket() {
    is_closed_ = true;
    SysError ignored;
    socket().close(ignored);
    timer_.cancel();
  }

  const std::shared_ptr<Shared> shared_;
  Stream stream_;
  asio::steady_timer timer_;
  std::unique_ptr<Connection> connection_;
  int64_t armed_for_ = 0;
  int64_t end_at_ = 0;  // when the server stops
  bool is_open_ = false;
  bool is_closed_ = false;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_shut_ = false;
};

Peer PeerOf(const tcp::socket& socket) {
  SysError error;
  const tcp::endpoint endpoint = socket.remote_endpoint(error);
  if (error) return {};
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return {fmt::format("{}:{}", address.to_string(), endpoint.port()), address.is_loopback()};
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(Context context, HttpServerOptions options)
      : shared_(std::make_shared<Shared>(std::move(context), std::move(options))),
        acceptor_(asio::make_strand(*shared_->context.io)),
        retry_(acceptor_.get_executor()) {}

  Status Start() {
    SysError error;
    const asio::ip::address address = asio::ip::make_address(shared_->options.address, error);
    if (error) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("'{}' is not an address", shared_->options.address),
                  "write it in numbers, such as 127.0.0.1 or [::1]");
    }
    const tcp::endpoint endpoint(address, shared_->options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Fail(ErrorCode::kIoError,
                  fmt::format("cannot listen for HTTP on {}:{}: {}", shared_->options.address,
                              shared_->options.port, error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->Accept(); });
    return {};
  }

  uint16_t port() const { return port_; }

  void Stop() {
    if (is_stopping_.exchange(true) || port_ == 0) return;
    Mutex mutex;
    CondVar closed;
    bool is_closed = false;
    asio::post(acceptor_.get_executor(), [&, self = shared_from_this()] {
      SysError ignored;
      self->acceptor_.close(ignored);
      self->retry_.cancel();
      MutexLock lock(mutex);
      is_closed = true;
      closed.NotifyAll();
    });
    MutexLock lock(mutex);
    while (!is_closed) closed.Wait(mutex);
    shared_->links.EndAll();
  }

 private:
  void Accept() {
    if (is_stopping_) return;
    acceptor_.async_accept(asio::make_strand(*shared_->context.io),
                           [self = shared_from_this()](SysError error, tcp::socket socket) {
                             self->Accepted(error, std::move(socket));
                           });
  }

  void Accepted(SysError error, tcp::socket socket) {
    if (is_stopping_ || error == asio::error::operation_aborted) return;
    if (error) {
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([self = shared_from_this()](SysError cancelled) {
        if (!cancelled) self->Accept();
      });
      return;
    }
    if (shared_->links.size() >= shared_->options.limits.connections) {
      shared_->metrics.connections_refused.Increment();
      SysError ignored;
      socket.non_blocking(true, ignored);
      if (!shared_->tls) {
        socket.write_some(asio::buffer(kTooMany.data(), kTooMany.size()), ignored);
      }
    } else {
      const Peer peer = PeerOf(socket);
      if (shared_->tls) {
        std::make_shared<SocketLink<TlsStream>>(shared_, TlsStream(std::move(socket), *shared_->tls))
            ->Start(peer);
      } else {
        std::make_shared<SocketLink<tcp::socket>>(shared_, std::move(socket))->Start(peer);
      }
    }
    Accept();
  }

  const std::shared_ptr<Shared> shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  uint16_t port_ = 0;
  std::atomic<bool> is_stopping_{false};
};

HttpServer::HttpServer(Context context, HttpServerOptions options)
    : impl_(std::make_shared<Impl>(std::move(context), std::move(options))) {}

HttpServer::~HttpServer() {
  Stop();
}

Status HttpServer::Start() {
  return impl_->Start();
}

uint16_t HttpServer::port() const {
  return impl_->port();
}

void HttpServer::Stop() {
  impl_->Stop();
}

}  // namespace millrace::server::http
