#include "sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace millrace::sim {
namespace {

constexpr int kSteps = 70;
constexpr uint64_t kScenarioSalt = 0x7363656e;
constexpr size_t kTraceLines = 4'000;

}  // namespace

void Statistics::Add(const Statistics& other) {
  seeds += other.seeds;
  starts += other.starts;
  crashes += other.crashes;
  kills += other.kills;
  recovery_crashes += other.recovery_crashes;
  failures += other.failures;
  full_disks += other.full_disks;
  errors += other.errors;
  checkpoints += other.checkpoints;
  merges += other.merges;
  rows += other.rows;
  pushes += other.pushes;
  taken += other.taken;
  refused += other.refused;
  undecided += other.undecided;
  commits += other.commits;
  late_beginnings += other.late_beginnings;
  objects += other.objects;
  comparisons += other.comparisons;
  glances += other.glances;
  for (size_t i = 0; i < reached.size(); ++i) reached[i] += other.reached[i];
}

Simulation::Simulation(uint64_t seed, bool is_traced)
    : seed_(seed),
      is_traced_(is_traced),
      random_(seed ^ kScenarioSalt),
      scenario_(&random_),
      machine_(seed, &feeds_) {
  machine_.world().files.StartTrace(is_traced ? kTraceLines : 20);
}

bool Simulation::Fault(const std::string& what) {
  if (problem_.empty()) problem_ = fmt::format("seed {} step {}: {}\n", seed_, step_, what);
  return false;
}

void Simulation::Note(const std::string& what) {
  if (is_traced_) {
    fmt::print("{:3} {:10} {}\n", step_, machine_.world().clock.MonotonicMicros(), what);
  }
}

Statistics Simulation::statistics() {
  statistics_.seeds = 1;
  for (size_t i = 0; i < env::kFaultPointNames.size(); ++i) {
    const auto point = env::FaultPoint::Find(env::kFaultPointNames[i]);
    statistics_.reached[i] = machine_.world().faults.Count(*point);
  }
  return statistics_;
}

uint64_t Simulation::digest() {
  uint64_t digest = machine_.world().files.Count();
  const auto add = [&digest](uint64_t value) { digest = (digest ^ value) * 0x9E3779B97F4A7C15ull; };
  add(random_.Next());
  add(static_cast<uint64_t>(machine_.world().clock.MonotonicMicros()));
  for (const char c : machine_.world().files.Trace()) add(static_cast<unsigned char>(c));
  return digest;
}

