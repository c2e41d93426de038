#include "server/pgwire/connection.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <limits>

namespace millrace::server::pgwire {

namespace asio = boost::asio;

namespace {

// A connection that has not logged in, or is idle, is to be cheap.
constexpr size_t kFirstReadBytes = 512;
constexpr size_t kReadBytes = size_t{8} << 10;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kClosingMicros = 5'000'000;
constexpr char kTlsHandshakeByte = 0x16;

}  // namespace

Connection::Connection(std::shared_ptr<ConnectionHost> host, Socket socket, Peer peer)
    : host_(std::move(host)),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      staging_(kFirstReadBytes),
      deadline_micros_(kNever) {
  ++host_->half_open;
}

Connection::~Connection() {
  if (!authenticated_) --host_->half_open;
  host_->connections.Remove(this);
}

void Connection::Start() {
  ErrorCode ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.non_blocking(true, ignored);
  SetDeadline(host_->authentication_micros);
  host_->connections.Add(shared_from_this());
  conversation_ = std::make_shared<Conversation>(
      // Whoever wakes may keep this when the server and its executors are gone: it holds none of them.
      host_->context, peer_, [weak = weak_from_this()] {
        auto self = weak.lock();
        if (self == nullptr) return;
        const auto executor = self->socket_.get_executor();
        asio::post(executor, [self = std::move(self)] { self->OnWake(); });
      });
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->Drive(); });
}

void Connection::Drive() {
  do {
    state_ = State::kReady;
  } while (Follow(conversation_->Run(false)));
}

bool Connection::Follow(Conversation::Next next) {
  if (!authenticated_ && conversation_->is_authenticated()) {
    authenticated_ = true;
    SetDeadline(0);
    --host_->half_open;
    if (unread_ == 0 && !reading_) staging_.resize(kReadBytes);
  }
  switch (next) {
    case Conversation::Next::kRead:
      StartWrite();
      if (TakeUnread()) return true;
      if (state_ == State::kClosed) return false;
      state_ = State::kBytes;
      if (!writing_) {
        sending_.Trim();
        conversation_->output().Trim();
      }
      if (authenticated_) SetDeadline(conversation_->is_idle() ? host_->idle_micros : 0);
      StartRead();
      return false;
    case Conversation::Next::kPool:
      StartRead();
      RunOnPool();
      return false;
    case Conversation::Next::kFlush:
      if (!writing_) {
        StartWrite();
        return state_ != State::kClosed;
      }
      state_ = State::kFlush;
      return false;
    case Conversation::Next::kWait:
      StartWrite();
      if (state_ == State::kClosed) return false;
      if (woken_) {
        woken_ = false;
        return true;
      }
      state_ = State::kWake;
      TakeUnread();
      if (deadline_micros_.load() == kNever) SetDeadline(conversation_->statement_timeout_micros());
      StartRead();
      return false;
    case Conversation::Next::kTls:
      state_ = State::kTls;
      StartWrite();
      if (!writing_) BeginTls();
      return false;
    case Conversation::Next::kClose:
      state_ = State::kClosing;
      SetDeadline(kClosingMicros);
      StartWrite();
      if (!writing_) Close();
      return false;
  }
  return false;
}

void Connection::RunOnPool() {
  state_ = State::kPool;
  host_->pool->Post([self = shared_from_this()]() mutable {
    const Conversation::Next next = self->conversation_->Run(true);
    Connection& connection = *self;
    asio::post(connection.socket_.get_executor(), [self = std::move(self), next] { self->OnPoolDone(next); });
  });
}

void Connection::OnPoolDone(Conversation::Next next) {
  state_ = State::kReady;
  if (!socket_.is_open()) return Close();
  if (shutting_down_ && next != Conversation::Next::kClose) {
    return Terminate(
        Error(millrace::ErrorCode::kAdminShutdown, "terminating connection due to administrator command"));
  }
  if (next == Conversation::Next::kFlush) {
    // What fills the output next belongs on the pool too.
    if (writing_) {
      resume_on_pool_ = true;
      state_ = State::kFlush;
      return;
    }
    StartWrite();
    if (state_ != State::kClosed) RunOnPool();
    return;
  }
  if (Follow(next)) Drive();
}

void Connection::StartRead() {
  if (reading_ || unread_ > 0 || state_ == State::kClosed) return;
  if (conversation_->pending_bytes() > limits::kWireReadAheadBytes && state_ != State::kBytes) return;
  reading_ = true;
  WithStream([this](auto& stream) {
    stream.async_read_some(
        asio::buffer(staging_),
        [self = shared_from_this()](ErrorCode error, size_t bytes) { self->OnRead(error, bytes); });
  });
}

void Connection::OnRead(ErrorCode error, size_t bytes) {
  reading_ = false;
  if (error) {
    // While the last words are sent, the client may be gone already.
    if (state_ != State::kClosing || !writing_) Close();
    return;
  }
  unread_ = bytes;
  if (!any_received_) {
    any_received_ = true;
    if (staging_[0] == kTlsHandshakeByte && host_->tls != nullptr) return BeginDirectTls();
  }
  if (state_ == State::kBytes) {
    TakeUnread();
    return Drive();
  }
  if (state_ == State::kWake) {  // what comes while a subscription streams is for later
    TakeUnread();
    StartRead();
  }
}

