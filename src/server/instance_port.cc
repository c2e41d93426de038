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

  Result<session::Outcome> Open(const pgwire::StatementPtr& statement,
                                const std::vector<data::Value>& parameters) override {
    return session_.Open(static_cast<const PreparedPort&>(*statement).prepared(), parameters);
  }

  const data::Schema* CursorSchema(std::string_view name) const override {
    return session_.CursorSchema(name);
  }
  void CloseCursor(std::string_view name) override { session_.CloseCursor(name); }
  void Cancel() override { session_.Cancel(); }

  session::TransactionState transaction() const override { return session_.transaction(); }
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
