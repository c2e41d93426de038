// The whole way: requests over a Connection into a warehouse and back.
#include "server/instance_backend.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <condition_variable>
#include <mutex>

#include "server/http/fake_backend.h"
#include "session/session.h"

namespace millrace::server {
namespace {

using namespace http;  // NOLINT: the test speaks HTTP throughout

using testing::AllOf;
using testing::HasSubstr;

class InstanceBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    session::InstanceOptions options;
    options.env = &env::RealEnv();
    options.threads = 1;
    options.make_token = [] {
      std::string hash(SHA256_DIGEST_LENGTH, '\0');
      SHA256(reinterpret_cast<const unsigned char*>("s3cret"), 6,
             reinterpret_cast<unsigned char*>(hash.data()));
      return session::NewToken{"s3cret", hash};
    };
    instance_ = std::make_unique<session::Instance>(std::move(options));
    const Status started = instance_->Start();
    ASSERT_TRUE(started) << started.error().ToString();
    backend_ = std::make_unique<InstanceBackend>(instance_.get(), true, "millrace");
    router_ =
        std::make_unique<Router>(backend_.get(), &limits_, env::RealEnv().clock, &metrics_, RouterOptions());
  }

  // One request on a connection of its own; waits for whole answers.
  std::string Ask(std::string_view request, bool is_loopback = true) {
    Connection connection(
        {.limits = &limits_, .clock = env::RealEnv().clock, .router = router_.get(), .metrics = &metrics_},
        {"127.0.0.1:1", is_loopback}, [this] {
          const std::lock_guard lock(mutex_);
          is_woken_ = true;
          woken_.notify_all();
        });
    std::string answer;
    while (!request.empty() || !HasEnded(connection, answer)) {
      if (auto job = connection.TakeJob()) {
        job();
        connection.JobDone();
        continue;
      }
      if (const std::string_view output = connection.Output(); !output.empty()) {
        answer += output;
        connection.Sent(output.size());
        continue;
      }
      const std::span<std::byte> room = connection.Room();
      const size_t bytes = std::min(room.size(), request.size());
      if (bytes > 0) {
        std::memcpy(room.data(), request.data(), bytes);
        request.remove_prefix(bytes);
        connection.Received(bytes);
        continue;
      }
      if (HasEnded(connection, answer)) break;
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return is_woken_; });
      is_woken_ = false;
      lock.unlock();
      connection.Resume();
    }
    connection.Abandon();
    return answer;
  }
  static bool HasEnded(const Connection& connection, std::string_view answer) {
    return connection.is_closed() || connection.wants_shutdown() || IsWhole(answer) ||
           answer.find("event: epoch") != std::string_view::npos;
  }
  static bool IsWhole(std::string_view answer) {
    const size_t length = answer.find("Content-Length: ");
    const size_t end = answer.find("\r\n\r\n");
    return length != std::string_view::npos && end != std::string_view::npos &&
           answer.size() >= end + 4 + std::stoul(std::string(answer.substr(length + 16, 12)));
  }
  std::string Post(std::string_view target, std::string_view type, std::string_view body,
                   std::string_view headers = "") {
    return Ask(fmt::format(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}", target,
        type, body.size(), headers, body));
  }
  std::string Sql(std::string_view sql, std::string_view parameters = "[]") {
    return Post("/v1/sql", "application/json",
                fmt::format(R"({{"sql":"{}","parameters":{}}})", sql, parameters));
  }
  std::string Get(std::string_view target, std::string_view headers = "") {
    return Ask(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, headers));
  }

  HttpLimits limits_;
  telemetry::MetricsRegistry registry_;
  HttpMetrics metrics_{&registry_};
  std::unique_ptr<session::Instance> instance_;
  std::unique_ptr<InstanceBackend> backend_;
  std::unique_ptr<Router> router_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;
};

TEST_F(InstanceBackendTest, RowsInAndOut) {
  EXPECT_EQ(StatusIn(Sql("CREATE TABLE orders (id BIGINT, city STRING, amount DECIMAL(10, 2), PRIMARY KEY "
                         "(id) NOT ENFORCED)")),
            200);
  const std::string view =
      Sql("CREATE MATERIALIZED VIEW sales AS SELECT city, SUM(amount) AS total FROM orders GROUP BY city");
  EXPECT_EQ(StatusIn(view), 200) << view;
  const std::string posted =
      Post("/v1/tables/orders?visible=true", "application/x-ndjson",
           "{\"id\":1,\"city\":\"a\",\"amount\":1.50}\n{\"id\":2,\"city\":\"b\",\"amount\":2}\nnope\n"
           "{\"city\":\"c\"}\n{\"id\":3,\"city\":\"a\",\"amount\":0.25}\n");
  EXPECT_EQ(StatusIn(posted), 200);
  EXPECT_THAT(BodyOf(posted), HasSubstr("{\"accepted\":3,\"rejected\":2,"));

  EXPECT_EQ(BodyOf(Get("/v1/views/public.sales?format=csv&order=city")), "city,total\na,1.75\nb,2.00\n");
  EXPECT_EQ(BodyOf(Get("/v1/views/sales?city=b&format=ndjson")), "{\"city\":\"b\",\"total\":2.00}\n");
  EXPECT_EQ(BodyOf(Get("/v1/views/sales?total=gt.1.80&format=ndjson")), "{\"city\":\"b\",\"total\":2.00}\n");
  EXPECT_EQ(BodyOf(Get("/v1/views/orders?city=in.(a,x)&id=ne.1&select=id&format=ndjson")), "{\"id\":3}\n");
  const std::string dead = Sql("SELECT COUNT(*) AS n FROM sys.dead_letters");
  EXPECT_THAT(BodyOf(dead), HasSubstr("[2]"));
}

