// The server on real sockets of this machine, over a session of a few statements.
#include "server/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "server/pgwire/client_messages.h"
#include "server/pgwire/fake_session.h"
#include "server/pgwire/message_log.h"

namespace millrace::server {
namespace {

namespace client = pgwire::client;

class Client {
 public:
  explicit Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    timeval limit{30, 0};  // a test that hangs is to fail
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  ~Client() {
    if (socket_ >= 0) ::close(socket_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool is_connected() const { return is_connected_; }
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // What comes until it ends so, or the connection does.
  std::string Until(std::string_view end) {
    std::string all;
    char buffer[4096];
    while (!all.ends_with(end)) {
      const ssize_t got = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (got <= 0) break;
      all.append(buffer, static_cast<size_t>(got));
    }
    return all;
  }
  std::string UntilReady() { return Until(std::string("Z\0\0\0\x05I", 6)); }
  std::string UntilClosed() { return Until(std::string(1000, '\1')); }

 private:
  int socket_;
  bool is_connected_ = false;
};

class PostgresServerTest : public ::testing::Test {
 protected:
  void Start(ServerOptions options = {}) {
    options.env = &env::RealEnv();
    options.sessions = &factory_;
    options.port = 0;
    server_ = std::make_unique<Server>(options);
    const Status started = server_->Start();
    ASSERT_TRUE(started.has_value()) << started.error().ToString();
  }

  pgwire::FakeFactory factory_;
  std::unique_ptr<Server> server_;
};

TEST_F(PostgresServerTest, AnswersClientsSideBySide) {
  Start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<Client>(server_->port()));
  for (const auto& each : clients) each->Send(client::Startup("ann"));
  for (const auto& each : clients) {
    EXPECT_TRUE(pgwire::DescribeMessages(each->UntilReady()).ends_with("K Z(I)"));
    each->Send(client::Query("numbers 3"));
  }
  for (const auto& each : clients) {
    EXPECT_TRUE(pgwire::DescribeMessages(each->UntilReady()).ends_with("D(3|row 3) C(SELECT 3) Z(I)"));
    each->Send(client::Query("quick 1"));
    EXPECT_EQ(pgwire::DescribeMessages(each->UntilReady()), "T(n:20,t:25) D(1|row 1) C(SELECT 1) Z(I)");
  }
}

TEST_F(PostgresServerTest, SendsMoreThanASocketHolds) {
  Start();
  Client one(server_->port());
  one.Send(client::Startup("ann"));
  one.UntilReady();
  one.Send(client::Query("numbers 500000"));
  const std::string answer = one.UntilReady();
  EXPECT_GT(answer.size(), size_t{8} << 20);
  EXPECT_TRUE(pgwire::DescribeMessages(answer).ends_with("D(500000|row 500000) C(SELECT 500000) Z(I)"));
}

TEST_F(PostgresServerTest, TakesRowsByCopyAndHoldsTheClientBack) {
  Start();
  Client one(server_->port());
  one.Send(client::Startup("ann"));
  one.UntilReady();
  {
    MutexLock lock(factory_.state.mutex);
    factory_.state.refuses_rows = true;
  }
  std::string rows;
  for (int i = 0; i < 5000; ++i) rows += std::to_string(i) + "\trow\n";
  one.Send(client::Query("copy in text") + client::CopyData(rows) + client::CopyDone());
  {
    MutexLock lock(factory_.state.mutex);
    while (factory_.state.waiting.empty()) factory_.state.changed.Wait(factory_.state.mutex);
    EXPECT_TRUE(factory_.state.copied.empty());
    factory_.state.refuses_rows = false;
  }
  factory_.WakeAll();
  EXPECT_EQ(pgwire::DescribeMessages(one.UntilReady()), "G C(COPY 5000) Z(I)");
}

TEST_F(PostgresServerTest, StreamsASubscriptionAndCancelsIt) {
  Start();
  Client one(server_->port());
  one.Send(client::Startup("ann"));
  const std::string greeting = one.UntilReady();
  one.Send(client::Query("later 1000"));
  factory_.WakeAll();
  EXPECT_TRUE(one.Until("row 1").ends_with("row 1"));
  Client canceller(server_->port());
  canceller.Send(client::CancelRequest(greeting.substr(greeting.size() - 6 - 8, 8)));
  EXPECT_EQ(canceller.UntilClosed(), "");
  EXPECT_TRUE(pgwire::DescribeMessages(one.UntilReady()).ends_with("request) Z(I)"));
}

TEST_F(PostgresServerTest, CancelsTheStatementOfAClientThatGoesAway) {
  ServerOptions options;
  options.query_threads = 1;
  Start(options);
  {
    Client one(server_->port());
    one.Send(client::Startup("ann"));
    one.UntilReady();
    one.Send(client::Query("hang"));
  }
  // The only query thread is free again.
  Client two(server_->port());
  two.Send(client::Startup("ann"));
  two.UntilReady();
  two.Send(client::Query("numbers 1"));
  EXPECT_TRUE(pgwire::DescribeMessages(two.UntilReady()).ends_with("C(SELECT 1) Z(I)"));
}

TEST_F(PostgresServerTest, StaysUpWithManyHalfOpenConnections) {
  Start();
  std::vector<std::unique_ptr<Client>> half_open;
  for (int i = 0; i < 400; ++i) {
    half_open.push_back(std::make_unique<Client>(server_->port()));
    ASSERT_TRUE(half_open.back()->is_connected());
    if (i % 2 == 0) half_open.back()->Send(std::string("\0\0\0", 3));  // a part of a length
  }
  Client one(server_->port());
  one.Send(client::Startup("ann"));
  EXPECT_TRUE(one.UntilReady().ends_with("I"));
}

TEST_F(PostgresServerTest, ClosesWhoDoesNotLogInInTime) {
  ServerOptions options;
  options.authentication_micros = 1;
  Start(options);
  Client one(server_->port());
  EXPECT_EQ(one.UntilClosed(), "");
}

TEST_F(PostgresServerTest, ClosesAnIdleClient) {
  ServerOptions options;
  options.idle_micros = 1;
  Start(options);
  Client one(server_->port());
  one.Send(client::Startup("ann"));
  EXPECT_TRUE(
      pgwire::DescribeMessages(one.UntilClosed()).ends_with("terminating connection due to idle timeout)"));
}

TEST_F(PostgresServerTest, TellsClientsWhenItGoesDown) {
  Start();
  Client idle(server_->port());
  idle.Send(client::Startup("ann"));
  idle.UntilReady();
  Client busy(server_->port());
  busy.Send(client::Startup("ann"));
  busy.UntilReady();
  busy.Send(client::Query("later 5"));
  {
    MutexLock lock(factory_.state.mutex);
    while (factory_.state.waiting.empty()) factory_.state.changed.Wait(factory_.state.mutex);
  }
  const uint16_t port = server_->port();
  server_->Stop();
  for (Client* each : {&idle, &busy}) {
    EXPECT_TRUE(pgwire::DescribeMessages(each->UntilClosed())
                    .ends_with("E(FATAL 57P01 terminating connection due to administrator command)"));
  }
  EXPECT_FALSE(Client(port).is_connected());
}

TEST_F(PostgresServerTest, RefusesToBeOpenToAnyone) {
  const auto start = [&](const std::string& address, bool trust) {
    ServerOptions options;
    options.env = &env::RealEnv();
    options.sessions = &factory_;
    options.address = address;
    options.port = 0;
    options.trust_loopback = trust;
    return Server(options).Start();
  };
  for (const bool trust : {false, true}) {
    const Status started = start("0.0.0.0", trust);
    ASSERT_FALSE(started.has_value());
    EXPECT_EQ(started.error().code(), ErrorCode::kInvalidParameter);
  }
  EXPECT_EQ(start("nowhere", true).error().code(), ErrorCode::kInvalidParameter);
  EXPECT_TRUE(start("::1", true).has_value() || start("127.0.0.1", true).has_value());
  ServerOptions half;
  half.env = &env::RealEnv();
  half.tls_key_file = "key.pem";
  EXPECT_EQ(Server(half).Start().error().code(), ErrorCode::kInvalidParameter);
}

}  // namespace
}  // namespace millrace::server
