#include "log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "base/limits.h"
#include "log/log_fixture.h"

namespace millrace::log {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class LogTest : public LogFixture {
 protected:
  void SetUp() override { Open(); }
  uint64_t Syncs() const { return world_.faults.Count("log.sync.before"); }
};

// ---------------------------------------------------------------------------------------------- appending

TEST_F(LogTest, GivesOffsetsToRecords) {
  MakeTopic();
  const auto first = Append(At(), Lines("a\nb\n"));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->base_offset, 0u);
  EXPECT_EQ(first->record_count, 2u);
  EXPECT_EQ(first->append_micros, env::SimulatedEnv::kStartMicros);
  EXPECT_FALSE(first->is_repetition);
  EXPECT_EQ(AppendOk(At(), Lines("c\n")), 2u);
  EXPECT_EQ(At().end_offset(), 3u);
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\nc\n");
  Reopen();
  EXPECT_EQ(At().end_offset(), 3u);
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\nc\n");
  EXPECT_EQ(AppendOk(At(), Lines("d\n")), 3u);
}

TEST_F(LogTest, KeepsLayoutIdAndEnds) {
  for (const Codec codec : {Codec::kNone, Codec::kLz4, Codec::kZstd}) {
    const std::string name = "t" + std::to_string(static_cast<int>(codec));
    MakeTopic({.codec = codec}, name);
    AppendBatch values;
    values.layout = Layout::kValues;
    for (int i = 0; i < 3000; ++i) {
      values.payload += "value " + std::to_string(i * i);
      values.ends.push_back(static_cast<uint32_t>(values.payload.size()));
    }
    values.record_count = 3000;
    values.id = "some id";
    const std::string payload = values.payload;
    AppendOk(At(0, name), values);
    AppendOk(At(0, name),
             AppendBatch{.layout = Layout::kOpaque, .payload = std::string("\0x", 2), .record_count = 7});
    const auto reader = At(0, name).NewReader(1234, nullptr);
    ReadBatch batch;
    ASSERT_TRUE(*reader->Next(&batch));
    EXPECT_EQ(batch.base_offset, 0u);
    EXPECT_EQ(batch.skip_records, 1234u);
    EXPECT_EQ(batch.layout, Layout::kValues);
    EXPECT_EQ(batch.payload, payload);
    EXPECT_EQ(batch.id, "some id");
    EXPECT_EQ(*batch.Ends(), values.ends);
    EXPECT_EQ(*batch.Record(2999), "value 8994001");
    EXPECT_EQ(*batch.Record(0), "value 0");
    ASSERT_TRUE(*reader->Next(&batch));
    EXPECT_EQ(batch.base_offset, 3000u);
    EXPECT_EQ(batch.record_count, 7u);
    EXPECT_FALSE(batch.Ends());
  }
}

TEST_F(LogTest, RefusesWhatIsNoBatch) {
  MakeTopic();
  const auto refusal = [&](AppendBatch batch) -> std::string {
    AppendDone done = [](Result<AppendResult>) { FAIL(); };
    const auto admission = At().TryAppend(&batch, &done, nullptr);
    return admission ? "" : admission.error().message();
  };
  EXPECT_EQ(refusal({}), "a batch for the log has no records");
  EXPECT_THAT(refusal({.payload = "a", .record_count = 1}), HasSubstr("does not end with a line feed"));
  EXPECT_THAT(refusal({.payload = "a\nb\n", .record_count = 2}), HasSubstr("has 2 records, but ends of 0"));
  EXPECT_THAT(refusal({.payload = "a\nb\n", .record_count = 2, .ends = {2, 3}}), HasSubstr("line feed"));
  EXPECT_THAT(refusal({.payload = "a\nb\n", .record_count = 1, .ends = {2}}),
              HasSubstr("behind its last record"));
  EXPECT_THAT(refusal({.payload = "a\nb\n", .record_count = 2, .ends = {4, 2}}), HasSubstr("out of order"));
  EXPECT_THAT(refusal({.layout = Layout::kOpaque, .payload = "a", .record_count = 1, .ends = {1}}),
              HasSubstr("opaque"));
  EXPECT_THAT(refusal(Lines("a\n", std::string(65, 'i'))), HasSubstr("id of 65 bytes"));
}

