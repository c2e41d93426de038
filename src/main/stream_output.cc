#include "main/stream_output.h"

#include <unistd.h>

#include <algorithm>

namespace millrace {

Status StreamOutput::Write(std::string_view lines) {
  if (std::fwrite(lines.data(), 1, lines.size(), stream_) != lines.size() || std::fflush(stream_) != 0) {
    return Fail(ErrorCode::kIoError, "cannot write to standard output");
  }
  return {};
}

Result<std::string> ReadScript(env::Env& env, const std::string& path) {
  return env.files->ReadAll(path == "-" ? "/dev/stdin" : path);
}

int ThreadsOrProcessors(int threads) {
  return threads > 0 ? threads : static_cast<int>(std::max<long>(1, sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace millrace
