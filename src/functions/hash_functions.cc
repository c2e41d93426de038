// MD5, SHA1, SHA224 to SHA512, SHA2, CRC32: digests as hexadecimal text, by OpenSSL.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <optional>

#include "base/check.h"
#include "functions/builtin.h"
#include "functions/kernel.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::DataType;

namespace {

enum class Digest : uint8_t { kMd5, kSha1, kSha224, kSha256, kSha384, kSha512 };

// Looked up once, when first used: fetching an algorithm for each value costs more than hashing a short one.
const EVP_MD* Algorithm(Digest digest) {
  static const std::array<const EVP_MD*, 6> all = [] {
    std::array<const EVP_MD*, 6> fetched{};
    size_t i = 0;
    for (const char* name : {"MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"}) {
      fetched[i] = EVP_MD_fetch(nullptr, name, nullptr);  // lives as long as the process
      MR_CHECK(fetched[i] != nullptr);
      ++i;
    }
    return fetched;
  }();
  return all[static_cast<size_t>(digest)];
}

class DigestContext {
 public:
  static EVP_MD_CTX* ThisThread() {
    thread_local DigestContext context;
    return context.context_;
  }

 private:
  DigestContext() : context_(EVP_MD_CTX_new()) {}
  ~DigestContext() { EVP_MD_CTX_free(context_); }
  EVP_MD_CTX* context_;
};

void AppendDigest(Digest digest_kind, std::string_view bytes, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  EVP_MD_CTX* context = DigestContext::ThisThread();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  const bool done = EVP_DigestInit_ex(context, Algorithm(digest_kind), nullptr) == 1 &&
                    EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context, digest.data(), &size) == 1;
  MR_CHECK(done);
  for (unsigned i = 0; i < size; ++i) {
    out->push_back(kHex[digest[i] >> 4]);
    out->push_back(kHex[digest[i] & 15]);
  }
}

std::optional<Digest> Sha2(int64_t bits) {
  switch (bits) {
    case 224:
      return Digest::kSha224;
    case 256:
      return Digest::kSha256;
    case 384:
      return Digest::kSha384;
    case 512:
      return Digest::kSha512;
    default:
      return std::nullopt;
  }
}

std::unexpected<Error> UnknownLength(int64_t bits) {
  return Fail(ErrorCode::kInvalidParameter, fmt::format("SHA2 knows no digest of {} bits", bits),
              "the lengths are 224, 256, 384 and 512");
}

Result<ExprPtr> BindSha2(BoundArgs bound) {
  if (bound.IsLiteral(1) && !bound.LiteralValue(1).is_null()) {
    const int64_t bits = bound.LiteralValue(1).as_int();
    if (!Sha2(bits)) return UnknownLength(bits);
  }
  const DataType type = bound.Nullable(DataType::String());
  return bound.Call(type, StringKernel<std::string_view, int32_t>(
                              type, [](std::string_view value, int32_t bits, std::string* out) -> Status {
                                const std::optional<Digest> digest = Sha2(bits);
                                if (!digest) return UnknownLength(bits);
                                AppendDigest(*digest, value, out);
                                return Ok();
                              }));
}

void DefineDigest(Registry& registry, std::string_view signature, std::string_view summary, Digest digest) {
  DefineString<std::string_view>(
      registry, {"hash", signature, summary},
      [digest](std::string_view value, std::string* out) { AppendDigest(digest, value, out); });
}

}  // namespace

void RegisterHashFunctions(Registry& registry) {
  DefineDigest(registry, "MD5(value STRING|BYTES)", "The MD5 digest, 32 hexadecimal digits", Digest::kMd5);
  DefineDigest(registry, "SHA1(value STRING|BYTES)", "The SHA-1 digest, 40 hexadecimal digits",
               Digest::kSha1);
  DefineDigest(registry, "SHA224(value STRING|BYTES)", "The SHA-224 digest, 56 hexadecimal digits",
               Digest::kSha224);
  DefineDigest(registry, "SHA256(value STRING|BYTES)", "The SHA-256 digest, 64 hexadecimal digits",
               Digest::kSha256);
  DefineDigest(registry, "SHA384(value STRING|BYTES)", "The SHA-384 digest, 96 hexadecimal digits",
               Digest::kSha384);
  DefineDigest(registry, "SHA512(value STRING|BYTES)", "The SHA-512 digest, 128 hexadecimal digits",
               Digest::kSha512);
  Define(registry,
         {"hash", "SHA2(value STRING|BYTES, bits INT)", "The SHA-2 digest of 224, 256, 384 or 512 bits"},
         BindSha2);
}

}  // namespace millrace::functions
