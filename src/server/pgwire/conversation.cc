#include "server/pgwire/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/hash.h"
#include "server/pgwire/backend_message.h"

namespace millrace::server::pgwire {

class Conversation::Canceller final : public CancelTarget {
 public:
  enum class Reason : uint8_t { kNone, kCancelled, kTimeout };

  explicit Canceller(Wake wake) : wake_(std::move(wake)) {}

  void Cancel() override MR_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (session_ == nullptr) return;
      session_->Cancel();
    }
    Request(Reason::kCancelled);
  }
  // A stream that waits for rows ends with this when it is woken.
  void Request(Reason reason) {
    requested_.store(reason);
    wake_();
  }
  Reason Take() { return requested_.exchange(Reason::kNone); }
  // Null: no session any more.
  void SetSession(SessionPort* session) MR_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    session_ = session;
  }

 private:
  Mutex mutex_;
  SessionPort* session_ MR_GUARDED_BY(mutex_) = nullptr;
  const Wake wake_;
  std::atomic<Reason> requested_{Reason::kNone};
};

Conversation::Conversation(ServerContext& context, Peer peer, Wake wake)
    : context_(context),
      wake_(std::move(wake)),
      handshake_(std::make_unique<Handshake>(context, std::move(peer))),
      canceller_(std::make_shared<Canceller>(wake_)) {}

Conversation::~Conversation() {
  if (cancel_key_) context_.cancels.Remove(*cancel_key_);
  canceller_->SetSession(nullptr);
  if (counted_) --context_.sessions;
  // Streams and statements go before their session, as the order of the members does not say.
  copy_in_.reset();
  script_.reset();
  script_portal_.reset();
  spare_portal_.reset();
  unnamed_portal_.reset();
  portals_.clear();
  statements_.clear();
  unnamed_statement_.reset();
  session_.reset();
}

Conversation::Next Conversation::Run(bool may_wait) {
  may_wait_ = may_wait;
  while (true) {
    if (output_.size() >= limits::kWireOutputBytes && phase_ != Phase::kClosed) return Next::kFlush;
    Flow flow;
    switch (phase_) {
      case Phase::kHandshake:
        flow = StepHandshake();
        break;
      case Phase::kOpening:
        flow = StepOpening();
        break;
      case Phase::kReady:
        flow = StepReady();
        break;
      case Phase::kClosed:
        return Next::kClose;
    }
    if (flow) return *flow;
  }
}

bool Conversation::is_idle() const {
  return phase_ == Phase::kReady && running_ == nullptr && !copy_in_ && !script_ &&
         session_->transaction() == TransactionState::kIdle;
}

int64_t Conversation::statement_timeout_micros() const {
  return session_ ? session_->statement_timeout_micros() : 0;
}

void Conversation::Cancel() {
  canceller_->Cancel();
}

void Conversation::Expire() {
  canceller_->Request(Canceller::Reason::kTimeout);
}

// Streams that wait without a thread do not see the session's cancel: they are ended here.
Status Conversation::CheckCancelled() {
  switch (canceller_->Take()) {
    case Canceller::Reason::kNone:
      return Ok();
    case Canceller::Reason::kCancelled:
      return Fail(ErrorCode::kCancelled, "canceling statement due to user request");
    case Canceller::Reason::kTimeout:
      return Fail(ErrorCode::kQueryTimeout, "canceling statement due to statement timeout",
                  "statement_timeout says how long it may take");
  }
  return Ok();
}

void Conversation::Terminate(const Error& reason) {
  if (phase_ == Phase::kClosed) return;
  CloseWith(reason);
}

Conversation::Flow Conversation::CloseWith(const Error& error) {
  WriteError(Severity::kFatal, error, 0, &output_);
  phase_ = Phase::kClosed;
  return std::nullopt;
}

Conversation::Flow Conversation::StepHandshake() {
  const Frame frame = frames_.Peek(handshake_->expects_startup());
  if (frame.kind == Frame::Kind::kNone) return Next::kRead;
  const Handshake::Next next = handshake_->Handle(frame, &output_);
  if (frame.kind == Frame::Kind::kMessage) frames_.Consume();
  switch (next) {
    case Handshake::Next::kRead:
      return std::nullopt;
    case Handshake::Next::kTls:
      return Next::kTls;
    case Handshake::Next::kAuthenticated:
      phase_ = Phase::kOpening;
      return std::nullopt;
    case Handshake::Next::kClose:
      phase_ = Phase::kClosed;
      return std::nullopt;
  }
  return std::nullopt;
}

