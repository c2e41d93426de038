// FIRST_VALUE, LAST_VALUE and ANY_VALUE, which ignore nulls as Flink's do, by order of arrival; and
// SINGLE_VALUE, what a scalar subquery checks its rows with.
#include <array>

#include "functions/aggregate_base.h"
#include "functions/encoded_types.h"
#include "functions/ordered_bag.h"
#include "functions/owned_string.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::ColumnView;
using data::DataType;
using data::StringRef;

template <typename T>
struct Arrived {
  T value{};
  int64_t sequence = 0;
  uint8_t is_set = 0;  // as a byte: it is saved and loaded as memory

  // Whether a value with this arrival number takes the place of the one here.
  bool Yields(int64_t other, bool is_last) const {
    return !is_set || (is_last ? other >= sequence : other < sequence);
  }
};

template <typename T, bool is_last>
class ByArrival final : public PlainAggregateOf<ByArrival<T, is_last>, Arrived<T>> {
  using Base = PlainAggregateOf<ByArrival<T, is_last>, Arrived<T>>;
  using State = Arrived<T>;

 public:
  using Base::Base;

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    const ColumnView<T> values(*args[0]);
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t) {
      const int64_t sequence = context.sequence + static_cast<int64_t>(row);
      State& state = Base::At(states[row]);
      if (state.Yields(sequence, is_last)) state = {values[row], sequence, 1};
    });
  }
  void MergeState(State& into, State& from) const {
    if (from.is_set && into.Yields(from.sequence, is_last)) into = from;
  }
  void FinalizeState(State& state, size_t, Column* result, EvalContext&) const {
    if (state.is_set) {
      result->Append<T>(state.value);
    } else {
      result->AppendNull();
    }
  }
};

// A value as the bytes of data::EncodeKey.
void AppendEncoded(std::string_view bytes, Column* result) {
  // DecodeKey takes shared columns; this one stays the caller's.
  const std::array<data::MutableColumnPtr, 1> columns = {data::MutableColumnPtr(result, [](Column*) {})};
  data::DecodeKey(bytes, columns);
}

// Strings as they are; nested values encoded.
template <bool is_last, bool is_encoded>
class BytesByArrival final : public AggregateOf<BytesByArrival<is_last, is_encoded>, Arrived<OwnedString>> {
  using Base = AggregateOf<BytesByArrival<is_last, is_encoded>, Arrived<OwnedString>>;
  using State = Arrived<OwnedString>;

 public:
  using Base::Base;

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    std::string encoded;
    VisitRows(states.size(), args, signs, [&](size_t row, int64_t) {
      const int64_t sequence = context.sequence + static_cast<int64_t>(row);
      State& state = Base::At(states[row]);
      if (!state.Yields(sequence, is_last)) return;
      if constexpr (is_encoded) {
        encoded.clear();
        data::EncodeKey(args, row, &encoded);
        Take(state, encoded, sequence);
      } else {
        Take(state, ColumnView<StringRef>(*args[0])[row].view(), sequence);
      }
    });
  }
  void MergeState(State& into, State& from) const {
    if (from.is_set && into.Yields(from.sequence, is_last)) Take(into, from.value.view(), from.sequence);
  }
  void FinalizeState(State& state, size_t, Column* result, EvalContext&) const {
    if (!state.is_set) {
      result->AppendNull();
    } else if (is_encoded) {
      AppendEncoded(state.value.view(), result);
    } else {
      result->AppendString(state.value.view());
    }
  }
  void SaveState(const State& state, std::string* out) const {
    SaveRaw(state.is_set, out);
    SaveRaw(state.sequence, out);
    SaveBytes(state.value.view(), out);
  }
  Status LoadState(std::string_view* in, State& state) const {
    std::string_view bytes;
    MR_TRY(LoadRaw(in, &state.is_set));
    MR_TRY(LoadRaw(in, &state.sequence));
    MR_TRY(LoadBytes(in, &bytes));
    if (is_encoded && state.is_set && !types_.Includes(bytes)) {
      return Fail(ErrorCode::kDataCorrupted,
                  "a value in the saved state of an aggregate is none of its type");
    }
    state.value.Set(bytes);
    return {};
  }
  size_t StateMemory(const State& state) const { return state.value.MemoryBytes(); }

 private:
  EncodedTypes types_{std::span<const DataType>(&this->result_type(), 1)};

  static void Take(State& state, std::string_view bytes, int64_t sequence) {
    state.value.Set(bytes);
    state.sequence = sequence;
    state.is_set = 1;
  }
};

