#include "server/http/unpacker.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace millrace::server::http {
namespace {

// RFC 9659: a zstd body on the web needs no larger window than 8 MB.
constexpr int kZstdWindowLogMax = 23;

class GzipUnpacker final : public Unpacker {
 public:
  explicit GzipUnpacker(const Bounds& bounds) : Unpacker("gzip", bounds) {
    MR_CHECK_EQ(inflateInit2(&stream_, 15 + 16), Z_OK);
  }
  ~GzipUnpacker() override { inflateEnd(&stream_); }

 private:
  Result<size_t> UnpackSome(std::string_view* packed, std::span<std::byte> room) override {
    if (!in_member_) {
      MR_CHECK_EQ(inflateReset(&stream_), Z_OK);
      in_member_ = true;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed->data()));
    stream_.avail_in = static_cast<uInt>(packed->size());
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    const size_t bytes = std::min<size_t>(room.size(), std::numeric_limits<uInt>::max());
    stream_.avail_out = static_cast<uInt>(bytes);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    packed->remove_prefix(packed->size() - stream_.avail_in);
    if (code == Z_STREAM_END) in_member_ = false;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return Corrupt(stream_.msg != nullptr ? stream_.msg : "it cannot be unpacked");
    }
    return bytes - stream_.avail_out;
  }

  z_stream stream_ = {};
};

class ZstdUnpacker final : public Unpacker {
 public:
  explicit ZstdUnpacker(const Bounds& bounds) : Unpacker("zstd", bounds), stream_(ZSTD_createDStream()) {
    MR_CHECK(stream_ != nullptr);
    MR_CHECK(ZSTD_isError(ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax)) == 0);
  }
  ~ZstdUnpacker() override { ZSTD_freeDStream(stream_); }

 private:
  Result<size_t> UnpackSome(std::string_view* packed, std::span<std::byte> room) override {
    ZSTD_inBuffer in{packed->data(), packed->size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const size_t code = ZSTD_decompressStream(stream_, &out, &in);
    packed->remove_prefix(in.pos);
    if (ZSTD_isError(code) != 0) return Corrupt(ZSTD_getErrorName(code));
    in_member_ = code != 0;
    return out.pos;
  }

  ZSTD_DStream* const stream_;
};

}  // namespace

Result<std::unique_ptr<Unpacker>> Unpacker::Make(std::string_view coding, const Bounds& bounds) {
  if (coding == "gzip" || coding == "x-gzip") return std::make_unique<GzipUnpacker>(bounds);
  if (coding == "zstd") return std::make_unique<ZstdUnpacker>(bounds);
  return Fail(ErrorCode::kNotSupported, fmt::format("Content-Encoding '{}' is not known", coding),
              "gzip and zstd are; or send the body as it is");
}

std::unexpected<Error> Unpacker::Corrupt(std::string_view reason) const {
  return Fail(ErrorCode::kInvalidText,
              fmt::format("wrong {} data near byte {} of the body: {}", name_, packed_bytes_, reason));
}

Result<size_t> Unpacker::Unpack(std::string_view* packed, std::span<std::byte> room) {
  for (;;) {
    if (packed->empty() && !in_member_) return 0;
    const size_t before = packed->size();
    MR_ASSIGN(const size_t bytes, UnpackSome(packed, room));
    const size_t taken = before - packed->size();
    packed_bytes_ += taken;
    unpacked_bytes_ += bytes;
    if (unpacked_bytes_ > bounds_.unpacked_bytes_max) {
      return Fail(ErrorCode::kProgramLimitExceeded,
                  fmt::format("the body unpacks to more than {} bytes", bounds_.unpacked_bytes_max),
                  "send it in several requests");
    }
    if (unpacked_bytes_ > bounds_.free_bytes && unpacked_bytes_ / bounds_.ratio_max > packed_bytes_) {
      return Fail(ErrorCode::kProgramLimitExceeded,
                  fmt::format("the body unpacks to more than {} times its size", bounds_.ratio_max),
                  "pack it less tightly, or send it in several requests");
    }
    if (bytes > 0 || packed->empty()) return bytes;
    if (taken == 0) return Corrupt("it cannot be unpacked");
  }
}

Status Unpacker::Finish() const {
  if (!in_member_ && packed_bytes_ > 0) return {};
  if (packed_bytes_ == 0) {
    return Fail(ErrorCode::kInvalidText, fmt::format("the body is empty, which is no {} data", name_));
  }
  return Fail(ErrorCode::kInvalidText,
              fmt::format("the {} data end in the middle, at byte {} of the body", name_, packed_bytes_));
}

}  // namespace millrace::server::http
