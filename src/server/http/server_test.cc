// The server over real sockets of the loopback interface.
#include "server/http/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <thread>

#include "server/http/fake_backend.h"

namespace millrace::server::http {
namespace {

using testing::HasSubstr;

class Socket {
 public:
  explicit Socket(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // Until `text` has come, or the end.
  std::string ReceiveUntil(std::string_view text) {
    char buffer[65536];
    while (received_.find(text) == std::string::npos) {
      const ssize_t bytes = recv(fd_, buffer, sizeof(buffer), 0);
      if (bytes <= 0) break;
      received_.append(buffer, static_cast<size_t>(bytes));
    }
    return received_;
  }
  std::string ReceiveAll() { return ReceiveUntil("\xFF no answer holds this"); }
  void Close() {
    close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
  std::string received_;
};

class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override {
    if (server_ != nullptr) server_->Stop();
    guard_.reset();
    io_.stop();
    for (std::thread& thread : threads_) thread.join();
  }
  void Start() {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { io_.run(); });
    const HttpServer::Context context = {.io = &io_,
                                         .env = &env::RealEnv(),
                                         .backend = &backend_,
                                         .metrics = &registry_,
                                         .run_waiting = [](std::function<void()> job) {
                                           std::thread(std::move(job)).detach();
                                           return true;
                                         }};
    server_ = std::make_unique<HttpServer>(context, options_);
    const Status started = server_->Start();
    ASSERT_TRUE(started) << started.error().ToString();
  }
  std::string Ask(std::string_view request) {
    Socket socket(server_->port());
    socket.Send(request);
    return socket.ReceiveAll();
  }