TEST_F(InstanceBackendTest, StatementsWithParameters) {
  const std::string good =
      Post("/v1/sql", "application/json",
           R"({"sql":"SELECT CAST($1 AS BIGINT) + 1 AS a, CAST($2 AS VARCHAR) AS b","parameters":[41,"x"]})");
  EXPECT_EQ(StatusIn(good), 200) << good;
  EXPECT_THAT(BodyOf(good), HasSubstr("[42,\"x\"]"));
  EXPECT_EQ(StatusIn(Sql("SELECT CAST($1 AS BIGINT)", "[]")), 400);
  EXPECT_EQ(StatusIn(Sql("SELECT * FROM nowhere")), 404);
  EXPECT_EQ(StatusIn(Sql("SELEC 1")), 400);
}

TEST_F(InstanceBackendTest, TokensAreThoseOfRoles) {
  EXPECT_EQ(StatusIn(Sql("CREATE TABLE t (a BIGINT)")), 200);
  EXPECT_EQ(StatusIn(Sql("CREATE ROLE app LOGIN")), 200);
  const std::string token = Sql("CREATE TOKEN key FOR ROLE app");
  EXPECT_EQ(StatusIn(token), 200) << token;
  const std::string request =
      "POST /v1/tables/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: 8\r\n{}\r\n{{\"a\":1}}\n";
  const auto post = [&](std::string_view headers) {
    return StatusIn(Ask(fmt::format(fmt::runtime(request), headers), false));
  };
  EXPECT_EQ(post(""), 401);
  EXPECT_EQ(post("Authorization: Bearer guess\r\n"), 401);
  EXPECT_EQ(post("Authorization: Bearer s3cret\r\n"), 403);
  EXPECT_EQ(StatusIn(Sql("GRANT INSERT ON t TO app")), 200);
  EXPECT_EQ(post("Authorization: Bearer s3cret\r\n"), 200);
  EXPECT_EQ(StatusIn(Get("/v1/views/t", "Authorization: Bearer s3cret\r\n")), 403);
}

TEST_F(InstanceBackendTest, ChangesOfAView) {
  EXPECT_EQ(StatusIn(Sql("CREATE TABLE t (a BIGINT)")), 200);
  EXPECT_EQ(StatusIn(Post("/v1/tables/t?visible=true", "application/x-ndjson", "{\"a\":5}\n")), 200);
  const std::string events = Get("/v1/views/t/changes");
  EXPECT_THAT(events, AllOf(HasSubstr("Content-Type: text/event-stream"),
                            HasSubstr("{\"op\":\"+I\",\"row\":{\"a\":5}}"), HasSubstr("event: epoch")));
}

TEST_F(InstanceBackendTest, Readiness) {
  EXPECT_EQ(StatusIn(Get("/readyz")), 503);
  backend_->SetStarted();
  EXPECT_EQ(StatusIn(Get("/readyz")), 200);
}

TEST_F(InstanceBackendTest, WhatTakesNoRows) {
  EXPECT_EQ(StatusIn(Sql("CREATE TABLE out_of (a BIGINT) WITH ('connector' = 'blackhole')")), 200);
  EXPECT_EQ(StatusIn(Post("/v1/tables/out_of", "application/x-ndjson", "{\"a\":5}\n")), 400);
  EXPECT_EQ(StatusIn(Sql("CREATE TABLE t (a BIGINT)")), 200);
  EXPECT_EQ(StatusIn(Sql("CREATE VIEW v AS SELECT a FROM t")), 200);
  EXPECT_EQ(StatusIn(Post("/v1/tables/v", "application/x-ndjson", "{\"a\":5}\n")), 400);
  EXPECT_EQ(StatusIn(Post("/v1/tables/none", "application/x-ndjson", "{\"a\":5}\n")), 404);
  EXPECT_EQ(StatusIn(Get("/v1/views/none")), 404);
}

}  // namespace
}  // namespace millrace::server
