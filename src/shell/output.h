// Where results go: standard output, or a file that \o names. Buffered until Flush. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "env/files.h"

namespace millrace::shell {

class Output {
 public:
  explicit Output(env::Files& files) : files_(files), standard_(files.StandardOutput()) {}

  Status Write(std::string_view text) { return (file_ ? file_ : standard_)->Write(text); }
  Status Flush() { return (file_ ? file_ : standard_)->Flush(); }
  // Results go to the file, emptied, from here on; with an empty path to standard output again.
  Status Redirect(const std::string& path) {
    if (file_) MR_TRY(file_->Close());
    file_.reset();
    if (!path.empty()) {
      MR_ASSIGN(file_, files_.OpenWrite(path, env::WriteMode::kTruncate));
    }
    return Ok();
  }
  bool IsRedirected() const { return file_ != nullptr; }

 private:
  env::Files& files_;
  std::unique_ptr<env::WritableFile> standard_;
  std::unique_ptr<env::WritableFile> file_;
};

}  // namespace millrace::shell
