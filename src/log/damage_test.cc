// What the log makes of files that are not as it left them: cut off, with garbage behind, with a wrong bit
// anywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "env/random.h"
#include "log/batch_format.h"
#include "log/log_fixture.h"

namespace millrace::log {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kStride = 37;  // these runs look for other faults, and are many times slower
#else
constexpr size_t kStride = 1;
#endif

class DamageTest : public LogFixture {
 protected:
  static constexpr const char* kIndex = "/log/topic-0000000001/00000/00000000000000000000.index";

  void SetUp() override { Open(); }

  // Batches of the segment at 0, each synced by itself: `count` of about `bytes` bytes.
  void Fill(int count, size_t bytes, const TopicSettings& settings = {}) {
    MakeTopic(settings);
    for (int i = 0; i < count; ++i) {
      const std::string text = std::to_string(i) + std::string(bytes, static_cast<char>('a' + i % 26)) + "\n";
      ends_[Bytes(SegmentFile(0)).size()] = text_.size();
      AppendOk(At(), Lines(text, "id " + std::to_string(i)));
      text_ += text;
    }
    ends_[Bytes(SegmentFile(0)).size()] = text_.size();
  }
  // The partition has this one segment, whatever the opening before has made of it.
  void SetOnly(std::string_view bytes) {
    const std::string folder = env::DirName(SegmentFile(0));
    const auto entries = world_.files.List(folder);
    for (const env::DirEntry& entry : *entries) {
      ASSERT_TRUE(world_.files.Remove(env::JoinPath(folder, entry.name)));
    }
    SetBytes(SegmentFile(0), bytes);
  }
  // What batches before this byte of the file say, and how many there are.
  std::string TextBefore(uint64_t position) const { return text_.substr(0, BatchBehind(position)->second); }
  uint64_t CountBefore(uint64_t position) const {
    return static_cast<uint64_t>(std::distance(ends_.begin(), BatchBehind(position)));
  }

  std::string text_;
  std::map<uint64_t, size_t>
      ends_;  // file position behind each batch (and before the first) -> bytes of text_

