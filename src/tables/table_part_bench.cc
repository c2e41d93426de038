// What an epoch of random updates costs over a table with a primary key, and what reading all of it does.
#include <benchmark/benchmark.h>

#include <map>
#include <random>
#include <string>

#include "data/batch_builder.h"
#include "tables/table_part.h"

namespace millrace::tables {
namespace {

// An account: its number, an amount, a count, a text too long to lie in the row.
data::SchemaPtr Accounts() {
  auto schema = std::make_shared<data::Schema>();
  schema->Add("id", data::DataType::BigInt());
  schema->Add("amount", data::DataType::Decimal(18, 2));
  schema->Add("n", data::DataType::BigInt());
  schema->Add("name", data::DataType::String());
  return schema;
}

template <typename NextId>
data::Batch Rows(const data::Schema& schema, size_t rows, NextId&& next_id) {
  data::BatchBuilder builder(schema);
  for (size_t i = 0; i < rows; ++i) {
    const int64_t id = next_id();
    builder.column(0).Append(id);
    builder.column(1).Append(id * 3);
    builder.column(2).Append<int64_t>(1);
    builder.column(3).AppendString("account number " + std::to_string(id));
    builder.FinishRow();
  }
  return builder.Build();
}

// Filled once for each size: making ten million rows takes longer than the measurement.
TablePart& PartOf(int64_t rows) {
  static std::map<int64_t, std::unique_ptr<TablePart>> parts;
  std::unique_ptr<TablePart>& part = parts[rows];
  if (part == nullptr) {
    const data::SchemaPtr schema = Accounts();
    part = std::make_unique<TablePart>(schema, TableMode::kKeyed, std::vector<int>{0});
    part->SetMemory(std::make_shared<HeldMemory>());
    int64_t id = 0;
    while (id < rows) part->Apply(Rows(*schema, limits::kBatchRows, [&] { return id++; }));
    part->TakeSnapshot();
  }
  return *part;
}

// range(0): rows of the table; range(1): rows that change in an epoch.
void BM_EpochOfRandomUpdates(benchmark::State& state) {
  TablePart& part = PartOf(state.range(0));
  const data::SchemaPtr schema = Accounts();
  std::mt19937_64 random(1);
  std::uniform_int_distribution<int64_t> ids(0, state.range(0) - 1);
  std::vector<std::vector<data::Batch>> epochs(8);
  for (auto& epoch : epochs) {
    for (int64_t left = state.range(1); left > 0; left -= limits::kBatchRows) {
      const size_t rows = std::min<size_t>(left, limits::kBatchRows);
      epoch.push_back(Rows(*schema, rows, [&] { return ids(random); }));
    }
  }
  size_t copied = 0;
  size_t next = 0;
  PartSnapshotPtr published;
  part.TakeCopiedBytes();
  for (auto _ : state) {
    for (const data::Batch& batch : epochs[next % epochs.size()]) part.Apply(batch);
    published = part.TakeSnapshot();
    copied += part.TakeCopiedBytes();
    ++next;
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(1));
  state.counters["copied_mb"] = static_cast<double>(copied) / 1e6 / static_cast<double>(state.iterations());
}
BENCHMARK(BM_EpochOfRandomUpdates)
    ->ArgsProduct({{1'000'000, 10'000'000}, {10, 100, 1'000, 10'000, 100'000}})
    ->Unit(benchmark::kMillisecond);

void BM_ReadAColumn(benchmark::State& state) {
  const PartSnapshotPtr snapshot = PartOf(state.range(0)).TakeSnapshot();
  for (auto _ : state) {
    int64_t sum = 0;
    for (const ChunkPtr& chunk : snapshot->chunks) {
      const int64_t* values = chunk->columns[2]->values<int64_t>();
      for (size_t row = 0; row < chunk->rows; ++row) sum += values[row];
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(BM_ReadAColumn)->Arg(1'000'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);

// Updates of random rows, range(1) a checkpoint, of a table of range(0) rows; range(2): whether changes are
// tracked. The save is not part of the time.
void BM_UpsertsBetweenCheckpoints(benchmark::State& state) {
  const data::SchemaPtr schema = Accounts();
  TablePart part(schema, TableMode::kKeyed, {0});
  if (state.range(2) != 0) part.TrackChanges({0});
  int64_t id = 0;
  while (id < state.range(0)) part.Apply(Rows(*schema, limits::kBatchRows, [&] { return id++; }));
  std::mt19937_64 random(1);
  std::uniform_int_distribution<int64_t> ids(0, state.range(0) - 1);
  std::vector<data::Batch> batches;
  for (int64_t left = state.range(1); left > 0; left -= limits::kBatchRows) {
    batches.push_back(Rows(*schema, std::min<size_t>(left, limits::kBatchRows), [&] { return ids(random); }));
  }
  for (auto _ : state) {
    for (const data::Batch& batch : batches) part.Apply(batch);
    if (state.range(2) == 0) continue;
    state.PauseTiming();
    state::StateWriter writer;
    part.Save(writer);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(1));
}
BENCHMARK(BM_UpsertsBetweenCheckpoints)
    ->ArgsProduct({{1'000'000}, {100'000}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

// A save of range(1) random changed rows of range(0); range(2): without the making of the records, which is
// deferred to another thread.
void BM_SaveChanges(benchmark::State& state) {
  const data::SchemaPtr schema = Accounts();
  TablePart part(schema, TableMode::kKeyed, {0});
  part.TrackChanges({0});
  int64_t id = 0;
  while (id < state.range(0)) part.Apply(Rows(*schema, limits::kBatchRows, [&] { return id++; }));
  state::StateWriter writer;
  part.Save(writer);
  writer.Take();
  const bool is_deferred = state.range(2) != 0;
  size_t bytes = 0;
  std::mt19937_64 random(1);
  std::uniform_int_distribution<int64_t> ids(0, state.range(0) - 1);
  for (auto _ : state) {
    state.PauseTiming();
    for (int64_t left = state.range(1); left > 0; left -= limits::kBatchRows) {
      part.Apply(Rows(*schema, std::min<size_t>(left, limits::kBatchRows), [&] { return ids(random); }));
    }
    state.ResumeTiming();
    part.Save(writer);
    if (is_deferred) state.PauseTiming();
    bytes = writer.Take().size();
    if (is_deferred) state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(1));
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_SaveChanges)
    ->ArgsProduct({{1'000'000}, {10'000, 1'000'000}, {0, 1}})
    ->ArgsProduct({{10'000'000}, {1'000}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

// range(0): rows; range(1): the mode; range(2): whether rows are spread by a column.
void BM_Restore(benchmark::State& state) {
  const data::SchemaPtr schema = Accounts();
  const auto mode = static_cast<TableMode>(state.range(1));
  const std::vector<int> key = mode == TableMode::kKeyed ? std::vector<int>{0} : std::vector<int>{};
  const std::vector<int> spread = state.range(2) != 0 ? std::vector<int>{0} : std::vector<int>{};
  state::StateLayers layers;
  {
    TablePart part(schema, mode, key);
    part.TrackChanges(spread);
    int64_t id = 0;
    while (id < state.range(0)) part.Apply(Rows(*schema, limits::kBatchRows, [&] { return id++; }));
    state::StateWriter writer;
    part.Save(writer);
    std::vector<state::StateBuffer> layer;
    layer.push_back(writer.Take());
    layers.Add(std::move(layer));
  }
  for (auto _ : state) {
    layers.Rewind();
    state::StateReader reader(&layers);
    auto part = std::make_unique<TablePart>(schema, mode, key);
    part->TrackChanges(spread);
    if (!part->Restore(reader).has_value()) state.SkipWithError("not restored");
    benchmark::DoNotOptimize(part->rows());
    state.PauseTiming();
    part.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(BM_Restore)
    ->ArgsProduct({{1'000'000}, {0, 1, 2}, {0, 1}})
    ->Args({10'000'000, 1, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::tables
