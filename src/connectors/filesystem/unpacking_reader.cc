#include "connectors/filesystem/unpacking_reader.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"

namespace millrace::connectors {
namespace {

constexpr size_t kPackedBytes = size_t{256} << 10;
constexpr size_t kMagicBytes = 6;

class PlainReader final : public UnpackingReader {
 public:
  explicit PlainReader(std::unique_ptr<env::ReadableFile> file) : file_(std::move(file)) {}
  Result<size_t> Read(std::span<std::byte> buffer) override {
    MR_ASSIGN(const size_t bytes, file_->ReadAt(offset_, buffer));
    offset_ += bytes;
    return bytes;
  }
  Status SeekTo(uint64_t offset) override {
    MR_ASSIGN(const env::FileInfo info, file_->Stat());
    if (offset > info.size) {
      return Fail(ErrorCode::kInvalidParameter,
                  fmt::format("offset {} is beyond its {} bytes", offset, info.size));
    }
    offset_ = offset;
    return {};
  }
  Compression compression() const override { return Compression::kNone; }
  uint64_t packed_offset() const override { return offset_; }
  Result<env::FileInfo> Stat() const override { return file_->Stat(); }
  Result<size_t> ReadPackedAt(uint64_t offset, std::span<std::byte> buffer) const override {
    return file_->ReadAt(offset, buffer);
  }

 private:
  const std::unique_ptr<env::ReadableFile> file_;
  uint64_t offset_ = 0;
};

// What gzip and zstd share: packed input by blocks, unpacked output until the buffer is full.
class PackedReader : public UnpackingReader {
 public:
  PackedReader(std::unique_ptr<env::ReadableFile> file, std::string path)
      : path_(std::move(path)), file_(std::move(file)), input_(kPackedBytes) {}

  Result<size_t> Read(std::span<std::byte> buffer) final {
    size_t filled = 0;
    while (filled < buffer.size()) {
      const auto unpacked = ReadSome(buffer.subspan(filled));
      if (!unpacked.has_value()) {
        if (filled == 0) return unpacked;
        failed_ = unpacked.error();  // first what came before it
        break;
      }
      if (*unpacked == 0) break;
      filled += *unpacked;
    }
    offset_ += filled;
    return filled;
  }

  Status SeekTo(uint64_t offset) final {
    std::vector<std::byte> skipped(kPackedBytes);
    while (offset_ < offset) {
      const size_t wanted = static_cast<size_t>(std::min<uint64_t>(skipped.size(), offset - offset_));
      MR_ASSIGN(const size_t bytes, Read(std::span(skipped).first(wanted)));
      if (bytes == 0) {
        return Fail(ErrorCode::kInvalidParameter,
                    fmt::format("'{}': offset {} is beyond its {} unpacked bytes", path_, offset, offset_));
      }
    }
    return {};
  }
  uint64_t packed_offset() const final { return packed_offset_ - (input_end_ - input_begin_); }
  Result<env::FileInfo> Stat() const final { return file_->Stat(); }
  Result<size_t> ReadPackedAt(uint64_t offset, std::span<std::byte> buffer) const final {
    return file_->ReadAt(offset, buffer);
  }

 protected:
  virtual std::string_view name() const = 0;
  // Unpacks some of the input, which may be empty within a member, into the buffer; sets in_member_.
  virtual Result<size_t> Unpack(std::span<std::byte> buffer) = 0;

  std::unexpected<Error> Corrupt(std::string_view reason) const {
    return Fail(ErrorCode::kInvalidText,
                fmt::format("'{}': wrong {} data near byte {}: {}", path_, name(), packed_offset(), reason));
  }
  std::span<const std::byte> input() const {
    return std::span(input_).subspan(input_begin_, input_end_ - input_begin_);
  }
  void UseInput(size_t bytes) { input_begin_ += bytes; }

  const std::string path_;
  bool in_member_ = true;

 private:
  // At least one byte, unless there are no more.
  Result<size_t> ReadSome(std::span<std::byte> buffer) {
    if (failed_) return std::unexpected(*failed_);
    for (;;) {
      const bool had_input = input_begin_ < input_end_;
      if (!had_input) MR_TRY(Refill());
      const bool at_end = input_begin_ == input_end_;
      if (at_end && !in_member_) return 0;
      // Without input too: some that was taken in before may not have been given out yet.
      MR_ASSIGN(const size_t unpacked, Unpack(buffer));
      if (unpacked > 0) return unpacked;
      if (at_end && in_member_) {
        return Fail(ErrorCode::kInvalidText, fmt::format("'{}': the {} data ends in the middle, at byte {}",
                                                         path_, name(), packed_offset_));
      }
    }
  }

  Status Refill() {
    MR_ASSIGN(input_end_, file_->ReadAt(packed_offset_, input_));
    input_begin_ = 0;
    packed_offset_ += input_end_;
    return {};
  }

