#include "state/journal_commit_store.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "env/simulated_env.h"
#include "state/journal_record.h"

namespace millrace::state {
namespace {

constexpr std::string_view kPath = "/data/commit.journal";

class JournalCommitStoreTest : public testing::Test {
 protected:
  JournalCommitStoreTest() { EXPECT_TRUE(world_.files.MakeDirs("/data").has_value()); }

  Result<std::unique_ptr<CommitStore>> Open() { return OpenJournalCommitStore(world_.env, "/data"); }
  std::string Bytes() { return world_.files.ReadAll(std::string(kPath)).value(); }
  void SetBytes(std::string_view bytes) {
    ASSERT_TRUE(world_.files.WriteAll(std::string(kPath), bytes).has_value());
  }
  static Status PutOne(CommitStore& store, const std::string& key, const std::string& value) {
    CommitBatch batch;
    batch.Put(key, value);
    return store.Commit(batch);
  }
  static std::string Dump(CommitStore& store) {
    std::string dump;
    EXPECT_TRUE(store
                    .Scan("",
                          [&](std::string_view key, std::string_view value) {
                            dump.append(key).append("=").append(value).append(" ");
                            return true;
                          })
                    .has_value());
    return dump;
  }

  env::SimulatedEnv world_;
};

TEST_F(JournalCommitStoreTest, EveryCutOfTheLastTransactionGivesTheOneBeforeOrItself) {
  {
    auto store = Open().value();
    ASSERT_TRUE(PutOne(*store, "a", "1").has_value());
    ASSERT_TRUE(PutOne(*store, "b", "2").has_value());
  }
  const size_t before = Bytes().size();
  ASSERT_TRUE(PutOne(*Open().value(), "c", "3").has_value());
  const std::string whole = Bytes();
  const size_t copy_bytes = (whole.size() - before) / 2;
  for (size_t cut = before; cut <= whole.size(); ++cut) {
    for (const std::string& tail : {std::string(), std::string(40, '\0'), std::string(100, '\xC7')}) {
      SetBytes(whole.substr(0, cut) + tail);
      auto store = Open();
      ASSERT_TRUE(store.has_value()) << cut << " " << store.error().ToString();
      ASSERT_EQ(Dump(**store), cut < before + copy_bytes ? "a=1 b=2 " : "a=1 b=2 c=3 ") << cut;
      // It goes on from there, and what follows is found again.
      ASSERT_TRUE(PutOne(**store, "d", "4").has_value());
      store->reset();
      ASSERT_EQ(Dump(*Open().value()), cut < before + copy_bytes ? "a=1 b=2 d=4 " : "a=1 b=2 c=3 d=4 ")
          << cut;
    }
  }
}

TEST_F(JournalCommitStoreTest, AFlippedBitAnywhereIsMadeGoodOrFound) {
  {
    auto store = Open().value();
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(PutOne(*store, std::string(1, static_cast<char>('a' + i)), std::to_string(i)).has_value());
    }
    CommitBatch batch;
    batch.Delete("b");
    ASSERT_TRUE(store->Commit(batch).has_value());
  }
  const std::string good = Bytes();
  size_t found = 0;
  for (size_t i = 0; i < good.size() * 8; ++i) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    SetBytes(bad);
    const auto store = Open();
    if (!store) {
      ASSERT_LT(i / 8, 20u) << "only the head has no copy";
      EXPECT_EQ(store.error().code(), ErrorCode::kDataCorrupted);
      EXPECT_NE(store.error().message().find(kPath), std::string::npos);
      ++found;
    } else {
      ASSERT_EQ(Dump(**store), "a=0 c=2 d=3 e=4 f=5 ") << i;
    }
  }
  EXPECT_EQ(found, 20u * 8);
}

TEST_F(JournalCommitStoreTest, ALostTransactionInTheMiddleIsFound) {
  std::vector<size_t> ends;
  {
    auto store = Open().value();
    for (int i = 0; i < 4; ++i) {
      ends.push_back(Bytes().size());
      ASSERT_TRUE(PutOne(*store, "k" + std::to_string(i), "v").has_value());
    }
  }
  const std::string good = Bytes();
  for (size_t i = 0; i < 3; ++i) {
    std::string bad = good;
    bad.replace(ends[i], ends[i + 1] - ends[i], ends[i + 1] - ends[i], 'x');
    SetBytes(bad);
    const auto store = Open();
    ASSERT_FALSE(store.has_value()) << i;
    EXPECT_EQ(store.error().code(), ErrorCode::kDataCorrupted);
  }
}

TEST_F(JournalCommitStoreTest, IsWrittenAnewWhenItHasGrown) {
  auto store = Open().value();
  const std::string value(1000, 'v');
  size_t longest = 0;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(PutOne(*store, "k" + std::to_string(i % 3), value + std::to_string(i)).has_value());
    longest = std::max(longest, Bytes().size());
  }
  EXPECT_LT(longest, size_t{80} << 10);
  const std::string dump = Dump(*store);
  store.reset();
  EXPECT_EQ(Dump(*Open().value()), dump);
  EXPECT_EQ(world_.files.List("/data").value().size(), 1u);
}

