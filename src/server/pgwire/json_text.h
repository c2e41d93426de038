// Values as JSON, for the types that travel as json: ROW, MAP and MULTISET as objects (keys that are no
// strings by their text, counts as numbers), ARRAY as arrays, dates and times as ISO 8601 strings, bytes as
// "\\x…", NaN and the infinities as strings. Never fails. Pure.
#pragma once

#include "data/column.h"
#include "data/datetime.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

void AppendJson(const data::Column& column, size_t row, const data::TimeZone& zone, OutputBuffer* out);

}  // namespace millrace::server::pgwire
