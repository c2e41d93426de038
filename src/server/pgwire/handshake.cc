#include "server/pgwire/handshake.h"

#include <fmt/format.h>

#include <array>

#include "formats/base64.h"
#include "server/pgwire/backend_message.h"
#include "server/pgwire/frontend_message.h"

namespace millrace::server::pgwire {

namespace {

constexpr size_t kNonceBytes = 18;

std::unexpected<Error> Unexpected(const Frame& frame) {
  if (frame.kind == Frame::Kind::kBroken || frame.kind == Frame::Kind::kOversize) {
    return Fail(ErrorCode::kProtocolViolation,
                fmt::format("a message of {} bytes before authentication", frame.length));
  }
  return Fail(ErrorCode::kProtocolViolation, "expected a password message");
}

}  // namespace

std::string Handshake::LoginName() const {
  return request_.role + "@" + peer_.address;
}

Handshake::Next Handshake::Handle(const Frame& frame, OutputBuffer* out) {
  auto next = HandleFrame(frame, out);
  if (next) return *next;
  WriteError(Severity::kFatal, next.error(), 0, out);
  return Next::kClose;
}

void Handshake::TlsStarted(std::string channel_binding) {
  is_encrypted_ = true;
  channel_binding_ = std::move(channel_binding);
}

Result<Handshake::Next> Handshake::HandleFrame(const Frame& frame, OutputBuffer* out) {
  if (state_ == State::kStartup) {
    if (frame.kind != Frame::Kind::kMessage) {
      return Fail(ErrorCode::kProtocolViolation, fmt::format("a start-up packet of {} bytes", frame.length),
                  "a client of PostgreSQL's protocol is expected here");
    }
    return HandleStartup(frame, out);
  }
  if (frame.kind != Frame::Kind::kMessage) return Unexpected(frame);
  if (frame.type == static_cast<char>(MessageType::kTerminate)) return Next::kClose;
  if (frame.type != static_cast<char>(MessageType::kPassword)) return Unexpected(frame);
  auto next = state_ == State::kSaslInitial ? HandleSaslInitial(frame, out) : HandleSaslFinal(frame, out);
  if (!next) context_.throttle.Failed(LoginName());
  return next;
}

Result<Handshake::Next> Handshake::HandleStartup(const Frame& frame, OutputBuffer* out) {
  MR_ASSIGN(StartupPacket packet, ParseStartupPacket(frame.body));
  switch (packet.kind) {
    case StartupPacket::Kind::kTlsRequest:
      if (is_encrypted_) return Fail(ErrorCode::kProtocolViolation, "the connection is encrypted already");
      out->Byte(context_.has_tls ? 'S' : 'N');
      return context_.has_tls ? Next::kTls : Next::kRead;
    case StartupPacket::Kind::kGssEncRequest:
      if (gss_refused_) return Fail(ErrorCode::kProtocolViolation, "GSS encryption was refused already");
      gss_refused_ = true;
      out->Byte('N');
      return Next::kRead;
    case StartupPacket::Kind::kCancelRequest:
      context_.cancels.Cancel({packet.process_id, packet.secret_key});
      return Next::kClose;
    case StartupPacket::Kind::kStartup:
      return BeginSession(std::move(packet), out);
  }
  return Next::kClose;
}

Result<Handshake::Next> Handshake::BeginSession(StartupPacket packet, OutputBuffer* out) {
  for (const auto& [name, value] : packet.parameters) {
    if (name == "replication" && value != "false" && value != "off" && value != "no" && value != "0") {
      return Fail(ErrorCode::kNotSupported, "replication connections are not supported",
                  "follow a view with SUBSCRIBE TO <view>");
    }
  }
  if (!peer_.is_loopback && !is_encrypted_) {
    return Fail(ErrorCode::kInvalidAuthorization, fmt::format("{} is to connect with TLS", peer_.address),
                "connect with sslmode=require or stronger");
  }
  if (packet.NeedsNegotiation()) WriteNegotiateProtocolVersion(packet.protocol_options, out);
  request_.role = std::move(packet.user);
  request_.database = std::move(packet.database);
  request_.parameters = std::move(packet.parameters);
  request_.client_address = peer_.address;
  request_.client_port = peer_.port;
  if (peer_.is_loopback && context_.trust_loopback) {
    request_.is_local = true;
    WriteAuthenticationOk(out);
    return Next::kAuthenticated;
  }
  MR_TRY(context_.throttle.Check(LoginName()));

  auth::ScramVerifier verifier;
  const auto text = context_.factory->ScramVerifier(request_.role);
  auto known = text ? auth::ParseScramVerifier(*text) : Fail(ErrorCode::kInvalidPassword, "");
  is_mock_ = !known.has_value();
  verifier = is_mock_ ? auth::MockScramVerifier(request_.role, context_.mock_secret) : std::move(*known);
  MR_ASSIGN(const std::string random, auth::RandomBytes(kNonceBytes));
  std::string nonce;
  formats::AppendBase64(random, &nonce);
  scram_ = std::make_unique<auth::ScramServer>(std::move(verifier), channel_binding_, std::move(nonce));

  constexpr std::array<std::string_view, 2> kMechanisms = {auth::kScramPlus, auth::kScram};
  const std::span<const std::string_view> all(kMechanisms);
  WriteAuthenticationSasl(channel_binding_.empty() ? all.subspan(1) : all, out);
  state_ = State::kSaslInitial;
  return Next::kRead;
}

Result<Handshake::Next> Handshake::HandleSaslInitial(const Frame& frame, OutputBuffer* out) {
  MR_ASSIGN(const SaslInitialResponse response, ReadSaslInitialResponse(frame.body));
  if (!response.data)
    return Fail(ErrorCode::kProtocolViolation, "SCRAM: the client's first message is missing");
  MR_ASSIGN(const std::string answer, scram_->First(response.mechanism, *response.data));
  WriteAuthenticationSaslContinue(answer, out);
  state_ = State::kSaslFinal;
  return Next::kRead;
}

Result<Handshake::Next> Handshake::HandleSaslFinal(const Frame& frame, OutputBuffer* out) {
  auto answer = scram_->Final(frame.body);
  if (!answer || is_mock_) {
    if (answer || answer.error().code() == ErrorCode::kInvalidPassword) {
      return Fail(ErrorCode::kInvalidPassword,
                  fmt::format("password authentication failed for user \"{}\"", request_.role));
    }
    return std::unexpected(answer.error());
  }
  context_.throttle.Succeeded(LoginName());
  WriteAuthenticationSaslFinal(*answer, out);
  WriteAuthenticationOk(out);
  scram_.reset();
  return Next::kAuthenticated;
}

}  // namespace millrace::server::pgwire
