#include "env/net.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "env/memory_net.h"
#include "env/posix_net.h"
#include "env/thread_executor.h"

namespace millrace::env {
namespace {

using testing::HasSubstr;

std::string ReadText(ByteStream& stream) {
  std::array<char, 100> buffer;
  const ReadOutcome outcome = stream.Read(std::as_writable_bytes(std::span(buffer)), 1'000).value();
  return std::string(buffer.data(), outcome.bytes);
}

class NetTest : public testing::TestWithParam<bool> {
 protected:
  Net& net() { return GetParam() ? static_cast<Net&>(posix_) : memory_; }

  PosixNet posix_;
  MemoryNet memory_;
  std::array<std::byte, 16> buffer_;
};

INSTANTIATE_TEST_SUITE_P(Implementations, NetTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Posix" : "Memory"; });

TEST_P(NetTest, BytesGoBothWaysAndTheEndIsSeen) {
  const auto listener = net().Listen("127.0.0.1", 0).value();
  EXPECT_GT(listener->port(), 0);
  EXPECT_EQ(listener->Accept(0).value(), nullptr);
  auto client = net().Connect("127.0.0.1", listener->port(), 1'000).value();
  const auto server = listener->Accept(1'000).value();
  ASSERT_NE(server, nullptr);

  EXPECT_TRUE(server->Read(buffer_, 1)->TimedOut());
  ASSERT_TRUE(client->Write("hello\n"));
  EXPECT_EQ(ReadText(*server), "hello\n");
  ASSERT_TRUE(server->Write("bye"));
  EXPECT_EQ(ReadText(*client), "bye");
  ASSERT_TRUE(client->Write("last"));
  client.reset();
  EXPECT_EQ(ReadText(*server), "last") << "what was sent before the end still comes";
  EXPECT_TRUE(server->Read(buffer_, 1'000)->AtEnd());
}

TEST_P(NetTest, ShutdownEndsBothSides) {
  const auto listener = net().Listen("127.0.0.1", 0).value();
  const auto client = net().Connect("127.0.0.1", listener->port(), 1'000).value();
  const auto server = listener->Accept(1'000).value();
  server->Shutdown();
  server->Shutdown();
  EXPECT_TRUE(client->Read(buffer_, 1'000)->AtEnd());
  EXPECT_TRUE(server->Read(buffer_, 1'000)->AtEnd());
  const Status written = server->Write("x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message(), HasSubstr("Broken pipe"));
}

TEST_P(NetTest, ErrorsNameTheAddress) {
  auto listener = net().Listen("127.0.0.1", 0).value();
  const uint16_t port = listener->port();
  const std::string address = "'127.0.0.1:" + std::to_string(port) + "'";
  const auto second = net().Listen("127.0.0.1", port);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message(), "cannot listen on " + address + ": Address already in use");
  listener.reset();
  const auto refused = net().Connect("127.0.0.1", port, 1'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kIoError);
  EXPECT_EQ(refused.error().message(), "cannot connect to " + address + ": Connection refused");
}

TEST(PosixNetTest, AWriteLargerThanTheBuffersArrivesWhole) {
  PosixNet net;
  ThreadExecutor executor;
  const auto listener = net.Listen("127.0.0.1", 0).value();
  const auto client = net.Connect("127.0.0.1", listener->port(), 1'000).value();
  const auto server = listener->Accept(1'000).value();
  const std::string sent(20'000'000, 'x');
  const auto writer = executor.Start("writer", [&] {
    EXPECT_TRUE(client->Write(sent));
    client->Shutdown();
  });
  size_t received = 0;
  std::vector<std::byte> buffer(1 << 16);
  for (;;) {
    const ReadOutcome outcome = server->Read(buffer, 10'000).value();
    if (!outcome.HasData()) break;
    received += outcome.bytes;
  }
  EXPECT_EQ(received, sent.size());
}

TEST(PosixNetTest, ShutdownWakesAReaderInAnotherThread) {
  PosixNet net;
  ThreadExecutor executor;
  const auto listener = net.Listen("127.0.0.1", 0).value();
  const auto client = net.Connect("127.0.0.1", listener->port(), 1'000).value();
  const auto reader = executor.Start("reader", [&] {
    std::array<std::byte, 16> buffer;
    EXPECT_TRUE(client->Read(buffer, kForever)->AtEnd());
  });
  client->Shutdown();
  reader->Join();
}

TEST(PosixNetTest, AHostThatIsNoneIsAnInvalidParameter) {
  PosixNet net;
  const auto result = net.Listen("not an address", 0);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("cannot resolve host 'not an address'"));
}

}  // namespace
}  // namespace millrace::env
