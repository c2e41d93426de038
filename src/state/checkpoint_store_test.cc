#include "state/checkpoint_store.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "env/simulated_env.h"
#include "state/checkpoint_fixture.h"
#include "state/journal_commit_store.h"

namespace millrace::state {
namespace {

CheckpointStoreOptions SmallOptions() {
  return {.folder = "/data/state",
          .block_bytes = 300,
          .run_bytes = 3000,
          .merge = {.unit_bytes = 2000, .fan_in = 3, .files_max = 10}};
}

class CheckpointStoreTest : public testing::Test {
 protected:
  explicit CheckpointStoreTest(uint64_t seed = 1) : world_(seed) {
    EXPECT_TRUE(world_.files.MakeDirs("/data").has_value());
  }
  ~CheckpointStoreTest() override { Close(); }

  void Close() {
    store_.reset();
    commits_.reset();
  }
  Status TryOpen(CheckpointStoreOptions options = SmallOptions()) {
    Close();
    MR_ASSIGN(commits_, OpenJournalCommitStore(world_.env, "/data"));
    MR_ASSIGN(store_, CheckpointStore::Open(world_.env, *commits_, options));
    return Ok();
  }
  void Open(CheckpointStoreOptions options = SmallOptions()) {
    const Status opened = TryOpen(options);
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  }
  Status Make(CheckpointPlan& plan) {
    std::optional<Status> outcome;
    MR_ASSIGN(const auto builder, store_->Begin(plan.after.number));
    Submit(plan, *builder, [&](Status status) { outcome = std::move(status); });
    world_.executor.RunUntilIdle();
    return outcome ? *outcome : Fail(ErrorCode::kInternal, "no outcome");
  }
  // One chapter, one put after the other.
  Status MakePuts(const std::string& chapter, const std::string& space, int begin, int end, size_t bytes) {
    CheckpointPlan plan;
    plan.after.number = store_->number() + 1;
    StateWriter writer;
    for (int i = begin; i < end; ++i) {
      const std::string key = "k" + std::to_string(i);
      writer.Put(space, HashBytes(key), key, std::string(bytes, 'v') + key);
    }
    plan.buffers.push_back({chapter, writer.Take()});
    return Make(plan);
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    const std::vector<env::DirEntry> entries = world_.files.List("/data/state").value();
    for (const auto& entry : entries) names.push_back(entry.name);
    return names;
  }

