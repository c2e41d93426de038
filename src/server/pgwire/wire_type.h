// How SQL types are named on the wire: PostgreSQL's object identifiers, sizes and modifiers.
//
// MAP, MULTISET and ROW travel as json. An ARRAY of arrays is an array of its innermost element with as many
// dimensions. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "data/type.h"

namespace millrace::server::pgwire {

namespace oid {
inline constexpr uint32_t kBool = 16;
inline constexpr uint32_t kBytea = 17;
inline constexpr uint32_t kInt8 = 20;
inline constexpr uint32_t kInt2 = 21;
inline constexpr uint32_t kInt4 = 23;
inline constexpr uint32_t kText = 25;
inline constexpr uint32_t kOid = 26;
inline constexpr uint32_t kJson = 114;
inline constexpr uint32_t kFloat4 = 700;
inline constexpr uint32_t kFloat8 = 701;
inline constexpr uint32_t kUnknown = 705;
inline constexpr uint32_t kBpchar = 1042;
inline constexpr uint32_t kVarchar = 1043;
inline constexpr uint32_t kDate = 1082;
inline constexpr uint32_t kTime = 1083;
inline constexpr uint32_t kTimestamp = 1114;
inline constexpr uint32_t kTimestamptz = 1184;
inline constexpr uint32_t kInterval = 1186;
inline constexpr uint32_t kNumeric = 1700;
inline constexpr uint32_t kJsonb = 3802;
}  // namespace oid

struct WireType {
  uint32_t oid = 0;
  int16_t size = -1;      // bytes in PostgreSQL's memory; -1: varies
  int32_t modifier = -1;  // of the length or precision; -1: none
};

WireType WireTypeOf(const data::DataType& type);

// The innermost element of arrays of arrays; the type itself when it is no array.
const data::DataType& InnermostElement(const data::DataType& type);

// What a client declares a parameter to be. `type` is absent where it is to be inferred (0, unknown);
// `known` is false for a type that has no counterpart here.
struct DeclaredType {
  bool known = true;
  std::optional<data::DataType> type;
};
DeclaredType DeclaredTypeOf(uint32_t oid);

}  // namespace millrace::server::pgwire
