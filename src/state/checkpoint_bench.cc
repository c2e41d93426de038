// Checkpoints on the machine's own disk: a first one of much state, one of a hundredth of it, the recovery of
// both, and a merge. MILLRACE_BENCH_ENTRIES: entries of 48 bytes, 2,000,000 unless it says otherwise
// (20,000,000 are 1 GB).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/mutex.h"
#include "env/env.h"
#include "env/random.h"
#include "state/checkpoint_store.h"
#include "state/lmdb_commit_store.h"
#include "state/state_writer.h"

namespace millrace::state {
namespace {

uint64_t Entries() {
  const char* text = std::getenv("MILLRACE_BENCH_ENTRIES");
  return text == nullptr ? 2'000'000 : std::strtoull(text, nullptr, 10);
}

struct Place {
  explicit Place(const CheckpointStoreOptions& options) : options(options) {
    const char* folder = std::getenv("MILLRACE_BENCH_FOLDER");
    root = std::string(folder == nullptr ? "/tmp" : folder) + "/millrace_bench_" +
           std::to_string(env::RealEnv().seeds->NextSeed());
    MR_CHECK(env::RealEnv().files->MakeDirs(root).has_value());
    this->options.folder = root + "/state";
    Open();
  }
  ~Place() {
    store.reset();
    commits.reset();
    static_cast<void>(env::RealEnv().files->RemoveTree(root));
  }
  void Open() {
    store.reset();
    commits.reset();
    commits = OpenLmdbCommitStore(env::RealEnv(), root).value();
    store = CheckpointStore::Open(env::RealEnv(), *commits, options).value();
  }
  // Keys step, 2 * step, ... below `entries`: 16 bytes of key, 24 of value, in an order that means nothing.
  static std::vector<StateBuffer> Write(uint64_t entries, uint64_t step, uint64_t salt) {
    std::vector<StateBuffer> buffers;
    StateWriter writer;
    for (uint64_t i = 0; i < entries; i += step) {
      const uint64_t id = HashInt(i);
      char key[16];
      char value[24];
      std::memcpy(key, &id, 8);
      std::memcpy(key + 8, &i, 8);
      // A count, a sum, a time: the high bytes of each are those of the others.
      const uint64_t numbers[3] = {i % 1000 + salt, i * 7919 % 1'000'003, 1'704'067'200'000'000 + i};
      std::memcpy(value, numbers, 24);
      writer.Put("g", HashBytes(key, 16), {key, 16}, {value, 24});
      if (writer.size() >= size_t{4} << 20) buffers.push_back(writer.Take());
    }
    buffers.push_back(writer.Take());
    return buffers;
  }
  void Make(std::vector<StateBuffer> buffers) {
    Mutex mutex;
    CondVar changed;
    bool is_done = false;
    const auto builder = store->Begin(store->number() + 1).value();
    for (auto& buffer : buffers) builder->Add("c", std::move(buffer));
    builder->Commit({}, [&](Status status) {
      MR_CHECK(status.has_value());
      MutexLock lock(mutex);
      is_done = true;
      changed.NotifyAll();
    });
    MutexLock lock(mutex);
    while (!is_done) changed.Wait(mutex);
  }
  uint64_t Read() const {
    const auto source = store->ReadChapter("c");
    StateReader reader(source.get());
    StateChunk chunk;
    uint64_t records = 0;
    while (reader.Next(&chunk).value()) records += chunk.size();
    return records;
  }

  CheckpointStoreOptions options;
  std::string root;
  std::unique_ptr<CommitStore> commits;
  std::unique_ptr<CheckpointStore> store;
};

CheckpointStoreOptions OptionsOf(const benchmark::State& state) {
  return {.folder = "",
          .codec = static_cast<BlockCodec>(state.range(0)),
          .merge = {.unit_bytes = uint64_t{1} << 40, .fan_in = 1000}};
}

// Seconds that `work` takes: the making ready before it and the clearing up after it are not to be measured.
template <typename Work>
void Measure(benchmark::State& state, Work&& work) {
  const env::Clock& clock = *env::RealEnv().clock;
  const int64_t start = clock.MonotonicMicros();
  work();
  state.SetIterationTime(static_cast<double>(clock.MonotonicMicros() - start) / 1e6);
}

void BM_FirstCheckpoint(benchmark::State& state) {
  for (auto _ : state) {
    Place place(OptionsOf(state));
    auto buffers = Place::Write(Entries(), 1, 0);
    Measure(state, [&] { place.Make(std::move(buffers)); });
    state.counters["file/state"] =
        static_cast<double>(place.store->Stats().bytes) / static_cast<double>(Entries() * 48);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(Entries() * 48));
}

void BM_CheckpointOfAHundredth(benchmark::State& state) {
  Place place(OptionsOf(state));
  place.Make(Place::Write(Entries(), 1, 0));
  uint64_t salt = 0;
  for (auto _ : state) {
    auto buffers = Place::Write(Entries(), 100, ++salt);
    Measure(state, [&] { place.Make(std::move(buffers)); });
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(Entries() * 48 / 100));
}

// A first checkpoint and ten of a hundredth each.
void FillPlace(Place* place) {
  place->Make(Place::Write(Entries(), 1, 0));
  for (uint64_t salt = 1; salt <= 10; ++salt) place->Make(Place::Write(Entries(), 100, salt));
}

void BM_Recovery(benchmark::State& state) {
  Place place(OptionsOf(state));
  FillPlace(&place);
  for (auto _ : state) {
    Measure(state, [&] {
      place.Open();
      MR_CHECK_EQ(place.Read(), Entries());
    });
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(Entries() * 48));
}

void BM_Merge(benchmark::State& state) {
  for (auto _ : state) {
    Place place(OptionsOf(state));
    FillPlace(&place);
    place.options.merge = {.unit_bytes = uint64_t{1} << 40, .fan_in = 11};
    Measure(state, [&] {
      place.Open();
      while (place.store->Stats().merges == 0) env::RealEnv().executor->Sleep(1000);
    });
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(Entries() * 48));
}

// 0: as it is, 1: LZ4, 2: zstd.
BENCHMARK(BM_FirstCheckpoint)
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->MeasureProcessCPUTime()
    ->Iterations(2);
BENCHMARK(BM_CheckpointOfAHundredth)
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->MeasureProcessCPUTime()
    ->Iterations(5);
BENCHMARK(BM_Recovery)
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->MeasureProcessCPUTime()
    ->Iterations(2);
BENCHMARK(BM_Merge)
    ->DenseRange(0, 2)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->MeasureProcessCPUTime()
    ->Iterations(2);

}  // namespace
}  // namespace millrace::state
