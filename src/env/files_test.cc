// One set of tests for every implementation of Files: they must not be told apart.
#include "env/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "env/clock.h"
#include "env/posix_files.h"
#include "env/simulated_disk.h"

namespace millrace::env {
namespace {

using testing::HasSubstr;

std::string ReadSome(const ReadableFile& file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(file.ReadAt(offset, std::as_writable_bytes(std::span(bytes))).value());
  return bytes;
}

std::vector<std::string> Names(Files& files, const std::string& directory) {
  std::vector<std::string> names;
  const Result<std::vector<DirEntry>> entries = files.List(directory);
  EXPECT_TRUE(entries) << entries.error().ToString();
  for (const DirEntry& entry : *entries) names.push_back(entry.name + (entry.is_directory ? "/" : ""));
  return names;
}

class FilesTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      std::string name = JoinPath(testing::TempDir(), "millrace_files_XXXXXX");
      ASSERT_NE(::mkdtemp(name.data()), nullptr);
      root_ = name;
    } else {
      root_ = "/root";
      ASSERT_TRUE(simulated_.MakeDirs(root_));
    }
  }
  void TearDown() override { EXPECT_TRUE(files().RemoveTree(root_)); }

  Files& files() { return GetParam() ? static_cast<Files&>(posix_) : simulated_; }
  std::string Path(const std::string& name) { return root_ + "/" + name; }
  std::string ReadAll(const std::string& name) {
    Result<std::string> bytes = files().ReadAll(Path(name));
    return bytes ? *bytes : bytes.error().ToString();
  }

  SimulatedClock clock_{1'000'000};
  PosixFiles posix_;
  SimulatedDisk simulated_{clock_};
  std::string root_;
};

INSTANTIATE_TEST_SUITE_P(Implementations, FilesTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Posix" : "Simulated"; });

TEST_P(FilesTest, WritesAndReadsAtOffsets) {
  ASSERT_TRUE(files().WriteAll(Path("a"), "hello world"));
  const auto file = files().OpenRead(Path("a")).value();
  EXPECT_EQ(ReadSome(*file, 6, 5), "world");
  EXPECT_EQ(ReadSome(*file, 6, 100), "world");
  EXPECT_EQ(ReadSome(*file, 11, 1), "");
  EXPECT_EQ(ReadSome(*file, 1'000, 1), "");
  EXPECT_EQ(file->Stat()->size, 11u);
  EXPECT_EQ(file->path(), Path("a"));
}

TEST_P(FilesTest, AppendingIsSeenAfterFlush) {
  const auto writer = files().OpenWrite(Path("log"), WriteMode::kCreate).value();
  ASSERT_TRUE(writer->Write("one\n"));
  const auto reader = files().OpenRead(Path("log")).value();
  EXPECT_EQ(ReadSome(*reader, 0, 100), "") << "still in the writer's buffer";
  EXPECT_EQ(writer->size(), 4u);
  ASSERT_TRUE(writer->Flush());
  EXPECT_EQ(ReadSome(*reader, 0, 100), "one\n");
  ASSERT_TRUE(writer->Write("two\n"));
  ASSERT_TRUE(writer->Sync());
  EXPECT_EQ(ReadSome(*reader, 4, 100), "two\n");
  ASSERT_TRUE(writer->Close());
}

TEST_P(FilesTest, DroppingAWriterKeepsWhatItWrote) {
  {
    const auto writer = files().OpenWrite(Path("a"), WriteMode::kCreate).value();
    ASSERT_TRUE(writer->Write("kept"));
  }
  EXPECT_EQ(ReadAll("a"), "kept");
}

TEST_P(FilesTest, WriteModes) {
  ASSERT_TRUE(files().WriteAll(Path("a"), "12345"));
  const auto created = files().OpenWrite(Path("a"), WriteMode::kCreate);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code(), ErrorCode::kIoError);
  EXPECT_EQ(created.error().message(), "cannot open '" + Path("a") + "': File exists");
  {
    const auto appended = files().OpenWrite(Path("a"), WriteMode::kAppend).value();
    EXPECT_EQ(appended->size(), 5u);
    ASSERT_TRUE(appended->Write("67"));
  }
  EXPECT_EQ(ReadAll("a"), "1234567");
  {
    const auto truncated = files().OpenWrite(Path("a"), WriteMode::kTruncate).value();
  }
  EXPECT_EQ(ReadAll("a"), "");
}

TEST_P(FilesTest, ContinuesAFileAtAValidLength) {
  ASSERT_TRUE(files().WriteAll(Path("log"), "one,two,th"));
  {
    const auto writer = files().OpenWriteAt(Path("log"), 8).value();
    EXPECT_EQ(writer->size(), 8u);
    EXPECT_EQ(ReadAll("log"), "one,two,") << "the torn tail goes at once";
    ASSERT_TRUE(writer->Write("three,"));
    EXPECT_EQ(writer->size(), 14u);
    ASSERT_TRUE(writer->Sync());
    ASSERT_TRUE(writer->Write("four"));
    ASSERT_TRUE(writer->Close());
  }
  EXPECT_EQ(ReadAll("log"), "one,two,three,four");
  ASSERT_TRUE(files().OpenWriteAt(Path("log"), 18)) << "nothing to cut";
  EXPECT_EQ(ReadAll("log"), "one,two,three,four");
  ASSERT_TRUE(files().OpenWriteAt(Path("log"), 0));
  EXPECT_EQ(ReadAll("log"), "");
}

TEST_P(FilesTest, ContinuingNeedsAFileThatIsLongEnough) {
  ASSERT_TRUE(files().WriteAll(Path("log"), "123"));
  const auto longer = files().OpenWriteAt(Path("log"), 4);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code(), ErrorCode::kIoError);
  EXPECT_EQ(longer.error().message(), "cannot continue '" + Path("log") + "' at byte 4: it has only 3 bytes");
  EXPECT_EQ(ReadAll("log"), "123");
  const auto missing = files().OpenWriteAt(Path("missing"), 0);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::kNoSuchFile);
  EXPECT_FALSE(files().Exists(Path("missing")).value());
  const auto folder = files().OpenWriteAt(root_, 0);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message(), "cannot open '" + root_ + "': Is a directory");
}

