// LISTAGG, ARRAY_AGG and COLLECT: aggregates whose result holds every value.
#include <algorithm>
#include <array>

#include "functions/aggregate_base.h"
#include "functions/encoded_types.h"
#include "functions/key_chunk.h"
#include "functions/ordered_bag.h"
#include "functions/value_set.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::ColumnView;
using data::DataType;
using data::MutableColumnPtr;
using data::StringRef;

// A bag as state; Derived gives Update and FinalizeState.
template <typename Derived>
class BagAggregate : public AggregateOf<Derived, OrderedBag> {
 public:
  using AggregateOf<Derived, OrderedBag>::AggregateOf;
  void MergeState(OrderedBag& into, OrderedBag& from) const { into.AddAll(from); }
  void SaveState(const OrderedBag& state, std::string* out) const { state.Save(out); }
  Status LoadState(std::string_view* in, OrderedBag& state) const {
    return state.Load(
        in, [this](std::string_view bytes) { return static_cast<const Derived&>(*this).IsElement(bytes); });
  }
  size_t StateMemory(const OrderedBag& state) const { return state.MemoryBytes(); }
  OrderedBag& SetOf(OrderedBag& state) const { return state; }
};

class ListAgg final : public BagAggregate<ListAgg> {
 public:
  explicit ListAgg(std::string separator)
      : BagAggregate(DataType::String()), separator_(std::move(separator)) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    const ColumnView<StringRef> values(*args[0]);
    VisitRows(states.size(), std::span(args).first(1), signs, [&](size_t row, int64_t sign) {
      OrderedBag& bag = At(states[row]);
      if (sign > 0) {
        bag.Add(values[row].view(), context.sequence + static_cast<int64_t>(row));
      } else {
        bag.Remove(values[row].view());
      }
    });
  }
  void FinalizeState(OrderedBag& state, size_t, Column* result, EvalContext&) const {
    if (state.is_empty()) {
      result->AppendNull();
      return;
    }
    std::string text;
    bool is_first = true;
    state.ForEach([&](std::string_view bytes) {
      if (!is_first) text += separator_;
      is_first = false;
      text += bytes;
    });
    result->AppendString(text);
  }
  bool IsElement(std::string_view) const { return true; }

 private:
  std::string separator_;
};

Result<AggregatePtr> BindListAgg(std::string_view name, const AggregateRequest& request) {
  const size_t count = request.arg_types.size();
  if (count < 1 || count > 2 || !request.arg_types[0].IsCharacter() ||
      (count == 2 && !request.arg_types[1].IsCharacter())) {
    return BadArguments(name, request,
                        "a character string and optionally a separator (CAST other types to STRING)");
  }
  std::string separator = ",";
  if (count == 2) {
    if (request.literal_args.size() < 2 || request.literal_args[1].is_null()) {
      return Fail(ErrorCode::kNotSupported, "the separator of LISTAGG must be a string literal",
                  "write it as in LISTAGG(name, '; ')");
    }
    separator = request.literal_args[1].as_string();
  }
  return std::make_shared<ListAgg>(std::move(separator));
}

// Every value, nulls too, in order of arrival.
class ArrayAgg final : public BagAggregate<ArrayAgg> {
 public:
  explicit ArrayAgg(const DataType& element)
      : BagAggregate(DataType::Array(element.WithNullable(true))), encoded_(std::span(&element, 1)) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    std::string encoded;
    for (size_t row = 0; row < states.size(); ++row) {
      encoded.clear();
      data::EncodeKey(args, row, &encoded);
      if (signs.empty() || signs[row] > 0) {
        At(states[row]).Add(encoded, context.sequence + static_cast<int64_t>(row));
      } else {
        At(states[row]).Remove(encoded);
      }
    }
  }
  void FinalizeState(OrderedBag& state, size_t, Column* result, EvalContext&) const {
    if (state.is_empty()) {
      result->AppendNull();
      return;
    }
    const data::ListEntry entry{result->child(0).size(), state.size()};
    const auto& elements = std::span(result->children()).first(1);
    state.ForEach([&](std::string_view bytes) { data::DecodeKey(bytes, elements); });
    result->Append(entry);
  }
  bool IsElement(std::string_view bytes) const { return encoded_.Includes(bytes); }

 private:
  EncodedTypes encoded_;
};

