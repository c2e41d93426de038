#include "log/compression.h"

#include <lz4.h>
#include <zstd.h>

#include <memory>

#include "base/check.h"
#include "base/limits.h"

namespace millrace::log {

static_assert(limits::kLogPayloadBytesMax <= LZ4_MAX_INPUT_SIZE);

namespace {

// zstd's fastest of the levels that are not negative: appends wait for it.
constexpr int kZstdLevel = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Making one costs more than compressing a small payload.
ZSTD_CCtx* CompressContext() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  MR_CHECK(context != nullptr);
  return context.get();
}

ZSTD_DCtx* DecompressContext() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  MR_CHECK(context != nullptr);
  return context.get();
}

}  // namespace

bool Compress(Codec codec, std::string_view payload, std::string* out) {
  const size_t bytes_max = payload.size() - payload.size() / 8;
  out->resize(bytes_max);
  if (codec == Codec::kLz4) {
    const int bytes = LZ4_compress_default(payload.data(), out->data(), static_cast<int>(payload.size()),
                                           static_cast<int>(bytes_max));
    out->resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
    return bytes > 0;
  }
  MR_CHECK(codec == Codec::kZstd);
  const size_t bytes = ZSTD_compressCCtx(CompressContext(), out->data(), bytes_max, payload.data(),
                                         payload.size(), kZstdLevel);
  if (ZSTD_isError(bytes) != 0) return false;
  out->resize(bytes);
  return true;
}

Status Decompress(Codec codec, std::string_view stored, char* out, size_t payload_bytes) {
  size_t bytes = 0;
  if (codec == Codec::kLz4) {
    const int done = LZ4_decompress_safe(stored.data(), out, static_cast<int>(stored.size()),
                                         static_cast<int>(payload_bytes));
    if (done >= 0) bytes = static_cast<size_t>(done);
    if (done >= 0 && bytes == payload_bytes) return Ok();
  } else if (codec == Codec::kZstd) {
    bytes = ZSTD_decompressDCtx(DecompressContext(), out, payload_bytes, stored.data(), stored.size());
    if (ZSTD_isError(bytes) == 0 && bytes == payload_bytes) return Ok();
  }
  return Fail(ErrorCode::kDataCorrupted, "the payload of a batch cannot be decompressed");
}

}  // namespace millrace::log
