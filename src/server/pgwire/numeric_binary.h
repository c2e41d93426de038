// PostgreSQL's binary form of numeric: digits to the base 10,000. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "data/type.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

// Without the length word before it.
void AppendNumeric(data::Int128 unscaled, int scale, OutputBuffer* out);

// The unscaled value at the type's scale, rounded half up. 22P03 when the bytes are no numeric, 22003 when
// the value does not fit (as NaN and the infinities never do).
Result<data::Int128> ReadNumeric(std::string_view bytes, int precision, int scale);

// The value as text with all its digits, for data::ParseExactDecimal. 22P03 as above; 22003 for NaN and the
// infinities, and for digits further from the point than any DECIMAL has them.
Result<std::string> NumericText(std::string_view bytes);

}  // namespace millrace::server::pgwire
