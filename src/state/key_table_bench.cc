// KeyTable: inserts and read-modify-writes a second, with the hashing of the keys.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "data/column.h"
#include "state/key_table.h"
#include "state/table_records.h"

namespace millrace::state {
namespace {

using data::Column;
using data::ColumnPtr;
using data::DataType;

constexpr size_t kRows = limits::kBatchRows;

// Batches of keys drawn from [0, keys) in random order; every key at least once when `all`.
std::vector<ColumnPtr> IntBatches(int64_t keys, size_t rows, bool all) {
  std::mt19937_64 random(42);
  std::vector<int64_t> values(rows);
  for (size_t i = 0; i < rows; ++i) {
    const auto n =
        all ? static_cast<int64_t>(i) % keys : static_cast<int64_t>(random() % static_cast<uint64_t>(keys));
    values[i] = n * 1'000'003;
  }
  if (all) std::shuffle(values.begin(), values.end(), random);
  std::vector<ColumnPtr> batches;
  for (size_t from = 0; from + kRows <= rows; from += kRows) {
    auto column = Column::Make(DataType::BigInt());
    for (size_t i = 0; i < kRows; ++i) column->Append(values[from + i]);
    batches.push_back(column);
  }
  return batches;
}

std::vector<ColumnPtr> StringBatches(int64_t keys, size_t rows) {
  std::mt19937_64 random(42);
  std::vector<ColumnPtr> batches;
  for (size_t from = 0; from + kRows <= rows; from += kRows) {
    auto column = Column::Make(DataType::String());
    for (size_t i = 0; i < kRows; ++i) {
      column->AppendString("user-id-" + std::to_string(random() % static_cast<uint64_t>(keys) * 1'000'003));
    }
    batches.push_back(column);
  }
  return batches;
}

void ReadModifyWrite(KeyTable& table, std::span<const ColumnPtr> keys, std::vector<uint64_t>& hashes,
                     std::vector<EntryId>& ids) {
  for (size_t c = 0; c < keys.size(); ++c) data::HashColumn(*keys[c], hashes, c > 0);
  table.FindOrInsert(keys, hashes, kRows, ids.data(), nullptr);
  table.Touch(ids);
  for (size_t i = 0; i < kRows; ++i) ++*reinterpret_cast<int64_t*>(table.payload(ids[i]));
}

void BM_Insert(benchmark::State& state) {
  const auto keys = state.range(0);
  const auto batches = IntBatches(keys, static_cast<size_t>(keys), true);
  std::vector<uint64_t> hashes(kRows);
  std::vector<EntryId> ids(kRows);
  for (auto _ : state) {
    KeyTable table({{DataType::BigInt()}, 16});
    for (const ColumnPtr& batch : batches) {
      data::HashColumn(*batch, hashes, false);
      table.FindOrInsert({&batch, 1}, hashes, kRows, ids.data(), nullptr);
    }
    benchmark::DoNotOptimize(table.size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches.size() * kRows));
}
BENCHMARK(BM_Insert)->Arg(100'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);

// Only keys that an exchange gives to the first shard of range(1).
void BM_InsertOfAShard(benchmark::State& state) {
  const auto shards = static_cast<size_t>(state.range(1));
  std::vector<ColumnPtr> batches;
  std::vector<uint64_t> hash(1);
  auto column = Column::Make(DataType::BigInt());
  for (int64_t key = 0; static_cast<int64_t>(batches.size() * kRows) < state.range(0); ++key) {
    const ColumnPtr one = Column::Constant(DataType::BigInt(), data::Value::Int(key), 1);
    data::HashColumn(*one, hash, false);
    if (ShardOf(hash[0], shards) != 0) continue;
    column->Append(key);
    if (column->size() < kRows) continue;
    batches.push_back(column);
    column = Column::Make(DataType::BigInt());
  }
  std::vector<uint64_t> hashes(kRows);
  std::vector<EntryId> ids(kRows);
  for (auto _ : state) {
    KeyTable table({{DataType::BigInt()}, 16});
    for (const ColumnPtr& batch : batches) {
      data::HashColumn(*batch, hashes, false);
      table.FindOrInsert({&batch, 1}, hashes, kRows, ids.data(), nullptr);
    }
    benchmark::DoNotOptimize(table.size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches.size() * kRows));
}
BENCHMARK(BM_InsertOfAShard)->ArgsProduct({{100'000}, {1, 2, 4, 16}})->Unit(benchmark::kMillisecond);

// The second argument: whether changes are tracked.
void BM_ReadModifyWrite(benchmark::State& state) {
  const auto keys = state.range(0);
  KeyTable table(
      {.key_types = {DataType::BigInt()}, .payload_bytes = 16, .track_changes = state.range(1) != 0});
  std::vector<uint64_t> hashes(kRows);
  std::vector<EntryId> ids(kRows);
  for (const ColumnPtr& batch : IntBatches(keys, static_cast<size_t>(keys), true)) {
    ReadModifyWrite(table, {&batch, 1}, hashes, ids);
  }
  const auto batches = IntBatches(keys, 4'000'000, false);
  for (auto _ : state) {
    for (const ColumnPtr& batch : batches) ReadModifyWrite(table, {&batch, 1}, hashes, ids);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches.size() * kRows));
}
BENCHMARK(BM_ReadModifyWrite)
    ->Args({100'000, 0})
    ->Args({100'000, 1})
    ->Args({10'000'000, 0})
    ->Args({10'000'000, 1})
    ->Unit(benchmark::kMillisecond);

void AppendPayloads(std::span<const EntryId> /*ids*/, std::span<const std::byte* const> payloads,
                    SavedValues& values) {
  for (const std::byte* payload : payloads) {
    values.bytes().append(reinterpret_cast<const char*>(payload), 16);
    values.End();
  }
}

// A checkpoint of all of a million entries with 16 bytes of payload, and what is read back from it.
void BM_Save(benchmark::State& state) {
  const int64_t keys = state.range(0);
  KeyTable table({.key_types = {DataType::BigInt()}, .payload_bytes = 16, .track_changes = true});
  TableRecords records({DataType::BigInt()}, {0});
  std::vector<uint64_t> hashes(kRows);
  std::vector<EntryId> ids(kRows);
  const auto batches = IntBatches(keys, static_cast<size_t>(keys), true);
  int64_t written = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (const ColumnPtr& batch : batches) ReadModifyWrite(table, {&batch, 1}, hashes, ids);
    state.ResumeTiming();
    StateWriter writer;
    records.Save(table, "t", writer, AppendPayloads);
    written = static_cast<int64_t>(writer.size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(table.size()));
  state.counters["bytes_an_entry"] = static_cast<double>(written) / static_cast<double>(table.size());
}
BENCHMARK(BM_Save)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// How long the table has to stand still when its records are made by another thread.
void BM_SaveLater(benchmark::State& state) {
  const int64_t keys = state.range(0);
  KeyTable table({.key_types = {DataType::BigInt()}, .payload_bytes = 16, .track_changes = true});
  TableRecords records({DataType::BigInt()}, {0});
  std::vector<uint64_t> hashes(kRows);
  std::vector<EntryId> ids(kRows);
  const auto batches = IntBatches(keys, static_cast<size_t>(keys), true);
  for (auto _ : state) {
    state.PauseTiming();
    for (const ColumnPtr& batch : batches) ReadModifyWrite(table, {&batch, 1}, hashes, ids);
    state.ResumeTiming();
    StateWriter writer;
    records.SaveLater(table, "t", writer, AppendPayloads);
    state.PauseTiming();
    benchmark::DoNotOptimize(writer.Take());
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(table.size()));
}
BENCHMARK(BM_SaveLater)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BM_Restore(benchmark::State& state) {
  const int64_t keys = state.range(0);
  TableRecords records({DataType::BigInt()}, {0});
  StateLayers layers;
  {
    KeyTable table({.key_types = {DataType::BigInt()}, .payload_bytes = 16, .track_changes = true});
    std::vector<uint64_t> hashes(kRows);
    std::vector<EntryId> ids(kRows);
    for (const ColumnPtr& batch : IntBatches(keys, static_cast<size_t>(keys), true)) {
      ReadModifyWrite(table, {&batch, 1}, hashes, ids);
    }
    StateWriter writer;
    records.Save(table, "t", writer, AppendPayloads);
    std::vector<StateBuffer> buffers;
    buffers.push_back(writer.Take());
    layers.Add(std::move(buffers));
  }
  int64_t restored = 0;
  for (auto _ : state) {
    KeyTable table({.key_types = {DataType::BigInt()}, .payload_bytes = 16, .track_changes = true});
    layers.Rewind();
    StateReader reader(&layers);
    StateChunk chunk;
    while (reader.Next(&chunk).value()) {
      const auto* entries = records.Restore(chunk, table).value();
      for (size_t i = 0; i < chunk.size(); ++i) {
        std::memcpy(table.payload(entries->ids[i]), entries->values[i].data(), 16);
      }
    }
    restored = static_cast<int64_t>(table.size());
  }
  state.SetItemsProcessed(state.iterations() * restored);
}
BENCHMARK(BM_Restore)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BM_ReadModifyWriteString(benchmark::State& state) {
  const auto batches = StringBatches(state.range(0), 2'000'000);
  KeyTable table({{DataType::String()}, 16});
  std::vector<uint64_t> hashes(kRows);
  std::vector<EntryId> ids(kRows);
  for (auto _ : state) {
    for (const ColumnPtr& batch : batches) ReadModifyWrite(table, {&batch, 1}, hashes, ids);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches.size() * kRows));
}
BENCHMARK(BM_ReadModifyWriteString)->Arg(100'000)->Unit(benchmark::kMillisecond);

// A window's start and a key, the usual key of windowed counts.
void BM_ReadModifyWriteTwoColumns(benchmark::State& state) {
  const auto batches = IntBatches(state.range(0), 2'000'000, false);
  const auto window =
      Column::Constant(DataType::Timestamp(3), data::Value::Int(1'700'000'000'000'000), kRows);
  KeyTable table({{DataType::Timestamp(3), DataType::BigInt()}, 16});
  std::vector<uint64_t> hashes(kRows);
  std::vector<EntryId> ids(kRows);
  for (auto _ : state) {
    for (const ColumnPtr& batch : batches) {
      const ColumnPtr keys[] = {window, batch};
      ReadModifyWrite(table, keys, hashes, ids);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batches.size() * kRows));
}
BENCHMARK(BM_ReadModifyWriteTwoColumns)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::state
