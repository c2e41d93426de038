// What tasks keep beyond the process: who owns state, and what was saved of it. Plain values.
//
// An owner of state is an operator instance, a part of a table, or the position of a source. A task lists its
// owners while it is built, asks all of them behind a barrier, and gives what they wrote to the coordinator.
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "operators/operator.h"
#include "state/checkpoint_store.h"
#include "state/saved_records.h"
#include "state/state_reader.h"
#include "state/state_writer.h"

namespace millrace::dataflow {

struct StateOwner {
  std::string object;   // "o12", or "g12" for what the queries of a group share
  std::string chapter;  // of it: "o12/GroupAggregate(1)"
  uint32_t shard = 0;
  uint32_t shards = 1;
  std::function<void(state::StateWriter&)> save;
  std::function<Status(state::StateReader&)> restore;
  // Asked behind `save`: what is to be called once that is durable, from any thread; may wait for files, but
  // not for the warehouse. May be empty, and answer nothing.
  std::function<std::function<void()>()> on_saved = {};
};

struct SavedState {
  std::string object;
  std::string chapter;
  state::SavedRecordsPtr records;
};

// What one or more tasks saved at a barrier, or when they ended.
struct TaskSave {
  std::vector<SavedState> states = {};
  // Called once all of it is durable (StateOwner::on_saved).
  std::vector<std::function<void()>> committed = {};

  void Append(TaskSave other) {
    states.insert(states.end(), std::make_move_iterator(other.states.begin()),
                  std::make_move_iterator(other.states.end()));
    committed.insert(committed.end(), std::make_move_iterator(other.committed.begin()),
                     std::make_move_iterator(other.committed.end()));
  }
};

// What a job is in the catalog. What was saved of it is of use to the same plan only (its text, as EXPLAIN
// shows it for one shard; of a table its columns).
struct DurableObject {
  uint64_t id = 0;
  std::string plan;
};

// What belongs to no object of the catalog.
inline constexpr std::string_view kSystemOwner = "sys";
// The names of what an object keeps, and of what the queries of a group share.
std::string ObjectOwner(uint64_t object_id);
std::string GroupOwner(uint64_t group_id);
// Who saves what the operator remembers.
StateOwner OwnerOfOperator(uint64_t object_id, const std::string& name, operators::Operator* op,
                           uint32_t shard, uint32_t shards);
// Gives the owner what was saved of it.
Status RestoreOwner(const StateOwner& owner, state::CheckpointStore& store);
// What a chapter belongs to: what stands before its first '/'.
std::string_view OwnerOf(std::string_view chapter);

}  // namespace millrace::dataflow
