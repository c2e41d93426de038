// POST /v1/tables/{table} with an Idempotency-Key.
#include <gmock/gmock.h>

#include "server/http/ingest_fixture.h"

namespace millrace::server::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class KeyedIngestTest : public IngestTest {
 protected:
  KeyedIngestTest() { table_.is_durable = true; }
  static std::string Keyed(std::string_view body, std::string_view key = "k1", std::string_view query = "") {
    return Request("application/x-ndjson", body, query, fmt::format("Idempotency-Key: {}\r\n", key));
  }
  // The answer once the log has answered; nothing waits for it when there is no append.
  std::string PostKeyed(std::string_view body, std::string_view key = "k1") {
    client_.Send(Keyed(body, key));
    if (table_.PushesUnderWay() > 0) table_.SettleFirst();
    client_.Pump();
    const std::string answer = client_.Take();
    return fmt::format("{} {}", StatusIn(answer), BodyOf(answer));
  }
};

TEST_F(KeyedIngestTest, ARepetitionIsAnsweredAndNotTaken) {
  EXPECT_EQ(PostKeyed(Line(1) + Line(2)), kBoth);
  EXPECT_EQ(PostKeyed(Line(1) + Line(2)),
            "200 {\"accepted\":2,\"rejected\":0,\"errors\":[],\"repeated\":true}\n");
  EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]", "+I[2, NULL]"));
  // With the quotes of a structured field it is the same key; the counts are those of the first post.
  EXPECT_EQ(PostKeyed(Line(7), "\"k1\""),
            "200 {\"accepted\":2,\"rejected\":0,\"errors\":[],\"repeated\":true}\n");
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_EQ(PostKeyed(Line(3), "k2"), "200 {\"accepted\":1,\"rejected\":0,\"errors\":[]}\n");
  EXPECT_EQ(Rows().size(), 1u);
  EXPECT_THAT(client_.registry.Render(), HasSubstr("millrace_http_accepted_rows_total 3\n"));
}

TEST_F(KeyedIngestTest, TheWholeBodyIsOnePush) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += Line(i);
  client_.Send(Keyed(body), 10'000);
  EXPECT_EQ(table_.PushesUnderWay(), 1u);
  EXPECT_EQ(client_.Take(), "");
  table_.SettleFirst();
  client_.Pump();
  EXPECT_EQ(BodyOf(client_.Take()), "{\"accepted\":100000,\"rejected\":0,\"errors\":[]}\n");
  const std::vector<std::string> rows = Rows();
  ASSERT_EQ(rows.size(), 100'000u);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(rows[i], fmt::format("+I[{}, NULL]", i));
}

TEST_F(KeyedIngestTest, WrongRecordsAreBuriedOnce) {
  const std::string body = "bad\n" + Line(1) + "worse\n" + Line(2);
  client_.Send(Keyed(body));
  EXPECT_THAT(DeadLetters(), IsEmpty());
  table_.SettleFirst();
  client_.Pump();
  const std::string first = client_.Take();
  EXPECT_THAT(BodyOf(first), HasSubstr("{\"accepted\":2,\"rejected\":2,"));
  EXPECT_THAT(Errors(first), ElementsAre("0/0/22P02", "2/12/22P02"));
  EXPECT_THAT(DeadLetters(), ElementsAre("bad", "worse"));
  const std::string again = PostKeyed(body);
  EXPECT_THAT(again, AllOf(HasSubstr("200 {\"accepted\":2,\"rejected\":2,"), HasSubstr("\"repeated\":true")));
  EXPECT_THAT(Errors(again), ElementsAre("0/0/22P02", "2/12/22P02"));
  EXPECT_THAT(DeadLetters(), IsEmpty());
  EXPECT_THAT(client_.registry.Render(), HasSubstr("millrace_http_rejected_rows_total 2\n"));
}

TEST_F(KeyedIngestTest, WithoutRowsThereIsNothingToRepeat) {
  EXPECT_EQ(PostKeyed(""), "200 {\"accepted\":0,\"rejected\":0,\"errors\":[]}\n");
  EXPECT_THAT(PostKeyed("bad\n"), HasSubstr("400 {\"accepted\":0,\"rejected\":1,"));
  EXPECT_THAT(DeadLetters(), ElementsAre("bad"));
  EXPECT_EQ(PostKeyed(Line(1) + Line(2)), kBoth);
}

TEST_F(KeyedIngestTest, NothingOfABodyThatIsWrongIsTaken) {
  client_.Send(Request("application/json", "[{\"a\":1},5,{\"a\":2},]", "", "Idempotency-Key: k\r\n"));
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 400);
  EXPECT_THAT(BodyOf(answer), HasSubstr("{\"accepted\":0,\"rejected\":0,\"errors\":[],\"error\":"));
  EXPECT_THAT(Rows(), IsEmpty());
  EXPECT_THAT(DeadLetters(), IsEmpty());
  EXPECT_EQ(table_.PushesUnderWay(), 0u);
}

