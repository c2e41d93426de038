// Bounded reading of files: selection, compression, columns from paths, what is wrong with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "connectors/filesystem/file_selection.h"
#include "connectors/filesystem/filesystem.h"
#include "connectors/filesystem/partition_path.h"
#include "connectors/packed_fixture.h"
#include "connectors/source_fixture.h"
#include "env/simulated_disk.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Options = std::vector<std::pair<std::string, std::string>>;

class FileSourceTest : public testing::Test {
 protected:
  FileSourceTest() : clock_(1'586'937'600'123'456), files_(clock_) {
    env_.clock = &clock_;
    env_.files = &files_;
    context_.env = &env_;
    EXPECT_TRUE(files_.MakeDirs("/d").has_value());
  }

  void Put(const std::string& path, std::string_view bytes) {
    ASSERT_TRUE(files_.MakeDirs(env::DirName(path)).has_value());
    ASSERT_TRUE(files_.WriteAll(path, bytes).has_value());
  }

  Result<std::unique_ptr<Source>> Make(const std::string& path, Options with = {}) {
    with.emplace_back("connector", "filesystem");
    with.emplace_back("path", path);
    with.emplace_back("format", format_);
    return MakeSource(With(std::move(with)), columns_, AllOf(columns_), context_);
  }

  std::vector<std::string> Read(const std::string& path, Options with = {}) {
    auto source = Make(path, std::move(with));
    EXPECT_TRUE(source.has_value()) << source.error().ToString();
    EXPECT_TRUE((*source)->bounded());
    sink_ = CollectingSink();
    auto status = PollAll(**source, sink_);
    EXPECT_TRUE(status.has_value()) << status.error().ToString();
    EXPECT_EQ(status->kind, ReadStatus::Kind::kEnd);
    return sink_.rows;
  }

  std::string ErrorOf(const std::string& path, Options with = {}) {
    auto source = Make(path, std::move(with));
    if (!source.has_value()) return source.error().ToString();
    auto status = PollAll(**source, sink_);
    return status.has_value() ? "no error" : status.error().ToString();
  }

  env::SimulatedClock clock_;
  env::SimulatedDisk files_;
  env::Env env_;
  SourceContext context_;
  TableColumns columns_ = Physical({{"line", DataType::String()}});
  std::string format_ = "raw";
  CollectingSink sink_;
};

TEST_F(FileSourceTest, ReadsAFileToItsLastLineWithoutNewline) {
  Put("/d/a.log", "one\ntwo\nthree");
  EXPECT_THAT(Read("/d/a.log"), ElementsAre("+I[one]", "+I[two]", "+I[three]"));
  EXPECT_THAT(Read("file:///d/a.log"), ElementsAre("+I[one]", "+I[two]", "+I[three]"));
  Put("/d/empty", "");
  EXPECT_THAT(Read("/d/empty"), IsEmpty());
}

TEST_F(FileSourceTest, ReadsAFolderByNameWithoutHiddenFiles) {
  Put("/d/b", "3\n");
  Put("/d/a/2", "2\n");
  Put("/d/a/1", "1\n");
  Put("/d/_tmp", "x\n");
  Put("/d/.part-0.inprogress", "x\n");
  Put("/d/_dir/a", "x\n");
  EXPECT_THAT(Read("/d"), ElementsAre("+I[1]", "+I[2]", "+I[3]"));
  EXPECT_THAT(Read("/d/_tmp"), ElementsAre("+I[x]"));
}

TEST_F(FileSourceTest, ReadsGlobs) {
  Put("/d/x/a1.log", "1\n");
  Put("/d/x/a2.log", "2\n");
  Put("/d/y/deep/a3.log", "3\n");
  Put("/d/y/a4.txt", "4\n");
  EXPECT_THAT(Read("/d/x/*.log"), ElementsAre("+I[1]", "+I[2]"));
  EXPECT_THAT(Read("/d/**/a?.log"), ElementsAre("+I[1]", "+I[2]", "+I[3]"));
  EXPECT_THAT(Read("/d/*/a[34].*"), ElementsAre("+I[4]"));
  EXPECT_THAT(Read("/d/*"), ElementsAre("+I[1]", "+I[2]", "+I[4]", "+I[3]"));
  Put("/d/z/odd[1].log", "5\n");
  EXPECT_THAT(Read("/d/z/odd[1].log"), ElementsAre("+I[5]"));
}

