// The raw format: one column that is the record's bytes.
#pragma once

#include <memory>
#include <span>

#include "formats/format.h"

namespace millrace::formats {

Result<std::unique_ptr<Decoder>> MakeRawDecoder(const data::Schema& schema, const Options& options,
                                                const DecodeContext& context);
Result<std::unique_ptr<Encoder>> MakeRawEncoder(const data::Schema& schema, const Options& options,
                                                const EncodeContext& context);

std::span<const std::string_view> RawOptionKeys();

}  // namespace millrace::formats
