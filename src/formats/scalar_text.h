// Text to values of scalar types, for every text format: one writer, one set of rules.
//
// A ScalarTextWriter belongs to one decoder. Whole texts only: the caller trims where its format does.
#pragma once

#include <string_view>

#include "data/column.h"
#include "formats/time_text.h"
#include "formats/value_spec.h"

namespace millrace::formats {

// Which spellings a format takes besides the plain ones.
struct TextRules {
  char timestamp_separator = ' ';  // 0: either ' ' or 'T'
  bool lenient_digits = false;     // one-digit months, days, hours, minutes, seconds
  bool whole_decimals = false;     // 1.0 and 1e3 for whole numbers
  bool seconds_optional = false;   // TIME "12:30"
  const data::TimeZone* zone = &data::TimeZone::Utc();
};

class ScalarTextWriter {
 public:
  explicit ScalarTextWriter(const TextRules& rules)
      : rules_(rules), timestamps_(rules.timestamp_separator, rules.lenient_digits, rules.zone) {}

  // Stores the value that `text` denotes in row `row` of the column (scalar types only). `is_stable`: the
  // bytes of `text` outlive the column's batch, so a string may point at them.
  Flaw Write(const ValueSpec& spec, std::string_view text, bool is_stable, data::Column& column, size_t row);

  TimestampReader& timestamps() { return timestamps_; }

 private:
  Flaw WriteInteger(const ValueSpec& spec, std::string_view text, data::Column& column, size_t row);
  Flaw WriteDecimal(const ValueSpec& spec, std::string_view text, data::Column& column, size_t row);

  TextRules rules_;
  TimestampReader timestamps_;
};

// "[+-]digits" into *value. kWholeNumber: something else; kRange: does not fit 64 bits. With
// `whole_decimals`, also decimals whose value is whole.
Flaw ReadInteger(std::string_view text, bool whole_decimals, int64_t* value);
// Decimal notation, NaN and [+-]Infinity. kRange: too large for the type (too small is 0).
Flaw ReadDouble(std::string_view text, double* value);
Flaw ReadFloat(std::string_view text, float* value);
// Whether a text is "[+-]digits[.digits][e[+-]digits]" with a digit before the exponent.
bool IsNumberText(std::string_view text);
bool ReadBoolean(std::string_view text, bool* value);

// The greatest and least value of an integer type.
void IntegerRange(data::TypeKind kind, int64_t* min, int64_t* max);

// Without spaces, tabs and other control characters at either end, as Java's trim().
std::string_view Trim(std::string_view text);

}  // namespace millrace::formats
