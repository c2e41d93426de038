// POST /v1/sql, GET /v1/views/{view} and its changes, over a Connection.
#include "server/http/sql_handler.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/batch_builder.h"
#include "server/http/fake_backend.h"

namespace millrace::server::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

data::Batch MakeBatch(const data::Schema& schema, const std::vector<std::vector<data::Value>>& rows) {
  data::Batch batch;
  batch.rows = rows.size();
  for (size_t i = 0; i < schema.size(); ++i) {
    auto column = data::Column::Make(schema[i].type);
    for (const auto& row : rows) column->AppendValue(row[i]);
    batch.columns.push_back(column);
  }
  return batch;
}

using data::Value;

class SqlHandlerTest : public testing::Test {
 protected:
  SqlHandlerTest() {
    client_.backend.relations = {{"ads", "sales", schema_}};
    client_.backend.on_execute = [this](const SqlStatement& statement) {
      executed_.push_back(statement);
      SqlResult result{.tag = "SELECT", .counts_rows = true};
      auto rows = std::make_unique<FakeRows>(schema_, batches_);
      rows->error = error_;
      rows->is_open = is_open_;
      rows_ = rows.get();
      result.rows = std::move(rows);
      return Result<SqlResult>(std::move(result));
    };
  }
  std::string Sql(std::string_view body, std::string_view headers = "", std::string_view query = "") {
    return client_.Ask(
        fmt::format("POST /v1/sql{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    "Content-Length: {}\r\n{}\r\n{}",
                    query, body.size(), headers, body));
  }
  std::string Get(std::string_view target) {
    return client_.Ask(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target));
  }

  const data::Schema schema_{{{"city", data::DataType::String()}, {"n", data::DataType::BigInt()}}};
  std::vector<data::Batch> batches_ = {
      MakeBatch(schema_, {{Value::String("北\"京"), Value::Int(1)}, {Value::Null(), Value::Int(-2)}})};
  std::optional<Error> error_;
  bool is_open_ = false;
  FakeRows* rows_ = nullptr;
  std::vector<SqlStatement> executed_;
  MemoryClient client_;
};

TEST_F(SqlHandlerTest, ResultsInEachForm) {
  const std::string body = R"({"sql":"SELECT \u0024\u0031 \ud83d\ude00", "parameters":[1.50,"x",null,true]})";
  const std::string json = Sql(body);
  EXPECT_EQ(StatusIn(json), 200);
  EXPECT_EQ(BodyOf(json),
            "{\"columns\":[{\"name\":\"city\",\"type\":\"STRING\"},{\"name\":\"n\",\"type\":\"BIGINT\"}],"
            "\"rows\":[\n[\"北\\\"京\",1],\n[null,-2]],\"tag\":\"SELECT 2\"}\n");
  ASSERT_EQ(executed_.size(), 1u);
  EXPECT_EQ(executed_[0].text, "SELECT $1 \xF0\x9F\x98\x80");
  EXPECT_THAT(executed_[0].parameters, ElementsAre("1.50", "x", std::nullopt, "true"));

  const std::string lines = Sql(body, "Accept: application/x-ndjson\r\n");
  EXPECT_THAT(HeadOf(lines), HasSubstr("Content-Type: application/x-ndjson\r\n"));
  EXPECT_EQ(BodyOf(lines), "{\"city\":\"北\\\"京\",\"n\":1}\n{\"city\":null,\"n\":-2}\n");
  const std::string csv = Sql(body, "", "?format=csv");
  EXPECT_EQ(BodyOf(csv), "city,n\n\"北\"\"京\",1\n,-2\n");
  EXPECT_THAT(HeadOf(Sql(body, "", "?format=arrow")), HasSubstr("application/vnd.apache.arrow.stream"));
  EXPECT_EQ(client_.backend.open_clients, 0);
}

TEST_F(SqlHandlerTest, StatementsWithoutRows) {
  client_.backend.on_execute = [](const SqlStatement&) {
    return SqlResult{.tag = "CREATE TABLE", .warnings = {"not portable"}};
  };
  EXPECT_EQ(BodyOf(Sql("{\"sql\":\"x\"}")), "{\"tag\":\"CREATE TABLE\",\"warnings\":[\"not portable\"]}\n");
}

