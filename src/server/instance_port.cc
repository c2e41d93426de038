#include "server/instance_port.h"

#include <algorithm>
#include <utility>

#include "session/script.h"
#include "session/session.h"

namespace millrace::server {
namespace {

class PreparedPort final : public pgwire::Statement {
 public:
  explicit PreparedPort(session::PreparedPtr prepared) : prepared_(std::move(prepared)) {}
  const session::PreparedPtr& prepared() const { return prepared_; }
  const std::vector<data::DataType>& parameters() const override { return prepared_->parameters; }
  bool has_rows() const override { return prepared_->has_rows; }
  const data::Schema& schema() const override { return prepared_->schema; }
  bool quick() const override { return prepared_->quick; }
  bool empty() const override { return prepared_->empty; }

 private:
  session::PreparedPtr prepared_;
};

class StreamPort final : public pgwire::RowStream {
 public:
  explicit StreamPort(std::unique_ptr<session::ResultStream> rows) : rows_(std::move(rows)) {}
  const data::Schema& schema() const override { return rows_->schema(); }
  Result<Step> Next(data::Batch* batch, const pgwire::Wake& wake) override {
    MR_ASSIGN(session::ResultStream::Step step, rows_->Next(wake));
    switch (step.kind) {
      case session::ResultStream::Step::Kind::kBatch:
        *batch = std::move(step.batch);
        return Step::kBatch;
      case session::ResultStream::Step::Kind::kLater:
        return Step::kLater;
      case session::ResultStream::Step::Kind::kEnd:
        return Step::kEnd;
    }
    return Step::kEnd;
  }

 private:
  std::unique_ptr<session::ResultStream> rows_;
};

class SinkPort final : public pgwire::RowSink {
 public:
  explicit SinkPort(std::unique_ptr<session::CopyIn> rows) : rows_(std::move(rows)) {}
  const data::Schema& schema() const override { return rows_->schema(); }
  Result<bool> TryPush(data::Batch* batch, const pgwire::Wake& wake) override {
    return rows_->TryPush(batch, wake);
  }
  Result<int64_t> Finish() override { return rows_->Finish(); }
  int64_t rows_taken() const override { return rows_->rows_taken(); }

 private:
  std::unique_ptr<session::CopyIn> rows_;
};

pgwire::CopyOptions OptionsOf(const session::CopyOptions& options) {
  pgwire::CopyOptions port;
  switch (options.format) {
    case session::CopyOptions::Format::kText:
      port.format = pgwire::CopyOptions::Format::kText;
      break;
    case session::CopyOptions::Format::kCsv:
      port.format = pgwire::CopyOptions::Format::kCsv;
      break;
    case session::CopyOptions::Format::kBinary:
      port.format = pgwire::CopyOptions::Format::kBinary;
      break;
  }
  port.delimiter = options.delimiter;
  port.null_text = options.null_text;
  port.header = options.header;
  port.quote = options.quote;
  port.escape = options.escape;
  return port;
}

class Port final : public pgwire::SessionPort {
 public:
  Port(session::Instance* instance, session::SessionOptions options)
      : session_(instance, std::move(options)) {}
  Status Start() { return session_.Start(); }

  std::vector<pgwire::StatementText> Split(std::string_view text) const override {
    std::vector<pgwire::StatementText> statements;
    for (const session::ScriptPart& part : session::SplitScript(text)) {
      statements.push_back({part.text, part.location});
    }
    return statements;
  }

  Result<pgwire::StatementPtr> Prepare(std::string_view text,
                                       std::vector<std::optional<data::DataType>> types) override {
    MR_ASSIGN(session::PreparedPtr prepared, session_.Prepare(text, std::move(types)));
    return std::make_shared<const PreparedPort>(std::move(prepared));
  }

  Result<pgwire::Outcome> Open(const pgwire::StatementPtr& statement,
                               const std::vector<data::Value>& parameters) override {
    const auto& prepared = static_cast<const PreparedPort&>(*statement).prepared();
    MR_ASSIGN(session::Outcome opened, session_.Open(prepared, parameters));
    pgwire::Outcome outcome;
    outcome.tag = std::move(opened.tag);
    outcome.counts_rows = opened.counts_rows;
    outcome.warnings = std::move(opened.warnings);
    if (opened.rows != nullptr) outcome.rows = std::make_unique<StreamPort>(std::move(opened.rows));
    if (opened.copy_in != nullptr) outcome.copy_in = std::make_unique<SinkPort>(std::move(opened.copy_in));
    if (opened.copy.has_value()) outcome.copy = OptionsOf(*opened.copy);
    return outcome;
  }

  const data::Schema* CursorSchema(std::string_view name) const override {
    return session_.CursorSchema(name);
  }
  void CloseCursor(std::string_view name) override { session_.CloseCursor(name); }
  void Cancel() override { session_.Cancel(); }

  pgwire::TransactionState transaction() const override {
    switch (session_.transaction()) {
      case session::TransactionState::kIdle:
        return pgwire::TransactionState::kIdle;
      case session::TransactionState::kInBlock:
        return pgwire::TransactionState::kInBlock;
      case session::TransactionState::kFailed:
        return pgwire::TransactionState::kFailed;
    }
    return pgwire::TransactionState::kIdle;
  }

  void FailTransaction() override { session_.FailTransaction(); }
  std::vector<std::pair<std::string, std::string>> TakeParameterChanges() override {
    return session_.TakeParameterChanges();
  }
  void Rest() override { session_.Rest(); }
  const data::TimeZone& zone() const override { return session_.zone(); }
  int64_t statement_timeout_micros() const override { return session_.statement_timeout_micros(); }

 private:
  session::Session session_;
};

}  // namespace

std::optional<std::string> InstancePort::ScramVerifier(std::string_view role) {
  const catalog::RolePtr found = instance_.roles().snapshot()->Find(role);
  return found == nullptr ? std::nullopt : found->verifier;
}

Result<std::unique_ptr<pgwire::SessionPort>> InstancePort::OpenSession(
    const pgwire::SessionRequest& request) {
  const int64_t now = instance_.env().clock->NowMicros();
  MR_TRY(instance_.roles().CheckLogin(request.role, now, !request.is_local));
  session::SessionOptions options;
  options.role = request.role;
  options.database = request.database;
  options.parameters = request.parameters;
  options.client_address = request.client_address;
  options.client_port = request.client_port;
  options.process_id = request.process_id;
  auto port = std::make_unique<Port>(&instance_, std::move(options));
  MR_TRY(port->Start());
  return port;
}

}  // namespace millrace::server
