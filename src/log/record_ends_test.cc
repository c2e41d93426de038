#include "log/record_ends.h"

#include <gtest/gtest.h>

#include "env/random.h"

namespace millrace::log {
namespace {

using Ends = std::vector<uint32_t>;

std::string Encoded(const Ends& ends) {
  std::string bytes;
  AppendRecordEnds(ends, &bytes);
  return bytes;
}

TEST(RecordEndsTest, OneRecordNeedsNothing) {
  EXPECT_EQ(Encoded({17}), "");
  EXPECT_EQ(ReadRecordEnds("", 1, 17), (Ends{17}));
}

// By hand from the grammar: lengths 5 and 7 before the last: least 5, differences 0 and 2 in two bits each,
// lowest first: 0b1000.
TEST(RecordEndsTest, FollowsTheGrammar) {
  EXPECT_EQ(Encoded({5, 12, 100}), std::string("\x02\x05\x08", 3));
  EXPECT_EQ(Encoded({200, 400, 600}), std::string("\x00\xC8\x01", 3))
      << "one length: no bits; 200 as a varint";
}

TEST(RecordEndsTest, ReadsWhatItWrote) {
  env::Random random(7);
  for (int round = 0; round < 2'000; ++round) {
    Ends ends;
    const uint64_t records = 1 + random.Below(400);
    const uint64_t length_max = uint64_t{1} << random.Below(20);
    uint32_t end = 0;
    for (uint64_t i = 0; i < records; ++i) {
      end += static_cast<uint32_t>(random.Below(random.Chance(0.01) ? 1'000'000 : length_max + 1));
      ends.push_back(end);
    }
    const std::string bytes = Encoded(ends);
    const auto read = ReadRecordEnds(bytes, static_cast<uint32_t>(ends.size()), end);
    ASSERT_TRUE(read) << round;
    ASSERT_EQ(*read, ends) << round;
  }
}

TEST(RecordEndsTest, TakesTheGreatestLengths) {
  const Ends ends = {0, UINT32_MAX, UINT32_MAX};
  EXPECT_EQ(ReadRecordEnds(Encoded(ends), 3, UINT32_MAX), ends);
}

TEST(RecordEndsTest, RefusesWhatIsNotRight) {
  const std::string bytes = Encoded({5, 12, 100});
  EXPECT_TRUE(ReadRecordEnds(bytes, 3, 100));
  EXPECT_FALSE(ReadRecordEnds(bytes, 3, 11)) << "a record ends behind the payload";
  EXPECT_FALSE(ReadRecordEnds(bytes, 0, 100));
  EXPECT_FALSE(ReadRecordEnds(bytes, 1, 100)) << "bytes are left";
  EXPECT_FALSE(ReadRecordEnds(bytes, 200, 100));
  EXPECT_FALSE(ReadRecordEnds(bytes, UINT32_MAX, 100));
  EXPECT_FALSE(ReadRecordEnds("", 2, 100));
  EXPECT_FALSE(ReadRecordEnds(std::string("\x21\x05", 2) + std::string(10, 'x'), 3, 100)) << "33 bits wide";
  EXPECT_FALSE(ReadRecordEnds(std::string("\x02\x05\x18", 3), 3, 100)) << "bits behind the last length";
  EXPECT_FALSE(ReadRecordEnds("\x01\xFF\xFF\xFF\xFF\xFF\xFF", 3, 100)) << "a varint of more than 32 bits";
}

TEST(RecordEndsTest, AnyBytesAreSafe) {
  env::Random random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random.Below(64), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    const auto count = static_cast<uint32_t>(random.Below(300));
    const auto ends = ReadRecordEnds(bytes, count, static_cast<uint32_t>(random.Below(100'000)));
    if (ends) {
      ASSERT_EQ(ends->size(), count);
      ASSERT_TRUE(std::is_sorted(ends->begin(), ends->end()));
    }
  }
}

TEST(LineEndsTest, FindsLineFeeds) {
  EXPECT_EQ(LineEnds(""), Ends{});
  EXPECT_EQ(LineEnds("a\n"), Ends{2});
  EXPECT_EQ(LineEnds("a\n\nbc"), (Ends{2, 3, 5}));
  EXPECT_EQ(LineEnds("a\r\nb\r\n"), (Ends{3, 6}));
}

}  // namespace
}  // namespace millrace::log
