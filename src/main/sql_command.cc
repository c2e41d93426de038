#include <fmt/format.h>

#include "env/env.h"
#include "functions/registry.h"
#include "main/commands.h"
#include "shell/shell.h"

namespace millrace {

int SqlCommand(const SqlOptions& options) {
  const auto format = shell::ParseOutputFormat(options.format);
  if (!format.has_value()) {
    fmt::print(stderr, "ERROR {}\n", format.error().ToString());
    return 2;
  }
  shell::ShellOptions shell_options;
  shell_options.connect = {options.url, options.host, options.port, options.user, options.database};
  shell_options.files = options.files;
  shell_options.statements = options.statements;
  shell_options.format = *format;
  for (const auto& function : functions::Registry::Get().scalars()) {
    shell_options.functions.push_back(function.name);
  }
  for (const auto& function : functions::Registry::Get().aggregates()) {
    shell_options.functions.push_back(function.name);
  }
  return shell::Shell(env::RealEnv(), std::move(shell_options)).Run();
}

}  // namespace millrace
