// The csv format's encoder. A field is quoted when it would not be read back as it is.
#pragma once

#include <memory>

#include "formats/format.h"

namespace millrace::formats {

Result<std::unique_ptr<Encoder>> MakeCsvEncoder(const data::Schema& schema, const Options& options,
                                                const EncodeContext& context);

}  // namespace millrace::formats
