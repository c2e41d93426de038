// JSON_OBJECTAGG and JSON_ARRAYAGG. The clause about nulls is in the name under which a call is bound, as
// in Flink's plans: JSON_OBJECTAGG_NULL_ON_NULL (what JSON_OBJECTAGG alone means),
// JSON_OBJECTAGG_ABSENT_ON_NULL, JSON_ARRAYAGG_ABSENT_ON_NULL (what JSON_ARRAYAGG alone means),
// JSON_ARRAYAGG_NULL_ON_NULL.
//
// Members of an object are in ascending order of their keys; of equal keys the last to come counts. Elements
// of an array are in order of arrival. Without rows: {} and [].
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json_text.h"
#include "data/text.h"
#include "functions/aggregate_base.h"
#include "functions/encoded_types.h"
#include "functions/json_document.h"
#include "functions/ordered_bag.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::MutableColumnPtr;
using data::PhysicalType;
using data::StringRef;
using data::TypeKind;

void AppendJson(const Column& column, size_t row, std::string* out) {
  if (column.IsNull(row)) {
    out->append("null");
    return;
  }
  switch (column.type().kind()) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      AppendJsonString(data::ColumnView<StringRef>(column)[row].view(), out);
      return;
    case TypeKind::kBoolean:
      out->append(data::ColumnView<uint8_t>(column)[row] != 0 ? "true" : "false");
      return;
    case TypeKind::kArray: {
      const data::ListEntry entry = column.values<data::ListEntry>()[row];
      out->push_back('[');
      for (uint64_t i = 0; i < entry.length; ++i) {
        if (i > 0) out->push_back(',');
        AppendJson(column.child(0), entry.offset + i, out);
      }
      out->push_back(']');
      return;
    }
    case TypeKind::kMap: {
      const data::ListEntry entry = column.values<data::ListEntry>()[row];
      out->push_back('{');
      for (uint64_t i = 0; i < entry.length; ++i) {
        if (i > 0) out->push_back(',');
        AppendJsonString(data::ColumnView<StringRef>(column.child(0))[entry.offset + i].view(), out);
        out->push_back(':');
        AppendJson(column.child(1), entry.offset + i, out);
      }
      out->push_back('}');
      return;
    }
    case TypeKind::kRow: {
      out->push_back('{');
      for (size_t i = 0; i < column.children().size(); ++i) {
        if (i > 0) out->push_back(',');
        AppendJsonString(column.type().fields()[i].name, out);
        out->push_back(':');
        AppendJson(column.child(i), row, out);
      }
      out->push_back('}');
      return;
    }
    default: {
      const std::string text = data::ToText(column, row, {.timestamp_separator = 'T'});
      // NaN and infinities are no JSON numbers.
      const bool is_number = column.type().IsNumeric() && text.find_first_of("NI") == std::string::npos;
      if (is_number) {
        out->append(text);
      } else {
        AppendJsonString(text, out);
      }
    }
  }
}

// Whether AppendJson can write values of the type.
bool IsWritable(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBinary:
    case TypeKind::kVarbinary:
    case TypeKind::kMultiset:
    case TypeKind::kNull:
      return false;
    case TypeKind::kMap:
      return type.key_type().IsCharacter() && IsWritable(type.value_type());
    default:
      if (!type.IsNested()) return true;
      return std::all_of(type.fields().begin(), type.fields().end(),
                         [](const data::RowField& field) { return IsWritable(field.type); });
  }
}

class JsonArrayAgg final : public AggregateOf<JsonArrayAgg, OrderedBag> {
 public:
  JsonArrayAgg(DataType element, bool keeps_nulls)
      : AggregateOf(DataType::String().NotNull()), element_(std::move(element)), keeps_nulls_(keeps_nulls) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    std::string encoded;
    for (size_t row = 0; row < states.size(); ++row) {
      if (!keeps_nulls_ && args[0]->IsNull(row)) continue;
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
  void FinalizeState(OrderedBag& state, size_t, Column* result, EvalContext&) const {
    const std::array<MutableColumnPtr, 1> values = {Column::Make(element_, state.size())};
    state.ForEach([&values](std::string_view bytes) { data::DecodeKey(bytes, values); });
    std::string text = "[";
    for (size_t i = 0; i < values[0]->size(); ++i) {
      if (i > 0) text += ",";
      AppendJson(*values[0], i, &text);
    }
    text += "]";
    result->AppendString(text);
  }
  void SaveState(const OrderedBag& state, std::string* out) const { state.Save(out); }
  Status LoadState(std::string_view* in, OrderedBag& state) const {
    return state.Load(in, [this](std::string_view bytes) { return IsElement(bytes); });
  }
  size_t StateMemory(const OrderedBag& state) const { return state.MemoryBytes(); }
  OrderedBag& SetOf(OrderedBag& state) const { return state; }
  bool IsElement(std::string_view bytes) const { return encoded_.Includes(bytes); }

 private:
  DataType element_;
  bool keeps_nulls_;
  EncodedTypes encoded_{std::span<const DataType>(&element_, 1)};
};

class JsonObjectAgg final : public AggregateOf<JsonObjectAgg, OrderedBag> {
 public:
  JsonObjectAgg(std::vector<DataType> types, bool keeps_nulls)
      : AggregateOf(DataType::String().NotNull()), types_(std::move(types)), keeps_nulls_(keeps_nulls) {}

