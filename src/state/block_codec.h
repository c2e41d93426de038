// The codecs of checkpoint blocks: none, LZ4 blocks, zstd frames. Any thread; zstd keeps what it works with
// for each thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::state {

// The numbers are those in files.
enum class BlockCodec : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

// Puts the bytes as the codec makes them into `out`, and answers which codec that was: kNone, and `out` as it
// may be, if they do not shrink by an eighth.
BlockCodec CompressBlock(BlockCodec codec, std::string_view bytes, std::string* out);

// Into `out`, which is to be exactly `size` bytes. False if the input, which may be anything, does not give
// that.
bool DecompressBlock(BlockCodec codec, std::string_view stored, char* out, size_t size);

}  // namespace millrace::state
