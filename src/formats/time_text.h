// Dates and times as formats write them: strict readers of fixed shapes, fast on the usual ones.
//
// Readers return false for text that is no value of the calendar; none of them allocates. A
// TimestampReader remembers the last date it saw (events of one block share theirs) and is owned by
// one decoder.
#pragma once

#include <cstdint>
#include <string_view>

#include "data/datetime.h"

namespace millrace::formats {

// "2020-01-31" (with `lenient`, also "2020-1-31"), into days since 1970-01-01.
bool ReadDate(std::string_view text, bool lenient, int32_t* days);

// "12:30:05[.123456789]" (with `seconds_optional`, also "12:30"), into µs of the day; digits beyond µs are
// cut.
bool ReadTime(std::string_view text, bool seconds_optional, int64_t* micros);

class TimestampReader {
 public:
  // `separator`: between date and time; ' ' or 'T', or 0 for either.
  TimestampReader(char separator, bool lenient, const data::TimeZone* zone)
      : separator_(separator), lenient_(lenient), zone_(zone) {}

  // A TIMESTAMP: wall-clock µs. Text with a zone behind is refused.
  bool Read(std::string_view text, int64_t* micros);
  // A TIMESTAMP_LTZ: an instant; "Z" or "+08:00" may follow, otherwise the text is taken in the zone.
  bool ReadInstant(std::string_view text, int64_t* micros);

 private:
  bool ReadLocal(std::string_view text, int64_t* micros);

  char separator_;
  bool lenient_;
  const data::TimeZone* zone_;
  char known_date_[10] = {};
  int64_t known_micros_ = 0;
};

// "Z", "+08:00", "+0800" or "+08", into seconds east of UTC.
bool ReadOffset(std::string_view text, int32_t* seconds);

// Cuts µs to `precision` fractional digits, toward the past.
inline int64_t CutToPrecision(int64_t micros, int precision) {
  if (precision >= 6) return micros;
  if (precision == 3) return micros - data::FloorMod(micros, 1'000);  // a division by a constant
  constexpr int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1'000, 100, 10};
  return micros - data::FloorMod(micros, kUnits[precision]);
}

}  // namespace millrace::formats
