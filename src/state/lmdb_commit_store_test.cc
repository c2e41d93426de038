#include "state/lmdb_commit_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <string>

#include "base/limits.h"
#include "env/fault_points.h"
#include "env/io_trace.h"
#include "env/recording_files.h"
#include "env/thread_executor.h"
#include "state/commit_store_fixture.h"

namespace millrace::state {
namespace {

std::unique_ptr<CommitStore> MustOpen(const std::string& folder, LmdbCommitOptions options = {}) {
  auto store = OpenLmdbCommitStore(env::RealEnv(), folder, options);
  EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().ToString());
  return store ? std::move(*store) : nullptr;
}

Status PutOne(CommitStore& store, const std::string& key, const std::string& value) {
  CommitBatch batch;
  batch.Put(key, value);
  return store.Commit(batch);
}

TEST(LmdbCommitStore, GrowsItsMapWhileOthersRead) {
  TestFolder folder;
  const auto store = MustOpen(folder.path(), {.map_bytes = 256 << 10});
  ASSERT_TRUE(PutOne(*store, "first", "1").has_value());
  env::ThreadExecutor executor;
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  const auto reader = executor.Start("reader", [&] {
    while (!stop) {
      const auto value = store->Get("first");
      wrong += value && *value == "1" ? 0 : 1;
    }
  });
  const std::string value(100'000, 'v');
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(PutOne(*store, "k" + std::to_string(i), value).has_value()) << i;
  stop = true;
  reader->Join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(store->Get("k59").value(), value);
}

// Who records what is done to the files cannot see what LMDB writes, so it is told.
TEST(LmdbCommitStore, CommitsAreInTheStatesOfARecordedRun) {
  TestFolder recorded, others;
  env::Files& files = *env::RealEnv().files;
  const std::string trace_path = env::JoinPath(others.path(), "trace");
  {
    const auto recording =
        env::RecordingFiles::Start(files, *env::RealEnv().clock, recorded.path(), trace_path).value();
    env::Env world = env::RealEnv();
    world.files = recording.get();
    const auto store = OpenLmdbCommitStore(world, recorded.path(), {}).value();
    ASSERT_TRUE(PutOne(*store, "k", "1").has_value());
    ASSERT_TRUE(PutOne(*store, "k", "2").has_value());
  }
  const auto trace = env::IoTrace::Read(files, trace_path).value();
  const std::string state = env::JoinPath(others.path(), "state");
  const Status made = trace.MakeCrashState(trace.steps().size(), 1, {}, files, state);
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  EXPECT_EQ(MustOpen(state)->Get("k").value(), "2");
}

TEST(LmdbCommitStore, ANewOpeningKnowsHowLongTheMapHadGrown) {
  TestFolder folder;
  const std::string value(3'000'000, 'v');
  ASSERT_TRUE(PutOne(*MustOpen(folder.path(), {.map_bytes = 256 << 10}), "k", value).has_value());
  const auto store = MustOpen(folder.path(), {.map_bytes = 256 << 10});
  EXPECT_EQ(store->Get("k").value(), value);
  EXPECT_TRUE(PutOne(*store, "l", value).has_value());
}

TEST(LmdbCommitStore, AFullMapIsAFullDiskAndTheStoreGoesOn) {
  TestFolder folder;
  const auto store = MustOpen(folder.path(), {.map_bytes = 256 << 10, .map_bytes_max = 1 << 20});
  ASSERT_TRUE(PutOne(*store, "k", "before").has_value());
  const Status full = PutOne(*store, "k", std::string(2'000'000, 'v'));
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(store->Get("k").value(), "before");
  EXPECT_TRUE(PutOne(*store, "k", "after").has_value());
  EXPECT_EQ(store->Get("k").value(), "after");
}

// The system lets a file of this process grow to a bound only, and cuts the write short that crosses it.
void CommitUntilCutShort(const std::string& folder) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit bound{};
  if (::getrlimit(RLIMIT_FSIZE, &bound) != 0) std::exit(1);
  const rlimit before = bound;
  {
    const auto store = MustOpen(folder);
    if (!PutOne(*store, "k", "before")) std::exit(2);
    bound.rlim_cur = 1 << 20;
    if (::setrlimit(RLIMIT_FSIZE, &bound) != 0) std::exit(3);
    if (PutOne(*store, "k", std::string(2'000'000, 'v'))) std::exit(4);
    if (::setrlimit(RLIMIT_FSIZE, &before) != 0) std::exit(5);
  }
  const auto store = MustOpen(folder);
  if (store->Get("k").value() != "before") std::exit(6);
  const std::string value(2'000'000, 'w');
  if (!PutOne(*store, "k", value) || store->Get("k").value() != value) std::exit(7);
  std::exit(0);
}

TEST(LmdbCommitStoreDeathTest, AWriteThatIsCutShortLeavesEverythingAsItWas) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  TestFolder folder;
  EXPECT_EXIT(CommitUntilCutShort(folder.path()), testing::ExitedWithCode(0), "");
}

