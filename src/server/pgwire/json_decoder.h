// MAP, MULTISET and ROW as clients send them: JSON, in the form that AppendJson writes. Pure functions.
//
// An object is a MAP (its keys are texts of the key's type), a MULTISET (element to count) or a ROW (by the
// names of its fields; one that is missing is NULL, one too many is passed over). A JSON array is an ARRAY.
// Scalars are read as PostgreSQL's text of their type, in quotes or not. Of members with one name the last
// counts.
#pragma once

#include <string_view>

#include "base/error.h"
#include "data/column.h"
#include "data/datetime.h"

namespace millrace::server::pgwire {

// Appends the value. 22P02 when the text is not JSON, or not of the type's form; else what DecodeText says of
// a part. After an error the column may hold part of the value and is to be dropped.
Status DecodeJson(std::string_view text, const data::DataType& type, const data::TimeZone& zone,
                  data::Column* column);

}  // namespace millrace::server::pgwire