void Simulation::DrawMachine() {
  constexpr int64_t kIntervals[] = {1'000, 20'000, 200'000, 1'000'000, 5'000'000};
  Machine::Options& options = machine_.options();
  options.checkpoint_interval_micros = kIntervals[Below(std::size(kIntervals))];
  options.epoch_interval_micros = OneIn(2) ? 2'000 : 100'000;
  options.batch_rows = OneIn(3) ? 3 : 2048;
  options.store.codec = static_cast<state::BlockCodec>(Below(3));
  options.store.block_bytes = 200 + Below(600);
  options.store.run_bytes = 1'000 + Below(4'000);
  options.store.merge = {.unit_bytes = 500 + Below(3'000), .fan_in = 2 + Below(2), .files_max = 3 + Below(8)};
}

void Simulation::DrawObjects() {
  machine_.options().segment_age_micros = OneIn(2) ? 10'000 : 2'000'000;
  for (uint64_t i = 1 + Below(3); i > 0; --i) scenario_.DrawFeed();
  for (uint64_t i = Below(3); i > 0; --i) scenario_.DrawHttp();
  for (uint64_t i = Below(4); i > 0; --i) scenario_.DrawTable();
  for (uint64_t i = 1 + Below(3); i > 0; --i) scenario_.DrawViews();
  for (uint64_t i = Below(5); i > 0; --i) scenario_.DrawInsert();
  for (uint64_t i = Below(3); i > 0; --i) scenario_.DrawViews();
  statistics_.objects += scenario_.objects().size();
  for (const Object& object : scenario_.objects()) Note(fmt::format("#{} {}", object.id, object.sql));
}

std::string Simulation::Run() {
  DrawMachine();
  DrawObjects();
  Restart();
  for (step_ = 1; step_ <= kSteps && is_well(); ++step_) {
    Step();
    PollPushes();
    if (!is_well()) break;
    if (machine_.has_ended()) Restart();
  }
  if (is_well()) {
    machine_.world().files.Disarm();
    machine_.world().faults.Disarm();
    Settle();
  }
  if (is_well()) {
    End(OneIn(2));
    Restart();
    Settle();
    if (is_well()) CheckChapters();
  }
  if (!is_well() && is_traced_) problem_ += "The disk's last operations:\n" + machine_.world().files.Trace();
  if (is_up_) statistics_.merges += machine_.store().Stats().merges;
  return problem_;
}

// ------------------------------------------------------------------------------------------------------ work

void Simulation::Step() {
  switch (Below(34)) {
    case 0:
      return OneIn(2) ? Crash() : void();
    case 1:
      return PlanCrash();
    case 2:
      return OneIn(2) ? FillDisk() : void();
    case 3:
      is_full_ = false;
      return machine_.world().files.SetCapacity(std::nullopt);
    case 4:
      return FailDisk();
    case 5:
      return OneIn(2) ? Settle() : void();
    case 6:
    case 7:
      return CheckpointSoon(OneIn(2) ? 0 : Below(200));
    case 8:
      return CreateSome();
    case 9:
      return OneIn(2) ? DropOne() : void();
    case 10:
      return Glance(Moment::kWork);
    case 11:
      return OneIn(2) ? Glance(Moment::kWork) : OneIn(4) ? SpoilFeed() : OneIn(2) ? FinishFeed() : void();
    default:
      return OneIn(2) ? RunSome() : OneIn(2) ? Feed() : PushSome();
  }
}

Change Simulation::DrawChange(const Object& table, int partition, FeedLog* log) {
  Change change;
  change.partition = partition;
  change.row.push_back(static_cast<int64_t>(Below(12)));
  if (table.kind == Object::Kind::kTable) {
    change.row.push_back(++last_serial_);
  } else {
    change.row.push_back(OneIn(15) ? Cell() : Cell(static_cast<int64_t>(Below(200))));
  }
  if (table.columns.size() > 2) {
    change.row.push_back(OneIn(15) ? Cell() : Cell(static_cast<int64_t>(Below(8))));
  }
  if (table.delay_ms >= 0) {
    log->time_ms += static_cast<int64_t>(Below(1'500));
    const int64_t disorder = OneIn(5) ? static_cast<int64_t>(Below(12'000)) : 0;
    change.row.push_back(env::SimulatedEnv::kStartMicros / 1000 +
                         std::max<int64_t>(0, log->time_ms - disorder));
  }
  change.is_delete = table.mode == FeedMode::kUpsert && OneIn(3);
  return change;
}

void Simulation::Feed() {
  std::vector<const Object*> feeds;
  for (const Object& object : scenario_.objects()) {
    const FeedLog& log = fed_[object.name];
    if (object.kind == Object::Kind::kFeed && !log.is_finished && !log.is_spoiled) feeds.push_back(&object);
  }
  if (feeds.empty()) return;
  FeedInto(*feeds[Below(feeds.size())], OneIn(4) ? 1 + Below(12) : 1);
}

void Simulation::FeedInto(const Object& feed, uint64_t batches) {
  FeedLog& log = fed_[feed.name];
  for (; batches > 0; --batches) {
    const int partition = static_cast<int>(Below(static_cast<uint64_t>(feed.partitions)));
    std::vector<Change> changes;
    for (uint64_t rows = 1 + Below(OneIn(12) ? 80 : 8); rows > 0; --rows) {
      changes.push_back(DrawChange(feed, partition, &log));
    }
    statistics_.rows += changes.size();
    log.changes.insert(log.changes.end(), changes.begin(), changes.end());
    log.ends.push_back(log.changes.size());
    feeds_.Push("public." + feed.name, BatchOf(feed.columns, changes), partition);
  }
  Note(fmt::format("feed {}: {} batches, {} rows in all", feed.name, log.ends.size(), log.changes.size()));
}

void Simulation::FinishFeed() {
  for (const Object& object : scenario_.objects()) {
    const FeedLog& log = fed_[object.name];
    if (object.kind != Object::Kind::kFeed || log.is_finished || log.is_spoiled || !OneIn(3)) continue;
    Note("the end of " + object.name);
    fed_[object.name].is_finished = true;
    feeds_.Finish("public." + object.name);
    return;
  }
}

// By a row of a kind that it must not have.
void Simulation::SpoilFeed() {
  for (const Object& object : scenario_.objects()) {
    FeedLog& log = fed_[object.name];
    if (object.kind != Object::Kind::kFeed || object.mode != FeedMode::kAppend || !OneIn(3)) continue;
    if (log.is_finished || log.is_spoiled) continue;
    // Often in the middle of a checkpoint, when some of the tasks have saved and others have not.
    if (OneIn(2)) {
      FeedInto(object, 5);
      CheckpointSoon(Below(25));
    }
    Note("spoil " + object.name);
    log.is_spoiled = true;
    FeedLog nowhere;
    Change change = DrawChange(object, 0, &nowhere);
    change.is_delete = true;
    feeds_.Push("public." + object.name, BatchOf(object.columns, {change}));
    machine_.RunSlices(Below(60));
    return;
  }
}

void Simulation::RunSome() {
  bool rests = true;
  switch (Below(6)) {
    case 0:
      rests = machine_.RunFor(static_cast<int64_t>(Below(20'000)), 1'000);
      break;
    case 1:
      rests = machine_.RunFor(static_cast<int64_t>(Below(4'000'000)), 100'000);
      break;
    default:
      machine_.RunSlices(Below(60));
  }
  if (!rests) Fault("something runs without an end");
}

void Simulation::CheckpointSoon(uint64_t slices) {
  if (machine_.warehouse().Checkpoint(0).has_value()) Fault("a checkpoint was made by nobody");
  Note("a checkpoint is asked for");
  machine_.RunSlices(slices);
}

void Simulation::CreateSome() {
  const size_t first = scenario_.objects().size();
  if (OneIn(3)) scenario_.DrawTable();
  if (OneIn(2)) scenario_.DrawInsert();
  scenario_.DrawViews();
  statistics_.objects += scenario_.objects().size() - first;
  CreateAll(first);
}

// What is in the catalog is made after a restart, should the process end in the middle.
void Simulation::CreateAll(size_t first) {
  const std::vector<Object>& objects = scenario_.objects();
  for (size_t i = first; i < objects.size() && is_well();) {
    std::vector<Object> together = {objects[i++]};
    while (i < objects.size() && together.front().kind == Object::Kind::kView &&
           objects[i].kind == Object::Kind::kView && objects[i].group == together.front().group) {
      together.push_back(objects[i++]);
    }
    if (!machine_.AwaitEpoch()) return void(Fault("an epoch never passes"));
    if (machine_.has_ended()) return;
    for (const Object& object : together) {
      Note(fmt::format("#{} {}", object.id, object.sql));
      shown_from_[object.id] = machine_.epoch() + 1;
    }
    const Status created = machine_.Create(together);
    if (created.has_value()) {
      for (const Object& object : together) NoteBeginning(object);
    }
    if (created.has_value() || machine_.has_ended()) continue;
    const ErrorCode code = created.error().code();
    if (!(code == ErrorCode::kIoError && may_fail_) && !(code == ErrorCode::kDiskFull && is_full_)) {
      return void(Fault(fmt::format("{}: {}", together.front().sql, created.error().ToString())));
    }
    // The statement is refused, and those behind it are not made.
    Note("refused: " + created.error().ToString());
    std::vector<uint64_t> ids;
    for (i -= together.size(); i < objects.size(); ++i) ids.push_back(objects[i].id);
    for (const uint64_t id : ids) scenario_.Remove(id);
    return;
  }
}

void Simulation::DropOne() {
  const std::vector<Object> dropped = scenario_.DrawDrop();
  if (dropped.empty()) return;
  // What becomes of those into a table that goes is nobody's concern.
  if (HasOpenPushes()) return;
  if (!machine_.AwaitEpoch()) return void(Fault("an epoch never passes"));
  FindTrust();
  for (const Object& object : dropped) {
    if (object.kind == Object::Kind::kView && TrustOf(object.name) == Trust::kBroken) {
      failed_groups_.insert(object.group);
    }
    scenario_.Remove(object.id);
    if (machine_.has_ended()) continue;
    Note(fmt::format("drop #{} {}", object.id, object.name));
    const Status gone = machine_.Drop(object);
    if (!gone.has_value()) Fault(fmt::format("drop {}: {}", object.name, gone.error().ToString()));
  }
}

// ------------------------------------------------------------------------------------------ what goes wrong

void Simulation::Crash() {
  Note("crash");
  End(OneIn(2));
  Restart();
}

void Simulation::PlanCrash() {
  if (OneIn(2)) return machine_.world().CrashAtOperation(1 + Below(40));
  std::vector<std::string_view> names;
  for (const std::string_view name : env::AllFaultPoints()) {
    if (name.starts_with("env.") || name.starts_with("state.lmdb")) continue;
    names.push_back(name);
  }
  machine_.world().CrashAt(*env::FaultPoint::Find(names[Below(names.size())]), 1 + Below(2));
}

void Simulation::FillDisk() {
  uint64_t used = 0;
  const auto paths = machine_.world().files.Glob("/data/**");
  if (!paths.has_value()) return;  // it has been made to fail
  for (const std::string& path : *paths) {
    const auto info = machine_.world().files.Stat(path);
    if (info.has_value() && !info->is_directory) used += info->size;
  }
  Note("the disk is full");
  ++statistics_.full_disks;
  is_full_ = true;
  machine_.world().files.SetCapacity(used + Below(4'000));
}

void Simulation::FailDisk() {
  // Not at reading: a table that cannot read its log has failed, and those who read it, for good.
  constexpr env::DiskOperation kKinds[] = {env::DiskOperation::kWrite,   env::DiskOperation::kSync,
                                           env::DiskOperation::kSyncDir, env::DiskOperation::kRename,
                                           env::DiskOperation::kRemove,  env::DiskOperation::kCut};
  const env::DiskOperation kind = kKinds[OneIn(2) ? Below(2) : Below(std::size(kKinds))];
  Note("the disk is going to fail");
  may_fail_ = true;
  ++statistics_.errors;
  machine_.world().files.FailAt(kind, 1 + Below(15), EIO);
}

void Simulation::End(bool loses_power) {
  env::SimulatedEnv& world = machine_.world();
  loses_power |= world.has_crashed();
  if (std::exchange(is_up_, false)) {
    PollPushes();  // what has been acknowledged up to now
    statistics_.merges += machine_.store().Stats().merges;
    ++(loses_power ? statistics_.crashes : statistics_.kills);
    if (machine_.failure().has_value()) {
      ++statistics_.failures;
      Note("stopped: " + machine_.failure()->ToString());
    }
    const uint64_t number = machine_.store().number();
    statistics_.checkpoints += number - std::exchange(checkpoint_, number);
    checkpoint_epoch_ = std::max(checkpoint_epoch_, machine_.CheckpointEpoch());
  }
  Note(loses_power ? "the power is gone" : "the process is gone");
  world.Crash();  // so that nothing is written on the way to the end
  for (const auto& push : open_) push->group = nullptr;
  for (const auto& push : open_) push->receipt = nullptr;
  machine_.Stop();
  if (!loses_power) world.files.SyncAll();
  world.Restart({.scatters_sectors = !OneIn(3), .leaves_garbage = !OneIn(3), .scatters_names = OneIn(3)});
}

void Simulation::Restart() {
  constexpr int kAttemptsMax = 8;
  for (int attempt = 0; attempt < kAttemptsMax && is_well(); ++attempt) {
    End(OneIn(2));
    if (OneIn(4)) machine_.options().shards = 1 + static_cast<int>(Below(3));
    // The last ones are let alone.
    if (TryStart(attempt < kAttemptsMax / 2)) return;
  }
  Fault("it never starts");
}

bool Simulation::TryStart(bool is_disturbed) {
  env::SimulatedEnv& world = machine_.world();
  may_fail_ = false;
  if (is_disturbed && OneIn(4)) {
    world.CrashAtOperation(1 + Below(60));
  } else if (is_disturbed && OneIn(8)) {
    may_fail_ = true;
    world.files.FailAt(std::nullopt, 1 + Below(40), EIO);
  }
  ++statistics_.starts;
  Note(fmt::format("start with {} shards", machine_.options().shards));
  const Status started = machine_.Start(scenario_.objects());
  if (world.has_crashed()) {
    ++statistics_.recovery_crashes;
    return false;
  }
  if (!started.has_value()) {
    const bool lacks_room = is_full_ && started.error().code() == ErrorCode::kDiskFull;
    if (!may_fail_ && !lacks_room) return Fault("it does not start: " + started.error().ToString());
    Note("does not start: " + started.error().ToString());
    is_full_ = false;
    world.files.SetCapacity(std::nullopt);
    return false;
  }
  if (std::exchange(may_fail_, false)) world.files.Disarm();  // that was meant for the start
  is_up_ = true;
  failed_groups_.clear();
  FindPushes();
  CheckStart();
  positions_.clear();
  for (const Object& object : scenario_.objects()) {
    shown_from_[object.id] = machine_.WasSaved(object.id) ? 0 : machine_.epoch() + 1;
    if (!machine_.WasSaved(object.id)) NoteBeginning(object);
  }
  Glance(Moment::kStart);
  return true;
}

// ----------------------------------------------------------------------------------------------- at its end

bool Simulation::WorkOff() {
  constexpr int kRoundsMax = 2'000;
  const int64_t pause_micros = 2 * machine_.options().epoch_interval_micros + 20'000;
  int64_t epoch = -1;
  for (int round = 0; round < kRoundsMax; ++round) {
    if (!machine_.RunFor(pause_micros, 10'000)) return Fault("something runs without an end");
    PollPushes();
    if (machine_.has_ended()) return false;
    if (feeds_.IsDrained() && !HasOpenPushes() && machine_.epoch() == epoch) return true;
    epoch = machine_.epoch();
  }
  return Fault("it does not come to rest");
}

void Simulation::Settle() {
  is_full_ = false;
  machine_.world().files.SetCapacity(std::nullopt);
  constexpr int kAttemptsMax = 10;
  for (int attempt = 0; attempt < kAttemptsMax && is_well(); ++attempt) {
    if (WorkOff()) return CompareAll();
    if (is_well()) Restart();
  }
  Fault("it is never settled");
}

}  // namespace millrace::sim
