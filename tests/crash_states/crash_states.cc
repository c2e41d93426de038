// Makes folders as a power loss may leave them, out of a trace of what the real command did to its data
// folder.
//
//   MILLRACE_IO_TRACE=DATA:TRACE millrace serve --data DATA …      # records; DATA may hold something already
//   crash_states TRACE OUT --states 500 --seed 1                   # makes OUT/0, OUT/1, …
//
// Prints a line for each state: its folder, how many steps were done, and the monotonic clock (microseconds)
// at the last of them. What a client had been told by then, by the same clock, must be in the folder. The
// cuts are spread evenly over the trace; the same seed gives the same states. src/env/io_trace.h says what a
// trace cannot see.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "env/env.h"
#include "env/io_trace.h"

namespace millrace::env {
namespace {

struct Options {
  std::string trace;
  std::string out;
  uint64_t states = 500;
  uint64_t seed = 1;
  bool mild = false;
};

Status MakeStates(const Options& options) {
  Files& files = *RealEnv().files;
  MR_ASSIGN(const IoTrace trace, IoTrace::Read(files, options.trace));
  MR_TRY(files.MakeDirs(options.out));
  const PowerLoss loss{.scatters_sectors = !options.mild, .leaves_garbage = !options.mild};
  const uint64_t cuts = trace.steps().size() - trace.first() + 1;
  for (uint64_t state = 0; state < options.states; ++state) {
    const size_t steps = trace.first() + state * cuts / options.states;
    const std::string folder = JoinPath(options.out, std::to_string(state));
    MR_TRY(trace.MakeCrashState(steps, options.seed * 1'000'003 + state, loss, files, folder));
    fmt::print("{} {} {}\n", folder, steps, trace.steps()[steps - 1].monotonic_micros);
  }
  return Ok();
}

}  // namespace
}  // namespace millrace::env

int main(int argc, char** argv) {
  millrace::env::Options options;
  CLI::App app{"Folders as a power loss may leave them, from a trace of files"};
  app.add_option("trace", options.trace, "What MILLRACE_IO_TRACE has recorded")->required();
  app.add_option("out", options.out, "Where the folders are made")->required();
  app.add_option("--states", options.states, "How many")->capture_default_str();
  app.add_option("--seed", options.seed, "Gives the losses")->capture_default_str();
  app.add_flag("--mild", options.mild, "Unsynced bytes are lost from the end only, with zeros in gaps");
  CLI11_PARSE(app, argc, argv);
  const millrace::Status made = millrace::env::MakeStates(options);
  if (made) return 0;
  fmt::print(stderr, "crash_states: {}\n", made.error().ToString());
  return 1;
}
