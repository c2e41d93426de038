// Aggregates for tests of operators: COUNT(*), SUM and the list of values in arrival order, written
// independently of functions/, small and slow. A sum above 1,000,000 overflows.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operators/aggregate_call.h"

namespace millrace::operators::testing {

// Values (nulls left out) with their sequence; the result is a function of the list.
class ListAggregate final : public functions::Aggregate {
 public:
  enum class Kind { kCount, kSum, kList };
  explicit ListAggregate(Kind kind)
      : kind_(kind), type_(kind == Kind::kList ? data::DataType::String() : data::DataType::BigInt()) {}

  const data::DataType& result_type() const override { return type_; }
  size_t state_bytes() const override { return sizeof(void*); }
  bool owns_memory() const override { return true; }
  size_t MemoryBytes(const std::byte* state) const override { return Of(state).size() * 16; }
  void Init(std::byte* state) const override { *reinterpret_cast<Rows**>(state) = new Rows; }
  void Destroy(std::byte* state) const override { delete *reinterpret_cast<Rows**>(state); }

  void Update(std::span<std::byte* const> states, const std::vector<data::ColumnPtr>& args,
              std::span<const int8_t> signs, functions::EvalContext& context) const override {
    for (size_t i = 0; i < states.size(); ++i) {
      if (!args.empty() && args[0]->IsNull(i)) continue;
      const int64_t value = args.empty() ? 0 : args[0]->GetValue(i).as_int();
      Rows& rows = Of(states[i]);
      if (signs.empty() || signs[i] > 0) {
        rows.emplace_back(context.sequence + static_cast<int64_t>(i), value);
        continue;
      }
      const auto found = std::ranges::find(rows, value, [](const auto& row) { return row.second; });
      MR_CHECK(found != rows.end());
      rows.erase(found);
    }
  }
  void Merge(std::span<std::byte* const> into, std::span<std::byte* const> from) const override {
    for (size_t i = 0; i < into.size(); ++i) {
      Of(into[i]).insert(Of(into[i]).end(), Of(from[i]).begin(), Of(from[i]).end());
    }
  }
  void Finalize(std::span<std::byte* const> states, data::Column* result,
                functions::EvalContext& context) const override {
    for (size_t i = 0; i < states.size(); ++i) {
      Rows rows = Of(states[i]);
      std::ranges::sort(rows);
      int64_t sum = 0;
      std::string list;
      for (const auto& row : rows) {
        sum += row.second;
        list += (list.empty() ? "" : ",") + std::to_string(row.second);
      }
      if (kind_ == Kind::kCount) {
        result->Append<int64_t>(static_cast<int64_t>(rows.size()));
      } else if (rows.empty()) {
        result->AppendNull();
      } else if (kind_ == Kind::kList) {
        result->AppendString(list);
      } else if (sum > 1'000'000) {
        result->AppendNull();
        context.Fail(i, Error(ErrorCode::kNumericOutOfRange, "the sum is out of range"));
      } else {
        result->Append<int64_t>(sum);
      }
    }
  }
  void Save(const std::byte*, std::string*) const override { MR_UNREACHABLE(); }
  Status Load(std::string_view*, std::byte*) const override { MR_UNREACHABLE(); }

 private:
  using Rows = std::vector<std::pair<int64_t, int64_t>>;
  static Rows& Of(const std::byte* state) { return **reinterpret_cast<Rows* const*>(state); }
  Kind kind_;
  data::DataType type_;
};

inline AggregateCall CallOf(ListAggregate::Kind kind, std::vector<int> args, int filter) {
  return {.name = "",
          .function = std::make_shared<ListAggregate>(kind),
          .args = std::move(args),
          .filter = filter};
}
inline AggregateCall CountStar(int filter = -1) {
  return CallOf(ListAggregate::Kind::kCount, {}, filter);
}
inline AggregateCall SumOf(int column, int filter = -1) {
  return CallOf(ListAggregate::Kind::kSum, {column}, filter);
}
inline AggregateCall ListOf(int column, int filter = -1) {
  return CallOf(ListAggregate::Kind::kList, {column}, filter);
}

}  // namespace millrace::operators::testing
