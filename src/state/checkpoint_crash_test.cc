// Checkpoints over a disk that loses power, fails and fills up, at every operation and at every fault point:
// what is found afterwards is the last checkpoint that was acknowledged, or the one that was being made.
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "env/simulated_env.h"
#include "state/checkpoint_fixture.h"
#include "state/checkpoint_store.h"
#include "state/journal_commit_store.h"

namespace millrace::state {
namespace {

// A warehouse's life: opened, making checkpoints, stopped by what goes wrong, opened again.
class Life {
 public:
  explicit Life(uint64_t seed) : world_(seed), random_(seed), drawer_(random_, 30) {
    EXPECT_TRUE(world_.files.MakeDirs("/data").has_value());
    world_.files.SyncAll();
    options_ = {.folder = "/data/state",
                .codec = static_cast<BlockCodec>(seed % 3),
                .block_bytes = 300,
                .run_bytes = 2000,
                .merge = {.unit_bytes = 1500, .fan_in = 2, .files_max = 8}};
  }

  env::SimulatedEnv& world() { return world_; }
  int stops() const { return stops_; }
  const std::string& problem() const { return problem_; }

  // Makes `steps` checkpoints, or tries to; then opens anew, and everything must be there. False: see
  // problem().
  bool Run(int steps) {
    for (int step = 0; step < steps && problem_.empty(); ++step) Step();
    if (problem_.empty() && store_) world_.executor.RunUntilIdle();
    Stop(/*loses_power=*/world_.has_crashed());
    world_.files.Disarm();
    world_.faults.Disarm();
    world_.files.SetCapacity(std::nullopt);
    if (problem_.empty() && !OpenAndCheck()) return Fault("it does not open: " + last_error_);
    if (problem_.empty()) CheckFolder();
    Stop(false);
    return problem_.empty();
  }

 private:
  bool Fault(const std::string& what) {
    if (problem_.empty()) problem_ = what;
    return false;
  }

  // What goes wrong stops the process, and the power goes with it or stays.
  void Stop(bool loses_power) {
    store_.reset();
    commits_.reset();
    if (loses_power || world_.has_crashed()) {
      ++stops_;
      world_.Restart({.scatters_names = random_.Chance(0.3)});
    }
  }

  bool TryOpen() {
    auto commits = OpenJournalCommitStore(world_.env, "/data");
    if (!commits) return Failed(commits.error());
    commits_ = std::move(*commits);
    auto store = CheckpointStore::Open(world_.env, *commits_, options_);
    if (!store) return Failed(store.error());
    store_ = std::move(*store);
    return true;
  }
  bool Failed(const Error& error) {
    last_error_ = error.ToString();
    return false;
  }

  // A failure that was asked for fails one attempt at most.
  bool OpenAndCheck() {
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (TryOpen()) {
        const auto found = ReadBack(*store_, 1 + static_cast<uint32_t>(random_.Below(3)));
        if (found) return Check(*found);
        Failed(found.error());
      }
      Stop(false);
    }
    return false;
  }

  bool Check(const CheckpointModel& found) {
    if (found != model_ && (!maybe_ || found != *maybe_)) {
      return Fault("found checkpoint " + std::to_string(found.number) + ", expected " +
                   std::to_string(model_.number) +
                   (maybe_ ? " or " + std::to_string(maybe_->number) : std::string()));
    }
    model_ = found;
    maybe_.reset();
    return true;
  }

  void CheckFolder() {
    const auto entries = world_.files.List("/data/state");
    if (!entries || entries->size() != store_->Stats().files) Fault("files are left over");
  }

  void Step() {
    if (!store_ && !OpenAndCheck()) {
      if (problem_.empty()) Fault("it does not open: " + last_error_);
      return;
    }
    CheckpointPlan plan = drawer_.Draw(model_, 1 + static_cast<uint32_t>(random_.Below(2)));
    const CheckpointModel after = plan.after;
    auto builder = store_->Begin(after.number);
    std::optional<Status> outcome;
    if (builder) {
      Submit(plan, **builder, [&](Status status) { outcome = std::move(status); });
      builder->reset();
      while (!outcome && !world_.has_crashed() && world_.executor.RunOne()) continue;
    }
    // A merge may be anywhere.
    for (uint64_t i = random_.Below(30); i > 0 && !world_.has_crashed(); --i) world_.executor.RunOne();
    if (outcome && outcome->has_value()) {
      model_ = after;
    } else if (!store_->status() || world_.has_crashed()) {
      maybe_ = after;
    } else if (const auto found = ReadBack(*store_, 1); found && !Check(*found)) {
      return;
    }
    if (world_.has_crashed() || !store_->status()) Stop(random_.Chance(0.5));
    // The outcome of a checkpoint that was cancelled by the end of its store comes too late to be looked at.
  }

