#include "shell/shell_sink.h"

namespace millrace::shell {

Status ShellSink::Columns(std::vector<ResultColumn> columns) {
  printer_.emplace(std::move(columns), options_.format, options_.write);
  return Ok();
}

Status ShellSink::Idle() {
  if (!options_.live || !printer_.has_value()) return Ok();
  MR_TRY(printer_->Flush());
  return options_.flush();
}

Status ShellSink::Done(bool had_columns, std::string_view tag) {
  tag_ = tag;
  if (had_columns) {
    MR_TRY(printer_->Finish());
    printer_.reset();
  } else if (options_.tags && !tag.empty()) {
    MR_TRY(options_.write(std::string(tag) + '\n'));
  }
  return options_.flush();
}

Result<bool> ShellSink::CopyIn(std::string* bytes) {
  if (!options_.rows) {
    return Fail(ErrorCode::kNotSupported,
                "COPY FROM STDIN takes its rows from a script; none is being run here (\\copy TABLE FROM "
                "'file' takes them from a file)");
  }
  MR_ASSIGN(std::optional<std::string> row, options_.rows());
  if (!row.has_value()) return false;
  *bytes = *std::move(row);
  return true;
}

}  // namespace millrace::shell
