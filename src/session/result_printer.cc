#include "session/result_printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json_text.h"
#include "data/text.h"

namespace millrace::session {
namespace {

using data::Column;
using data::TypeKind;

bool IsWide(uint32_t code_point) {
  return (code_point >= 0x1100 && code_point <= 0x115F) || (code_point >= 0x2E80 && code_point <= 0xA4CF) ||
         (code_point >= 0xAC00 && code_point <= 0xD7A3) || (code_point >= 0xF900 && code_point <= 0xFAFF) ||
         (code_point >= 0xFE30 && code_point <= 0xFE6F) || (code_point >= 0xFF00 && code_point <= 0xFF60) ||
         (code_point >= 0xFFE0 && code_point <= 0xFFE6) || (code_point >= 0x1F300 && code_point <= 0x1FAFF) ||
         (code_point >= 0x20000 && code_point <= 0x3FFFD);
}

// Columns that a text takes on a terminal.
size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t code_point = bytes == 1 ? lead : lead & (0xFF >> (bytes + 1));
    for (size_t j = 1; j < bytes && i + j < text.size(); ++j) {
      code_point = (code_point << 6) | (static_cast<unsigned char>(text[i + j]) & 0x3F);
    }
    width += IsWide(code_point) ? 2 : 1;
    i += bytes;
  }
  return width;
}

void AppendHex(std::string_view bytes, std::string* out) {
  *out += "\\x";
  for (const char c : bytes) *out += fmt::format("{:02x}", static_cast<unsigned char>(c));
}

std::string TrimFraction(std::string text) {
  const size_t dot = text.rfind('.');
  if (dot == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

void AppendJson(const Column& column, size_t row, const data::TimeZone& zone, std::string* out) {
  if (column.IsNull(row)) {
    *out += "null";
    return;
  }
  switch (column.type().kind()) {
    case TypeKind::kFloat:
    case TypeKind::kDouble: {
      const std::string text = ValueText(column, row, zone);
      if (std::isfinite(column.GetValue(row).as_double())) {
        *out += text;
      } else {
        AppendJsonString(text, out);
      }
      return;
    }
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kDecimal:
      *out += ValueText(column, row, zone);
      return;
    case TypeKind::kArray: {
      const auto entry = data::ColumnView<data::ListEntry>(column)[row];
      *out += '[';
      for (uint64_t i = 0; i < entry.length; ++i) {
        if (i > 0) *out += ',';
        AppendJson(column.child(0), entry.offset + i, zone, out);
      }
      *out += ']';
      return;
    }
    case TypeKind::kMap:
    case TypeKind::kMultiset: {
      const auto entry = data::ColumnView<data::ListEntry>(column)[row];
      *out += '{';
      for (uint64_t i = 0; i < entry.length; ++i) {
        if (i > 0) *out += ',';
        AppendJsonString(ValueText(column.child(0), entry.offset + i, zone), out);
        *out += ':';
        AppendJson(column.child(1), entry.offset + i, zone, out);
      }
      *out += '}';
      return;
    }
    case TypeKind::kRow: {
      *out += '{';
      for (size_t i = 0; i < column.children().size(); ++i) {
        if (i > 0) *out += ',';
        AppendJsonString(column.type().fields()[i].name, out);
        *out += ':';
        AppendJson(column.child(i), row, zone, out);
      }
      *out += '}';
      return;
    }
    default:
      AppendJsonString(ValueText(column, row, zone), out);
  }
}

void AppendCsvField(const std::string& text, std::string* out) {
  if (text.find_first_of(",\"\n\r") == std::string::npos && !text.empty()) {
    *out += text;
    return;
  }
  *out += '"';
  for (const char c : text) {
    if (c == '"') *out += '"';
    *out += c;
  }
  *out += '"';
}

void AppendTable(const data::Schema& schema, const std::vector<data::Batch>& batches,
                 const data::TimeZone& zone, std::string* out) {
  std::vector<size_t> widths;
  std::vector<bool> right;
  for (const data::Field& field : schema) {
    widths.push_back(DisplayWidth(field.name));
    right.push_back(field.type.IsNumeric());
  }
  std::vector<std::vector<std::string>> rows;
  for (const data::Batch& batch : batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      auto& texts = rows.emplace_back();
      for (size_t i = 0; i < schema.size(); ++i) {
        texts.push_back(batch.columns[i]->IsNull(row) ? "NULL" : ValueText(*batch.columns[i], row, zone));
        widths[i] = std::max(widths[i], DisplayWidth(texts.back()));
      }
    }
  }
  const auto line = [&](const std::vector<std::string>& texts, bool header) {
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string padding(widths[i] - DisplayWidth(texts[i]), ' ');
      *out += i == 0 ? " " : " | ";
      const bool last = i + 1 == texts.size();
      if (right[i] && !header) {
        *out += padding + texts[i];
      } else {
        *out += texts[i];
        if (!last) *out += padding;
      }
    }
    *out += '\n';
  };
  std::vector<std::string> names;
  for (const data::Field& field : schema) names.push_back(field.name);
  line(names, true);
  for (size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) *out += '+';
    out->append(widths[i] + 2, '-');
  }
  *out += '\n';
  for (const auto& texts : rows) line(texts, false);
  *out += fmt::format("({} row{})\n", rows.size(), rows.size() == 1 ? "" : "s");
}

}  // namespace

Result<ResultFormat> ParseResultFormat(std::string_view name) {
  if (name == "table") return ResultFormat::kTable;
  if (name == "csv") return ResultFormat::kCsv;
  if (name == "json") return ResultFormat::kJson;
  return Fail(ErrorCode::kInvalidParameter, fmt::format("unknown format '{}'", name), "table, csv or json");
}

std::string ValueText(const Column& column, size_t row, const data::TimeZone& zone) {
  data::TextOptions options;
  options.zone = &zone;
  switch (column.type().kind()) {
    case TypeKind::kBoolean:
      return column.IsNull(row) ? "NULL" : column.GetValue(row).as_bool() ? "true" : "false";
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return TrimFraction(data::ToText(column, row, options));
    case TypeKind::kBinary:
    case TypeKind::kVarbinary: {
      if (column.IsNull(row)) return "NULL";
      std::string text;
      AppendHex(data::ColumnView<data::StringRef>(column)[row].view(), &text);
      return text;
    }
    default:
      return data::ToText(column, row, options);
  }
}

void AppendRows(const data::Schema& schema, const std::vector<data::Batch>& batches, ResultFormat format,
                const data::TimeZone& zone, std::string* out) {
  if (format == ResultFormat::kTable) {
    AppendTable(schema, batches, zone, out);
    return;
  }
  if (format == ResultFormat::kCsv) {
    for (size_t i = 0; i < schema.size(); ++i) {
      if (i > 0) *out += ',';
      AppendCsvField(schema[i].name, out);
    }
    *out += '\n';
  }
  for (const data::Batch& batch : batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      if (format == ResultFormat::kJson) *out += '{';
      for (size_t i = 0; i < schema.size(); ++i) {
        if (i > 0) *out += ',';
        if (format == ResultFormat::kJson) {
          AppendJsonString(schema[i].name, out);
          *out += ':';
          AppendJson(*batch.columns[i], row, zone, out);
        } else if (!batch.columns[i]->IsNull(row)) {
          AppendCsvField(ValueText(*batch.columns[i], row, zone), out);
        }
      }
      *out += format == ResultFormat::kJson ? "}\n" : "\n";
    }
  }
}

}  // namespace millrace::session
