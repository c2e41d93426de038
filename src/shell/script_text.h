// The text of a script that is run part by part: a whole one, or a stream whose statements run as they come.
// Rows behind COPY … FROM STDIN stand in it too, up to a line \. of their own. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "env/byte_stream.h"
#include "shell/sql_scan.h"

namespace millrace::shell {

class ScriptText {
 public:
  explicit ScriptText(std::string text) : text_(std::move(text)), at_end_(true) {}
  explicit ScriptText(std::unique_ptr<env::ByteStream> stream) : stream_(std::move(stream)) {}

  struct Part {
    InputPart::Kind kind;
    bool complete;
    std::string text;
    size_t line;  // of its first character, from 1
  };
  // The next part; nothing at the end. A statement without its semicolon comes only before a command or at
  // the end. kProgramLimitExceeded beyond limits::kSqlBytesMax.
  Result<std::optional<Part>> Next();
  // The next line of rows, with its newline; nothing at \. or the end.
  Result<std::optional<std::string>> NextRow();

 private:
  Status ReadMore();
  void Consume(size_t bytes);

  std::string text_;  // what has not been given out
  std::unique_ptr<env::ByteStream> stream_;
  bool at_end_ = false;
  size_t line_ = 1;  // of the text's first character
};

}  // namespace millrace::shell
