// `millrace top`: the metrics of a server on the screen, once a second. One thread.
#pragma once

#include <string>

#include "env/env.h"

namespace millrace::shell {

struct TopOptions {
  std::string http = "http://127.0.0.1:8080";  // the metrics are at /metrics below it
  std::string token;                           // of HTTP, if it wants one
  bool once = false;                           // one frame as text, without rates
};

// Exit status: 0; 1 if the metrics cannot be read (on the screen it is tried again); 2 for a bad address.
int RunTop(env::Env& env, const TopOptions& options);

}  // namespace millrace::shell
