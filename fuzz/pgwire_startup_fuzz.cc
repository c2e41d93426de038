// Any bytes before authentication: requests for TLS and cancels, start-up packets, SCRAM. With a password
// asked for and without; nothing but a well-formed exchange gets through.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/pgwire/conversation.h"
#include "server/pgwire/fake_session.h"

namespace {

using millrace::server::pgwire::Conversation;

void Feed(bool trusts, bool has_tls, std::string_view bytes) {
  static millrace::env::SimulatedClock clock;
  static millrace::server::pgwire::FakeFactory factory;
  millrace::server::pgwire::ServerContext context(clock);
  context.factory = &factory;
  context.trust_loopback = trusts;
  context.has_tls = has_tls;
  context.connections_max = 10;
  context.mock_secret = "secret";
  Conversation conversation(context, {"127.0.0.1", true}, [] {});
  // In pieces, the size of which the input says.
  while (!bytes.empty()) {
    const size_t piece = std::min<size_t>(bytes.size(), static_cast<unsigned char>(bytes[0]) + 1);
    conversation.Receive(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
    const Conversation::Next next = conversation.Run(false);
    if (conversation.is_authenticated()) {
      if (next != Conversation::Next::kClose && !trusts) std::abort();  // nobody has a password here
      return;
    }
    if (next == Conversation::Next::kClose) return;
    if (next == Conversation::Next::kTls) conversation.TlsStarted("hash");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Feed((bytes[0] & 1) != 0, (bytes[0] & 2) != 0, bytes.substr(1));
  return 0;
}