  const std::unique_ptr<env::ReadableFile> file_;
  std::vector<std::byte> input_;
  size_t input_begin_ = 0;
  size_t input_end_ = 0;
  uint64_t packed_offset_ = 0;
  uint64_t offset_ = 0;
  std::optional<Error> failed_;
};

class GzipReader final : public PackedReader {
 public:
  GzipReader(std::unique_ptr<env::ReadableFile> file, std::string path)
      : PackedReader(std::move(file), std::move(path)) {
    MR_CHECK_EQ(inflateInit2(&stream_, 15 + 16), Z_OK);
  }
  ~GzipReader() override { inflateEnd(&stream_); }
  Compression compression() const override { return Compression::kGzip; }

 private:
  std::string_view name() const override { return "gzip"; }

  Result<size_t> Unpack(std::span<std::byte> buffer) override {
    if (!in_member_) {
      // Zero bytes behind the last member are padding (tapes, block devices).
      if (input()[0] == std::byte{0}) {
        UseInput(1);
        return 0;
      }
      MR_CHECK_EQ(inflateReset(&stream_), Z_OK);
      in_member_ = true;
    }
    const std::span<const std::byte> packed = input();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    const size_t room = std::min<size_t>(buffer.size(), std::numeric_limits<uInt>::max());
    stream_.avail_out = static_cast<uInt>(room);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    UseInput(packed.size() - stream_.avail_in);
    if (code == Z_STREAM_END) in_member_ = false;
    const size_t unpacked = room - stream_.avail_out;
    const bool is_starved = code == Z_BUF_ERROR && packed.empty();
    if (code != Z_OK && code != Z_STREAM_END && !is_starved && unpacked == 0) {
      return Corrupt(stream_.msg != nullptr ? stream_.msg : "it cannot be unpacked");
    }
    return unpacked;
  }

  z_stream stream_ = {};
};

class ZstdReader final : public PackedReader {
 public:
  ZstdReader(std::unique_ptr<env::ReadableFile> file, std::string path)
      : PackedReader(std::move(file), std::move(path)), stream_(ZSTD_createDStream()) {
    MR_CHECK(stream_ != nullptr);
  }
  ~ZstdReader() override { ZSTD_freeDStream(stream_); }
  Compression compression() const override { return Compression::kZstd; }

 private:
  std::string_view name() const override { return "zstd"; }

  Result<size_t> Unpack(std::span<std::byte> buffer) override {
    const std::span<const std::byte> packed = input();
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    const size_t code = ZSTD_decompressStream(stream_, &out, &in);
    UseInput(in.pos);
    if (ZSTD_isError(code) != 0) return Corrupt(ZSTD_getErrorName(code));
    in_member_ = code != 0;
    return out.pos;
  }

  ZSTD_DStream* const stream_;
};

struct Magic {
  std::string_view bytes;
  Compression compression;
  std::string_view refused;  // the name of a compression that is not unpacked
};
constexpr std::array kMagics = std::to_array<Magic>({
    {"\x1f\x8b", Compression::kGzip, {}},
    {"\x28\xb5\x2f\xfd", Compression::kZstd, {}},
    {"BZh", Compression::kNone, "bzip2"},
    {"\xfd"
     "7zXZ",
     Compression::kNone, "xz"},
    {"\x04\x22\x4d\x18", Compression::kNone, "lz4"},
});

Result<Compression> Detect(const env::ReadableFile& file, const std::string& path) {
  std::array<std::byte, kMagicBytes> head;
  MR_ASSIGN(const size_t bytes, file.ReadAt(0, head));
  const std::string_view begin(reinterpret_cast<const char*>(head.data()), bytes);
  for (const Magic& magic : kMagics) {
    if (!begin.starts_with(magic.bytes)) continue;
    if (magic.refused.empty()) return magic.compression;
    return Fail(ErrorCode::kNotSupported, fmt::format("'{}' is packed with {}", path, magic.refused),
                "gzip and zstd are unpacked; pack it with one of these, or not at all");
  }
  const bool is_named_packed = path.ends_with(".gz") || path.ends_with(".zst") || path.ends_with(".zstd");
  if (is_named_packed && bytes > 0) {
    return Fail(ErrorCode::kInvalidText, fmt::format("'{}' is not what its name says: it does not begin as "
                                                     "gzip or zstd data does",
                                                     path));
  }
  return Compression::kNone;
}

}  // namespace

Result<std::unique_ptr<UnpackingReader>> UnpackingReader::Open(env::Files& files, const std::string& path) {
  MR_ASSIGN(std::unique_ptr<env::ReadableFile> file, files.OpenRead(path));
  MR_ASSIGN(const Compression compression, Detect(*file, path));
  switch (compression) {
    case Compression::kNone:
      return std::make_unique<PlainReader>(std::move(file));
    case Compression::kGzip:
      return std::make_unique<GzipReader>(std::move(file), path);
    case Compression::kZstd:
      return std::make_unique<ZstdReader>(std::move(file), path);
  }
  MR_UNREACHABLE();
}

}  // namespace millrace::connectors
