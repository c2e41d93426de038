// Where the records of a batch end, in the compact form of docs/formats/log.md ("Where records end"), so that
// one record can be addressed although readers get the payload in one piece. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::log {

// `ends`: ascending, one for each record. The last, which is the end of the payload, is not written.
void AppendRecordEnds(std::span<const uint32_t> ends, std::string* out);

// Of `record_count` (at least 1) records of a payload of `payload_bytes`. Input may be anything:
// kDataCorrupted if it is not what AppendRecordEnds makes. A wrong count asks for no more than 256 bytes of
// memory for each of `bytes`.
Result<std::vector<uint32_t>> ReadRecordEnds(std::string_view bytes, uint32_t record_count,
                                             uint32_t payload_bytes);

// Where the lines of `text` end, each with its line feed; what is behind the last line feed is a line too.
std::vector<uint32_t> LineEnds(std::string_view text);

}  // namespace millrace::log
