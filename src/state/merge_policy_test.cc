#include "state/merge_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "env/random.h"

namespace millrace::state {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

std::vector<MergeCandidate> Files(std::vector<uint64_t> kibs) {
  std::vector<MergeCandidate> files;
  for (uint64_t kib : kibs) files.push_back({kib << 10, 0});
  return files;
}

TEST(MergePolicy, LeavesFewFilesAlone) {
  EXPECT_EQ(PlanMerge({}), std::nullopt);
  EXPECT_EQ(PlanMerge(Files({10})), std::nullopt);
  EXPECT_EQ(PlanMerge(Files({10, 10, 10})), std::nullopt);
  EXPECT_EQ(PlanMerge(Files({100'000, 10, 10, 10})), std::nullopt);
}

TEST(MergePolicy, MergesNeighboursOfALevelWithSmallerOnesInBetween) {
  EXPECT_EQ(PlanMerge(Files({10, 10, 10, 10})), (MergeRange{0, 4}));
  EXPECT_EQ(PlanMerge(Files({100'000, 10, 10, 10, 10})), (MergeRange{1, 5}));
  // Below 1 MiB is level 0, below 4 MiB level 1.
  EXPECT_EQ(PlanMerge(Files({100'000, 2000, 2000, 10, 3000, 10, 2000, 10})), (MergeRange{1, 8}));
  EXPECT_EQ(PlanMerge(Files({100'000, 2000, 2000, 10, 3000, 10})), std::nullopt);
}

TEST(MergePolicy, MergesEverythingWhenTheOldestIsHalfVoid) {
  EXPECT_EQ(PlanMerge(Files({10'000, 9'000, 1'001})), (MergeRange{0, 3}));
  EXPECT_EQ(PlanMerge(Files({10'000, 9'000, 900})), std::nullopt);
  std::vector<MergeCandidate> files = Files({10'000, 10});
  files[0].garbage = files[0].bytes / 2;
  EXPECT_EQ(PlanMerge(files), (MergeRange{0, 2}));
  files[0].garbage = files[0].bytes / 3;
  EXPECT_EQ(PlanMerge(files), std::nullopt);
}

TEST(MergePolicy, BoundsTheNumberOfFilesWhateverTheirSizes) {
  // Each is of another level than its neighbours, and they descend.
  std::vector<MergeCandidate> files{{uint64_t{1} << 50, 0}};
  for (int i = 0; i < 70; ++i) files.push_back({i % 4 == 3 ? kMiB << 12 : 1000, 0});
  const auto range = PlanMerge(files);
  ASSERT_TRUE(range.has_value());
  EXPECT_GE(range->end - range->begin, 4u);
}

// Deltas of random sizes over a state that grows and is overwritten: what the head of merge_policy.h says of
// files, space and writing must hold.
TEST(MergePolicy, KeepsItsBoundsOverManyCheckpoints) {
  env::Random random(3);
  for (const double overlap : {0.0, 0.5, 1.0}) {
    std::vector<MergeCandidate> files;
    double state_max = 1;
    double deltas = 0;
    double merged = 0;
    size_t most_files = 0;
    for (int step = 0; step < 20'000; ++step) {
      const uint64_t delta = random.Below(random.Chance(0.01) ? 64 * kMiB : kMiB / 2) + 1000;
      files.push_back({delta, 0});
      deltas += static_cast<double>(delta);
      while (const auto range = PlanMerge(files)) {
        uint64_t sum = 0;
        uint64_t largest = 0;
        for (size_t i = range->begin; i < range->end; ++i) {
          sum += files[i].bytes;
          largest = std::max(largest, files[i].bytes);
        }
        const auto result =
            largest + static_cast<uint64_t>(static_cast<double>(sum - largest) * (1 - overlap));
        const auto begin = files.begin() + static_cast<ptrdiff_t>(range->begin);
        files.erase(begin, files.begin() + static_cast<ptrdiff_t>(range->end));
        files.insert(files.begin() + static_cast<ptrdiff_t>(range->begin), {result, 0});
        merged += static_cast<double>(result);
      }
      most_files = std::max(most_files, files.size());
      uint64_t total = 0;
      for (const auto& file : files) total += file.bytes;
      state_max = std::max(state_max, static_cast<double>(total));
      if (files[0].bytes >= kMiB) {
        ASSERT_LT(total, 2 * files[0].bytes + 1);
      }
    }
    const double levels = std::log(state_max / static_cast<double>(kMiB)) / std::log(4.0) + 1;
    EXPECT_LE(most_files, 64u);
    EXPECT_LE(merged / deltas, levels + 2) << overlap;
  }
}

}  // namespace
}  // namespace millrace::state
