#include "env/recording_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <set>
#include <string>
#include <vector>

#include "env/posix_files.h"
#include "env/simulated_env.h"

namespace millrace::env {
namespace {

using testing::HasSubstr;

// What is below a folder, as text: every path, with the bytes of files.
std::string Tree(Files& files, const std::string& folder, const std::string& prefix = "") {
  std::string text;
  const std::vector<DirEntry> entries = files.List(folder).value();
  for (const DirEntry& entry : entries) {
    const std::string path = JoinPath(folder, entry.name);
    const std::string name = prefix + entry.name;
    if (entry.is_directory) {
      text += name + "/\n" + Tree(files, path, name + "/");
    } else {
      text += name + "=" + files.ReadAll(path).value() + "\n";
    }
  }
  return text;
}

class RecordingFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = JoinPath(testing::TempDir(), "millrace_recording_XXXXXX");
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    folder_ = root_ + "/data";
    trace_ = root_ + "/trace";
  }
  void TearDown() override { EXPECT_TRUE(real_.RemoveTree(root_)); }

  std::unique_ptr<RecordingFiles> Start() {
    auto recording = RecordingFiles::Start(real_, clock_, folder_, trace_);
    EXPECT_TRUE(recording) << recording.error().ToString();
    return *std::move(recording);
  }
  IoTrace Trace() {
    Result<IoTrace> trace = IoTrace::Read(real_, trace_);
    EXPECT_TRUE(trace) << trace.error().ToString();
    return *std::move(trace);
  }
  // The folder after a power loss, as text.
  std::string StateAfter(const IoTrace& trace, size_t steps, uint64_t seed) {
    SimulatedDisk disk(clock_);
    const Status made = trace.MakeCrashState(steps, seed, PowerLoss(), disk, "/state");
    EXPECT_TRUE(made) << made.error().ToString();
    return Tree(disk, "/state");
  }

  SimulatedClock clock_;
  PosixFiles real_;
  std::string root_;
  std::string folder_;
  std::string trace_;
};

TEST_F(RecordingFilesTest, WhatIsSyncedIsInEveryState) {
  ASSERT_TRUE(real_.MakeDirs(folder_ + "/before"));
  ASSERT_TRUE(real_.WriteAll(folder_ + "/before/file", "old"));
  const auto files = Start();
  {
    ASSERT_TRUE(files->MakeDirs(folder_ + "/new/deep"));
    const auto lock = files->Lock(folder_ + "/LOCK").value();
    const auto log = files->OpenWrite(folder_ + "/new/deep/log", WriteMode::kCreate).value();
    ASSERT_TRUE(log->Write("one,"));
    ASSERT_TRUE(log->Sync());
    ASSERT_TRUE(log->Write("tw"));
    ASSERT_TRUE(log->Close());
    const auto again = files->OpenWriteAt(folder_ + "/new//deep/log", 4).value();
    ASSERT_TRUE(again->Write("two"));
    ASSERT_TRUE(again->Sync());
    ASSERT_TRUE(files->WriteAll(folder_ + "/gone", ""));
    ASSERT_TRUE(files->Remove(folder_ + "/gone"));
    ASSERT_TRUE(files->Rename(folder_ + "/new/deep/log", folder_ + "/log"));
    ASSERT_TRUE(files->SyncDir(folder_ + "/new/deep"));
    ASSERT_TRUE(files->SyncDir(folder_ + "/new"));
    ASSERT_TRUE(files->SyncDir(folder_));
    EXPECT_EQ(files->ReadAll(folder_ + "/log").value(), "one,two");
    ASSERT_TRUE(files->WriteAll(root_ + "/elsewhere", "not recorded"));
  }
  const IoTrace trace = Trace();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(StateAfter(trace, trace.first(), seed), "before/\nbefore/file=old\n");
    EXPECT_EQ(StateAfter(trace, trace.steps().size(), seed),
              "LOCK=\nbefore/\nbefore/file=old\nlog=one,two\nnew/\nnew/deep/\n");
  }
  EXPECT_EQ(Tree(real_, folder_).substr(Tree(real_, folder_).find('\n') + 1),
            "before/\nbefore/file=old\nlog=one,two\nnew/\nnew/deep/\n");
}

