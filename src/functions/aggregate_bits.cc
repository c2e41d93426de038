// BIT_AND, BIT_OR, BIT_XOR, BOOL_AND (EVERY) and BOOL_OR: additions beyond Flink's functions, null without
// a value. With retractions AND and OR count how often each bit is set.
#include <algorithm>
#include <array>

#include "functions/aggregate_base.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::ColumnView;
using data::DataType;

enum class BitKind : uint8_t { kAnd, kOr, kXor };

struct BitState {
  uint64_t bits = 0;
  int64_t count = 0;
};

template <typename T, BitKind kind>
class BitFold final : public PlainAggregateOf<BitFold<T, kind>, BitState> {
  using Base = PlainAggregateOf<BitFold<T, kind>, BitState>;

 public:
  using Base::Base;

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) {
      Fold(Base::At(states[row]), static_cast<uint64_t>(values[row]), sign);
    });
  }
  bool IsPossible(const BitState& state) const { return IsRowCount(state.count); }
  void MergeState(BitState& into, BitState& from) const {
    if (from.count != 0) Fold(into, from.bits, from.count);
  }
  void FinalizeState(BitState& state, size_t, Column* result, EvalContext&) const {
    if (state.count == 0) {
      result->AppendNull();
    } else {
      result->Append(static_cast<T>(state.bits));
    }
  }

 private:
  static void Fold(BitState& state, uint64_t bits, int64_t count) {
    if constexpr (kind == BitKind::kAnd) {
      state.bits = state.count == 0 ? bits : state.bits & bits;
    } else if constexpr (kind == BitKind::kOr) {
      state.bits |= bits;
    } else {
      state.bits ^= bits;  // is its own inverse
    }
    state.count += count;
  }
};

template <typename T>
struct BitCounts {
  std::array<int64_t, sizeof(T) * 8> set{};
  int64_t count = 0;
};

template <typename T, bool is_and>
class RetractableBits final : public PlainAggregateOf<RetractableBits<T, is_and>, BitCounts<T>> {
  using Base = PlainAggregateOf<RetractableBits<T, is_and>, BitCounts<T>>;
  using State = BitCounts<T>;

 public:
  using Base::Base;

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) {
      State& state = Base::At(states[row]);
      const auto bits = static_cast<uint64_t>(values[row]);
      for (size_t b = 0; b < state.set.size(); ++b)
        state.set[b] += sign * static_cast<int64_t>((bits >> b) & 1);
      state.count += sign;
    });
  }
  bool IsPossible(const State& state) const {
    return IsRowCount(state.count) && std::ranges::all_of(state.set, IsRowCount);
  }
  void MergeState(State& into, State& from) const {
    for (size_t b = 0; b < into.set.size(); ++b) into.set[b] += from.set[b];
    into.count += from.count;
  }
  void FinalizeState(State& state, size_t, Column* result, EvalContext&) const {
    if (state.count == 0) {
      result->AppendNull();
      return;
    }
    uint64_t bits = 0;
    for (size_t b = 0; b < state.set.size(); ++b) {
      const bool is_set = is_and ? state.set[b] == state.count : state.set[b] > 0;
      bits |= uint64_t{is_set} << b;
    }
    result->Append(static_cast<T>(bits));
  }
};

template <BitKind kind>
Result<AggregatePtr> BindBits(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1 || !request.arg_types[0].IsInteger()) {
    return BadArguments(name, request, "one argument of an integer type");
  }
  const DataType type = request.arg_types[0].WithNullable(true);
  return data::DispatchScalar(type.physical(), [&]<typename T>() -> AggregatePtr {
    if constexpr (std::is_integral_v<T>) {
      if constexpr (kind != BitKind::kXor) {
        if (request.with_retractions)
          return std::make_shared<RetractableBits<T, kind == BitKind::kAnd>>(type);
      }
      return std::make_shared<BitFold<T, kind>>(type);
    } else {
      MR_UNREACHABLE();
    }
  });
}

struct TruthCounts {
  int64_t trues = 0;
  int64_t falses = 0;
};

template <bool is_and>
class Truth final : public PlainAggregateOf<Truth<is_and>, TruthCounts> {
  using Base = PlainAggregateOf<Truth<is_and>, TruthCounts>;

 public:
  Truth() : Base(DataType::Boolean()) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    const ColumnView<uint8_t> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t sign) {
      TruthCounts& state = Base::At(states[row]);
      (values[row] != 0 ? state.trues : state.falses) += sign;
    });
  }
  bool IsPossible(const TruthCounts& state) const {
    return IsRowCount(state.trues) && IsRowCount(state.falses);
  }
  void MergeState(TruthCounts& into, TruthCounts& from) const {
    into.trues += from.trues;
    into.falses += from.falses;
  }
  void FinalizeState(TruthCounts& state, size_t, Column* result, EvalContext&) const {
    if (state.trues + state.falses == 0) {
      result->AppendNull();
    } else {
      result->Append(static_cast<uint8_t>(is_and ? state.falses == 0 : state.trues > 0));
    }
  }
};

template <bool is_and>
Result<AggregatePtr> BindTruth(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1 || request.arg_types[0].kind() != data::TypeKind::kBoolean) {
    return BadArguments(name, request, "one BOOLEAN argument");
  }
  return std::make_shared<Truth<is_and>>();
}

}  // namespace

void RegisterBitAggregates(Registry& registry) {
  registry.Add(AggregateFunction{"BIT_AND", "BIT_AND(integer)",
                                 "Bits set in every value (not portable to Flink)",
                                 IgnoringDistinct(BindBits<BitKind::kAnd>)});
  registry.Add(AggregateFunction{"BIT_OR", "BIT_OR(integer)",
                                 "Bits set in some value (not portable to Flink)",
                                 IgnoringDistinct(BindBits<BitKind::kOr>)});
  registry.Add(AggregateFunction{"BIT_XOR", "BIT_XOR([DISTINCT] integer)",
                                 "Bits set in an odd number of values (not portable to Flink)",
                                 WithDistinct(BindBits<BitKind::kXor>)});
  registry.Add(AggregateFunction{"BOOL_AND", "BOOL_AND(condition)",
                                 "Whether every value is TRUE (not portable to Flink)",
                                 IgnoringDistinct(BindTruth<true>)});
  registry.AddAlias("EVERY", "BOOL_AND");
  registry.Add(AggregateFunction{"BOOL_OR", "BOOL_OR(condition)",
                                 "Whether some value is TRUE (not portable to Flink)",
                                 IgnoringDistinct(BindTruth<false>)});
}

}  // namespace millrace::functions
