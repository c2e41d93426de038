#include <fmt/format.h>

#include <algorithm>

#include "env/env.h"
#include "main/commands.h"
#include "session/slt_runner.h"

namespace millrace {
namespace {

// The modes asked for, or all; an unknown one is told.
Result<std::vector<session::SltMode>> ModesOf(const std::vector<std::string>& names) {
  if (names.empty()) return session::SltModes();
  std::vector<session::SltMode> modes;
  for (const std::string& name : names) {
    const auto& known = session::SltModes();
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const auto& mode) { return mode.name == name; });
    if (found == known.end()) {
      std::string all;
      for (const auto& mode : known) all += (all.empty() ? "" : ", ") + mode.name;
      return Fail(ErrorCode::kInvalidParameter, fmt::format("no mode '{}'", name), "modes: " + all);
    }
    modes.push_back(*found);
  }
  return modes;
}

}  // namespace

int TestCommand(const TestOptions& options) {
  env::Env& env = env::RealEnv();
  const auto modes = ModesOf(options.modes);
  const auto files = session::FindSltFiles(env, options.paths);
  for (const Error* error :
       {modes.has_value() ? nullptr : &modes.error(), files.has_value() ? nullptr : &files.error()}) {
    if (error == nullptr) continue;
    fmt::print(stderr, "ERROR {}\n", error->ToString());
    return 2;
  }
  int passed = 0;
  int failed = 0;
  for (const session::SltMode& mode : *modes) {
    for (const std::string& path : *files) {
      const auto outcome = session::RunSltFile(env, path, mode);
      if (!outcome.has_value()) {
        fmt::print("{} [{}]: {}\n", path, mode.name, outcome.error().ToString());
        ++failed;
        continue;
      }
      for (const session::SltFailure& failure : outcome->failures) {
        fmt::print("{}:{} [{}]: {}\n", path, failure.line, mode.name, failure.message);
      }
      (outcome->failures.empty() ? passed : failed) += 1;
    }
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  if (passed + failed == 0) fmt::print(stderr, "ERROR no .slt file found\n");
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace millrace
