#include <fmt/format.h>

#include "formats/csv_decoder.h"

namespace millrace::formats {
namespace {

constexpr std::string_view kKeys[] = {
    "field-delimiter",
    "disable-quote-character",
    "quote-character",
    "allow-comments",
    "ignore-parse-errors",
    "array-element-delimiter",
    "escape-character",
    "null-literal",
    "header",
    "write-bigdecimal-in-scientific-notation",
};

Status CheckDistinct(const OptionReader& reader, std::string_view key_a, char a, std::string_view key_b,
                     char b) {
  if (a != b) return Ok();
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("{} and {} are the same character", reader.Name(key_a), reader.Name(key_b)));
}

bool IsNestedInCsv(const data::DataType& type) {
  return type.kind() == data::TypeKind::kArray || type.kind() == data::TypeKind::kRow;
}

}  // namespace

std::span<const std::string_view> CsvOptionKeys() {
  return kKeys;
}

Result<CsvOptions> ReadCsvOptions(const Options& options) {
  const OptionReader reader("csv", options, kKeys);
  MR_TRY(reader.CheckKeys());
  CsvOptions csv;
  MR_ASSIGN(csv.dialect.delimiter, reader.Character("field-delimiter", ','));
  MR_ASSIGN(const bool no_quotes, reader.Bool("disable-quote-character", false));
  if (no_quotes) {
    if (reader.Find("quote-character")) {
      return Fail(ErrorCode::kInvalidParameter,
                  "option 'csv.quote-character' cannot be set when 'csv.disable-quote-character' is 'true'");
    }
    csv.dialect.quote.reset();
  } else {
    MR_ASSIGN(csv.dialect.quote, reader.Character("quote-character", '"'));
    MR_TRY(CheckDistinct(reader, "field-delimiter", csv.dialect.delimiter, "quote-character",
                         *csv.dialect.quote));
  }
  if (reader.Find("escape-character")) {
    MR_ASSIGN(csv.dialect.escape, reader.Character("escape-character", '\\'));
    MR_TRY(CheckDistinct(reader, "field-delimiter", csv.dialect.delimiter, "escape-character",
                         *csv.dialect.escape));
    if (csv.dialect.quote) {
      MR_TRY(CheckDistinct(reader, "quote-character", *csv.dialect.quote, "escape-character",
                           *csv.dialect.escape));
    }
  }
  MR_ASSIGN(csv.dialect.allow_comments, reader.Bool("allow-comments", false));
  MR_ASSIGN(csv.ignore_parse_errors, reader.Bool("ignore-parse-errors", false));
  MR_ASSIGN(csv.has_header, reader.Bool("header", false));
  csv.array_element_delimiter = reader.Text("array-element-delimiter", ";");
  if (csv.array_element_delimiter.empty()) {
    return Fail(ErrorCode::kInvalidParameter, "option 'csv.array-element-delimiter' is empty");
  }
  if (const auto literal = reader.Find("null-literal")) csv.null_literal = std::string(*literal);
  MR_ASSIGN(csv.scientific_decimals, reader.Bool("write-bigdecimal-in-scientific-notation", true));
  return csv;
}

Status CheckCsvTypes(const data::Schema& schema) {
  for (const data::Field& column : schema) {
    const auto refuse = [&column] {
      return Fail(ErrorCode::kNotSupported,
                  fmt::format("column '{}': csv has no form for {}", column.name, column.type.ToString()),
                  "csv takes scalar types, and ARRAY and ROW of scalar types");
    };
    if (column.type.kind() == data::TypeKind::kNull) return refuse();
    if (!column.type.IsNested()) continue;
    if (!IsNestedInCsv(column.type)) return refuse();
    for (const data::RowField& field : column.type.fields()) {
      if (field.type.IsNested() || field.type.kind() == data::TypeKind::kNull) return refuse();
    }
  }
  return Ok();
}

}  // namespace millrace::formats
