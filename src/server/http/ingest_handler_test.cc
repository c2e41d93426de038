// POST /v1/tables/{table}, over a Connection.
#include "server/http/ingest_handler.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "server/http/ingest_fixture.h"

namespace millrace::server::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Zstd(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

TEST_F(IngestTest, LinesOfJson) {
  EXPECT_EQ(PostLines("{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n"), kBoth);
  EXPECT_THAT(Rows(), ElementsAre("+I[1, x]", "+I[2, NULL]"));
  // The last line need not end, empty ones do not count, and ends may be \r\n.
  EXPECT_EQ(PostLines("\n{\"a\":1}\r\n\r\n{\"a\":2}"), kBoth);
  EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]", "+I[2, NULL]"));
  EXPECT_EQ(PostLines(""), "200 {\"accepted\":0,\"rejected\":0,\"errors\":[]}\n");
}

TEST_F(IngestTest, RecordsAcrossReads) {
  for (const size_t piece : {1, 2, 3, 5, 100}) {
    EXPECT_EQ(Post("application/x-ndjson", "{\"a\":1,\"b\":\"x\\u00e9\"}\n{\"a\":2,\"b\":\"\xC3\xA9\"}", "",
                   "", piece),
              kBoth);
    EXPECT_THAT(Rows(), ElementsAre("+I[1, x\xC3\xA9]", "+I[2, \xC3\xA9]")) << piece;
  }
}

TEST_F(IngestTest, ArraysOfJson) {
  const std::string array = " [ {\"a\":1,\r\n\"b\":\"],}\\\"\\\\\"}\n,\n{ \"a\" : 2 , \"b\":\"[\"} ] \n";
  for (const size_t piece : {1, 2, 3, 5, 7, 1000}) {
    EXPECT_EQ(Post("application/json; charset=utf-8", array, "", "", piece), kBoth) << piece;
    EXPECT_THAT(Rows(), ElementsAre("+I[1, ],}\"\\]", "+I[2, []"));
  }
  EXPECT_EQ(Post("application/json", "{\n\"a\":\n1}\n"),
            "200 {\"accepted\":1,\"rejected\":0,\"errors\":[]}\n");
  EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]"));
  EXPECT_EQ(Post("application/json", "[]"), "200 {\"accepted\":0,\"rejected\":0,\"errors\":[]}\n");
  EXPECT_EQ(Post("application/json", "\xEF\xBB\xBF[{\"a\":1},{\"a\":2}]"), kBoth);
}