Conversation::Flow Conversation::StepOpening() {
  if (!may_wait_) return Next::kPool;
  const int sessions = ++context_.sessions;
  counted_ = true;
  if (sessions > context_.connections_max) {
    return CloseWith(
        Error(ErrorCode::kTooManyConnections,
              fmt::format("there are {} connections, and there may be no more", context_.connections_max)));
  }
  const auto key = context_.cancels.Add(canceller_);
  if (!key) return CloseWith(key.error());
  cancel_key_ = *key;
  handshake_->request().process_id = key->process_id;
  auto session = context_.factory->OpenSession(handshake_->request());
  if (!session) return CloseWith(session.error());
  session_ = std::move(*session);
  canceller_->SetSession(session_.get());
  frames_.SetMessageBytesMax(limits::kWireMessageBytesMax);
  for (const auto& [name, value] : session_->TakeParameterChanges())
    WriteParameterStatus(name, value, &output_);
  WriteBackendKeyData(key->process_id, key->secret, &output_);
  handshake_.reset();
  phase_ = Phase::kReady;
  WriteReady();
  return std::nullopt;
}

Conversation::Flow Conversation::StepReady() {
  if (running_ != nullptr) return StepRows();
  if (copy_in_) return StepCopyIn();
  if (script_) return StepScript();
  return StepMessage();
}

Conversation::Flow Conversation::StepMessage() {
  const Frame frame = frames_.Peek();
  switch (frame.kind) {
    case Frame::Kind::kNone:
      return Next::kRead;
    case Frame::Kind::kBroken:
      return CloseWith(
          Error(ErrorCode::kProtocolViolation,
                fmt::format("a message of {} bytes: the connection is out of step", frame.length)));
    case Frame::Kind::kOversize:
      frames_.Consume();
      return HandleOversize(frame);
    case Frame::Kind::kMessage:
      break;
  }
  const Flow flow = HandleMessage(frame);
  if (flow != Next::kPool) frames_.Consume();  // otherwise it is looked at again, on the pool
  return flow;
}

Conversation::Flow Conversation::HandleMessage(const Frame& frame) {
  const auto type = static_cast<MessageType>(frame.type);
  if (skip_until_sync_ && type != MessageType::kSync && type != MessageType::kTerminate) return std::nullopt;
  Status done;
  switch (type) {
    case MessageType::kQuery:
      return BeginScript(frame.body);
    case MessageType::kParse:
      return HandleParse(frame.body);
    case MessageType::kBind:
      done = HandleBind(frame.body);
      break;
    case MessageType::kDescribe:
      done = HandleDescribe(frame.body);
      break;
    case MessageType::kExecute:
      return HandleExecute(frame.body);
    case MessageType::kClose:
      done = HandleClose(frame.body);
      break;
    case MessageType::kFlush:
      return output_.empty() ? Flow() : Next::kFlush;
    case MessageType::kSync:
      return HandleSync();
    case MessageType::kTerminate:
      phase_ = Phase::kClosed;
      return std::nullopt;
    case MessageType::kFunctionCall:
      FailStatement(Error(ErrorCode::kNotSupported, "function call messages are not supported",
                          "call the function in a SELECT"),
                    0);
      skip_until_sync_ = false;
      WriteReady();
      return std::nullopt;
    case MessageType::kCopyData:
    case MessageType::kCopyDone:
    case MessageType::kCopyFail:
      return std::nullopt;  // of a COPY that has failed
    case MessageType::kPassword:
    default:
      return CloseWith(
          Error(ErrorCode::kProtocolViolation,
                fmt::format("unexpected message of type 0x{:02X}", static_cast<unsigned char>(frame.type))));
  }
  if (!done) FailStatement(done.error(), 0);
  return std::nullopt;
}

Conversation::Flow Conversation::HandleOversize(const Frame& frame) {
  const Error error(
      ErrorCode::kProgramLimitExceeded,
      fmt::format("a message of {} bytes; the limit is {}", frame.length, limits::kWireMessageBytesMax),
      "send rows with COPY, in smaller messages");
  const auto type = static_cast<MessageType>(frame.type);
  if (skip_until_sync_) return std::nullopt;
  FailStatement(error, 0);
  if (type == MessageType::kQuery || type == MessageType::kFunctionCall) {
    skip_until_sync_ = false;
    WriteReady();
  }
  return std::nullopt;
}