TEST_F(FileSourceTest, PathPatternMatchesWholePaths) {
  Put("/d/2020/a.csv", "1\n");
  Put("/d/2020/a.json", "2\n");
  Put("/d/2021/a.csv", "3\n");
  EXPECT_THAT(Read("/d", {{"source.path.regex-pattern", "/d/\\d+/.*\\.csv"}}), ElementsAre("+I[1]", "+I[3]"));
  EXPECT_THAT(Read("/d", {{"source.path.regex-pattern", "2020"}}), IsEmpty());
  EXPECT_EQ(ErrorOf("/d", {{"source.path.regex-pattern", "(a"}}),
            "22023: table 't': option 'source.path.regex-pattern': '(a' is not a regular expression: missing "
            "closing "
            "parenthesis (at 2)");
}

TEST_F(FileSourceTest, UnpacksGzipAndZstdOfSeveralMembers) {
  Put("/d/a.gz", Gzip("1\n2") + Gzip("2\n") + Gzip("") + Gzip("3"));
  Put("/d/b.zst", Zstd("4\n") + Zstd("5\n6"));
  Put("/d/c", Gzip("7\n"));
  EXPECT_THAT(Read("/d"), ElementsAre("+I[1]", "+I[22]", "+I[3]", "+I[4]", "+I[5]", "+I[6]", "+I[7]"));
  EXPECT_THAT(sink_.malformed, IsEmpty());
}

