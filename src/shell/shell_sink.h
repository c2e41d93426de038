// Shows what a statement answers, in the format the shell is set to. One statement; one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "shell/connection.h"
#include "shell/table_printer.h"

namespace millrace::shell {

struct SinkOptions {
  OutputFormat format = OutputFormat::kTable;
  bool live = false;  // rows without end: what has come is shown whenever nothing follows
  bool tags = false;  // command tags are shown, e.g. CREATE TABLE
  std::function<Status(std::string_view)> write;
  std::function<Status()> flush;
  // The next row of COPY … FROM STDIN with its newline, nothing at the end.
  std::function<Result<std::optional<std::string>>()> rows;
};

class ShellSink final : public ResultSink {
 public:
  explicit ShellSink(SinkOptions options) : options_(std::move(options)) {}

  Status Columns(std::vector<ResultColumn> columns) override;
  Status Row(std::vector<Cell> cells) override { return printer_->Row(std::move(cells)); }
  Status Idle() override;
  Status Done(bool had_columns, std::string_view tag) override;
  Status CopyOut(std::string_view bytes) override { return options_.write(bytes); }
  Result<bool> CopyIn(std::string* bytes) override;

  // The tag of the last statement.
  const std::string& tag() const { return tag_; }

 private:
  SinkOptions options_;
  std::optional<TablePrinter> printer_;
  std::string tag_;
};

}  // namespace millrace::shell
