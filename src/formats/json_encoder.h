// The json format's encoder: each row an object, keys in the order of the columns.
#pragma once

#include <memory>

#include "formats/format.h"

namespace millrace::formats {

Result<std::unique_ptr<Encoder>> MakeJsonEncoder(const data::Schema& schema, const Options& options,
                                                 const EncodeContext& context);

}  // namespace millrace::formats