  void Update(std::span<std::byte* const> states, const std::vector<ColumnPtr>& args,
              std::span<const int8_t> signs, EvalContext& context) const override {
    std::string encoded;
    for (size_t row = 0; row < states.size(); ++row) {
      if (args[0]->IsNull(row)) {
        context.Fail(row, Error(ErrorCode::kNullNotAllowed, "the key of a member in JSON_OBJECTAGG is NULL"));
        continue;
      }
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
  void FinalizeState(OrderedBag& state, size_t, Column* result, EvalContext&) const {
    const std::array<MutableColumnPtr, 2> members = {Column::Make(types_[0], state.size()),
                                                     Column::Make(types_[1], state.size())};
    state.ForEach([&members](std::string_view bytes) { data::DecodeKey(bytes, members); });
    const StringRef* keys = members[0]->values<StringRef>();
    std::vector<uint32_t> order(members[0]->size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
    std::sort(order.begin(), order.end(),
              [keys](uint32_t a, uint32_t b) { return keys[a] == keys[b] ? a < b : keys[a] < keys[b]; });
    std::string text = "{";
    for (size_t i = 0; i < order.size(); ++i) {
      const uint32_t row = order[i];
      if (i + 1 < order.size() && keys[order[i + 1]] == keys[row]) continue;
      if (!keeps_nulls_ && members[1]->IsNull(row)) continue;
      if (text.size() > 1) text += ",";
      AppendJsonString(keys[row].view(), &text);
      text += ":";
      AppendJson(*members[1], row, &text);
    }
    text += "}";
    result->AppendString(text);
  }
  void SaveState(const OrderedBag& state, std::string* out) const { state.Save(out); }
  Status LoadState(std::string_view* in, OrderedBag& state) const {
    return state.Load(in, [this](std::string_view bytes) { return IsElement(bytes); });
  }
  size_t StateMemory(const OrderedBag& state) const { return state.MemoryBytes(); }
  OrderedBag& SetOf(OrderedBag& state) const { return state; }
  bool IsElement(std::string_view bytes) const { return encoded_.Includes(bytes); }

 private:
  std::vector<DataType> types_;
  bool keeps_nulls_;
  EncodedTypes encoded_{types_};
};

AggregateBinder ArrayBinder(bool keeps_nulls) {
  return WithDistinct(
      [keeps_nulls](std::string_view name, const AggregateRequest& request) -> Result<AggregatePtr> {
        if (request.arg_types.size() != 1 || !IsWritable(request.arg_types[0])) {
          return BadArguments(name, request,
                              "one argument of a type that JSON can hold (not BYTES or MULTISET)");
        }
        return std::make_shared<JsonArrayAgg>(request.arg_types[0].WithNullable(true), keeps_nulls);
      },
      /*is_ordered=*/true, /*with_nulls=*/true);
}

AggregateBinder ObjectBinder(bool keeps_nulls) {
  return IgnoringDistinct([keeps_nulls](std::string_view name,
                                        const AggregateRequest& request) -> Result<AggregatePtr> {
    if (request.arg_types.size() != 2 || !request.arg_types[0].IsCharacter() ||
        !IsWritable(request.arg_types[1])) {
      return BadArguments(name, request,
                          "a character string as key and a value of a type that JSON can hold (not BYTES or "
                          "MULTISET)");
    }
    return std::make_shared<JsonObjectAgg>(request.arg_types, keeps_nulls);
  });
}

}  // namespace

void RegisterJsonAggregates(Registry& registry) {
  const char* object = "JSON_OBJECTAGG([KEY] key VALUE value [{NULL | ABSENT} ON NULL])";
  const char* array = "JSON_ARRAYAGG([DISTINCT] value [{NULL | ABSENT} ON NULL])";
  const char* object_summary =
      "A JSON object with a member for each row; nulls are kept unless ABSENT ON NULL";
  const char* array_summary =
      "A JSON array of the values in order of arrival; nulls are left out unless NULL ON NULL";
  for (const char* name : {"JSON_OBJECTAGG", "JSON_OBJECTAGG_NULL_ON_NULL"}) {
    registry.Add(AggregateFunction{name, object, object_summary, ObjectBinder(true)});
  }
  registry.Add(
      AggregateFunction{"JSON_OBJECTAGG_ABSENT_ON_NULL", object, object_summary, ObjectBinder(false)});
  for (const char* name : {"JSON_ARRAYAGG", "JSON_ARRAYAGG_ABSENT_ON_NULL"}) {
    registry.Add(AggregateFunction{name, array, array_summary, ArrayBinder(false)});
  }
  registry.Add(AggregateFunction{"JSON_ARRAYAGG_NULL_ON_NULL", array, array_summary, ArrayBinder(true)});
}

}  // namespace millrace::functions
