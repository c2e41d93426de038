// Handshake: a connection up to its authentication: requests for TLS, cancel requests, the start-up packet,
// SCRAM. Does no I/O. Owned by a Conversation; one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "server/auth/scram.h"
#include "server/pgwire/frame_reader.h"
#include "server/pgwire/output_buffer.h"
#include "server/pgwire/server_context.h"
#include "server/pgwire/startup_packet.h"

namespace millrace::server::pgwire {

class Handshake {
 public:
  enum class Next : uint8_t {
    kRead,           // the next message, please
    kTls,            // what is in the output is to be sent, then TLS begins
    kAuthenticated,  // request() says who it is
    kClose,          // what is in the output is to be sent
  };

  Handshake(ServerContext& context, Peer peer) : context_(context), peer_(std::move(peer)) {}

  // Whether the next message is a start-up packet, which has no type byte.
  bool expects_startup() const { return state_ == State::kStartup; }
  Next Handle(const Frame& frame, OutputBuffer* out);
  // The connection is encrypted from now on. `channel_binding`: the hash of our certificate.
  void TlsStarted(std::string channel_binding);

  SessionRequest& request() { return request_; }

 private:
  enum class State : uint8_t { kStartup, kSaslInitial, kSaslFinal };

  std::string LoginName() const;  // whose failures are counted together
  Result<Next> HandleFrame(const Frame& frame, OutputBuffer* out);
  Result<Next> HandleStartup(const Frame& frame, OutputBuffer* out);
  Result<Next> BeginSession(StartupPacket packet, OutputBuffer* out);
  Result<Next> HandleSaslInitial(const Frame& frame, OutputBuffer* out);
  Result<Next> HandleSaslFinal(const Frame& frame, OutputBuffer* out);

  ServerContext& context_;
  Peer peer_;
  State state_ = State::kStartup;
  bool is_encrypted_ = false;
  bool gss_refused_ = false;
  std::string channel_binding_;
  SessionRequest request_;
  std::unique_ptr<auth::ScramServer> scram_;
  bool is_mock_ = false;
};

}  // namespace millrace::server::pgwire
