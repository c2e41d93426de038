// The grok format's decoder: text lines by a pattern of named captures, each a column.
#pragma once

#include <memory>

#include "formats/format.h"

namespace millrace::formats {

Result<std::unique_ptr<Decoder>> MakeGrokDecoder(const data::Schema& schema, const Options& options,
                                                 const DecodeContext& context);

std::span<const std::string_view> GrokOptionKeys();

}  // namespace millrace::formats
