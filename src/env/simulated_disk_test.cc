// How a SimulatedDisk fails; that it behaves as a file system otherwise is files_test.cc, what a power loss
// leaves is power_loss_test.cc.
#include "env/simulated_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <set>
#include <string>

#include "env/clock.h"

namespace millrace::env {
namespace {

using testing::HasSubstr;

class SimulatedDiskTest : public testing::Test {
 protected:
  std::string Text(const std::string& path) {
    const Result<std::string> text = disk_.ReadAll(path);
    return text ? *text : text.error().ToString();
  }

  SimulatedClock clock_{1'000'000};
  SimulatedDisk disk_{clock_, 7};
};

TEST_F(SimulatedDiskTest, TimesOfChangeComeFromTheClock) {
  ASSERT_TRUE(disk_.WriteAll("/a", "1"));
  clock_.Advance(10);
  EXPECT_EQ(disk_.Stat("/a")->mtime_micros, 1'000'000);
  ASSERT_TRUE(disk_.WriteAll("/a", "2"));
  EXPECT_EQ(disk_.Stat("/a")->mtime_micros, 1'000'010);
}

TEST_F(SimulatedDiskTest, StandardStreamsAreFiles) {
  ASSERT_TRUE(disk_.WriteAll("/dev/stdin", "in"));
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(disk_.StandardInput()->Read(buffer, 0)->bytes, 2u);
  ASSERT_TRUE(disk_.StandardOutput()->Write("one "));
  ASSERT_TRUE(disk_.StandardOutput()->Write("two"));
  EXPECT_EQ(Text("/dev/stdout"), "one two");
}

TEST_F(SimulatedDiskTest, AFullDiskTakesWhatFits) {
  ASSERT_TRUE(disk_.WriteAll("/kept", "12345"));
  disk_.SetCapacity(12);
  EXPECT_EQ(disk_.FreeBytes("/").value(), 7u);
  const auto file = disk_.OpenWrite("/log", WriteMode::kCreate).value();
  ASSERT_TRUE(file->Write("abcd"));
  ASSERT_TRUE(file->Sync());
  ASSERT_TRUE(file->Write("efgh"));
  const Status failed = file->Flush();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(failed.error().message(), "cannot write to '/log': No space left on device");
  EXPECT_FALSE(file->Write("i")) << "its end is not known";
  EXPECT_EQ(Text("/log"), "abcdefg");
  EXPECT_EQ(disk_.OpenWrite("/more", WriteMode::kCreate).error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(disk_.MakeDirs("/folder").error().code(), ErrorCode::kDiskFull);

  // There is space again: the log goes on behind its last good byte.
  ASSERT_TRUE(disk_.Remove("/kept"));
  const auto again = disk_.OpenWriteAt("/log", 4).value();
  ASSERT_TRUE(again->Write("EFGH"));
  ASSERT_TRUE(again->Sync());
  EXPECT_EQ(Text("/log"), "abcdEFGH");
  disk_.SetCapacity(std::nullopt);
  EXPECT_GT(disk_.FreeBytes("/").value(), 1u << 30);
}

TEST_F(SimulatedDiskTest, EveryOperationCanFail) {
  ASSERT_TRUE(disk_.WriteAll("/a", "text"));
  const auto file = disk_.OpenRead("/a").value();
  const auto lock = disk_.Lock("/LOCK").value();
  const auto check = [&](DiskOperation kind, const std::string& message, const auto& call) {
    disk_.FailAt(kind, 1, EIO);
    const auto result = call();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::kIoError);
    EXPECT_EQ(result.error().message(), message + ": Input/output error");
  };
  std::array<std::byte, 4> buffer;
  check(DiskOperation::kOpen, "cannot open '/a'", [&] { return disk_.OpenRead("/a"); });
  check(DiskOperation::kOpen, "cannot open '/a'", [&] { return disk_.OpenWrite("/a", WriteMode::kAppend); });
  check(DiskOperation::kCut, "cannot cut '/a'", [&] { return disk_.OpenWriteAt("/a", 1); });
  check(DiskOperation::kRead, "cannot read '/a'", [&] { return file->ReadAt(0, buffer); });
  check(DiskOperation::kLook, "cannot look at '/a'", [&] { return file->Stat(); });
  check(DiskOperation::kLook, "cannot look at '/a'", [&] { return disk_.Stat("/a"); });
  check(DiskOperation::kLook, "cannot list '/'", [&] { return disk_.List("/"); });
  check(DiskOperation::kRename, "cannot rename to '/b' the file '/a'",
        [&] { return disk_.Rename("/a", "/b"); });
  check(DiskOperation::kRemove, "cannot remove '/a'", [&] { return disk_.Remove("/a"); });
  check(DiskOperation::kMakeDir, "cannot make the folder '/d'", [&] { return disk_.MakeDirs("/d"); });
  check(DiskOperation::kSyncDir, "cannot sync '/'", [&] { return disk_.SyncDir("/"); });
  check(DiskOperation::kLock, "cannot lock '/L'", [&] { return disk_.Lock("/L"); });
  check(DiskOperation::kSync, "cannot sync '/a'",
        [&] { return disk_.OpenWrite("/a", WriteMode::kAppend).value()->Sync(); });
  EXPECT_EQ(Text("/a"), "text") << "nothing was done";
  EXPECT_FALSE(disk_.Exists("/b").value());
}

TEST_F(SimulatedDiskTest, AWriteThatFailsHasWrittenAnyPart) {
  std::set<uint64_t> sizes;
  for (int turn = 0; turn < 100; ++turn) {
    const auto file = disk_.OpenWrite("/a", WriteMode::kTruncate).value();
    disk_.FailAt(DiskOperation::kWrite, 2, EIO);
    ASSERT_TRUE(file->Write("12"));
    ASSERT_TRUE(file->Flush());
    ASSERT_TRUE(file->Write("3456"));
    ASSERT_FALSE(file->Flush());
    EXPECT_FALSE(file->Sync());
    EXPECT_FALSE(file->Close());
    const std::string text = Text("/a");
    EXPECT_TRUE(std::string("123456").starts_with(text));
    sizes.insert(text.size());
  }
  EXPECT_EQ(sizes, (std::set<uint64_t>{2, 3, 4, 5, 6}));
}

TEST_F(SimulatedDiskTest, FailuresAreCountedFromNowByKindOrOverall) {
  ASSERT_TRUE(disk_.WriteAll("/a", "1"));  // open, write
  EXPECT_EQ(disk_.Count(), 2u);
  EXPECT_EQ(disk_.Count(DiskOperation::kWrite), 1u);
  EXPECT_EQ(disk_.Count(DiskOperation::kSync), 0u);
  disk_.FailAt(std::nullopt, 2, EACCES);
  EXPECT_TRUE(disk_.Stat("/a"));
  EXPECT_THAT(disk_.Stat("/a").error().message(), HasSubstr("Permission denied"));
  EXPECT_TRUE(disk_.Stat("/a")) << "once";
  disk_.FailAt(std::nullopt, 1, EIO);
  disk_.Disarm();
  EXPECT_TRUE(disk_.Stat("/a"));
  int looked = 0;
  disk_.At(DiskOperation::kLook, 1, [&] {
    ++looked;
    return 0;
  });
  EXPECT_TRUE(disk_.Stat("/a")) << "an action may let it pass";
  EXPECT_EQ(looked, 1);
}

TEST_F(SimulatedDiskTest, APowerLossKillsWhatIsOpen) {
  const auto writer = disk_.OpenWrite("/a", WriteMode::kCreate).value();
  ASSERT_TRUE(writer->Write("safe"));
  ASSERT_TRUE(writer->Sync());
  ASSERT_TRUE(disk_.SyncDir("/"));
  const auto reader = disk_.OpenRead("/a").value();
  const auto stream = disk_.OpenStream("/a").value();
  auto lock = disk_.Lock("/LOCK").value();
  std::array<std::byte, 4> buffer;
  const auto expect_dead = [&] {
    EXPECT_EQ(reader->ReadAt(0, buffer).error().message(), "cannot read '/a': Input/output error");
    EXPECT_FALSE(reader->Stat());
    EXPECT_FALSE(stream->Read(buffer, 0));
    EXPECT_FALSE(writer->Sync());
    EXPECT_FALSE(writer->Write("more"));
  };
  disk_.CutPower();
  EXPECT_FALSE(disk_.has_power());
  expect_dead();
  EXPECT_FALSE(disk_.Stat("/a"));
  EXPECT_FALSE(disk_.Rename("/a", "/b"));
  EXPECT_FALSE(disk_.OpenRead("/a"));
  Random random(1);
  disk_.Restore(random);
  EXPECT_TRUE(disk_.has_power());
  expect_dead();
  EXPECT_FALSE(writer->Close());
  EXPECT_EQ(Text("/a"), "safe");
  const auto second = disk_.Lock("/LOCK");
  ASSERT_TRUE(second) << "whoever held it is gone";
  lock.reset();
  EXPECT_FALSE(disk_.Lock("/LOCK")) << "the dead one's end frees nothing";
}

TEST_F(SimulatedDiskTest, WhatIsInDevIsSpared) {
  ASSERT_TRUE(disk_.StandardOutput()->Write("one "));
  Random random(1);
  disk_.FailAt(std::nullopt, 1, EIO);
  ASSERT_TRUE(disk_.StandardOutput()->Write("two "));
  for (int turn = 0; turn < 20; ++turn) disk_.Restore(random);
  disk_.SetCapacity(0);
  ASSERT_TRUE(disk_.StandardOutput()->Write("three"));
  EXPECT_EQ(Text("/dev/stdout"), "one two three");
}

TEST_F(SimulatedDiskTest, BitsFlip) {
  ASSERT_TRUE(disk_.WriteAll("/a", "AAAA"));
  EXPECT_EQ(disk_.FlipBit("/a", 9).value(), 9u);
  EXPECT_EQ(Text("/a"), "ACAA");
  EXPECT_EQ(disk_.FlipBit("/a", 32).error().message(), "cannot flip bit 32 of '/a': it has only 4 bytes");
  EXPECT_EQ(disk_.FlipBit("/missing", 0).error().code(), ErrorCode::kNoSuchFile);
  ASSERT_TRUE(disk_.WriteAll("/empty", ""));
  Random random(3);
  EXPECT_FALSE(disk_.FlipBit("/empty", random));
  disk_.SyncAll();
  const uint64_t bit = disk_.FlipBit("/a", random).value();
  EXPECT_LT(bit, 32u);
  disk_.Restore(random);
  EXPECT_NE(Text("/a"), "ACAA") << "it stays through a power loss";
  ASSERT_TRUE(disk_.FlipBit("/a", bit));
  EXPECT_EQ(Text("/a"), "ACAA");
}

TEST_F(SimulatedDiskTest, TraceTellsTheLastOperations) {
  disk_.StartTrace(4);
  disk_.SetCapacity(3);
  ASSERT_TRUE(disk_.MakeDirs("/d"));
  clock_.Advance(20);
  const auto file = disk_.OpenWrite("/d/a", WriteMode::kCreate).value();
  ASSERT_TRUE(file->Write("12345"));
  ASSERT_FALSE(file->Flush());
  ASSERT_TRUE(disk_.Rename("/d/a", "/d/b"));
  disk_.FailAt(DiskOperation::kSyncDir, 1, EIO);
  ASSERT_FALSE(disk_.SyncDir("/d"));
  EXPECT_EQ(disk_.Trace(),
            "2 20 us: open /d/a\n"
            "3 20 us: write /d/a 5 -> No space left on device\n"
            "4 20 us: rename /d/a /d/b\n"
            "5 20 us: syncdir /d -> Input/output error\n");
}

TEST_F(SimulatedDiskTest, FoldersThatAreBelowEachOtherOnTheDeviceAndInMemory) {
  ASSERT_TRUE(disk_.MakeDirs("/a/b"));
  disk_.SyncAll();
  ASSERT_TRUE(disk_.Rename("/a/b", "/b"));
  ASSERT_TRUE(disk_.Rename("/a", "/b/a"));
  EXPECT_TRUE(disk_.Exists("/b/a").value());
  // Nothing leaks (the sanitizers look), and after a power loss there is one of the states on the way.
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedDisk disk(clock_);
    ASSERT_TRUE(disk.MakeDirs("/a/b"));
    disk.SyncAll();
    ASSERT_TRUE(disk.Rename("/a/b", "/b"));
    ASSERT_TRUE(disk.Rename("/a", "/b/a"));
    Random random(seed);
    disk.Restore(random, PowerLoss{.scatters_names = true});
    EXPECT_EQ(disk.Exists("/a/b").value() + (disk.Exists("/a").value() && disk.Exists("/b").value()) +
                  disk.Exists("/b/a").value(),
              1);
  }
}

}  // namespace
}  // namespace millrace::env
