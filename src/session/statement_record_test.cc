#include "session/statement_record.h"

#include <gtest/gtest.h>

namespace millrace::session {
namespace {

StatementRecord Sample() {
  StatementRecord record;
  record.id = 300;
  record.ids = 2;
  record.kind = StatementRecord::Kind::kJob;
  record.state = StatementRecord::State::kFailed;
  record.of_start = true;
  record.text = "INSERT";
  record.current_schema = "ods";
  record.settings = {{"k", "v"}};
  record.names = {{"ods", "t"}};
  record.error = "no";
  return record;
}

// By the grammar of docs/formats/catalog.md.
TEST(StatementRecordTest, BytesAreThoseOfTheFormat) {
  const std::string expected = std::string("\x01\x05\x02\x01", 4) + "\xAC\x02" + "\x02" +  // 300, 2
                               std::string("\0\0", 2) + "\x06INSERT" + std::string("\0", 1) +
                               "\x03"
                               "ods" +
                               "\x01\x01k\x01v" +
                               "\x01\x03"
                               "ods"
                               "\x01t" +
                               "\x02no";
  EXPECT_EQ(Sample().Encode(), expected);

  StatementRecord table;
  table.id = 1;
  table.kind = StatementRecord::Kind::kTable;
  table.name = {"public", "t"};
  table.text = "CREATE";
  table.expanded_text = "AS";
  table.current_schema = "public";
  EXPECT_EQ(table.Encode(), std::string("\x01\x02\x01\0\x01\x01\x06public\x01t\x06"
                                        "CREATE\x02"
                                        "AS\x06public\0\0\0",
                                        35));
}

TEST(StatementRecordTest, ComesBack) {
  const Result<StatementRecord> record = StatementRecord::Decode(Sample().Encode());
  ASSERT_TRUE(record.has_value()) << record.error().ToString();
  EXPECT_EQ(*record, Sample());
}

TEST(StatementRecordTest, OtherBytesAreRefused) {
  const std::string bytes = Sample().Encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = StatementRecord::Decode(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(cut.has_value());
    EXPECT_EQ(cut.error().code(), ErrorCode::kDataCorrupted);
  }
  EXPECT_FALSE(StatementRecord::Decode(bytes + "x").has_value());
  for (size_t at = 0; at < 4; ++at) {  // version, kind, state, whose it is
    std::string changed = bytes;
    changed[at] = 9;
    EXPECT_FALSE(StatementRecord::Decode(changed).has_value()) << at;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {0, 4, 7}) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      static_cast<void>(StatementRecord::Decode(flipped));  // may be another record, never a crash
    }
  }
}

TEST(StatementRecordTest, StatementsAreTheSameUpToBlanksAndComments) {
  EXPECT_EQ(NormalStatement("CREATE TABLE t(a INT) -- of a\n"),
            NormalStatement("CREATE  TABLE t /* x */ ( a\nINT )"));
  EXPECT_NE(NormalStatement("SELECT 'a  b'"), NormalStatement("SELECT 'a b'"));
  EXPECT_NE(NormalStatement("SELECT a b"), NormalStatement("SELECT ab"));
  EXPECT_NE(NormalStatement("SELECT /*+ X */ a"), NormalStatement("SELECT a"));
  EXPECT_EQ(NormalStatement("SELECT 'open"), "SELECT 'open");
}

TEST(StatementRecordTest, ALongTextIsShownByItsBeginning) {
  StatementRecord record = Sample();
  record.text = "INSERT INTO t SELECT '" + std::string(100, 'x') + "'";
  EXPECT_LT(record.Describe().size(), 90u);
  record.text = "INSERT INTO t SELECT '";
  for (int i = 0; i < 40; ++i) record.text += "\u4e2d";
  record.text += "'";
  const std::string shown = record.Describe();
  EXPECT_NE((static_cast<unsigned char>(shown[shown.size() - 6]) & 0xC0), 0xC0);  // no code point is cut
}

}  // namespace
}  // namespace millrace::session
