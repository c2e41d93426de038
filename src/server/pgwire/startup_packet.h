// The first packet of a connection: a start-up message, or a request for TLS, GSS encryption or a cancel.
// It has no type byte. Pure functions over bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace millrace::server::pgwire {

inline constexpr int32_t kProtocol30 = 3 << 16;

struct StartupPacket {
  enum class Kind : uint8_t { kStartup, kTlsRequest, kGssEncRequest, kCancelRequest };
  Kind kind = Kind::kStartup;

  // kStartup
  int16_t minor_version = 0;  // of protocol 3: we speak 3.0
  std::string user;
  std::string database;                                         // the user's name unless given
  std::vector<std::pair<std::string, std::string>> parameters;  // the others, in order
  std::vector<std::string> protocol_options;                    // names beginning with "_pq_."

  // kCancelRequest
  int32_t process_id = 0;
  int32_t secret_key = 0;

  // The client asks for more than 3.0 and is to be told what we speak.
  bool NeedsNegotiation() const { return minor_version > 0 || !protocol_options.empty(); }
};

// `body`: what follows the length word. Errors are 08P01 (malformed), 0A000 (another major version) and 28000
// (no user).
Result<StartupPacket> ParseStartupPacket(std::string_view body);

}  // namespace millrace::server::pgwire
