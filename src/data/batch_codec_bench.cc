// Batch codec: bytes of columns a second, to bytes and back.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "base/limits.h"
#include "data/batch_codec.h"

namespace millrace::data {
namespace {

constexpr size_t kRows = limits::kBatchRows;

// Random bits (8 bytes a value), or those of a counter (1 to 2).
ColumnPtr Integers(bool is_random) {
  std::mt19937_64 random(1);
  auto column = Column::Make(DataType::BigInt());
  for (size_t i = 0; i < kRows; ++i) {
    column->Append(is_random ? static_cast<int64_t>(random()) : static_cast<int64_t>(i));
  }
  return column;
}

ColumnPtr Doubles() {
  std::mt19937_64 random(1);
  auto column = Column::Make(DataType::Double());
  for (size_t i = 0; i < kRows; ++i) column->Append(static_cast<double>(random()));
  return column;
}

ColumnPtr Strings(size_t bytes) {
  std::mt19937_64 random(1);
  auto column = Column::Make(DataType::String());
  for (size_t i = 0; i < kRows; ++i) {
    std::string text = std::to_string(random());
    text.resize(bytes, 'x');
    column->AppendString(text);
  }
  return column;
}

Batch BatchOf(int64_t what) {
  Batch batch;
  batch.rows = kRows;
  for (int i = 0; i < 8; ++i) {
    batch.columns.push_back(what == 0   ? Integers(true)
                            : what == 1 ? Integers(false)
                            : what == 2 ? Doubles()
                            : what == 3 ? Strings(10)
                                        : Strings(40));
  }
  return batch;
}

size_t ColumnBytes(int64_t what) {
  return 8 * kRows * (what == 3 ? 10 : what == 4 ? 40 : 8);
}

void BM_EncodeBatch(benchmark::State& state) {
  const Batch batch = BatchOf(state.range(0));
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeBatch(batch, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(ColumnBytes(state.range(0))));
  state.counters["bytes/row"] = static_cast<double>(bytes.size()) / kRows;
}

void BM_DecodeBatch(benchmark::State& state) {
  const Batch batch = BatchOf(state.range(0));
  std::vector<DataType> types;
  for (const ColumnPtr& column : batch.columns) types.push_back(column->type());
  std::string bytes;
  EncodeBatch(batch, &bytes);
  for (auto _ : state) benchmark::DoNotOptimize(DecodeBatch(bytes, types));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(ColumnBytes(state.range(0))));
}

// 0: random BIGINT, 1: a counter, 2: DOUBLE, 3: strings of 10 bytes, 4: of 40. Eight columns.
BENCHMARK(BM_EncodeBatch)->DenseRange(0, 4);
BENCHMARK(BM_DecodeBatch)->DenseRange(0, 4);

}  // namespace
}  // namespace millrace::data