TEST_F(KeyedIngestTest, NothingOfABodyThatBreaksOffIsTaken) {
  const std::string request = Keyed("bad\n" + Line(1) + Line(2));
  client_.Send(request.substr(0, request.size() - 3));
  client_.SendEnd();
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 400);
  EXPECT_THAT(BodyOf(answer),
              AllOf(HasSubstr("{\"accepted\":0,\"rejected\":0,"), HasSubstr("\"resume_offset\":0")));
  EXPECT_EQ(table_.PushesUnderWay(), 0u);
  EXPECT_THAT(DeadLetters(), IsEmpty());
}

TEST_F(KeyedIngestTest, AfterAFullDiskItCanBeSentAgain) {
  const std::string body = "bad\n" + Line(1) + Line(2);
  client_.Send(Keyed(body));
  table_.SettleFirst(Fail(ErrorCode::kDiskFull, "no space left", "make room"));
  client_.Pump();
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 507);
  EXPECT_THAT(BodyOf(answer),
              AllOf(HasSubstr("{\"accepted\":0,\"rejected\":0,"), HasSubstr("\"resume_offset\":0,")));
  EXPECT_THAT(DeadLetters(), IsEmpty());
  client_.connection = nullptr;
  EXPECT_THAT(PostKeyed(body), HasSubstr("200 {\"accepted\":2,\"rejected\":1,"));
  EXPECT_THAT(DeadLetters(), ElementsAre("bad"));
}

TEST_F(KeyedIngestTest, RoomIsWaitedFor) {
  table_.AllowBatches(0);
  client_.Send(Keyed(Line(1) + Line(2)));
  EXPECT_EQ(client_.Take(), "");
  EXPECT_EQ(table_.PushesUnderWay(), 0u);
  table_.AllowBatches(SIZE_MAX);
  client_.Pump();
  EXPECT_EQ(table_.PushesUnderWay(), 1u);
  table_.SettleFirst();
  client_.Pump();
  EXPECT_EQ(BodyOf(client_.Take()), kBoth.substr(4));

  table_.AllowBatches(0);
  client_.Send(Keyed("bad\n" + Line(3), "k2"));
  client_.Advance(client_.limits.ingest_wait_micros);
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 429);
  EXPECT_THAT(BodyOf(answer),
              AllOf(HasSubstr("{\"accepted\":0,\"rejected\":0,"), HasSubstr("\"resume_offset\":0")));
  EXPECT_THAT(DeadLetters(), IsEmpty());
}

TEST_F(KeyedIngestTest, WhoGoesAwayMeanwhileLosesNothing) {
  const std::string body = "bad\n" + Line(1);
  client_.Send(Keyed(body));
  ASSERT_EQ(table_.PushesUnderWay(), 1u);
  client_.connection->Abandon();
  client_.connection = nullptr;
  table_.SettleFirst();
  EXPECT_THAT(DeadLetters(), ElementsAre("bad"));
  EXPECT_THAT(PostKeyed(body),
              AllOf(HasSubstr("200 {\"accepted\":1,\"rejected\":1,"), HasSubstr("\"repeated\":true")));
  EXPECT_THAT(DeadLetters(), IsEmpty());
  EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]"));
}

