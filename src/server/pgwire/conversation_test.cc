#include "server/pgwire/conversation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "formats/base64.h"
#include "server/pgwire/client_messages.h"
#include "server/pgwire/fake_session.h"
#include "server/pgwire/message_log.h"

namespace millrace::server::pgwire {
namespace {

using Next = Conversation::Next;

class ConversationTest : public ::testing::Test {
 protected:
  ConversationTest() : context_(clock_) {
    context_.factory = &factory_;
    context_.trust_loopback = true;
    context_.connections_max = 2;
    context_.mock_secret = "secret";
  }

  // As a socket would: the pool is this thread, the output is taken away whenever it may be. Answers what
  // came out.
  std::string Send(std::string_view bytes) { return DescribeMessages(SendRaw(bytes)); }

  std::string SendRaw(std::string_view bytes) {
    conversation().Receive(bytes);
    return Drain();
  }

  std::string Drain() {
    std::string out;
    bool may_wait = false;
    while (true) {
      last_ = conversation().Run(may_wait);
      may_wait = last_ == Next::kPool;
      output_max_ = std::max(output_max_, conversation().output().size());
      if (last_ == Next::kPool) {
        ++pool_runs_;
        continue;
      }
      out += conversation().output().view();
      conversation().output().Clear();
      if (last_ != Next::kFlush) return out;
    }
  }

  Conversation& conversation() {
    if (!conversation_) {
      conversation_ = std::make_unique<Conversation>(context_, peer_, [this] { ++wakes_; });
    }
    return *conversation_;
  }

  void Login() {
    const std::string answer = Send(client::Startup("ann"));
    ASSERT_EQ(answer.substr(answer.size() - 4), "Z(I)") << answer;
    pool_runs_ = 0;
  }

