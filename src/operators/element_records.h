// ElementRecords: the elements of large aggregate states as records of saved state.
//
// Each aggregate that has elements has a space of its own beside that of its owner's records. A record's key
// is that of the owner's record (its group's key, for a session with its number), then the element; the hash
// is the owner's too. So a set of millions of values costs a checkpoint as much as has changed of it.
//
// Owned by one operator instance; not thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operators/aggregate_set.h"
#include "state/state_writer.h"

namespace millrace::operators {

class ElementRecords {
 public:
  explicit ElementRecords(const AggregateSet* aggregates) : aggregates_(aggregates) {}

  // Whether there can be any; when not, nothing else need be called.
  bool is_on() const { return aggregates_->has_elements(); }

  // Notes that the states of a payload are about to go: whatever was saved of their elements goes with the
  // next WriteDropped. Not for those whose space is dropped.
  void Drop(std::string_view key, uint64_t hash, std::byte* payload);
  void WriteDropped(state::StateWriter& writer);

  // Writes the elements of one call that have changed. `space`: of the owner's records.
  void Write(size_t call, std::string_view space, std::string_view key, uint64_t hash, std::byte* payload,
             state::StateWriter& writer);
  // The same of all calls.
  void WriteAll(std::string_view space, std::string_view key, uint64_t hash, std::byte* payload,
                state::StateWriter& writer) {
    for (size_t call = 0; call < aggregates_->size(); ++call) Write(call, space, key, hash, payload, writer);
  }
  void DropSpaces(std::string_view space, state::StateWriter& writer) const;

  // The space of one call's elements, and what it belongs to: -1, and the space itself, when it is no such
  // space.
  static std::string SpaceOf(std::string_view space, size_t call);
  static int CallOf(std::string_view elements, std::string_view* space);
  Status Load(int call, std::string_view element, std::string_view value, std::byte* payload) const;

  // Of the records of Drop.
  void SetSpace(std::string_view space) { space_ = space; }

 private:
  struct Dropped {
    size_t call;
    uint64_t hash;
    std::string key;
  };
  const AggregateSet* aggregates_;
  std::string space_;
  functions::ElementChanges changes_;
  std::vector<Dropped> dropped_;
  std::string key_;
};

}  // namespace millrace::operators
