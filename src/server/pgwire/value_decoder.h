// Values that clients send, in PostgreSQL's text and binary forms, into columns: parameters and rows of COPY.
//
// Pure functions. Texts must be UTF-8 without zero bytes. CHAR and VARCHAR are padded and cut, decimals
// rounded half up, fractions of seconds cut, as CAST does; DECIMAL without precision (DataType::AnyDecimal)
// keeps all digits, or is an error. MAP, MULTISET and ROW are JSON (json_decoder.h). After an error the
// column may hold part of the value and is to be dropped.
#pragma once

#include <string_view>

#include "base/error.h"
#include "data/column.h"
#include "data/datetime.h"
#include "data/value.h"
#include "server/pgwire/frontend_message.h"

namespace millrace::server::pgwire {

// Appends the value to `column`, which is of type `type`. 22P02 or 22007 when the text is none of the type.
Status DecodeText(std::string_view text, const data::DataType& type, const data::TimeZone& zone,
                  data::Column* column);
// 22P03 when the bytes are none of the type, 22003 when the value does not fit it. Whole numbers and floating
// ones may come in any of their widths.
Status DecodeBinary(std::string_view bytes, const data::DataType& type, const data::TimeZone& zone,
                    data::Column* column);

Result<data::Value> DecodeParameter(std::string_view bytes, WireFormat format, const data::DataType& type,
                                    const data::TimeZone& zone);

// "\x0aff", or PostgreSQL's older form with octal escapes. False: neither.
bool DecodeBytea(std::string_view text, std::string* bytes);

}  // namespace millrace::server::pgwire
