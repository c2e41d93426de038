// Conversation: PostgreSQL's protocol with one client, without I/O: bytes in, bytes out.
//
// Whoever owns the socket hands in what arrives (Receive), calls Run, and does what Run asks for. Run works
// off messages until it lacks something; what may wait is done only where the caller allows it, on the query
// pool. Everything but Cancel is for one thread at a time (which may change).
//
// Messages are answered in order. Their output gathers until the client is to answer, or until
// limits::kWireOutputBytes are waiting: then no more rows are made until these are sent.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "base/mutex.h"
#include "server/pgwire/copy_decoder.h"
#include "server/pgwire/copy_encoder.h"
#include "server/pgwire/frame_reader.h"
#include "server/pgwire/frontend_message.h"
#include "server/pgwire/handshake.h"
#include "server/pgwire/output_buffer.h"
#include "server/pgwire/row_encoder.h"
#include "server/pgwire/server_context.h"
#include "server/pgwire/session_port.h"

namespace millrace::server::pgwire {

class Conversation {
 public:
  // What Run wants before it is called again.
  enum class Next : uint8_t {
    kRead,   // send the output; more bytes
    kPool,   // a thread that may wait: Run(true)
    kFlush,  // begin to send the output; call again when it has been taken over
    kWait,   // send the output; call again after a wake
    kTls,    // send the output, begin TLS, TlsStarted
    kClose,  // send the output, close
  };

  // `context` outlives this. `wake` may be called from any thread, at any time, until this is gone.
  Conversation(ServerContext& context, Peer peer, Wake wake);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void Receive(std::string_view bytes) { frames_.Append(bytes); }
  Next Run(bool may_wait);
  OutputBuffer& output() { return output_; }

  // Bytes that have been received and not been used: there must be none when TLS begins.
  size_t pending_bytes() const { return frames_.pending_bytes(); }
  void TlsStarted(std::string channel_binding) { handshake_->TlsStarted(std::move(channel_binding)); }
  bool is_authenticated() const { return phase_ != Phase::kHandshake; }
  // Whether a statement or a transaction is under way; otherwise the client is idle.
  bool is_idle() const;
  // While Run answered kWait: when the statement's time is up (µs from its start); 0: never.
  int64_t statement_timeout_micros() const;

  // Ends the statement that runs. Any thread.
  void Cancel();
  // While Run answered kWait: the statement has taken longer than it may. A wake follows.
  void Expire();
  // Ends the conversation with a last word to the client. Afterwards Run answers kClose.
  void Terminate(const Error& reason);

 private:
  enum class Phase : uint8_t { kHandshake, kOpening, kReady, kClosed };
  using Flow = std::optional<Next>;  // nothing: go on

  // A statement by Parse, or of a simple query.
  struct Prepared {
    StatementPtr statement;
    std::string text;
    std::vector<uint32_t> declared_oids;
  };
  using PreparedPtr = std::shared_ptr<const Prepared>;

  // A statement that is ready to run or runs.
  struct Portal {
    PreparedPtr prepared;
    std::vector<data::Value> parameters;
    RowEncoder encoder;
    std::optional<CopyEncoder> copy;
    bool is_open = false;
    bool is_ended = false;
    bool never_waits = false;  // its rows come without waiting
    bool is_stream = false;    // it has answered that rows come later
    size_t bind_bytes = 0;     // of the message that made it
    Outcome outcome;
    data::Batch batch;
    size_t batch_row = 0;
  };
  using PortalPtr = std::unique_ptr<Portal>;

  // The statements of one Query message.
  struct Script {
    std::string text;
    std::vector<StatementText> parts;
    size_t next = 0;
    StatementPtr prepared;  // of the next one, when it has to go to the pool
  };