  env::SimulatedClock clock_;
  FakeFactory factory_;
  ServerContext context_;
  Peer peer_{"127.0.0.1", true};
  std::unique_ptr<Conversation> conversation_;
  Next last_ = Next::kRead;
  int pool_runs_ = 0;
  size_t output_max_ = 0;
  std::atomic<int> wakes_{0};
};

TEST_F(ConversationTest, GreetsATrustedClient) {
  EXPECT_EQ(Send(client::Startup("ann")),
            "R(0) S(server_version=15.0) S(client_encoding=UTF8) S(session_authorization=ann) K Z(I)");
  EXPECT_EQ(last_, Next::kRead);
  EXPECT_EQ(Send(client::Terminate()), "");
  EXPECT_EQ(last_, Next::kClose);
}

TEST_F(ConversationTest, RefusesEncryptionItHasNot) {
  EXPECT_EQ(SendRaw(client::TlsRequest()), "N");
  EXPECT_EQ(Send(client::Startup("ann", 2)).substr(0, 6), "v R(0)");  // and tells which version it speaks
}

TEST_F(ConversationTest, BeginsTlsWhenAsked) {
  context_.has_tls = true;
  EXPECT_EQ(SendRaw(client::TlsRequest()), "S");
  EXPECT_EQ(last_, Next::kTls);
  conversation().TlsStarted("hash");
  EXPECT_EQ(Send(client::TlsRequest()), "E(FATAL 08P01 the connection is encrypted already)");
  EXPECT_EQ(last_, Next::kClose);
}

TEST_F(ConversationTest, RefusesARemoteClientWithoutTls) {
  peer_ = {"10.0.0.9", false};
  EXPECT_EQ(Send(client::Startup("ann")),
            "E(FATAL 28000 10.0.0.9 is to connect with TLS [connect with sslmode=require or stronger])");
}

TEST_F(ConversationTest, RefusesWhatIsNoStartup) {
  EXPECT_EQ(Send("GET / HTTP/1.1\r\n\r\n").substr(0, 44), "E(FATAL 08P01 a start-up packet of 119572585");
  EXPECT_EQ(last_, Next::kClose);
}

TEST_F(ConversationTest, RefusesConnectionsPastTheLimit) {
  context_.sessions = 2;
  EXPECT_EQ(Send(client::Startup("ann")),
            "R(0) E(FATAL 53300 there are 2 connections, and there may be no more)");
  conversation_.reset();
  EXPECT_EQ(context_.sessions.load(), 2);
}

TEST_F(ConversationTest, PassesOnWhyThereIsNoSession) {
  EXPECT_EQ(Send(client::Startup("nobody")), "R(0) E(FATAL 28000 role \"nobody\" does not exist)");
  EXPECT_EQ(last_, Next::kClose);
}

TEST_F(ConversationTest, AnswersSimpleQueries) {
  Login();
  EXPECT_EQ(Send(client::Query("numbers 2")), "T(n:20,t:25) D(1|row 1) D(2|row 2) C(SELECT 2) Z(I)");
  EXPECT_GT(pool_runs_, 0);
  EXPECT_EQ(Send(client::Query("numbers 0; warn ;; set DateStyle ISO")),
            "T(n:20,t:25) C(SELECT 0) N(WARNING 01000 not portable) C(WARN) C(SET) S(DateStyle=ISO) Z(I)");
  EXPECT_EQ(Send(client::Query(" ; ")), "I Z(I)");
}

TEST_F(ConversationTest, StopsAtTheFirstErrorAndSaysWhere) {
  Login();
  EXPECT_EQ(Send(client::Query("warn; fail 6; warn")),
            "N(WARNING 01000 not portable) C(WARN) E(42703 no column 'x' [there is y] @12) Z(I)");
  EXPECT_EQ(Send(client::Query("fail after 1; warn")),
            "T(n:20,t:25) D(1|row 1) E(22012 division by zero) Z(I)");
  EXPECT_EQ(
      Send(client::Query("echo INT")),
      "E(42P02 there is no parameter $1 [parameters take a prepared statement of the extended protocol]) "
      "Z(I)");
}

TEST_F(ConversationTest, TellsTheStateOfTransactions) {
  Login();
  EXPECT_EQ(Send(client::Query("begin")), "C(BEGIN) Z(T)");
  EXPECT_EQ(Send(client::Query("fail 1")), "E(42703 no column 'x' [there is y] @1) Z(E)");
  EXPECT_EQ(Send(client::Query("warn")), "E(25P02 current transaction is aborted) Z(E)");
  EXPECT_EQ(Send(client::Query("commit")), "C(ROLLBACK) Z(I)");
  // An error of the protocol fails the block as well.
  EXPECT_EQ(Send(client::Query("begin") + client::Execute("x") + client::Sync()),
            "C(BEGIN) Z(T) E(34000 portal \"x\" does not exist) Z(E)");
}

TEST_F(ConversationTest, AnswersTheExtendedProtocol) {
  Login();
  EXPECT_EQ(Send(client::Parse("s", "echo INT", {23, 0}) + client::Describe('S', "s") +
                 client::Bind("", "s", {"7", std::nullopt}) + client::Describe('P', "") +
                 client::Execute("") + client::Sync()),
            "1 t(23,25) T(p1:23,p2:25) 2 T(p1:23,p2:25) D(7|~) C(SELECT 1) Z(I)");
  // Binary both ways; the statement is still there.
  const std::string answer = SendRaw(client::Bind("", "s", {std::string("\0\0\0\x05", 4), "x"}, 1, 1) +
                                     client::Execute("") + client::Sync());
  EXPECT_NE(answer.find(std::string("\0\x02\0\0\0\x04\0\0\0\x05\0\0\0\x01x", 15)), std::string::npos);
  EXPECT_EQ(Send(client::Close('S', "s") + client::Describe('S', "s") + client::Sync()),
            "3 E(26000 prepared statement \"s\" does not exist) Z(I)");
}

TEST_F(ConversationTest, RunsQuickStatementsWithoutThePoolOnceTheirTextIsKnown) {
  Login();
  const std::string messages =
      client::Parse("", "quick 1") + client::Bind("", "") + client::Execute("") + client::Sync();
  EXPECT_EQ(Send(messages), "1 2 D(1|row 1) C(SELECT 1) Z(I)");
  EXPECT_EQ(pool_runs_, 1);
  EXPECT_EQ(Send(messages), "1 2 D(1|row 1) C(SELECT 1) Z(I)");
  EXPECT_EQ(pool_runs_, 1);
}

TEST_F(ConversationTest, SkipsToSyncAfterAnError) {
  Login();
  EXPECT_EQ(
      Send(client::Parse("", "fail 3") + client::Bind("", "") + client::Query("warn") + client::Execute("")),
      "E(42703 no column 'x' [there is y] @3)");
  EXPECT_EQ(Send(client::Sync()), "Z(I)");
  EXPECT_EQ(Send(client::Query("warn")), "N(WARNING 01000 not portable) C(WARN) Z(I)");
}

// A driver that was told of one column must not be sent two. It prepares anew, by the name of the routine.
TEST_F(ConversationTest, FailsAStatementWhoseResultHasChanged) {
  Login();
  const std::string answer = Send(client::Parse("s", "changed 1") + client::Describe('S', "s") +
                                  client::Bind("", "s") + client::Execute("") + client::Sync());
  EXPECT_EQ(
      answer,
      "1 t T(n:20) 2 E(0A000 cached plan must not change result type [what the statement reads was made "
      "anew with other columns: prepare it again] in RevalidateCachedQuery) Z(I)");
  EXPECT_EQ(Send(client::Query("numbers 1")), "T(n:20,t:25) D(1|row 1) C(SELECT 1) Z(I)");
}

TEST_F(ConversationTest, RefusesParametersThatDoNotFit) {
  Login();
  const std::string parse = client::Parse("", "echo INT", {23});
  EXPECT_EQ(Send(parse + client::Bind("", "") + client::Sync()),
            "1 E(08P01 bind message supplies 0 parameters, but the prepared statement requires 1) Z(I)");
  EXPECT_EQ(Send(parse + client::Bind("", "", {"x"}) + client::Sync()),
            "1 E(22P02 parameter $1: 'x' is not a valid INT) Z(I)");
  EXPECT_EQ(Send(client::Parse("", "echo A", {600}) + client::Bind("", "", {"x"}, 0, 1) + client::Sync()),
            "1 E(0A000 parameter $1: values of the type with OID 600 are taken as text only) Z(I)");
}

TEST_F(ConversationTest, SuspendsPortalsAtTheirRowLimit) {
  Login();
  EXPECT_EQ(Send(client::Query("begin") + client::Parse("", "numbers 5") + client::Bind("p", "") +
                 client::Execute("p", 2) + client::Flush()),
            "C(BEGIN) Z(T) 1 2 D(1|row 1) D(2|row 2) s");
  EXPECT_EQ(
      Send(client::Execute("p", 2) + client::Execute("p", 0) + client::Execute("p", 0) + client::Sync()),
      "D(3|row 3) D(4|row 4) s D(5|row 5) C(SELECT 1) C(SELECT 0) Z(T)");
  // Portals end with the transaction.
  EXPECT_EQ(Send(client::Query("commit") + client::Execute("p") + client::Sync()),
            "C(COMMIT) Z(I) E(34000 portal \"p\" does not exist) Z(I)");
}

TEST_F(ConversationTest, TakesACursorForAPortal) {
  Login();
  EXPECT_EQ(Send(client::Query("begin") + client::Query("declare c")),
            "C(BEGIN) Z(T) C(DECLARE CURSOR) Z(T)");
  const std::string of_query = Send(client::Parse("", "numbers 1") + client::Bind("", "") +
                                    client::Describe('P', "") + client::Sync());
  // Without ParseComplete and BindComplete.
  EXPECT_EQ(Send(client::Describe('P', "c") + client::Sync()), of_query.substr(4));
  EXPECT_EQ(Send(client::Close('P', "c") + client::Describe('P', "c") + client::Sync()),
            "3 E(34000 portal \"c\" does not exist) Z(E)");
}

TEST_F(ConversationTest, BoundsWhatAClientMayPrepare) {
  Login();
  std::string many;
  for (size_t i = 0; i < limits::kWirePortalsMax; ++i) many += client::Bind("p" + std::to_string(i), "s");
  SendRaw(client::Query("begin") + client::Parse("s", "warn") + many);
  EXPECT_EQ(
      Send(client::Bind("one", "s") + client::Sync()),
      "E(53400 there are 1000 portals, and there may be no more [close those that are not needed]) Z(E)");
}

TEST_F(ConversationTest, KnowsDeallocate) {
  Login();
  EXPECT_EQ(Send(client::Parse("_pg3_0", "warn") + client::Sync() + client::Query("DEALLOCATE _pg3_0") +
                 client::Describe('S', "_pg3_0") + client::Sync()),
            "1 Z(I) C(DEALLOCATE) Z(I) E(26000 prepared statement \"_pg3_0\" does not exist) Z(I)");
}

TEST_F(ConversationTest, HoldsRowsBackWhileOutputWaits) {
  Login();
  const std::string out = SendRaw(client::Query("numbers 100000"));
  EXPECT_GT(out.size(), 4 * limits::kWireOutputBytes);
  EXPECT_LT(output_max_, limits::kWireOutputBytes + (size_t{64} << 10));
  EXPECT_EQ(DescribeMessages(out.substr(out.size() - 25)), "C(SELECT 100000) Z(I)");
}

TEST_F(ConversationTest, RefusesFunctionCallsAndUnknownMessages) {
  Login();
  EXPECT_EQ(Send(client::Message('F', "")),
            "E(0A000 function call messages are not supported [call the function in a SELECT]) Z(I)");
  EXPECT_EQ(Send(client::Message('y', "")), "E(FATAL 08P01 unexpected message of type 0x79)");
  EXPECT_EQ(last_, Next::kClose);
}

TEST_F(ConversationTest, RefusesOversizeMessagesAndGoesOn) {
  Login();
  const auto announce = [](char type, size_t bytes) {
    return std::string(1, type) + client::Int32(static_cast<int64_t>(bytes));
  };
  constexpr size_t kBytes = limits::kWireMessageBytesMax + 1000;
  const std::string answer = Send(announce('Q', kBytes));
  EXPECT_EQ(answer.substr(0, 33), "E(54000 a message of 67109864 byt") << answer;
  EXPECT_EQ(answer.substr(answer.size() - 4), "Z(I)");
  const std::string piece(size_t{1} << 20, 'x');
  for (size_t sent = 4; sent < kBytes;) {
    const size_t now = std::min(piece.size(), kBytes - sent);
    EXPECT_EQ(Send(std::string_view(piece).substr(0, now)), "");
    sent += now;
    EXPECT_EQ(conversation().pending_bytes(), 0u);
  }
  EXPECT_EQ(Send(client::Query("warn")), "N(WARNING 01000 not portable) C(WARN) Z(I)");
  // In the extended protocol up to Sync.
  EXPECT_EQ(Send(announce('B', kBytes)).substr(0, 8), "E(54000 ");
}

TEST_F(ConversationTest, StreamsRowsAtEachWake) {
  Login();
  EXPECT_EQ(Send(client::Query("later 2")), "T(n:20,t:25)");
  EXPECT_EQ(last_, Next::kWait);
  pool_runs_ = 0;
  factory_.WakeAll();
  EXPECT_EQ(wakes_.load(), 1);
  EXPECT_EQ(DescribeMessages(Drain()), "D(1|row 1)");
  EXPECT_EQ(last_, Next::kWait);
  EXPECT_EQ(DescribeMessages(Drain()), "D(2|row 2) C(SUBSCRIBE 2) Z(I)");
  EXPECT_EQ(pool_runs_, 0);
}

TEST_F(ConversationTest, CancelsByTheKeyItGave) {
  const std::string greeting = SendRaw(client::Startup("ann"));
  const std::string key = greeting.substr(greeting.size() - 6 - 8, 8);  // before ReadyForQuery
  EXPECT_EQ(Send(client::Query("later 5")), "T(n:20,t:25)");

  // Another key does nothing.
  std::string wrong = key;
  wrong[7] = static_cast<char>(wrong[7] ^ 1);
  for (const std::string& tried : {wrong, key}) {
    Conversation other(context_, peer_, [] {});
    other.Receive(client::CancelRequest(tried));
    EXPECT_EQ(other.Run(false), Next::kClose);
    EXPECT_TRUE(other.output().empty());
    EXPECT_EQ(wakes_.load(), tried == key ? 1 : 0);
  }
  EXPECT_EQ(DescribeMessages(Drain()), "E(57014 canceling statement due to user request) Z(I)");
}

TEST_F(ConversationTest, CancelsAStatementThatRuns) {
  Login();
  conversation().Receive(client::Query("hang"));
  ASSERT_EQ(conversation().Run(false), Next::kPool);
  std::thread canceller([this] { conversation_->Cancel(); });
  EXPECT_EQ(conversation().Run(true), Next::kRead);
  canceller.join();
  EXPECT_EQ(DescribeMessages(conversation().output().view()),
            "E(57014 canceling statement due to user request) Z(I)");
}

TEST_F(ConversationTest, TerminatesWithALastWord) {
  Login();
  conversation().Terminate(Error(ErrorCode::kAdminShutdown, "bye"));
  EXPECT_EQ(Send(client::Query("warn")), "E(FATAL 57P01 bye)");
  EXPECT_EQ(last_, Next::kClose);
}

// SCRAM: the exchange of RFC 7677 needs the server's nonce fixed, so only its frame is looked at here; the
// computation is tested beside it, and the whole by the server's test with libpq.
TEST_F(ConversationTest, AsksForAPassword) {
  context_.trust_loopback = false;
  for (const std::string user : {"ann", "unknown"}) {
    conversation_.reset();
    EXPECT_EQ(Send(client::Startup(user)), "R(10)");
    const std::string first = "n,,n=,r=abc";
    EXPECT_EQ(Send(client::Message('p', client::Zero("SCRAM-SHA-256") + client::Int32(11) + first)), "R(11)");
    EXPECT_EQ(Send(client::Message('p', "c=biws,r=abc,p=AAAA")).substr(0, 14), "E(FATAL 08P01 ");
    EXPECT_EQ(last_, Next::kClose);
  }
  conversation_.reset();
  EXPECT_EQ(Send(client::Startup("ann") + client::Query("warn")),
            "R(10) E(FATAL 08P01 expected a password message)");
  // Ten failures, and the role has to wait at this address.
  for (int i = 0; i < limits::kLoginFailuresMax; ++i) {
    conversation_.reset();
    Send(client::Startup("ann") + client::Message('p', "x"));
  }
  conversation_.reset();
  EXPECT_EQ(Send(client::Startup("ann")).substr(0, 56),
            "E(FATAL 28000 too many failed logins of ann@127.0.0.1 [t");
  EXPECT_TRUE(context_.throttle.Check("bob@127.0.0.1").has_value());
}

}  // namespace
}  // namespace millrace::server::pgwire
