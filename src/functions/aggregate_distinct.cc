// DISTINCT for any aggregate: the state is that of the plain aggregate followed by the set of values
// with their counts. The plain aggregate sees a value when its first copy comes and when its last one goes.
#include <algorithm>

#include "functions/aggregate_base.h"
#include "functions/encoded_types.h"
#include "functions/key_chunk.h"
#include "functions/value_set.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::Int128;
using data::MutableColumnPtr;
using data::StringRef;

// What DISTINCT is over: the arguments that are not literals, and which those are.
struct DistinctArguments {
  std::vector<DataType> types;        // of all arguments
  std::vector<data::Value> literals;  // for each argument its literal value, or null
  std::vector<size_t> keys;           // indexes of the arguments in the key
  KeyClass key_class;
  bool with_nulls;  // a null is a value like others
};

template <typename Key, SetKind kind>
class Distinct final : public Aggregate {
  using Set = ValueSet<Key, kind>;

 public:
  Distinct(AggregatePtr inner, DistinctArguments arguments)
      : inner_(std::move(inner)),
        arguments_(std::move(arguments)),
        set_offset_((inner_->state_bytes() + 15) / 16 * 16),
        encoded_(KeyTypes(arguments_)) {}

  const DataType& result_type() const override { return inner_->result_type(); }
  size_t state_bytes() const override { return set_offset_ + sizeof(Set); }
  bool owns_memory() const override { return true; }
  size_t MemoryBytes(const std::byte* state) const override {
    return inner_->MemoryBytes(state) + SetOf(const_cast<std::byte*>(state)).MemoryBytes();
  }
  void Init(std::byte* state) const override {
    inner_->Init(state);
    new (state + set_offset_) Set();
  }
  void Destroy(std::byte* state) const override {
    inner_->Destroy(state);
    SetOf(state).~Set();
  }

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    std::vector<ColumnPtr> keys;
    for (size_t index : arguments_.keys) keys.push_back(args[index]);
    std::vector<uint32_t> rows;
    std::vector<std::byte*> changed;
    std::vector<int8_t> transitions;
    bool any_left = false;
    KeyChunk<Key> chunk;
    for (size_t begin = 0; begin < states.size(); begin += chunk.kRows) {
      chunk.Fill(keys, arguments_.key_class, begin, std::min(begin + chunk.kRows, states.size()),
                 arguments_.with_nulls);
      for (size_t i = 0; i < chunk.count; ++i) SetOf(states[chunk.rows[i]]).Prefetch(chunk.hashes[i]);
      for (size_t i = 0; i < chunk.count; ++i) {
        const uint32_t row = chunk.rows[i];
        // The number that the inner aggregate will give to the row, if it sees it.
        const int64_t sequence = context.sequence + static_cast<int64_t>(rows.size());
        const int transition =
            SetOf(states[row]).Add(chunk.keys[i], chunk.hashes[i], signs.empty() ? 1 : signs[row], sequence);
        if (transition == 0) continue;
        rows.push_back(row);
        changed.push_back(states[row]);
        transitions.push_back(static_cast<int8_t>(transition));
        any_left |= transition < 0;
      }
    }
    if (rows.empty()) return;
    std::vector<ColumnPtr> inner_args;
    for (const ColumnPtr& arg : args) inner_args.push_back(data::Gather(arg, rows));
    if (!any_left) transitions.clear();
    inner_->Update(changed, inner_args, transitions, context);
  }

  void Merge(std::span<std::byte* const> into, std::span<std::byte* const> from) const override {
    for (size_t i = 0; i < into.size(); ++i) MergeOne(into[i], from[i]);
  }
  void Finalize(std::span<std::byte* const> states, Column* result, EvalContext& context) const override {
    inner_->Finalize(states, result, context);
  }
  void Save(const std::byte* state, std::string* out) const override {
    inner_->Save(state, out);
    SetOf(const_cast<std::byte*>(state)).Save(out);
  }
  Status Load(std::string_view* in, std::byte* state) const override {
    MR_TRY(inner_->Load(in, state));
    return SetOf(state).Load(in, [this](std::string_view bytes) { return IsElement(bytes); });
  }

  // The elements are those of the set and, where the plain state has some too, those: a byte in front of the
  // key then says which.
  bool has_elements() const override { return true; }
  void TrackElements(std::byte* state) const override {
    inner_->TrackElements(state);
    SetOf(state).Track();
  }
  void TakeElements(std::byte* state, ElementChanges* changes) const override {
    ForBoth(
        changes, [&](ElementChanges* own) { SetOf(state).TakeElements(own); },
        [&](ElementChanges* inner) { inner_->TakeElements(state, inner); });
  }
  void DropElements(std::byte* state, ElementChanges* changes) const override {
    ForBoth(
        changes, [&](ElementChanges* own) { SetOf(state).DropElements(own); },
        [&](ElementChanges* inner) { inner_->DropElements(state, inner); });
  }
  Status LoadElement(std::string_view key, std::string_view value, std::byte* state) const override {
    if (inner_->has_elements()) {
      const bool is_known = !key.empty() && (key[0] == kOfSet || key[0] == kOfInner);
      if (!is_known) return Aggregate::LoadElement(key, value, state);
      const bool is_inner = key[0] == kOfInner;
      key.remove_prefix(1);
      if (is_inner) return inner_->LoadElement(key, value, state);
    }
    return SetOf(state).LoadElement(key, value, [this](std::string_view bytes) { return IsElement(bytes); });
  }

 private:
  static constexpr char kOfSet = 0;
  static constexpr char kOfInner = 1;

  template <typename Own, typename Inner>
  void ForBoth(ElementChanges* changes, Own&& own, Inner&& inner) const {
    if (!inner_->has_elements()) return own(changes);
    ElementChanges part;
    own(&part);
    changes->Append(part, kOfSet);
    part.Clear();
    inner(&part);
    changes->Append(part, kOfInner);
  }

  static std::vector<DataType> KeyTypes(const DistinctArguments& arguments) {
    std::vector<DataType> types;
    for (const size_t key : arguments.keys) types.push_back(arguments.types[key]);
    return types;
  }
  bool IsElement(std::string_view bytes) const {
    return arguments_.key_class != KeyClass::kEncoded || encoded_.Includes(bytes);
  }

  Set& SetOf(std::byte* state) const { return *reinterpret_cast<Set*>(state + set_offset_); }

  // The values that enter or leave the set go to the plain state as rows, in the order of their arrival
  // where that counts.
  void MergeOne(std::byte* into, std::byte* from) const {
    struct Change {
      Key key;
      int64_t count;
      int64_t sequence;
    };
    std::vector<Change> changes;
    SetOf(from).ForEach([&changes](const auto& slot) {
      int64_t sequence = 0;
      if constexpr (kind == SetKind::kSequenced) sequence = slot.sequence;
      if (slot.count != 0) changes.push_back({slot.key, slot.count, sequence});
    });
    if constexpr (kind == SetKind::kSequenced) {
      std::sort(changes.begin(), changes.end(),
                [](const Change& a, const Change& b) { return a.sequence < b.sequence; });
    }
    Set& set = SetOf(into);
    std::vector<int8_t> transitions;
    std::vector<int64_t> sequences;
    std::vector<MutableColumnPtr> keys;
    for (size_t index : arguments_.keys) keys.push_back(Column::Make(arguments_.types[index], 16));
    auto pass_on = [&](const Change& change, int transition) {
      transitions.push_back(static_cast<int8_t>(transition));
      sequences.push_back(change.sequence);
      AppendKeyValue(change.key, arguments_.key_class, keys);
    };
    for (const Change& change : changes) {
      const uint64_t hash = HashKey(change.key);
      if constexpr (kind == SetKind::kSequenced) {
        // Present in both, and earlier in the other: it moves to its earlier place.
        auto* slot = set.Find(change.key, hash);
        if (slot != nullptr && slot->count > 0 && change.count > 0 && change.sequence < slot->sequence) {
          set.SetSequence(slot, change.sequence);
          pass_on(change, -1);
          pass_on(change, 1);
        }
      }
      const int transition = set.Add(change.key, hash, change.count, change.sequence);
      if (transition != 0) pass_on(change, transition);
    }
    if (transitions.empty()) return;
    const size_t rows = transitions.size();
    std::vector<ColumnPtr> args;
    for (size_t i = 0, k = 0; i < arguments_.types.size(); ++i) {
      if (k < keys.size() && arguments_.keys[k] == i) {
        args.push_back(keys[k++]);
      } else {
        args.push_back(Column::Constant(arguments_.types[i], arguments_.literals[i], rows));
      }
    }
    EvalContext context;
    if constexpr (kind == SetKind::kSequenced) {
      std::vector<ColumnPtr> row_args(args.size());
      for (size_t i = 0; i < rows; ++i) {
        for (size_t a = 0; a < args.size(); ++a) row_args[a] = data::Slice(args[a], i, 1);
        context.sequence = sequences[i];
        inner_->Update({&into, 1}, row_args, {&transitions[i], 1}, context);
      }
    } else {
      const std::vector<std::byte*> states(rows, into);
      inner_->Update(states, args, transitions, context);
    }
  }

  AggregatePtr inner_;
  DistinctArguments arguments_;
  size_t set_offset_;
  EncodedTypes encoded_;  // of the values in the set
};

