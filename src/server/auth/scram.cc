#include "server/auth/scram.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/check.h"
#include "formats/base64.h"

namespace millrace::server::auth {

namespace {

constexpr size_t kKeyBytes = SHA256_DIGEST_LENGTH;
constexpr size_t kMockSaltBytes = 16;
constexpr size_t kNonceBytesMax = 1024;
constexpr std::string_view kVerifierPrefix = "SCRAM-SHA-256$";
constexpr std::string_view kBindingHeader = "p=tls-server-end-point,,";

const unsigned char* Unsigned(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::string digest(kKeyBytes, '\0');
  unsigned int length = 0;
  MR_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Unsigned(text), text.size(),
                reinterpret_cast<unsigned char*>(digest.data()), &length) != nullptr);
  return digest;
}

std::string Hash(std::string_view text) {
  std::string digest(kKeyBytes, '\0');
  SHA256(Unsigned(text), text.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string ToBase64(std::string_view bytes) {
  std::string text;
  formats::AppendBase64(bytes, &text);
  return text;
}

bool FromBase64(std::string_view text, std::string* bytes) {
  bytes->assign(formats::DecodedBase64Size(text), '\0');
  return formats::DecodeBase64(text, bytes->data());
}

std::unexpected<Error> Malformed(std::string_view what) {
  return Fail(ErrorCode::kProtocolViolation, fmt::format("malformed SCRAM message: {}", what));
}

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7E && c != ','; });
}

// "k=value" up to the next comma from the front of the text.
bool TakeAttribute(char key, std::string_view* text, std::string_view* value) {
  if (text->size() < 2 || (*text)[0] != key || (*text)[1] != '=') return false;
  const size_t end = std::min(text->find(','), text->size());
  *value = text->substr(2, end - 2);
  text->remove_prefix(std::min(end + 1, text->size()));
  return true;
}

}  // namespace

ScramVerifier MakeScramVerifier(std::string_view password, std::string_view salt, int iterations) {
  std::string salted(kKeyBytes, '\0');
  MR_CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), Unsigned(salt),
                             static_cast<int>(salt.size()), iterations, EVP_sha256(), kKeyBytes,
                             reinterpret_cast<unsigned char*>(salted.data())) == 1);
  ScramVerifier verifier;
  verifier.iterations = iterations;
  verifier.salt = salt;
  verifier.stored_key = Hash(Hmac(salted, "Client Key"));
  verifier.server_key = Hmac(salted, "Server Key");
  return verifier;
}

std::string FormatScramVerifier(const ScramVerifier& verifier) {
  return fmt::format("{}{}:{}${}:{}", kVerifierPrefix, verifier.iterations, ToBase64(verifier.salt),
                     ToBase64(verifier.stored_key), ToBase64(verifier.server_key));
}

Result<ScramVerifier> ParseScramVerifier(std::string_view text) {
  const auto bad = [] {
    return Fail(ErrorCode::kInvalidParameter, "not a SCRAM-SHA-256 verifier",
                "it looks like SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>");
  };
  if (!text.starts_with(kVerifierPrefix)) return bad();
  text.remove_prefix(kVerifierPrefix.size());
  const size_t salt_at = text.find(':');
  const size_t stored_at = text.find('$');
  const size_t server_at = text.rfind(':');
  if (salt_at == std::string_view::npos || stored_at == std::string_view::npos || salt_at > stored_at ||
      server_at < stored_at) {
    return bad();
  }
  ScramVerifier verifier;
  const auto read = std::from_chars(text.data(), text.data() + salt_at, verifier.iterations);
  if (read.ec != std::errc() || read.ptr != text.data() + salt_at || verifier.iterations < 1 ||
      !FromBase64(text.substr(salt_at + 1, stored_at - salt_at - 1), &verifier.salt) ||
      !FromBase64(text.substr(stored_at + 1, server_at - stored_at - 1), &verifier.stored_key) ||
      !FromBase64(text.substr(server_at + 1), &verifier.server_key) || verifier.salt.empty() ||
      verifier.stored_key.size() != kKeyBytes || verifier.server_key.size() != kKeyBytes) {
    return bad();
  }
  return verifier;
}

ScramVerifier MockScramVerifier(std::string_view user, std::string_view secret) {
  ScramVerifier verifier;
  verifier.salt = Hmac(secret, user).substr(0, kMockSaltBytes);
  // No proof hashes to this but by finding a preimage of a random hash.
  verifier.stored_key = Hmac(secret, std::string("stored ") + std::string(user));
  verifier.server_key = Hmac(secret, std::string("server ") + std::string(user));
  return verifier;
}