TEST_F(SqlHandlerTest, ErrorsSayWhereAndHaveAFittingStatus) {
  const auto outcome = [this](const Error& error) {
    client_.backend.on_execute = [error](const SqlStatement&) { return std::unexpected(error); };
    const std::string answer = Sql("{\"sql\":\"x\"}");
    return fmt::format("{} {}", StatusIn(answer), BodyOf(answer));
  };
  EXPECT_EQ(outcome(Error(ErrorCode::kUndefinedTable, "no table 'ordes'", "did you mean 'orders'?", {1, 15})),
            "404 {\"error\":{\"code\":\"42P01\",\"message\":\"no table 'ordes'\",\"hint\":\"did you mean "
            "'orders'?\",\"line\":1,\"column\":15}}\n");
  EXPECT_THAT(outcome(Error(ErrorCode::kSyntaxError, "x")), HasSubstr("400 "));
  EXPECT_THAT(outcome(Error(ErrorCode::kInsufficientPrivilege, "x")), HasSubstr("403 "));
  EXPECT_THAT(outcome(Error(ErrorCode::kDuplicateTable, "x")), HasSubstr("409 "));
  EXPECT_THAT(outcome(Error(ErrorCode::kQueryTimeout, "x")), HasSubstr("504 "));
  EXPECT_THAT(outcome(Error(ErrorCode::kResourceExhausted, "x")), HasSubstr("503 "));
  EXPECT_THAT(outcome(Error(ErrorCode::kDiskFull, "x")), HasSubstr("507 "));
  EXPECT_THAT(outcome(Error(ErrorCode::kInternal, "x")), HasSubstr("500 "));
}

TEST_F(SqlHandlerTest, WrongBodies) {
  for (const std::string_view body :
       {"", "x", "[]", "{}", "{\"sql\":1}", "{\"sql\":\"x\"", "{\"sql\":\"x\"}y",
        "{\"sql\":\"x\",\"more\":1}", "{\"sql\":\"x\",\"parameters\":1}",
        "{\"sql\":\"x\",\"parameters\":[[1]]}", "{\"sql\":\"x\",\"parameters\":[1",
        "{\"sql\":\"x\" \"parameters\":[]}", "{\"sql\":\"\\q\"}", "{\"sql\":\"\xff\"}"}) {
    EXPECT_EQ(StatusIn(Sql(body)), 400) << body;
  }
  EXPECT_TRUE(executed_.empty());
  EXPECT_EQ(StatusIn(Sql("{\"sql\":\"x\"}", "", "?format=xml")), 400);
  EXPECT_EQ(StatusIn(Sql("{\"sql\":\"x\"}", "Accept: image/png\r\n")), 406);
  EXPECT_EQ(StatusIn(Sql("{\"sql\":\"x\"}", "Content-Encoding: gzip\r\n")), 415);
  EXPECT_EQ(StatusIn(client_.Ask("POST /v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")),
            415);
}

TEST_F(SqlHandlerTest, AFailureBeforeTheFirstRowHasAStatus) {
  batches_.clear();
  error_ = Error(ErrorCode::kDivisionByZero, "division by zero");
  const std::string answer = Sql("{\"sql\":\"x\"}");
  EXPECT_EQ(StatusIn(answer), 400);
  EXPECT_THAT(BodyOf(answer), HasSubstr("22012"));
}

