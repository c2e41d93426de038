// Results as JSON: what the writers of results and of server-sent events share. Stateless.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/batch.h"
#include "data/schema.h"

namespace millrace::server::http {

// A value as JSON: numbers as they are (NaN and infinities as strings), decimals with the digits of their
// scale, dates and times as strings ("2020-01-31 12:30:05.250", instants in UTC with a Z behind), intervals
// as SQL text, bytes in base64, arrays, ROWs as objects, maps as objects with the text of their keys.
void AppendJsonValue(const data::Column& column, size_t row, std::string* out);
// {"name":value,…} of the columns from `first_column` on.
void AppendJsonRow(const data::Schema& schema, const data::Batch& batch, size_t row, size_t first_column,
                   std::string* out);
// [{"name":"a","type":"BIGINT"},…] of the columns from `first_column` on.
void AppendJsonColumns(const data::Schema& schema, std::string* out, size_t first_column = 0);
// ,"warnings":["…"], or nothing.
void AppendWarnings(const std::vector<std::string>& warnings, std::string* out);

}  // namespace millrace::server::http
