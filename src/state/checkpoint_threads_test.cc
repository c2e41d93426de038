// A checkpoint store with real threads and files: owners that add, checkpoints one behind the other, merges,
// and readers all at the same time.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/mutex.h"
#include "env/thread_executor.h"
#include "state/checkpoint_store.h"
#include "state/commit_store_fixture.h"
#include "state/state_writer.h"

namespace millrace::state {
namespace {

constexpr int kKeys = 400;
constexpr uint32_t kShards = 3;

// Every key of the chapter gets the number of the checkpoint, from each owner its own keys.
void AddAll(CheckpointBuilder& builder, uint32_t shard, const std::string& number) {
  StateWriter writer(shard, kShards);
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "key" + std::to_string(i);
    if (ShardOf(HashBytes(key), kShards) == shard) writer.Put("g", HashBytes(key), key, number);
  }
  builder.Add("c", writer.Take());
}

// What a reader sees is of one checkpoint.
bool IsWhole(CheckpointStore& store) {
  const auto source = store.ReadChapter("c");
  StateReader reader(source.get());
  StateChunk chunk;
  std::string number;
  size_t records = 0;
  while (true) {
    const auto has_chunk = reader.Next(&chunk);
    if (!has_chunk) return false;
    if (!*has_chunk) break;
    for (const std::string_view value : chunk.values) {
      if (records++ == 0) number = value;
      if (value != number) return false;
    }
  }
  return records == 0 || records == kKeys;
}

Status CommitAndWait(CheckpointBuilder& builder) {
  Mutex mutex;
  CondVar changed;
  std::optional<Status> outcome;
  builder.Commit({}, [&](Status status) {
    MutexLock lock(mutex);
    outcome = std::move(status);
    changed.NotifyAll();
  });
  MutexLock lock(mutex);
  while (!outcome) changed.Wait(mutex);
  return *outcome;
}

TEST(CheckpointThreads, CheckpointsMergesAndReadersGoOnTogether) {
  TestFolder folder;
  const auto commits = OpenLmdbCommitStore(env::RealEnv(), folder.path()).value();
  const CheckpointStoreOptions options{.folder = folder.path() + "/state",
                                       .block_bytes = 1000,
                                       .run_bytes = 5000,
                                       .merge = {.unit_bytes = 1 << 20, .fan_in = 3}};
  const auto store = CheckpointStore::Open(env::RealEnv(), *commits, options).value();
  env::ThreadExecutor executor;
  std::atomic<bool> stop = false;
  std::atomic<int> broken = 0;
  std::atomic<int> reads = 0;
  std::vector<std::unique_ptr<env::Thread>> readers;
  for (int i = 0; i < 2; ++i) {
    readers.push_back(executor.Start("reader", [&] {
      while (!stop) {
        broken += IsWhole(*store) ? 0 : 1;
        ++reads;
        static_cast<void>(store->Stats());
      }
    }));
  }
  uint64_t number = 0;
  while (number < 25 || store->Stats().merges < 3 || reads < 20) {
    ++number;
    auto builder = store->Begin(number).value();
    std::vector<std::unique_ptr<env::Thread>> owners;
    for (uint32_t shard = 0; shard < kShards; ++shard) {
      owners.push_back(
          executor.Start("owner", [&, shard] { AddAll(*builder, shard, std::to_string(number)); }));
    }
    for (auto& owner : owners) owner->Join();
    ASSERT_TRUE(CommitAndWait(*builder).has_value());
  }
  stop = true;
  for (auto& reader : readers) reader->Join();
  EXPECT_EQ(broken, 0);
  EXPECT_EQ(store->number(), number);
  EXPECT_EQ(store->Stats().merge_error, "");
}

TEST(CheckpointThreads, AStoreMayBeClosedInTheMiddleOfAMerge) {
  TestFolder folder;
  const auto commits = OpenLmdbCommitStore(env::RealEnv(), folder.path()).value();
  const CheckpointStoreOptions options{
      .folder = folder.path() + "/state", .block_bytes = 300, .merge = {.unit_bytes = 1 << 20, .fan_in = 2}};
  for (uint64_t number = 1; number < 12; ++number) {
    const auto store = CheckpointStore::Open(env::RealEnv(), *commits, options).value();
    ASSERT_EQ(store->number(), number - 1);
    ASSERT_TRUE(IsWhole(*store));
    const auto builder = store->Begin(number).value();
    for (uint32_t shard = 0; shard < kShards; ++shard) AddAll(*builder, shard, std::to_string(number));
    ASSERT_TRUE(CommitAndWait(*builder).has_value());
  }
}

}  // namespace
}  // namespace millrace::state