Result<AggregatePtr> BindArrayAgg(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1) return BadArguments(name, request, "one argument");
  return std::make_shared<ArrayAgg>(request.arg_types[0]);
}

// The multiset of values that are not null; its entries in ascending order of value.
class Collect final : public AggregateOf<Collect, ValueSet<StringRef, SetKind::kCounted>> {
 public:
  explicit Collect(const DataType& element)
      : AggregateOf(DataType::Multiset(element).WithNullable(true)), element_(element) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext&) const override {
    KeyChunk<StringRef> chunk;
    for (size_t begin = 0; begin < states.size(); begin += chunk.kRows) {
      chunk.Fill(args, KeyClass::kEncoded, begin, std::min(begin + chunk.kRows, states.size()));
      for (size_t i = 0; i < chunk.count; ++i) At(states[chunk.rows[i]]).Prefetch(chunk.hashes[i]);
      for (size_t i = 0; i < chunk.count; ++i) {
        At(states[chunk.rows[i]])
            .Add(chunk.keys[i], chunk.hashes[i], signs.empty() ? 1 : signs[chunk.rows[i]]);
      }
    }
  }
  void MergeState(State& into, State& from) const {
    from.ForEach([&into](const auto& slot) { into.Add(slot.key, slot.hash, slot.count); });
  }
  void FinalizeState(State& state, size_t, Column* result, EvalContext&) const {
    const std::array<MutableColumnPtr, 1> values = {Column::Make(element_, state.size())};
    std::vector<std::pair<uint32_t, int64_t>> order;
    state.ForEach([&](const auto& slot) {
      if (slot.count <= 0) return;
      order.emplace_back(static_cast<uint32_t>(values[0]->size()), slot.count);
      data::DecodeKey(slot.key.view(), values);
    });
    std::sort(order.begin(), order.end(), [&values](const auto& a, const auto& b) {
      return data::CompareRows(*values[0], a.first, *values[0], b.first) < 0;
    });
    const data::ListEntry entry{result->child(0).size(), order.size()};
    for (const auto& [row, count] : order) {
      result->mutable_child(0).AppendRow(*values[0], row);
      result->mutable_child(1).Append(static_cast<int32_t>(count));
    }
    result->Append(entry);
  }
  void SaveState(const State& state, std::string* out) const { state.Save(out); }
  Status LoadState(std::string_view* in, State& state) const {
    return state.Load(in, [this](std::string_view bytes) { return IsElement(bytes); });
  }
  size_t StateMemory(const State& state) const { return state.MemoryBytes(); }
  State& SetOf(State& state) const { return state; }
  bool IsElement(std::string_view bytes) const { return encoded_.Includes(bytes); }

 private:
  DataType element_;
  EncodedTypes encoded_{std::span<const DataType>(&element_, 1)};
};

Result<AggregatePtr> BindCollect(std::string_view name, const AggregateRequest& request) {
  if (request.arg_types.size() != 1) return BadArguments(name, request, "one argument");
  return std::make_shared<Collect>(request.arg_types[0]);
}

}  // namespace

void RegisterListAggregates(Registry& registry) {
  registry.Add(
      AggregateFunction{"LISTAGG", "LISTAGG([DISTINCT] string [, separator])",
                        "The strings that are not null, joined in order of arrival; the separator is ',' "
                        "unless given",
                        WithDistinct(BindListAgg, true)});
  registry.Add(AggregateFunction{"ARRAY_AGG", "ARRAY_AGG([DISTINCT] value)",
                                 "All values, nulls too, as an ARRAY in order of arrival",
                                 WithDistinct(BindArrayAgg, true, /*with_nulls=*/true)});
  registry.Add(AggregateFunction{"COLLECT", "COLLECT([DISTINCT] value)",
                                 "The values that are not null as a MULTISET", WithDistinct(BindCollect)});
}

}  // namespace millrace::functions