TEST_F(KeyedIngestTest, OutOfTimeItIsSaidHowToGoOn) {
  client_.Send(Keyed("bad\n" + Line(1)));
  client_.Advance(client_.limits.request_micros);
  const std::string answer = client_.Take();
  EXPECT_GE(StatusIn(answer), 400);
  EXPECT_THAT(BodyOf(answer), HasSubstr("send them again with the same Idempotency-Key"));
  EXPECT_THAT(DeadLetters(), ElementsAre("bad"));
  table_.SettleFirst();
}

TEST_F(KeyedIngestTest, WhatIsKeptIsBounded) {
  HttpLimits limits;
  limits.keyed_body_bytes = 100'000;
  const auto post = [&](std::string_view body, std::string_view headers = "") {
    MemoryClient client(limits);
    FakeTable& table = client.backend.AddTable("public.t", TwoColumns());
    table.is_durable = true;
    const std::string answer = client.Ask(
        Request("application/x-ndjson", body, "", fmt::format("Idempotency-Key: k\r\n{}", headers)));
    MutexLock lock(table.mutex);
    EXPECT_THAT(table.dead_letters, IsEmpty());
    EXPECT_THAT(table.under_way, IsEmpty());
    return fmt::format("{} {}", StatusIn(answer), BodyOf(answer));
  };
  const std::string spaces(100'001, '\n');
  EXPECT_THAT(post(spaces), HasSubstr("413 "));
  EXPECT_THAT(post(Gzip(spaces), "Content-Encoding: gzip\r\n"),
              AllOf(HasSubstr("413 "), HasSubstr("unpacks to more than 100000 bytes")));
  EXPECT_THAT(post(spaces.substr(1)), HasSubstr("200 "));
  // Short records are larger in memory, be they rows or not.
  std::string short_ones;
  for (int i = 0; i < 30'000; ++i) short_ones += "{}\n";
  EXPECT_THAT(post(short_ones),
              AllOf(HasSubstr("413 {\"accepted\":0,\"rejected\":0,"), HasSubstr("400000 bytes of memory"),
                    HasSubstr("nothing of it was taken")));
  short_ones.clear();
  for (int i = 0; i < 30'000; ++i) short_ones += "x\n";
  EXPECT_THAT(post(short_ones), HasSubstr("413 {\"accepted\":0,\"rejected\":0,"));
  // The limit of all bodies counts too.
  limits.table_body_bytes = 1000;
  EXPECT_THAT(post(std::string(1001, '\n')), HasSubstr("413 "));
}

TEST_F(KeyedIngestTest, KeysThatAreNone) {
  const auto refused = [&](std::string_view key) { return PostKeyed(Line(1), key); };
  EXPECT_THAT(refused(std::string(65, 'x')), AllOf(HasSubstr("400 "), HasSubstr("1 to 64 printable")));
  EXPECT_THAT(refused(""), HasSubstr("400 "));
  EXPECT_THAT(refused("\"\""), HasSubstr("400 "));
  EXPECT_THAT(refused("\xC3\xA9"), HasSubstr("400 "));
  EXPECT_THAT(Post("application/x-ndjson", Line(1), "", "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"),
              AllOf(HasSubstr("400 "), HasSubstr("there twice")));
  EXPECT_EQ(table_.PushesUnderWay(), 0u);
  EXPECT_THAT(refused(std::string(64, 'x')), HasSubstr("200 "));
  table_.is_durable = false;
  EXPECT_THAT(refused("k3"), AllOf(HasSubstr("400 "), HasSubstr("needs a data folder"), HasSubstr("--data")));
}

TEST_F(KeyedIngestTest, ARepetitionIsVisibleToo) {
  EXPECT_EQ(PostKeyed(Line(1) + Line(2)), kBoth);
  table_.is_visible_at_once = false;
  client_.Send(Keyed(Line(1) + Line(2), "k1", "?visible=true"));
  table_.SettleFirst();
  client_.Pump();
  EXPECT_EQ(client_.Take(), "");
  table_.ShowRows();
  client_.Pump();
  EXPECT_THAT(BodyOf(client_.Take()), HasSubstr("\"repeated\":true"));
}

}  // namespace
}  // namespace millrace::server::http
