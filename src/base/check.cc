#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace millrace {

void CheckFailed(const char* file, int line, const char* condition, const std::string& detail) {
  std::fprintf(stderr, "millrace: broken invariant at %s:%d: %s%s%s\n", file, line, condition,
               detail.empty() ? "" : " with ", detail.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace millrace