TEST(LmdbCommitStore, FindsEveryFlippedBitOfAnEntry) {
  TestFolder folder;
  const std::string value = "a value that is found again in the file";
  ASSERT_TRUE(PutOne(*MustOpen(folder.path()), "the key of it", value).has_value());
  const std::string path = folder.path() + "/commit.lmdb";
  const std::string good = folder.files().ReadAll(path).value();
  const size_t at = good.find(value);
  ASSERT_NE(at, std::string::npos);
  // The value and, behind it, its checksum.
  for (size_t i = 0; i < value.size() + 4; ++i) {
    std::string bad = good;
    bad[at + i] = static_cast<char>(bad[at + i] ^ (1 << (i % 8)));
    ASSERT_TRUE(folder.files().WriteAll(path, bad).has_value());
    const auto got = MustOpen(folder.path())->Get("the key of it");
    ASSERT_FALSE(got.has_value()) << i;
    EXPECT_EQ(got.error().code(), ErrorCode::kDataCorrupted);
    EXPECT_NE(got.error().message().find("the key of it"), std::string::npos);
  }
}

TEST(LmdbCommitStore, AFileThatIsNoStoreIsRefused) {
  TestFolder folder;
  ASSERT_TRUE(folder.files().WriteAll(folder.path() + "/commit.lmdb", std::string(9000, 'x')).has_value());
  const auto store = OpenLmdbCommitStore(env::RealEnv(), folder.path());
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code(), ErrorCode::kDataCorrupted);
  EXPECT_NE(store.error().message().find("commit.lmdb"), std::string::npos);
}

TEST(LmdbCommitStore, WhatWasLeftOfAMakingIsOverwritten) {
  TestFolder folder;
  for (const char* name : {"/commit.lmdb.new", "/commit.lmdb.new-lock"}) {
    ASSERT_TRUE(folder.files().WriteAll(folder.path() + name, "half").has_value());
  }
  ASSERT_TRUE(PutOne(*MustOpen(folder.path()), "k", "v").has_value());
  EXPECT_EQ(MustOpen(folder.path())->Get("k").value(), "v");
  EXPECT_EQ(folder.files().List(folder.path()).value().size(), 2u);  // the store and its lock
}

TEST(LmdbCommitStore, ADeadStoreAnswersTheErrorOfItsDeath) {
  TestFolder folder;
  env::FaultScript faults;
  env::Env world = env::RealEnv();
  world.faults = &faults;
  auto store = OpenLmdbCommitStore(world, folder.path()).value();
  ASSERT_TRUE(faults.Arm("state.lmdb_commit.before:1:full").has_value());
  EXPECT_EQ(PutOne(*store, "a", "1").error().code(), ErrorCode::kDiskFull);
  EXPECT_TRUE(PutOne(*store, "a", "2").has_value());
  ASSERT_TRUE(faults.Arm("state.lmdb_commit.after:1:error").has_value());
  EXPECT_EQ(PutOne(*store, "a", "3").error().code(), ErrorCode::kIoError);
  EXPECT_FALSE(PutOne(*store, "a", "4").has_value());
  EXPECT_FALSE(store->Get("a").has_value());
  EXPECT_FALSE(store->Scan("", [](auto, auto) { return true; }).has_value());
  store.reset();
  EXPECT_EQ(MustOpen(folder.path())->Get("a").value(), "3");  // in force, as it happens
}

}  // namespace
}  // namespace millrace::state
