// What the PostgreSQL server asks of the warehouse: roles, sessions and statements. What a statement gives is
// a session::Outcome. The warehouse's own is instance_port.h; tests and fuzz targets have others.
//
// A SessionFactory may be called from any thread. A session, its streams and its CopyIn are used by one
// thread at a time, which may change; Cancel may be called from any. Streams and statements are dropped
// before their session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/datetime.h"
#include "data/schema.h"
#include "data/value.h"
#include "session/result_stream.h"
#include "session/transaction_state.h"

namespace millrace::server::pgwire {

using Wake = std::function<void()>;

using session::CopyOptions;
using session::Outcome;
using session::ResultStream;
using session::TransactionState;

// A statement that is understood. Immutable.
class Statement {
 public:
  virtual ~Statement() = default;
  virtual const std::vector<data::DataType>& parameters() const = 0;
  virtual bool has_rows() const = 0;
  virtual const data::Schema& schema() const = 0;  // when has_rows
  virtual bool quick() const = 0;                  // running it never waits
  virtual bool empty() const = 0;                  // blank
};
using StatementPtr = std::shared_ptr<const Statement>;

// A statement of several that came as one text.
struct StatementText {
  std::string_view text;    // without the semicolon
  SourceLocation location;  // of its first character
};

class SessionPort {
 public:
  virtual ~SessionPort() = default;
  // The statements of a text, which outlives them; blank ones are left out.
  virtual std::vector<StatementText> Split(std::string_view text) const = 0;
  // `types`: what the client declared; absent: to be inferred.
  virtual Result<StatementPtr> Prepare(std::string_view text,
                                       std::vector<std::optional<data::DataType>> types) = 0;
  virtual Result<Outcome> Open(const StatementPtr& statement, const std::vector<data::Value>& parameters) = 0;
  // The columns of a cursor that DECLARE made; null: there is none of the name.
  virtual const data::Schema* CursorSchema(std::string_view name) const = 0;
  // As CLOSE; nothing where there is none.
  virtual void CloseCursor(std::string_view name) = 0;
  virtual void Cancel() = 0;
  virtual TransactionState transaction() const = 0;
  // An error that the session did not see, within a transaction block.
  virtual void FailTransaction() = 0;
  // Parameters that the client must be told, changed since the last call; all at first.
  virtual std::vector<std::pair<std::string, std::string>> TakeParameterChanges() = 0;
  // The client is told that it may send the next statement.
  virtual void Rest() = 0;
  virtual const data::TimeZone& zone() const = 0;
  virtual int64_t statement_timeout_micros() const = 0;  // 0: none
};

// Who asks for a session.
struct SessionRequest {
  std::string role;
  std::string database;
  std::vector<std::pair<std::string, std::string>> parameters;  // of the start-up packet
  bool is_local = false;  // over the loopback interface, trusted without a password
  std::string client_address = {};
  int client_port = -1;
  int32_t process_id = 0;  // that the client is told
};

class SessionFactory {
 public:
  virtual ~SessionFactory() = default;
  // The text of a role's SCRAM verifier; nothing when nobody can log in as it by a password.
  virtual std::optional<std::string> ScramVerifier(std::string_view role) = 0;
  // For a role that has been authenticated. kTooManyConnections past a limit. May wait.
  virtual Result<std::unique_ptr<SessionPort>> OpenSession(const SessionRequest& request) = 0;
};

}  // namespace millrace::server::pgwire
