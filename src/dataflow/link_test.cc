#include "dataflow/link.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "operators/saved_state.h"

namespace millrace::dataflow {
namespace {

using Calls = std::vector<std::string>;

// Notes what comes, as "W 5", "rows under 5 7", "idle", "active".
class Notes final : public Link {
 public:
  Status OnBatch(data::Batch batch) override {
    std::string text = "rows under";
    for (const int64_t watermark : *batch.watermarks) text += " " + std::to_string(watermark);
    calls.push_back(text);
    return {};
  }
  Status OnWatermark(int64_t watermark) override {
    calls.push_back("W " + std::to_string(watermark));
    return {};
  }
  Status OnIdle(bool idle) override {
    calls.emplace_back(idle ? "idle" : "active");
    return {};
  }
  Status OnEpoch(const Epoch&) override { return {}; }
  Status OnEnd() override { return {}; }

  Calls Take() { return std::exchange(calls, {}); }
  Calls calls;
};

void Watermark(PartitionMerge& merge, int partition, int64_t watermark) {
  ASSERT_TRUE(merge.input(partition)->OnWatermark(watermark).has_value());
}

void Rows(PartitionMerge& merge, int partition, std::vector<int64_t> watermarks) {
  data::Batch batch;
  batch.rows = watermarks.size();
  batch.watermarks = std::make_shared<const std::vector<int64_t>>(std::move(watermarks));
  ASSERT_TRUE(merge.input(partition)->OnBatch(std::move(batch)).has_value());
}

// Gives `to` what these have saved, each as a shard of its own.
Status Restore(PartitionMerge& to, const std::vector<const PartitionMerge*>& from) {
  std::vector<state::StateBuffer> buffers;
  for (size_t i = 0; i < from.size(); ++i) {
    state::StateWriter writer(static_cast<uint32_t>(i), static_cast<uint32_t>(from.size()));
    from[i]->Save(writer);
    buffers.push_back(writer.Take());
  }
  state::StateLayers layers;
  layers.Add(std::move(buffers));
  state::StateReader reader(&layers);
  return to.Restore(reader);
}

TEST(PartitionMergeTest, HandsOnTheLowestOfThoseThatAreNotIdle) {
  Notes notes;
  PartitionMerge merge(&notes);
  Watermark(merge, 0, 5);
  EXPECT_EQ(notes.Take(), Calls{"W 5"});
  merge.input(1);
  Watermark(merge, 0, 9);
  Rows(merge, 0, {6, 9});
  EXPECT_EQ(notes.Take(), Calls{"rows under 5 5"}) << "the other has not come so far";
  Watermark(merge, 1, 7);
  EXPECT_EQ(notes.Take(), Calls{"W 7"});
  ASSERT_TRUE(merge.SetIdle(1, true).has_value());
  EXPECT_EQ(notes.Take(), Calls{"W 9"});
  ASSERT_TRUE(merge.SetIdle(0, true).has_value());
  EXPECT_EQ(notes.Take(), Calls{"idle"});
}

TEST(PartitionMergeTest, APartitionThatIsSlowToShowItselfHoldsTheOthersBackAfterARestart) {
  Notes before;
  PartitionMerge saved(&before);
  saved.input(1);
  Watermark(saved, 0, 9);
  Watermark(saved, 1, 7);
  Notes notes;
  PartitionMerge merge(&notes);
  ASSERT_TRUE(Restore(merge, {&saved}).has_value());
  ASSERT_TRUE(merge.Announce().has_value());
  EXPECT_EQ(notes.Take(), Calls{"W 7"});
  Watermark(merge, 0, 20);
  Rows(merge, 0, {20});
  EXPECT_EQ(notes.Take(), Calls{"rows under 7"});
  Watermark(merge, 1, 12);
  EXPECT_EQ(notes.Take(), Calls{"W 12"});
}

TEST(PartitionMergeTest, APartitionThatHadEndedHoldsNothingBackAfterARestart) {
  Notes before;
  PartitionMerge saved(&before);
  saved.input(1);
  Watermark(saved, 0, 9);
  Watermark(saved, 1, 3);
  ASSERT_TRUE(saved.SetIdle(1, true).has_value());
  Notes notes;
  PartitionMerge merge(&notes);
  ASSERT_TRUE(Restore(merge, {&saved}).has_value());
  ASSERT_TRUE(merge.Announce().has_value());
  Watermark(merge, 0, 20);
  EXPECT_EQ(notes.Take(), (Calls{"W 9", "W 20"}));
  // Should it start again, it has a say again.
  ASSERT_TRUE(merge.SetIdle(1, false).has_value());
  Watermark(merge, 0, 30);
  EXPECT_EQ(notes.Take(), Calls{});
}

TEST(PartitionMergeTest, APartitionThatHasStartedIsNotIdleWhateverItWas) {
  Notes before;
  PartitionMerge saved(&before);
  Watermark(saved, 0, 3);
  ASSERT_TRUE(saved.SetIdle(0, true).has_value());
  Notes notes;
  PartitionMerge merge(&notes);
  merge.input(0);
  ASSERT_TRUE(Restore(merge, {&saved}).has_value());
  EXPECT_FALSE(merge.IsIdle(0));
  ASSERT_TRUE(merge.Announce().has_value());
  EXPECT_EQ(notes.Take(), Calls{"W 3"});
}

TEST(PartitionMergeTest, IdlenessOfAllIsAnnounced) {
  Notes before;
  PartitionMerge saved(&before);
  Watermark(saved, 0, 3);
  ASSERT_TRUE(saved.SetIdle(0, true).has_value());
  Notes notes;
  PartitionMerge merge(&notes);
  ASSERT_TRUE(Restore(merge, {&saved}).has_value());
  ASSERT_TRUE(merge.Announce().has_value());
  EXPECT_EQ(notes.Take(), (Calls{"W 3", "idle"}));
  ASSERT_TRUE(merge.SetIdle(0, false).has_value());
  EXPECT_EQ(notes.Take(), Calls{"active"});
}

TEST(PartitionMergeTest, OfSeveralThatHaveWrittenOfAPartitionTheOneFarthestBehindCounts) {
  Notes before;
  PartitionMerge first(&before);
  first.input(1);
  Watermark(first, 0, 10);
  Watermark(first, 1, 40);
  ASSERT_TRUE(first.SetIdle(1, true).has_value());
  PartitionMerge second(&before);
  second.input(2);
  Watermark(second, 0, 30);
  Watermark(second, 1, 20);
  Watermark(second, 2, 50);
  for (const bool turned : {false, true}) {
    SCOPED_TRACE(turned);
    Notes notes;
    PartitionMerge merge(&notes);
    ASSERT_TRUE(Restore(merge, turned ? std::vector<const PartitionMerge*>{&second, &first}
                                      : std::vector<const PartitionMerge*>{&first, &second})
                    .has_value());
    ASSERT_TRUE(merge.Announce().has_value());
    EXPECT_EQ(notes.Take(), Calls{"W 10"}) << "the first had handed on no more";
    // From 10, 20 and 50 on: each change shows the partition that is farthest behind now.
    EXPECT_FALSE(merge.IsIdle(1)) << "one of them still waits for it";
    Watermark(merge, 0, 60);
    EXPECT_EQ(notes.Take(), Calls{"W 20"});
    Watermark(merge, 1, 70);
    EXPECT_EQ(notes.Take(), Calls{"W 50"});
    Watermark(merge, 2, 80);
    EXPECT_EQ(notes.Take(), Calls{"W 60"});
  }
}

TEST(PartitionMergeTest, NothingSavedRestoresNothing) {
  Notes notes;
  PartitionMerge merge(&notes);
  ASSERT_TRUE(Restore(merge, {}).has_value());
  ASSERT_TRUE(merge.Announce().has_value());
  EXPECT_EQ(notes.Take(), Calls{});
  EXPECT_EQ(merge.watermark(), data::kMinWatermark);
}

TEST(PartitionMergeTest, DamageIsAnError) {
  for (const size_t size : {0u, 7u, 9u, 16u, 18u}) {  // a whole one has 8, 17, 26, … bytes
    SCOPED_TRACE(size);
    state::StateWriter writer;
    writer.PutShared("watermarks", std::string(size, '\x01'));
    std::vector<state::StateBuffer> buffers;
    buffers.push_back(writer.Take());
    state::StateLayers layers;
    layers.Add(std::move(buffers));
    state::StateReader reader(&layers);
    Notes notes;
    PartitionMerge merge(&notes);
    const Status status = merge.Restore(reader);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().code(), ErrorCode::kDataCorrupted);
  }
}

}  // namespace
}  // namespace millrace::dataflow
