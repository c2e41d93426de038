#include "sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <set>
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
      return CheckpointSoon();
    case 8:
      return CreateSome();
    case 9:
      return OneIn(2) ? DropOne() : void();
    case 10:
      return Glance();
    case 11:
      return OneIn(6) ? FinishFeed() : OneIn(12) ? SpoilFeed() : Glance();
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
  const Object& feed = *feeds[Below(feeds.size())];
  FeedLog& log = fed_[feed.name];
  for (uint64_t batches = OneIn(4) ? 1 + Below(12) : 1; batches > 0; --batches) {
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
    Note("spoil " + object.name);
    log.is_spoiled = true;
    FeedLog nowhere;
    Change change = DrawChange(object, 0, &nowhere);
    change.is_delete = true;
    feeds_.Push("public." + object.name, BatchOf(object.columns, {change}));
    return;
  }
}

std::vector<data::Batch> Simulation::DrawBatches(const Object& table, std::vector<Change>* changes) {
  std::vector<data::Batch> batches;
  for (uint64_t count = OneIn(5) ? 1 + Below(3) : 1; count > 0; --count) {
    std::vector<Change> batch;
    for (uint64_t rows = 1 + Below(OneIn(12) ? 80 : 8); rows > 0; --rows) {
      batch.push_back(DrawChange(table, 0, &fed_[table.name]));
    }
    batches.push_back(BatchOf(table.columns, batch));
    changes->insert(changes->end(), batch.begin(), batch.end());
  }
  statistics_.rows += changes->size();
  return batches;
}

void Simulation::PushSome() {
  std::vector<const Object*> tables;
  for (const Object& object : scenario_.objects()) {
    if (object.takes_pushes) tables.push_back(&object);
  }
  if (tables.empty()) return;
  if (tables.size() > 1 && OneIn(3)) return PushIntoAll(tables);
  for (uint64_t pushes = OneIn(4) ? 1 + Below(10) : 1; pushes > 0; --pushes) {
    PushInto(*tables[Below(tables.size())]);
  }
}

void Simulation::PushInto(const Object& table) {
  ++statistics_.pushes;
  auto push = std::make_shared<Push>();
  std::vector<data::Batch> batches = DrawBatches(table, &push->parts[table.name]);
  push->receipt = std::make_shared<connectors::PushReceipt>(WakeOf(push));
  const auto taken = machine_.Ingest(table.name)->TryPush(batches, {}, push->receipt);
  Note(fmt::format("push {} rows into {}", push->parts[table.name].size(), table.name));
  if (machine_.has_ended()) return;  // its answer is worth nothing, and what had ended takes nothing
  if (!taken.has_value()) return void(Fault("a push is refused: " + taken.error().ToString()));
  if (*taken == 0) return;  // no room: its writer goes away
  Given(push);
  open_.push_back(std::move(push));
}

void Simulation::PushIntoAll(const std::vector<const Object*>& tables) {
  ++statistics_.pushes;
  ++statistics_.commits;
  auto push = std::make_shared<Push>();
  push->group = std::make_unique<dataflow::PushGroup>();
  for (const Object* table : tables) {
    if (OneIn(2)) continue;
    auto batches = DrawBatches(*table, &push->parts[table->name]);
    push->group->Add(machine_.Ingest(table->name), std::move(batches));
  }
  if (push->parts.empty()) return;
  Note(fmt::format("push into {} tables", push->parts.size()));
  commits_.push_back(push);
  open_.push_back(std::move(push));
}

std::function<void()> Simulation::WakeOf(const std::shared_ptr<Push>& push) {
  return [this, weak = std::weak_ptr(push)] {
    if (const auto woken = weak.lock()) woken->is_answered_well = !machine_.has_ended();
  };
}

void Simulation::Given(const std::shared_ptr<Push>& push) {
  push->state = Push::State::kUnderWay;
  for (const auto& [table, changes] : push->parts) fed_[table].pushes.push_back(push);
}

void Simulation::Decide(Push* push, Push::State state) {
  push->state = state;
  push->group = nullptr;
  push->receipt = nullptr;
  ++(state == Push::State::kTaken ? statistics_.taken : statistics_.refused);
}

void Simulation::PollPushes() {
  for (const auto& push : open_) {
    std::optional<Status> outcome;
    if (push->group != nullptr) {
      const auto taken = push->group->TryPush(WakeOf(push));
      if (push->state == Push::State::kWaiting && push->group->is_given()) Given(push);
      if (!taken.has_value()) {
        outcome = std::unexpected(taken.error());
      } else if (*taken) {
        outcome = Status();
      }
    } else if (push->receipt != nullptr && push->receipt->is_settled()) {
      outcome = push->receipt->status();
    }
    if (!outcome.has_value()) continue;
    // An error of a machine that has ended says nothing.
    if (!outcome->has_value() && machine_.has_ended() && !push->is_answered_well) continue;
    Decide(push.get(), outcome->has_value() ? Push::State::kTaken : Push::State::kRefused);
    for (const auto& [table, changes] : push->parts) GatherTaken(table);
  }
  std::erase_if(open_, [](const auto& push) {
    return push->state == Push::State::kTaken || push->state == Push::State::kRefused;
  });
}

