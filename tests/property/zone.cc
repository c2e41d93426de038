#include "property/zone.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::property {
namespace {

constexpr int64_t kHour = 3'600'000;

// 'CASE WHEN x < bound THEN value ... ELSE value END'
struct Piece {
  int64_t bound_ms;
  int64_t shift_ms;
  bool is_instant;  // the value is shift_ms itself
};

std::vector<Piece> FiringPieces(const Zone& zone) {
  std::vector<Piece> pieces;
  int64_t offset = zone.offset_ms;
  for (const Zone::Change& change : zone.changes) {
    if (change.offset_ms > offset) {
      pieces.push_back({change.at_ms + offset, -offset, false});
      pieces.push_back({change.at_ms + change.offset_ms, change.at_ms, true});
    } else {
      pieces.push_back({change.at_ms + change.offset_ms, -offset, false});
    }
    offset = change.offset_ms;
  }
  pieces.push_back({0, -offset, false});
  return pieces;
}

std::string Macro(const char* name, const std::vector<Piece>& pieces) {
  std::string text = fmt::format("CREATE MACRO {}(x) AS CASE WHEN false THEN 0", name);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string value = pieces[i].is_instant ? fmt::format("CAST({} AS BIGINT)", pieces[i].shift_ms)
                                                   : fmt::format("x + ({})", pieces[i].shift_ms);
    text += i + 1 < pieces.size() ? fmt::format(" WHEN x < {} THEN {}", pieces[i].bound_ms, value)
                                  : fmt::format(" ELSE {} END", value);
  }
  return text;
}

}  // namespace

int64_t Zone::FiringOf(int64_t local_ms) const {
  const std::vector<Piece> pieces = FiringPieces(*this);
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i + 1 < pieces.size() && local_ms >= pieces[i].bound_ms) continue;
    return pieces[i].is_instant ? pieces[i].shift_ms : local_ms + pieces[i].shift_ms;
  }
  return local_ms;
}

const std::vector<Zone>& Zones() {
  static const std::vector<Zone> zones = {
      {"UTC", 0, {}},
      {"Asia/Shanghai", 8 * kHour, {}},
      {"Asia/Kathmandu", 5 * kHour + kHour * 3 / 4, {}},
      // 2024-03-10 07:00 and 2024-11-03 06:00 UTC.
      {"America/New_York", -5 * kHour, {{1'710'054'000'000, -4 * kHour}, {1'730'613'600'000, -5 * kHour}}},
      // 2024-03-31 01:00 and 2024-10-27 01:00 UTC.
      {"Europe/Berlin", kHour, {{1'711'846'800'000, 2 * kHour}, {1'729'990'800'000, kHour}}},
      // 2024-04-06 16:00 and 2024-10-05 16:00 UTC.
      {"Australia/Sydney", 11 * kHour, {{1'712'419'200'000, 10 * kHour}, {1'728'144'000'000, 11 * kHour}}},
  };
  return zones;
}

std::vector<std::string> ZoneMacros(const Zone& zone) {
  std::vector<Piece> to_local;
  std::vector<Piece> to_instant;
  int64_t offset = zone.offset_ms;
  for (const Zone::Change& change : zone.changes) {
    to_local.push_back({change.at_ms, offset, false});
    to_instant.push_back({change.at_ms + std::max(offset, change.offset_ms), -offset, false});
    offset = change.offset_ms;
  }
  to_local.push_back({0, offset, false});
  to_instant.push_back({0, -offset, false});
  return {Macro("local_ms_", to_local), Macro("instant_ms_", to_instant),
          Macro("fire_ms_", FiringPieces(zone))};
}

}  // namespace millrace::property
