#include "dataflow/inbox.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "env/simulated_env.h"

namespace millrace::dataflow {
namespace {

class CountingTask final : public env::Task {
 public:
  bool Run() override {
    ++runs;
    return false;
  }
  int runs = 0;
};

class InboxTest : public testing::Test {
 protected:
  std::shared_ptr<TaskWaker> WakerOf(env::Task* task) {
    return std::make_shared<TaskWaker>(pool_.get(), task);
  }

  env::SimulatedEnv sim_;
  std::unique_ptr<env::WorkerPool> pool_ = sim_.executor.MakePool("test", 1);
};

TEST_F(InboxTest, ChannelsThatWereRemovedAreUsedAgainOnceTheyAreEmpty) {
  CountingTask owner;
  Inbox inbox(WakerOf(&owner));
  const int first = inbox.AddChannel(0, nullptr);
  const int second = inbox.AddChannel(0, nullptr);
  EXPECT_NE(first, second);
  inbox.Send(first, Message{});
  inbox.RemoveChannel(first);
  EXPECT_EQ(inbox.channels(), 1u);
  const int third = inbox.AddChannel(0, nullptr);
  EXPECT_NE(third, first) << "what the first sent has not been taken";
  Message message;
  int channel = -1;
  ASSERT_TRUE(inbox.Receive(&message, &channel));
  EXPECT_EQ(channel, first);
  EXPECT_EQ(inbox.AddChannel(0, nullptr), first);
  EXPECT_EQ(inbox.channels(), 3u);
}

TEST_F(InboxTest, ABlockedChannelHasRoomForThoseThatAskForIt) {
  CountingTask owner;
  CountingTask producer;
  Inbox inbox(WakerOf(&owner));
  const int channel = inbox.AddChannel(0, WakerOf(&producer));
  for (size_t i = 0; i < limits::kQueueMessages; ++i) inbox.Send(channel, Message{});
  EXPECT_FALSE(inbox.HasRoom(channel, true));
  inbox.Block(channel);
  sim_.executor.RunUntilIdle();
  EXPECT_EQ(producer.runs, 1) << "it may have been waiting";
  EXPECT_FALSE(inbox.HasRoom(channel));
  EXPECT_TRUE(inbox.HasRoom(channel, true));
  inbox.UnblockAll();
  EXPECT_FALSE(inbox.HasRoom(channel, true));
}

TEST_F(InboxTest, NeitherEndNeedsTheOtherToLive) {
  CountingTask owner;
  CountingTask producer;
  const auto owner_waker = WakerOf(&owner);
  const auto producer_waker = WakerOf(&producer);
  Inbox inbox(owner_waker);
  const int channel = inbox.AddChannel(0, producer_waker);
  for (size_t i = 0; i < limits::kQueueMessages; ++i) inbox.Send(channel, Message{});
  EXPECT_FALSE(inbox.HasRoom(channel));
  sim_.executor.RunUntilIdle();
  EXPECT_EQ(owner.runs, 1);

  producer_waker->Forget();
  Message message;
  int from = 0;
  while (inbox.Receive(&message, &from)) {
  }
  sim_.executor.RunUntilIdle();
  EXPECT_EQ(producer.runs, 0);

  owner_waker->Forget();
  inbox.Send(channel, Message{});
  inbox.Close();
  inbox.Send(channel, Message{});
  EXPECT_TRUE(inbox.HasRoom(channel));
  sim_.executor.RunUntilIdle();
  EXPECT_EQ(owner.runs, 1);
}

}  // namespace
}  // namespace millrace::dataflow
