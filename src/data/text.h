// Values as text: what CAST(x AS STRING) gives, what the print connector and query results show, and
// the reverse.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "data/batch.h"
#include "data/column.h"
#include "data/datetime.h"
#include "data/type.h"
#include "data/value.h"

namespace millrace::data {

// How values are written.
struct TextOptions {
  const TimeZone* zone = &TimeZone::Utc();  // for TIMESTAMP_LTZ
  char timestamp_separator = ' ';           // 'T' for the print connector and ISO formats
  std::string null_text = "NULL";
};

// Appends the text of a value as Flink's CAST to STRING writes it: booleans TRUE/FALSE, doubles as Java
// prints them (1.0, 1.0E10, NaN, Infinity), decimals with all digits of their scale, timestamps with
// `precision` fractional digits, bytes as text, [a, b], {k=v}, (a, b).
void AppendText(const Column& column, size_t row, const TextOptions& options, std::string* out);
std::string ToText(const Column& column, size_t row, const TextOptions& options = {});
std::string ToText(const DataType& type, const Value& value, const TextOptions& options = {});

// Java's Double.toString / Float.toString.
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);

// Strict readers: the whole text must be one value; no surrounding spaces; out of range is false.
bool ParseInt64(std::string_view text, int64_t* value);
bool ParseDouble(std::string_view text, double* value);  // decimal, exponent, NaN, Infinity
bool ParseBoolean(std::string_view text, bool* value);   // true/false/t/f/yes/no/y/n/1/0, any case

// Appends the value that `text` denotes as `type` to the column, or says why it is none (the message
// names the type and quotes the text; column unchanged). Scalar types only. CHAR(n)/VARCHAR(n) are
// padded or cut as Flink's CAST does.
Status AppendParsed(std::string_view text, const DataType& type, const TimeZone& zone, Column* column);

// Flink's print of a row: "+I[1, beijing, 3]".

void AppendRowText(const Batch& batch, size_t row, const TextOptions& options, std::string* out);

}  // namespace millrace::data
