// A folder that nobody but its owner may look into.
#pragma once

#include <string>

#include "env/files.h"

namespace millrace::env {

// As Files::MakeDirs; where the files are those of the machine, the folder itself gets the mode 0700, also if
// it was there. Any thread.
Status MakePrivateDir(Files& files, const std::string& directory);

}  // namespace millrace::env
