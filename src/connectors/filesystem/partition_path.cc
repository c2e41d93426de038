#include "connectors/filesystem/partition_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/column.h"
#include "data/text.h"

namespace millrace::connectors {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      plain.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

// The characters that Hive escapes in the names of partition folders.
bool MustEscape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
         std::string_view("\"#%'*/:=?\\{[]^").find(c) != std::string_view::npos;
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (MustEscape(c)) {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

}  // namespace

std::optional<std::string> PartitionText(std::string_view path, std::string_view key) {
  const size_t name_begin = path.rfind('/');
  std::string_view folders =
      name_begin == std::string_view::npos ? std::string_view() : path.substr(0, name_begin);
  std::optional<std::string> text;
  while (!folders.empty()) {
    const size_t end = std::min(folders.find('/'), folders.size());
    const std::string_view folder = folders.substr(0, end);
    const size_t equals = folder.find('=');
    if (equals != std::string_view::npos && Unescape(folder.substr(0, equals)) == key) {
      text = Unescape(folder.substr(equals + 1));  // the innermost counts
    }
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return text;
}

Result<data::Value> PartitionValue(std::string_view path, std::string_view key, const data::DataType& type,
                                   std::string_view default_name, const data::TimeZone& zone) {
  const std::optional<std::string> text = PartitionText(path, key);
  if (!text) {
    return Fail(
        ErrorCode::kInvalidTableDefinition,
        fmt::format("'{}' lies in no folder '{}=…', though the table is partitioned by {}", path, key, key));
  }
  if (*text == default_name) return data::Value::Null();
  data::Column column(type, 1);
  const Status parsed = data::AppendParsed(*text, type, zone, &column);
  if (!parsed.has_value()) {
    return std::unexpected(parsed.error().Within(fmt::format("partition column '{}' of '{}'", key, path)));
  }
  return column.GetValue(0);
}

std::string PartitionFolder(std::string_view key, std::string_view text, std::string_view default_name) {
  return fmt::format("{}={}", Escape(key), text.empty() ? std::string(default_name) : Escape(text));
}

}  // namespace millrace::connectors