enum class Choice : uint8_t { kFirst, kLast, kSingle };

// All values in order of arrival.
class BagChoice final : public AggregateOf<BagChoice, OrderedBag> {
 public:
  BagChoice(const DataType& type, Choice choice)
      : AggregateOf(type), choice_(choice), encoded_(std::span(&type, 1)) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    std::string encoded;
    for (size_t row = 0; row < states.size(); ++row) {
      if (choice_ != Choice::kSingle && args[0]->IsNull(row)) continue;
      encoded.clear();
      data::EncodeKey(args, row, &encoded);
      if (signs.empty() || signs[row] > 0) {
        At(states[row]).Add(encoded, context.sequence + static_cast<int64_t>(row));
      } else {
        At(states[row]).Remove(encoded);
      }
    }
  }
  void MergeState(OrderedBag& into, OrderedBag& from) const { into.AddAll(from); }
  void FinalizeState(OrderedBag& state, size_t index, Column* result, EvalContext& context) const {
    if (state.is_empty()) {
      result->AppendNull();
    } else if (choice_ == Choice::kSingle && state.size() > 1) {
      result->AppendNull();
      context.Fail(index, Error(ErrorCode::kInvalidParameter, "a scalar subquery gave more than one row"));
    } else {
      AppendEncoded(choice_ == Choice::kLast ? state.Last() : state.First(), result);
    }
  }
  void SaveState(const OrderedBag& state, std::string* out) const { state.Save(out); }
  Status LoadState(std::string_view* in, OrderedBag& state) const {
    return state.Load(in, [this](std::string_view bytes) { return IsElement(bytes); });
  }
  size_t StateMemory(const OrderedBag& state) const { return state.MemoryBytes(); }
  OrderedBag& SetOf(OrderedBag& state) const { return state; }
  bool IsElement(std::string_view bytes) const { return encoded_.Includes(bytes); }

 private:
  Choice choice_;
  EncodedTypes encoded_;
};

template <bool is_last>
Result<AggregatePtr> BindByArrival(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1 || request.arg_types[0].kind() == data::TypeKind::kNull) {
    return BadArguments(name, request, "one argument");
  }
  const DataType type = request.arg_types[0].WithNullable(true);
  if (request.with_retractions) {
    return std::make_shared<BagChoice>(type, is_last ? Choice::kLast : Choice::kFirst);
  }
  if (type.IsNested()) return std::make_shared<BytesByArrival<is_last, true>>(type);
  return data::DispatchScalar(type.physical(), [&]<typename T>() -> AggregatePtr {
    if constexpr (std::is_same_v<T, StringRef>) {
      return std::make_shared<BytesByArrival<is_last, false>>(type);
    } else {
      return std::make_shared<ByArrival<T, is_last>>(type);
    }
  });
}

Result<AggregatePtr> BindSingle(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1) return BadArguments(name, request, "one argument");
  return std::make_shared<BagChoice>(request.arg_types[0].WithNullable(true), Choice::kSingle);
}

}  // namespace

void RegisterOrderAggregates(Registry& registry) {
  registry.Add(AggregateFunction{"FIRST_VALUE", "FIRST_VALUE([DISTINCT] value)",
                                 "The value that came first, ignoring nulls",
                                 WithDistinct(BindByArrival<false>, true)});
  registry.Add(AggregateFunction{"LAST_VALUE", "LAST_VALUE([DISTINCT] value)",
                                 "The value that came last, ignoring nulls",
                                 WithDistinct(BindByArrival<true>, true)});
  registry.Add(
      AggregateFunction{"ANY_VALUE", "ANY_VALUE(value)",
                        "Some value that is not null: the one that came first (not portable to Flink)",
                        IgnoringDistinct(BindByArrival<false>)});
  registry.Add(AggregateFunction{"SINGLE_VALUE", "SINGLE_VALUE(value)",
                                 "The value of the only row; more rows are an error",
                                 WithDistinct(BindSingle, true)});
}

}  // namespace millrace::functions
