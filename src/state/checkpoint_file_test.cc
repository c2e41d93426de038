#include "state/checkpoint_file.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "env/env.h"
#include "env/simulated_env.h"
#include "state/checkpoint_fixture.h"
#include "state/checkpoint_manifest.h"
#include "state/checkpoint_store.h"
#include "state/journal_commit_store.h"

namespace millrace::state {
namespace {

CheckpointStoreOptions QuietOptions() {
  return {.folder = "/data/state", .merge = {.unit_bytes = 1 << 30, .fan_in = 1000}};
}

class CheckpointFilesTest : public testing::Test {
 protected:
  CheckpointFilesTest() { EXPECT_TRUE(world_.files.MakeDirs("/data/state").has_value()); }

  Result<CheckpointModel> OpenAndRead(CheckpointStoreOptions options = QuietOptions()) {
    MR_ASSIGN(const auto commits, OpenJournalCommitStore(world_.env, "/data"));
    MR_ASSIGN(const auto store, CheckpointStore::Open(world_.env, *commits, options));
    world_.executor.RunUntilIdle();
    EXPECT_EQ(store->Stats().merge_error, "");
    return ReadBack(*store, 1);
  }
  Status Make(CheckpointPlan& plan, CheckpointStoreOptions options) {
    MR_ASSIGN(const auto commits, OpenJournalCommitStore(world_.env, "/data"));
    MR_ASSIGN(const auto store, CheckpointStore::Open(world_.env, *commits, options));
    Status outcome = Fail(ErrorCode::kInternal, "no outcome");
    {
      MR_ASSIGN(const auto builder, store->Begin(plan.after.number));
      Submit(plan, *builder, [&](Status status) { outcome = std::move(status); });
    }
    world_.executor.RunUntilIdle();
    return outcome;
  }

