#include "log/batch_format.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "log/compression.h"

namespace millrace::log {
namespace {

template <size_t N>
std::string Text(const std::array<char, N>& bytes) {
  return {bytes.data(), N};
}

BatchHeader Example() {
  BatchHeader header;
  header.codec = Codec::kLz4;
  header.layout = Layout::kLines;
  header.id_bytes = 3;
  header.participants = 2;
  header.body_crc = 0x01020304;
  header.body_bytes = 16 + 3 + 5 + 100;
  header.payload_bytes = 300;
  header.ends_bytes = 5;
  header.record_count = 7;
  header.salt = 0x1122334455667788;
  header.position = 4096;
  header.synced = 2048;
  header.base_offset = 1000;
  header.append_micros = 1'700'000'000'000'000;
  header.transaction = 12;
  return header;
}

TEST(BatchFormatTest, HeaderFollowsTheGrammar) {
  const std::string bytes = Text(EncodeBatchHeader(Example()));
  ASSERT_EQ(bytes.size(), 88u);
  EXPECT_EQ(bytes.substr(0, 4), "MRHB");
  EXPECT_EQ(bytes.substr(8, 8), std::string("\x01\x01\x01\x03\x02\x00\x00\x00", 8));
  EXPECT_EQ(bytes.substr(16, 4), std::string("\x04\x03\x02\x01", 4));
  EXPECT_EQ(bytes.substr(20, 4), std::string("\x7C\x00\x00\x00", 4));
  EXPECT_EQ(bytes.substr(40, 8), std::string("\x88\x77\x66\x55\x44\x33\x22\x11", 8));
  EXPECT_EQ(bytes.substr(64, 8), std::string("\xE8\x03\x00\x00\x00\x00\x00\x00", 8));
  const uint32_t crc = Crc32c(std::string_view(bytes).substr(8));
  EXPECT_EQ(static_cast<unsigned char>(bytes[4]), crc & 0xFF);
  EXPECT_EQ(DecodeBatchHeader(bytes, Example().salt, 4096), Example());
}

TEST(BatchFormatTest, HeaderBelongsToItsPlace) {
  const std::string bytes = Text(EncodeBatchHeader(Example()));
  EXPECT_FALSE(DecodeBatchHeader(bytes, Example().salt + 1, 4096));
  EXPECT_FALSE(DecodeBatchHeader(bytes, Example().salt, 4097));
}

TEST(BatchFormatTest, EveryBitOfAHeaderCounts) {
  const std::string bytes = Text(EncodeBatchHeader(Example()));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(DecodeBatchHeader(flipped, Example().salt, 4096)) << bit;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(DecodeBatchHeader(std::string_view(bytes).substr(0, size), Example().salt, 4096)) << size;
  }
}

// With right checksums, as only a defect or an attacker writes them.
TEST(BatchFormatTest, LengthsMustAgree) {
  const auto refused = [](auto change) {
    BatchHeader header = Example();
    change(header);
    return !DecodeBatchHeader(Text(EncodeBatchHeader(header)), header.salt, header.position);
  };
  EXPECT_FALSE(refused([](BatchHeader&) {}));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.codec = static_cast<Codec>(3); }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.layout = static_cast<Layout>(3); }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.id_bytes = 65; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.body_bytes = 23; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.codec = Codec::kNone; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.payload_bytes = 99; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.payload_bytes = (256u << 20) + 1; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.ends_bytes = UINT32_MAX; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.record_count = UINT32_MAX; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.record_count = 0; })) << "a mark has no body";
  EXPECT_TRUE(refused([](BatchHeader& h) { h.synced = h.position + 1; }));
  EXPECT_TRUE(refused([](BatchHeader& h) { h.base_offset = UINT64_MAX - 3; }));
}

TEST(BatchFormatTest, SegmentHeader) {
  SegmentHeader header;
  header.salt = 0x1122334455667788;
  header.base_offset = 42;
  header.created_micros = 1'700'000'000'000'000;
  header.last_transaction = 9;
  header.topic = 7;
  header.partition = 3;
  header.last_append_micros = -5;
  const std::string bytes = Text(EncodeSegmentHeader(header));
  ASSERT_EQ(bytes.size(), 64u);
  EXPECT_EQ(bytes.substr(0, 8), "MRLOGSEG");
  EXPECT_EQ(bytes.substr(12, 4), std::string("\x01\x00\x00\x00", 4));
  EXPECT_EQ(bytes.substr(24, 8), std::string("\x2A\x00\x00\x00\x00\x00\x00\x00", 8));
  EXPECT_EQ(DecodeSegmentHeader(bytes), header);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(DecodeSegmentHeader(flipped)) << bit;
  }
}

TEST(BatchFormatTest, BodyHasItsParts) {
  std::string body;
  const std::vector<Participant> participants = {{1, 0}, {7, 3}};
  AppendParticipants(participants, &body);
  body += "idsEENDSpayload";
  BatchHeader header;
  header.participants = 2;
  header.id_bytes = 3;
  header.ends_bytes = 5;
  header.body_bytes = static_cast<uint32_t>(body.size());
  header.body_crc = Crc32c(body);
  const BatchBody parts = SplitBody(header, body);
  EXPECT_EQ(parts.ReadParticipants(), participants);
  EXPECT_EQ(parts.id, "ids");
  EXPECT_EQ(parts.ends, "EENDS");
  EXPECT_EQ(parts.payload, "payload");
  EXPECT_TRUE(IsBodyIntact(header, body));
  body.back() ^= 1;
  EXPECT_FALSE(IsBodyIntact(header, body));
}

TEST(CompressionTest, GivesBackWhatItTook) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"id\": " + std::to_string(i) + "}\n";
  for (const Codec codec : {Codec::kLz4, Codec::kZstd}) {
    std::string stored;
    ASSERT_TRUE(Compress(codec, text, &stored));
    EXPECT_LT(stored.size(), text.size() / 2);
    std::string back(text.size(), '\0');
    ASSERT_TRUE(Decompress(codec, stored, back.data(), back.size()));
    EXPECT_EQ(back, text);
    EXPECT_FALSE(Decompress(codec, stored, back.data(), back.size() - 1));
    std::string longer(text.size() + 1, '\0');
    EXPECT_FALSE(Decompress(codec, stored, longer.data(), longer.size()));
    EXPECT_FALSE(Decompress(codec, "not compressed at all", back.data(), back.size()));
    EXPECT_FALSE(Compress(codec, "Xy1", &stored)) << "too short to shrink";
  }
}

}  // namespace
}  // namespace millrace::log
