// Aggregate: a bound aggregate function over states that the operator keeps in its own memory.
//
// A state is `state_bytes()` bytes at 16-byte alignment; one a group (or a group and slice). All
// methods are vectorised: one virtual call a batch. The same Aggregate object serves all shards and
// holds no state. Retraction: rows with sign -1 take away what an equal row with +1 added; asked for at
// binding
// (`with_retractions`), because it may need more state (MIN over a multiset instead of one value).
//
// DISTINCT is bound here too: the state then holds the set of values with their counts.
// FILTER is the operator's: it passes only the rows that count.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "functions/element_changes.h"
#include "functions/expression.h"

namespace millrace::functions {

struct AggregateRequest {
  std::vector<data::DataType> arg_types;  // empty for COUNT(*)
  std::vector<data::Value> literal_args;  // for each argument its value if it is a literal, else null
  bool distinct = false;
  bool with_retractions = false;
  bool grouped = true;  // false: a global aggregate, whose SUM etc. are nullable
};

class Aggregate {
 public:
  virtual ~Aggregate() = default;

  virtual const data::DataType& result_type() const = 0;
  virtual size_t state_bytes() const = 0;
  // Whether Destroy has anything to do.
  virtual bool owns_memory() const = 0;
  // Bytes that this state holds outside itself.
  virtual size_t MemoryBytes(const std::byte* state) const = 0;

  virtual void Init(std::byte* state) const = 0;
  virtual void Destroy(std::byte* state) const = 0;

  // Row i of the arguments (each `states.size()` rows; coerced to the types of the request) goes to
  // states[i]; several rows may name one state and are applied in order. `signs`: +1 or -1 a row, or
  // empty for all +1. Rows with null arguments are skipped as SQL says. context.sequence numbers the rows.
  virtual void Update(std::span<std::byte* const> states, const std::vector<data::ColumnPtr>& args,
                      std::span<const int8_t> signs, EvalContext& context) const = 0;

  // Adds the rows of from[i] to into[i]; `from` stays as it is. Used to build windows from slices and
  // sessions from sessions. The rows of `from` are later in time where order matters but no sequence says.
  virtual void Merge(std::span<std::byte* const> into, std::span<std::byte* const> from) const = 0;

  // Appends one value for each state to `result` (of result_type()). A result that cannot be told
  // (overflow) is null and a row error at its index in `states`.
  virtual void Finalize(std::span<std::byte* const> states, data::Column* result,
                        EvalContext& context) const = 0;

  // The state as bytes, and back into an initialised state: what checkpoints store.
  virtual void Save(const std::byte* state, std::string* out) const = 0;
  virtual Status Load(std::string_view* in, std::byte* state) const = 0;

  // --- States of many values ---
  //
  // A state of this kind (a DISTINCT set) may hold millions of values, of which few change between
  // checkpoints. If it is tracked and has become large, its values are elements: each is saved by itself when
  // it has changed, and Save writes only the rest. A state that was loaded, with its elements in any order
  // before or after the rest, is as the saved one was, and nothing of it counts as changed.
  virtual bool has_elements() const { return false; }
  // Notes from now on which elements of this state change; right after Init.
  virtual void TrackElements(std::byte* state) const { (void)state; }
  // Those that changed since the last call.
  virtual void TakeElements(std::byte* state, ElementChanges* changes) const {
    (void)state;
    (void)changes;
  }
  // All that may have been saved, as removed: the state is about to go.
  virtual void DropElements(std::byte* state, ElementChanges* changes) const {
    (void)state;
    (void)changes;
  }
  virtual Status LoadElement(std::string_view key, std::string_view value, std::byte* state) const {
    (void)key;
    (void)value;
    (void)state;
    return Fail(ErrorCode::kDataCorrupted, "the saved state has elements of an aggregate that has none");
  }
};

using AggregatePtr = std::shared_ptr<const Aggregate>;
// Checks the argument types; the error names the function, the types given and what would work.
using AggregateBinder =
    std::function<Result<AggregatePtr>(std::string_view name, const AggregateRequest& request)>;

}  // namespace millrace::functions