TEST_F(IngestTest, LongArraysGoThroughInPieces) {
  std::string array = "[";
  for (int i = 0; i < 40'000; ++i)
    array += fmt::format("{}{{\"a\": {},\n \"b\": \"value {}\"}}", i > 0 ? "," : "", i, i);
  array += "]";
  ASSERT_GT(array.size(), limits::kReadBytes);
  EXPECT_EQ(Post("application/json", array), "200 {\"accepted\":40000,\"rejected\":0,\"errors\":[]}\n");
  const std::vector<std::string> rows = Rows();
  ASSERT_EQ(rows.size(), 40'000u);
  for (int i = 0; i < 40'000; ++i) ASSERT_EQ(rows[i], fmt::format("+I[{}, value {}]", i, i));
}

TEST_F(IngestTest, BrokenArrays) {
  const auto outcome = [this](std::string_view body) {
    MemoryClient client;
    client.backend.AddTable("public.t", TwoColumns());
    const std::string answer = client.Ask(Request("application/json", body));
    const std::string text = BodyOf(answer);
    const size_t message = text.find("\"message\":");
    return fmt::format("{} {}| {}", StatusIn(answer), text.substr(0, text.find(',')),
                       message == std::string::npos
                           ? ""
                           : text.substr(message + 11, text.find('"', message + 11) - message - 11));
  };
  EXPECT_EQ(outcome("[{\"a\":1},{\"a\":2}"),
            "400 {\"accepted\":1| not JSON: the body ends at byte 16 with its array still open");
  EXPECT_EQ(outcome("[{\"a\":1},{\"a\":2"),
            "400 {\"accepted\":1| not JSON: the body ends at byte 15 with its array still open");
  EXPECT_EQ(outcome("[{\"a\":1},{\"a\":2}] x"),
            "400 {\"accepted\":2| not JSON: nothing more expected at byte 18 of the body, not 'x'");
  EXPECT_EQ(outcome("[{\"a\":1},]"),
            "400 {\"accepted\":1| not JSON: an element expected at byte 9 of the body, not ']'");
  EXPECT_EQ(outcome("{\"a\":1}\n{\"a\":2}"),
            "400 {\"accepted\":1| not JSON: nothing more expected at byte 8 of the body, not '{'");
  EXPECT_EQ(outcome("nonsense"),
            "400 {\"accepted\":0| not JSON: '[' or '{' expected at byte 0 of the body, not 'n'");
  EXPECT_EQ(outcome(""), "400 {\"accepted\":0| the body is empty, which is not JSON");
}

TEST_F(IngestTest, WrongRecordsAreNamedAndKept) {
  const std::string_view body = "{\"a\":1}\nnope\n{\"a\":2}\n{\"a\":\"x\"}\n{\"a\":3}\n";
  for (const size_t piece : {3, 1000}) {
    const std::string answer = Post("application/x-ndjson", body, "", "", piece);
    EXPECT_THAT(answer, HasSubstr("200 {\"accepted\":3,\"rejected\":2,"));
    EXPECT_THAT(Errors(answer), ElementsAre("1/8/22P02", "3/21/22P02"));
    EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]", "+I[2, NULL]", "+I[3, NULL]"));
    EXPECT_THAT(DeadLetters(), ElementsAre("nope", "{\"a\":\"x\"}"));
  }
  EXPECT_THAT(PostLines("1\n2\n"), HasSubstr("400 {\"accepted\":0,\"rejected\":2,"));
  const std::string in_array = Post("application/json", "[{\"a\":1}, 5 ,{\"a\":true}]");
  EXPECT_THAT(Errors(in_array), ElementsAre("1/10/22P02", "2/13/22P02"));
}

TEST_F(IngestTest, OnlyTheFirstErrorsAreNamed) {
  std::string body;
  for (int i = 0; i < 150; ++i) body += "x\n";
  const std::string answer = PostLines(body);
  EXPECT_THAT(answer, HasSubstr("\"rejected\":150,"));
  EXPECT_EQ(Errors(answer).size(), 100u);
  EXPECT_EQ(DeadLetters().size(), 150u);
}

TEST_F(IngestTest, NullsWhereNoneMayBe) {
  FakeTable& strict = client_.backend.AddTable(
      "public.strict",
      data::Schema({{"a", data::DataType::BigInt().NotNull()}, {"b", data::DataType::String()}}));
  const std::string body = "{\"a\":1}\n{\"b\":\"x\"}\n{\"a\":null}\n{\"a\":2}\n";
  const std::string answer = client_.Ask(fmt::format(
      "POST /v1/tables/public.strict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
      "Content-Length: {}\r\n\r\n{}",
      body.size(), body));
  EXPECT_THAT(BodyOf(answer), HasSubstr("\"accepted\":2,\"rejected\":2"));
  EXPECT_THAT(Errors(answer), ElementsAre("1/8/22004", "2/18/22004"));
  MutexLock lock(strict.mutex);
  EXPECT_THAT(strict.rows, ElementsAre("+I[1, NULL]", "+I[2, NULL]"));
  EXPECT_THAT(strict.dead_letters, ElementsAre("{\"b\":\"x\"}", "{\"a\":null}"));
}

TEST_F(IngestTest, Csv) {
  EXPECT_EQ(Post("text/csv", "1,x\n2,\"y,\nz\"\n"), kBoth);
  EXPECT_THAT(Rows(), ElementsAre("+I[1, x]", "+I[2, y,\nz]"));
  EXPECT_EQ(Post("text/csv", "1;x\n2;y", "?csv.field-delimiter=%3B"), kBoth);
  EXPECT_THAT(Rows(), ElementsAre("+I[1, x]", "+I[2, y]"));
  for (const size_t piece : {1, 4, 1000}) {
    EXPECT_EQ(Post("text/csv", "\xEF\xBB\xBF\"b\",a\r\nx,1\r\ny,2\r\n", "?header=true", "", piece), kBoth);
    EXPECT_THAT(Rows(), ElementsAre("+I[1, x]", "+I[2, y]"));
  }
  EXPECT_EQ(Post("text/csv", "b\nx\ny\n", "?header=true"), kBoth);
  EXPECT_THAT(Rows(), ElementsAre("+I[NULL, x]", "+I[NULL, y]"));
  EXPECT_THAT(Post("text/csv", "a,c\n1,2\n", "?header=true"),
              AllOf(HasSubstr("400 "), HasSubstr("the header names 'c', which the table has not")));
  EXPECT_THAT(Post("text/csv", "a,a\n1,2\n", "?header=true"),
              AllOf(HasSubstr("400 "), HasSubstr("the header names 'a' twice")));
}

TEST_F(IngestTest, AHeaderNamesWhatMustNotBeNull) {
  client_.backend.AddTable("public.strict", data::Schema({{"a", data::DataType::BigInt().NotNull()},
                                                          {"b", data::DataType::String()}}));
  const std::string answer = client_.Ask(
      "POST /v1/tables/public.strict?header=true HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: text/csv\r\nContent-Length: 4\r\n\r\nb\nx\n");
  EXPECT_EQ(StatusIn(answer), 400);
  EXPECT_THAT(BodyOf(answer), HasSubstr("the header does not name 'a', which takes no NULL"));
}

TEST_F(IngestTest, TheTablesOwnFormat) {
  FakeTable& table = client_.backend.AddTable(
      "public.own", TwoColumns(), {{"connector", "http"}, {"format", "csv"}, {"csv.field-delimiter", "|"}});
  const std::string request =
      "POST /v1/tables/public.own HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: "
      "4\r\n\r\n1|x\n";
  EXPECT_EQ(StatusIn(client_.Ask(fmt::format(fmt::runtime(request), "text/plain"))), 200);
  EXPECT_EQ(StatusIn(client_.Ask(fmt::format(fmt::runtime(request), "text/csv"))), 200);
  MutexLock lock(table.mutex);
  EXPECT_THAT(table.rows, ElementsAre("+I[1, x]", "+I[1, x]"));
}

TEST_F(IngestTest, WhatIsNotTakenIsSaid) {
  EXPECT_THAT(Post("", "x"),
              AllOf(HasSubstr("415 "), HasSubstr("no Content-Type"), HasSubstr("application/x-ndjson")));
  EXPECT_THAT(Post("application/x-www-form-urlencoded", "x"), HasSubstr("415 "));
  EXPECT_THAT(Post("text/plain", "x"), HasSubstr("415 "));
  EXPECT_THAT(Post("application/x-ndjson", "x", "", "Content-Encoding: br\r\n"),
              AllOf(HasSubstr("415 "), HasSubstr("gzip and zstd are")));
  EXPECT_THAT(Post("application/x-ndjson", "x", "?visibel=true"),
              AllOf(HasSubstr("400 "), HasSubstr("did you mean 'visible'?")));
  EXPECT_THAT(Post("application/x-ndjson", "x", "?visible=1"), HasSubstr("400 "));
  EXPECT_THAT(Post("application/x-ndjson", "x", "?header=true"), HasSubstr("400 "));
  EXPECT_THAT(Post("application/x-ndjson", "x", "?json.nope=1"), HasSubstr("400 "));
  EXPECT_THAT(Rows(), IsEmpty());
}

// ------------------------------------------------------------------------------ packed bodies

TEST_F(IngestTest, PackedBodies) {
  const std::string text = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n";
  for (const size_t piece : {1, 10, 1000}) {
    EXPECT_EQ(Post("application/x-ndjson", Gzip(text), "", "Content-Encoding: gzip\r\n", piece), kBoth);
    EXPECT_EQ(Post("application/x-ndjson", Zstd(text), "", "Content-Encoding: ZSTD\r\n", piece), kBoth);
    EXPECT_EQ(Rows().size(), 4u);
  }
  // Of several members.
  const std::string two = Gzip("{\"a\":1,") + Gzip("\"b\":\"x\"}\n{\"a\":2}");
  EXPECT_EQ(Post("application/x-ndjson", two, "", "Content-Encoding: gzip\r\n"), kBoth);
  EXPECT_THAT(Rows(), ElementsAre("+I[1, x]", "+I[2, NULL]"));
}

TEST_F(IngestTest, PackedBodiesThatAreWrong) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += fmt::format("{{\"a\":{},\"b\":\"{}\"}}\n", i, i * 7919 % 10007);
  for (const std::string_view coding : {"gzip", "zstd"}) {
    const std::string packed = coding == "gzip" ? Gzip(text) : Zstd(text);
    const auto post = [&](std::string_view body) {
      MemoryClient client;
      client.backend.AddTable("public.t", TwoColumns());
      const std::string answer = client.Ask(
          Request("application/x-ndjson", body, "", fmt::format("Content-Encoding: {}\r\n", coding)));
      return fmt::format("{} {}", StatusIn(answer), BodyOf(answer));
    };
    EXPECT_THAT(post(packed), HasSubstr("200 {\"accepted\":20000,"));
    EXPECT_THAT(post(packed.substr(0, packed.size() - 20)),
                AllOf(HasSubstr("400 {\"accepted\":"), HasSubstr("end in the middle")));
    EXPECT_THAT(post("not packed at all, not even a bit"),
                AllOf(HasSubstr("400 {\"accepted\":0,"), HasSubstr("wrong")));
    EXPECT_THAT(post(packed + "more"), HasSubstr("400 {\"accepted\":"));
  }
}

TEST_F(IngestTest, Bombs) {
  HttpLimits limits;
  limits.unpack_free_bytes = 100'000;
  limits.unpack_ratio = 50;
  const std::string bomb(10'000'000, '\n');
  for (const std::string_view coding : {"gzip", "zstd"}) {
    MemoryClient client(limits);
    client.backend.AddTable("public.t", TwoColumns());
    const std::string answer =
        client.Ask(Request("application/x-ndjson", coding == "gzip" ? Gzip(bomb) : Zstd(bomb), "",
                           fmt::format("Content-Encoding: {}\r\n", coding)));
    EXPECT_EQ(StatusIn(answer), 413);
    EXPECT_THAT(BodyOf(answer), HasSubstr("unpacks to more than 50 times its size"));
  }
  limits.unpack_ratio = 100'000;
  limits.table_body_bytes = 1'000'000;
  MemoryClient client(limits);
  client.backend.AddTable("public.t", TwoColumns());
  const std::string answer =
      client.Ask(Request("application/x-ndjson", Gzip(bomb), "", "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(StatusIn(answer), 413);
  EXPECT_THAT(BodyOf(answer), HasSubstr("unpacks to more than 1000000 bytes"));
}

TEST_F(IngestTest, ZstdWindowsAreBounded) {
  std::string text;
  while (text.size() < (size_t{20} << 20)) text += fmt::format("{{\"a\":{}}}\n", text.size());
  ZSTD_CCtx* const packer = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(packer, ZSTD_c_windowLog, 25);
  ZSTD_CCtx_setParameter(packer, ZSTD_c_contentSizeFlag, 0);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  while (ZSTD_compressStream2(packer, &out, &in, ZSTD_e_end) != 0) continue;
  packed.resize(out.pos);
  ZSTD_freeCCtx(packer);
  EXPECT_THAT(Post("application/x-ndjson", packed, "", "Content-Encoding: zstd\r\n"),
              AllOf(HasSubstr("400 {\"accepted\":0,"), HasSubstr("memory")));
}

// -------------------------------------------------------------------------------- back-pressure

TEST_F(IngestTest, ReadingStopsWhileThereIsNoRoom) {
  table_.AllowBatches(0);
  client_.Send(Request("application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n"));
  EXPECT_EQ(client_.Take(), "");
  EXPECT_TRUE(client_.connection->Room().empty());
  table_.AllowBatches(SIZE_MAX);
  client_.Pump();
  EXPECT_EQ(BodyOf(client_.Take()), kBoth.substr(4));
  EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]", "+I[2, NULL]"));
}

// A table calls each writer that waits, as often as it waits. Who is called and finds no room must not wait
// twice from then on: that would double each time.
TEST_F(IngestTest, AWriterWaitsOnce) {
  const auto waiters = [this] {
    MutexLock lock(table_.mutex);
    return table_.room_waiters.size();
  };
  table_.AllowBatches(0);
  client_.Send(Request("application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n"));
  for (int turn = 0; turn < 4; ++turn) {
    EXPECT_EQ(waiters(), 1u) << turn;
    table_.AllowBatches(0);
    client_.Pump();
  }
  table_.AllowBatches(1);
  client_.Pump();
  EXPECT_EQ(BodyOf(client_.Take()), kBoth.substr(4));
  EXPECT_EQ(waiters(), 0u);
}

TEST_F(IngestTest, TooLongAWaitEndsWith429) {
  // 3000 rows are two batches, of 2048 and 952; the wrong records lie in either.
  std::string body;
  for (int i = 0; i < 3000; ++i) body += i == 100 || i == 2900 ? "bad\n" : "{\"a\":1}\n";
  table_.AllowBatches(1);
  client_.Send(Request("application/x-ndjson", body));
  EXPECT_EQ(client_.Take(), "");
  client_.Advance(client_.limits.ingest_wait_micros - 1);
  EXPECT_EQ(client_.Take(), "");
  client_.Advance(1);
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 429);
  EXPECT_THAT(HeadOf(answer), HasSubstr("Retry-After: 1\r\n"));
  // One batch was taken; where the next begins follows from the lengths of the records before it.
  const std::string report = BodyOf(answer);
  const auto number = [&report](std::string_view key) {
    return std::stoull(report.substr(report.find(key) + key.size()));
  };
  const uint64_t accepted = number("\"accepted\":");
  EXPECT_GT(accepted, 100u);
  EXPECT_LT(accepted, 2900u);
  EXPECT_EQ(number("\"rejected\":"), 1u);
  EXPECT_EQ(number("\"resume_offset\":"), 8 * accepted + 4);
  EXPECT_THAT(Errors(answer), ElementsAre("100/800/22P02"));
  EXPECT_EQ(DeadLetters().size(), 1u);
  EXPECT_EQ(Rows().size(), accepted);
}

// ------------------------------------------------------------------------------ through the log

TEST_F(IngestTest, TheAnswerWaitsUntilTheRowsAreDurable) {
  table_.is_durable = true;
  client_.Send(Request("application/x-ndjson", Line(1) + Line(2)));
  EXPECT_EQ(client_.Take(), "");
  EXPECT_THAT(Rows(), IsEmpty());
  table_.SettleFirst();
  client_.Pump();
  EXPECT_EQ(BodyOf(client_.Take()), kBoth.substr(4));
  EXPECT_EQ(Rows().size(), 2u);
}

TEST_F(IngestTest, WhatComesWhileAPushIsUnderWayIsTheNextOne) {
  table_.is_durable = true;
  const std::string body = Line(1) + Line(2) + Line(3) + Line(4);
  const std::string request = Request("application/x-ndjson", body);
  const size_t head = request.size() - body.size();
  client_.Send(request.substr(0, head + Line(1).size()));
  EXPECT_EQ(table_.PushesUnderWay(), 1u);
  client_.Send(Line(2));
  client_.Send(Line(3));
  EXPECT_EQ(table_.PushesUnderWay(), 1u);
  // It goes on without more of the body.
  table_.SettleFirst();
  client_.Pump();
  EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]"));
  EXPECT_EQ(table_.PushesUnderWay(), 1u);
  table_.SettleFirst();
  client_.Pump();
  EXPECT_THAT(Rows(), ElementsAre("+I[2, NULL]", "+I[3, NULL]"));
  EXPECT_EQ(client_.Take(), "");
  client_.Send(Line(4));
  table_.SettleFirst();
  client_.Pump();
  EXPECT_EQ(BodyOf(client_.Take()), "{\"accepted\":4,\"rejected\":0,\"errors\":[]}\n");
}