TEST_F(RecordingFilesTest, EveryCutOfARealRunKeepsWhatWasAcknowledged) {
  // A counter that is replaced atomically, and acknowledged at a moment of the clock.
  std::vector<int64_t> acknowledged_micros;
  {
    const auto files = Start();
    for (int number = 0; number < 10; ++number) {
      clock_.Advance(10);
      const auto file = files->OpenWrite(folder_ + "/number.new", WriteMode::kTruncate).value();
      ASSERT_TRUE(file->Write(std::string(2'000, static_cast<char>('0' + number))));
      ASSERT_TRUE(file->Sync());
      ASSERT_TRUE(file->Close());
      ASSERT_TRUE(files->Rename(folder_ + "/number.new", folder_ + "/number"));
      ASSERT_TRUE(files->SyncDir(folder_));
      clock_.Advance(10);
      acknowledged_micros.push_back(clock_.MonotonicMicros());
    }
  }
  const IoTrace trace = Trace();
  std::set<std::string> states;
  for (size_t steps = trace.first() + 1; steps <= trace.steps().size(); ++steps) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      SimulatedDisk disk(clock_);
      ASSERT_TRUE(trace.MakeCrashState(steps, seed, PowerLoss(), disk, "/state"));
      const int64_t now = trace.steps()[steps - 1].monotonic_micros;
      int numbers = 0;
      while (numbers < 10 && acknowledged_micros[static_cast<size_t>(numbers)] <= now) ++numbers;
      const Result<std::string> left = disk.ReadAll("/state/number");
      const int number = left ? left->at(0) - '0' : -1;
      EXPECT_GE(number, numbers - 1) << steps;
      EXPECT_LE(number, numbers) << steps;
      if (left) {
        EXPECT_EQ(*left, std::string(2'000, left->at(0)));
      }
      states.insert(Tree(disk, "/state"));
    }
  }
  EXPECT_GT(states.size(), 30u);
}

TEST_F(RecordingFilesTest, ALibrarysFileIsReplacedInOneStep) {
  const auto files = Start();
  ASSERT_TRUE(real_.WriteAll(folder_ + "/library.db", "first"));
  ASSERT_TRUE(files->WroteOutside(folder_ + "/library.db"));
  ASSERT_TRUE(real_.WriteAll(folder_ + "/library.db", "second"));
  ASSERT_TRUE(files->WroteOutside(folder_ + "/library.db"));
  ASSERT_TRUE(real_.WriteAll(folder_ + "/library.db", "nobody was told"));
  const IoTrace trace = Trace();
  EXPECT_EQ(StateAfter(trace, trace.first() + 1, 1), "library.db=first\n");
  EXPECT_EQ(StateAfter(trace, trace.first() + 2, 1), "library.db=second\n");
}

TEST_F(RecordingFilesTest, ATornTraceIsReadToItsLastWholeStep) {
  {
    const auto files = Start();
    ASSERT_TRUE(files->WriteAll(folder_ + "/a", "bytes"));
    ASSERT_TRUE(files->SyncDir(folder_));
  }
  const std::string bytes = real_.ReadAll(trace_).value();
  const size_t steps = Trace().steps().size();
  size_t last = 0;
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const Result<IoTrace> trace = IoTrace::Parse(std::string_view(bytes).substr(0, size));
    if (!trace) {
      EXPECT_EQ(last, 0u);
      EXPECT_THAT(trace.error().message(), HasSubstr("ends before the folder's first state"));
      continue;
    }
    EXPECT_GE(trace->steps().size(), last);
    last = trace->steps().size();
  }
  EXPECT_EQ(last, steps);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const Result<IoTrace> trace = IoTrace::Parse(damaged);
    EXPECT_TRUE(!trace || trace->steps().size() < steps) << bit;
  }
}

TEST_F(RecordingFilesTest, WrongUseIsRefused) {
  const auto inside = RecordingFiles::Start(real_, clock_, folder_, folder_ + "/trace");
  ASSERT_FALSE(inside);
  EXPECT_FALSE(real_.Exists(folder_).value());
  EXPECT_THAT(inside.error().message(), HasSubstr("must be outside of the folder"));
  {
    const auto files = Start();
    ASSERT_TRUE(files->WriteAll(folder_ + "/a", ""));
    EXPECT_EQ(files->Rename(folder_ + "/a", root_ + "/a").error().code(), ErrorCode::kNotSupported);
    EXPECT_EQ(files->OpenWriteAt(folder_ + "/a", 5).error().code(), ErrorCode::kIoError);
    // Somebody else's file.
    ASSERT_TRUE(real_.WriteAll(folder_ + "/foreign", ""));
    ASSERT_TRUE(files->Remove(folder_ + "/foreign"));
  }
  const auto second = RecordingFiles::Start(real_, clock_, folder_, trace_);
  ASSERT_FALSE(second) << "a trace is never written over";
  const IoTrace trace = Trace();
  const Status made = trace.MakeCrashState(trace.steps().size(), 0, PowerLoss(), real_, root_ + "/state");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("step 5: cannot remove '/data/foreign'"));
  EXPECT_THAT(trace.MakeCrashState(1, 0, PowerLoss(), real_, folder_).error().message(),
              HasSubstr("it is there already"));
}

}  // namespace
}  // namespace millrace::env
