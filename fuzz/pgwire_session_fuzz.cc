// Any bytes after authentication: messages of both query protocols, COPY data in its three formats, over a
// session of a few statements. The output must be whole messages, whatever came.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "server/pgwire/client_messages.h"
#include "server/pgwire/conversation.h"
#include "server/pgwire/fake_session.h"

namespace {

using millrace::server::pgwire::Conversation;
using millrace::server::pgwire::LoadBigEndian;

constexpr size_t kOutputBytesMax = size_t{8} << 20;  // of one input: enough, and it ends

// Whole messages with types that the protocol has.
void CheckMessages(std::string_view bytes) {
  while (!bytes.empty()) {
    constexpr std::string_view kTypes = "RSKZEN123nITtDCsGHdcv";
    if (kTypes.find(bytes[0]) == std::string_view::npos || bytes.size() < 5) std::abort();
    const auto length = LoadBigEndian<uint32_t>(bytes.data() + 1);
    if (length < 4 || bytes.size() < size_t{length} + 1) std::abort();
    bytes.remove_prefix(size_t{length} + 1);
  }
}

class Session {
 public:
  Session() : context_(clock_) {
    {
      millrace::MutexLock lock(factory_.state.mutex);
      factory_.state.hangs = false;
    }
    context_.factory = &factory_;
    context_.trust_loopback = true;
    context_.connections_max = 10;
    conversation_ =
        std::make_unique<Conversation>(context_, millrace::server::pgwire::Peer{"127.0.0.1", true}, [] {});
    Feed(millrace::server::pgwire::client::Startup("ann"));
  }

  // False: the conversation is over.
  bool Feed(std::string_view bytes) {
    conversation_->Receive(bytes);
    bool may_wait = false;
    while (output_bytes_ < kOutputBytesMax) {
      const Conversation::Next next = conversation_->Run(may_wait);
      may_wait = next == Conversation::Next::kPool;
      if (may_wait) continue;
      output_bytes_ += conversation_->output().size();
      CheckMessages(conversation_->output().view());
      conversation_->output().Clear();
      if (next == Conversation::Next::kRead) return true;
      if (next == Conversation::Next::kClose || next == Conversation::Next::kTls) return false;
    }
    return false;
  }

 private:
  millrace::env::SimulatedClock clock_;
  millrace::server::pgwire::FakeFactory factory_;
  millrace::server::pgwire::ServerContext context_;
  std::unique_ptr<Conversation> conversation_;
  size_t output_bytes_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Session session;
  while (!bytes.empty()) {
    const size_t piece = std::min<size_t>(bytes.size(), static_cast<unsigned char>(bytes[0]) * 4 + 1);
    if (!session.Feed(bytes.substr(0, piece))) return 0;
    bytes.remove_prefix(piece);
  }
  return 0;
}
