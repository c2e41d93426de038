// Dates, times and intervals as PostgreSQL writes and reads them (DateStyle ISO, IntervalStyle postgres).
// Pure functions; units as data::PhysicalType says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "data/datetime.h"
#include "server/pgwire/output_buffer.h"

namespace millrace::server::pgwire {

// "2020-01-31"; years before 1 as "0044-03-15 BC".
void AppendDate(int64_t days, OutputBuffer* out);
// "12:30:05.25"
void AppendTime(int64_t micros_of_day, OutputBuffer* out);
// "2020-01-31 12:30:05.25"; the least and greatest value as "-infinity" and "infinity". `separator`: behind
// the date.
void AppendTimestamp(int64_t micros, char separator, OutputBuffer* out);
// The same in a time zone, with its offset: "2020-01-31 20:30:05.25+08".
void AppendTimestampLtz(int64_t micros, char separator, const data::TimeZone& zone, OutputBuffer* out);
// "1 year 2 mons", "-1 days +02:03:04.5"
void AppendInterval(int64_t months, int64_t days, int64_t micros, OutputBuffer* out);

// Readers: nothing when the text is no such value. Spaces around it are allowed. A date or timestamp without
// zone passes over an offset behind it, as PostgreSQL does.
std::optional<int64_t> ReadDate(std::string_view text);
std::optional<int64_t> ReadTime(std::string_view text);
std::optional<int64_t> ReadTimestamp(std::string_view text);
// "…Z", "…+08", "…+0530", "… Asia/Shanghai"; without any, in `zone`.
std::optional<int64_t> ReadTimestampLtz(std::string_view text, const data::TimeZone& zone);

struct Interval {
  int64_t months = 0;
  int64_t days = 0;
  int64_t micros = 0;
};
// "1 year 2 mons -3 days 04:05:06.7", "1-2", "3 04:05:06", "2 hours ago", "P1Y2M3DT4H5M6S".
std::optional<Interval> ReadInterval(std::string_view text);

}  // namespace millrace::server::pgwire
