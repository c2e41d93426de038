#include "env/env.h"
#include "main/commands.h"
#include "shell/top.h"

namespace millrace {

int TopCommand(const TopOptions& options) {
  return shell::RunTop(env::RealEnv(), {options.http, options.token, options.once});
}

}  // namespace millrace
