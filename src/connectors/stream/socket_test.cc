#include "connectors/stream/socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/source_fixture.h"
#include "connectors/stream/socket_listener.h"
#include "env/env.h"
#include "env/simulated_env.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Options = std::vector<std::pair<std::string, std::string>>;

Result<std::unique_ptr<Source>> Make(env::Env& env, Options with, const std::string& format = "raw",
                                     const DataType& type = DataType::String()) {
  with.emplace_back("connector", "socket");
  with.emplace_back("format", format);
  SourceContext context;
  context.env = &env;
  return MakeSource(With(std::move(with)), Physical({{"line", type}}), {true}, context);
}

// In the simulated world: what was written is there at the next poll.
class SocketTest : public testing::Test {
 protected:
  std::unique_ptr<Source> MakeGood(Options with) {
    auto source = Make(world_.env, std::move(with));
    EXPECT_TRUE(source.has_value()) << source.error().ToString();
    return std::move(source).value();
  }
  std::vector<std::string> Poll(Source& source) {
    auto status = PollAll(source, sink_);
    EXPECT_TRUE(status.has_value()) << status.error().ToString();
    last_ = *status;
    return sink_.TakeRows();
  }
  env::SimulatedEnv world_;
  CollectingSink sink_;
  ReadStatus last_;
};

TEST_F(SocketTest, ReadsLinesFromAServer) {
  auto listener = world_.net.Listen("localhost", 9000);
  ASSERT_TRUE(listener.has_value());
  auto source = MakeGood({{"port", "9000"}});
  EXPECT_FALSE(source->bounded());
  EXPECT_THAT(Poll(*source), IsEmpty());
  auto server = (*listener)->Accept(0);
  ASSERT_TRUE(server.has_value() && *server != nullptr);
  ASSERT_TRUE((*server)->Write("one\ntw").has_value());
  EXPECT_THAT(Poll(*source), ElementsAre("+I[one]"));
  ASSERT_TRUE((*server)->Write("o\n").has_value());
  EXPECT_THAT(Poll(*source), ElementsAre("+I[two]"));
  EXPECT_EQ(last_.kind, ReadStatus::Kind::kIdle);
  EXPECT_EQ(source->Progress().bytes_read, 8);
}

TEST_F(SocketTest, ConnectsAgainWithGrowingPauses) {
  auto source = MakeGood({{"port", "9000"}, {"reconnect.delay", "1 s"}, {"reconnect.max-delay", "4 s"}});
  std::vector<int64_t> pauses;
  for (int i = 0; i < 4; ++i) {
    Poll(*source);
    pauses.push_back(last_.retry_micros);
    world_.clock.Advance(last_.retry_micros);
  }
  EXPECT_THAT(pauses, ElementsAre(1'000'000, 2'000'000, 4'000'000, 4'000'000));
  EXPECT_THAT(source->Progress().place, HasSubstr("not connected: "));

  auto listener = world_.net.Listen("localhost", 9000);
  ASSERT_TRUE(listener.has_value());
  Poll(*source);
  auto server = (*listener)->Accept(0);
  ASSERT_TRUE(server.has_value() && *server != nullptr);
  ASSERT_TRUE((*server)->Write("1\n2").has_value());
  (*server)->Shutdown();
  EXPECT_THAT(Poll(*source), ElementsAre("+I[1]", "+I[2]"));
  EXPECT_EQ(last_.retry_micros, 1'000'000);  // it began anew after bytes had come
  world_.clock.Advance(1'000'000);
  Poll(*source);
  auto again = (*listener)->Accept(0);
  ASSERT_TRUE(again.has_value() && *again != nullptr);
  ASSERT_TRUE((*again)->Write("3\n").has_value());
  EXPECT_THAT(Poll(*source), ElementsAre("+I[3]"));
}

TEST_F(SocketTest, BoundedClientEndsWithTheConnection) {
  EXPECT_FALSE(PollAll(*MakeGood({{"port", "9000"}, {"bounded", "true"}}), sink_).has_value());
  auto listener = world_.net.Listen("localhost", 9000);
  auto source = MakeGood({{"port", "9000"}, {"bounded", "true"}});
  EXPECT_TRUE(source->bounded());
  Poll(*source);
  auto server = (*listener)->Accept(0);
  ASSERT_TRUE((*server)->Write("1\n").has_value());
  (*server)->Shutdown();
  EXPECT_THAT(Poll(*source), ElementsAre("+I[1]"));
  EXPECT_EQ(last_.kind, ReadStatus::Kind::kEnd);
}

TEST_F(SocketTest, OtherDelimitersMakeMessages) {
  auto listener = world_.net.Listen("localhost", 9000);
  auto made = Make(world_.env, {{"port", "9000"}, {"byte-delimiter", "0"}}, "json", DataType::Int());
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  auto& source = *made;
  Poll(*source);
  auto server = (*listener)->Accept(0);
  const std::string records("{\"line\":\n1}\0\0{\"line\":2}\0[3\0{\"li", 31);
  ASSERT_TRUE((*server)->Write(records).has_value());
  EXPECT_THAT(Poll(*source), ElementsAre("+I[1]", "+I[2]"));
  ASSERT_EQ(sink_.malformed.size(), 1);
  EXPECT_EQ(sink_.malformed[0].bytes, "[3");
  EXPECT_EQ(sink_.malformed[0].offset, 24);
  ASSERT_TRUE((*server)->Write(std::string_view("ne\":4}\0", 8)).has_value());
  EXPECT_THAT(Poll(*source), ElementsAre("+I[4]"));
}

