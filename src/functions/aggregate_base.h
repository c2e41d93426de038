// What the built-in aggregates are made of: a base that turns typed operations on one state into the
// Aggregate interface, the loop over rows, and checks of arguments. The type of the argument is decided at
// binding; loops over rows are templates without virtual calls.
#pragma once

#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/column.h"
#include "functions/aggregate.h"
#include "functions/registry.h"
#include "functions/state_bytes.h"

namespace millrace::functions {

// Derived (over a State that is default-constructible, aligned to at most 16) defines
//   void MergeState(State& into, State& from) const;
//   void FinalizeState(State& state, size_t index, data::Column* result, EvalContext& context) const;
//   void SaveState(const State& state, std::string* out) const;
//   Status LoadState(std::string_view* in, State& state) const;
//   size_t StateMemory(const State& state) const;       // when the state owns memory
//   ValueSet<...>& SetOf(State& state) const;             // if its values are elements
//   bool IsElement(std::string_view bytes) const;        // with SetOf: whether a string can be in the set
// and overrides Update.
template <typename Derived, typename StateType>
class AggregateOf : public Aggregate {
 public:
  using State = StateType;
  static_assert(alignof(State) <= 16);

  explicit AggregateOf(data::DataType result_type) : result_type_(std::move(result_type)) {}

  const data::DataType& result_type() const override { return result_type_; }
  size_t state_bytes() const override { return sizeof(State); }
  bool owns_memory() const override { return !std::is_trivially_destructible_v<State>; }
  size_t MemoryBytes(const std::byte* state) const override {
    if constexpr (std::is_trivially_destructible_v<State>) {
      return 0;
    } else {
      return derived().StateMemory(*reinterpret_cast<const State*>(state));
    }
  }
  void Init(std::byte* state) const override { new (state) State(); }
  void Destroy(std::byte* state) const override { At(state).~State(); }
  void Merge(std::span<std::byte* const> into, std::span<std::byte* const> from) const override {
    for (size_t i = 0; i < into.size(); ++i) derived().MergeState(At(into[i]), At(from[i]));
  }
  void Finalize(std::span<std::byte* const> states, data::Column* result,
                EvalContext& context) const override {
    for (size_t i = 0; i < states.size(); ++i) derived().FinalizeState(At(states[i]), i, result, context);
  }
  void Save(const std::byte* state, std::string* out) const override {
    derived().SaveState(*reinterpret_cast<const State*>(state), out);
  }
  Status Load(std::string_view* in, std::byte* state) const override {
    return derived().LoadState(in, At(state));
  }

  bool has_elements() const override { return kHasElements<Derived>; }
  void TrackElements(std::byte* state) const override {
    if constexpr (kHasElements<Derived>) derived().SetOf(At(state)).Track();
  }
  void TakeElements(std::byte* state, ElementChanges* changes) const override {
    if constexpr (kHasElements<Derived>) derived().SetOf(At(state)).TakeElements(changes);
  }
  void DropElements(std::byte* state, ElementChanges* changes) const override {
    if constexpr (kHasElements<Derived>) derived().SetOf(At(state)).DropElements(changes);
  }
  Status LoadElement(std::string_view key, std::string_view value, std::byte* state) const override {
    if constexpr (kHasElements<Derived>) {
      return derived().SetOf(At(state)).LoadElement(
          key, value, [this](std::string_view bytes) { return derived().IsElement(bytes); });
    } else {
      return Aggregate::LoadElement(key, value, state);
    }
  }

 protected:
  static State& At(std::byte* state) { return *reinterpret_cast<State*>(state); }

 private:
  template <typename D>
  static constexpr bool kHasElements = requires(const D& d, State& state) { d.SetOf(state); };

  const Derived& derived() const { return static_cast<const Derived&>(*this); }

  data::DataType result_type_;
};

// Save and Load of a state that is plain memory. Where not every memory is a state (counts may be out of all
// bounds) Derived defines
//   bool IsPossible(const State& state) const;
template <typename Derived, typename State>
class PlainAggregateOf : public AggregateOf<Derived, State> {
 public:
  using AggregateOf<Derived, State>::AggregateOf;
  static_assert(std::is_trivially_copyable_v<State>);
  void SaveState(const State& state, std::string* out) const { SaveRaw(state, out); }
  Status LoadState(std::string_view* in, State& state) const {
    MR_TRY(LoadRaw(in, &state));
    if constexpr (requires(const Derived& derived) { derived.IsPossible(state); }) {
      if (!static_cast<const Derived&>(*this).IsPossible(state)) return ImpossibleState();
    }
    return {};
  }
};

// Calls f(row, sign) for each row in which no argument is null; sign (int64_t) is 1 or -1.
template <typename F>
void VisitRows(size_t rows, std::span<const data::ColumnPtr> args, std::span<const int8_t> signs, F&& f) {
  const data::Column* nullable = nullptr;
  bool several_nullable = false;
  for (const data::ColumnPtr& arg : args) {
    if (!arg->has_nulls()) continue;
    if (arg->is_constant()) {
      if (arg->IsNull(0)) return;
      continue;
    }
    several_nullable = nullable != nullptr;
    nullable = arg.get();
    if (several_nullable) break;
  }
  if (nullable == nullptr && signs.empty()) {
    for (size_t i = 0; i < rows; ++i) f(i, int64_t{1});
  } else if (nullable == nullptr) {
    for (size_t i = 0; i < rows; ++i) f(i, int64_t{signs[i]});
  } else {
    for (size_t i = 0; i < rows; ++i) {
      if (nullable->IsNull(i)) continue;
      if (several_nullable) {
        bool any_null = false;
        for (const data::ColumnPtr& arg : args) any_null |= arg->IsNull(i);
        if (any_null) continue;
      }
      f(i, signs.empty() ? int64_t{1} : int64_t{signs[i]});
    }
  }
}

// "SUM(STRING, INT)", for messages.
std::string CallText(std::string_view name, const AggregateRequest& request);
// The error of arguments that a function does not take. `expected`: "one numeric argument".
std::unexpected<Error> BadArguments(std::string_view name, const AggregateRequest& request,
                                    std::string_view expected);
// The binder of the same function with DISTINCT supported: over the set of values of its non-literal
// arguments, passing on to the plain function what enters and leaves the set. `is_ordered`: its result
// depends on the order of arrival; `with_nulls`: it takes nulls too.
AggregateBinder WithDistinct(AggregateBinder plain, bool is_ordered = false, bool with_nulls = false);
// The binder of a function for which DISTINCT makes no difference.
AggregateBinder IgnoringDistinct(AggregateBinder plain);

// Each adds the functions of one file.
void RegisterCountAggregates(Registry& registry);
void RegisterSumAggregates(Registry& registry);
void RegisterExtremeAggregates(Registry& registry);
void RegisterVarianceAggregates(Registry& registry);
void RegisterOrderAggregates(Registry& registry);
void RegisterListAggregates(Registry& registry);
void RegisterApproximationAggregates(Registry& registry);
void RegisterPercentileAggregates(Registry& registry);
void RegisterBitAggregates(Registry& registry);
void RegisterRegressionAggregates(Registry& registry);
void RegisterJsonAggregates(Registry& registry);

}  // namespace millrace::functions
