// Following of real files: growth, rotation in its kinds, restarts.
#include "connectors/filesystem/followed_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "connectors/filesystem/followed_files.h"
#include "connectors/packed_fixture.h"
#include "connectors/source_fixture.h"
#include "env/posix_files.h"

namespace millrace::connectors {
namespace {

using data::DataType;
using testing::ElementsAre;
using testing::IsEmpty;

class FollowTest : public testing::Test {
 protected:
  FollowTest() : clock_(1'586'937'600'000'000) {
    std::string pattern = testing::TempDir() + "follow-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    env_.clock = &clock_;
    env_.files = &files_;
  }
  ~FollowTest() override { EXPECT_TRUE(files_.RemoveTree(folder_).has_value()); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Append(const std::string& name, std::string_view bytes) {
    auto file = files_.OpenWrite(Path(name), env::WriteMode::kAppend);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE((*file)->Write(bytes).has_value());
    ASSERT_TRUE((*file)->Close().has_value());
  }
  void Put(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(files_.WriteAll(Path(name), bytes).has_value());
  }
  void Truncate(const std::string& name) { ASSERT_EQ(truncate(Path(name).c_str(), 0), 0); }
  void Rename(const std::string& from, const std::string& to) {
    ASSERT_TRUE(files_.Rename(Path(from), Path(to)).has_value());
  }
  void Copy(const std::string& from, const std::string& to) { Put(to, *files_.ReadAll(Path(from))); }
  void Remove(const std::string& name) { ASSERT_TRUE(files_.Remove(Path(name)).has_value()); }

  void Follow(const std::string& name, const std::string& position = "") {
    SourceContext context;
    context.env = &env_;
    auto source = MakeSource(With({{"connector", "filesystem"},
                                   {"path", Path(name)},
                                   {"format", "raw"},
                                   {"source.monitor-interval", "1 s"}}),
                             columns_, {true}, context);
    ASSERT_TRUE(source.has_value()) << source.error().ToString();
    source_ = std::move(source).value();
    EXPECT_FALSE(source_->bounded());
    if (!position.empty()) {
      ASSERT_TRUE(source_->Seek(position).has_value());
    }
  }

  // What comes within a time.
  std::vector<std::string> Lines(int64_t micros = 1'000'000) {
    const int64_t end = clock_.MonotonicMicros() + micros;
    while (clock_.MonotonicMicros() <= end) {
      auto status = source_->Poll(sink_, {});
      EXPECT_TRUE(status.has_value()) << status.error().ToString();
      if (!status.has_value()) break;
      EXPECT_NE(status->kind, ReadStatus::Kind::kEnd);
      if (status->kind == ReadStatus::Kind::kIdle) clock_.Advance(status->retry_micros);
    }
    std::vector<std::string> lines;
    for (const std::string& row : sink_.TakeRows()) lines.push_back(row.substr(3, row.size() - 4));
    return lines;
  }

  env::SimulatedClock clock_;
  env::PosixFiles files_;
  env::Env env_;
  std::string folder_;
  TableColumns columns_ = Physical({{"line", DataType::String()}});
  std::unique_ptr<Source> source_;
  CollectingSink sink_;
};

TEST_F(FollowTest, AGrowingFileIsReadOn) {
  Put("a.log", "1\n2\n3");
  Follow("a.log");
  EXPECT_THAT(Lines(), ElementsAre("1", "2"));
  Append("a.log", "3");
  EXPECT_THAT(Lines(), IsEmpty());
  Append("a.log", "\n4\n");
  EXPECT_THAT(Lines(200'000), ElementsAre("33", "4"));
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(FollowTest, WaitsForAFileThatIsNotThere) {
  Follow("a.log");
  EXPECT_THAT(Lines(), IsEmpty());
  Put("a.log", "1\n");
  EXPECT_THAT(Lines(), ElementsAre("1"));
}

TEST_F(FollowTest, NewFilesOfAFolderAppearByName) {
  Put("a", "1\n");
  Follow("");
  EXPECT_THAT(Lines(), ElementsAre("1"));
  Put("c", "4\n");
  Put("b", "3\n");
  Put(".hidden", "x\n");
  Append("a", "2\n");
  EXPECT_THAT(Lines(), ElementsAre("2", "3", "4"));
}

TEST_F(FollowTest, RotationByRename) {
  Put("app.log", "1\n");
  Follow("app.log");
  EXPECT_THAT(Lines(), ElementsAre("1"));
  Append("app.log", "2\n");
  Rename("app.log", "app.log.1");
  Append("app.log.1", "3\n4");  // the writer has not noticed yet
  Put("app.log", "5\n");
  EXPECT_THAT(Lines(), ElementsAre("2", "3", "5"));
  Append("app.log.1", "4\n");
  EXPECT_THAT(Lines(500'000), ElementsAre("44"));
  Append("app.log.1", "last");
  Append("app.log", "6\n");
  // The line without an end waits until the file has been gone for a while.
  EXPECT_THAT(Lines(5'000'000), ElementsAre("6", "last"));
}

TEST_F(FollowTest, RotationByRenameWithinAGlob) {
  Put("app.log", "1\n");
  Follow("app.log*");
  EXPECT_THAT(Lines(), ElementsAre("1"));
  Append("app.log", "2\n");
  Rename("app.log", "app.log.1");
  Put("app.log", "3\n");
  EXPECT_THAT(Lines(3'000'000), ElementsAre("2", "3"));
  Rename("app.log.1", "app.log.2");
  Rename("app.log", "app.log.1");
  Put("app.log", "4\n");
  EXPECT_THAT(Lines(3'000'000), ElementsAre("4"));
}

TEST_F(FollowTest, ARemovedFileIsReadToItsEnd) {
  Put("a", "1\n");
  Follow("a");
  EXPECT_THAT(Lines(), ElementsAre("1"));
  Append("a", "2\n3");
  Remove("a");
  EXPECT_THAT(Lines(5'000'000), ElementsAre("2", "3"));
  Put("a", "4\n");
  EXPECT_THAT(Lines(), ElementsAre("4"));
}

TEST_F(FollowTest, EmptiedFilesBeginAgain) {
  Put("a", "1\n2\nhalf");
  Follow("a");
  EXPECT_THAT(Lines(), ElementsAre("1", "2"));
  Truncate("a");
  Append("a", "3\n");
  EXPECT_THAT(Lines(), ElementsAre("half", "3"));
  // Longer than before by the time it is looked at.
  Truncate("a");
  Append("a", "4 is longer than what was there\n");
  EXPECT_THAT(Lines(), ElementsAre("4 is longer than what was there"));
}

TEST_F(FollowTest, CopiedAndEmptiedFilesLoseAndRepeatNothing) {
  Put("app.log", "1\n2\n");
  Follow("app.log*");
  EXPECT_THAT(Lines(), ElementsAre("1", "2"));
  // Between two looks: a last line, the copy, emptied, a new line.
  Append("app.log", "3\n");
  Copy("app.log", "app.log.1");
  Truncate("app.log");
  Append("app.log", "4\n");
  EXPECT_THAT(Lines(3'000'000), ElementsAre("4", "3"));
  // The copy is seen while the file is still whole.
  Copy("app.log", "app.log.2");
  EXPECT_THAT(Lines(1'000'000), IsEmpty());
  Append("app.log", "5\n");
  EXPECT_THAT(Lines(100'000), ElementsAre("5"));
  Truncate("app.log");
  EXPECT_THAT(Lines(5'000'000), testing::Each("4"));
}

TEST_F(FollowTest, PackedRotationsAreNotReadAgain) {
  Put("app.log.1", "1\n2\n");
  Put("app.log", "3\n");
  Follow("app.log*");
  EXPECT_THAT(Lines(), ElementsAre("3", "1", "2"));
  const std::string packed = Gzip("1\n2\n");
  Put("app.log.1.gz", packed.substr(0, 10));
  EXPECT_THAT(Lines(2'000'000), IsEmpty());
  Put("app.log.1.gz", packed);
  Remove("app.log.1");
  EXPECT_THAT(Lines(3'000'000), IsEmpty());
  Rename("app.log.1.gz", "app.log.2.gz");
  EXPECT_THAT(Lines(3'000'000), IsEmpty());
  EXPECT_THAT(sink_.malformed, IsEmpty());
}

TEST_F(FollowTest, PackedFilesThatAppearAreRead) {
  Follow("");
  EXPECT_THAT(Lines(), IsEmpty());
  const std::string packed = Zstd("1\n2");
  Put("a.zst", packed.substr(0, packed.size() / 2));
  EXPECT_THAT(Lines(), IsEmpty());
  Put("a.zst", packed);
  EXPECT_THAT(Lines(), ElementsAre("1", "2"));
  Append("a.zst", Zstd("3\n"));
  EXPECT_THAT(Lines(), ElementsAre("3"));
}

TEST_F(FollowTest, PackedFilesThatStayBrokenAreReported) {
  const std::string packed = Gzip("1\n2\n");
  Put("a.gz", packed.substr(0, packed.size() - 4));
  Put("b.gz", "not packed");
  Follow("");
  EXPECT_THAT(Lines(), ElementsAre("1", "2"));
  EXPECT_THAT(sink_.malformed, IsEmpty());
  EXPECT_THAT(Lines(70'000'000), IsEmpty());
  ASSERT_EQ(sink_.malformed.size(), 2);
  EXPECT_EQ(sink_.malformed[0].origin, Path("a.gz"));
  EXPECT_EQ(sink_.malformed[1].origin, Path("b.gz"));
}

TEST_F(FollowTest, FilesThatAreAlikeAreDifferentFiles) {
  Put("part.1", "x\n");
  Put("one.csv", "x\n");
  Put("two.csv", "x\n");
  Follow("");
  EXPECT_THAT(Lines(), ElementsAre("x", "x", "x"));
  Put("three.csv", "x\n");
  EXPECT_THAT(Lines(), ElementsAre("x"));
  Put("part.2", "x\n");
  EXPECT_THAT(Lines(4'000'000), ElementsAre("x"));
}

TEST_F(FollowTest, GoesOnAfterARestartAcrossARotation) {
  Put("app.log", "1\n2");
  Follow("app.log");
  EXPECT_THAT(Lines(), ElementsAre("1"));
  const std::string position = source_->Position();
  EXPECT_EQ(position.find('\n'), std::string::npos);
  source_ = nullptr;
  Append("app.log", "2\n3\n");
  Rename("app.log", "app.log.1");
  Put("app.log", "4\n");
  Follow("app.log", position);
  EXPECT_THAT(Lines(), ElementsAre("22", "3", "4"));

  const std::string later = source_->Position();
  source_ = nullptr;
  Append("app.log", "5\n");
  Follow("app.log", later);
  EXPECT_THAT(Lines(), ElementsAre("5"));
  EXPECT_FALSE(source_->Seek("follow f:1").has_value());
}

TEST_F(FollowTest, ARestartNoticesThatTheFileIsAnother) {
  Put("a", "1\n2\n");
  Follow("a");
  EXPECT_THAT(Lines(), ElementsAre("1", "2"));
  const std::string position = source_->Position();
  source_ = nullptr;
  Truncate("a");
  Append("a", "3\n4\n5\n");
  Follow("a", position);
  EXPECT_THAT(Lines(), ElementsAre("3", "4", "5"));
}

TEST_F(FollowTest, ManyFilesMoreThanStayOpen) {
  for (int i = 100; i < 400; ++i) Put("f" + std::to_string(i), std::to_string(i) + "\n");
  Follow("");
  EXPECT_EQ(Lines().size(), 300);
  for (int i = 100; i < 400; ++i) Append("f" + std::to_string(i), "more\n");
  EXPECT_EQ(Lines().size(), 300);
}

TEST(RotationStemTest, TakesOffWhatRotationAppends) {
  EXPECT_EQ(RotationStem("/l/app.log"), "/l/app.log");
  EXPECT_EQ(RotationStem("/l/app.log.1"), "/l/app.log");
  EXPECT_EQ(RotationStem("/l/app.log.12.gz"), "/l/app.log");
  EXPECT_EQ(RotationStem("/l/app.log-20200101.zst"), "/l/app.log");
  EXPECT_EQ(RotationStem("/l/app.log.2020-01-01"), "/l/app.log");
  EXPECT_EQ(RotationStem("/l/data1.csv"), "/l/data1.csv");
  EXPECT_EQ(RotationStem("/l/2020"), "/l/2020");
}

TEST(FollowedFilesTest, PositionsKeepOddPaths) {
  std::vector<FollowedFile> files(1);
  files[0].path = "/a b%:\nc";
  files[0].id = {3, 4};
  files[0].offset = 5;
  std::vector<FollowedFile> read;
  std::vector<GivenPart> gone;
  ASSERT_TRUE(ParseFiles(SerializeFiles(files, {{"/x y", 9, 10}}), &read, &gone).has_value());
  ASSERT_EQ(read.size(), 1);
  EXPECT_EQ(read[0].path, files[0].path);
  EXPECT_EQ(read[0].id, files[0].id);
  EXPECT_EQ(read[0].offset, 5);
  ASSERT_EQ(gone.size(), 1);
  EXPECT_EQ(gone[0].stem, "/x y");
  EXPECT_EQ(gone[0].offset, 9);
}

}  // namespace
}  // namespace millrace::connectors
