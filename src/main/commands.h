// What the subcommands of `millrace` do. Each returns the exit code: 0 for success, 1 for a failure that was
// reported on standard error, 2 for wrong usage.
#pragma once

#include <string>
#include <vector>

namespace millrace {

struct RunOptions {
  std::vector<std::string> files;
  std::vector<std::string> statements;
  std::string format = "table";
  std::vector<std::string> settings;
  int threads = 0;
  bool no_progress = false;
};
int RunCommand(const RunOptions& options);

struct TestOptions {
  std::vector<std::string> paths;
  std::vector<std::string> modes;
};
int TestCommand(const TestOptions& options);

int FunctionsCommand();

}  // namespace millrace
