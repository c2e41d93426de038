// Simulation: the life of one durable warehouse, all of it drawn from a seed: what is created, fed and
// dropped, when tasks run, and what goes wrong. Beside it the model, which says what must be there.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/feed/feed_hub.h"
#include "env/fault_points.h"
#include "env/random.h"
#include "sim/machine.h"
#include "sim/model.h"
#include "sim/scenario.h"

namespace millrace::sim {

struct Statistics {
  uint64_t seeds = 0;
  uint64_t starts = 0;
  uint64_t crashes = 0;           // of a running warehouse, by loss of power
  uint64_t kills = 0;             // of its process
  uint64_t recovery_crashes = 0;  // while it was opened
  uint64_t failures = 0;          // after which it stopped by itself
  uint64_t full_disks = 0;
  uint64_t errors = 0;  // of the disk, as drawn
  uint64_t checkpoints = 0;
  uint64_t merges = 0;
  uint64_t rows = 0;
  uint64_t objects = 0;
  uint64_t comparisons = 0;  // of all relations, with all worked off
  uint64_t glances = 0;      // at what was published, in the middle of work
  std::array<uint64_t, env::kFaultPointNames.size()> reached{};

  void Add(const Statistics& other);
};

class Simulation {
 public:
  Simulation(uint64_t seed, bool is_traced);

  // What was wrong, and where; empty: nothing.
  std::string Run();
  Statistics statistics();
  // Follows from all that was done: the same for the same seed.
  uint64_t digest();

 private:
  // What was fed; positions count batches.
  struct FeedLog {
    std::vector<Change> changes;
    std::vector<size_t> ends;  // of each batch
    int64_t time_ms = 0;       // around which rowtimes are drawn
  };

  uint64_t Below(uint64_t bound) { return random_.Below(bound); }
  bool OneIn(uint64_t n) { return random_.Below(n) == 0; }
  bool Fault(const std::string& what);
  bool is_well() const { return problem_.empty(); }
  void Note(const std::string& what);

  void DrawMachine();
  void DrawObjects();

  // --- Work. Whatever ends the process is noticed behind each step. ---
  void Step();
  void Feed();
  Change DrawChange(const Object& feed, int partition, FeedLog* log);
  void RunSome();
  void CreateSome();
  void CreateAll(size_t first);
  void DropOne();
  void CheckpointSoon();

  // --- What goes wrong. ---
  void Crash();
  void PlanCrash();
  void FillDisk();
  void FailDisk();
  // Starts what has ended until it runs.
  void Restart();
  // Ends the process, and the machine with it or not.
  void End(bool loses_power);
  // One attempt, which may be made to fail.
  bool TryStart();
  void CountEnd();

  // --- What must hold. ---
  void Settle();
  // False: the process has ended meanwhile.
  bool WorkOff();
  void CompareAll();
  // `is_start`: what was restored is seen as it was saved.
  void Glance(bool is_start = false);
  void GlanceAtView(const Object& view);
  void GlanceAtGroup(uint64_t group, const std::vector<const Object*>& members);
  void CheckJobs();
  Inputs InputsOf(const Query& query);
  // What must be in a relation when everything has been worked off.
  const Rows& Expected(const std::string& name);

  const uint64_t seed_;
  const bool is_traced_;
  env::Random random_;
  connectors::FeedHub feeds_;
  Scenario scenario_;
  Machine machine_;
  std::map<std::string, FeedLog> fed_;
  std::map<std::string, Rows> expected_;  // of the comparison that is being made
  // The first epoch that shows a view as of the same position as what it reads, by id.
  std::map<uint64_t, int64_t> shown_from_;
  std::map<uint64_t, size_t> positions_;  // batches that a group has taken at least
  bool is_full_ = false;
  int step_ = 0;
  std::string problem_;
  Statistics statistics_;
};

}  // namespace millrace::sim
