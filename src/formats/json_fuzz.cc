// The json decoder on any bytes: the hot path, the careful path and the cutting of blocks.
#include "formats/fuzz_sink.h"

using millrace::data::DataType;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const millrace::data::Schema schema({
      {"a", DataType::BigInt()},
      {"s", DataType::String()},
      {"d", DataType::Decimal(12, 3)},
      {"f", DataType::Double()},
      {"b", DataType::Boolean()},
      {"t", DataType::Timestamp(3)},
      {"x", DataType::Bytes()},
      {"xs", DataType::Array(DataType::Row(
                 {{"k", DataType::Int()}, {"m", DataType::Map(DataType::String(), DataType::String())}}))},
  });
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  millrace::formats::Options options;
  if (data[0] & 1) options["json.ignore-parse-errors"] = "true";
  if (data[0] & 2) options["json.timestamp-format.standard"] = "ISO-8601";
  // Often enough that the layout has been learnt, and far enough from the block's end, for the hot path.
  std::string repeated(input);
  if (data[0] & 4) repeated += "\n" + repeated + "\n" + std::string(200, ' ') + "\n";
  millrace::formats::FuzzDecode("json", schema, options, repeated, 1 + data[1] * 16);
  return 0;
}