  env::SimulatedEnv world_;
  std::unique_ptr<CommitStore> commits_;
  std::unique_ptr<CheckpointStore> store_;
};

TEST_F(CheckpointStoreTest, BeginsEmpty) {
  Open();
  EXPECT_EQ(store_->number(), 0u);
  EXPECT_TRUE(store_->Chapters().empty());
  EXPECT_EQ(ReadBack(*store_, 1).value(), CheckpointModel());
  StateSource::Block block;
  EXPECT_FALSE(store_->ReadChapter("nobody's")->NextBlock(&block).value());
}

TEST_F(CheckpointStoreTest, ACheckpointWithoutChangesWritesNoFile) {
  Open();
  CheckpointPlan plan;
  plan.after.number = 5;
  plan.metadata.Put("position", "17");
  ASSERT_TRUE(Make(plan).has_value());
  Open();
  EXPECT_EQ(store_->number(), 5u);
  EXPECT_EQ(store_->Metadata("position").value(), "17");
  EXPECT_EQ(store_->Metadata("other").value(), std::nullopt);
  EXPECT_TRUE(Files().empty());
}

TEST_F(CheckpointStoreTest, NumbersAscendAndOneIsMadeAtATime) {
  Open();
  ASSERT_TRUE(MakePuts("c", "s", 0, 1, 1).has_value());
  EXPECT_EQ(store_->Begin(1).error().code(), ErrorCode::kInvalidParameter);
  auto first = store_->Begin(2).value();
  EXPECT_EQ(store_->Begin(3).error().code(), ErrorCode::kObjectInUse);
  first.reset();
  world_.executor.RunUntilIdle();
  EXPECT_TRUE(store_->Begin(2).has_value());
}

TEST_F(CheckpointStoreTest, ACheckpointThatIsGivenUpLeavesNothing) {
  Open();
  ASSERT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  const auto before = ReadBack(*store_, 1).value();
  const auto files = Files();
  {
    const auto builder = store_->Begin(2).value();
    StateWriter writer;
    for (int i = 0; i < 500; ++i)
      writer.Put("s", HashInt(static_cast<uint64_t>(i)), std::to_string(i), "new");
    builder->Add("c", writer.Take());
    world_.executor.RunUntilIdle();
    EXPECT_EQ(Files().size(), files.size() + 1) << "a run is written before all records are there";
  }
  world_.executor.RunUntilIdle();
  EXPECT_EQ(Files(), files);
  EXPECT_EQ(ReadBack(*store_, 1).value(), before);
}

TEST_F(CheckpointStoreTest, AClosedStoreCancelsWhatIsBeingMade) {
  Open();
  std::optional<Status> outcome;
  {
    const auto builder = store_->Begin(1).value();
    StateWriter writer;
    writer.Put("s", 1, "k", "v");
    builder->Add("c", writer.Take());
    builder->Commit({}, [&](Status status) { outcome = std::move(status); });
  }
  Close();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->error().code(), ErrorCode::kCancelled);
}

TEST_F(CheckpointStoreTest, ABufferThatBreaksTheGrammarFailsTheCheckpointAlone) {
  Open();
  ASSERT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  CheckpointPlan plan;
  plan.after.number = 2;
  StateBuffer bad;
  bad.Append(std::string_view("\x01\x09", 2));
  plan.buffers.push_back({"c", std::move(bad)});
  const Status made = Make(plan);
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().message().find("chapter 'c'"), std::string::npos);
  EXPECT_EQ(store_->number(), 1u);
  EXPECT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
}

TEST_F(CheckpointStoreTest, AFullDiskLeavesTheCheckpointBeforeAndTheNextOneGoesThrough) {
  Open();
  ASSERT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  const auto before = ReadBack(*store_, 1).value();
  ASSERT_TRUE(world_.faults.Arm("state.delta_write.before:1:full").has_value());
  EXPECT_EQ(MakePuts("c", "s", 0, 20, 5).error().code(), ErrorCode::kDiskFull);
  ASSERT_TRUE(world_.faults.Arm("state.journal_append.before:1:full").has_value());
  EXPECT_EQ(MakePuts("c", "s", 0, 20, 5).error().code(), ErrorCode::kDiskFull);
  EXPECT_EQ(ReadBack(*store_, 1).value(), before);
  EXPECT_EQ(Files().size(), 1u);
  EXPECT_TRUE(MakePuts("c", "s", 0, 20, 5).has_value());
  EXPECT_EQ(ReadBack(*store_, 1).value().chapters["c"].entries.size(), 20u);
}

TEST_F(CheckpointStoreTest, AFailedSyncIsFinal) {
  Open();
  ASSERT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  ASSERT_TRUE(world_.faults.Arm("state.file_sync.before:1:full").has_value());
  EXPECT_FALSE(MakePuts("c", "s", 0, 20, 5).has_value());
  EXPECT_FALSE(store_->status().has_value());
  EXPECT_FALSE(store_->Begin(3).has_value());
  Open();
  EXPECT_EQ(ReadBack(*store_, 1).value().chapters["c"].entries.size(), 10u);
}

