// Arrays that clients send, in PostgreSQL's text and binary forms. Pure functions; for value_decoder.
#pragma once

#include <string_view>

#include "base/error.h"
#include "data/column.h"
#include "data/datetime.h"

namespace millrace::server::pgwire {

// Append the array to `column`, whose type it is; errors as value_decoder.h has them. The nesting of the type
// says how many dimensions there must be.
Status DecodeTextArray(std::string_view text, const data::DataType& type, const data::TimeZone& zone,
                       data::Column* column);
Status DecodeBinaryArray(std::string_view bytes, const data::DataType& type, const data::TimeZone& zone,
                         data::Column* column);

}  // namespace millrace::server::pgwire