TEST_F(IngestTest, NothingBehindAPushThatFailedIsTaken) {
  table_.is_durable = true;
  const std::string body = Line(1) + Line(2) + Line(3) + "bad\n" + Line(4);
  const std::string request = Request("application/x-ndjson", body);
  const size_t head = request.size() - body.size();
  client_.Send(request.substr(0, head + Line(1).size()));
  table_.SettleFirst();
  client_.Send(Line(2) + Line(3));
  EXPECT_EQ(table_.PushesUnderWay(), 1u);
  client_.Send("bad\n" + Line(4));
  table_.SettleFirst(Fail(ErrorCode::kDiskFull, "no space left", "make room"));
  client_.Pump();
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 507);
  EXPECT_THAT(BodyOf(answer),
              AllOf(HasSubstr("{\"accepted\":1,\"rejected\":0,"), HasSubstr("\"resume_offset\":8,"),
                    HasSubstr("\"code\":\"53100\""), HasSubstr("no space left")));
  EXPECT_THAT(Rows(), ElementsAre("+I[1, NULL]"));
  EXPECT_EQ(table_.PushesUnderWay(), 0u);
  EXPECT_THAT(DeadLetters(), IsEmpty());
  // There is room again.
  client_.connection = nullptr;
  client_.Send(Request("application/x-ndjson", Line(2)));
  table_.SettleFirst();
  client_.Pump();
  EXPECT_EQ(StatusIn(client_.Take()), 200);
}

