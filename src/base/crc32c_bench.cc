// CRC32C, bytes a second, by length.
#include <benchmark/benchmark.h>

#include <string>

#include "base/crc32c.h"

namespace millrace {
namespace {

void BM_Crc32c(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(Crc32c(bytes));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(BM_Crc32c)->Arg(80)->Arg(200)->Arg(4096)->Arg(65536)->Arg(1 << 20);

void BM_Crc32cPortable(benchmark::State& state) {
  const std::string bytes(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(ExtendCrc32cPortable(0, bytes.data(), bytes.size()));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(BM_Crc32cPortable)->Arg(65536);

}  // namespace
}  // namespace millrace
