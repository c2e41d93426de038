// Connection: a Conversation on a socket.
//
// Lives as long as one of its handlers is under way; all of them run on its strand. The conversation runs on
// the strand, or on the query pool while the strand waits for it. Reads ahead a bounded number of bytes while
// a statement runs, so that a client that goes away ends it. At most two buffers of output: one being sent,
// one being filled.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/pgwire/connection_host.h"
#include "server/pgwire/conversation.h"

namespace millrace::server::pgwire {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  // The socket's executor is a strand.
  Connection(std::shared_ptr<ConnectionHost> host, Socket socket, Peer peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Once, behind a shared_ptr.
  void Start();
  // Looks whether its time is up, at `now` on the monotonic clock. Any thread.
  void CheckDeadline(int64_t now_micros);
  // Tells the client that the server goes down, and closes. Any thread.
  void Shutdown();

 private:
  using TlsStream = boost::asio::ssl::stream<Socket&>;
  using ErrorCode = boost::system::error_code;

  // What the conversation waits for.
  enum class State : uint8_t { kReady, kBytes, kPool, kWake, kFlush, kTls, kClosing, kClosed };

  void Drive();
  // Does what Run asked for; true: the conversation can run on now.
  bool Follow(Conversation::Next next);
  void RunOnPool();
  void OnPoolDone(Conversation::Next next);
  void StartRead();
  void OnRead(ErrorCode error, size_t bytes);
  bool TakeUnread();
  void StartWrite();
  void OnWritten(ErrorCode error);
  void OnWake();
  void OnDeadline();
  void BeginTls();
  void BeginDirectTls();
  void StartTls(size_t buffered);
  void OnTls(ErrorCode error, size_t used);
  void Terminate(const Error& reason);
  // Closes at once; what runs is cancelled.
  void Close();
  void SetDeadline(int64_t micros_from_now);  // 0: none

  template <typename F>
  void WithStream(F&& f) {
    if (tls_) {
      f(*tls_);
    } else {
      f(socket_);
    }
  }

  const std::shared_ptr<ConnectionHost> host_;
  Socket socket_;
  Peer peer_;
  std::unique_ptr<TlsStream> tls_;
  std::shared_ptr<Conversation> conversation_;
  State state_ = State::kReady;
  bool authenticated_ = false;
  bool any_received_ = false;
  bool resume_on_pool_ = false;  // once the output has been taken over
  bool woken_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool shutting_down_ = false;
  std::vector<char> staging_;
  size_t unread_ = 0;  // bytes in staging_ that the conversation has not got yet
  OutputBuffer sending_;
  std::atomic<int64_t> deadline_micros_;
};

}  // namespace millrace::server::pgwire