 private:
  std::map<uint64_t, size_t>::const_iterator BatchBehind(uint64_t position) const {
    return std::prev(ends_.upper_bound(position));
  }
};

TEST_F(DamageTest, EveryCutLeavesThePrefix) {
  // Some batches of all sizes from one byte on: more than 64 KiB.
  MakeTopic();
  for (int i = 0; i < 140; ++i) {
    const std::string text = std::string(static_cast<size_t>(i * 7 % 900), 'x') + std::to_string(i) + "\n";
    ends_[Bytes(SegmentFile(0)).size()] = text_.size();
    AppendOk(At(), Lines(text));
    text_ += text;
  }
  const std::string whole = Bytes(SegmentFile(0));
  ends_[whole.size()] = text_.size();
  ASSERT_GT(whole.size(), size_t{64} << 10);
  log_.reset();
  env::Random random(1);
  std::string noise(200, '\0');
  for (char& byte : noise) byte = static_cast<char>(random.Next());
  // Behind the cut: nothing, zeros (a length that was kept without the bytes), noise, and what was there, but
  // a bit.
  for (size_t cut = kSegmentHeaderBytes; cut <= whole.size(); cut += kStride) {
    for (const size_t behind : {size_t{0}, 1 + cut % 3}) {
      std::string bytes = whole.substr(0, cut);
      if (behind == 1) bytes += std::string(150, '\0');
      if (behind == 2) bytes += noise.substr(0, 1 + cut % noise.size());
      if (behind == 3 && cut < whole.size()) bytes += static_cast<char>(whole[cut] ^ 1);
      SetOnly(bytes);
      Open();
      const uint64_t count = CountBefore(cut);
      ASSERT_EQ(At().end_offset(), count) << cut << " " << behind;
      ASSERT_EQ(ReadFrom(At(), 0), TextBefore(cut)) << cut << " " << behind;
      ASSERT_THAT(log_->damage(), IsEmpty()) << cut << " " << behind;
      // What goes on there is found again.
      if (cut % 101 != 0) continue;
      ASSERT_EQ(AppendOk(At(), Lines("next\n")), count);
      Reopen();
      ASSERT_EQ(ReadFrom(At(), 0), TextBefore(cut) + "next\n") << cut << " " << behind;
    }
  }
}

// The header of a segment is durable before anything comes behind it.
TEST_F(DamageTest, ASegmentMayBeCutWithinItsHeader) {
  Fill(1, 70'000, {.segment_bytes = 64 << 10});
  AppendOk(At(), Lines("b\n"));
  const std::string whole = Bytes(SegmentFile(1));
  for (size_t cut = 0; cut <= kSegmentHeaderBytes; ++cut) {
    SetBytes(SegmentFile(1), whole.substr(0, cut));
    Open();
    EXPECT_EQ(At().end_offset(), 1u);
    EXPECT_THAT(log_->damage(), IsEmpty());
    EXPECT_EQ(AppendOk(At(), Lines("c\n")), 1u);
    Reopen();
    EXPECT_EQ(ReadFrom(At(), 0), text_ + "c\n");
  }
}

// Two batches of one group, of which the second came to the disk and the first did not.
TEST_F(DamageTest, ATornGroupMayHaveValidBatchesInIt) {
  MakeTopic();
  AppendOk(At(), Lines("a\n"));
  const size_t before = Bytes(SegmentFile(0)).size();
  const auto first = Offer(At(), Lines("first\n", "1"));
  const auto second = Offer(At(), Lines("second\n", "2"));
  world_.executor.RunUntilIdle();
  std::string bytes = Bytes(SegmentFile(0));
  bytes[before + kBatchHeaderBytes] ^= 1;
  SetBytes(SegmentFile(0), bytes);
  Reopen();
  EXPECT_EQ(At().end_offset(), 1u);
  EXPECT_THAT(log_->damage(), IsEmpty());
  EXPECT_EQ(ReadFrom(At(), 0), "a\n");
  EXPECT_EQ(Bytes(SegmentFile(0)).size(), before);
}

// The last batch has been synced, and something behind it says so.
TEST_F(DamageTest, AMarkTellsDamageFromATornTail) {
  for (const bool by_close : {true, false}) {
    const std::string name = by_close ? "closed" : "idle";
    MakeTopic({}, name);
    const int topic = by_close ? 1 : 2;
    AppendOk(At(0, name), Lines("a\n"));
    const size_t before = Bytes(SegmentFile(0, 0, topic)).size();
    AppendOk(At(0, name), Lines("b\nc\n"));
    if (by_close) {
      ASSERT_TRUE(log_->Close());
    } else {
      world_.executor.RunFor(limits::kLogMarkMicros);
    }
    std::string bytes = Bytes(SegmentFile(0, 0, topic));
    bytes[before + kBatchHeaderBytes] ^= 1;
    SetBytes(SegmentFile(0, 0, topic), bytes);
    Reopen();
    const std::vector<Damage> damage = At(0, name).damage();
    ASSERT_THAT(damage, SizeIs(1));
    EXPECT_EQ(damage[0].position, before);
    EXPECT_EQ(damage[0].first_offset, 1u);
    EXPECT_EQ(damage[0].end_offset, 3u);
    EXPECT_EQ(At(0, name).end_offset(), 3u);
    EXPECT_EQ(AppendOk(At(0, name), Lines("d\n")), 3u) << "their offsets are given to nobody";
    EXPECT_EQ(Bytes(SegmentFile(0, 0, topic)), bytes) << "the file stays as it is";
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(ReadFrom(At(0, name), 0), "a\n!records 1 to 2 are lost: the checksum of a batch is wrong, '" +
                                              SegmentFile(0, 0, topic) + "' at byte " +
                                              std::to_string(before));
      EXPECT_EQ(ReadFrom(At(0, name), 3), "d\n");
      const auto reader = At(0, name).NewReader(0, nullptr);
      ReadBatch batch;
      ASSERT_TRUE(*reader->Next(&batch));
      for (int i = 0; i < 2; ++i) EXPECT_EQ(reader->Next(&batch).error().code(), ErrorCode::kDataCorrupted);
      EXPECT_EQ(reader->offset(), 1u) << "it stays in front of the hole";
      EXPECT_EQ(reader->resume_offset(), 3u);
      reader->Seek(3);
      ASSERT_TRUE(*reader->Next(&batch));
      EXPECT_EQ(batch.payload, "d\n");
      Reopen();
      EXPECT_THAT(At(0, name).damage(), SizeIs(1));
    }
  }
}

TEST_F(DamageTest, AHoleInTheMiddleIsNeverPassedOver) {
  Fill(20, 1000);
  const std::string whole = Bytes(SegmentFile(0));
  std::string bytes = whole;
  const uint64_t begin = std::next(ends_.begin(), 5)->first;
  const uint64_t end = std::next(ends_.begin(), 9)->first;
  for (uint64_t at = begin + 500; at < end - 300; ++at) bytes[at] = 0;
  SetBytes(SegmentFile(0), bytes);
  Reopen();
  ASSERT_THAT(log_->damage(), SizeIs(1));
  EXPECT_EQ(log_->damage()[0].first_offset, 5u);
  EXPECT_EQ(log_->damage()[0].end_offset, 9u);
  EXPECT_THAT(ReadFrom(At(), 0), HasSubstr("!records 5 to 8 are lost"));
  EXPECT_THAT(ReadFrom(At(), 7), HasSubstr("!records 7 to 8 are lost"));
  EXPECT_EQ(ReadFrom(At(), 9), text_.substr(std::next(ends_.begin(), 9)->second));
  EXPECT_THAT(metrics_.Render(), HasSubstr("millrace_log_lost_records_total{topic=\"t\"} 4\n"));
}

// What is behind a hole is looked through once, however many batches it has.
TEST_F(DamageTest, ManyBatchesBehindAHole) {
  MakeTopic();
  for (int i = 0; i < 20'000; ++i) Offer(At(), Lines("x\n", "id " + std::to_string(i)));
  world_.executor.RunUntilIdle();
  AppendOk(At(), Lines("last\n"));
  std::string bytes = Bytes(SegmentFile(0));
  bytes[kSegmentHeaderBytes + kBatchHeaderBytes] ^= 1;
  SetBytes(SegmentFile(0), bytes);
  Reopen();
  ASSERT_THAT(log_->damage(), SizeIs(1));
  EXPECT_EQ(log_->damage()[0].end_offset, 1u);
  EXPECT_EQ(At().end_offset(), 20'001u);
}

// A payload that looks like a batch of its own segment is none: it is not at its own position.
TEST_F(DamageTest, APayloadCannotPretendToBeABatch) {
  Fill(3, 100);
  const std::string whole = Bytes(SegmentFile(0));
  AppendOk(At(), AppendBatch{.layout = Layout::kOpaque, .payload = whole, .record_count = 1});
  const std::string bytes = Bytes(SegmentFile(0));
  // The tail is torn behind a part of the payload.
  SetBytes(SegmentFile(0), bytes.substr(0, bytes.size() - 1));
  Reopen();
  EXPECT_EQ(At().end_offset(), 3u);
  EXPECT_THAT(log_->damage(), IsEmpty());
}

class BitFlipTest : public DamageTest {
 protected:
  // What must hold with any one bit wrong: what is read is what was written, and what is not read is said.
  void Check(const std::string& what, uint64_t count) {
    std::string text;
    uint64_t lost = 0;
    const auto reader = At().NewReader(0, nullptr);
    ReadBatch batch;
    uint64_t offset = 0;
    for (;;) {
      const auto next = reader->Next(&batch);
      if (!next) {
        ASSERT_EQ(next.error().code(), ErrorCode::kDataCorrupted) << what;
        ASSERT_GT(reader->resume_offset(), offset) << what;
        lost += reader->resume_offset() - offset;
        offset = reader->resume_offset();
        reader->Seek(offset);
        continue;
      }
      if (!*next) break;
      ASSERT_EQ(batch.base_offset, offset) << what;
      const size_t begin = std::next(ends_.begin(), static_cast<long>(offset))->second;
      ASSERT_EQ(batch.payload, std::string_view(text_).substr(begin, batch.payload.size())) << what;
      ASSERT_EQ(batch.id, "id " + std::to_string(offset)) << what;
      ASSERT_EQ(batch.end_offset(), offset + 1) << what;
      offset = batch.end_offset();
    }
    ASSERT_EQ(offset, count) << what;
    ASSERT_LE(lost, 1u) << what;
    ASSERT_EQ(log_->damage().empty(), lost == 0) << what;
  }
};

TEST_F(BitFlipTest, InEveryByteOfASegmentThatWasClosed) {
  Fill(30, 100);
  ASSERT_TRUE(log_->Close());
  const std::string whole = Bytes(SegmentFile(0));
  log_.reset();
  for (size_t at = 0; at < whole.size(); at += kStride) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    SetOnly(bytes);
    Open();
    ASSERT_NO_FATAL_FAILURE(Check(std::to_string(at), 30));
  }
}

TEST_F(BitFlipTest, InEveryByteOfASealedSegment) {
  Fill(32, 2000, {.segment_bytes = 64 << 10});
  AppendOk(At(), Lines("next\n", "id 32"));
  text_ += "next\n";
  ASSERT_TRUE(IsThere(SegmentFile(32)));
  const std::string whole = Bytes(SegmentFile(0));
  const std::string index = Bytes(kIndex);
  for (const bool with_index : {true, false}) {
    for (size_t at = 0; at < whole.size(); at += 7 * kStride) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
      SetBytes(SegmentFile(0), bytes);
      if (with_index) {
        SetBytes(kIndex, index);
      } else {
        static_cast<void>(world_.files.Remove(kIndex));
      }
      Open();
      ASSERT_NO_FATAL_FAILURE(Check(std::to_string(at) + (with_index ? " with index" : ""), 33));
    }
  }
}

// An index is derived: whatever is wrong with it, everything is found.
TEST_F(BitFlipTest, InEveryByteOfAnIndex) {
  Fill(32, 2000, {.segment_bytes = 64 << 10});
  AppendOk(At(), Lines("next\n", "id 32"));
  text_ += "next\n";
  const std::string index = Bytes(kIndex);
  for (size_t at = 0; at < index.size(); at += kStride) {
    std::string bytes = index;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    SetBytes(kIndex, bytes);
    Open();
    ASSERT_NO_FATAL_FAILURE(Check(std::to_string(at), 33));
    ASSERT_THAT(log_->damage(), IsEmpty());
    ASSERT_TRUE(Append(At(), Lines("any\n", "id 5"))->is_repetition);
    ASSERT_EQ(Bytes(kIndex), index) << "made anew, byte for byte";
  }
  for (size_t cut = 0; cut < index.size(); cut += kStride) {
    SetBytes(kIndex, index.substr(0, cut));
    Open();
    ASSERT_NO_FATAL_FAILURE(Check(std::to_string(cut), 33));
    ASSERT_EQ(Bytes(kIndex), index);
  }
}

TEST_F(BitFlipTest, InEveryByteOfATopicFile) {
  MakeTopic();
  const std::string path = "/log/topic-0000000001/topic";
  const std::string whole = Bytes(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    SetBytes(path, bytes);
    const auto opened = TryOpen();
    ASSERT_FALSE(opened) << at;
    ASSERT_EQ(opened.error().code(), ErrorCode::kDataCorrupted);
    ASSERT_THAT(opened.error().message(), HasSubstr(path));
  }
}

TEST_F(DamageTest, AMissingSegmentIsSaid) {
  MakeTopic({.segment_bytes = 64 << 10});
  const std::string big(70'000, 'x');
  for (int i = 0; i < 4; ++i) AppendOk(At(), Lines(big + "\n"));
  ASSERT_TRUE(world_.files.Remove(SegmentFile(1)));
  Reopen();
  ASSERT_THAT(log_->damage(), SizeIs(1));
  EXPECT_EQ(log_->damage()[0].first_offset, 1u);
  EXPECT_EQ(log_->damage()[0].end_offset, 2u);
  EXPECT_THAT(ReadFrom(At(), 1), HasSubstr("!record 1 is lost"));
  EXPECT_EQ(ReadFrom(At(), 2).size(), 2 * 70'001u);
  log_.reset();
  for (const uint64_t base : {0, 2, 3}) ASSERT_TRUE(world_.files.Remove(SegmentFile(base)));
  const auto opened = TryOpen();
  ASSERT_FALSE(opened) << "without any it is not known which offsets have been given out";
  EXPECT_THAT(opened.error().message(), HasSubstr("has no segment"));
}

TEST_F(DamageTest, ASegmentOfWhichNothingIsLeft) {
  Fill(10, 100);
  ASSERT_TRUE(log_->Close());
  SetBytes(SegmentFile(0), std::string(5000, 'z'));
  Reopen();
  ASSERT_THAT(log_->damage(), SizeIs(1));
  EXPECT_EQ(log_->damage()[0].first_offset, 0u);
  EXPECT_GE(log_->damage()[0].end_offset, 10u) << "no offset is given out again";
  EXPECT_EQ(Bytes(SegmentFile(0)), std::string(5000, 'z'));
  const uint64_t next = log_->damage()[0].end_offset;
  EXPECT_EQ(AppendOk(At(), Lines("a\n")), next);
  Reopen();
  EXPECT_EQ(ReadFrom(At(), next), "a\n");
}

// How old its records were is not known, so it is as old as what follows it.
TEST_F(DamageTest, RetentionDoesNotHurryADamagedSegmentAway) {
  Fill(1, 70'000, {.segment_bytes = 64 << 10, .retention_age_micros = 10'000'000});
  AppendOk(At(), Lines("next\n"));
  SetBytes(SegmentFile(0), std::string(5000, 'z'));
  Reopen();
  log_->StartRetention();
  world_.executor.RunFor(5'000'000);
  EXPECT_EQ(At().start_offset(), 0u);
  world_.executor.RunFor(20'000'000);
  EXPECT_EQ(At().start_offset(), 2u);
}

TEST_F(DamageTest, VerifyFindsWhatOpeningDoesNotLookAt) {
  Fill(32, 2000, {.segment_bytes = 64 << 10});
  AppendOk(At(), Lines("next\n"));
  std::string bytes = Bytes(SegmentFile(0));
  bytes[30'000] ^= 4;
  SetBytes(SegmentFile(0), bytes);
  Reopen();
  EXPECT_THAT(log_->damage(), IsEmpty()) << "the index says what is in it";
  ASSERT_TRUE(log_->Verify());
  ASSERT_THAT(log_->damage(), SizeIs(1));
  ASSERT_TRUE(log_->Verify());
  EXPECT_THAT(log_->damage(), SizeIs(1)) << "once";
}

}  // namespace
}  // namespace millrace::log
