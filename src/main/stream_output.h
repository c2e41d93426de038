// What the subcommands share: standard output as print tables want it, scripts, and how many threads.
#pragma once

#include <cstdio>
#include <string>

#include "base/error.h"
#include "connectors/print/print_output.h"
#include "env/env.h"

namespace millrace {

// A stream that is flushed with every write, so that print tables and results keep their order.
class StreamOutput final : public connectors::PrintOutput {
 public:
  explicit StreamOutput(FILE* stream) : stream_(stream) {}
  Status Write(std::string_view lines) override;

 private:
  FILE* stream_;
};

// A file's text; "-" is standard input.
Result<std::string> ReadScript(env::Env& env, const std::string& path);

// `threads`, or one a processor when it is 0.
int ThreadsOrProcessors(int threads);

}  // namespace millrace
