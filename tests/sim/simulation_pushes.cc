// Rows that come by pushes, and what becomes of them.
#include <fmt/format.h>

#include <utility>

#include "sim/simulation.h"

namespace millrace::sim {

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

}  // namespace millrace::sim