bool Connection::TakeUnread() {
  if (unread_ == 0) return false;
  conversation_->Receive({staging_.data(), unread_});
  // A client that fills the buffer sends much: read more at once.
  constexpr size_t kReadBytesMax = size_t{64} << 10;
  if (authenticated_ && unread_ == staging_.size() && unread_ < kReadBytesMax) staging_.resize(unread_ * 2);
  unread_ = 0;
  return true;
}

void Connection::StartWrite() {
  OutputBuffer& output = conversation_->output();
  if (writing_ || output.empty() || state_ == State::kClosed) return;
  sending_.Clear();
  sending_.Swap(output);
  size_t sent = 0;
  if (!tls_) {  // mostly the socket takes it at once
    ErrorCode error;
    sent = socket_.write_some(asio::buffer(sending_.data(), sending_.size()), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) return Close();
    if (sent == sending_.size()) return;
  }
  writing_ = true;
  WithStream([this, sent](auto& stream) {
    asio::async_write(stream, asio::buffer(sending_.data() + sent, sending_.size() - sent),
                      [self = shared_from_this()](ErrorCode error, size_t) { self->OnWritten(error); });
  });
}

void Connection::OnWritten(ErrorCode error) {
  writing_ = false;
  if (error) return Close();
  switch (state_) {
    case State::kFlush:
      StartWrite();
      if (state_ == State::kClosed) return;
      if (resume_on_pool_) {
        resume_on_pool_ = false;
        return RunOnPool();
      }
      return Drive();
    case State::kTls:
      return BeginTls();
    case State::kClosing:
      StartWrite();
      if (!writing_) Close();
      return;
    case State::kBytes:
    case State::kWake:
      return StartWrite();  // what was filled meanwhile
    case State::kReady:
    case State::kPool:
    case State::kClosed:
      return;
  }
}

void Connection::OnWake() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kWake) return Drive();
  woken_ = true;
}

// "S" has been sent. Nothing that came before TLS may be taken for what comes within it.
void Connection::BeginTls() {
  if (unread_ > 0 || conversation_->pending_bytes() > 0) {
    return Terminate(
        Error(millrace::ErrorCode::kProtocolViolation, "unencrypted bytes behind the request for TLS"));
  }
  StartTls(0);
}

// The client begins with TLS and has not asked before.
void Connection::BeginDirectTls() {
  state_ = State::kTls;
  const size_t buffered = unread_;
  unread_ = 0;
  StartTls(buffered);
}

void Connection::StartTls(size_t buffered) {
  SSL* native = host_->tls->NewConnection();
  if (native == nullptr) return Close();
  tls_ = std::make_unique<TlsStream>(socket_, native);
  // Reading and writing need not the same buffer: what was read lies in staging_ until the handshake took it.
  tls_->async_handshake(
      asio::ssl::stream_base::server, asio::buffer(staging_.data(), buffered),
      [self = shared_from_this(), buffered](ErrorCode error, size_t used) {
        self->OnTls(used == buffered ? error : asio::error::make_error_code(asio::error::invalid_argument),
                    used);
      });
}

void Connection::OnTls(ErrorCode error, size_t used) {
  if (error || !socket_.is_open()) return Close();
  if (used > 0) {
    // Direct TLS is for clients that say which protocol follows, lest another's bytes are taken for ours.
    const unsigned char* protocol = nullptr;
    unsigned int bytes = 0;
    SSL_get0_alpn_selected(tls_->native_handle(), &protocol, &bytes);
    if (std::string_view(reinterpret_cast<const char*>(protocol), bytes) != "postgresql") return Close();
  }
  conversation_->TlsStarted(host_->tls->certificate_hash());
  Drive();
}

void Connection::CheckDeadline(int64_t now_micros) {
  if (now_micros < deadline_micros_.load(std::memory_order_relaxed)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->OnDeadline(); });
}

void Connection::OnDeadline() {
  if (state_ == State::kClosed || host_->clock.MonotonicMicros() < deadline_micros_.load()) return;
  deadline_micros_.store(kNever);
  switch (state_) {
    case State::kWake:
      return conversation_->Expire();
    case State::kBytes:
      if (!authenticated_) return Close();
      return Terminate(
          Error(millrace::ErrorCode::kAdminShutdown, "terminating connection due to idle timeout"));
    case State::kClosing:
    case State::kTls:
      return Close();
    case State::kReady:
    case State::kPool:
    case State::kFlush:
    case State::kClosed:
      if (!authenticated_) Close();
      return;
  }
}

void Connection::Shutdown() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->state_ == State::kClosed || self->state_ == State::kClosing) return;
    if (self->state_ == State::kTls) return self->Close();
    if (self->state_ == State::kPool) {
      self->shutting_down_ = true;
      return self->conversation_->Cancel();
    }
    self->Terminate(
        Error(millrace::ErrorCode::kAdminShutdown, "terminating connection due to administrator command"));
  });
}

void Connection::Terminate(const Error& reason) {
  conversation_->Terminate(reason);
  Follow(Conversation::Next::kClose);
}

void Connection::Close() {
  if (socket_.is_open()) {
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_both, ignored);
    socket_.close(ignored);
  }
  if (state_ == State::kPool) return conversation_->Cancel();  // OnPoolDone comes here again
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  deadline_micros_.store(kNever);
  // Its session and streams may take time to go.
  host_->pool->Post(
      [host = host_, conversation = std::move(conversation_)]() mutable { conversation.reset(); });
}

void Connection::SetDeadline(int64_t micros_from_now) {
  deadline_micros_.store(micros_from_now == 0 ? kNever : host_->clock.MonotonicMicros() + micros_from_now);
}

}  // namespace millrace::server::pgwire
