// Types and values of the case files in terms of ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/type.h"
#include "data/value.h"
#include "flink_cases/json.h"

namespace millrace::flink_cases {

// "DataTypes.ARRAY(DataTypes.INT()).notNull()" as "ARRAY<INT>"; empty: not understood.
std::string SqlTypeOf(std::string_view java);

// The SQL type that holds all of the values (nulls fit any); empty: there is none.
std::string InferSqlType(const std::vector<const Json*>& values);

// A value of a case file as one of `type`. Errors quote the value.
Result<data::Value> ValueOf(const Json& json, const data::DataType& type);

// What Java's toString gives for the value of a case file; `type` tells FLOAT from DOUBLE.
std::string JavaText(const Json& json, const data::DataType& type);

// The nearest text for messages.
std::string ShortText(const Json& json);

}  // namespace millrace::flink_cases
