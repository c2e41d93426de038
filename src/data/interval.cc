#include "data/interval.h"

#include <fmt/format.h>

#include "data/datetime.h"

namespace millrace::data {

std::string_view FormatInterval(int64_t months, int64_t days, int64_t micros, IntervalText* text) {
  char* const begin = text->data();
  char* at = begin;
  bool after_negative = false;
  const auto part = [&](int64_t value, std::string_view unit) {
    if (value == 0) return;
    at = fmt::format_to(at, "{}{}{} {}{}", at == begin ? "" : " ", after_negative && value > 0 ? "+" : "",
                        value, unit, value == 1 ? "" : "s");
    after_negative = value < 0;
  };
  part(months / 12, "year");
  part(months % 12, "mon");
  part(days, "day");
  const auto shown = [&] { return std::string_view(begin, static_cast<size_t>(at - begin)); };
  if (micros == 0 && at != begin) return shown();
  const uint64_t magnitude = micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  constexpr auto kHour = static_cast<uint64_t>(kMicrosPerHour);
  constexpr auto kMinute = static_cast<uint64_t>(kMicrosPerMinute);
  constexpr auto kSecond = static_cast<uint64_t>(kMicrosPerSecond);
  at = fmt::format_to(at, "{}{}{:02}:{:02}:{:02}", at == begin ? "" : " ",
                      micros < 0       ? "-"
                      : after_negative ? "+"
                                       : "",
                      magnitude / kHour, magnitude / kMinute % 60, magnitude / kSecond % 60);
  if (const uint64_t fraction = magnitude % kSecond; fraction != 0) {
    at = fmt::format_to(at, ".{:06}", fraction);
    while (at[-1] == '0') --at;
  }
  return shown();
}

}  // namespace millrace::data
