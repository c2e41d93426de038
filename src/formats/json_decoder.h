// The json format's decoder: one object a record, or an array of objects, each a row.
#pragma once

#include <memory>

#include "formats/format.h"

namespace millrace::formats {

Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const data::Schema& schema, const Options& options,
                                                 const DecodeContext& context);

std::span<const std::string_view> JsonOptionKeys();

// What both directions refuse: unknown keys, values that are none, options that contradict each other.
Status CheckJsonOptions(const Options& options);

// How json writes timestamps: 0 SQL, 1 ISO-8601.
Result<int> ReadTimestampStandard(const Options& options);

}  // namespace millrace::formats
