#include "env/private_dir.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "env/posix_files.h"

namespace millrace::env {

Status MakePrivateDir(Files& files, const std::string& directory) {
  MR_TRY(files.MakeDirs(directory));
  if (dynamic_cast<const PosixFiles*>(&files) == nullptr || ::chmod(directory.c_str(), 0700) == 0)
    return Ok();
  return Fail(ErrorCode::kIoError,
              fmt::format("cannot take the folder '{}' from others: {}", directory,
                          std::generic_category().message(errno)),
              "its owner can");
}

}  // namespace millrace::env