TEST_F(CheckpointStoreTest, SpaceComesBackWhenASpaceIsDropped) {
  Open();
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(MakePuts("windows", "w" + std::to_string(i % 2), i * 100, i * 100 + 100, 100).has_value());
  }
  const uint64_t before = store_->Stats().bytes;
  CheckpointPlan plan;
  plan.after.number = store_->number() + 1;
  StateWriter writer;
  writer.DropSpace("w0");
  writer.DropSpace("w1");
  plan.buffers.push_back({"windows", writer.Take()});
  ASSERT_TRUE(Make(plan).has_value());
  EXPECT_GT(before, 20'000u);
  EXPECT_LT(store_->Stats().bytes, 1000u);
  EXPECT_TRUE(ReadBack(*store_, 1).value().chapters.empty());
  uint64_t on_disk = 0;
  for (const auto& name : Files()) on_disk += world_.files.Stat("/data/state/" + name)->size;
  EXPECT_EQ(on_disk, store_->Stats().bytes);
}

TEST_F(CheckpointStoreTest, SpaceComesBackWhenKeysAreRemoved) {
  Open();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(MakePuts("ttl", "s", i * 100, i * 100 + 100, 100).has_value());
  const uint64_t before = store_->Stats().bytes;
  CheckpointPlan plan;
  plan.after.number = store_->number() + 1;
  StateWriter writer;
  for (int i = 0; i < 800; ++i) {
    const std::string key = "k" + std::to_string(i);
    writer.Remove("s", HashBytes(key), key);
  }
  plan.buffers.push_back({"ttl", writer.Take()});
  ASSERT_TRUE(Make(plan).has_value());
  EXPECT_LT(store_->Stats().bytes, before / 20);
}

TEST_F(CheckpointStoreTest, SpaceComesBackWhenAChapterIsDropped) {
  Open();
  ASSERT_TRUE(MakePuts("kept", "s", 0, 100, 10).has_value());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(MakePuts("gone", "s", i * 100, i * 100 + 100, 100).has_value());
  CheckpointPlan plan;
  plan.after.number = store_->number() + 1;
  plan.dropped.push_back("gone");
  StateWriter writer;
  writer.Put("s", 1, "again", "v");
  plan.buffers.push_back({"gone", writer.Take()});
  ASSERT_TRUE(Make(plan).has_value());
  EXPECT_LT(store_->Stats().bytes, 4000u);
  const auto model = ReadBack(*store_, 1).value();
  EXPECT_EQ(model.chapters.at("gone").entries.size(), 1u);
  EXPECT_EQ(model.chapters.at("kept").entries.size(), 100u);
}

TEST_F(CheckpointStoreTest, ASourceOutlivesTheFilesThatItReads) {
  Open();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(MakePuts("c", "s", i * 100, i * 100 + 100, 30).has_value());
  const auto source = store_->ReadChapter("c");
  StateReader reader(source.get());
  StateChunk chunk;
  ASSERT_TRUE(reader.Next(&chunk).value());
  size_t records = chunk.size();
  const auto files = Files();
  for (int i = 2; i < 12; ++i) ASSERT_TRUE(MakePuts("c", "s", i * 100, i * 100 + 100, 30).has_value());
  for (const auto& name : files) ASSERT_FALSE(world_.files.Exists("/data/state/" + name).value());
  while (reader.Next(&chunk).value()) records += chunk.size();
  EXPECT_EQ(records, 200u);
}

TEST_F(CheckpointStoreTest, LeftoversAreRemovedAndOtherFilesAreNot) {
  Open();
  ASSERT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  Close();
  for (const char* name : {"0000000000000007.delta", "0000000000000009.base", "notes.txt", "7.delta"}) {
    ASSERT_TRUE(world_.files.WriteAll(std::string("/data/state/") + name, "x").has_value());
  }
  Open();
  EXPECT_EQ(Files(), (std::vector<std::string>{"0000000000000001.delta", "7.delta", "notes.txt"}));
}

TEST_F(CheckpointStoreTest, ALostCommitStoreIsNotTakenForAnEmptyWarehouse) {
  Open();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  Close();
  ASSERT_TRUE(world_.files.Remove("/data/commit.journal").has_value());
  const Status opened = TryOpen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), ErrorCode::kDataCorrupted);
  EXPECT_EQ(Files().size(), 2u);
}

