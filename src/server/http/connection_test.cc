#include "server/http/connection.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/fake_backend.h"

namespace millrace::server::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string Get(std::string_view target, std::string_view headers = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, headers);
}
std::string Post(std::string_view target, std::string_view type, std::string_view body,
                 std::string_view headers = "") {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}", target,
      type, body.size(), headers, body);
}

TEST(ConnectionTest, AnswersAndKeepsTheConnection) {
  MemoryClient client;
  const std::string first = client.Ask(Get("/healthz"));
  EXPECT_EQ(StatusIn(first), 200);
  EXPECT_EQ(BodyOf(first), "{\"status\":\"alive\"}\n");
  EXPECT_THAT(HeadOf(first), AllOf(HasSubstr("Content-Length: 19\r\n"), HasSubstr("Connection: keep-alive"),
                                   HasSubstr("Date: Sun, 09 Sep 2001 01:46:40 GMT\r\n")));
  EXPECT_EQ(StatusIn(client.Ask(Get("/readyz"))), 200);
  EXPECT_THAT(client.registry.Render(),
              HasSubstr("millrace_http_requests_total{route=\"/readyz\",code=\"200\"} 1\n"));
}

TEST(ConnectionTest, PipelinedRequestsAreAnsweredInOrder) {
  MemoryClient client;
  const std::string answers = client.Ask(Get("/healthz") + Get("/nowhere") + Get("/readyz"), 7);
  const size_t first = answers.find("alive");
  const size_t second = answers.find("404 Not Found");
  const size_t third = answers.find("\"ready\"");
  ASSERT_NE(third, std::string::npos);
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST(ConnectionTest, HeadIsGetWithoutABody) {
  MemoryClient client;
  const std::string answer = client.Ask("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(StatusIn(answer), 200);
  EXPECT_THAT(HeadOf(answer), HasSubstr("Content-Length: 19\r\n"));
  EXPECT_EQ(BodyOf(answer), "");
  EXPECT_EQ(StatusIn(client.Ask(Get("/healthz"))), 200);
}

TEST(ConnectionTest, OlderClientsAreClosedUnlessTheyAsk) {
  MemoryClient client;
  const std::string answer = client.Ask("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(HeadOf(answer), HasSubstr("Connection: close"));
  EXPECT_TRUE(client.connection->wants_shutdown());
  client.SendEnd();
  EXPECT_TRUE(client.connection->is_closed());

  MemoryClient other;
  EXPECT_THAT(other.Ask("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
              HasSubstr("Connection: keep-alive"));
}

TEST(ConnectionTest, RefusesWhatIsNoRequest) {
  const auto status = [](std::string_view bytes) {
    MemoryClient client;
    const std::string answer = client.Ask(bytes);
    EXPECT_THAT(HeadOf(answer), HasSubstr("Connection: close"));
    return StatusIn(answer);
  };
  EXPECT_EQ(status("hello\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /healthz HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(status("GET /healthz HTTP/1.1\r\n\r\n"), 400);  // no Host
  EXPECT_EQ(status("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(status("GET healthz HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(
      status("POST /v1/sql HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400);
  EXPECT_EQ(status("POST /v1/sql HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            400);
  EXPECT_EQ(status("POST /v1/sql HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(status("POST /v1/sql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 501);
  EXPECT_EQ(status("POST /v1/sql HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n"), 417);
}

TEST(ConnectionTest, HeadersAreBounded) {
  HttpLimits limits;
  limits.header_bytes = 1000;
  limits.header_fields = 5;
  MemoryClient long_one(limits);
  EXPECT_EQ(StatusIn(long_one.Ask(Get("/healthz", "X: " + std::string(1000, 'x') + "\r\n"))), 431);
  MemoryClient long_path(limits);
  EXPECT_EQ(StatusIn(long_path.Ask("GET /" + std::string(2000, 'x'))), 431);
  MemoryClient many(limits);
  EXPECT_EQ(StatusIn(many.Ask(Get("/healthz", "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n"))), 431);
  MemoryClient enough(limits);
  EXPECT_EQ(StatusIn(enough.Ask(Get("/healthz", "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n"))), 200);
}

TEST(ConnectionTest, WrongMethodsAndPathsAreTold) {
  MemoryClient client;
  const std::string wrong = client.Ask("DELETE /v1/sql HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(StatusIn(wrong), 405);
  EXPECT_THAT(HeadOf(wrong), HasSubstr("Allow: POST\r\n"));
  const std::string read_only = client.Ask(Post("/healthz", "text/plain", "x"));
  EXPECT_EQ(StatusIn(read_only), 405);
  EXPECT_THAT(HeadOf(read_only), HasSubstr("Allow: GET, HEAD\r\n"));
  for (const std::string_view path :
       {"/", "//", "/v1", "/v1/tables", "/v1/tables/", "/v1/tables/a/b", "/healthz/", "/v1/views/a/changes/",
        "/v1/../etc/passwd", "/%2e%2e/etc/passwd"}) {
    EXPECT_EQ(StatusIn(client.Ask(Get(path))), 404) << path;
  }
}

TEST(ConnectionTest, ABodyThatNobodyWantsIsReadAwayOrEndsTheConnection) {
  MemoryClient client;
  EXPECT_EQ(StatusIn(client.Ask(Post("/nowhere", "text/plain", std::string(100'000, 'x')), 1000)), 404);
  EXPECT_EQ(StatusIn(client.Ask(Get("/healthz"))), 200);

  MemoryClient large;
  const std::string answer =
      large.Ask("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(StatusIn(answer), 404);
  EXPECT_THAT(HeadOf(answer), HasSubstr("Connection: close"));
  EXPECT_TRUE(large.connection->wants_shutdown());
  large.Send(std::string(500'000, 'x'));  // read and dropped
  EXPECT_EQ(large.Take(), "");
  large.Advance(large.limits.linger_micros);
  EXPECT_TRUE(large.connection->is_closed());
}

TEST(ConnectionTest, ExpectationsAreMetOnlyWhenTheBodyIsWanted) {
  MemoryClient client;
  client.backend.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
  const std::string head =
      Post("/v1/tables/public.t", "application/x-ndjson", "", "Expect: 100-continue\r\n");
  client.Send(
      "POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: 8\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Take(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(BodyOf(client.Ask("{\"a\":1}\n")), "{\"accepted\":1,\"rejected\":0,\"errors\":[]}\n");

  const std::string refused = client.Ask(
      "POST /v1/tables/public.none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(StatusIn(refused), 404);
  EXPECT_THAT(HeadOf(refused), HasSubstr("Connection: close"));
}

TEST(ConnectionTest, SlowHeadsAndQuietConnectionsEnd) {
  MemoryClient quiet;
  quiet.Open();
  quiet.Advance(quiet.limits.idle_micros - 1);
  EXPECT_FALSE(quiet.connection->is_closed());
  quiet.Advance(1);
  EXPECT_TRUE(quiet.connection->is_closed());

  // A byte now and then does not keep it open.
  MemoryClient slow;
  slow.Send("GET /healthz HTTP/1.1\r\n");
  for (int i = 0; i < 9; ++i) {
    slow.Advance(1'000'000);
    slow.Send("X: y\r\n");
  }
  EXPECT_EQ(slow.Take(), "");
  slow.Advance(1'000'000);
  EXPECT_EQ(StatusIn(slow.Take()), 408);
}

TEST(ConnectionTest, BodiesMustComeInTime) {
  MemoryClient client;
  client.backend.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
  client.Send(
      "POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: 100\r\n\r\n{\"a\":1}\n{\"a\"");
  client.Advance(client.limits.body_idle_micros);
  const std::string answer = client.Take();
  EXPECT_EQ(StatusIn(answer), 408);
  EXPECT_THAT(BodyOf(answer), HasSubstr("{\"accepted\":1,\"rejected\":0,"));
  EXPECT_THAT(HeadOf(answer), HasSubstr("Connection: close"));

  HttpLimits limits;
  limits.request_micros = 100'000'000;
  MemoryClient dripping(limits);
  dripping.backend.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
  dripping.Send(
      "POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: 100\r\n\r\n");
  for (int i = 0; i < 9; ++i) {
    dripping.Advance(10'000'000);
    dripping.Send(" ");
  }
  EXPECT_EQ(dripping.Take(), "");
  dripping.Advance(10'000'000);
  EXPECT_EQ(StatusIn(dripping.Take()), 408);
}

TEST(ConnectionTest, AClientThatDoesNotReadIsClosed) {
  MemoryClient client;
  client.reads = false;
  client.Send(Get("/healthz"));
  EXPECT_FALSE(client.connection->Output().empty());
  client.Advance(client.limits.body_idle_micros);
  EXPECT_TRUE(client.connection->is_closed());
}

TEST(ConnectionTest, ChunkedBodies) {
  const auto ask = [](std::string_view chunks, size_t piece) {
    MemoryClient client;
    FakeTable& table = client.backend.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
    const std::string answer =
        client.Ask(fmt::format("POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                               chunks),
                   piece);
    MutexLock lock(table.mutex);
    return fmt::format("{} {}", StatusIn(answer), table.row_count);
  };
  const std::string good = "4\r\n{\"a\"\r\n4;x=y\r\n:1}\n\r\n8\r\n{\"a\":2}\n\r\n0\r\nTrailer: t\r\n\r\n";
  for (const size_t piece : {1, 2, 3, 7, 1000}) EXPECT_EQ(ask(good, piece), "200 2") << piece;
  EXPECT_EQ(ask("8\r\n{\"a\":1}\n\r\nzz\r\n", 1000), "400 1");
  EXPECT_EQ(ask("8\r\n{\"a\":1}\nX\r\n0\r\n\r\n", 1000), "400 1");
  EXPECT_EQ(ask("ffffffffffffffffff\r\n", 1000), "400 0");
  EXPECT_EQ(ask("8;" + std::string(10'000, 'x'), 1000), "400 0");
}

TEST(ConnectionTest, BodiesThatBreakOff) {
  for (const std::string_view framing : {"Content-Length: 100\r\n\r\n{\"a\":1}\n{\"a\":2",
                                         "Transfer-Encoding: chunked\r\n\r\n64\r\n{\"a\":1}\n{\"a\":2"}) {
    MemoryClient client;
    FakeTable& table = client.backend.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
    client.Send(
        fmt::format("POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\n"
                    "Content-Type: application/x-ndjson\r\n{}",
                    framing));
    client.SendEnd();
    const std::string answer = client.Take();
    EXPECT_EQ(StatusIn(answer), 400);
    EXPECT_THAT(BodyOf(answer), AllOf(HasSubstr("\"accepted\":1"), HasSubstr("the body ended before")));
    MutexLock lock(table.mutex);
    EXPECT_THAT(table.rows, ElementsAre("+I[1]"));
  }
}

TEST(ConnectionTest, BodiesAreBounded) {
  HttpLimits limits;
  limits.table_body_bytes = 20;
  limits.sql_body_bytes = 30;
  const auto status = [&limits](const std::string& request) {
    MemoryClient client(limits);
    client.backend.AddTable("public.t", data::Schema({{"a", data::DataType::BigInt()}}));
    return StatusIn(client.Ask(request));
  };
  EXPECT_EQ(status(Post("/v1/tables/public.t", "application/x-ndjson", "{\"a\":1}\n{\"a\":234}\n")), 200);
  EXPECT_EQ(status(Post("/v1/tables/public.t", "application/x-ndjson", "{\"a\":1}\n{\"a\":234567}\n")), 413);
  EXPECT_EQ(
      status("POST /v1/tables/public.t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
             "Transfer-Encoding: chunked\r\n\r\n15\r\n"
             "{\"a\":1}\n{\"a\":234567}\n\r\n0\r\n\r\n"),
      413);
  EXPECT_EQ(status(Post("/v1/sql", "application/json", "{\"sql\":\"SET 'a' = 'b'\"}     ")), 200);
  EXPECT_EQ(status(Post("/v1/sql", "application/json", "{\"sql\":\"SET 'a' = 'b'\"}          ")), 413);
}

// -------------------------------------------------------------------------------------- who may

TEST(ConnectionTest, TokensAndTrust) {
  MemoryClient client;
  client.backend.trusts_loopback = false;
  const std::string sql = Post("/v1/sql", "application/json", "{\"sql\":\"x\"}");
  const std::string refused = client.Ask(sql);
  EXPECT_EQ(StatusIn(refused), 401);
  EXPECT_THAT(HeadOf(refused), HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_THAT(BodyOf(refused), HasSubstr("\"code\":\"28000\""));
  const auto with = [](std::string_view value) {
    return Post("/v1/sql", "application/json", "{\"sql\":\"x\"}",
                fmt::format("Authorization: {}\r\n", value));
  };
  EXPECT_EQ(StatusIn(client.Ask(with("Bearer secret"))), 200);
  EXPECT_EQ(StatusIn(client.Ask(with("bearer  secret"))), 200);
  EXPECT_EQ(StatusIn(client.Ask(with("Bearer guess"))), 401);
  EXPECT_EQ(StatusIn(client.Ask(with("Basic c2VjcmV0"))), 401);
  for (const std::string_view open : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(StatusIn(client.Ask(Get(open))), 200) << open;
  }
  MemoryClient strict({}, {.protect_metrics = true, .protect_health = true});
  strict.backend.trusts_loopback = false;
  for (const std::string_view closed : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(StatusIn(strict.Ask(Get(closed))), 401) << closed;
    EXPECT_EQ(StatusIn(strict.Ask(Get(closed, "Authorization: Bearer secret\r\n"))), 200) << closed;
  }
}

TEST(ConnectionTest, WebPagesGetNoTrust) {
  MemoryClient client;
  const auto ask = [&client](std::string_view host, std::string_view headers) {
    return StatusIn(
        client.Ask(fmt::format("GET /v1/openapi.json HTTP/1.1\r\nHost: {}\r\n{}\r\n", host, headers)));
  };
  EXPECT_EQ(ask("127.0.0.1:8080", ""), 200);
  EXPECT_EQ(ask("[::1]:8080", ""), 200);
  EXPECT_EQ(ask("evil.example", ""), 403);
  EXPECT_EQ(ask("127.0.0.1.evil.example", ""), 403);
  EXPECT_EQ(ask("localhost", "Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(ask("localhost:8080", "Origin: http://localhost:8080\r\n"), 200);
  EXPECT_EQ(ask("evil.example", "Authorization: Bearer secret\r\n"), 200);
}

TEST(ConnectionTest, OriginsMayBeAllowed) {
  MemoryClient off;
  const std::string preflight =
      "OPTIONS /v1/sql HTTP/1.1\r\nHost: localhost\r\nOrigin: https://page.example\r\n\r\n";
  EXPECT_EQ(StatusIn(off.Ask(preflight)), 405);
  MemoryClient on({}, {.allowed_origins = {"https://page.example"}});
  const std::string answer = on.Ask(preflight);
  EXPECT_EQ(StatusIn(answer), 204);
  EXPECT_THAT(HeadOf(answer), AllOf(HasSubstr("Access-Control-Allow-Origin: https://page.example\r\n"),
                                    HasSubstr("Access-Control-Allow-Methods: POST\r\n")));
  EXPECT_THAT(HeadOf(on.Ask(Get("/v1/openapi.json", "Origin: https://page.example\r\n"))),
              HasSubstr("Access-Control-Allow-Origin: https://page.example\r\n"));
}

TEST(ConnectionTest, ReadinessTellsWhatFailed) {
  MemoryClient client;
  client.backend.ready = Fail(ErrorCode::kInternal, "job 'orders' failed");
  const std::string answer = client.Ask(Get("/readyz"));
  EXPECT_EQ(StatusIn(answer), 503);
  EXPECT_THAT(BodyOf(answer), HasSubstr("job 'orders' failed"));
}

TEST(ConnectionTest, MetricsAreRendered) {
  MemoryClient client;
  client.Ask(Get("/healthz"));
  const std::string answer = client.Ask(Get("/metrics"));
  EXPECT_THAT(HeadOf(answer), HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(BodyOf(answer),
              AllOf(HasSubstr("# TYPE millrace_http_requests_total counter"),
                    HasSubstr("millrace_http_request_seconds_bucket{"), Not(HasSubstr("route=\"refused\""))));
}

}  // namespace
}  // namespace millrace::server::http
