#include <gtest/gtest.h>

#include <string>

#include "state/state_writer.h"

namespace millrace::state {
namespace {

// A buffer as text: one line a record.
Result<std::string> Text(std::string_view buffer) {
  std::string text;
  StateCursor cursor(buffer);
  StateRecord record;
  while (true) {
    MR_ASSIGN(const bool has_record, cursor.Next(&record));
    if (!has_record) return text;
    const auto quoted = [](std::string_view bytes) { return "'" + std::string(bytes) + "'"; };
    const std::string shard = std::to_string(record.shard) + "/" + std::to_string(record.shards);
    switch (record.tag) {
      case StateTag::kPut:
        text += "put " + quoted(record.space) + " " + std::to_string(record.hash) + " " + quoted(record.key) +
                " " + quoted(record.value) + "\n";
        break;
      case StateTag::kRemove:
        text += "remove " + quoted(record.space) + " " + std::to_string(record.hash) + " " +
                quoted(record.key) + "\n";
        break;
      case StateTag::kDrop:
        text += "drop " + quoted(record.space) + " " + shard + "\n";
        break;
      case StateTag::kShared:
        text += "shared " + quoted(record.key) + " " + shard + " " + quoted(record.value) + "\n";
        break;
      case StateTag::kSpace:
        text += "?\n";
    }
  }
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

// One of each record, by hand from docs/formats/state.md: version 1 is read for good.
std::string Golden() {
  std::string bytes = Bytes({1});                                        // version
  bytes += Bytes({4, 1, 4, 2}) + "w1";                                   // drop "w1", shard 1 of 4
  bytes += Bytes({3, 8, 7, 6, 5, 4, 3, 2, 1, 3}) + "old";                // remove "old" of the space ""
  bytes += Bytes({1, 1}) + "g";                                          // space "g"
  bytes += Bytes({2, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 3, 5}) + "keyvalue";  // put "key": "value"
  bytes += Bytes({2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});                     // put "": ""
  bytes += Bytes({2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 1}) + "k" + std::string(128, 'v');
  bytes += Bytes({5, 1, 4, 9, 2}) + "watermark" + "42";  // shared, shard 1 of 4
  return bytes;
}
const std::string kGoldenText =
    "drop 'w1' 1/4\n"
    "remove '' 72623859790382856 'old'\n"
    "put 'g' 9223372036854776063 'key' 'value'\n"
    "put 'g' 1 '' ''\n"
    "put 'g' 0 'k' '" +
    std::string(128, 'v') +
    "'\n"
    "shared 'watermark' 1/4 '42'\n";

TEST(StateRecordTest, VersionOneIsReadForGood) {
  const auto text = Text(Golden());
  ASSERT_TRUE(text.has_value()) << text.error().message();
  EXPECT_EQ(*text, kGoldenText);
}

TEST(StateRecordTest, WriterWritesVersionOne) {
  StateWriter writer(1, 4);
  EXPECT_EQ(writer.view(), "");
  writer.DropSpace("w1");
  writer.Remove("", 0x0102030405060708, "old");
  writer.Put("g", 0x80000000000000ff, "key", "value");
  writer.Put("g", 1, "", "");
  writer.Put("g", 0, "k", std::string(128, 'v'));
  writer.PutShared("watermark", "42");
  EXPECT_EQ(writer.view(), Golden());
}

TEST(StateRecordTest, EveryKindOfRecordMayComeFirst) {
  const auto first = [](auto&& write) {
    StateWriter writer;
    write(writer);
    return Text(writer.view()).value_or("error");
  };
  EXPECT_EQ(first([](StateWriter& w) { w.Put("", 7, "k", "v"); }), "put '' 7 'k' 'v'\n");
  EXPECT_EQ(first([](StateWriter& w) { w.Put("s", 7, "k", "v"); }), "put 's' 7 'k' 'v'\n");
  EXPECT_EQ(first([](StateWriter& w) { w.Remove("", 7, "k"); }), "remove '' 7 'k'\n");
  EXPECT_EQ(first([](StateWriter& w) { w.DropSpace("s"); }), "drop 's' 0/1\n");
  EXPECT_EQ(first([](StateWriter& w) { w.PutShared("n", "v"); }), "shared 'n' 0/1 'v'\n");
}

TEST(StateRecordTest, AWriterStartsAnewWhenItsBufferIsTaken) {
  StateWriter writer;
  writer.Put("s", 7, "k", "v");
  const StateBuffer first = writer.Take();
  EXPECT_EQ(writer.size(), 0u);
  writer.Put("s", 8, "k", "w");
  EXPECT_EQ(Text(first.view()).value_or("error"), "put 's' 7 'k' 'v'\n");
  EXPECT_EQ(Text(writer.view()).value_or("error"), "put 's' 8 'k' 'w'\n");
}

TEST(StateRecordTest, KeysAndValuesMayBeLong) {
  const std::string key(3'000'000, 'k');
  const std::string value(5'000'000, 'v');
  StateWriter writer;
  for (int i = 0; i < 3; ++i) writer.Put("s", 7, key, value);
  StateCursor cursor(writer.view());
  StateRecord record;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(cursor.Next(&record).value_or(false));
    EXPECT_TRUE(record.key == key && record.value == value);
  }
  EXPECT_FALSE(cursor.Next(&record).value_or(true));
}

TEST(StateRecordTest, ACutBufferIsAnErrorOrEndsBetweenRecords) {
  const std::string golden = Golden();
  size_t whole = 0;
  for (size_t size = 0; size < golden.size(); ++size) {
    const std::string cut(golden, 0, size);  // of its own, so that a read past its end is seen
    const auto text = Text(cut);
    if (text.has_value()) {
      EXPECT_TRUE(kGoldenText.starts_with(*text));
      ++whole;
    } else {
      EXPECT_EQ(text.error().code(), ErrorCode::kDataCorrupted);
    }
  }
  EXPECT_EQ(whole, 8u);  // nothing, the version, and behind each record but the last; a space is no record
}

TEST(StateRecordTest, DamageIsNamedWithItsPlace) {
  const auto message = [](const std::string& bytes) {
    const auto text = Text(bytes);
    return text.has_value() ? *text : text.error().message();
  };
  EXPECT_EQ(message(Bytes({2})), "the saved state is of version 2, this program reads version 1");
  EXPECT_EQ(message(Bytes({1, 9})), "the saved state is damaged at byte 1 of 2: no record has the tag 9");
  EXPECT_EQ(message(Bytes({1, 1, 5}) + "abc"),
            "the saved state is damaged at byte 3 of 6: 5 bytes are missing");
  EXPECT_EQ(message(Bytes({1, 1, 0x80, 2})),
            "the saved state is damaged at byte 2 of 4: a name of 256 bytes");
  EXPECT_EQ(message(Bytes({1, 4, 2, 2, 0})), "the saved state is damaged at byte 2 of 5: shard 2 of 2");
  EXPECT_EQ(message(Bytes({1, 4, 0, 65, 0})), "the saved state is damaged at byte 2 of 5: shard 0 of 65");
  EXPECT_EQ(message(Bytes({1, 1, 0x80})),
            "the saved state is damaged at byte 2 of 3: a number ends too early");
  const std::string long_number(10, '\xff');
  EXPECT_EQ(message(Bytes({1, 1}) + long_number),
            "the saved state is damaged at byte 2 of 12: a number has more than 64 bits");
}

}  // namespace
}  // namespace millrace::state