TEST_F(LogTest, WhatWaitsIsWrittenWithOneSync) {
  MakeTopic();
  const uint64_t before = Syncs();
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(Offer(At(), Lines(std::to_string(i) + "\n")));
  EXPECT_FALSE(answers[0]->has_value()) << "nothing runs by itself";
  world_.executor.RunUntilIdle();
  EXPECT_EQ(Syncs(), before + 1);
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ((**answers[i])->base_offset, i);
  // One batch has all of them.
  ReadBatch batch;
  ASSERT_TRUE(*At().NewReader(50, nullptr)->Next(&batch));
  EXPECT_EQ(batch.record_count, 100u);
  EXPECT_EQ(*batch.Record(99), "99\n");
}

TEST_F(LogTest, ReadersGetOnlyWhatIsSynced) {
  MakeTopic({.sync = SyncMode::kInterval, .sync_interval_micros = 50'000});
  const uint64_t before = Syncs();
  EXPECT_EQ(AppendOk(At(), Lines("a\n")), 0u) << "acknowledged at once";
  EXPECT_EQ(AppendOk(At(), Lines("b\n")), 1u);
  EXPECT_EQ(Syncs(), before);
  EXPECT_EQ(At().end_offset(), 0u);
  EXPECT_EQ(ReadFrom(At(), 0), "");
  world_.executor.RunFor(49'999);
  EXPECT_EQ(Syncs(), before);
  world_.executor.RunFor(1);
  EXPECT_EQ(Syncs(), before + 1);
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\n");
}

TEST_F(LogTest, AFullPartitionHoldsItsWritersBack) {
  MakeTopic();
  const std::string big = std::string(limits::kLogQueueBytes / 2, 'x') + "\n";
  const auto first = Offer(At(), Lines(big));
  const auto second = Offer(At(), Lines(big));
  AppendBatch batch = Lines("late\n");
  int woken = 0, answered = 0;
  AppendDone done = [&](Result<AppendResult> result) { answered += result.has_value() ? 1 : 100; };
  EXPECT_EQ(*At().TryAppend(&batch, &done, [&] { ++woken; }), Admission::kFull);
  EXPECT_EQ(batch.payload, "late\n") << "nothing was taken";
  EXPECT_EQ(woken, 0);
  world_.executor.RunUntilIdle();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(*At().TryAppend(&batch, &done, nullptr), Admission::kTaken);
  world_.executor.RunUntilIdle();
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(ReadFrom(At(), 0), big + big + "late\n");
}

// --------------------------------------------------------------------------------------------- failures

TEST_F(LogTest, AFailedWriteFailsItsAppendsOnly) {
  MakeTopic();
  AppendOk(At(), Lines("a\n"));
  const std::string before = Bytes(SegmentFile(0));
  // The second batch of the group cannot be written: the first must not stay either.
  world_.faults.At("log.append.write", 2, Answering(ErrorCode::kDiskFull));
  const auto first = Offer(At(), Lines("b\n", "id 1"));
  const auto second = Offer(At(), Lines("c\n", "id 2"));
  world_.executor.RunUntilIdle();
  EXPECT_EQ((**first).error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ((**second).error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(Bytes(SegmentFile(0)), before);
  EXPECT_EQ(ReadFrom(At(), 0), "a\n");
  // There is space again; the id does not count as known.
  EXPECT_EQ(AppendOk(At(), Lines("b\n", "id 1")), 1u);
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\n");
  EXPECT_TRUE(log_->health());
  Reopen();
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\n");
}

TEST_F(LogTest, ACutThatFailsIsMadeUpFor) {
  MakeTopic();
  AppendOk(At(), Lines("a\n"));
  world_.faults.At("log.append.written", 1, Answering(ErrorCode::kDiskFull));
  world_.faults.At("log.cut.before", 1, Answering(ErrorCode::kIoError));
  EXPECT_FALSE(Append(At(), Lines("lost\n")));
  EXPECT_EQ(AppendOk(At(), Lines("b\n")), 1u);
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\n");
  Reopen();
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\n");
}

TEST_F(LogTest, AFailedSyncEndsTheLog) {
  MakeTopic({.partitions = 2});
  AppendOk(At(), Lines("a\n"));
  world_.faults.At("log.sync.before", 1, Answering(ErrorCode::kIoError));
  const auto first = Offer(At(0), Lines("b\n"));
  world_.executor.RunUntilIdle();
  EXPECT_FALSE(**first);
  EXPECT_THAT(failures_, ElementsAre("as told"));
  EXPECT_FALSE(log_->health());
  AppendBatch batch = Lines("c\n");
  AppendDone done = [](Result<AppendResult>) { FAIL(); };
  const auto refused = At(1).TryAppend(&batch, &done, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), StartsWith("the log takes nothing any more: as told"));
  EXPECT_FALSE(log_->CreateTopic("u", {}));
  EXPECT_EQ(ReadFrom(At(), 0), "a\n") << "reading goes on";
  EXPECT_FALSE(log_->Close());
}

// Also of a folder, and for whatever reason.
TEST_F(LogTest, AnySyncThatFailsWhileATopicIsMadeEndsTheLog) {
  int topics = 0;
  for (const int error_number : {EIO, ENOSPC}) {
    for (const env::DiskOperation kind : {env::DiskOperation::kSync, env::DiskOperation::kSyncDir}) {
      int failed = 0;
      for (uint64_t nth = 1;; ++nth) {
        Open();
        world_.files.FailAt(kind, nth, error_number);
        const auto made = log_->CreateTopic("t" + std::to_string(++topics), {});
        world_.files.Disarm();
        if (made) break;
        EXPECT_EQ(failures_.size(), 1u) << "sync " << nth << ": " << made.error().ToString();
        ++failed;
      }
      EXPECT_GE(failed, 2);
    }
  }
}

TEST_F(LogTest, AFailedSyncFailsWhatWaitsElsewhere) {
  MakeTopic({.partitions = 2});
  world_.faults.At("log.sync.before", 1, Answering(ErrorCode::kIoError));
  const auto first = Offer(At(0), Lines("b\n"));
  const auto second = Offer(At(1), Lines("c\n"));
  world_.executor.RunUntilIdle();
  EXPECT_FALSE(**first);
  EXPECT_FALSE(**second);
  EXPECT_EQ(failures_.size(), 1u);
}

// ------------------------------------------------------------------------------------------------- ids

TEST_F(LogTest, ARepetitionIsAnsweredAsTheFirst) {
  MakeTopic({.partitions = 2});
  AppendOk(At(0), Lines("x\n"));
  const auto first = Append(At(0), Lines("a\nb\n", "id"));
  ASSERT_TRUE(first);
  world_.clock.Advance(1'000'000);
  for (int round = 0; round < 3; ++round) {
    const auto again = Append(At(1), Lines("a\nb\n", "id"));
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->is_repetition);
    EXPECT_EQ(again->partition, 0) << "ids belong to the topic";
    EXPECT_EQ(again->base_offset, 1u);
    EXPECT_EQ(again->record_count, 2u);
    EXPECT_EQ(again->append_micros, first->append_micros);
    Reopen();
  }
  EXPECT_EQ(ReadFrom(At(0), 0), "x\na\nb\n");
  EXPECT_EQ(ReadFrom(At(1), 0), "");
}

TEST_F(LogTest, ARepetitionWaitsForTheFirst) {
  MakeTopic();
  const auto first = Offer(At(), Lines("a\n", "id"));
  const auto second = Offer(At(), Lines("a\n", "id"));
  EXPECT_FALSE(second->has_value());
  world_.executor.RunUntilIdle();
  EXPECT_EQ((**first)->base_offset, 0u);
  EXPECT_FALSE((**first)->is_repetition);
  EXPECT_EQ((**second)->base_offset, 0u);
  EXPECT_TRUE((**second)->is_repetition);
  EXPECT_EQ(At().end_offset(), 1u);
  // If the first fails, so does the one that waits for it.
  world_.faults.At("log.append.write", 1, Answering(ErrorCode::kDiskFull));
  const auto third = Offer(At(), Lines("b\n", "other"));
  const auto fourth = Offer(At(), Lines("b\n", "other"));
  world_.executor.RunUntilIdle();
  EXPECT_FALSE(**third);
  EXPECT_FALSE(**fourth);
}

TEST_F(LogTest, IdsOutliveTheirSegment) {
  MakeTopic({.segment_bytes = 64 << 10});
  const std::string big(40'000, 'x');
  for (int i = 0; i < 6; ++i) AppendOk(At(), Lines(big + "\n", "id " + std::to_string(i)));
  ASSERT_TRUE(IsThere(SegmentFile(2)));
  for (const bool with_index : {true, false}) {
    if (!with_index) {
      ASSERT_TRUE(world_.files.Remove("/log/topic-0000000001/00000/00000000000000000000.index"));
    }
    Reopen();
    for (uint64_t i = 0; i < 6; ++i) {
      const auto again = Append(At(), Lines(big + "\n", "id " + std::to_string(i)));
      EXPECT_TRUE(again->is_repetition) << i;
      EXPECT_EQ(again->base_offset, i);
    }
  }
  EXPECT_EQ(At().end_offset(), 6u);
}

TEST_F(LogTest, AnIdIsForgottenAfterItsTime) {
  MakeTopic();
  AppendOk(At(), Lines("a\n", "id"));
  world_.clock.Advance(limits::kLogBatchIdMicros);
  EXPECT_TRUE(Append(At(), Lines("a\n", "id"))->is_repetition);
  world_.clock.Advance(1);
  EXPECT_FALSE(Append(At(), Lines("a\n", "id"))->is_repetition);
  EXPECT_EQ(At().end_offset(), 2u);
}

// ----------------------------------------------------------------------------------------- transactions

TEST_F(LogTest, AReaderFollowsTheEnd) {
  MakeTopic();
  int woken = 0;
  const auto reader = At().NewReader(0, [&] { ++woken; });
  ReadBatch batch;
  EXPECT_FALSE(*reader->Next(&batch));
  EXPECT_EQ(woken, 0);
  AppendOk(At(), Lines("a\n"));
  AppendOk(At(), Lines("b\n"));
  EXPECT_EQ(woken, 1) << "once for each time that there was nothing";
  ASSERT_TRUE(*reader->Next(&batch));
  EXPECT_EQ(batch.payload, "a\n");
  ASSERT_TRUE(*reader->Next(&batch));
  EXPECT_EQ(batch.payload, "b\n");
  EXPECT_FALSE(*reader->Next(&batch));
  // Marks are no batches, and wake nobody.
  world_.executor.RunFor(3'000'000);
  EXPECT_EQ(woken, 1);
  AppendOk(At(), Lines("c\n"));
  EXPECT_EQ(woken, 2);
  ASSERT_TRUE(*reader->Next(&batch));
  EXPECT_EQ(batch.payload, "c\n");
  EXPECT_EQ(reader->offset(), 3u);
}

TEST_F(LogTest, ReadsAcrossSegments) {
  MakeTopic({.segment_bytes = 64 << 10});
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string line = std::to_string(i) + std::string(1000, 'x') + "\n";
    AppendOk(At(), Lines(line));
    all += line;
  }
  EXPECT_EQ(ReadFrom(At(), 0), all);
  for (uint64_t offset = 0; offset < 300; offset += 7) {
    const auto reader = At().NewReader(offset, nullptr);
    ReadBatch batch;
    ASSERT_TRUE(*reader->Next(&batch));
    EXPECT_THAT(std::string(*batch.Record(offset)), StartsWith(std::to_string(offset) + "x"));
  }
  Reopen();
  EXPECT_EQ(ReadFrom(At(), 0), all);
  EXPECT_THAT(ReadFrom(At(), 301), HasSubstr("!topic 't' partition 0 has no offset 301: it ends at 300"));
}

TEST_F(LogTest, FindsOffsetsByTime) {
  MakeTopic({.segment_bytes = 64 << 10});
  const int64_t start = env::SimulatedEnv::kStartMicros;
  for (int i = 0; i < 200; ++i) {
    AppendOk(At(), Lines(std::string(1000, 'x') + "\n"));
    world_.clock.Advance(1000);
  }
  // The clock is set back: append times stand still until it has caught up.
  world_.clock.SetNowMicros(start);
  AppendOk(At(), Lines("late\n"));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(*At().OffsetAt(start - 1), 0u);
    EXPECT_EQ(*At().OffsetAt(start), 0u);
    EXPECT_EQ(*At().OffsetAt(start + 1), 1u);
    EXPECT_EQ(*At().OffsetAt(start + 77'000), 77u);
    EXPECT_EQ(*At().OffsetAt(start + 76'999), 77u);
    EXPECT_EQ(*At().OffsetAt(start + 199'000), 199u);
    EXPECT_EQ(*At().OffsetAt(start + 199'001), 201u) << "none is so late: the end";
    Reopen();
  }
}

TEST_F(LogTest, ASegmentEndsByAge) {
  MakeTopic({.segment_age_micros = 5'000'000});
  AppendOk(At(), Lines("a\n"));
  world_.clock.Advance(4'999'999);
  AppendOk(At(), Lines("b\n"));
  EXPECT_FALSE(IsThere(SegmentFile(2)));
  world_.clock.Advance(1);
  AppendOk(At(), Lines("c\n"));
  EXPECT_TRUE(IsThere(SegmentFile(2)));
}

// The next one would have its name.
TEST_F(LogTest, AnEmptySegmentDoesNotEnd) {
  MakeTopic({.partitions = 2, .segment_age_micros = 5'000'000});
  log_->StartRetention();
  world_.faults.At("log.append.write", 2, Answering(ErrorCode::kDiskFull));
  const auto answer = OfferAll({{&At(0), Lines("a\n")}, {&At(1), Lines("b\n")}});
  world_.executor.RunUntilIdle();
  ASSERT_FALSE(**answer);
  world_.clock.Advance(5'000'000);
  for (const int partition : {0, 1}) {
    EXPECT_EQ(AppendOk(At(partition), Lines("c\n")), 0u);
    At(partition).TruncateBefore(0);
  }
  world_.executor.RunFor(10'000'000);
  Reopen();
  for (const int partition : {0, 1}) EXPECT_EQ(ReadFrom(At(partition), 0), "c\n");
}

// ------------------------------------------------------------------------------------------------- topics

TEST_F(LogTest, TopicsAreKept) {
  const TopicSettings settings = {.partitions = 2,
                                  .codec = Codec::kLz4,
                                  .sync = SyncMode::kInterval,
                                  .sync_interval_micros = 5'000,
                                  .segment_bytes = 1 << 20,
                                  .segment_age_micros = 7,
                                  .retention_age_micros = 8,
                                  .retention_bytes = 9};
  MakeTopic(settings, "ods.订单/../x");
  MakeTopic({}, "b");
  EXPECT_EQ(log_->CreateTopic("b", {}).error().code(), ErrorCode::kDuplicateObject);
  EXPECT_FALSE(log_->CreateTopic("", {}));
  EXPECT_FALSE(log_->CreateTopic("c", {.partitions = 0}));
  EXPECT_FALSE(log_->CreateTopic("c", {.segment_bytes = 1}));
  Reopen();
  ASSERT_EQ(log_->Topics().size(), 2u);
  EXPECT_EQ(log_->FindTopic("ods.订单/../x")->settings(), settings);
  EXPECT_EQ(log_->FindTopic("c"), nullptr);
  TopicSettings altered = settings;
  altered.codec = Codec::kNone;
  ASSERT_TRUE(log_->AlterTopic("ods.订单/../x", altered));
  altered.partitions = 3;
  EXPECT_EQ(log_->AlterTopic("ods.订单/../x", altered).error().code(), ErrorCode::kNotSupported);
  EXPECT_EQ(log_->AlterTopic("c", altered).error().code(), ErrorCode::kUndefinedObject);
  Reopen();
  EXPECT_EQ(log_->FindTopic("ods.订单/../x")->settings().codec, Codec::kNone);
}

TEST_F(LogTest, ADroppedTopicIsGone) {
  MakeTopic();
  AppendOk(At(), Lines("a\n"));
  const auto topic = log_->FindTopic("t");
  int woken = 0;
  const auto reader = topic->partition(0).NewReader(1, [&] { ++woken; });
  ReadBatch batch;
  EXPECT_FALSE(*reader->Next(&batch));
  const auto waiting = Offer(topic->partition(0), Lines("b\n"));
  ASSERT_TRUE(log_->DropTopic("t"));
  EXPECT_EQ((**waiting).error().message(), "topic 't' has been dropped");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(reader->Next(&batch).error().code(), ErrorCode::kUndefinedObject);
  AppendBatch late = Lines("c\n");
  AppendDone done;
  EXPECT_EQ(topic->partition(0).TryAppend(&late, &done, nullptr).error().code(), ErrorCode::kUndefinedObject);
  EXPECT_EQ(log_->DropTopic("t").error().code(), ErrorCode::kUndefinedObject);
  MakeTopic();
  EXPECT_EQ(ReadFrom(At(), 0), "");
  Reopen();
  EXPECT_EQ(ReadFrom(At(), 0), "");
  EXPECT_FALSE(IsThere("/log/topic-0000000001"));
  EXPECT_TRUE(IsThere("/log/topic-0000000002"));
}

TEST_F(LogTest, FailedCreationLeavesNothing) {
  for (const char* point : {"log.segment.create", "log.segment.written", "log.topic.write",
                            "log.topic.written", "log.topic.create", "log.topic.created"}) {
    world_.faults.At(*env::FaultPoint::Find(point), 1, Answering(ErrorCode::kDiskFull));
    EXPECT_EQ(log_->CreateTopic("t", {.partitions = 2}).error().code(), ErrorCode::kDiskFull) << point;
    EXPECT_EQ(log_->FindTopic("t"), nullptr);
  }
  MakeTopic({.partitions = 2});
  Reopen();
  EXPECT_EQ(log_->Topics().size(), 1u);
  EXPECT_EQ(world_.files.List("/log")->size(), 1u);
}

TEST_F(LogTest, AFailedNewSegmentIsTriedAgain) {
  for (const std::string point :
       {"log.segment.create", "log.segment.written", "log.segment.synced", "log.segment.created"}) {
    for (const bool is_reopened : {false, true}) {
      const std::string name = point + (is_reopened ? " reopened" : "");
      const std::string big = std::string(70'000, 'x') + "\n";
      MakeTopic({.segment_bytes = 64 << 10}, name);
      AppendOk(At(0, name), Lines(big));
      for (int round = 0; round < 2; ++round) {
        world_.faults.At(*env::FaultPoint::Find(point), 1, Answering(ErrorCode::kDiskFull));
        EXPECT_EQ(Append(At(0, name), Lines("no\n")).error().code(), ErrorCode::kDiskFull) << name;
      }
      if (is_reopened) Reopen();
      EXPECT_EQ(AppendOk(At(0, name), Lines("a\n")), 1u);
      EXPECT_EQ(ReadFrom(At(0, name), 0), big + "a\n");
      Reopen();
      EXPECT_EQ(ReadFrom(At(0, name), 0), big + "a\n");
    }
  }
  EXPECT_THAT(log_->damage(), IsEmpty());
}

TEST_F(LogTest, CloseWritesWhatHasBeenTaken) {
  MakeTopic({.partitions = 2});
  const auto first = Offer(At(), Lines("a\n"));
  const auto all = OfferAll({{&At(0), Lines("b\n")}, {&At(1), Lines("c\n")}});
  ASSERT_TRUE(log_->Close());
  EXPECT_TRUE(**first);
  EXPECT_TRUE(**all);
  AppendBatch batch = Lines("d\n");
  AppendDone done;
  EXPECT_EQ(At().TryAppend(&batch, &done, nullptr).error().code(), ErrorCode::kAdminShutdown);
  EXPECT_FALSE(log_->CreateTopic("u", {}));
  EXPECT_TRUE(log_->Close()) << "twice";
  Reopen();
  EXPECT_EQ(ReadFrom(At(), 0), "a\nb\n");
  EXPECT_EQ(ReadFrom(At(1), 0), "c\n");
}

TEST_F(LogTest, ASyncThatFailsInCloseIsSaid) {
  MakeTopic({.partitions = 2, .sync = SyncMode::kInterval});
  AppendOk(At(), Lines("a\n"));
  world_.faults.At("log.sync.before", 1, Answering(ErrorCode::kIoError));
  EXPECT_FALSE(log_->Close());
  EXPECT_EQ(failures_.size(), 1u);
}

TEST_F(LogTest, WithoutCloseWhatWaitsFails) {
  MakeTopic();
  const auto waiting = Offer(At(), Lines("a\n"));
  log_.reset();
  EXPECT_EQ((**waiting).error().code(), ErrorCode::kAdminShutdown);
}

TEST_F(LogTest, Figures) {
  MakeTopic({.segment_bytes = 64 << 10});
  AppendOk(At(), Lines(std::string(70'000, 'x') + "\ny\n"));
  AppendOk(At(), Lines("z\n", "id"));
  AppendOk(At(), Lines("z\n", "id"));
  const std::string text = metrics_.Render();
  EXPECT_THAT(text, HasSubstr("millrace_log_appends_total{topic=\"t\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("millrace_log_records_total{topic=\"t\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("millrace_log_bytes_total{topic=\"t\"} 70005\n"));
  EXPECT_THAT(text, HasSubstr("millrace_log_repetitions_total{topic=\"t\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_log_segments{topic=\"t\"} 2\n"));
  const uint64_t bytes = Bytes(SegmentFile(0)).size() + Bytes(SegmentFile(2)).size();
  EXPECT_THAT(text, HasSubstr("millrace_log_disk_bytes{topic=\"t\"} " + std::to_string(bytes) + "\n"));
  ASSERT_TRUE(log_->DropTopic("t"));
  EXPECT_THAT(metrics_.Render(), HasSubstr("millrace_log_segments{topic=\"t\"} 0\n"));
}

}  // namespace
}  // namespace millrace::log