TEST_F(FileSourceTest, UnpacksMoreThanItsBuffers) {
  std::string plain;
  for (int i = 0; i < 400'000; ++i) plain += "line number " + std::to_string(i) + "\n";
  Put("/d/a.gz", Gzip(plain));
  Put("/d/b.zst", Zstd(plain));
  const auto rows = Read("/d");
  ASSERT_EQ(rows.size(), 800'000);
  EXPECT_EQ(rows[399'999], "+I[line number 399999]");
  EXPECT_EQ(rows[400'000], "+I[line number 0]");
  EXPECT_EQ(rows.back(), "+I[line number 399999]");
}

TEST_F(FileSourceTest, BrokenPackedFilesAreReportedAndOthersGoOn) {
  std::string plain;
  for (int i = 0; i < 1000; ++i) plain += std::to_string(i * 7919 % 10007) + "\n";
  const std::string gzip = Gzip(plain);
  Put("/d/a.gz", gzip.substr(0, gzip.size() / 2));
  std::string wrong = gzip;
  wrong[wrong.size() - 6] ^= 1;  // in the checksum
  Put("/d/b.gz", wrong);
  Put("/d/c.gz", "not packed\n");
  Put("/d/d.gz", Gzip("ok\n"));
  const std::string zstd = Zstd(plain);
  Put("/d/e.zst", zstd.substr(0, zstd.size() - 1));
  const auto rows = Read("/d");
  EXPECT_EQ(rows.front(), "+I[0]");
  ASSERT_EQ(sink_.malformed.size(), 4);
  EXPECT_EQ(sink_.malformed[0].origin, "/d/a.gz");
  EXPECT_THAT(sink_.malformed[0].reason, HasSubstr("the gzip data ends in the middle"));
  EXPECT_THAT(sink_.malformed[1].reason, HasSubstr("incorrect data check"));
  EXPECT_THAT(sink_.malformed[2].reason, HasSubstr("it does not begin as gzip or zstd data does"));
  EXPECT_THAT(sink_.malformed[3].reason, HasSubstr("the zstd data ends in the middle"));
  EXPECT_THAT(rows, testing::Contains("+I[ok]"));
}

TEST_F(FileSourceTest, OtherCompressionsAreRefused) {
  Put("/d/a.bz2", "BZh91AY&SY");
  EXPECT_EQ(ErrorOf("/d/a.bz2"),
            "0A000: '/d/a.bz2' is packed with bzip2\nHINT: gzip and zstd are unpacked; pack it with one of "
            "these, or "
            "not at all");
}

TEST_F(FileSourceTest, MalformedRecordsHaveTheirPlace) {
  format_ = "csv";
  columns_ = Physical({{"n", DataType::Int()}});
  Put("/d/a", "17\none two\n18\n");
  EXPECT_THAT(Read("/d/a"), ElementsAre("+I[17]", "+I[18]"));
  ASSERT_EQ(sink_.malformed.size(), 1);
  EXPECT_EQ(sink_.malformed[0].origin, "/d/a");
  EXPECT_EQ(sink_.malformed[0].offset, 3);
  EXPECT_EQ(sink_.malformed[0].bytes, "one two");
  EXPECT_EQ(sink_.malformed[0].size, 7);
}

TEST_F(FileSourceTest, LongRecordsGrowTheBuffer) {
  const std::string record(5 << 20, 'x');
  Put("/d/a", "1\n" + record + "\n2\n");
  const auto rows = Read("/d/a");
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows[1].size(), record.size() + 4);
  EXPECT_EQ(rows[2], "+I[2]");
}

TEST_F(FileSourceTest, RecordsBeyondTheLimitAreReported) {
  std::string bytes = "1\n";
  bytes.append(limits::kRecordBytesMax + (5 << 20), 'x');
  bytes += "\n2\n";
  Put("/d/a", bytes);
  EXPECT_THAT(Read("/d/a"), ElementsAre("+I[1]", "+I[2]"));
  ASSERT_EQ(sink_.malformed.size(), 1);
  EXPECT_EQ(sink_.malformed[0].offset, 2);
  EXPECT_EQ(sink_.malformed[0].bytes.size(), limits::kDeadLetterBytesMax);
  EXPECT_GT(sink_.malformed[0].size, limits::kRecordBytesMax);
  EXPECT_EQ(sink_.malformed[0].reason, "the record is longer than 67108864 bytes");
}

TEST_F(FileSourceTest, MetadataColumns) {
  columns_.metadata = {{"p", "file.path", DataType::String()},
                       {"n", "file.name", DataType::String()},
                       {"s", "file.size", DataType::BigInt()},
                       {"m", "file.modification-time", DataType::TimestampLtz(3)}};
  Put("/d/a", "1\n2\n");
  EXPECT_THAT(Read("/d"), ElementsAre("+I[1, /d/a, a, 4, 2020-04-15T08:00:00.123Z]",
                                      "+I[2, /d/a, a, 4, 2020-04-15T08:00:00.123Z]"));
  columns_.metadata = {{"p", "file.pth", DataType::String()}};
  EXPECT_EQ(
      ErrorOf("/d"),
      "42703: table 't': column 'p': connector 'filesystem' has no metadata 'file.pth'\nHINT: did you mean "
      "'file.path'?");
  columns_.metadata = {{"s", "file.size", DataType::Int()}};
  EXPECT_EQ(
      ErrorOf("/d"),
      "42804: table 't': column 's': metadata 'file.size' is BIGINT, not INT\nHINT: declare it as BIGINT");
}

TEST_F(FileSourceTest, PartitionColumnsComeFromThePath) {
  columns_ = Physical({{"dt", DataType::Date()}, {"line", DataType::String()}, {"city", DataType::String()}});
  columns_.partition_keys = {"dt", "city"};
  Put("/d/dt=2020-01-01/city=bei%3Ajing/a", "1\n");
  Put("/d/dt=2020-01-02/city=__HIVE_DEFAULT_PARTITION__/a", "2\n");
  EXPECT_THAT(Read("/d"), ElementsAre("+I[2020-01-01, 1, bei:jing]", "+I[2020-01-02, 2, null]"));
  Put("/d/dt=2020-01-03/b", "3\n");
  EXPECT_EQ(
      ErrorOf("/d"),
      "42P16: '/d/dt=2020-01-03/b' lies in no folder 'city=…', though the table is partitioned by city");
  EXPECT_THAT(ErrorOf("/d/dt=2020-01-03", {{"partition.default-name", "x"}}), HasSubstr("lies in no folder"));
}

TEST_F(FileSourceTest, WrongPartitionValues) {
  columns_ = Physical({{"n", DataType::Int()}, {"line", DataType::String()}});
  columns_.partition_keys = {"n"};
  Put("/d/n=abc/a", "1\n");
  EXPECT_THAT(ErrorOf("/d"), HasSubstr("partition column 'n' of '/d/n=abc/a': "));
}

TEST_F(FileSourceTest, MissingFilesAreErrorsAtOnce) {
  EXPECT_THAT(ErrorOf("/d/none.log"), HasSubstr("/d/none.log"));
  EXPECT_EQ(ErrorOf("/d/*.log"), "58P01: table 't': no file matches '/d/*.log'");
  EXPECT_THAT(Read("/d"), IsEmpty());
  EXPECT_EQ(ErrorOf("hdfs://host/a"),
            "0A000: table 't': option 'path': 'hdfs://host/a' is not on this machine\nHINT: give a path, or "
            "a file:// "
            "URI; other file systems have to be mounted");
}

TEST_F(FileSourceTest, ParquetIsNoStream) {
  auto source = MakeSource(With({{"connector", "filesystem"}, {"path", "/d"}, {"format", "parquet"}}),
                           columns_, AllOf(columns_), context_);
  EXPECT_EQ(source.error().message(), "table 't': format 'parquet' cannot be read as a stream of events");
}

TEST_F(FileSourceTest, GoesOnFromAnyPosition) {
  std::string plain;
  for (int i = 0; i < 300'000; ++i) plain += "row " + std::to_string(i) + "\n";
  Put("/d/a", plain);
  Put("/d/b.gz", Gzip(plain));
  const auto rows = Read("/d");
  ASSERT_EQ(rows.size(), 600'000);

  std::vector<std::string> pieces;
  std::string position;
  for (int restarts = 0;; ++restarts) {
    auto source = Make("/d");
    ASSERT_TRUE(source.has_value());
    if (!position.empty()) {
      ASSERT_TRUE((*source)->Seek(position).has_value());
    }
    sink_ = CollectingSink();
    auto status = (*source)->Poll(sink_, {.rows_max = 40'000});
    ASSERT_TRUE(status.has_value());
    pieces.insert(pieces.end(), sink_.rows.begin(), sink_.rows.end());
    position = (*source)->Position();
    if (status->kind == ReadStatus::Kind::kEnd) {
      EXPECT_GT(restarts, 4);
      break;
    }
  }
  EXPECT_EQ(pieces, rows);
  auto source = Make("/d");
  EXPECT_TRUE((*source)->Seek(position).has_value());
  EXPECT_EQ(PollAll(**source, sink_)->kind, ReadStatus::Kind::kEnd);
  EXPECT_EQ((*source)->Seek("5 /d/gone").error().message(),
            "'/d/gone', which was read up to byte 5, is not there any more");
}

TEST_F(FileSourceTest, UnreadColumnsAreNotDecodedButRowsCount) {
  Put("/d/a", "1\n2\n");
  auto source = MakeSource(With({{"connector", "filesystem"}, {"path", "/d"}, {"format", "raw"}}), columns_,
                           {false}, context_);
  ASSERT_TRUE(source.has_value());
  ASSERT_TRUE(PollAll(**source, sink_).has_value());
  EXPECT_THAT(sink_.rows, ElementsAre("+I[]", "+I[]"));
}

TEST(PartitionPathTest, FoldersAsHiveWritesThem) {
  EXPECT_EQ(PartitionFolder("dt", "2020-01-01", "none"), "dt=2020-01-01");
  EXPECT_EQ(PartitionFolder("t", "12:30/a=b%", "none"), "t=12%3A30%2Fa%3Db%25");
  EXPECT_EQ(PartitionFolder("城市", "北京", "none"), "城市=北京");
  EXPECT_EQ(PartitionFolder("t", "", "none"), "t=none");
  EXPECT_EQ(PartitionText("/a/dt=1/dt=2/x", "dt"), "2");
  EXPECT_EQ(PartitionText("/a/dt=1", "dt"), std::nullopt);
}

}  // namespace
}  // namespace millrace::connectors
