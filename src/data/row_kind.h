// Row kinds of a changelog, as in Flink.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::data {

enum class RowKind : uint8_t { kInsert = 0, kUpdateBefore = 1, kUpdateAfter = 2, kDelete = 3 };

// True for +I and +U, which add a row; false for -U and -D, which take one away.
inline bool IsAddition(RowKind kind) {
  return (static_cast<uint8_t>(kind) & 1) == 0;
}

// "+I", "-U", "+U", "-D".
inline std::string_view RowKindName(RowKind kind) {
  constexpr std::string_view kNames[] = {"+I", "-U", "+U", "-D"};
  return kNames[static_cast<uint8_t>(kind)];
}

}  // namespace millrace::data
