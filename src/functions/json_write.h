// Values as JSON, as Flink's JSON_STRING and JSON_OBJECT write them: numbers without needless zeros,
// TIMESTAMP and TIMESTAMP_LTZ in ISO form (the latter in UTC), bytes in base 64, MAP and ROW as objects with
// sorted keys.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "data/column.h"

namespace millrace::functions {

// Whether values of the type have a JSON form: all but intervals, MULTISET and maps whose keys are not texts.
bool HasJsonForm(const data::DataType& type);

// Appends the value, or null. An error for NaN and the infinities, which JSON has not.
Status AppendJsonValue(const data::Column& column, size_t row, std::string* out);

// RFC 4648, with padding.
void AppendBase64(std::string_view bytes, std::string* out);

// As Java's LocalDateTime: seconds and fraction are left out when zero, the fraction has 3 or 6 digits.
void AppendIsoTimestamp(int64_t micros, bool always_seconds, std::string* out);

}  // namespace millrace::functions