void Simulation::GatherTaken(const std::string& table) {
  FeedLog& log = fed_[table];
  log.changes.clear();
  log.ends.clear();
  for (const auto& push : log.pushes) {
    if (push->state != Push::State::kTaken) continue;
    const std::vector<Change>& changes = push->parts[table];
    log.changes.insert(log.changes.end(), changes.begin(), changes.end());
    log.ends.push_back(log.changes.size());
  }
}

void Simulation::FindPushes() {
  for (const Object& object : scenario_.objects()) {
    if (object.takes_pushes && is_well()) FindPushesOf(object);
  }
  for (const auto& push : open_) {
    ++statistics_.undecided;
    // Waiting, or under way only into tables that have been dropped.
    if (push->state == Push::State::kWaiting || push->state == Push::State::kUnderWay) {
      Decide(push.get(), Push::State::kRefused);
    }
  }
  open_.clear();
}

// The log has all that was acknowledged and, in their order, some of those that were under way, each whole.
void Simulation::FindPushesOf(const Object& table) {
  const uint64_t logged = machine_.LoggedRows(table);
  uint64_t rows = 0;
  for (const auto& push : fed_[table.name].pushes) {
    if (push->state == Push::State::kTaken) rows += push->parts[table.name].size();
  }
  if (rows > logged) {
    return void(Fault(
        fmt::format("{} rows of {} were acknowledged or found, its log has {}", rows, table.name, logged)));
  }
  for (const auto& push : fed_[table.name].pushes) {
    if (push->state != Push::State::kUnderWay) continue;
    const uint64_t more = push->parts[table.name].size();
    if (rows + more > logged) break;
    rows += more;
    Decide(push.get(), Push::State::kTaken);
    for (const auto& [name, changes] : push->parts) GatherTaken(name);
  }
  if (rows != logged) {
    std::string open;
    for (const auto& push : fed_[table.name].pushes) {
      if (push->state == Push::State::kUnderWay) open += fmt::format(" {}", push->parts[table.name].size());
    }
    Fault(fmt::format("the log of {} has {} rows, {} in whole pushes; under way were more of{} rows",
                      table.name, logged, rows, open));
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

void Simulation::CheckpointSoon() {
  if (machine_.warehouse().Checkpoint(0).has_value()) Fault("a checkpoint was made by nobody");
  Note("a checkpoint is asked for");
  if (OneIn(2)) machine_.RunSlices(Below(200));
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
  for (const Object& object : dropped) {
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
    for (const auto& record : machine_.warehouse().checkpoints()) {
      statistics_.checkpoints += record.is_committed;
      if (record.is_committed) checkpoint_epoch_ = std::max(checkpoint_epoch_, record.epoch);
    }
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
  FindPushes();
  CheckStart();
  positions_.clear();
  for (const Object& object : scenario_.objects()) {
    shown_from_[object.id] = machine_.WasSaved(object.id) ? 0 : machine_.epoch() + 1;
  }
  Glance(true);
  return true;
}

// ------------------------------------------------------------------------------------------- what must hold

void Simulation::CheckStart() {
  if (machine_.epoch() < checkpoint_epoch_) {
    return void(Fault(fmt::format("it goes on from epoch {}, and {} had been made durable", machine_.epoch(),
                                  checkpoint_epoch_)));
  }
  const auto entries = machine_.world().files.List(machine_.options().store.folder);
  const size_t files = machine_.store().Stats().files;
  if (entries.has_value() && entries->size() != files) {
    Fault(fmt::format("{} files of checkpoints are there, {} are in force", entries->size(), files));
  }
}

void Simulation::CheckChapters() {
  if (machine_.warehouse().Checkpoint(0).has_value()) return void(Fault("a checkpoint was made by nobody"));
  if (!machine_.RunFor(3'000'000, 10'000)) return void(Fault("something runs without an end"));
  if (machine_.has_ended()) return;
  std::set<uint64_t> ids;
  for (const Object& object : scenario_.objects()) ids.insert({object.id, object.group});
  for (const std::string& chapter : machine_.store().Chapters()) {
    const std::string_view digits = std::string_view(chapter).substr(1, chapter.find('/') - 1);
    uint64_t id = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (parsed.ec != std::errc() || ids.contains(id)) continue;
    return void(Fault("of what was dropped there is still " + chapter));
  }
  for (const std::string& topic : machine_.Topics()) {
    if (ids.contains(std::strtoull(topic.c_str() + 1, nullptr, 10))) continue;
    return void(Fault("of what was dropped there is still the topic " + topic));
  }
}

Simulation::Trust Simulation::TrustOf(const Query& query) const {
  Trust trust = Trust::kExact;
  for (const std::string& input : query.inputs) trust = std::max(trust, TrustOf(input));
  return trust;
}

Simulation::Trust Simulation::TrustOf(const std::string& name) const {
  const auto found = trust_.find(name);
  return found == trust_.end() ? Trust::kExact : found->second;
}

// Until nothing changes any more: views that were started together fail together.
void Simulation::FindTrust() {
  trust_.clear();
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    const auto lower = [&](const std::string& name, Trust trust) {
      if (TrustOf(name) >= trust) return;
      trust_[name] = trust;
      has_changed = true;
    };
    std::set<uint64_t> broken_groups;
    for (const Object& object : scenario_.objects()) {
      if (object.kind == Object::Kind::kFeed && fed_[object.name].is_spoiled)
        lower(object.name, Trust::kBroken);
      if (!object.HasQuery()) continue;
      const Trust trust = TrustOf(object.query);
      if (object.kind == Object::Kind::kInsert) {
        if (trust != Trust::kExact) lower(object.name, Trust::kLoose);
        continue;
      }
      lower(object.name, trust);
      if (trust == Trust::kBroken) broken_groups.insert(object.group);
    }
    for (const Object& object : scenario_.objects()) {
      if (object.kind == Object::Kind::kView && broken_groups.contains(object.group)) {
        lower(object.name, Trust::kBroken);
      }
    }
  }
}

void Simulation::CheckJobs() {
  FindTrust();
  std::map<uint64_t, std::string> errors = machine_.JobErrors();
  for (const Object& object : scenario_.objects()) {
    const auto error = errors.find(object.id);
    if (error == errors.end()) continue;
    const bool is_view = object.kind == Object::Kind::kView;
    if (is_view && TrustOf(object.name) == Trust::kBroken) continue;
    if (object.HasQuery() && TrustOf(object.query) == Trust::kBroken) continue;
    return void(Fault(fmt::format("the job of #{} has failed: {}", object.id, error->second)));
  }
}

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

void Simulation::CompareAll() {
  Note("compare all");
  ++statistics_.comparisons;
  CheckJobs();
  expected_.clear();
  for (const Object& object : scenario_.objects()) {
    if (object.kind != Object::Kind::kTable && object.kind != Object::Kind::kView) continue;
    if (TrustOf(object.name) != Trust::kExact) continue;
    const auto found = machine_.Published(object.name);
    if (!found.has_value()) return void(Fault(object.name + " is not there"));
    const std::string difference = Difference(Expected(object.name), *found);
    if (difference.empty()) continue;
    return void(Fault(fmt::format("{} is not what it must be: {}\n{}", object.name, object.sql, difference)));
  }
  Glance();
}

Inputs Simulation::InputsOf(const Query& query) {
  Inputs inputs;
  for (const std::string& name : query.inputs) {
    inputs.rows[name] = Expected(name);
    if (const auto fed = fed_.find(name); fed != fed_.end()) inputs.changes[name] = fed->second.changes;
    if (scenario_.Find(name)->IsSource() && !inputs.changes.contains(name)) inputs.changes[name] = {};
    if (fed_[name].is_finished) inputs.finished.insert(name);
  }
  return inputs;
}

const Rows& Simulation::Expected(const std::string& name) {
  if (const auto known = expected_.find(name); known != expected_.end()) return known->second;
  const Object& object = *scenario_.Find(name);
  Rows rows;
  switch (object.kind) {
    case Object::Kind::kFeed:
    case Object::Kind::kHttp:
      rows = RowsOf(fed_[name].changes, object.mode);
      break;
    case Object::Kind::kView:
      rows = Evaluate(object.query, InputsOf(object.query));
      break;
    default:
      rows = RowsOf(fed_[name].changes, object.mode);
      for (const Object* insert : scenario_.InsertsInto(name)) {
        const Rows inserted = Evaluate(insert->query, InputsOf(insert->query));
        rows.insert(rows.end(), inserted.begin(), inserted.end());
      }
  }
  return expected_[name] = std::move(rows);
}

void Simulation::Glance(bool is_start) {
  ++statistics_.glances;
  CheckJobs();
  std::map<uint64_t, std::vector<const Object*>> groups;
  for (const Object& object : scenario_.objects()) {
    if (!is_well()) return;
    // The tasks of a job that fails end one by one; a restart has all of them as of one checkpoint again.
    if (!is_start && object.HasQuery() && TrustOf(object.query) == Trust::kBroken) continue;
    const bool is_view = object.kind == Object::Kind::kView;
    if (!is_start && is_view && TrustOf(object.name) == Trust::kBroken) continue;
    if (is_view) GlanceAtView(object);
    if (!object.HasQuery() || object.query.inputs.size() != 1) continue;
    if (!scenario_.Find(object.query.inputs.front())->IsSource()) continue;
    // A checkpoint has the table and what its INSERT has read as of one position; an epoch alone has not.
    const bool is_insert = object.kind == Object::Kind::kInsert;
    if (is_insert && (!is_start || scenario_.InsertsInto(object.name).size() > 1)) continue;
    if (is_insert && !fed_[object.name].pushes.empty()) continue;
    groups[object.group].push_back(&object);
  }
  GlanceAtPushes();
  if (!is_well() || (!is_start && !OneIn(3))) return;
  for (const auto& [group, members] : groups) GlanceAtGroup(group, members);
}

void Simulation::GlanceAtPushes() {
  constexpr size_t kLookedAt = 4;
  std::map<std::string, std::set<Cell>> serials;  // in tables that only take pushes, and only keep rows
  for (const Object& object : scenario_.objects()) {
    if (object.kind != Object::Kind::kTable || object.is_keyed || commits_.empty()) continue;
    if (!scenario_.InsertsInto(object.name).empty()) continue;
    const auto published = machine_.Published(object.name);
    if (!published.has_value()) return void(Fault(object.name + " is not there"));
    for (const Row& row : *published) serials[object.name].insert(row[1]);
    serials[object.name];
  }
  for (size_t i = commits_.size() - std::min(commits_.size(), kLookedAt); i < commits_.size(); ++i) {
    size_t there = 0;
    size_t parts = 0;
    for (const auto& [table, changes] : commits_[i]->parts) {
      const auto found = serials.find(table);
      if (found == serials.end()) continue;
      parts += changes.size();
      for (const Change& change : changes) there += found->second.count(change.row[1]);
    }
    if (there == 0 || there == parts) continue;
    return void(Fault(fmt::format("{} of the {} rows of one push are shown", there, parts)));
  }
}

// A view over stored relations is, in every set of snapshots, what its definition says of theirs.
void Simulation::GlanceAtView(const Object& view) {
  if (machine_.epoch() < shown_from_[view.id]) return;
  Inputs inputs;
  for (const std::string& name : view.query.inputs) {
    if (scenario_.Find(name)->IsSource()) return;
    const auto published = machine_.Published(name);
    if (!published.has_value()) return void(Fault(name + " is not there"));
    inputs.rows[name] = *published;
  }
  const auto found = machine_.Published(view.name);
  if (!found.has_value()) return void(Fault(view.name + " is not there"));
  const std::string difference = Difference(Evaluate(view.query, inputs), *found);
  if (difference.empty()) return;
  Fault(fmt::format("{} does not go with what it reads: {}\n{}", view.name, view.sql, difference));
}

// What shares a feed shows the rows up to one and the same position of it, which does not go back.
void Simulation::GlanceAtGroup(uint64_t group, const std::vector<const Object*>& members) {
  const std::string& feed = members.front()->query.inputs.front();
  const Object& source = *scenario_.Find(feed);
  const FeedLog& log = fed_[feed];
  std::vector<Rows> found;
  for (const Object* member : members) {
    const auto published = machine_.Published(member->name);
    if (!published.has_value()) return void(Fault(member->name + " is not there"));
    found.push_back(*published);
    std::sort(found.back().begin(), found.back().end());
  }
  // The end has a position too.
  const size_t positions = log.ends.size() + (log.is_finished ? 1 : 0);
  for (size_t position = positions_[group]; position <= positions; ++position) {
    Inputs inputs;
    const size_t batches = std::min(position, log.ends.size());
    if (position > batches) inputs.finished.insert(feed);
    const std::span<const Change> changes(log.changes.data(), batches == 0 ? 0 : log.ends[batches - 1]);
    inputs.changes[feed] = changes;
    inputs.rows[feed] = RowsOf(changes, source.mode);
    bool agree = true;
    for (size_t i = 0; i < members.size() && agree; ++i) {
      Rows rows = Evaluate(members[i]->query, inputs);
      std::sort(rows.begin(), rows.end());
      agree = rows == found[i];
    }
    if (!agree) continue;
    positions_[group] = position;
    return;
  }
  std::string names;
  for (const Object* member : members) names += " " + member->name;
  Fault(fmt::format("these are of no one position of {} at or behind {}:{}", feed, positions_[group], names));
}

}  // namespace millrace::sim