template <SetKind kind>
AggregatePtr MakeDistinct(AggregatePtr inner, DistinctArguments arguments) {
  switch (arguments.key_class) {
    case KeyClass::kWord:
      return std::make_shared<Distinct<uint64_t, kind>>(std::move(inner), std::move(arguments));
    case KeyClass::kWide:
      return std::make_shared<Distinct<Int128, kind>>(std::move(inner), std::move(arguments));
    default:
      return std::make_shared<Distinct<StringRef, kind>>(std::move(inner), std::move(arguments));
  }
}

}  // namespace

AggregateBinder WithDistinct(AggregateBinder plain, bool is_ordered, bool with_nulls) {
  return [plain = std::move(plain), is_ordered, with_nulls](
             std::string_view name, const AggregateRequest& request) -> Result<AggregatePtr> {
    if (!request.distinct) return plain(name, request);
    AggregateRequest inner_request = request;
    inner_request.distinct = false;
    // Merging moves values to the place of their first arrival.
    inner_request.with_retractions |= is_ordered;
    MR_ASSIGN(AggregatePtr inner, plain(name, inner_request));
    DistinctArguments arguments;
    arguments.types = request.arg_types;
    std::vector<DataType> key_types;
    for (size_t i = 0; i < request.arg_types.size(); ++i) {
      arguments.literals.push_back(i < request.literal_args.size() ? request.literal_args[i]
                                                                   : data::Value::Null());
      if (i > 0 && !arguments.literals.back().is_null()) continue;
      arguments.keys.push_back(i);
      key_types.push_back(request.arg_types[i]);
    }
    arguments.with_nulls = with_nulls;
    arguments.key_class = with_nulls ? KeyClass::kEncoded : KeyClassOf(key_types);
    return is_ordered ? MakeDistinct<SetKind::kSequenced>(std::move(inner), std::move(arguments))
                      : MakeDistinct<SetKind::kCounted>(std::move(inner), std::move(arguments));
  };
}

}  // namespace millrace::functions