  env::SimulatedEnv world_;
  env::Random random_;
  CheckpointDrawer drawer_;
  CheckpointStoreOptions options_;
  std::unique_ptr<CommitStore> commits_;
  std::unique_ptr<CheckpointStore> store_;
  CheckpointModel model_;                 // in force
  std::optional<CheckpointModel> maybe_;  // or this one
  int stops_ = 0;
  std::string last_error_;
  std::string problem_;
};

constexpr int kSteps = 8;

// How many operations of the disk a life without trouble has.
uint64_t OperationsOf(uint64_t seed) {
  Life life(seed);
  const uint64_t before = life.world().files.Count();
  EXPECT_TRUE(life.Run(kSteps)) << life.problem();
  return life.world().files.Count() - before;
}

TEST(CheckpointCrash, APowerLossAtAnyOperationLosesNothing) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const uint64_t operations = OperationsOf(seed);
    ASSERT_GT(operations, 100u);
    int stops = 0;
    for (uint64_t n = 1; n <= operations; ++n) {
      Life life(seed);
      life.world().CrashAtOperation(n);
      ASSERT_TRUE(life.Run(kSteps)) << "seed " << seed << " operation " << n << ": " << life.problem();
      stops += life.stops();
    }
    EXPECT_GT(stops, static_cast<int>(operations) / 2);
  }
}

TEST(CheckpointCrash, AFailureOfAnyOperationLosesNothing) {
  for (uint64_t seed = 4; seed <= 6; ++seed) {
    const uint64_t operations = OperationsOf(seed);
    for (const int error_number : {EIO, ENOSPC}) {
      for (uint64_t n = 1; n <= operations; ++n) {
        Life life(seed);
        life.world().files.FailAt(std::nullopt, n, error_number);
        ASSERT_TRUE(life.Run(kSteps))
            << "seed " << seed << " operation " << n << " errno " << error_number << ": " << life.problem();
      }
    }
  }
}

TEST(CheckpointCrash, APowerLossAtAnyFaultPointLosesNothingAndEachIsReached) {
  std::set<std::string_view> reached;
  for (const std::string_view name : env::AllFaultPoints()) {
    if (!name.starts_with("state.") || name.starts_with("state.lmdb")) continue;
    const env::FaultPoint point = *env::FaultPoint::Find(name);
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      for (uint64_t nth = 1; nth <= 4; ++nth) {
        Life life(seed);
        // Leftovers come of a crash.
        if (name.starts_with("state.leftover")) life.world().CrashAt("state.file_sync.after", 3);
        life.world().CrashAt(point, nth);
        ASSERT_TRUE(life.Run(kSteps)) << name << " seed " << seed << ": " << life.problem();
        if (life.world().faults.Count(point) >= nth) reached.insert(name);
      }
    }
    EXPECT_TRUE(reached.contains(name)) << name;
  }
}

class CheckpointCrashSeeds : public testing::TestWithParam<uint64_t> {};

// Crash after crash, and a disk that has little room now and then.
TEST_P(CheckpointCrashSeeds, ManyCrashesInARowLoseNothing) {
  Life life(GetParam());
  env::Random random(GetParam() * 31);
  for (int round = 0; round < 12; ++round) {
    if (random.Chance(0.7)) life.world().CrashAtOperation(1 + random.Below(150));
    if (random.Chance(0.3)) life.world().files.SetCapacity(random.Below(20'000));
    ASSERT_TRUE(life.Run(3)) << "round " << round << ": " << life.problem();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CheckpointCrashSeeds, testing::Range(uint64_t{100}, uint64_t{160}));

}  // namespace
}  // namespace millrace::state
