// The type of what several types make together: Flink's rules for common types and for DECIMAL results.
//
// Pure functions. Nullability is left to the caller except where said.
#pragma once

#include <optional>

#include "base/error.h"
#include "data/type.h"

namespace millrace::functions {

// The DECIMAL that holds every value of an exact numeric type: DECIMAL(10, 0) for INT, itself for DECIMAL.
data::DataType AsDecimal(const data::DataType& type);

// The types of +, -, *, / and % over exact numbers, at most 38 digits: where more would be needed the scale
// gives way, but not below 6 digits (or the scale itself, if that is smaller).
data::DataType DecimalSumType(const data::DataType& a, const data::DataType& b);
data::DataType DecimalProductType(const data::DataType& a, const data::DataType& b);
data::DataType DecimalQuotientType(const data::DataType& a, const data::DataType& b);
data::DataType DecimalRemainderType(const data::DataType& a, const data::DataType& b);

// The least type that two types convert to without being asked; nullopt: there is none. Nullable when one is.
std::optional<data::DataType> CommonTypeOf(const data::DataType& a, const data::DataType& b);

}  // namespace millrace::functions