TEST_P(FilesTest, ALockKeepsOthersOut) {
  auto lock = files().Lock(Path("LOCK"));
  ASSERT_TRUE(lock) << lock.error().ToString();
  EXPECT_TRUE(files().Exists(Path("LOCK")).value());
  const auto second = files().Lock(Path("LOCK"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kObjectInUse);
  EXPECT_EQ(second.error().message(), "cannot lock '" + Path("LOCK") + "': this process holds it");
  EXPECT_TRUE(files().Lock(Path("LOCK2")));
  lock->reset();
  EXPECT_TRUE(files().Exists(Path("LOCK")).value());
  EXPECT_TRUE(files().Lock(Path("LOCK"))) << "free again";
  EXPECT_TRUE(files().Lock(Path("LOCK"))) << "and again";
  EXPECT_EQ(files().Lock(Path("missing/LOCK")).error().code(), ErrorCode::kNoSuchFile);
  EXPECT_EQ(files().Lock(root_).error().message(), "cannot lock '" + root_ + "': Is a directory");
}

TEST_P(FilesTest, FreeBytes) {
  EXPECT_GT(files().FreeBytes(root_).value(), 0u);
  EXPECT_EQ(files().FreeBytes(Path("missing")).error().code(), ErrorCode::kNoSuchFile);
}

TEST_P(FilesTest, LargeWritesKeepTheirOrder) {
  std::string expected;
  const auto writer = files().OpenWrite(Path("big"), WriteMode::kCreate).value();
  for (const size_t size : {size_t{10}, size_t{200'000}, size_t{1}, size_t{65'536}, size_t{70'000}}) {
    const std::string bytes(size, static_cast<char>('a' + expected.size() % 26));
    ASSERT_TRUE(writer->Write(bytes));
    expected += bytes;
  }
  EXPECT_EQ(writer->size(), expected.size());
  ASSERT_TRUE(writer->Close());
  EXPECT_TRUE(files().ReadAll(Path("big")).value() == expected);
}

TEST_P(FilesTest, WhatIsNotThereIsNoSuchFile) {
  const auto check = [&](const Error& error, const std::string& message) {
    EXPECT_EQ(error.code(), ErrorCode::kNoSuchFile);
    EXPECT_EQ(error.message(), message);
  };
  const std::string path = Path("missing");
  check(files().OpenRead(path).error(), "cannot open '" + path + "': No such file or directory");
  check(files().OpenStream(path).error(), "cannot open '" + path + "': No such file or directory");
  check(files().Stat(path).error(), "cannot look at '" + path + "': No such file or directory");
  check(files().List(path).error(), "cannot list '" + path + "': No such file or directory");
  check(files().Remove(path).error(), "cannot remove '" + path + "': No such file or directory");
  check(files().Rename(path, path + "2").error(),
        "cannot rename to '" + path + "2' the file '" + path + "': No such file or directory");
  check(files().OpenWrite(path + "/a", WriteMode::kCreate).error(),
        "cannot open '" + path + "/a': No such file or directory");
  EXPECT_FALSE(files().Exists(path).value());
}

TEST_P(FilesTest, AFolderIsNotAFile) {
  ASSERT_TRUE(files().MakeDirs(Path("d")));
  const auto opened = files().OpenRead(Path("d"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kIoError);
  EXPECT_EQ(opened.error().message(), "cannot open '" + Path("d") + "': Is a directory");
  EXPECT_TRUE(files().Stat(Path("d"))->is_directory);
  EXPECT_FALSE(files().Stat(Path("d"))->is_regular);
  EXPECT_TRUE(files().Exists(Path("d")).value());
}

TEST_P(FilesTest, RenameReplacesAndKeepsTheIdentityOfTheFile) {
  ASSERT_TRUE(files().WriteAll(Path("new"), "new"));
  ASSERT_TRUE(files().WriteAll(Path("old"), "old"));
  const FileInfo before = files().Stat(Path("new")).value();
  const auto open_old = files().OpenRead(Path("old")).value();
  ASSERT_TRUE(files().Rename(Path("new"), Path("old")));
  EXPECT_EQ(files().Stat(Path("old"))->inode, before.inode);
  EXPECT_EQ(files().Stat(Path("old"))->device, before.device);
  EXPECT_EQ(ReadAll("old"), "new");
  EXPECT_EQ(ReadSome(*open_old, 0, 10), "old") << "an open file lives on";
  EXPECT_NE(open_old->Stat()->inode, before.inode);
  EXPECT_EQ(Names(files(), root_), std::vector<std::string>{"old"});
}

TEST_P(FilesTest, RenameMovesWholeFolders) {
  ASSERT_TRUE(files().MakeDirs(Path("a/b")));
  ASSERT_TRUE(files().WriteAll(Path("a/b/c"), "x"));
  ASSERT_TRUE(files().Rename(Path("a"), Path("z")));
  EXPECT_EQ(ReadAll("z/b/c"), "x");
  EXPECT_FALSE(files().Exists(Path("a")).value());
}

TEST_P(FilesTest, ListIsSorted) {
  ASSERT_TRUE(files().MakeDirs(Path("m/below")));
  ASSERT_TRUE(files().WriteAll(Path("z"), ""));
  ASSERT_TRUE(files().WriteAll(Path("a"), ""));
  ASSERT_TRUE(files().WriteAll(Path("m-1"), ""));
  EXPECT_EQ(Names(files(), root_), (std::vector<std::string>{"a", "m/", "m-1", "z"}));
  const auto listed = files().List(Path("a"));
  ASSERT_FALSE(listed);
  EXPECT_THAT(listed.error().message(), HasSubstr("Not a directory"));
}

TEST_P(FilesTest, MakeDirsIsIdempotentAndRefusesAFileOnTheWay) {
  ASSERT_TRUE(files().MakeDirs(Path("x/y/z")));
  ASSERT_TRUE(files().MakeDirs(Path("x/y/z")));
  ASSERT_TRUE(files().MakeDirs(Path("x//y/z/")));
  ASSERT_TRUE(files().SyncDir(Path("x/y")));
  ASSERT_TRUE(files().WriteAll(Path("f"), ""));
  const Status made = files().MakeDirs(Path("f/below"));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("Not a directory"));
}

TEST_P(FilesTest, RemoveRefusesAFolderWithFiles) {
  ASSERT_TRUE(files().MakeDirs(Path("d")));
  ASSERT_TRUE(files().WriteAll(Path("d/f"), ""));
  const Status removed = files().Remove(Path("d"));
  ASSERT_FALSE(removed);
  EXPECT_THAT(removed.error().message(), HasSubstr("Directory not empty"));
  ASSERT_TRUE(files().Remove(Path("d/f")));
  ASSERT_TRUE(files().Remove(Path("d")));
  ASSERT_TRUE(files().RemoveTree(Path("d"))) << "nothing to remove is no error";
}

TEST_P(FilesTest, GlobFindsFiles) {
  ASSERT_TRUE(files().MakeDirs(Path("a/b")));
  ASSERT_TRUE(files().WriteAll(Path("a/1.csv"), ""));
  ASSERT_TRUE(files().WriteAll(Path("a/b/2.csv"), ""));
  EXPECT_EQ(files().Glob(root_ + "/**/*.csv").value(),
            (std::vector<std::string>{Path("a/1.csv"), Path("a/b/2.csv")}));
}

TEST_P(FilesTest, StreamsEndAtTheEndOfTheFile) {
  ASSERT_TRUE(files().WriteAll(Path("a"), "abc"));
  const auto stream = files().OpenStream(Path("a")).value();
  std::array<std::byte, 2> buffer;
  EXPECT_EQ(stream->Read(buffer, 0)->bytes, 2u);
  EXPECT_EQ(stream->Read(buffer, 0)->bytes, 1u);
  EXPECT_TRUE(stream->Read(buffer, kForever)->AtEnd());
}

TEST(PosixFilesTest, NamedPipesTimeOutThenCarryBytesThenEnd) {
  PosixFiles files;
  std::string root = JoinPath(testing::TempDir(), "millrace_pipe_XXXXXX");
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const std::string path = root + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(files.OpenRead(path).error().message(), HasSubstr("not a regular file"));

  const auto stream = files.OpenStream(path).value();
  std::array<std::byte, 8> buffer;
  EXPECT_TRUE(stream->Read(buffer, 1)->TimedOut()) << "no writer yet";
  auto writer = files.OpenWrite(path, WriteMode::kAppend).value();
  EXPECT_TRUE(stream->Read(buffer, 0)->TimedOut());
  ASSERT_TRUE(writer->Write("abc"));
  ASSERT_TRUE(writer->Close());
  EXPECT_EQ(stream->Read(buffer, 1'000)->bytes, 3u);
  EXPECT_TRUE(stream->Read(buffer, 1'000)->AtEnd());
  EXPECT_TRUE(files.RemoveTree(root));
}

TEST(PosixFilesTest, ALockNamesTheProcessThatHasItAndEndsWithIt) {
  PosixFiles files;
  std::string root = JoinPath(testing::TempDir(), "millrace_lock_XXXXXX");
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const std::string path = root + "/LOCK";
  std::array<int, 2> ready, end;
  ASSERT_EQ(::pipe(ready.data()), 0);
  ASSERT_EQ(::pipe(end.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(end[1]);
    const auto lock = PosixFiles().Lock(path);
    char byte = lock ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    static_cast<void>(::read(end[0], &byte, 1));  // until the other side is closed
    ::_exit(0);                                   // without letting go of the lock
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto refused = files.Lock(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "cannot lock '" + path + "': process " + std::to_string(child) + " holds it");
  ::close(end[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(files.Lock(path));
  for (const int fd : {ready[0], ready[1], end[0]}) ::close(fd);
  EXPECT_TRUE(files.RemoveTree(root));
}

TEST(PosixFilesTest, ListSaysWhatIsALinkAndRemoveTreeDoesNotFollowIt) {
  PosixFiles files;
  std::string root = JoinPath(testing::TempDir(), "millrace_link_XXXXXX");
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  ASSERT_TRUE(files.MakeDirs(root + "/kept/deep"));
  ASSERT_TRUE(files.MakeDirs(root + "/gone"));
  ASSERT_EQ(::symlink((root + "/kept").c_str(), (root + "/gone/link").c_str()), 0);
  ASSERT_EQ(::symlink(root.c_str(), (root + "/kept/loop").c_str()), 0);
  const std::vector<DirEntry> entries = files.List(root + "/gone").value();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_TRUE(entries[0].is_link);
  EXPECT_TRUE(entries[0].is_directory);
  EXPECT_EQ(files.Glob(root + "/**/deep").value(), std::vector<std::string>{root + "/kept/deep"});
  ASSERT_TRUE(files.RemoveTree(root + "/gone"));
  EXPECT_TRUE(files.Exists(root + "/kept/deep").value());
  ASSERT_TRUE(files.RemoveTree(root));
}

TEST(PathTest, JoinAndSplit) {
  EXPECT_EQ(JoinPath("", "a"), "a");
  EXPECT_EQ(JoinPath("/", "a"), "/a");
  EXPECT_EQ(JoinPath("a/b", "c"), "a/b/c");
  EXPECT_EQ(NormalPath(""), "/");
  EXPECT_EQ(NormalPath("a//./b/"), "/a/b");
  EXPECT_EQ(NormalPath("/../a/c/../b"), "/a/b");
  EXPECT_EQ(DirName("/a/b"), "/a");
  EXPECT_EQ(DirName("/a"), "/");
  EXPECT_EQ(DirName("a"), ".");
  EXPECT_EQ(BaseName("/a/b"), "b");
  EXPECT_EQ(BaseName("b"), "b");
}

}  // namespace
}  // namespace millrace::env