TEST_F(CheckpointStoreTest, AMissingFileFailsTheStartAndIsNamed) {
  Open();
  ASSERT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  Close();
  ASSERT_TRUE(world_.files.Remove("/data/state/0000000000000001.delta").has_value());
  const Status opened = TryOpen();
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message().find("0000000000000001.delta"), std::string::npos);
}

TEST_F(CheckpointStoreTest, AMergeNeverReplacesWhatItCannotRead) {
  CheckpointStoreOptions options = SmallOptions();
  options.merge.fan_in = 100;
  options.merge.unit_bytes = 1 << 20;
  Open(options);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(MakePuts("c", "s", i * 50, i * 50 + 50, 30).has_value());
  Close();
  const std::string path = "/data/state/0000000000000002.delta";
  std::string bytes = world_.files.ReadAll(path).value();
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  ASSERT_TRUE(world_.files.WriteAll(path, bytes).has_value());
  Open();
  world_.executor.RunUntilIdle();
  EXPECT_EQ(store_->Stats().merges, 0u);
  EXPECT_NE(store_->Stats().merge_error.find("0000000000000002.delta"), std::string::npos);
  EXPECT_NE(store_->Stats().merge_error.find("chapter 'c'"), std::string::npos);
  EXPECT_EQ(Files().size(), 4u);
  EXPECT_EQ(ReadBack(*store_, 1).error().code(), ErrorCode::kDataCorrupted);
  // Checkpoints go on.
  EXPECT_TRUE(MakePuts("c", "s", 0, 10, 10).has_value());
  EXPECT_EQ(Files().size(), 5u);
}

class CheckpointPropertyTest : public CheckpointStoreTest, public testing::WithParamInterface<uint64_t> {
 protected:
  CheckpointPropertyTest() : CheckpointStoreTest(GetParam()), random_(GetParam()) {}
  env::Random random_;
};

// Random checkpoints, merges whenever the policy wants them and interleaved with checkpoints, openings anew,
// other numbers of shards.
TEST_P(CheckpointPropertyTest, WhatIsReadIsWhatTheModelHolds) {
  CheckpointStoreOptions options = SmallOptions();
  options.codec = static_cast<BlockCodec>(GetParam() % 3);
  Open(options);
  CheckpointDrawer drawer(random_);
  CheckpointModel model;
  uint32_t shards = 1;
  uint64_t merges = 0;
  for (int step = 0; step < 60; ++step) {
    if (random_.Chance(0.1)) shards = 1 + static_cast<uint32_t>(random_.Below(4));
    CheckpointPlan plan = drawer.Draw(model, shards);
    std::optional<Status> outcome;
    auto builder = store_->Begin(plan.after.number).value();
    const CheckpointModel after = plan.after;
    Submit(plan, *builder, [&](Status status) { outcome = std::move(status); });
    builder.reset();
    while (!outcome && world_.executor.RunOne()) continue;
    ASSERT_TRUE(outcome && outcome->has_value()) << step;
    model = after;
    // A merge may be anywhere now.
    for (uint64_t i = random_.Below(40); i > 0; --i) world_.executor.RunOne();
    if (random_.Chance(0.3)) {
      ASSERT_EQ(ReadBack(*store_, 1 + static_cast<uint32_t>(random_.Below(4))).value(), model) << step;
    }
    if (random_.Chance(0.1)) {
      merges += store_->Stats().merges;
      Open(options);
      ASSERT_EQ(ReadBack(*store_, shards).value(), model) << step;
    }
  }
  world_.executor.RunUntilIdle();
  EXPECT_EQ(ReadBack(*store_, shards).value(), model);
  EXPECT_GT(merges + store_->Stats().merges, 5u);
  EXPECT_EQ(store_->Stats().merge_error, "");
  EXPECT_EQ(Files().size(), store_->Stats().files);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CheckpointPropertyTest, testing::Range(uint64_t{1}, uint64_t{41}));

}  // namespace
}  // namespace millrace::state
