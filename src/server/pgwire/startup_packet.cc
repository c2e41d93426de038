#include "server/pgwire/startup_packet.h"

#include <fmt/format.h>

#include "server/pgwire/wire_reader.h"

namespace millrace::server::pgwire {

namespace {

// "Versions" that are requests of their own.
constexpr int32_t kCancelRequestCode = (1234 << 16) | 5678;
constexpr int32_t kTlsRequestCode = (1234 << 16) | 5679;
constexpr int32_t kGssEncRequestCode = (1234 << 16) | 5680;

constexpr size_t kParametersMax = 100;

std::unexpected<Error> Malformed(std::string_view what) {
  return Fail(ErrorCode::kProtocolViolation, fmt::format("malformed start-up packet: {}", what));
}

Result<StartupPacket> ReadParameters(WireReader reader, StartupPacket packet) {
  while (true) {
    const std::string_view name = reader.CString();
    if (!reader.ok()) return Malformed("no zero byte at the end");
    if (name.empty()) break;
    const std::string_view value = reader.CString();
    if (!reader.ok()) return Malformed(fmt::format("no value for the parameter '{}'", name));
    if (name == "user") {
      packet.user = value;
    } else if (name == "database") {
      packet.database = value;
    } else if (name.starts_with("_pq_.")) {
      packet.protocol_options.emplace_back(name);
    } else {
      packet.parameters.emplace_back(name, value);
    }
    if (packet.parameters.size() + packet.protocol_options.size() > kParametersMax) {
      return Malformed(fmt::format("more than {} parameters", kParametersMax));
    }
  }
  if (!reader.AtEnd()) return Malformed("bytes behind its end");
  if (packet.user.empty()) {
    return Fail(ErrorCode::kInvalidAuthorization, "the start-up packet names no user",
                "give a role, e.g. psql -U millrace");
  }
  if (packet.database.empty()) packet.database = packet.user;
  return packet;
}

}  // namespace

Result<StartupPacket> ParseStartupPacket(std::string_view body) {
  WireReader reader(body);
  const int32_t version = reader.Int32();
  if (!reader.ok()) return Malformed("no protocol version");
  StartupPacket packet;
  if (version == kTlsRequestCode || version == kGssEncRequestCode) {
    packet.kind =
        version == kTlsRequestCode ? StartupPacket::Kind::kTlsRequest : StartupPacket::Kind::kGssEncRequest;
    if (!reader.AtEnd()) return Malformed("bytes behind an encryption request");
    return packet;
  }
  if (version == kCancelRequestCode) {
    packet.kind = StartupPacket::Kind::kCancelRequest;
    packet.process_id = reader.Int32();
    packet.secret_key = reader.Int32();
    if (!reader.AtEnd()) return Malformed("a cancel request is 16 bytes long");
    return packet;
  }
  if ((version >> 16) != 3) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("protocol {}.{} is not spoken here: the server speaks 3.0",
                            static_cast<uint32_t>(version) >> 16, version & 0xFFFF));
  }
  packet.minor_version = static_cast<int16_t>(version & 0x7FFF);
  return ReadParameters(reader, std::move(packet));
}

}  // namespace millrace::server::pgwire
