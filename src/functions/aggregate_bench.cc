// Updates of aggregates: many groups of small states, and one group with millions of distinct values.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "functions/registry.h"

namespace millrace::functions {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;

constexpr size_t kRows = limits::kBatchRows;

AggregatePtr Bind(const char* name, const DataType& type, bool distinct, bool with_retractions = false) {
  AggregateRequest request;
  request.arg_types = {type};
  request.literal_args.resize(1);
  request.distinct = distinct;
  request.with_retractions = with_retractions;
  return *Registry::Get().BindAggregate(name, request);
}

std::vector<ColumnPtr> Batches(const DataType& type, size_t rows) {
  std::mt19937_64 random(7);
  std::vector<ColumnPtr> batches;
  for (size_t from = 0; from < rows; from += kRows) {
    auto column = Column::Make(type);
    for (size_t i = 0; i < kRows; ++i) {
      const uint64_t n = (from + i) * 0x9E3779B97F4A7C15ull % 1'000'000'000'007ull;
      if (type.IsCharacter()) {
        column->AppendString("visitor-" + std::to_string(n));
      } else {
        column->Append(static_cast<int64_t>(n));
      }
    }
    batches.push_back(column);
  }
  return batches;
}

class States {
 public:
  States(const Aggregate& aggregate, size_t count)
      : aggregate_(aggregate), stride_((aggregate.state_bytes() + 15) / 16 * 16) {
    memory_ = static_cast<std::byte*>(std::aligned_alloc(64, (stride_ * count + 63) / 64 * 64));
    for (size_t i = 0; i < count; ++i) aggregate.Init(at(i));
    count_ = count;
  }
  ~States() {
    for (size_t i = 0; i < count_; ++i) aggregate_.Destroy(at(i));
    std::free(memory_);
  }
  std::byte* at(size_t i) { return memory_ + i * stride_; }

 private:
  const Aggregate& aggregate_;
  size_t stride_;
  size_t count_;
  std::byte* memory_;
};

void UpdateByKeys(benchmark::State& state, const char* name, size_t groups) {
  const AggregatePtr aggregate = Bind(name, DataType::BigInt(), false);
  States states(*aggregate, groups);
  std::mt19937_64 random(3);
  const auto batches = Batches(DataType::BigInt(), 500'000);
  std::vector<std::vector<std::byte*>> targets;
  for (size_t b = 0; b < batches.size(); ++b) {
    targets.emplace_back();
    for (size_t i = 0; i < kRows; ++i) targets.back().push_back(states.at(random() % groups));
  }
  EvalContext context;
  for (auto _ : state) {
    for (size_t b = 0; b < batches.size(); ++b) aggregate->Update(targets[b], {batches[b]}, {}, context);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches.size() * kRows));
}
void BM_CountBy100kKeys(benchmark::State& state) {
  UpdateByKeys(state, "COUNT", 100'000);
}
void BM_SumBy100kKeys(benchmark::State& state) {
  UpdateByKeys(state, "SUM", 100'000);
}
void BM_MaxBy100kKeys(benchmark::State& state) {
  UpdateByKeys(state, "MAX", 100'000);
}
BENCHMARK(BM_CountBy100kKeys)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SumBy100kKeys)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_MaxBy100kKeys)->Unit(benchmark::kMillisecond);

void CountDistinct(benchmark::State& state, const DataType& type, size_t rows, bool with_retractions) {
  const AggregatePtr aggregate = Bind("COUNT", type, true, with_retractions);
  const auto batches = Batches(type, rows);
  EvalContext context;
  for (auto _ : state) {
    States states(*aggregate, 1);
    const std::vector<std::byte*> targets(kRows, states.at(0));
    for (const ColumnPtr& batch : batches) aggregate->Update(targets, {batch}, {}, context);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches.size() * kRows));
}
void BM_CountDistinctOneGroup(benchmark::State& state) {
  CountDistinct(state, DataType::BigInt(), 10'000'000, false);
}
void BM_CountDistinctOneGroupRetractable(benchmark::State& state) {
  CountDistinct(state, DataType::BigInt(), 10'000'000, true);
}
void BM_CountDistinctStringsOneGroup(benchmark::State& state) {
  CountDistinct(state, DataType::String(), 2'000'000, false);
}
BENCHMARK(BM_CountDistinctOneGroup)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CountDistinctOneGroupRetractable)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CountDistinctStringsOneGroup)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::functions
