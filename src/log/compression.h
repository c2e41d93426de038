// The codecs of payloads: LZ4 blocks, zstd frames. Any thread; each keeps what the codec works with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "log/settings.h"

namespace millrace::log {

// False, and `out` as it may be, if the payload does not shrink by an eighth: it is then better kept as it
// is. The codec is not kNone.
bool Compress(Codec codec, std::string_view payload, std::string* out);

// Into `out`, which is exactly as long as the payload was. Input may be anything: kDataCorrupted.
Status Decompress(Codec codec, std::string_view stored, char* out, size_t payload_bytes);

}  // namespace millrace::log
