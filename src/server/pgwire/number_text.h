// Numbers as PostgreSQL writes them, into an OutputBuffer. Pure functions.
#pragma once

#include <charconv>

#include "data/type.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

template <typename T>
inline void AppendInteger(T value, OutputBuffer* out) {
  constexpr size_t kDigitsMax = 20;
  char* begin = out->Reserve(kDigitsMax);
  const char* end = std::to_chars(begin, begin + kDigitsMax, value).ptr;
  out->Extend(static_cast<size_t>(end - begin));
}

// The shortest digits that read back as the value; an exponent below 1e-4 and from 1e+15 (FLOAT: 1e+06).
void AppendDouble(double value, OutputBuffer* out);
void AppendFloat(float value, OutputBuffer* out);

// Exactly `scale` fractional digits.
void AppendDecimal(data::Int128 unscaled, int scale, OutputBuffer* out);

// The decimal digits of a magnitude, without leading zeros ("0" for 0), into at least 39 bytes; how many.
size_t WriteDigits(unsigned __int128 magnitude, char* place);

}  // namespace millrace::server::pgwire