TEST_F(IngestTest, WhatIsDecodedAheadIsBounded) {
  table_.is_durable = true;
  std::string body;
  const std::string text(1000, 'x');
  for (int i = 0; i < 20'000; ++i) body += fmt::format("{{\"a\":{},\"b\":\"{}\"}}\n", i, text);
  client_.Send(Request("application/x-ndjson", body));
  size_t pushes = 0;
  while (table_.PushesUnderWay() > 0) {
    ASSERT_EQ(table_.PushesUnderWay(), 1u);
    EXPECT_TRUE(client_.connection->Room().empty() || client_.unsent.empty()) << "it reads on without bound";
    table_.SettleFirst();
    client_.Pump();
    ++pushes;
  }
  EXPECT_EQ(BodyOf(client_.Take()), "{\"accepted\":20000,\"rejected\":0,\"errors\":[]}\n");
  EXPECT_GE(pushes, 4u);
  EXPECT_LE(pushes, 12u) << "a push for each batch would be as many syncs";
  const std::vector<std::string> rows = Rows();
  ASSERT_EQ(rows.size(), 20'000u);
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(rows[i], fmt::format("+I[{}, {}]", i, text));
}

TEST_F(IngestTest, AWrongBodyIsToldWhenTheRowsBeforeItAreDurable) {
  table_.is_durable = true;
  client_.Send(Request("application/json", "[{\"a\":1},{\"a\":2},]"));
  EXPECT_EQ(client_.Take(), "");
  while (table_.PushesUnderWay() > 0) {
    table_.SettleFirst();
    client_.Pump();
  }
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 400);
  EXPECT_THAT(BodyOf(answer), HasSubstr("{\"accepted\":2,"));
}

TEST_F(IngestTest, ABodyThatBreaksOffDoesNotClaimWhatIsNotKnown) {
  table_.is_durable = true;
  const std::string request = Request("application/x-ndjson", Line(1) + Line(2) + Line(3));
  client_.Send(request.substr(0, request.size() - Line(3).size()));
  client_.SendEnd();
  const std::string answer = client_.Take();
  EXPECT_EQ(StatusIn(answer), 400);
  EXPECT_THAT(BodyOf(answer), AllOf(HasSubstr("{\"accepted\":0,"), HasSubstr("\"resume_offset\":0"),
                                    HasSubstr("may be in it")));
  table_.SettleFirst();
}

TEST_F(IngestTest, VisibilityIsWaitedFor) {
  table_.is_visible_at_once = false;
  table_.is_durable = true;
  client_.Send(Request("application/x-ndjson", "{\"a\":1}\n", "?visible=true"));
  EXPECT_EQ(client_.Take(), "");
  table_.SettleFirst();
  client_.Pump();
  EXPECT_EQ(client_.Take(), "");
  table_.ShowRows();
  client_.Pump();
  EXPECT_EQ(BodyOf(client_.Take()), "{\"accepted\":1,\"rejected\":0,\"errors\":[]}\n");
}

TEST_F(IngestTest, RowsAreCounted) {
  PostLines("{\"a\":1}\nbad\n{\"a\":1}\n");
  EXPECT_THAT(client_.registry.Render(), AllOf(HasSubstr("millrace_http_accepted_rows_total 2\n"),
                                               HasSubstr("millrace_http_rejected_rows_total 1\n")));
}

}  // namespace
}  // namespace millrace::server::http
