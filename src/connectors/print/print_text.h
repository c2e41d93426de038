// Rows as the print connector of Flink shows them, which is what Java's toString gives:
// "+I[1, beijing, 2020-04-15T08:00, [1, 2], {k=v}, +I[a, null]]".
//
// Other than CAST to STRING: booleans are true/false, null is null, seconds of zero are left out of
// times (not of instants), bytes are a list of numbers, a nested row has its kind.
#pragma once

#include <string>

#include "data/batch.h"
#include "data/column.h"

namespace millrace::connectors {

void AppendPrintedRow(const data::Batch& batch, size_t row, std::string* out);
void AppendPrintedValue(const data::Column& column, size_t row, std::string* out);

}  // namespace millrace::connectors
