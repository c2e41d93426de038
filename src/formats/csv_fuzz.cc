// The csv decoder on any bytes, under several dialects.
#include "formats/fuzz_sink.h"

using millrace::data::DataType;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const millrace::data::Schema schema({
      {"a", DataType::Int()},
      {"s", DataType::String()},
      {"d", DataType::Decimal(12, 3)},
      {"xs", DataType::Array(DataType::Int())},
      {"t", DataType::Timestamp(3)},
  });
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  millrace::formats::Options options;
  if (data[0] & 1) options["csv.ignore-parse-errors"] = "true";
  if (data[0] & 2) options["csv.escape-character"] = "\\\\";
  if (data[0] & 4) options["csv.disable-quote-character"] = "true";
  if (data[0] & 8) options["csv.null-literal"] = (data[0] & 16) ? "" : "null";
  if (data[0] & 32) options["csv.allow-comments"] = "true";
  if (data[0] & 64) options["csv.header"] = "true";
  if (data[0] & 128) options["csv.field-delimiter"] = "\\t";
  millrace::formats::FuzzDecode("csv", schema, options, input, 1 + data[1] * 16);
  return 0;
}
