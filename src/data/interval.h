// Interval: months, days and microseconds, each for itself, as PostgreSQL and DuckDB have it. Pure functions.
//
// Flink's two kinds of interval are single numbers (months, or microseconds) and need none of this; results
// of snapshot queries do (TypeKind::kInterval), where "1 month 2 days" is a value.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "data/type.h"

namespace millrace::data {

// The layout of duckdb_interval.
struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t micros = 0;
};

// As a column of TypeKind::kInterval holds it.
constexpr Int128 PackInterval(const Interval& interval) {
  return std::bit_cast<Int128>(interval);
}
constexpr Interval UnpackInterval(Int128 packed) {
  return std::bit_cast<Interval>(packed);
}

// Room for the longest text there is.
using IntervalText = std::array<char, 128>;
// As PostgreSQL writes it (IntervalStyle postgres): "1 year 2 mons -3 days +04:05:06.7", "00:00:00".
std::string_view FormatInterval(int64_t months, int64_t days, int64_t micros, IntervalText* text);

}  // namespace millrace::data
