// The grok decoder: lines under a fixed pattern, and, behind a NUL, patterns themselves.
#include "formats/fuzz_sink.h"

using millrace::data::DataType;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static const millrace::data::Schema log({
      {"clientip", DataType::String()},
      {"timestamp", DataType::TimestampLtz(3)},
      {"verb", DataType::String()},
      {"response", DataType::Int()},
      {"bytes", DataType::BigInt()},
  });
  millrace::formats::FuzzDecode("grok", log, {{"grok.pattern", "%{COMMONAPACHELOG}"}}, input, 4096);
  const size_t nul = input.find('\0');
  if (nul == std::string_view::npos || nul > 300) return 0;
  static const millrace::data::Schema one({{"x", DataType::Timestamp(3)}});
  const std::string pattern(input.substr(0, nul));
  const size_t second = input.find('\0', nul + 1);
  millrace::formats::Options options = {{"grok.pattern", pattern + "(?<x>.*)"}};
  if (second != std::string_view::npos && second < 400) {
    options["grok.timestamp-format"] = input.substr(nul + 1, second - nul - 1);
  }
  millrace::formats::FuzzDecode("grok", one, options, input.substr(nul + 1), 4096);
  return 0;
}
