// The constants of the bytes of batches (docs/formats/batch.md), for those who write and who read them.
#pragma once

#include <cstdint>

namespace millrace::data {

inline constexpr uint8_t kBatchVersion = 1;

inline constexpr uint8_t kBatchHasKinds = 1;
inline constexpr uint8_t kBatchHasWatermarks = 2;

inline constexpr uint8_t kColumnHasNulls = 1;
inline constexpr uint8_t kColumnIsConstant = 2;

}  // namespace millrace::data
