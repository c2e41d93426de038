// Values to the text that Flink's json and csv formats write for them: what both encoders share.
#pragma once

#include <string>

#include "data/column.h"
#include "formats/value_spec.h"

namespace millrace::formats {

struct ValueTextOptions {
  char timestamp_separator = ' ';
  bool scientific_decimals = true;
};

// Appends a non-null value of a numeric, boolean, date, time, interval or binary type (bytes in base64),
// without quotes. Fractions of seconds as many digits as needed; TIMESTAMP_LTZ in UTC with a Z behind;
// intervals as months or milliseconds.
void AppendValueText(const ValueSpec& spec, const data::Column& column, size_t row,
                     const ValueTextOptions& options, std::string* out);

// A decimal without trailing zeros; `scientific`: as Java's BigDecimal.toString then writes it (100 is 1E+2,
// 0.00000001 is 1E-8), otherwise plain.
void AppendStrippedDecimal(data::Int128 unscaled, int scale, bool scientific, std::string* out);

}  // namespace millrace::formats
