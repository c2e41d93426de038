// COUNT, COUNT(DISTINCT).
#include "functions/aggregate_base.h"
#include "functions/key_chunk.h"
#include "functions/value_set.h"

namespace millrace::functions {
namespace {

using data::ColumnPtr;
using data::DataType;
using data::Int128;
using data::StringRef;

// COUNT(*) and COUNT(x, ...): rows in which no argument is null.
class Count final : public PlainAggregateOf<Count, int64_t> {
 public:
  Count() : PlainAggregateOf(DataType::BigInt().NotNull()) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) { At(states[row]) += sign; });
  }
  bool IsPossible(int64_t count) const { return IsRowCount(count); }
  void MergeState(int64_t& into, int64_t& from) const { into += from; }
  void FinalizeState(int64_t& state, size_t, data::Column* result, EvalContext&) const {
    result->Append(state);
  }
};

// COUNT(DISTINCT x, ...): the size of the set itself.
template <typename Key, SetKind kind>
class CountDistinct final : public AggregateOf<CountDistinct<Key, kind>, ValueSet<Key, kind>> {
  using Base = AggregateOf<CountDistinct<Key, kind>, ValueSet<Key, kind>>;
  using Set = ValueSet<Key, kind>;

 public:
  explicit CountDistinct(KeyClass key_class) : Base(DataType::BigInt().NotNull()), key_class_(key_class) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    KeyChunk<Key> chunk;
    for (size_t begin = 0; begin < states.size(); begin += chunk.kRows) {
      chunk.Fill(args, key_class_, begin, std::min(begin + chunk.kRows, states.size()));
      for (size_t i = 0; i < chunk.count; ++i) Base::At(states[chunk.rows[i]]).Prefetch(chunk.hashes[i]);
      for (size_t i = 0; i < chunk.count; ++i) {
        Set& set = Base::At(states[chunk.rows[i]]);
        if constexpr (kind == SetKind::kPlain) {
          set.Insert(chunk.keys[i], chunk.hashes[i]);
        } else {
          set.Add(chunk.keys[i], chunk.hashes[i], signs.empty() ? 1 : signs[chunk.rows[i]]);
        }
      }
    }
  }
  void MergeState(Set& into, Set& from) const {
    from.ForEach([&into](const auto& slot) {
      if constexpr (kind == SetKind::kPlain) {
        into.Insert(slot.key, HashKey(slot.key));
      } else {
        into.Add(slot.key, HashKey(slot.key), slot.count);
      }
    });
  }
  void FinalizeState(Set& state, size_t, data::Column* result, EvalContext&) const {
    result->Append(static_cast<int64_t>(state.size()));
  }
  void SaveState(const Set& state, std::string* out) const { state.Save(out); }
  Status LoadState(std::string_view* in, Set& state) const { return state.Load(in); }
  size_t StateMemory(const Set& state) const { return state.MemoryBytes(); }
  Set& SetOf(Set& state) const { return state; }
  // Values are never decoded again.
  bool IsElement(std::string_view) const { return true; }

 private:
  KeyClass key_class_;
};

template <SetKind kind>
AggregatePtr MakeCountDistinct(KeyClass key_class) {
  switch (key_class) {
    case KeyClass::kWord:
      return std::make_shared<CountDistinct<uint64_t, kind>>(key_class);
    case KeyClass::kWide:
      return std::make_shared<CountDistinct<Int128, kind>>(key_class);
    default:
      return std::make_shared<CountDistinct<StringRef, kind>>(key_class);
  }
}

Result<AggregatePtr> BindCount(std::string_view name, const AggregateRequest& request) {
  if (!request.distinct) return std::make_shared<Count>();
  if (request.arg_types.empty()) return BadArguments(name, request, "at least one argument with DISTINCT");
  const KeyClass key_class = KeyClassOf(request.arg_types);
  return request.with_retractions ? MakeCountDistinct<SetKind::kCounted>(key_class)
                                  : MakeCountDistinct<SetKind::kPlain>(key_class);
}

}  // namespace

void RegisterCountAggregates(Registry& registry) {
  registry.Add(AggregateFunction{"COUNT", "COUNT(*) | COUNT([DISTINCT] value [, value]...)",
                                 "Number of rows, or of rows (or distinct combinations) without a null",
                                 BindCount});
}

}  // namespace millrace::functions
