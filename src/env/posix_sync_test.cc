// What PosixFiles makes of a sync that fails. No file system fails on demand, so this program answers
// fdatasync itself, in place of the C library.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "env/posix_files.h"

namespace {

thread_local int fdatasync_errno = 0;  // 0: ask the system
thread_local int fdatasync_calls = 0;

}  // namespace

extern "C" int fdatasync(int fd) {
  ++fdatasync_calls;
  if (fdatasync_errno == 0) return static_cast<int>(::syscall(SYS_fdatasync, fd));
  errno = fdatasync_errno;
  // An interrupted one is tried again, and then goes through.
  if (fdatasync_errno == EINTR) fdatasync_errno = 0;
  return -1;
}

namespace millrace::env {
namespace {

class PosixSyncTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = JoinPath(testing::TempDir(), "millrace_sync_XXXXXX");
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override {
    fdatasync_errno = 0;
    EXPECT_TRUE(files_.RemoveTree(root_));
  }

  PosixFiles files_;
  std::string root_;
};

TEST_F(PosixSyncTest, AFailedSyncIsTheLastCallOfItsFile) {
  const std::string path = root_ + "/log";
  const auto file = files_.OpenWrite(path, WriteMode::kCreate).value();
  ASSERT_TRUE(file->Write("one"));
  fdatasync_errno = EIO;
  const Status failed = file->Sync();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kIoError);
  const std::string message = "cannot sync '" + path + "': Input/output error";
  EXPECT_EQ(failed.error().message(), message);

  // The system would now say that all is well.
  fdatasync_errno = 0;
  fdatasync_calls = 0;
  EXPECT_EQ(file->Sync().error().message(), message);
  EXPECT_EQ(fdatasync_calls, 0);
  EXPECT_EQ(file->Write("two").error().message(), message);
  EXPECT_EQ(file->Flush().error().message(), message);
  EXPECT_EQ(file->Close().error().message(), message);
  EXPECT_EQ(files_.ReadAll(path).value(), "one");
}

TEST_F(PosixSyncTest, EveryReasonCountsForARegularFile) {
  // EROFS is what a file system answers that was made read-only because of errors.
  for (const int reason : {EROFS, EINVAL, ENOTSUP, ENOSPC, EDQUOT}) {
    const auto file = files_.OpenWrite(root_ + "/log", WriteMode::kTruncate).value();
    ASSERT_TRUE(file->Write("one"));
    fdatasync_errno = reason;
    const Status failed = file->Sync();
    ASSERT_FALSE(failed) << reason;
    const bool full = reason == ENOSPC || reason == EDQUOT;
    EXPECT_EQ(failed.error().code(), full ? ErrorCode::kDiskFull : ErrorCode::kIoError);
    fdatasync_errno = 0;
  }
}

TEST_F(PosixSyncTest, AnInterruptedSyncGoesOn) {
  const auto file = files_.OpenWrite(root_ + "/log", WriteMode::kCreate).value();
  ASSERT_TRUE(file->Write("one"));
  fdatasync_errno = EINTR;
  EXPECT_TRUE(file->Sync());
  EXPECT_TRUE(file->Close());
}

TEST_F(PosixSyncTest, DevicesHaveNothingToSync) {
  fdatasync_errno = EIO;
  const auto file = files_.OpenWrite("/dev/null", WriteMode::kAppend).value();
  ASSERT_TRUE(file->Write("one"));
  EXPECT_TRUE(file->Sync());
}

TEST_F(PosixSyncTest, AFullDiskIsToldApart) {
  const auto file = files_.OpenWrite("/dev/full", WriteMode::kAppend).value();
  ASSERT_TRUE(file->Write("one"));
  const Status failed = file->Flush();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(SqlState(failed.error().code()), "53100");
  EXPECT_EQ(failed.error().message(), "cannot write to '/dev/full': No space left on device");
  // Part of it may have been written: whatever came next could not follow on.
  EXPECT_EQ(file->Write("two").error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(file->Close().error().code(), ErrorCode::kDiskFull);
}

}  // namespace
}  // namespace millrace::env
