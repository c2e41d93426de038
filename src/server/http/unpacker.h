// Unpacker: a gzip or zstd body unpacked piece by piece, within bounds that a bomb cannot pass.
//
// One body each; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "server/http/http_limits.h"

namespace millrace::server::http {

class Unpacker {
 public:
  struct Bounds {
    uint64_t unpacked_bytes_max = 0;
    uint64_t ratio_max = 0;
    uint64_t free_bytes = 0;  // the ratio is not looked at before so many
  };
  // "gzip", "x-gzip" or "zstd". kNotSupported: another coding.
  static Result<std::unique_ptr<Unpacker>> Make(std::string_view coding, const Bounds& bounds);
  virtual ~Unpacker() = default;

  // Takes some of *packed and fills some of `room`; answers how much it filled. 0 with *packed empty: more
  // must come. kInvalidText: the data are wrong; kProgramLimitExceeded: a bound was passed.
  Result<size_t> Unpack(std::string_view* packed, std::span<std::byte> room);
  // The body has ended: an error if that was in the middle.
  Status Finish() const;

 protected:
  explicit Unpacker(std::string_view name, const Bounds& bounds) : name_(name), bounds_(bounds) {}
  // As Unpack, within one member; sets in_member_.
  virtual Result<size_t> UnpackSome(std::string_view* packed, std::span<std::byte> room) = 0;
  std::unexpected<Error> Corrupt(std::string_view reason) const;

  bool in_member_ = false;
  uint64_t packed_bytes_ = 0;

 private:
  const std::string_view name_;
  const Bounds bounds_;
  uint64_t unpacked_bytes_ = 0;
};

}  // namespace millrace::server::http
