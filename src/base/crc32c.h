// CRC32C (Castagnoli, reflected polynomial 0x82F63B78): the checksum of what Millrace writes to disk, and
// of Kafka's protocol. Detects every burst of up to 32 bits, not tampering. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include <string_view>

namespace millrace {

// Of the bytes that gave `crc` followed by these; 0 is that of no bytes. Crc32c("123456789") = 0xE3069283.
uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size);

inline uint32_t Crc32c(const void* data, size_t size) {
  return ExtendCrc32c(0, data, size);
}
inline uint32_t Crc32c(std::string_view bytes) {
  return ExtendCrc32c(0, bytes.data(), bytes.size());
}
inline uint32_t ExtendCrc32c(uint32_t crc, std::string_view bytes) {
  return ExtendCrc32c(crc, bytes.data(), bytes.size());
}

// The same without the processor's instruction, for processors that have none and for tests.
uint32_t ExtendCrc32cPortable(uint32_t crc, const void* data, size_t size);

}  // namespace millrace