  // COPY … FROM STDIN.
  struct CopyIn {
    CopyIn(CopyOptions options, std::unique_ptr<session::CopyIn> sink, const data::TimeZone& zone)
        : sink(std::move(sink)), decoder(std::move(options), this->sink->schema(), zone) {}
    std::unique_ptr<session::CopyIn> sink;
    CopyDecoder decoder;
    std::optional<data::Batch> batch;  // decoded, not yet taken by the sink
    size_t frame_at = 0;               // what has been read of the message at hand
    bool is_done = false;              // CopyDone has come
  };

  // Reaches the session from cancel requests, as long as there is one.
  class Canceller;

  // conversation.cc
  Flow StepHandshake();
  Flow StepOpening();
  Flow StepReady();
  Flow StepMessage();
  Flow HandleMessage(const Frame& frame);
  Flow HandleOversize(const Frame& frame);
  Status CheckCancelled();
  Flow CloseWith(const Error& error);
  void WriteReady();
  void FailStatement(const Error& error, size_t position, std::string_view routine = {});
  void WriteWarnings(const std::vector<std::string>& warnings);
  bool MayPrepare(std::string_view text) const;
  // Runs a statement; those that concern prepared statements of the protocol too are seen to here.
  Result<Outcome> OpenStatement(const StatementPtr& statement, const std::vector<data::Value>& parameters);
  Result<StatementPtr> PrepareText(std::string_view text, std::vector<std::optional<data::DataType>> types);

  // conversation_query.cc
  Flow BeginScript(std::string_view body);
  Flow StepScript();
  void FailScript(const Error& error);
  Flow StepRows();
  void FinishRows(bool suspended);
  void StartRows(Portal* portal, int64_t row_limit);
  bool StartCopy(Portal* portal);

  // conversation_extended.cc
  Flow HandleParse(std::string_view body);
  Status HandleBind(std::string_view body);
  Status DecodeParameters(const BindMessage& message, const Prepared& prepared,
                          std::vector<data::Value>* values);
  Status HandleDescribe(std::string_view body);
  Flow HandleExecute(std::string_view body);
  Status HandleClose(std::string_view body);
  Flow HandleSync();
  Result<PreparedPtr> FindPrepared(std::string_view name) const;
  Result<Portal*> FindPortal(std::string_view name);
  PortalPtr NewPortal();
  void DropPortal(PortalPtr portal);
  void DropPortals();
  void EraseStatement(const std::string& name);

  // conversation_copy.cc
  Flow StepCopyIn();
  Flow HandleCopyMessage(const Frame& frame);
  Status ReadCopyData(std::string_view body, bool* is_used_up);
  void FailCopy(const Error& cause);

  ServerContext& context_;
  Wake wake_;
  Phase phase_ = Phase::kHandshake;
  bool may_wait_ = false;
  FrameReader frames_{limits::kWireStartupBytesMax, limits::kWireStartupBytesMax};
  OutputBuffer output_;
  std::unique_ptr<Handshake> handshake_;

  std::unique_ptr<SessionPort> session_;
  const std::shared_ptr<Canceller> canceller_;
  std::optional<CancelRegistry::Key> cancel_key_;
  bool counted_ = false;  // among context_.sessions

  std::unordered_map<std::string, PreparedPtr> statements_;
  size_t statement_bytes_ = 0;  // of the texts of statements_
  PreparedPtr unnamed_statement_;
  std::unordered_map<std::string, PortalPtr> portals_;
  size_t portal_bytes_ = 0;  // of the messages that made portals_
  PortalPtr unnamed_portal_;
  PortalPtr script_portal_;
  PortalPtr spare_portal_;  // its encoder keeps its memory
  std::unique_ptr<Script> script_;
  std::unique_ptr<CopyIn> copy_in_;
  Portal* running_ = nullptr;  // whose rows are being sent
  int64_t rows_left_ = 0;      // of its row limit; below 0: no limit
  uint64_t rows_sent_ = 0;     // in this run
  bool skip_until_sync_ = false;

  ParseMessage parse_message_;  // these keep their memory
  BindMessage bind_message_;
};

}  // namespace millrace::server::pgwire
