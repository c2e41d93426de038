// MIN and MAX of every comparable scalar type. Without retractions one value is kept; with them the
// multiset of values, and a heap over its distinct values that is built when it is first needed and loses
// those that have gone when they come to its top.
#include <algorithm>
#include <cmath>
#include <vector>

#include "functions/aggregate_base.h"
#include "functions/key_chunk.h"
#include "functions/owned_string.h"
#include "functions/value_set.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::ColumnView;
using data::DataType;
using data::StringRef;

// Whether a comes before b in ascending order; NaN is the greatest, as in CompareRows.
template <typename T>
bool Less(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a)) return false;
    if (std::isnan(b)) return true;
  }
  return a < b;
}
template <typename T, bool is_max>
bool Better(const T& a, const T& b) {
  return is_max ? Less(b, a) : Less(a, b);
}

template <typename T>
struct BestValue {
  T value{};
  uint8_t is_set = 0;  // as a byte: it is saved and loaded as memory
};

template <typename T, bool is_max>
class Extreme final : public PlainAggregateOf<Extreme<T, is_max>, BestValue<T>> {
  using Base = PlainAggregateOf<Extreme<T, is_max>, BestValue<T>>;
  using State = BestValue<T>;

 public:
  using Base::Base;

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs,
              [&](size_t row, int64_t) { Offer(Base::At(states[row]), values[row]); });
  }
  void MergeState(State& into, State& from) const {
    if (from.is_set) Offer(into, from.value);
  }
  void FinalizeState(State& state, size_t, Column* result, EvalContext&) const {
    if (state.is_set) {
      result->Append<T>(state.value);
    } else {
      result->AppendNull();
    }
  }

 private:
  static void Offer(State& state, T value) {
    if (!state.is_set || Better<T, is_max>(value, state.value)) {
      state.value = value;
      state.is_set = 1;
    }
  }
};

struct BestString {
  OwnedString value;
  bool is_set = false;
};

template <bool is_max>
class StringExtreme final : public AggregateOf<StringExtreme<is_max>, BestString> {
  using Base = AggregateOf<StringExtreme<is_max>, BestString>;

 public:
  using Base::Base;

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<StringRef> values(*args[0]);
    VisitRows(states.size(), args, signs,
              [&](size_t row, int64_t) { Offer(Base::At(states[row]), values[row]); });
  }
  void MergeState(BestString& into, BestString& from) const {
    if (from.is_set) Offer(into, from.value.ref());
  }
  void FinalizeState(BestString& state, size_t, Column* result, EvalContext&) const {
    if (state.is_set) {
      result->AppendString(state.value.view());
    } else {
      result->AppendNull();
    }
  }
  void SaveState(const BestString& state, std::string* out) const {
    SaveRaw(state.is_set, out);
    SaveBytes(state.value.view(), out);
  }
  Status LoadState(std::string_view* in, BestString& state) const {
    std::string_view bytes;
    uint8_t is_set = 0;
    MR_TRY(LoadRaw(in, &is_set));
    MR_TRY(LoadBytes(in, &bytes));
    state.is_set = is_set != 0;
    state.value.Set(bytes);
    return {};
  }
  size_t StateMemory(const BestString& state) const { return state.value.MemoryBytes(); }

 private:
  static void Offer(BestString& state, const StringRef& value) {
    if (!state.is_set || Better<StringRef, is_max>(value, state.value.ref())) {
      state.value.Set(value.view());
      state.is_set = true;
    }
  }
};

template <typename T>
struct Multiset {
  using Key = KeyFor<T>;
  ValueSet<Key, SetKind::kCounted> values;
  // The best on top. Slots in it are marked. Valid while heap_epoch is the epoch of the set.
  std::vector<Key> heap;
  uint32_t heap_epoch = ~uint32_t{0};
};

template <typename T, bool is_max>
class RetractableExtreme final : public AggregateOf<RetractableExtreme<T, is_max>, Multiset<T>> {
  using Base = AggregateOf<RetractableExtreme<T, is_max>, Multiset<T>>;
  using State = Multiset<T>;
  using Key = KeyFor<T>;

