#include "state/merge_policy.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace millrace::state {
namespace {

constexpr size_t kCheapestFiles = 8;

int LevelOf(uint64_t bytes, const MergePolicy& policy) {
  int level = 0;
  for (uint64_t above = policy.unit_bytes; bytes >= above && level < 32; above *= policy.fan_in) ++level;
  return level;
}

uint64_t SumOf(std::span<const MergeCandidate> files) {
  return std::accumulate(files.begin(), files.end(), uint64_t{0},
                         [](uint64_t sum, const MergeCandidate& file) { return sum + file.bytes; });
}

bool IsHalfVoid(std::span<const MergeCandidate> files, const MergePolicy& policy) {
  if (files.empty() || files[0].bytes < policy.unit_bytes) return false;
  const uint64_t alive = files[0].bytes - files[0].garbage;
  return SumOf(files.subspan(1)) + files[0].garbage >= alive;
}

// The youngest run of neighbours up to `level` that has enough files of that level.
std::optional<MergeRange> FindRun(std::span<const int> levels, int level, size_t fan_in) {
  for (size_t end = levels.size(); end > 0;) {
    size_t begin = end;
    size_t count = 0;
    for (; begin > 0 && levels[begin - 1] <= level; --begin) count += levels[begin - 1] == level ? 1 : 0;
    if (count >= fan_in) return MergeRange{begin, end};
    end = begin == 0 ? 0 : begin - 1;
  }
  return std::nullopt;
}

MergeRange CheapestNeighbours(std::span<const MergeCandidate> files) {
  MergeRange best{0, kCheapestFiles};
  uint64_t best_bytes = ~uint64_t{0};
  for (size_t begin = 0; begin + kCheapestFiles <= files.size(); ++begin) {
    const uint64_t bytes = SumOf(files.subspan(begin, kCheapestFiles));
    if (bytes < best_bytes) {
      best = {begin, begin + kCheapestFiles};
      best_bytes = bytes;
    }
  }
  return best;
}

}  // namespace

std::optional<MergeRange> PlanMerge(std::span<const MergeCandidate> files, const MergePolicy& policy) {
  if (IsHalfVoid(files, policy)) return MergeRange{0, files.size()};
  std::vector<int> levels;
  for (const MergeCandidate& file : files) levels.push_back(LevelOf(file.bytes, policy));
  const int level_max = levels.empty() ? -1 : std::ranges::max(levels);
  for (int level = 0; level <= level_max; ++level) {
    if (const auto run = FindRun(levels, level, policy.fan_in)) return run;
  }
  if (files.size() > std::max(policy.files_max, kCheapestFiles)) return CheapestNeighbours(files);
  return std::nullopt;
}

}  // namespace millrace::state
