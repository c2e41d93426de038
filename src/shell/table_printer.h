// Results as text: the aligned table of a terminal, one column a line (expanded), CSV, or JSON lines.
//
// Rows come one by one; an aligned table is printed in blocks of limits::kShellBlockRows rows, whose widths
// only grow, so memory is bounded and a result without end is shown as it comes (Flush). One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::shell {

enum class OutputFormat : uint8_t { kTable, kExpanded, kCsv, kJson };
// table, csv or json.
Result<OutputFormat> ParseOutputFormat(std::string_view name);

enum class ValueKind : uint8_t { kText, kNumber, kBoolean, kJson };

struct ResultColumn {
  std::string name;
  ValueKind kind = ValueKind::kText;
};

// PostgreSQL's text of a value; nothing for NULL.
using Cell = std::optional<std::string>;

class TablePrinter {
 public:
  // `write` gets whole lines.
  TablePrinter(std::vector<ResultColumn> columns, OutputFormat format,
               std::function<Status(std::string_view)> write);

  // One cell a column.
  Status Row(std::vector<Cell> row);
  // Prints what has been gathered.
  Status Flush();
  // The rest, the header of a result without rows, and the count of rows under a table.
  Status Finish();

  uint64_t rows() const { return rows_; }
  bool HasGathered() const { return !gathered_.empty(); }

 private:
  std::string Shown(size_t column, const Cell& cell) const;
  void AppendHeader(std::string* out);
  void AppendLine(const std::vector<std::string>& texts, bool header, std::string* out) const;
  void AppendExpanded(const std::vector<std::string>& texts, uint64_t number, std::string* out) const;
  void AppendCsv(const std::vector<Cell>& row, std::string* out) const;
  void AppendJson(const std::vector<Cell>& row, std::string* out) const;

  const std::vector<ResultColumn> columns_;
  const OutputFormat format_;
  const std::function<Status(std::string_view)> write_;
  std::vector<std::string> names_;  // visible
  std::vector<size_t> widths_;
  std::vector<std::vector<std::string>> gathered_;  // of tables
  uint64_t rows_ = 0;
  uint64_t printed_ = 0;
  bool header_done_ = false;
};

}  // namespace millrace::shell