TEST_F(JournalCommitStoreTest, AFullDiskChangesNothing) {
  auto store = Open().value();
  ASSERT_TRUE(PutOne(*store, "a", "1").has_value());
  for (const char* point : {"state.journal_append.before", "state.journal_rewrite.written"}) {
    // What follows damage is written anew.
    if (point == std::string_view("state.journal_rewrite.written")) {
      store.reset();
      SetBytes(Bytes() + "torn");
      store = Open().value();
    }
    ASSERT_TRUE(world_.faults.Arm(std::string(point) + ":1:full").has_value());
    EXPECT_EQ(PutOne(*store, "a", "2").error().code(), ErrorCode::kDiskFull) << point;
    EXPECT_EQ(Dump(*store), "a=1 ");
  }
  EXPECT_TRUE(PutOne(*store, "a", "3").has_value());
  store.reset();
  EXPECT_EQ(Dump(*Open().value()), "a=3 ");
}

TEST_F(JournalCommitStoreTest, ADeadStoreAnswersTheErrorOfItsDeath) {
  for (const char* point : {"state.journal_append.before", "state.journal_append.after"}) {
    auto store = Open().value();
    ASSERT_TRUE(world_.faults.Arm(std::string(point) + ":1:error").has_value());
    EXPECT_EQ(PutOne(*store, "a", "1").error().code(), ErrorCode::kIoError);
    EXPECT_FALSE(PutOne(*store, "a", "2").has_value());
    EXPECT_FALSE(store->Get("a").has_value());
    EXPECT_FALSE(store->Scan("", [](auto, auto) { return true; }).has_value());
  }
  EXPECT_EQ(Dump(*Open().value()), "a=1 ");
}

TEST_F(JournalCommitStoreTest, ARenameThatFindsNoRoomIsFinal) {
  auto store = Open().value();
  ASSERT_TRUE(PutOne(*store, "a", "1").has_value());
  store.reset();
  SetBytes(Bytes() + "torn");
  store = Open().value();
  world_.files.FailAt(env::DiskOperation::kRename, 1, ENOSPC);
  EXPECT_EQ(PutOne(*store, "a", "2").error().code(), ErrorCode::kIoError);
  EXPECT_FALSE(store->Get("a").has_value());
}

// Transactions of all sizes, some of which write the journal anew, until the power goes at one operation of
// the disk: what was committed is there, and of the transaction in between all or nothing.
TEST_F(JournalCommitStoreTest, APowerLossAtAnyOperationLeavesWholeTransactions) {
  for (uint64_t operation = 1; operation < 400; ++operation) {
    env::SimulatedEnv world(operation);
    ASSERT_TRUE(world.files.MakeDirs("/data").has_value());
    world.files.SyncAll();
    world.CrashAtOperation(operation);
    std::string before;
    std::string after;
    for (int life = 0; life < 3; ++life) {
      auto store = OpenJournalCommitStore(world.env, "/data");
      if (life > 0) {
        ASSERT_TRUE(store.has_value()) << store.error().ToString();
        const std::string dump = Dump(**store);
        ASSERT_TRUE(dump == before || dump == after) << operation;
        before = dump;
      }
      for (int i = 0; store && i < 30 && !world.has_crashed(); ++i) {
        const std::string key(1, static_cast<char>('a' + i % 5));
        const std::string value(static_cast<size_t>(i % 7) * 3000, static_cast<char>('a' + i % 26));
        CommitBatch batch;
        batch.Put(key, value);
        batch.Put("n", std::to_string(life * 100 + i));
        after = before;
        std::map<std::string, std::string> entries;
        ASSERT_TRUE((*store)
                        ->Scan("",
                               [&](std::string_view k, std::string_view v) {
                                 entries[std::string(k)] = v;
                                 return true;
                               })
                        .has_value());
        entries[key] = value;
        entries["n"] = std::to_string(life * 100 + i);
        after.clear();
        for (const auto& [k, v] : entries) after += k + "=" + v + " ";
        if ((*store)->Commit(batch)) before = after;
      }
      store = Fail(ErrorCode::kCancelled, "closed");
      world.Restart({.scatters_names = operation % 2 == 0});
    }
  }
}

// The journal of version 1, kept for good. Checksums and layout were computed apart from this program
// (tests/golden/README.md).
TEST_F(JournalCommitStoreTest, ReadsTheGoldenFileOfVersion1) {
  SetBytes(env::RealEnv().files->ReadAll("tests/golden/commit_journal_v1.bin").value());
  EXPECT_EQ(Dump(*Open().value()), "catalog= checkpoint=42 empty/\xFF=gold ");
}

}  // namespace
}  // namespace millrace::state