  FakeBackend backend_;
  telemetry::MetricsRegistry registry_;
  HttpServerOptions options_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::vector<std::thread> threads_;
  std::unique_ptr<HttpServer> server_;
};

constexpr std::string_view kHealth = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

TEST_F(ServerTest, Answers) {
  Start();
  const std::string answer = Ask(kHealth);
  EXPECT_EQ(StatusIn(answer), 200);
  EXPECT_EQ(BodyOf(answer), "{\"status\":\"alive\"}\n");
}

TEST_F(ServerTest, TakesALargeBodyInPieces) {
  FakeTable& table = backend_.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
  Start();
  std::string body;
  for (int i = 0; i < 500'000; ++i) body += fmt::format("{{\"a\":{}}}\n", i);
  const std::string answer = Ask(fmt::format(
      "POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
      body.size(), body));
  EXPECT_EQ(BodyOf(answer), "{\"accepted\":500000,\"rejected\":0,\"errors\":[]}\n");
  MutexLock lock(table.mutex);
  ASSERT_EQ(table.rows.size(), 500'000u);
  for (int i = 0; i < 500'000; ++i) ASSERT_EQ(table.rows[i], fmt::format("+I[{}]", i));
}

TEST_F(ServerTest, AnErrorArrivesAlthoughTheBodyWasNotRead) {
  Start();
  const std::string answer =
      Ask("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n" +
          std::string(3'000'000, 'x'));
  EXPECT_EQ(StatusIn(answer), 404);
}

TEST_F(ServerTest, RunsStatementsElsewhere) {
  std::promise<std::thread::id> ran;
  backend_.on_execute = [&ran](const SqlStatement&) {
    ran.set_value(std::this_thread::get_id());
    return SqlResult{.tag = "SET"};
  };
  Start();
  const std::string answer = Ask(
      "POST /v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 11\r\n"
      "Connection: close\r\n\r\n{\"sql\":\"x\"}");
  EXPECT_EQ(BodyOf(answer), "{\"tag\":\"SET\"}\n");
  const std::thread::id thread = ran.get_future().get();
  for (const std::thread& io_thread : threads_) EXPECT_NE(thread, io_thread.get_id());
}

TEST_F(ServerTest, TooManyConnectionsAreTold) {
  options_.limits.connections = 2;
  Start();
  Socket first(server_->port());
  first.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(first.ReceiveUntil("alive"), HasSubstr("200 OK"));
  Socket second(server_->port());
  second.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(second.ReceiveUntil("alive"), HasSubstr("200 OK"));
  Socket third(server_->port());
  const std::string answer = third.ReceiveAll();
  EXPECT_EQ(StatusIn(answer), 503);
  EXPECT_EQ(BodyOf(answer),
            "{\"error\":{\"code\":\"53300\",\"message\":\"too many connections are open\"}}\n");
  EXPECT_THAT(HeadOf(answer), HasSubstr(fmt::format("Content-Length: {}\r\n", BodyOf(answer).size())));
}

TEST_F(ServerTest, HalfOpenConnectionsAreClosed) {
  options_.limits.header_micros = 20'000;
  options_.limits.linger_micros = 20'000;
  Start();
  Socket socket(server_->port());
  socket.Send("GET /healthz HT");
  EXPECT_EQ(StatusIn(socket.ReceiveAll()), 408);
}

TEST_F(ServerTest, StoppingEndsWhatIsOpen) {
  options_.limits.linger_micros = 20'000;
  Start();
  Socket idle(server_->port());
  idle.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  idle.ReceiveUntil("alive");
  Socket half(server_->port());
  half.Send("GET /heal");
  server_->Stop();
  server_->Stop();
  idle.ReceiveAll();  // ends
  half.ReceiveAll();
}

TEST_F(ServerTest, StoppingLetsAnAnswerGoOut) {
  std::promise<void> began;
  std::promise<void> may_end;
  backend_.on_execute = [&](const SqlStatement&) {
    began.set_value();
    may_end.get_future().wait();
    return SqlResult{.tag = "SET"};
  };
  Start();
  Socket socket(server_->port());
  socket.Send(
      "POST /v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 11\r\n"
      "\r\n{\"sql\":\"x\"}");
  began.get_future().wait();
  std::thread stopper([this] { server_->Stop(); });
  may_end.set_value();
  EXPECT_EQ(BodyOf(socket.ReceiveAll()), "{\"tag\":\"SET\"}\n");
  stopper.join();
}

TEST_F(ServerTest, AddressesThatCannotBeListenedOn) {
  options_.address = "localhost";
  const HttpServer::Context context = {
      .io = &io_, .env = &env::RealEnv(), .backend = &backend_, .metrics = &registry_, .run_waiting = {}};
  EXPECT_EQ(HttpServer(context, options_).Start().error().code(), ErrorCode::kInvalidParameter);
  options_.address = "192.0.2.1";  // of nobody
  EXPECT_EQ(HttpServer(context, options_).Start().error().code(), ErrorCode::kIoError);
}

// ------------------------------------------------------------------------------------------- TLS

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

// A server's context with a certificate of its own making.
SslContext MakeTls() {
  SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(context.get(), certificate);
  SSL_CTX_use_PrivateKey(context.get(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

TEST_F(ServerTest, SpeaksTls) {
  FakeTable& table = backend_.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
  const SslContext tls = MakeTls();
  options_.tls = tls.get();
  Start();
  Socket socket(server_->port());
  const SslContext client_context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(client_context.get()), SSL_free);
  SSL_set_fd(ssl.get(), socket.fd());
  ASSERT_EQ(SSL_connect(ssl.get()), 1);
  std::string body;
  for (int i = 0; i < 20'000; ++i) body += fmt::format("{{\"a\":{}}}\n", i);
  const std::string request = fmt::format(
      "POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
      body.size(), body);
  ASSERT_EQ(SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())),
            static_cast<int>(request.size()));
  std::string answer;
  char buffer[4096];
  for (int bytes = 1; bytes > 0;) {
    bytes = SSL_read(ssl.get(), buffer, sizeof(buffer));
    if (bytes > 0) answer.append(buffer, static_cast<size_t>(bytes));
  }
  EXPECT_EQ(BodyOf(answer), "{\"accepted\":20000,\"rejected\":0,\"errors\":[]}\n");
  MutexLock lock(table.mutex);
  EXPECT_EQ(table.rows.size(), 20'000u);
}

TEST_F(ServerTest, PlainTextOnATlsPortIsClosed) {
  const SslContext tls = MakeTls();
  options_.tls = tls.get();
  Start();
  EXPECT_EQ(StatusIn(Ask(kHealth)), 0);
}

}  // namespace
}  // namespace millrace::server::http
