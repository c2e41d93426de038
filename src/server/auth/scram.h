// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the server's side (RFC 5802, RFC 7677; as PostgreSQL uses them: the
// user is that of the start-up packet, the name within the messages does not count).
//
// A verifier is what a role's password is kept as; it does not tell the password and does not let anyone log
// in as the role. Passwords are taken as the bytes they are: clients that map texts beyond ASCII to another
// form first (SASLprep) must have been given them in that form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::server::auth {

inline constexpr std::string_view kScram = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";
inline constexpr int kScramIterations = 4096;

struct ScramVerifier {
  int iterations = kScramIterations;
  std::string salt;        // bytes
  std::string stored_key;  // 32 bytes
  std::string server_key;  // 32 bytes
};

// From a password. Takes about a millisecond for each thousand iterations.
ScramVerifier MakeScramVerifier(std::string_view password, std::string_view salt,
                                int iterations = kScramIterations);

// "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>", the parts in base64, as PostgreSQL stores it.
std::string FormatScramVerifier(const ScramVerifier& verifier);
// kInvalidParameter when the text is no such thing.
Result<ScramVerifier> ParseScramVerifier(std::string_view text);

// What a user who is not known is asked for, so that nobody can tell: always the same salt for a name, and no
// password fits. `secret`: of this server.
ScramVerifier MockScramVerifier(std::string_view user, std::string_view secret);

// A nonce, or a salt: random bytes of OpenSSL's generator. kInternal when it has none.
Result<std::string> RandomBytes(size_t count);

// One exchange. One thread at a time.
class ScramServer {
 public:
  // `channel_binding`: the hash of the server's certificate (tls-server-end-point) when the connection is
  // encrypted, otherwise empty. `nonce`: the server's part, printable, without a comma.
  ScramServer(ScramVerifier verifier, std::string channel_binding, std::string nonce);

  // client-first-message in, server-first-message out. kProtocolViolation when it is malformed or of another
  // mechanism, kInvalidAuthorization when the channel binding is not what it should be.
  Result<std::string> First(std::string_view mechanism, std::string_view message);
  // client-final-message in, server-final-message out. kInvalidPassword when the proof is wrong.
  Result<std::string> Final(std::string_view message);

 private:
  ScramVerifier verifier_;
  std::string channel_binding_;
  std::string nonce_;
  std::string gs2_header_;
  std::string expected_binding_;  // what c= must say, in base64
  std::string client_first_bare_;
  std::string server_first_;
};

}  // namespace millrace::server::auth
