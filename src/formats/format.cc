#include "formats/format.h"

#include <fmt/format.h>

#include "formats/csv_decoder.h"
#include "formats/csv_encoder.h"
#include "formats/grok.h"
#include "formats/json_decoder.h"
#include "formats/json_encoder.h"
#include "formats/option_reader.h"
#include "formats/raw.h"

namespace millrace::formats {
namespace {

using MakeDecoderFunction = Result<std::unique_ptr<Decoder>> (*)(const data::Schema&, const Options&,
                                                                 const DecodeContext&);

using MakeEncoderFunction = Result<std::unique_ptr<Encoder>> (*)(const data::Schema&, const Options&,
                                                                 const EncodeContext&);

struct Format {
  std::string_view name;
  std::span<const std::string_view> (*option_keys)();
  MakeDecoderFunction make_decoder;
  MakeEncoderFunction make_encoder;  // null: the format only reads
};

constexpr Format kFormats[] = {
    {"csv", CsvOptionKeys, MakeCsvDecoder, MakeCsvEncoder},
    {"grok", GrokOptionKeys, MakeGrokDecoder, nullptr},
    {"json", JsonOptionKeys, MakeJsonDecoder, MakeJsonEncoder},
    {"raw", RawOptionKeys, MakeRawDecoder, MakeRawEncoder},
};

constexpr std::string_view kNames[] = {"csv", "grok", "json", "raw"};

Result<const Format*> FindFormat(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  const std::string_view nearest = Nearest(name, kNames);
  return Fail(ErrorCode::kUndefinedObject, fmt::format("there is no format '{}'", name),
              nearest.empty() ? fmt::format("formats are: {}", fmt::join(kNames, ", "))
                              : fmt::format("did you mean '{}'?", nearest));
}

}  // namespace

void Encoder::AppendHeader(std::string*) const {}

size_t Decoder::CompleteBytes(std::string_view bytes) const {
  const size_t newline = bytes.rfind('\n');
  return newline == std::string_view::npos ? 0 : newline + 1;
}

Result<std::unique_ptr<Decoder>> MakeDecoder(std::string_view format, const data::Schema& schema,
                                             const Options& options, const DecodeContext& context) {
  MR_ASSIGN(const Format* found, FindFormat(format));
  return found->make_decoder(schema, options, context);
}

Result<std::unique_ptr<Encoder>> MakeEncoder(std::string_view format, const data::Schema& schema,
                                             const Options& options, const EncodeContext& context) {
  MR_ASSIGN(const Format* found, FindFormat(format));
  if (found->make_encoder == nullptr) {
    return Fail(ErrorCode::kNotSupported, fmt::format("format '{}' only reads", format),
                "a sink can use csv, json or raw");
  }
  return found->make_encoder(schema, options, context);
}

std::span<const std::string_view> FormatNames() {
  return kNames;
}

std::vector<std::string> OptionKeys(std::string_view format) {
  std::vector<std::string> keys;
  for (const Format& known : kFormats) {
    if (known.name != format) continue;
    for (const std::string_view key : known.option_keys()) keys.push_back(fmt::format("{}.{}", format, key));
  }
  return keys;
}

}  // namespace millrace::formats
