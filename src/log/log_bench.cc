// The log: appends of large and of small batches, with group commit, to a file system in memory and to a
// disk, and reading. MILLRACE_BENCH_DISK names a folder on the disk (default: the working folder); memory is
// /dev/shm.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "env/env.h"
#include "log/log.h"
#include "log/record_ends.h"
#include "telemetry/metrics.h"

namespace millrace::log {
namespace {

enum Place { kMemory, kDisk };

std::string FolderIn(int64_t place) {
  const char* disk = std::getenv("MILLRACE_BENCH_DISK");
  return env::JoinPath(place == kMemory ? "/dev/shm" : disk != nullptr ? disk : ".", "millrace-log-bench");
}

// A log of one topic in a folder of its own, removed at the end.
class BenchLog {
 public:
  BenchLog(int64_t place, const TopicSettings& settings) : folder_(FolderIn(place)) {
    static_cast<void>(env::RealEnv().files->RemoveTree(folder_));
    log_ = std::move(
        *Log::Open(env::RealEnv(), {.folder = folder_, .metrics = &metrics_, .on_failure = nullptr}));
    topic_ = *log_->CreateTopic("t", settings);
    log_->StartRetention();
  }
  ~BenchLog() {
    static_cast<void>(log_->Close());
    log_.reset();
    static_cast<void>(env::RealEnv().files->RemoveTree(folder_));
  }
  Partition& partition() { return topic_->partition(0); }
  double Sample(const std::string& name) const {
    for (const telemetry::Sample& sample : metrics_.Samples()) {
      if (sample.name == name) return sample.value;
    }
    return 0;
  }
  double GroupAppends() const {
    return Sample("millrace_log_group_appends_sum") /
           std::max(1.0, Sample("millrace_log_group_appends_count"));
  }
  double SyncMicros() const {
    return 1e6 * Sample("millrace_log_sync_seconds_sum") /
           std::max(1.0, Sample("millrace_log_sync_seconds_count"));
  }

 private:
  const std::string folder_;
  telemetry::MetricsRegistry metrics_;
  std::unique_ptr<Log> log_;
  std::shared_ptr<Topic> topic_;
};

std::string Events(size_t bytes) {
  std::string text;
  for (uint64_t i = 0; text.size() < bytes; ++i) {
    text += fmt::format(
        R"({{"user_id":{},"item_id":{},"category_id":{},"behavior":"pv","amount":{}.{:02},"ts":"2017-11-26 12:{:02}:{:02}"}})"
        "\n",
        i * 7919 % 1'000'000, i * 104'729 % 5'000'000, i % 5000, i % 1000, i % 100, i / 60 % 60, i % 60);
  }
  return text;
}

// Waits for a number of answers.
class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    ++opened_;
    changed_.NotifyAll();
  }
  void WaitFor(uint64_t count) {
    MutexLock lock(mutex_);
    while (opened_ < count) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  uint64_t opened_ MR_GUARDED_BY(mutex_) = 0;
};

AppendBatch Copy(const std::string& text) {
  AppendBatch batch;
  batch.payload = text;
  batch.ends = LineEnds(text);
  batch.record_count = static_cast<uint32_t>(batch.ends.size());
  return batch;
}

// One connection that sends as fast as it is let: bytes, finding of lines, checksum, write, sync. Until every
// append has been answered.
void BM_AppendLarge(benchmark::State& state) {
  const std::string text = Events(static_cast<size_t>(state.range(0)));
  BenchLog log(state.range(1),
               {.codec = static_cast<Codec>(state.range(2)), .retention_bytes = uint64_t{256} << 20});
  Gate answered, room;
  uint64_t sent = 0, waits = 0;
  for (auto _ : state) {
    AppendBatch batch = Copy(text);
    AppendDone done = [&](Result<AppendResult> result) {
      if (!result) state.SkipWithError(result.error().message().c_str());
      answered.Open();
    };
    while (*log.partition().TryAppend(&batch, &done, [&] { room.Open(); }) != Admission::kTaken) {
      room.WaitFor(++waits);
    }
    ++sent;
  }
  answered.WaitFor(sent);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
  state.counters["group"] = log.GroupAppends();
  state.counters["sync_us"] = log.SyncMicros();
}
BENCHMARK(BM_AppendLarge)
    ->ArgNames({"bytes", "disk", "codec"})
    ->ArgsProduct({{64 << 10, 256 << 10, 1 << 20}, {kMemory, kDisk}, {0, 1, 2}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->MinTime(2);

// `appenders` connections, each of which sends one event, waits until it is durable, and sends the next; or
// keeps `window` on their way.
void BM_AppendSmall(benchmark::State& state) {
  const std::string text = Events(1);
  BenchLog log(state.range(2), {.retention_bytes = uint64_t{256} << 20});
  const auto on_their_way = static_cast<uint64_t>(state.range(0) * state.range(1));
  constexpr uint64_t kRound = 200'000;
  for (auto _ : state) {
    std::atomic<uint64_t> started{0};
    Gate ended;
    std::function<void()> send = [&] {
      if (started.fetch_add(1) >= kRound) return ended.Open();
      AppendBatch batch;
      batch.payload = text;
      batch.record_count = 1;
      AppendDone done = [&](Result<AppendResult>) { send(); };
      static_cast<void>(log.partition().TryAppend(&batch, &done, nullptr));
    };
    for (uint64_t i = 0; i < on_their_way; ++i) send();
    ended.WaitFor(on_their_way);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRound));
  state.counters["group"] = log.GroupAppends();
  state.counters["sync_us"] = log.SyncMicros();
}
BENCHMARK(BM_AppendSmall)
    ->ArgNames({"appenders", "window", "disk"})
    ->ArgsProduct({{64}, {1, 16, 64}, {kMemory, kDisk}})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->MinTime(2);

// From the system's memory, each batch checked and in one piece.
void BM_Read(benchmark::State& state) {
  const std::string text = Events(static_cast<size_t>(state.range(0)));
  BenchLog log(kMemory, {.codec = static_cast<Codec>(state.range(1))});
  const uint64_t batches = (uint64_t{256} << 20) / text.size();
  Gate answered, room;
  uint64_t waits = 0;
  for (uint64_t i = 0; i < batches; ++i) {
    AppendBatch batch = Copy(text);
    AppendDone done = [&](Result<AppendResult>) { answered.Open(); };
    while (*log.partition().TryAppend(&batch, &done, [&] { room.Open(); }) != Admission::kTaken) {
      room.WaitFor(++waits);
    }
  }
  answered.WaitFor(batches);
  for (auto _ : state) {
    const auto reader = log.partition().NewReader(0, nullptr);
    ReadBatch batch;
    while (*reader->Next(&batch)) benchmark::DoNotOptimize(batch.payload.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * batches * text.size()));
}
BENCHMARK(BM_Read)->ArgNames({"bytes", "codec"})->ArgsProduct({{16 << 10, 256 << 10, 1 << 20}, {0, 1, 2}});

void BM_LineEnds(benchmark::State& state) {
  const std::string text = Events(1 << 20);
  for (auto _ : state) benchmark::DoNotOptimize(LineEnds(text).data());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_LineEnds);

void BM_RecordEnds(benchmark::State& state) {
  const std::string text = Events(1 << 20);
  const std::vector<uint32_t> ends = LineEnds(text);
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    AppendRecordEnds(ends, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * ends.size()));
  state.counters["bits_a_record"] =
      8.0 * static_cast<double>(bytes.size()) / static_cast<double>(ends.size());
}
BENCHMARK(BM_RecordEnds);

}  // namespace
}  // namespace millrace::log
