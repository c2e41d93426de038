// TimestampPattern: timestamps of logs by a pattern of Java's DateTimeFormatter, with names of months and
// days and with zone offsets: "dd/MMM/yyyy:HH:mm:ss Z".
//
// Letters: y u (year), M (number, or English name from MMM on), d, E (English name of a day), H, h, a, m, s,
// S (fraction), Z X x z (offset: +0800, +08:00, Z, UTC, GMT). Text in '…', other characters stand for
// themselves. Immutable: any thread may use one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::formats {

class TimestampPattern {
 public:
  static Result<TimestampPattern> Compile(std::string_view pattern);

  struct Time {
    int64_t local_micros;                   // the wall clock as written
    std::optional<int32_t> offset_seconds;  // east of UTC, when the text says so
  };
  std::optional<Time> Parse(std::string_view text) const;

 private:
  struct Part {
    char letter;  // 0: literal
    int count;
    std::string literal;
  };
  std::vector<Part> parts_;
};

}  // namespace millrace::formats
