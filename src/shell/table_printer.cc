#include "shell/table_printer.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json_text.h"
#include "base/limits.h"
#include "shell/text_width.h"

namespace millrace::shell {
namespace {

void AppendCsvField(std::string_view text, std::string* out) {
  // An empty text is quoted to tell it from NULL.
  if (!text.empty() && text.find_first_of(",\"\n\r") == std::string_view::npos) {
    *out += text;
    return;
  }
  *out += '"';
  for (const char c : text) {
    *out += c;
    if (c == '"') *out += c;
  }
  *out += '"';
}

std::string_view BooleanText(std::string_view text) {
  return text == "t" ? "true" : text == "f" ? "false" : text;
}

// JSON has no infinities and no NaN: they are strings.
bool IsJsonNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

}  // namespace

Result<OutputFormat> ParseOutputFormat(std::string_view name) {
  if (name == "table") return OutputFormat::kTable;
  if (name == "csv") return OutputFormat::kCsv;
  if (name == "json") return OutputFormat::kJson;
  return Fail(ErrorCode::kInvalidParameter, fmt::format("unknown format '{}'", name), "table, csv or json");
}

TablePrinter::TablePrinter(std::vector<ResultColumn> columns, OutputFormat format,
                           std::function<Status(std::string_view)> write)
    : columns_(std::move(columns)), format_(format), write_(std::move(write)) {
  for (const ResultColumn& column : columns_) {
    names_.push_back(Visible(column.name));
    widths_.push_back(DisplayWidth(names_.back()));
  }
}

std::string TablePrinter::Shown(size_t column, const Cell& cell) const {
  if (!cell.has_value()) return "NULL";
  if (columns_[column].kind == ValueKind::kBoolean) return std::string(BooleanText(*cell));
  return Visible(*cell);
}

Status TablePrinter::Row(std::vector<Cell> row) {
  ++rows_;
  if (format_ == OutputFormat::kCsv || format_ == OutputFormat::kJson) {
    std::string text;
    AppendHeader(&text);
    format_ == OutputFormat::kCsv ? AppendCsv(row, &text) : AppendJson(row, &text);
    return write_(text);
  }
  std::vector<std::string>& texts = gathered_.emplace_back();
  for (size_t i = 0; i < row.size(); ++i) {
    texts.push_back(Shown(i, row[i]));
    widths_[i] = std::max(widths_[i], DisplayWidth(texts.back()));
  }
  return gathered_.size() < limits::kShellBlockRows ? Status{} : Flush();
}

Status TablePrinter::Flush() {
  std::string text;
  AppendHeader(&text);
  for (const auto& texts : gathered_) {
    if (format_ == OutputFormat::kExpanded) {
      AppendExpanded(texts, ++printed_, &text);
    } else {
      AppendLine(texts, false, &text);
    }
  }
  gathered_.clear();
  return text.empty() ? Status{} : write_(text);
}

Status TablePrinter::Finish() {
  MR_TRY(Flush());
  if (format_ != OutputFormat::kTable && !(format_ == OutputFormat::kExpanded && rows_ == 0)) return Ok();
  return write_(fmt::format("({} row{})\n", rows_, rows_ == 1 ? "" : "s"));
}

void TablePrinter::AppendHeader(std::string* out) {
  if (header_done_) return;
  header_done_ = true;
  if (format_ == OutputFormat::kCsv) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) *out += ',';
      AppendCsvField(columns_[i].name, out);
    }
    *out += '\n';
  } else if (format_ == OutputFormat::kTable) {
    AppendLine(names_, true, out);
    for (size_t i = 0; i < widths_.size(); ++i) {
      if (i > 0) *out += '+';
      out->append(widths_[i] + 2, '-');
    }
    *out += '\n';
  }
}

void TablePrinter::AppendLine(const std::vector<std::string>& texts, bool header, std::string* out) const {
  for (size_t i = 0; i < texts.size(); ++i) {
    const size_t padding = widths_[i] - DisplayWidth(texts[i]);
    *out += i == 0 ? " " : " | ";
    const bool right = !header && columns_[i].kind == ValueKind::kNumber;
    if (right) out->append(padding, ' ');
    *out += texts[i];
    if (!right && i + 1 < texts.size()) out->append(padding, ' ');
  }
  *out += '\n';
}

void TablePrinter::AppendExpanded(const std::vector<std::string>& texts, uint64_t number,
                                  std::string* out) const {
  size_t name_width = 0;
  for (const std::string& name : names_) name_width = std::max(name_width, DisplayWidth(name));
  *out += fmt::format("-[ RECORD {} ]-\n", number);
  for (size_t i = 0; i < texts.size(); ++i) {
    *out += names_[i];
    out->append(name_width - DisplayWidth(names_[i]), ' ');
    *out += " | " + texts[i] + '\n';
  }
}

void TablePrinter::AppendCsv(const std::vector<Cell>& row, std::string* out) const {
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) *out += ',';
    if (!row[i].has_value()) continue;
    const bool boolean = columns_[i].kind == ValueKind::kBoolean;
    AppendCsvField(boolean ? BooleanText(*row[i]) : std::string_view(*row[i]), out);
  }
  *out += '\n';
}

void TablePrinter::AppendJson(const std::vector<Cell>& row, std::string* out) const {
  *out += '{';
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonString(columns_[i].name, out);
    *out += ':';
    const ValueKind kind = columns_[i].kind;
    if (!row[i].has_value()) {
      *out += "null";
    } else if (kind == ValueKind::kBoolean) {
      *out += BooleanText(*row[i]);
    } else if (kind == ValueKind::kJson || (kind == ValueKind::kNumber && IsJsonNumber(*row[i]))) {
      *out += *row[i];
    } else {
      AppendJsonString(*row[i], out);
    }
  }
  *out += "}\n";
}

}  // namespace millrace::shell