TEST_F(SocketTest, EachClientIsAPartition) {
  auto source = MakeGood({{"mode", "listen"}, {"port", "9000"}, {"bounded", "true"}});
  EXPECT_EQ(source->initial_partitions(), 0);
  EXPECT_THAT(Poll(*source), IsEmpty());
  auto first = world_.net.Connect("localhost", 9000, 0);
  auto second = world_.net.Connect("localhost", 9000, 0);
  ASSERT_TRUE(first.has_value() && second.has_value());
  ASSERT_TRUE((*first)->Write("1\n").has_value());
  ASSERT_TRUE((*second)->Write("2\nhalf").has_value());
  EXPECT_THAT(Poll(*source), UnorderedElementsAre("+I[1]", "+I[2]"));
  EXPECT_THAT(sink_.started, ElementsAre(0, 1));
  EXPECT_THAT(sink_.partitions, ElementsAre(0, 1));
  (*second)->Shutdown();
  EXPECT_THAT(Poll(*source), ElementsAre("+I[half]"));
  EXPECT_THAT(sink_.ended, ElementsAre(1));
  EXPECT_EQ(last_.kind, ReadStatus::Kind::kIdle);
  (*first)->Shutdown();
  Poll(*source);
  EXPECT_THAT(sink_.ended, ElementsAre(1, 0));
  EXPECT_EQ(last_.kind, ReadStatus::Kind::kEnd);
}

TEST_F(SocketTest, NamesWrongOptions) {
  auto error = [&](Options with) {
    auto source = Make(world_.env, std::move(with));
    return source.has_value() ? "no error" : source.error().ToString();
  };
  EXPECT_EQ(error({}),
            "42P16: table 't': connector 'socket' needs the option 'port'\nHINT: add 'port' = '…' to the "
            "WITH clause: "
            "the TCP port; with 'mode' = 'listen', 0 takes any free one");
  EXPECT_EQ(error({{"port", "0"}}), "22023: table 't': option 'port': '0' is no port to connect to");
  EXPECT_EQ(error({{"port", "70000"}}),
            "22023: table 't': option 'port': '70000' is above 65535\nHINT: the TCP port; with 'mode' = "
            "'listen', 0 "
            "takes any free one");
  EXPECT_EQ(error({{"port", "1"}, {"mode", "serve"}}),
            "22023: table 't': option 'mode': 'serve' is none of: connect; listen");
  EXPECT_EQ(error({{"port", "1"}, {"mode", "listen"}, {"reconnect.delay", "1 s"}}),
            "22023: table 't': option 'reconnect.delay': '1 s' does not apply with 'mode' = 'listen'");
  EXPECT_EQ(error({{"port", "1"}, {"reconnect.delay", "1 min"}}),
            "22023: table 't': option 'reconnect.delay': '1 min' is longer than 'reconnect.max-delay'");
}

// Over the machine's loopback.
TEST(SocketLoopbackTest, ListensAndConnects) {
  env::Env& env = env::RealEnv();
  auto listening =
      Make(env, {{"mode", "listen"}, {"hostname", "127.0.0.1"}, {"port", "0"}, {"bounded", "true"}});
  ASSERT_TRUE(listening.has_value()) << listening.error().ToString();
  const uint16_t port = dynamic_cast<SocketListenerSource&>(**listening).port();
  std::string lines;
  for (int i = 0; i < 50'000; ++i) lines += "line " + std::to_string(i) + "\n";
  auto writer = env.executor->Start("writer", [&] {
    auto client = env.net->Connect("127.0.0.1", port, 5'000);
    ASSERT_TRUE(client.has_value()) << client.error().ToString();
    ASSERT_TRUE((*client)->Write(lines).has_value());
  });
  CollectingSink sink;
  for (;;) {
    auto status = (*listening)->Poll(sink, {.wait_micros_max = 20'000});
    ASSERT_TRUE(status.has_value()) << status.error().ToString();
    if (status->kind == ReadStatus::Kind::kEnd) break;
  }
  writer->Join();
  ASSERT_EQ(sink.rows.size(), 50'000);
  EXPECT_EQ(sink.rows.back(), "+I[line 49999]");
}

TEST(SocketLoopbackTest, WaitsNoLongerThanItMay) {
  env::Env& env = env::RealEnv();
  auto source = Make(env, {{"mode", "listen"}, {"hostname", "127.0.0.1"}, {"port", "0"}});
  ASSERT_TRUE(source.has_value());
  CollectingSink sink;
  const int64_t start = env.clock->MonotonicMicros();
  EXPECT_EQ((*source)->Poll(sink, {.wait_micros_max = 20'000})->kind, ReadStatus::Kind::kIdle);
  const int64_t waited = env.clock->MonotonicMicros() - start;
  EXPECT_GE(waited, 15'000);
  EXPECT_LT(waited, 2'000'000);
}

}  // namespace
}  // namespace millrace::connectors