void Conversation::WriteReady() {
  session_->Rest();
  for (const auto& [name, value] : session_->TakeParameterChanges())
    WriteParameterStatus(name, value, &output_);
  switch (session_->transaction()) {
    case TransactionState::kIdle:
      return WriteReadyForQuery('I', &output_);
    case TransactionState::kInBlock:
      return WriteReadyForQuery('T', &output_);
    case TransactionState::kFailed:
      return WriteReadyForQuery('E', &output_);
  }
}

// An error of the extended protocol: what follows is skipped up to Sync.
void Conversation::FailStatement(const Error& error, size_t position, std::string_view routine) {
  if (session_->transaction() == TransactionState::kInBlock) session_->FailTransaction();
  WriteError(Severity::kError, error, position, &output_, routine);
  skip_until_sync_ = true;
}

void Conversation::WriteWarnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) WriteNotice(Severity::kWarning, "01000", warning, &output_);
}

// A text that was never seen to be quick may take long to prepare.
bool Conversation::MayPrepare(std::string_view text) const {
  return may_wait_ || context_.quick_texts.Contains(HashBytes(text));
}

namespace {

// DEALLOCATE of a statement that was prepared by a Parse message: the session does not know those.
class Deallocation final : public Statement {
 public:
  explicit Deallocation(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

  const std::vector<data::DataType>& parameters() const override { return parameters_; }
  bool has_rows() const override { return false; }
  const data::Schema& schema() const override { return schema_; }
  bool quick() const override { return true; }
  bool empty() const override { return false; }

 private:
  std::string name_;
  std::vector<data::DataType> parameters_;
  data::Schema schema_;
};

// The next word of a statement, in lower case unless it is quoted.
std::string TakeWord(std::string_view* text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == ';'; };
  while (!text->empty() && is_space(text->front())) text->remove_prefix(1);
  std::string word;
  if (text->starts_with('"')) {
    const size_t end = std::min(text->find('"', 1), text->size());
    word = text->substr(1, end - 1);
    text->remove_prefix(std::min(end + 1, text->size()));
    return word;
  }
  while (!text->empty() && !is_space(text->front())) {
    const char c = text->front();
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    text->remove_prefix(1);
  }
  return word;
}

// The name in "DEALLOCATE [PREPARE] name"; empty for other statements.
std::string DeallocatedName(std::string_view text) {
  constexpr size_t kBytesMax = 256;
  if (text.size() > kBytesMax || TakeWord(&text) != "deallocate") return {};
  std::string name = TakeWord(&text);
  if (name == "prepare") name = TakeWord(&text);
  return TakeWord(&text).empty() ? name : std::string();
}

}  // namespace

Result<Outcome> Conversation::OpenStatement(const StatementPtr& statement,
                                            const std::vector<data::Value>& parameters) {
  if (const auto* deallocation = dynamic_cast<const Deallocation*>(statement.get())) {
    EraseStatement(deallocation->name());
    Outcome outcome;
    outcome.tag = "DEALLOCATE";
    return outcome;
  }
  canceller_->Take();  // what was meant for a statement before
  MR_ASSIGN(Outcome outcome, session_->Open(statement, parameters));
  if (outcome.tag == "DISCARD ALL" || outcome.tag == "DEALLOCATE ALL") {
    statements_.clear();
    statement_bytes_ = 0;
  }
  return outcome;
}

Result<StatementPtr> Conversation::PrepareText(std::string_view text,
                                               std::vector<std::optional<data::DataType>> types) {
  if (text.size() > limits::kSqlBytesMax) {
    return Fail(ErrorCode::kProgramLimitExceeded,
                fmt::format("a statement of {} bytes; the limit is {}", text.size(), limits::kSqlBytesMax));
  }
  if (!statements_.empty()) {
    std::string name = DeallocatedName(text);
    if (statements_.contains(name)) return std::make_shared<Deallocation>(std::move(name));
  }
  MR_ASSIGN(StatementPtr statement, session_->Prepare(text, std::move(types)));
  if (statement->quick()) context_.quick_texts.Add(HashBytes(text));
  return statement;
}

}  // namespace millrace::server::pgwire
