#include "state/block_codec.h"

#include <lz4.h>
#include <zstd.h>

#include <cstring>
#include <memory>

#include "base/check.h"

namespace millrace::state {
namespace {

constexpr int kZstdLevel = 1;

struct ContextDeleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

size_t CompressLz4(std::string_view bytes, std::string* out) {
  if (bytes.size() > LZ4_MAX_INPUT_SIZE) return 0;
  out->resize(static_cast<size_t>(LZ4_compressBound(static_cast<int>(bytes.size()))));
  const int size = LZ4_compress_default(bytes.data(), out->data(), static_cast<int>(bytes.size()),
                                        static_cast<int>(out->size()));
  return size > 0 ? static_cast<size_t>(size) : 0;
}

size_t CompressZstd(std::string_view bytes, std::string* out) {
  thread_local const std::unique_ptr<ZSTD_CCtx, ContextDeleter> context(ZSTD_createCCtx());
  MR_CHECK(context != nullptr);
  out->resize(ZSTD_compressBound(bytes.size()));
  const size_t size =
      ZSTD_compressCCtx(context.get(), out->data(), out->size(), bytes.data(), bytes.size(), kZstdLevel);
  return ZSTD_isError(size) != 0 ? 0 : size;
}

}  // namespace

BlockCodec CompressBlock(BlockCodec codec, std::string_view bytes, std::string* out) {
  if (codec == BlockCodec::kNone || bytes.empty()) return BlockCodec::kNone;
  const size_t size = codec == BlockCodec::kLz4 ? CompressLz4(bytes, out) : CompressZstd(bytes, out);
  if (size == 0 || size > bytes.size() - bytes.size() / 8) return BlockCodec::kNone;
  out->resize(size);
  return codec;
}

bool DecompressBlock(BlockCodec codec, std::string_view stored, char* out, size_t size) {
  switch (codec) {
    case BlockCodec::kNone:
      if (stored.size() != size) return false;
      if (size > 0) std::memcpy(out, stored.data(), size);
      return true;
    case BlockCodec::kLz4:
      if (stored.size() > LZ4_MAX_INPUT_SIZE || size > LZ4_MAX_INPUT_SIZE) return false;
      return LZ4_decompress_safe(stored.data(), out, static_cast<int>(stored.size()),
                                 static_cast<int>(size)) == static_cast<int>(size);
    case BlockCodec::kZstd: {
      thread_local const std::unique_ptr<ZSTD_DCtx, ContextDeleter> context(ZSTD_createDCtx());
      MR_CHECK(context != nullptr);
      return ZSTD_decompressDCtx(context.get(), out, size, stored.data(), stored.size()) == size;
    }
  }
  return false;
}

}  // namespace millrace::state
