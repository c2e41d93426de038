// The harness of aggregate property tests: an aggregate against a plain recomputation over the rows that
// are left, under random additions, retractions, merges, and saving and loading, in batches of any size over
// several states. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "functions/aggregate.h"
#include "functions/registry.h"

namespace millrace::functions::property {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::Int128;
using data::Value;

// Numbers from a seed (SplitMix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t operator()() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

struct Case {
  std::string name;
  std::vector<DataType> types;
  // The answer over the rows left, in their order of arrival; an error is std::nullopt.
  std::function<std::optional<Value>(const Rows&)> expected;
  std::vector<Value> literals = {};  // of the arguments that are literals
  bool retractable = true;
  bool distinct = false;
  bool appendable = true;
  // Values of the arguments, by index; empty: the default of the type.
  std::function<Value(Random&, size_t)> make = {};
};

inline Value RandomOf(const DataType& type, Random& random) {
  if (random() % 8 == 0) return Value::Null();
  const auto n = static_cast<int64_t>(random() % 41) - 20;
  switch (type.kind()) {
    case data::TypeKind::kBoolean:
      return Value::Bool(n > 0);
    case data::TypeKind::kTinyInt:
      return Value::Int(n % 6);
    case data::TypeKind::kDecimal:
      return Value::Decimal(Int128{n} * (type.precision() > 18 ? 1'000'000'000'000'000 : 7));
    case data::TypeKind::kFloat:
    case data::TypeKind::kDouble:
      return Value::Double(static_cast<double>(n) / 4);
    case data::TypeKind::kVarchar:
    case data::TypeKind::kVarbinary:
      return Value::String(std::string(static_cast<size_t>(n + 20) % 4 * 6, 'k') + std::to_string(n));
    default:
      return Value::Int(n);
  }
}

inline bool Near(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
}

// Equality of answers: floats within rounding.
inline bool SameAnswer(const DataType& type, const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (type.kind() == data::TypeKind::kDouble) return Near(a.as_double(), b.as_double());
  if (type.kind() == data::TypeKind::kFloat) {
    return std::abs(a.as_double() - b.as_double()) <= 1e-5 * std::max(1.0, std::abs(a.as_double()));
  }
  if (type.kind() == data::TypeKind::kArray && type.element().IsApproximate()) {
    if (a.as_list().size() != b.as_list().size()) return false;
    for (size_t i = 0; i < a.as_list().size(); ++i) {
      if (!SameAnswer(type.element(), a.as_list()[i], b.as_list()[i])) return false;
    }
    return true;
  }
  return a == b;
}

struct State {
  explicit State(const Aggregate& aggregate)
      : aggregate(&aggregate),
        memory(static_cast<std::byte*>(std::aligned_alloc(16, (aggregate.state_bytes() + 15) / 16 * 16))) {
    aggregate.Init(memory);
    aggregate.TrackElements(memory);
  }
  ~State() { Free(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void Free() {
    if (aggregate->owns_memory()) aggregate->Destroy(memory);
    std::free(memory);
  }
  // Brings what is saved of the elements up to date.
  void SaveElements() {
    ElementChanges changes;
    aggregate->TakeElements(memory, &changes);
    for (size_t i = 0; i < changes.size(); ++i) {
      if (changes.is_removed(i)) {
        elements.erase(std::string(changes.key(i)));
      } else {
        elements[std::string(changes.key(i))] = changes.value(i);
      }
    }
    elements_written += changes.size();
  }
  // What is left when the state is about to go: nothing.
  void DropElements() {
    SaveElements();
    ElementChanges changes;
    aggregate->DropElements(memory, &changes);
    for (size_t i = 0; i < changes.size(); ++i) {
      ASSERT_TRUE(changes.is_removed(i));
      elements.erase(std::string(changes.key(i)));
    }
    ASSERT_TRUE(elements.empty());
  }
  // Through bytes into a fresh state; the elements before the rest, or after it.
  void SaveAndLoad(bool elements_first) {
    SaveElements();
    std::string bytes;
    aggregate->Save(memory, &bytes);
    Free();
    memory = static_cast<std::byte*>(std::aligned_alloc(16, (aggregate->state_bytes() + 15) / 16 * 16));
    aggregate->Init(memory);
    aggregate->TrackElements(memory);
    const auto load_elements = [this] {
      for (const auto& [key, value] : elements) {
        const Status loaded = aggregate->LoadElement(key, value, memory);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
      }
    };
    if (elements_first) load_elements();
    std::string_view rest = bytes;
    const Status status = aggregate->Load(&rest, memory);
    ASSERT_TRUE(status.has_value()) << status.error().ToString();
    ASSERT_TRUE(rest.empty());
    if (!elements_first) load_elements();
    ElementChanges none;
    aggregate->TakeElements(memory, &none);
    ASSERT_EQ(none.size(), 0u) << "what was loaded counts as changed";
    // Cut short anywhere, it is an error and nothing worse.
    State other(*aggregate);
    if (!bytes.empty()) {
      std::string_view cut = std::string_view(bytes).substr(0, bytes.size() / 2);
      (void)aggregate->Load(&cut, other.memory);
    }
  }

  const Aggregate* aggregate;
  std::byte* memory;
  std::vector<std::pair<int64_t, Row>> rows;    // by arrival
  std::map<std::string, std::string> elements;  // as saved
  size_t elements_written = 0;
};

inline bool AnyNull(const Row& row) {
  return std::any_of(row.begin(), row.end(), [](const Value& v) { return v.is_null(); });
}

inline void CheckState(const Case& c, const Aggregate& aggregate, State& state) {
  Rows rows;
  std::set<std::string> seen;
  for (auto& [sequence, row] : state.rows) rows.push_back(row);
  if (c.distinct) {
    Rows unique;
    for (const Row& row : rows) {
      bool known = AnyNull(row);
      for (const Row& other : unique) known |= other == row;
      if (!known) unique.push_back(row);
    }
    rows = std::move(unique);
  }
  const std::optional<Value> expected = c.expected(rows);
  auto result = Column::Make(aggregate.result_type(), 1);
  EvalContext context;
  std::byte* const states[] = {state.memory};
  aggregate.Finalize(states, result.get(), context);
  ASSERT_EQ(result->size(), 1u);
  if (!expected.has_value()) {
    ASSERT_EQ(context.row_errors.size(), 1u) << c.name;
    ASSERT_TRUE(result->IsNull(0));
    return;
  }
  ASSERT_TRUE(context.row_errors.empty()) << c.name << ": " << context.row_errors[0].error.ToString();
  ASSERT_TRUE(SameAnswer(aggregate.result_type(), result->GetValue(0), *expected))
      << c.name << (c.distinct ? " DISTINCT" : "") << " over " << rows.size() << " rows gives another value";
}

inline void RunCase(const Case& c, uint64_t seed, bool retract) {
  Random random(seed);
  AggregateRequest request;
  request.arg_types = c.types;
  request.literal_args = c.literals;
  request.literal_args.resize(c.types.size());
  request.distinct = c.distinct;
  request.with_retractions = retract;
  auto bound = Registry::Get().BindAggregate(c.name, request);
  ASSERT_TRUE(bound.has_value()) << bound.error().ToString();
  const Aggregate& aggregate = **bound;

  std::vector<std::unique_ptr<State>> states;
  for (int i = 0; i < 4; ++i) states.push_back(std::make_unique<State>(aggregate));
  int64_t sequence = 0;
  for (int round = 0; round < 25; ++round) {
    const size_t size = random() % 3 == 0 ? 1 : random() % 300;
    std::vector<std::byte*> targets;
    std::vector<int8_t> signs;
    Rows rows;
    for (size_t i = 0; i < size; ++i) {
      // One state gets most rows.
      State& state = *states[random() % 2 == 0 ? 0 : random() % states.size()];
      Row row;
      int8_t sign = 1;
      if (retract && !state.rows.empty() && random() % 2 == 0) {
        row = state.rows[random() % state.rows.size()].second;
        sign = -1;
        // The first of the rows like it goes.
        const auto it = std::find_if(state.rows.begin(), state.rows.end(),
                                     [&row](const auto& entry) { return entry.second == row; });
        state.rows.erase(it);
      } else {
        for (size_t a = 0; a < c.types.size(); ++a) {
          if (!request.literal_args[a].is_null()) {
            row.push_back(request.literal_args[a]);
          } else {
            row.push_back(c.make ? c.make(random, a) : RandomOf(c.types[a], random));
          }
        }
        state.rows.emplace_back(sequence + static_cast<int64_t>(i), row);
      }
      targets.push_back(state.memory);
      signs.push_back(sign);
      rows.push_back(std::move(row));
    }
    std::vector<ColumnPtr> args;
    for (size_t a = 0; a < c.types.size(); ++a) {
      if (!request.literal_args[a].is_null()) {
        args.push_back(Column::Constant(c.types[a], request.literal_args[a], size));
        continue;
      }
      auto column = Column::Make(c.types[a]);
      for (const Row& row : rows) column->AppendValue(row[a]);
      args.push_back(column);
    }
    const bool all_added = std::all_of(signs.begin(), signs.end(), [](int8_t s) { return s > 0; });
    if (all_added) signs.clear();
    EvalContext context;
    context.sequence = sequence;
    aggregate.Update(targets, args, signs, context);
    ASSERT_TRUE(context.row_errors.empty()) << context.row_errors[0].error.ToString();
    sequence += static_cast<int64_t>(size);

    if (random() % 4 == 0) {
      // One state flows into another and starts anew.
      const size_t from = random() % states.size();
      const size_t into = (from + 1 + random() % (states.size() - 1)) % states.size();
      std::byte* const a[] = {states[into]->memory};
      std::byte* const b[] = {states[from]->memory};
      aggregate.Merge(a, b);
      CheckState(c, aggregate, *states[from]);
      states[from]->DropElements();
      if (testing::Test::HasFatalFailure()) return;
      auto& merged = states[into]->rows;
      merged.insert(merged.end(), states[from]->rows.begin(), states[from]->rows.end());
      std::sort(merged.begin(), merged.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
      states[from] = std::make_unique<State>(aggregate);
    }
    if (random() % 4 == 0) states[random() % states.size()]->SaveAndLoad(random() % 2 == 0);
    if (random() % 4 == 0) states[random() % states.size()]->SaveElements();
    if (random() % 2 == 0) {
      for (auto& state : states) {
        CheckState(c, aggregate, *state);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

inline Rows WithoutNulls(const Rows& rows) {
  Rows result;
  for (const Row& row : rows) {
    if (!AnyNull(row)) result.push_back(row);
  }
  return result;
}

inline void RunCases(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      for (const bool retract : {false, true}) {
        if (retract ? !c.retractable : !c.appendable) continue;
        RunCase(c, seed, retract);
        if (testing::Test::HasFatalFailure()) {
          FAIL() << c.name << "(" << (c.types.empty() ? "*" : c.types[0].ToString()) << "), seed " << seed
                 << (retract ? ", with" : ", without") << " retractions";
        }
      }
    }
  }
}

}  // namespace millrace::functions::property
