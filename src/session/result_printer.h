// Results as text: the aligned table of a terminal, CSV, or JSON lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "data/schema.h"

namespace millrace::session {

enum class ResultFormat : uint8_t { kTable, kCsv, kJson };
Result<ResultFormat> ParseResultFormat(std::string_view name);

// A value as results show it: true/false, timestamps without trailing zeros of the fraction ("2020-01-01
// 00:00:00"), LTZ in `zone`, doubles as Java prints them, bytes as \x and hex digits.
std::string ValueText(const data::Column& column, size_t row, const data::TimeZone& zone);

// Appends rows with a header (none for JSON). Widths in the table count East Asian wide characters as two.
void AppendRows(const data::Schema& schema, const std::vector<data::Batch>& batches, ResultFormat format,
                const data::TimeZone& zone, std::string* out);

}  // namespace millrace::session