Result<std::string> RandomBytes(size_t count) {
  MR_CHECK(count <= std::numeric_limits<int>::max());
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    return Fail(ErrorCode::kInternal, "OpenSSL has no random bytes");
  }
  return bytes;
}

ScramServer::ScramServer(ScramVerifier verifier, std::string channel_binding, std::string nonce)
    : verifier_(std::move(verifier)),
      channel_binding_(std::move(channel_binding)),
      nonce_(std::move(nonce)) {}

Result<std::string> ScramServer::First(std::string_view mechanism, std::string_view message) {
  const bool is_plus = mechanism == kScramPlus;
  if ((!is_plus && mechanism != kScram) || (is_plus && channel_binding_.empty())) {
    return Fail(ErrorCode::kProtocolViolation,
                fmt::format("authentication by '{}' was not offered", mechanism));
  }
  // The GS2 header: whether the channel is bound, and an identity to act as, which is not supported.
  const size_t first_comma = message.find(',');
  const size_t second_comma =
      message.find(',', first_comma == std::string_view::npos ? first_comma : first_comma + 1);
  if (second_comma == std::string_view::npos) return Malformed("no channel binding flag");
  const std::string_view flag = message.substr(0, first_comma);
  if (second_comma != first_comma + 1) {
    return Fail(ErrorCode::kNotSupported, "SCRAM: acting as another identity (a=) is not supported");
  }
  gs2_header_ = message.substr(0, second_comma + 1);
  if (is_plus) {
    if (gs2_header_ != kBindingHeader) {
      return Fail(ErrorCode::kProtocolViolation,
                  "SCRAM-SHA-256-PLUS binds the channel by tls-server-end-point here");
    }
    expected_binding_ = ToBase64(gs2_header_ + channel_binding_);
  } else {
    if (flag == "y" && !channel_binding_.empty()) {
      return Fail(ErrorCode::kInvalidAuthorization,
                  "SCRAM: the client was led to believe that the server cannot bind the channel",
                  "somebody may be between the client and the server");
    }
    if (flag != "n" && flag != "y") return Malformed("its channel binding flag is not of SCRAM-SHA-256");
    expected_binding_ = ToBase64(gs2_header_);
  }
  client_first_bare_ = message.substr(second_comma + 1);
  std::string_view rest = client_first_bare_;
  std::string_view user;
  std::string_view client_nonce;
  if (rest.starts_with("m="))
    return Fail(ErrorCode::kNotSupported, "SCRAM: extensions (m=) are not supported");
  if (!TakeAttribute('n', &rest, &user)) return Malformed("no user (n=)");
  if (!TakeAttribute('r', &rest, &client_nonce) || client_nonce.empty()) return Malformed("no nonce (r=)");
  if (client_nonce.size() > kNonceBytesMax || !IsPrintable(client_nonce)) {
    return Malformed("a nonce is at most 1024 printable characters");
  }
  nonce_ = std::string(client_nonce) + nonce_;
  server_first_ = fmt::format("r={},s={},i={}", nonce_, ToBase64(verifier_.salt), verifier_.iterations);
  return server_first_;
}

Result<std::string> ScramServer::Final(std::string_view message) {
  const size_t proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return Malformed("no proof (p=)");
  const std::string_view without_proof = message.substr(0, proof_at);
  std::string_view rest = without_proof;
  std::string_view binding;
  std::string_view nonce;
  if (!TakeAttribute('c', &rest, &binding)) return Malformed("no channel binding (c=)");
  if (!TakeAttribute('r', &rest, &nonce)) return Malformed("no nonce (r=)");
  if (binding != expected_binding_) {
    return Fail(ErrorCode::kInvalidAuthorization, "SCRAM: the channel binding is not that of this connection",
                "somebody may be between the client and the server");
  }
  if (nonce != nonce_) return Malformed("its nonce is not that of this exchange");
  std::string proof;
  if (!FromBase64(message.substr(proof_at + 3), &proof) || proof.size() != kKeyBytes) {
    return Malformed("its proof is not 32 bytes in base64");
  }
  const std::string auth_message = fmt::format("{},{},{}", client_first_bare_, server_first_, without_proof);
  std::string client_key = Hmac(verifier_.stored_key, auth_message);
  for (size_t i = 0; i < kKeyBytes; ++i) client_key[i] = static_cast<char>(client_key[i] ^ proof[i]);
  const std::string stored_key = Hash(client_key);
  if (CRYPTO_memcmp(stored_key.data(), verifier_.stored_key.data(), kKeyBytes) != 0) {
    return Fail(ErrorCode::kInvalidPassword, "password authentication failed");
  }
  return "v=" + ToBase64(Hmac(verifier_.server_key, auth_message));
}

}  // namespace millrace::server::auth
