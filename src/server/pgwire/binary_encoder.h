// Values in PostgreSQL's binary form. Pure functions over columns.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "data/column.h"
#include "data/datetime.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

// As EncodeTextColumn (text_encoder.h). 0A000 for arrays of arrays of different lengths, which have no binary
// form.
Status EncodeBinaryColumn(const data::Column& column, size_t first, size_t count, const data::TimeZone& zone,
                          OutputBuffer* out, uint32_t* ends);

// Between our times (µs, days since 1970) and PostgreSQL's (since 2000). The ends of time stay ends.
int64_t ToPostgresMicros(int64_t micros);
inline constexpr int32_t kPostgresEpochDays = 10'957;
inline constexpr int64_t kPostgresEpochMicros = int64_t{kPostgresEpochDays} * data::kMicrosPerDay;

}  // namespace millrace::server::pgwire