  env::SimulatedEnv world_;
};

// The files of version 1, kept for good, made from the grammar alone (tests/golden/README.md).
TEST_F(CheckpointFilesTest, ReadsTheGoldenFilesOfVersion1) {
  const auto golden = [](const char* name) {
    return env::RealEnv().files->ReadAll(std::string("tests/golden/") + name).value();
  };
  ASSERT_TRUE(world_.files.WriteAll("/data/state/0000000000000001.base", golden("checkpoint_base_v1.bin"))
                  .has_value());
  ASSERT_TRUE(world_.files.WriteAll("/data/state/0000000000000004.delta", golden("checkpoint_delta_v1.bin"))
                  .has_value());
  {
    const auto commits = OpenJournalCommitStore(world_.env, "/data").value();
    CommitBatch batch;
    batch.Put(kManifestKey, golden("checkpoint_manifest_v1.bin"));
    batch.Put("meta/position", "99");
    ASSERT_TRUE(commits->Commit(batch).has_value());
  }
  CheckpointModel expected;
  expected.number = 5;
  expected.metadata["position"] = "99";
  auto& count = expected.chapters["job 1/count"];
  count.entries[{"g", "nobody"}] = {0, ""};
  count.entries[{"g", "oslo"}] = {1, "6"};
  count.shared["watermark"] = {.shards = 2, .values = {{0, "10"}, {1, "30"}}};
  EXPECT_EQ(OpenAndRead().value(), expected);
  // And merged by this program.
  CheckpointStoreOptions merging = QuietOptions();
  merging.merge = {.unit_bytes = 1 << 20, .fan_in = 2};
  EXPECT_EQ(OpenAndRead(merging).value(), expected);
  EXPECT_EQ(world_.files.List("/data/state").value().size(), 1u);
  EXPECT_EQ(OpenAndRead().value(), expected);
}

// Every bit of a delta and of a base file, the journal's are in its own test.
TEST_F(CheckpointFilesTest, AFlippedBitAnywhereIsFound) {
  for (const BlockCodec codec : {BlockCodec::kNone, BlockCodec::kLz4, BlockCodec::kZstd}) {
    ASSERT_TRUE(world_.files.RemoveTree("/data").has_value());
    ASSERT_TRUE(world_.files.MakeDirs("/data/state").has_value());
    env::Random random(1);
    CheckpointDrawer drawer(random, 8);
    CheckpointModel model;
    CheckpointStoreOptions options = QuietOptions();
    options.codec = codec;
    options.block_bytes = 200;
    options.merge = {.unit_bytes = 1 << 20, .fan_in = 2};
    for (int i = 0; i < 3; ++i) {
      CheckpointPlan plan = drawer.Draw(model, 2);
      model = plan.after;
      // The last one stays a delta beside the base.
      if (i == 2) options.merge = QuietOptions().merge;
      ASSERT_TRUE(Make(plan, options).has_value());
    }
    const std::vector<env::DirEntry> files = world_.files.List("/data/state").value();
    ASSERT_EQ(files.size(), 2u);
    for (const auto& file : files) {
      const std::string path = "/data/state/" + file.name;
      const std::string good = world_.files.ReadAll(path).value();
      for (size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
        ASSERT_TRUE(world_.files.WriteAll(path, bad).has_value());
        const auto read = OpenAndRead();
        ASSERT_FALSE(read.has_value()) << path << " byte " << i;
        ASSERT_NE(read.error().message().find(file.name), std::string::npos) << read.error().ToString();
      }
      ASSERT_TRUE(world_.files.WriteAll(path, good).has_value());
    }
    EXPECT_EQ(OpenAndRead().value(), model);
  }
}

TEST_F(CheckpointFilesTest, ACutFileAndOneInThePlaceOfAnotherAreFound) {
  CheckpointModel model;
  for (int i = 0; i < 2; ++i) {
    CheckpointPlan plan;
    plan.after.number = static_cast<uint64_t>(i) + 1;
    StateWriter writer;
    writer.Put("s", 1, "k", "value");
    plan.buffers.push_back({"c", writer.Take()});
    ASSERT_TRUE(Make(plan, QuietOptions()).has_value());
  }
  const std::string first = "/data/state/0000000000000001.delta";
  const std::string second = "/data/state/0000000000000002.delta";
  const std::string good = world_.files.ReadAll(second).value();
  for (size_t size = 0; size < good.size(); size += 7) {
    ASSERT_TRUE(world_.files.WriteAll(second, good.substr(0, size)).has_value());
    ASSERT_FALSE(OpenAndRead().has_value());
  }
  ASSERT_TRUE(world_.files.WriteAll(second, world_.files.ReadAll(first).value()).has_value());
  const auto read = OpenAndRead();
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), ErrorCode::kDataCorrupted);
}

TEST(CheckpointManifest, EveryCutAndEveryFlipIsAnErrorOrAManifest) {
  CheckpointManifest manifest;
  manifest.number = 300;
  manifest.next_file = 12;
  manifest.files.push_back({{7, CheckpointFileKind::kBase, 1, 299}, 123'456, 99});
  manifest.files.push_back({{11, CheckpointFileKind::kDelta, 300, 300}, 1000, 0});
  manifest.dropped["job 2"] = 250;
  const std::string bytes = EncodeManifest(manifest);
  EXPECT_EQ(EncodeManifest(DecodeManifest(bytes).value()), bytes);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeManifest(bytes.substr(0, size)).has_value());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    static_cast<void>(DecodeManifest(bad));
  }
}

TEST(CheckpointIndex, EveryCutAndEveryFlipIsAnErrorOrAnIndex) {
  CheckpointIndex index;
  auto& chapter = index.chapters["c"];
  chapter.blocks.push_back({40, 100, 200, 5, 6, true, true});
  chapter.shared.push_back({140, 10, 10, 3});
  chapter.large_spaces["w"] = 70'000;
  index.chapters["d"].puts = 9;
  const std::string bytes = EncodeIndex(index);
  ASSERT_TRUE(DecodeIndex(bytes).has_value());
  EXPECT_EQ(EncodeIndex(*DecodeIndex(bytes)), bytes);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeIndex(bytes.substr(0, size)).has_value());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    static_cast<void>(DecodeIndex(bad));
  }
}

}  // namespace
}  // namespace millrace::state