 public:
  explicit RetractableExtreme(const DataType& type)
      : Base(type), key_class_(KeyClassOf(std::span<const DataType>(&type, 1))) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    KeyChunk<Key> chunk;
    for (size_t begin = 0; begin < states.size(); begin += chunk.kRows) {
      chunk.Fill(args, key_class_, begin, std::min(begin + chunk.kRows, states.size()));
      for (size_t i = 0; i < chunk.count; ++i)
        Base::At(states[chunk.rows[i]]).values.Prefetch(chunk.hashes[i]);
      for (size_t i = 0; i < chunk.count; ++i) {
        Add(Base::At(states[chunk.rows[i]]), chunk.keys[i], chunk.hashes[i],
            signs.empty() ? 1 : signs[chunk.rows[i]]);
      }
    }
  }
  void MergeState(State& into, State& from) const {
    from.values.ForEach([&into](const auto& slot) { Add(into, slot.key, HashKey(slot.key), slot.count); });
  }
  void FinalizeState(State& state, size_t, Column* result, EvalContext&) const {
    if (state.values.size() == 0) {
      result->AppendNull();
      return;
    }
    if (state.heap_epoch != state.values.epoch()) BuildHeap(state);
    while (true) {
      const Key& key = state.heap.front();
      auto* slot = state.values.Find(key, HashKey(key));
      if (slot->count > 0) break;
      slot->mark = 0;
      std::pop_heap(state.heap.begin(), state.heap.end(), Worse);
      state.heap.pop_back();
    }
    if constexpr (std::is_same_v<T, StringRef>) {
      result->AppendString(state.heap.front().view());
    } else {
      result->Append<T>(FromKey<T>(state.heap.front()));
    }
  }
  void SaveState(const State& state, std::string* out) const { state.values.Save(out); }
  Status LoadState(std::string_view* in, State& state) const { return state.values.Load(in); }
  size_t StateMemory(const State& state) const {
    return state.values.MemoryBytes() + state.heap.capacity() * sizeof(Key);
  }
  auto& SetOf(State& state) const { return state.values; }
  bool IsElement(std::string_view) const { return true; }

 private:
  static bool Worse(const Key& a, const Key& b) { return Better<T, is_max>(FromKey<T>(b), FromKey<T>(a)); }

  static void Add(State& state, const Key& key, uint64_t hash, int64_t delta) {
    const int transition = state.values.Add(key, hash, delta);
    if (transition <= 0 || state.heap_epoch != state.values.epoch()) return;
    auto* slot = state.values.Find(key, hash);
    if (slot->mark) return;
    slot->mark = 1;
    state.heap.push_back(slot->key);
    std::push_heap(state.heap.begin(), state.heap.end(), Worse);
  }

  static void BuildHeap(State& state) {
    state.heap.clear();
    state.values.ForEachMutable([&state](auto& slot) {
      slot.mark = slot.count > 0 ? 1 : 0;
      if (slot.count > 0) state.heap.push_back(slot.key);
    });
    std::make_heap(state.heap.begin(), state.heap.end(), Worse);
    state.heap_epoch = state.values.epoch();
  }

  KeyClass key_class_;
};

template <bool is_max>
Result<AggregatePtr> BindExtreme(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1 || request.arg_types[0].IsNested() ||
      request.arg_types[0].kind() == data::TypeKind::kNull) {
    return BadArguments(name, request, "one argument of a comparable type (not ARRAY, MAP, MULTISET or ROW)");
  }
  const DataType type = request.arg_types[0].WithNullable(true);
  return data::DispatchScalar(type.physical(), [&]<typename T>() -> AggregatePtr {
    if (request.with_retractions) return std::make_shared<RetractableExtreme<T, is_max>>(type);
    if constexpr (std::is_same_v<T, StringRef>) {
      return std::make_shared<StringExtreme<is_max>>(type);
    } else {
      return std::make_shared<Extreme<T, is_max>>(type);
    }
  });
}

}  // namespace

void RegisterExtremeAggregates(Registry& registry) {
  registry.Add(AggregateFunction{"MIN", "MIN(value)", "Least value that is not null",
                                 IgnoringDistinct(BindExtreme<false>)});
  registry.Add(AggregateFunction{"MAX", "MAX(value)", "Greatest value that is not null",
                                 IgnoringDistinct(BindExtreme<true>)});
}

}  // namespace millrace::functions
