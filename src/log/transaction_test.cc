// Appends to several partitions at once: all of them, or none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "log/log_fixture.h"

namespace millrace::log {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class TransactionTest : public LogFixture {
 protected:
  TransactionTest() { Open(); }
};

TEST_F(TransactionTest, AppendsToSeveralPartitionsAtOnce) {
  MakeTopic({.partitions = 2}, "t");
  MakeTopic({.codec = Codec::kZstd}, "u");
  AppendOk(At(1), Lines("x\n"));
  const auto answer =
      OfferAll({{&At(0), Lines("a\n")}, {&At(1), Lines("b\nc\n")}, {&At(0, "u"), Lines("d\n")}});
  const auto behind = Offer(At(1), Lines("y\n"));
  world_.executor.RunUntilIdle();
  ASSERT_TRUE(**answer);
  EXPECT_EQ((***answer)[0].base_offset, 0u);
  EXPECT_EQ((***answer)[1].base_offset, 1u);
  EXPECT_EQ((***answer)[1].record_count, 2u);
  EXPECT_EQ((***answer)[2].base_offset, 0u);
  EXPECT_EQ((**behind)->base_offset, 3u);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(ReadFrom(At(0), 0), "a\n");
    EXPECT_EQ(ReadFrom(At(1), 0), "x\nb\nc\ny\n");
    EXPECT_EQ(ReadFrom(At(0, "u"), 0), "d\n");
    Reopen();
  }
}

TEST_F(TransactionTest, ATransactionThatCannotBeWrittenLeavesNothing) {
  MakeTopic({.partitions = 3});
  for (uint64_t nth = 1; nth <= 3; ++nth) {
    world_.faults.At("log.append.write", nth, Answering(ErrorCode::kDiskFull));
    const auto answer = OfferAll({{&At(0), Lines("a\n")}, {&At(1), Lines("b\n")}, {&At(2), Lines("c\n")}});
    const auto behind = Offer(At(1), Lines("y\n"));
    world_.executor.RunUntilIdle();
    EXPECT_EQ((**answer).error().code(), ErrorCode::kDiskFull);
    EXPECT_EQ((**behind)->base_offset, nth - 1) << "the others go on behind it";
    Reopen();
    EXPECT_EQ(At(0).end_offset(), 0u);
    EXPECT_EQ(At(1).end_offset(), nth);
    EXPECT_EQ(At(2).end_offset(), 0u);
  }
}

// What a crash leaves when only some parts have come to the disk: take one away, whichever it is.
TEST_F(TransactionTest, ATransactionWithAMissingPartDidNotHappen) {
  for (int missing = 0; missing < 3; ++missing) {
    const std::string name = "t" + std::to_string(missing);
    MakeTopic({.partitions = 3}, name);
    for (int i = 0; i < 3; ++i) AppendOk(At(i, name), Lines("before\n"));
    const auto answer =
        OfferAll({{&At(0, name), Lines("a\n")}, {&At(1, name), Lines("b\n")}, {&At(2, name), Lines("c\n")}});
    world_.executor.RunUntilIdle();
    ASSERT_TRUE(**answer);
    log_.reset();
    const std::string path = SegmentFile(0, missing, missing + 1);
    SetBytes(path, Bytes(path).substr(0, Bytes(path).size() - 1));
    Open();
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(ReadFrom(At(i, name), 0), "before\n") << missing << " " << i;
      EXPECT_EQ(AppendOk(At(i, name), Lines("after\n")), 1u);
    }
    EXPECT_THAT(log_->damage(), IsEmpty());
  }
}

// The same, but one partition has gone on, which it does only when all parts are durable.
TEST_F(TransactionTest, ATransactionThatSomebodyHasPassedHasHappened) {
  MakeTopic({.partitions = 2});
  MakeTopic({}, "u");
  const auto answer = OfferAll({{&At(0), Lines("a\n")}, {&At(1), Lines("b\n")}, {&At(0, "u"), Lines("c\n")}});
  world_.executor.RunUntilIdle();
  ASSERT_TRUE(**answer);
  const auto later = OfferAll({{&At(1), Lines("d\n")}, {&At(0, "u"), Lines("e\n")}});
  world_.executor.RunUntilIdle();
  ASSERT_TRUE(**later);
  ASSERT_TRUE(log_->DropTopic("u"));
  Reopen();
  EXPECT_EQ(ReadFrom(At(0), 0), "a\n") << "its participants have passed it, or are gone";
  EXPECT_EQ(ReadFrom(At(1), 0), "b\nd\n");
  // A new topic of the same log must not look as if it had missed it.
  MakeTopic({}, "u");
  Reopen();
  EXPECT_EQ(ReadFrom(At(0), 0), "a\n");
}

TEST_F(TransactionTest, RefusesWhatIsNoTransaction) {
  MakeTopic({.partitions = 2});
  const auto refusal = [&](std::vector<Log::Part> parts) -> std::string {
    AppendAllDone done = [](Result<std::vector<AppendResult>>) { FAIL(); };
    const auto admission = log_->TryAppendAll(&parts, &done, nullptr);
    return admission ? "" : admission.error().message();
  };
  EXPECT_THAT(refusal({}), HasSubstr("has no parts"));
  EXPECT_THAT(refusal({{&At(0), Lines("a\n")}, {&At(0), Lines("b\n")}}),
              HasSubstr("two batches for one partition"));
  EXPECT_THAT(refusal({{&At(0), Lines("a\n", "id")}, {&At(1), Lines("b\n")}}), HasSubstr("with an id"));
  EXPECT_THAT(refusal({{&At(0), Lines("a\n")}, {&At(1), AppendBatch{}}}), HasSubstr("no records"));
}

// ------------------------------------------------------------------------------------------------ reading

TEST_F(TransactionTest, DroppingATopicUndoesItsTransactions) {
  MakeTopic({}, "t");
  MakeTopic({}, "u");
  const auto answer = OfferAll({{&At(0, "t"), Lines("a\n")}, {&At(0, "u"), Lines("b\n")}});
  ASSERT_TRUE(log_->DropTopic("u"));
  const auto behind = Offer(At(), Lines("c\n"));
  world_.executor.RunUntilIdle();
  EXPECT_FALSE(**answer);
  EXPECT_EQ((**behind)->base_offset, 0u);
  EXPECT_EQ(ReadFrom(At(), 0), "c\n");
}

// Nothing of a transaction but what later segments say of it, and the last one says nothing yet.
TEST_F(TransactionTest, HasHappenedIfOnlyAnOlderSegmentHasATraceOfIt) {
  MakeTopic();
  MakeTopic({.segment_bytes = 64 << 10}, "u");
  const auto answer = OfferAll({{&At(0), Lines("a\n")}, {&At(0, "u"), Lines("b\n")}});
  world_.executor.RunUntilIdle();
  ASSERT_TRUE(**answer);
  // Segments of u begin at 0 (with the transaction), 2 and 3.
  for (int i = 0; i < 3; ++i) AppendOk(At(0, "u"), Lines(std::string(70'000, 'x') + "\n"));
  At(0, "u").TruncateBefore(2);
  world_.executor.RunUntilIdle();
  ASSERT_FALSE(IsThere(SegmentFile(0, 0, 2)));
  ASSERT_TRUE(IsThere(SegmentFile(2, 0, 2)));
  log_.reset();
  // As if the machine had stopped when the last segment had been made, and not written.
  SetBytes(SegmentFile(3, 0, 2), "");
  Open();
  EXPECT_EQ(ReadFrom(At(), 0), "a\n") << "it was acknowledged";
}

}  // namespace
}  // namespace millrace::log
