// What commit_store.h promises, of every implementation.
#include "state/commit_store.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "env/random.h"
#include "env/thread_executor.h"
#include "state/commit_store_fixture.h"

namespace millrace::state {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries ScanAll(CommitStore& store, std::string_view prefix = "") {
  Entries entries;
  const Status status = store.Scan(prefix, [&](std::string_view key, std::string_view value) {
    entries.emplace_back(key, value);
    return true;
  });
  EXPECT_TRUE(status.has_value());
  return entries;
}

CommitBatch PutBatch(std::string_view key, std::string_view value) {
  CommitBatch batch;
  batch.Put(key, value);
  return batch;
}

class CommitStoreTest : public testing::TestWithParam<CommitStoreKind> {
 protected:
  CommitStoreTest() : home_(MakeCommitStoreHome(GetParam())), store_(home_->Open()) {}

  void Reopen() {
    store_.reset();
    store_ = home_->Open();
  }
  std::string Get(std::string_view key) {
    const auto value = store_->Get(key);
    EXPECT_TRUE(value.has_value());
    return value && *value ? **value : "(none)";
  }

  std::unique_ptr<CommitStoreHome> home_;
  std::unique_ptr<CommitStore> store_;
};

TEST_P(CommitStoreTest, KeepsWhatWasCommittedAcrossOpenings) {
  EXPECT_EQ(ScanAll(*store_), Entries());
  CommitBatch batch;
  batch.Put("a", "1");
  batch.Put("b", std::string("\0\xFF\n", 3));
  batch.Put("c", "");
  ASSERT_TRUE(store_->Commit(batch).has_value());
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Get("a"), "1");
    EXPECT_EQ(Get("b"), std::string("\0\xFF\n", 3));
    EXPECT_EQ(Get("c"), "");
    EXPECT_EQ(Get("d"), "(none)");
    EXPECT_EQ(Get(""), "(none)");
    Reopen();
  }
}

TEST_P(CommitStoreTest, AppliesChangesInTheirOrder) {
  CommitBatch batch;
  batch.Put("a", "1");
  batch.Delete("a");
  batch.Put("b", "1");
  batch.Put("b", "2");
  batch.Delete("never there");
  batch.Delete("c");
  batch.Put("c", "3");
  ASSERT_TRUE(store_->Commit(batch).has_value());
  EXPECT_EQ(ScanAll(*store_), (Entries{{"b", "2"}, {"c", "3"}}));
}

TEST_P(CommitStoreTest, ScansAPrefixInTheOrderOfUnsignedBytes) {
  CommitBatch batch;
  for (std::string_view key : {"x/\x7F", "x/\x80", "x/\xFF", "x/a", "x", "x0", "w", "y", "x/"})
    batch.Put(key, key);
  ASSERT_TRUE(store_->Commit(batch).has_value());
  EXPECT_EQ(
      ScanAll(*store_, "x/"),
      (Entries{
          {"x/", "x/"}, {"x/a", "x/a"}, {"x/\x7F", "x/\x7F"}, {"x/\x80", "x/\x80"}, {"x/\xFF", "x/\xFF"}}));
  EXPECT_EQ(ScanAll(*store_, "z"), Entries());
  EXPECT_EQ(ScanAll(*store_).size(), 9u);
  int seen = 0;
  ASSERT_TRUE(store_->Scan("x", [&](auto, auto) { return ++seen < 2; }).has_value());
  EXPECT_EQ(seen, 2);
}

TEST_P(CommitStoreTest, RefusesKeysAndTransactionsPastTheirBounds) {
  const std::string longest(limits::kCommitKeyBytesMax, 'k');
  ASSERT_TRUE(store_->Commit(PutBatch(longest, "v")).has_value());
  EXPECT_EQ(Get(longest), "v");
  for (const std::string& key : {std::string(), longest + "k"}) {
    CommitBatch batch;
    batch.Put("good", "1");
    batch.Put(key, "2");
    const Status refused = store_->Commit(batch);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), ErrorCode::kProgramLimitExceeded);
    EXPECT_EQ(Get("good"), "(none)");
    EXPECT_EQ(Get(longest + "k"), "(none)");
  }
  ASSERT_TRUE(store_->Commit(PutBatch("after", "1")).has_value());
}

TEST_P(CommitStoreTest, KeepsLongValues) {
  const std::string value(5'000'000, 'v');
  ASSERT_TRUE(store_->Commit(PutBatch("long", value)).has_value());
  Reopen();
  EXPECT_EQ(Get("long"), value);
}

TEST_P(CommitStoreTest, AnEmptyTransactionIsNone) {
  ASSERT_TRUE(store_->Commit(CommitBatch()).has_value());
  EXPECT_EQ(ScanAll(*store_), Entries());
}

TEST_P(CommitStoreTest, EqualsAMapUnderRandomChanges) {
  env::Random random(7);
  std::map<std::string, std::string> model;
  for (int step = 0; step < (GetParam() == CommitStoreKind::kLmdb ? 80 : 500); ++step) {
    CommitBatch batch;
    for (uint64_t i = random.Below(8); i > 0; --i) {
      const std::string key = "k" + std::to_string(random.Below(60));
      if (random.Chance(0.3)) {
        batch.Delete(key);
        model.erase(key);
      } else {
        const std::string value(random.Below(300), static_cast<char>('a' + random.Below(26)));
        batch.Put(key, value);
        model[key] = value;
      }
    }
    ASSERT_TRUE(store_->Commit(batch).has_value());
    if (random.Chance(0.05)) Reopen();
    if (random.Chance(0.2)) {
      ASSERT_EQ(ScanAll(*store_), Entries(model.begin(), model.end()));
    }
  }
  Reopen();
  EXPECT_EQ(ScanAll(*store_), Entries(model.begin(), model.end()));
}

// Every transaction puts the same number under all keys; a scan must never see two numbers.
TEST_P(CommitStoreTest, ReadersOfOtherThreadsSeeWholeTransactions) {
  constexpr int kKeys = 5;
  const auto commit_number = [&](int number) {
    CommitBatch batch;
    for (int key = 0; key < kKeys; ++key) batch.Put("k" + std::to_string(key), std::to_string(number));
    return store_->Commit(batch);
  };
  ASSERT_TRUE(commit_number(0).has_value());
  env::ThreadExecutor executor;
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::atomic<int> scans = 0;
  std::vector<std::unique_ptr<env::Thread>> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(executor.Start("reader", [&] {
      while (!stop) {
        const Entries entries = ScanAll(*store_);
        for (const auto& [key, value] : entries) torn += value != entries[0].second ? 1 : 0;
        torn += entries.size() != kKeys ? 1 : 0;
        ++scans;
      }
    }));
  }
  for (int number = 1; number <= 100 || scans < 30; ++number) ASSERT_TRUE(commit_number(number).has_value());
  stop = true;
  for (auto& reader : readers) reader->Join();
  EXPECT_EQ(torn, 0);
}

INSTANTIATE_TEST_SUITE_P(All, CommitStoreTest, testing::ValuesIn(kCommitStoreKinds),
                         [](const auto& info) { return std::string(CommitStoreKindName(info.param)); });

}  // namespace
}  // namespace millrace::state
