// What goes from a log, and what has to stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "log/log_fixture.h"

namespace millrace::log {
namespace {

using testing::HasSubstr;

class RetentionTest : public LogFixture {
 protected:
  RetentionTest() { Open(); }

  // Segments of one record each begin at 0, 1, 2, … 9.
  void Fill(const TopicSettings& settings) {
    MakeTopic(settings);
    for (int i = 0; i < 10; ++i) {
      AppendOk(At(), Lines(std::string(70'000, 'x') + "\n"));
      world_.clock.Advance(1'000'000);
    }
  }
};

TEST_F(RetentionTest, BySize) {
  Fill({.segment_bytes = 64 << 10, .retention_bytes = 200'000});
  EXPECT_EQ(At().start_offset(), 0u) << "not before it is started";
  At().SetPin("checkpoint", 4);
  log_->StartRetention();
  world_.executor.RunUntilIdle();
  EXPECT_EQ(At().start_offset(), 4u) << "never past a pin";
  EXPECT_FALSE(IsThere(SegmentFile(3)));
  EXPECT_TRUE(IsThere(SegmentFile(4)));
  At().SetPin("checkpoint", 9);
  At().SetPin("other", 5);
  At().RemovePin("other");
  world_.executor.RunFor(limits::kLogRetentionMicros);
  EXPECT_EQ(At().start_offset(), 7u) << "three segments have 200,000 bytes";
  EXPECT_THAT(ReadFrom(At(), 2), HasSubstr("!topic 't' partition 0 has offset 2 no longer"));
  const auto reader = At().NewReader(2, nullptr);
  ReadBatch batch;
  EXPECT_EQ(reader->Next(&batch).error().code(), ErrorCode::kDataExpired);
  EXPECT_EQ(reader->resume_offset(), 7u);
  Reopen();
  EXPECT_EQ(At().start_offset(), 7u);
  EXPECT_EQ(At().end_offset(), 10u);
}

TEST_F(RetentionTest, ByAge) {
  Fill({.segment_bytes = 64 << 10, .retention_age_micros = 5'500'000});
  log_->StartRetention();
  world_.executor.RunUntilIdle();
  EXPECT_EQ(At().start_offset(), 5u) << "that of 4 s is 6 s old, that of 5 s is 5 s old";
  // When nothing comes any more, the last one goes too; its offsets stay given.
  world_.executor.RunFor(30'000'000);
  EXPECT_EQ(At().start_offset(), 10u);
  EXPECT_EQ(At().end_offset(), 10u);
  Reopen();
  EXPECT_EQ(AppendOk(At(), Lines("a\n")), 10u);
}

TEST_F(RetentionTest, TruncateBefore) {
  Fill({.segment_bytes = 64 << 10});
  At().SetPin("reader", 3);
  At().TruncateBefore(5);
  world_.executor.RunUntilIdle();
  EXPECT_EQ(At().start_offset(), 3u);
  At().RemovePin("reader");
  At().TruncateBefore(0);
  world_.executor.RunUntilIdle();
  EXPECT_EQ(At().start_offset(), 5u);
  At().TruncateBefore(100);
  world_.executor.RunUntilIdle();
  EXPECT_EQ(At().start_offset(), 9u) << "the last segment stays";
}

// A repetition is known for a day, restarts or not; so what has ids stays, and with it what is behind.
TEST_F(RetentionTest, SegmentsAreKeptForTheirIds) {
  MakeTopic({.segment_bytes = 64 << 10});
  log_->StartRetention();
  for (int i = 0; i < 4; ++i) {
    AppendBatch batch = Lines(std::string(70'000, 'x') + "\n");
    if (i == 1) batch.id = "a";
    AppendOk(At(), batch);
  }
  for (int restart = 0; restart < 3; ++restart) {
    At().TruncateBefore(4);
    world_.executor.RunFor(limits::kLogRetentionMicros);
    EXPECT_EQ(At().start_offset(), 1u) << "no id is in the first";
    Reopen();
    log_->StartRetention();
    AppendBatch again = Lines("x\n");
    again.id = "a";
    EXPECT_EQ(AppendOk(At(), again), 1u);
  }
  world_.clock.Advance(limits::kLogBatchIdMicros);
  At().TruncateBefore(4);
  world_.executor.RunFor(limits::kLogRetentionMicros);
  EXPECT_EQ(At().start_offset(), 3u);
}

// The settings do not take an id away that is still to be known: a repetition would count twice.
TEST_F(RetentionTest, RetentionKeepsSegmentsForTheirIds) {
  MakeTopic({.segment_bytes = 64 << 10, .retention_age_micros = 5'000'000});
  log_->StartRetention();
  for (int i = 0; i < 4; ++i) {
    AppendBatch batch = Lines(std::string(70'000, 'x') + "\n");
    if (i == 1) batch.id = "a";
    AppendOk(At(), batch);
  }
  world_.clock.Advance(60'000'000);
  world_.executor.RunFor(limits::kLogRetentionMicros);
  EXPECT_EQ(At().start_offset(), 1u) << "no id is in the first";
  EXPECT_GT(At().figures().held_bytes, 3 * 70'000u);
  Reopen();
  log_->StartRetention();
  AppendBatch again = Lines("x\n");
  again.id = "a";
  EXPECT_EQ(AppendOk(At(), again), 1u);
  world_.clock.Advance(limits::kLogBatchIdMicros);
  world_.executor.RunFor(limits::kLogRetentionMicros);
  EXPECT_EQ(At().start_offset(), 4u);
  EXPECT_EQ(At().figures().held_bytes, 0u);
}

TEST_F(RetentionTest, Figures) {
  Fill({.segment_bytes = 64 << 10, .retention_age_micros = 5'500'000});
  Partition::Figures figures = At().figures();
  EXPECT_EQ(figures.start_offset, 0u);
  EXPECT_EQ(figures.end_offset, 10u);
  EXPECT_EQ(figures.segments, 10u);
  EXPECT_EQ(figures.held_bytes, 0u) << "what may go goes with the next look";
  const uint64_t all = figures.bytes;
  EXPECT_GE(all, 10 * 70'000u);
  At().SetPin("view", 2);
  figures = At().figures();
  ASSERT_EQ(figures.pins.size(), 1u);
  EXPECT_EQ(figures.pins[0].name, "view");
  EXPECT_EQ(figures.pins[0].offset, 2u);
  EXPECT_EQ(figures.held_bytes, all / 10 * 3) << "2, 3 and 4 are too old, and 2 is pinned";
  log_->StartRetention();
  world_.executor.RunUntilIdle();
  figures = At().figures();
  EXPECT_EQ(figures.start_offset, 2u);
  EXPECT_EQ(figures.segments, 8u);
  EXPECT_EQ(figures.held_bytes, all / 10 * 3);
  const int64_t now = world_.clock.NowMicros();
  EXPECT_EQ(figures.first_micros, now - 8'000'000);
}

// A reader that has the segment open may go on in it.
TEST_F(RetentionTest, AReaderKeepsWhatItReads) {
  Fill({.segment_bytes = 64 << 10});
  AppendOk(At(), Lines("a\nb\n"));
  const auto reader = At().NewReader(2, nullptr);
  ReadBatch batch;
  ASSERT_TRUE(*reader->Next(&batch));
  At().TruncateBefore(5);
  world_.executor.RunUntilIdle();
  EXPECT_EQ(reader->Next(&batch).error().code(), ErrorCode::kDataExpired);
  reader->Seek(reader->resume_offset());
  ASSERT_TRUE(*reader->Next(&batch));
  EXPECT_EQ(batch.base_offset, 5u);
}

}  // namespace
}  // namespace millrace::log