TEST_F(SqlHandlerTest, LongResultsGoOutInChunksAndAFailureCutsThemOff) {
  const data::Batch large = MakeBatch(schema_, {{Value::String(std::string(100'000, 'x')), Value::Int(1)}});
  batches_ = {large, large};
  const std::string whole = Sql("{\"sql\":\"x\"}");
  EXPECT_THAT(HeadOf(whole),
              AllOf(HasSubstr("Transfer-Encoding: chunked"), Not(HasSubstr("Content-Length"))));
  EXPECT_TRUE(whole.ends_with("\r\n0\r\n\r\n"));
  EXPECT_THAT(whole, HasSubstr("\"tag\":\"SELECT 2\"}"));

  error_ = Error(ErrorCode::kInternal, "broken");
  const std::string cut = Sql("{\"sql\":\"x\"}");
  EXPECT_EQ(StatusIn(cut), 200);
  EXPECT_FALSE(cut.ends_with("0\r\n\r\n"));
  EXPECT_TRUE(client_.connection->wants_shutdown());
}

TEST_F(SqlHandlerTest, OlderClientsGetLongResultsUntilTheEnd) {
  batches_ = {MakeBatch(schema_, {{Value::String(std::string(100'000, 'x')), Value::Int(1)}})};
  const std::string answer = client_.Ask("GET /v1/views/ads.sales?format=csv HTTP/1.0\r\n\r\n");
  EXPECT_THAT(HeadOf(answer), AllOf(HasSubstr("Connection: close"), Not(HasSubstr("Transfer-Encoding"))));
  EXPECT_EQ(BodyOf(answer), "city,n\n" + std::string(100'000, 'x') + ",1\n");
}

TEST_F(SqlHandlerTest, AClientThatGoesAwayCancels) {
  client_.runs_jobs = false;
  client_.Send("GET /v1/views/ads.sales HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto job = client_.connection->TakeJob();
  ASSERT_TRUE(job);
  client_.SendEnd();
  EXPECT_EQ(client_.backend.cancels, 1);
  EXPECT_FALSE(client_.connection->is_closed());  // the job still runs
  job();
  client_.connection->JobDone();
  EXPECT_TRUE(client_.connection->is_closed());
}

TEST_F(SqlHandlerTest, AStatementThatTakesTooLongIsCancelled) {
  client_.runs_jobs = false;
  client_.Send("GET /v1/views/ads.sales HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto job = client_.connection->TakeJob();
  client_.Advance(client_.limits.request_micros);
  EXPECT_EQ(client_.backend.cancels, 1);
  job();
  client_.connection->JobDone();
  client_.Pump();
  EXPECT_EQ(StatusIn(client_.Take()), 504);
}

TEST_F(SqlHandlerTest, ARolesTimeLimitHolds) {
  client_.backend.statement_micros_max = 5'000'000;
  client_.runs_jobs = false;
  client_.Send("GET /v1/views/ads.sales HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const auto job = client_.connection->TakeJob();
  client_.Advance(4'999'999);
  EXPECT_EQ(client_.backend.cancels, 0);
  client_.Advance(1);
  EXPECT_EQ(client_.backend.cancels, 1);
  job();
  client_.connection->JobDone();
  client_.Pump();
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 504);
  EXPECT_THAT(BodyOf(answer), HasSubstr("longer than 5 s"));
}

TEST_F(SqlHandlerTest, NobodyToRunAJobIsTold) {
  client_.runs_jobs = false;
  client_.Send("GET /v1/views/ads.sales HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(client_.connection->TakeJob());
  client_.connection->JobRefused();
  client_.Pump();
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 503);
  EXPECT_THAT(HeadOf(answer), HasSubstr("Retry-After: 1"));
}

// ------------------------------------------------------------------------------------------ views

TEST_F(SqlHandlerTest, ViewsAreRead) {
  EXPECT_EQ(BodyOf(Get("/v1/views/ads.sales?n=gt.1&limit=5&format=ndjson")),
            "{\"city\":\"北\\\"京\",\"n\":1}\n{\"city\":null,\"n\":-2}\n");
  ASSERT_EQ(executed_.size(), 1u);
  EXPECT_EQ(executed_[0].text, "SELECT `city`, `n` FROM `ads`.`sales` WHERE `n` > $1 LIMIT 5");
  EXPECT_EQ(StatusIn(Get("/v1/views/ads.none")), 404);
  EXPECT_EQ(StatusIn(Get("/v1/views/ads.sales?m=1")), 400);
  const std::string head = client_.Ask("HEAD /v1/views/ads.sales HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(StatusIn(head), 200);
  EXPECT_EQ(BodyOf(head), "");
}

// ---------------------------------------------------------------------------------------- changes

class ChangesTest : public SqlHandlerTest {
 protected:
  data::Schema ChangeSchema() const {
    return data::Schema({{"mr_epoch", data::DataType::BigInt()},
                         {"mr_op", data::DataType::String()},
                         {"city", data::DataType::String()},
                         {"n", data::DataType::BigInt()}});
  }
  data::Batch Change(int64_t epoch, std::string op, std::string city, int64_t n) const {
    return MakeBatch(ChangeSchema(), {{Value::Int(epoch), Value::String(std::move(op)),
                                       Value::String(std::move(city)), Value::Int(n)}});
  }
  // Starts a subscription; its rows stay open.
  void Subscribe(std::string_view query = "") {
    client_.backend.on_execute = [this](const SqlStatement& statement) {
      executed_.push_back(statement);
      SqlResult result{.tag = "SUBSCRIBE"};
      auto rows = std::make_unique<FakeRows>(ChangeSchema(), batches_);
      rows->is_open = true;
      rows_ = rows.get();
      result.rows = std::move(rows);
      return Result<SqlResult>(std::move(result));
    };
    client_.Send(fmt::format("GET /v1/views/ads.sales/changes{} HTTP/1.1\r\nHost: localhost\r\n\r\n", query));
  }
  // The payload of the chunks received so far.
  std::string TakeChunks(bool with_head = false) {
    std::string bytes = client_.Take();
    if (with_head) bytes = BodyOf(bytes);
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
      const size_t line_end = bytes.find("\r\n", at);
      const size_t size = std::stoul(bytes.substr(at, line_end - at), nullptr, 16);
      text += bytes.substr(line_end + 2, size);
      at = line_end + 2 + size + 2;
    }
    return text;
  }
};

TEST_F(ChangesTest, SnapshotThenChanges) {
  batches_ = {Change(7, "+I", "a", 1), Change(7, "P", "", 0)};
  Subscribe();
  EXPECT_EQ(executed_[0].text, "SUBSCRIBE TO `ads`.`sales` WITH (SNAPSHOT = true, PROGRESS = true)");
  EXPECT_THAT(HeadOf(client_.received),
              AllOf(HasSubstr("Content-Type: text/event-stream"), HasSubstr("200 OK")));
  EXPECT_EQ(TakeChunks(true),
            "event: columns\ndata: "
            "[{\"name\":\"city\",\"type\":\"STRING\"},{\"name\":\"n\",\"type\":\"BIGINT\"}]\n\n"
            "event: change\nid: 7\ndata: {\"op\":\"+I\",\"row\":{\"city\":\"a\",\"n\":1}}\n\n"
            "event: epoch\nid: 7\ndata: {\"epoch\":7}\n\n");
  rows_->Add(Change(8, "P", "", 0));  // nothing happened in it
  client_.Pump();
  EXPECT_EQ(TakeChunks(), "");
  rows_->Add(Change(9, "-D", "a\nb", 1));
  client_.Pump();
  EXPECT_EQ(TakeChunks(),
            "event: change\nid: 9\ndata: {\"op\":\"-D\",\"row\":{\"city\":\"a\\nb\",\"n\":1}}\n\n");
  EXPECT_THAT(client_.registry.Render(), HasSubstr("millrace_http_subscriptions 1\n"));
}

TEST_F(ChangesTest, QuietOnesGetComments) {
  batches_.clear();
  Subscribe("?snapshot=false");
  EXPECT_THAT(executed_[0].text, HasSubstr("SNAPSHOT = false"));
  TakeChunks(true);
  client_.Advance(client_.limits.heartbeat_micros - 1);
  EXPECT_EQ(TakeChunks(), "");
  client_.Advance(1);
  EXPECT_EQ(TakeChunks(), ": quiet\n\n");
  for (int i = 0; i < 100; ++i) client_.Advance(client_.limits.heartbeat_micros);
  EXPECT_FALSE(client_.connection->is_closed());  // no time limit for the whole
}

TEST_F(ChangesTest, AReaderThatFellBehindIsTold) {
  batches_.clear();
  Subscribe();
  TakeChunks(true);
  rows_->error = Error(ErrorCode::kConfigurationLimitExceeded, "the reader fell behind");
  rows_->Add(Change(9, "+I", "a", 1));
  client_.Pump();
  EXPECT_THAT(TakeChunks(), HasSubstr("event: lagged\ndata: {\"error\":{\"code\":\"53400\""));
  EXPECT_EQ(client_.backend.open_clients, 0);
}

TEST_F(ChangesTest, ADisconnectFreesTheSubscription) {
  batches_.clear();
  Subscribe();
  EXPECT_EQ(client_.backend.open_clients, 1);
  client_.SendEnd();
  EXPECT_TRUE(client_.connection->is_closed());
  EXPECT_GE(client_.backend.cancels, 1);
  client_.connection.reset();
  EXPECT_EQ(client_.backend.open_clients, 0);
  EXPECT_THAT(client_.registry.Render(), HasSubstr("millrace_http_subscriptions 0\n"));
}

TEST_F(ChangesTest, UnknownParametersAreRefused) {
  EXPECT_EQ(StatusIn(Get("/v1/views/ads.sales/changes?snapshot=maybe")), 400);
  EXPECT_EQ(StatusIn(Get("/v1/views/ads.sales/changes?city=x")), 400);
}

}  // namespace
}  // namespace millrace::server::http
