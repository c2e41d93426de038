// A durable warehouse on a simulated machine that crashes, loses power and fails, against plain batch
// computations. README.md says what it does.
//
//   sim [--seeds A..B] [--seed N] [--seconds S] [--kept FILE] [--trace] [--twice] [--keep]
//
// Runs the seeds kept in FILE (those that once failed), then A..B, for at most S seconds; --seed N runs one,
// --trace tells all that happens; --twice runs each two times, which must be the same; --keep goes on after a
// seed that fails. Ends with figures; status 1 if any failed.
#include <fmt/format.h>

#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "env/env.h"
#include "sim/simulation.h"

namespace millrace::sim {
namespace {

struct Options {
  uint64_t first = 1;
  uint64_t last = 200;
  int64_t seconds = 0;  // 0: until all have run
  std::vector<uint64_t> kept;
  bool is_traced = false;
  bool runs_twice = false;
  bool goes_on = false;
};

// For a seed that ends the program.
char current_seed[64];
size_t current_seed_bytes = 0;

void TellSeed(int signal) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, current_seed, current_seed_bytes);
  std::signal(signal, SIG_DFL);
  static_cast<void>(std::raise(signal));
}

void SetSeed(uint64_t seed) {
  const auto end = fmt::format_to_n(current_seed, sizeof(current_seed), "the seed was {}\n", seed);
  current_seed_bytes = end.size;
}

bool ParseNumber(const std::string& text, uint64_t* number) {
  char* end = nullptr;
  *number = std::strtoull(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0';
}

bool ReadKept(const std::string& path, std::vector<uint64_t>* seeds) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    uint64_t seed = 0;
    if (ParseNumber(line.substr(0, line.find_first_of(" #")), &seed)) seeds->push_back(seed);
  }
  return file.eof();
}

bool ParseValue(const std::string& name, const std::string& value, Options* options) {
  if (name == "--seed") {
    if (!ParseNumber(value, &options->first)) return false;
    options->last = options->first;
    return true;
  }
  if (name == "--seeds") {
    const size_t dots = value.find("..");
    return dots != std::string::npos && ParseNumber(value.substr(0, dots), &options->first) &&
           ParseNumber(value.substr(dots + 2), &options->last);
  }
  if (name == "--seconds") {
    uint64_t seconds = 0;
    if (!ParseNumber(value, &seconds)) return false;
    options->seconds = static_cast<int64_t>(seconds);
    return true;
  }
  return name == "--kept" && ReadKept(value, &options->kept);
}

bool ParseArguments(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--trace") {
      options->is_traced = true;
    } else if (name == "--twice") {
      options->runs_twice = true;
    } else if (name == "--keep") {
      options->goes_on = true;
    } else if (++i >= argc || !ParseValue(name, argv[i], options)) {
      return false;
    }
  }
  return true;
}

void Print(const Statistics& total) {
  fmt::print(
      "{} seeds: {} starts, {} power losses, {} kills, {} crashes in recovery, {} stops by themselves\n",
      total.seeds, total.starts, total.crashes, total.kills, total.recovery_crashes, total.failures);
  fmt::print("{} checkpoints, {} merges, {} full disks, {} errors of disks\n", total.checkpoints,
             total.merges, total.full_disks, total.errors);
  fmt::print("{} objects, {} rows, {} comparisons of everything, {} glances\n", total.objects, total.rows,
             total.comparisons, total.glances);
  fmt::print("{} times a query began behind rows that the log had let go\n", total.late_beginnings);
  fmt::print("{} pushes, {} of them into several tables: {} taken, {} refused, {} under way at a crash\n",
             total.pushes, total.commits, total.taken, total.refused, total.undecided);
  for (size_t i = 0; i < total.reached.size(); ++i) {
    const std::string_view name = env::kFaultPointNames[i];
    if (name.starts_with("env.") || name.starts_with("state.lmdb")) continue;
    if (total.reached[i] == 0) fmt::print("not reached: {}\n", name);
  }
}

// The failure of a seed; empty: none.
std::string RunSeed(uint64_t seed, const Options& options, Statistics* total) {
  SetSeed(seed);
  Simulation simulation(seed, options.is_traced);
  std::string problem = simulation.Run();
  total->Add(simulation.statistics());
  if (!problem.empty() || !options.runs_twice) return problem;
  Simulation again(seed, options.is_traced);
  problem = again.Run();
  if (problem.empty() && simulation.digest() == again.digest()) return {};
  return fmt::format("seed {}: the second run was another one\n{}", seed, problem);
}

int Run(const Options& options) {
  std::vector<uint64_t> seeds = options.kept;
  for (uint64_t seed = options.first; seed <= options.last; ++seed) seeds.push_back(seed);
  const env::Clock& clock = *env::RealEnv().clock;
  const int64_t start = clock.MonotonicMicros();
  Statistics total;
  size_t failed = 0;
  for (const uint64_t seed : seeds) {
    if (options.seconds > 0 && clock.MonotonicMicros() - start > options.seconds * 1'000'000) break;
    const std::string problem = RunSeed(seed, options, &total);
    if (problem.empty()) continue;
    ++failed;
    fmt::print("{}  replay: sim --seed {} --trace\n", problem, seed);
    std::fflush(stdout);
    if (!options.goes_on) break;
  }
  Print(total);
  fmt::print("{} passed, {} failed\n", total.seeds - failed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace millrace::sim

int main(int argc, char** argv) {
  millrace::sim::Options options;
  if (!millrace::sim::ParseArguments(argc, argv, &options)) {
    fmt::print(
        stderr,
        "usage: sim [--seeds A..B] [--seed N] [--seconds S] [--kept FILE] [--trace] [--twice] [--keep]\n");
    return 2;
  }
  std::signal(SIGABRT, millrace::sim::TellSeed);
  std::signal(SIGSEGV, millrace::sim::TellSeed);
  return millrace::sim::Run(options);
}
