// Simulation: the life of one durable warehouse, all of it drawn from a seed: what is created, fed and
// dropped, when tasks run, and what goes wrong. Beside it the model, which says what must be there.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
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
  uint64_t pushes = 0;
  uint64_t taken = 0;            // acknowledged, or found after a crash
  uint64_t refused = 0;          // nothing of them is there
  uint64_t undecided = 0;        // under way at a crash
  uint64_t commits = 0;          // pushes into several tables
  uint64_t late_beginnings = 0;  // of queries, behind rows that retention had taken
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
  // Rows that somebody writes into one or more tables, whole or not at all.
  struct Push {
    enum class State : uint8_t {
      kWaiting,   // for room: no table has got it
      kUnderWay,  // if the process ends now, it may be there or not
      kTaken,
      kRefused,
    };
    State state = State::kWaiting;
    bool is_answered_well = false;                     // its answer came from a machine that had not ended
    std::map<std::string, std::vector<Change>> parts;  // by table
    connectors::PushReceiptPtr receipt;                // of one table
    std::unique_ptr<dataflow::PushGroup> group;        // of several
  };
  // What was fed, or pushed and taken; positions count batches, or pushes.
  struct FeedLog {
    std::vector<Change> changes;
    std::vector<size_t> ends;                   // of each batch
    bool is_finished = false;                   // a feed of which no more comes
    bool is_spoiled = false;                    // a feed that cannot be read to its end
    int64_t time_ms = 0;                        // around which rowtimes are drawn
    std::vector<std::shared_ptr<Push>> pushes;  // given to the table, in the order of the log
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
  Change DrawChange(const Object& table, int partition, FeedLog* log);
  void FeedInto(const Object& feed, uint64_t batches);
  void FinishFeed();
  // Nobody can read the feed any further.
  void SpoilFeed();
  void PushSome();
  void PushInto(const Object& table);
  void PushIntoAll(const std::vector<const Object*>& tables);
  std::vector<data::Batch> DrawBatches(const Object& table, std::vector<Change>* changes);
  // Notes when the push is answered.
  std::function<void()> WakeOf(const std::shared_ptr<Push>& push);
  void Given(const std::shared_ptr<Push>& push);
  // Asks what has become of those that wait or are under way.
  void PollPushes();
  void Decide(Push* push, Push::State state);
  bool HasOpenPushes() const { return !open_.empty(); }
  // What the log has, of those that were under way when the process ended.
  void FindPushes();
  void FindPushesOf(const Object& table);
  void GatherTaken(const std::string& table);
  void RunSome();
  void CreateSome();
  void CreateAll(size_t first);
  void DropOne();
  void CheckpointSoon(uint64_t slices);

  // --- What goes wrong. ---
  void Crash();
  void PlanCrash();
  void FillDisk();
  void FailDisk();
  // Starts what has ended until it runs.
  void Restart();
  // Ends the process, and the machine with it or not.
  void End(bool loses_power);
  // One attempt; `is_disturbed`: it may be made to fail.
  bool TryStart(bool is_disturbed);
  void CountEnd();

  // --- What must hold. ---
  void Settle();
  // False: the process has ended meanwhile.
  bool WorkOff();
  void CompareAll();
  enum class Moment : uint8_t {
    kWork,   // between any two epochs
    kRest,   // everything has been worked off
    kStart,  // nothing has run yet: what was restored is as it was saved
  };
  void Glance(Moment moment);
  void GlanceAtView(const Object& view);
  void GlanceAtGroup(uint64_t group, const std::vector<const Object*>& members);
  // What is known of a relation when everything has been worked off.
  enum class Trust : uint8_t {
    kExact,   // all that it must hold
    kLoose,   // not all: an INSERT into it, or into what it reads, has failed
    kBroken,  // it has failed, as of one position or another
  };
  Trust TrustOf(const std::string& name) const;
  Trust TrustOf(const Query& query) const;
  void FindTrust();
  void CheckJobs();
  // Of files and epochs, when it has just started.
  void CheckStart();
  // Nothing is kept of what has been dropped.
  void CheckChapters();
  void CheckWindows();
  // All parts of a push are shown in one epoch.
  void GlanceAtPushes();
  Inputs InputsOf(const Object& object);
  // What a query has just been made to begin with: of http tables, what the log has.
  void NoteBeginning(const Object& object);
  // Of what was given to a source, what the queries of a group have begun with.
  std::span<const Change> SeenBy(uint64_t group, const std::string& source, std::span<const Change> changes);
  // What must be in a relation when everything has been worked off.
  const Rows& Expected(const std::string& name);

  const uint64_t seed_;
  const bool is_traced_;
  env::Random random_;
  connectors::FeedHub feeds_;
  Scenario scenario_;
  Machine machine_;
  std::map<std::string, FeedLog> fed_;
  std::vector<std::shared_ptr<Push>> open_;     // waiting or under way
  std::vector<std::shared_ptr<Push>> commits_;  // into several tables
  int64_t last_serial_ = 1'000;                 // each pushed row has its own, as c1
  std::map<std::string, Trust> trust_;          // of relations; those that are not there: kExact
  std::map<std::string, Rows> expected_;        // of the comparison that is being made
  // The first epoch that shows a view as of the same position as what it reads, by id.
  std::map<uint64_t, int64_t> shown_from_;
  std::map<std::pair<uint64_t, std::string>, uint64_t>
      gone_rows_;                         // by group and http table, at its beginning
  std::map<uint64_t, size_t> positions_;  // batches that a group has taken at least
  bool is_up_ = false;                    // it has started and has not ended
  bool is_full_ = false;
  uint64_t checkpoint_ = 0;       // the last that was committed, when it last ended
  int64_t checkpoint_epoch_ = 0;  // and its epoch
  // Of views that had failed together, and of which the one that failed has been dropped since: the others go
  // on at the next start.
  std::set<uint64_t> failed_groups_;
  bool may_fail_ = false;  // the disk has been told to, since the start
  int step_ = 0;
  std::string problem_;
  Statistics statistics_;
};

}  // namespace millrace::sim
