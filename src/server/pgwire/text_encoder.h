// Values in PostgreSQL's text form. Pure functions over columns; the hot one takes a column at a time.
#pragma once

#include <cstdint>

#include "data/column.h"
#include "data/datetime.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

// Appends the non-null value of a row.
void AppendTextValue(const data::Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out);

// Appends rows [first, first + count), each with its length word before it (-1: NULL); ends[i] is the size of
// `out` behind the i-th.
void EncodeTextColumn(const data::Column& column, size_t first, size_t count, const data::TimeZone& zone,
                      OutputBuffer* out, uint32_t* ends);

// "\x0aff"
void AppendHexBytes(std::string_view bytes, OutputBuffer* out);

}  // namespace millrace::server::pgwire
