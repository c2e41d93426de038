// The csv format's decoder: columns by position, quotes, Flink's rules for text of each type.
#pragma once

#include <memory>

#include "formats/csv_record.h"
#include "formats/format.h"
#include "formats/option_reader.h"

namespace millrace::formats {

Result<std::unique_ptr<Decoder>> MakeCsvDecoder(const data::Schema& schema, const Options& options,
                                                const DecodeContext& context);

std::span<const std::string_view> CsvOptionKeys();

// What decoder and encoder of one table share.
struct CsvOptions {
  CsvDialect dialect;
  bool ignore_parse_errors = false;
  bool has_header = false;
  std::string array_element_delimiter = ";";
  std::optional<std::string> null_literal;
  bool scientific_decimals = true;
};

Result<CsvOptions> ReadCsvOptions(const Options& options);

// An error when a column's type has no CSV form.
Status CheckCsvTypes(const data::Schema& schema);

}  // namespace millrace::formats
