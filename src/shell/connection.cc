#include "shell/connection.h"

#include <fmt/core.h>
#include <libpq-fe.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "env/clock.h"

namespace millrace::shell {
namespace {

// PQcancel may be called from a signal handler; these are all that it touches.
volatile std::sig_atomic_t interrupted = 0;
std::atomic<PGcancel*> to_cancel{nullptr};

void OnInterrupt(int) {
  interrupted = 1;
  if (PGcancel* cancel = to_cancel.load()) {
    char reason[256];
    PQcancel(cancel, reason, sizeof reason);
  }
}

// While it lives, Ctrl-C cancels what the connection runs.
class CancelByInterrupt {
 public:
  explicit CancelByInterrupt(PGconn* conn) : cancel_(PQgetCancel(conn)) { to_cancel.store(cancel_); }
  ~CancelByInterrupt() {
    to_cancel.store(nullptr);
    PQfreeCancel(cancel_);
  }
  CancelByInterrupt(const CancelByInterrupt&) = delete;
  CancelByInterrupt& operator=(const CancelByInterrupt&) = delete;

 private:
  PGcancel* cancel_;
};

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

std::string Text(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

ServerError ErrorOf(const PGresult* result) {
  const auto field = [&](int code) { return Text(PQresultErrorField(result, code)); };
  ServerError error;
  error.severity = field(PG_DIAG_SEVERITY);
  error.sqlstate = field(PG_DIAG_SQLSTATE);
  error.message = field(PG_DIAG_MESSAGE_PRIMARY);
  error.detail = field(PG_DIAG_MESSAGE_DETAIL);
  error.hint = field(PG_DIAG_MESSAGE_HINT);
  error.context = field(PG_DIAG_CONTEXT);
  const std::string position = field(PG_DIAG_STATEMENT_POSITION);
  std::from_chars(position.data(), position.data() + position.size(), error.position);
  if (error.severity.empty()) error.severity = "ERROR";
  if (error.message.empty()) error.message = Text(PQresultErrorMessage(result));
  return error;
}

// The types whose values are shown other than text, by their number in pg_type.
ValueKind KindOf(Oid type) {
  switch (type) {
    case 16:
      return ValueKind::kBoolean;
    case 20:    // int8
    case 21:    // int2
    case 23:    // int4
    case 26:    // oid
    case 700:   // float4
    case 701:   // float8
    case 1700:  // numeric
      return ValueKind::kNumber;
    case 114:   // json
    case 3802:  // jsonb
      return ValueKind::kJson;
    default:
      return ValueKind::kText;
  }
}

std::vector<ResultColumn> ColumnsOf(const PGresult* result) {
  std::vector<ResultColumn> columns;
  for (int i = 0; i < PQnfields(result); ++i) {
    columns.push_back({PQfname(result, i), KindOf(PQftype(result, i))});
  }
  return columns;
}

std::vector<Cell> CellsOf(const PGresult* result, int row) {
  std::vector<Cell> cells;
  for (int i = 0; i < PQnfields(result); ++i) {
    if (PQgetisnull(result, row, i) != 0) {
      cells.emplace_back();
    } else {
      cells.emplace_back(
          std::string(PQgetvalue(result, row, i), static_cast<size_t>(PQgetlength(result, row, i))));
    }
  }
  return cells;
}

bool NamesDatabase(const std::string& url) {
  PQconninfoOption* options = PQconninfoParse(url.c_str(), nullptr);
  bool found = options == nullptr;  // what cannot be read is told when it is connected to
  for (PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    found |= std::string_view(option->keyword) == "dbname" && option->val != nullptr;
  }
  PQconninfoFree(options);
  return found;
}

// How long the end of a cancelled COPY is waited for before the connection is made anew.
constexpr int64_t kStopMicros = 2'000'000;

}  // namespace

void CatchInterrupts() {
  std::signal(SIGINT, OnInterrupt);
}
bool Interrupted() {
  return interrupted != 0;
}
void ForgetInterrupt() {
  interrupted = 0;
}

Connection::Connection(std::function<void(const ServerError&)> on_notice)
    : on_notice_(std::move(on_notice)) {}

Connection::~Connection() {
  PQfinish(conn_);
}

void Connection::OnNotice(void* self, const pg_result* result) {
  static_cast<Connection*>(self)->on_notice_(ErrorOf(result));
}

Status Connection::Connect(const ConnectOptions& options) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  const auto give = [&](const char* key, const char* value) {
    keys.push_back(key);
    values.push_back(value);
  };
  const auto give_default = [&](const char* key, const char* variable, const char* value) {
    if (std::getenv(variable) == nullptr) give(key, value);
  };
  // Later ones win; the URL stands in the place of dbname, which libpq takes apart.
  give_default("host", "PGHOST", "localhost");
  give_default("port", "PGPORT", "5433");
  give_default("user", "PGUSER", "millrace");
  give_default("application_name", "PGAPPNAME", "millrace sql");
  const bool is_url =
      options.url.find("://") != std::string::npos || options.url.find('=') != std::string::npos;
  // libpq takes apart the first dbname only. A URL without a database would be given the user's name.
  if (!options.url.empty()) give("dbname", options.url.c_str());
  if (options.url.empty() || (is_url && !NamesDatabase(options.url))) {
    give_default("dbname", "PGDATABASE", "millrace");
  }
  if (!options.host.empty()) give("host", options.host.c_str());
  if (!options.port.empty()) give("port", options.port.c_str());
  if (!options.user.empty()) give("user", options.user.c_str());
  if (!options.database.empty()) give("dbname", options.database.c_str());
  give("client_encoding", "UTF8");
  give(nullptr, nullptr);
  PQfinish(conn_);
  conn_ = PQconnectdbParams(keys.data(), values.data(), /*expand_dbname=*/1);
  if (PQstatus(conn_) != CONNECTION_OK) return Fail(ErrorCode::kIoError, Text(PQerrorMessage(conn_)));
  PQsetNoticeReceiver(conn_, OnNotice, this);
  return Ok();
}

Status Connection::Reconnect() {
  PQreset(conn_);
  if (PQstatus(conn_) != CONNECTION_OK) return Fail(ErrorCode::kIoError, Text(PQerrorMessage(conn_)));
  return Ok();
}

bool Connection::IsAlive() const {
  return PQstatus(conn_) == CONNECTION_OK;
}

ExecuteOutcome Connection::Failed(const pg_result* result) const {
  if (!IsAlive()) {
    ExecuteOutcome lost = Lost();
    lost.error.message = ErrorOf(result).message;
    return lost;
  }
  return {ExecuteOutcome::Kind::kServerError, ErrorOf(result), std::nullopt};
}

ExecuteOutcome Connection::Lost() const {
  ServerError error;
  error.message = Text(PQerrorMessage(conn_));
  return {IsAlive() ? ExecuteOutcome::Kind::kServerError : ExecuteOutcome::Kind::kLost, error, std::nullopt};
}

void Connection::Cancel() {
  PGcancel* cancel = PQgetCancel(conn_);
  if (cancel == nullptr) return;
  char reason[256];
  PQcancel(cancel, reason, sizeof reason);
  PQfreeCancel(cancel);
}

Status Connection::TakeRows(const pg_result* result, bool first, ResultSink* sink) const {
  if (first) MR_TRY(sink->Columns(ColumnsOf(result)));
  for (int row = 0; row < PQntuples(result); ++row) MR_TRY(sink->Row(CellsOf(result, row)));
  return Ok();
}

Status Connection::TakeCopyOut(ResultSink* sink) {
  char* bytes = nullptr;
  for (;;) {
    const int size = PQgetCopyData(conn_, &bytes, /*async=*/0);
    if (size <= 0) return Ok();  // how it ended is told by the next result
    const Status taken = sink->CopyOut(std::string_view(bytes, static_cast<size_t>(size)));
    PQfreemem(bytes);
    MR_TRY(taken);
  }
}

Status Connection::GiveCopyIn(ResultSink* sink) {
  std::string bytes;
  for (;;) {
    const Result<bool> more = sink->CopyIn(&bytes);
    if (!more.has_value()) {
      PQputCopyEnd(conn_, more.error().message().c_str());
      return std::unexpected(more.error());
    }
    if (!*more) break;
    if (PQputCopyData(conn_, bytes.data(), static_cast<int>(bytes.size())) != 1) return Ok();
  }
  PQputCopyEnd(conn_, nullptr);
  return Ok();
}

ExecuteOutcome Connection::TakeResults(ResultSink* sink) {
  ExecuteOutcome outcome;
  bool has_columns = false;
  // What the sink refuses is cancelled, and the rest of the answer dropped.
  const auto check = [&](const Status& status) {
    if (status.has_value() || outcome.sink_error.has_value()) return;
    outcome.sink_error = status.error();
    Cancel();
  };
  for (;;) {
    // Only when nothing is at hand: each call moves all that has not been taken yet.
    if (PQisBusy(conn_) == 1 && PQconsumeInput(conn_) == 1 && PQisBusy(conn_) == 1 && !outcome.sink_error) {
      check(sink->Idle());
    }
    const ResultPtr result(PQgetResult(conn_));
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    switch (status) {
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK:
        if (!outcome.sink_error) check(TakeRows(result.get(), !has_columns, sink));
        has_columns = true;
        if (status == PGRES_TUPLES_OK) {
          if (!outcome.sink_error) check(sink->Done(true, PQcmdStatus(result.get())));
          has_columns = false;
        }
        break;
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
        if (!outcome.sink_error) check(sink->Done(false, PQcmdStatus(result.get())));
        break;
      case PGRES_COPY_OUT:
        check(TakeCopyOut(sink));
        // After a refusal what is still on its way is dropped.
        if (outcome.sink_error) {
          char* bytes = nullptr;
          while (PQgetCopyData(conn_, &bytes, 0) > 0) PQfreemem(bytes);
        }
        break;
      case PGRES_COPY_IN: {
        const Status given = GiveCopyIn(sink);
        if (!given.has_value() && !outcome.sink_error) outcome.sink_error = given.error();
        break;
      }
      default:
        if (outcome.ok()) {
          std::optional<Error> sink_error = std::move(outcome.sink_error);
          outcome = Failed(result.get());
          outcome.sink_error = std::move(sink_error);
        }
        break;
    }
    if (!IsAlive()) {
      if (outcome.kind != ExecuteOutcome::Kind::kLost) outcome = Lost();
      break;
    }
  }
  if (outcome.sink_error) outcome.kind = ExecuteOutcome::Kind::kSinkError;
  return outcome;
}

ExecuteOutcome Connection::Execute(const std::string& sql, ResultSink* sink) {
  const CancelByInterrupt cancel(conn_);
  if (PQsendQuery(conn_, sql.c_str()) != 1) return Lost();
  PQsetSingleRowMode(conn_);
  return TakeResults(sink);
}

Result<std::vector<std::vector<Cell>>> Connection::Query(const std::string& sql) {
  const CancelByInterrupt cancel(conn_);
  const ResultPtr result(PQexec(conn_, sql.c_str()));
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
    if (!IsAlive()) return Fail(ErrorCode::kIoError, Text(PQerrorMessage(conn_)));
    return Fail(ErrorCode::kInternal, ErrorOf(result.get()).message);
  }
  std::vector<std::vector<Cell>> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) rows.push_back(CellsOf(result.get(), row));
  return rows;
}

ExecuteOutcome Connection::StartCopyOut(const std::string& sql) {
  const CancelByInterrupt cancel(conn_);
  const ResultPtr result(PQexec(conn_, sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_COPY_OUT) return {};
  if (status == PGRES_FATAL_ERROR) return Failed(result.get());
  ExecuteOutcome outcome{ExecuteOutcome::Kind::kServerError, {}, std::nullopt};
  outcome.error.message = "the server answered COPY … TO STDOUT with something else";
  return outcome;
}

Connection::Poll Connection::PollCopyOut(std::string* record, ExecuteOutcome* outcome) {
  char* bytes = nullptr;
  int size = PQgetCopyData(conn_, &bytes, /*async=*/1);
  if (size == 0 && PQconsumeInput(conn_) == 1) size = PQgetCopyData(conn_, &bytes, /*async=*/1);
  if (size > 0) {
    record->assign(bytes, static_cast<size_t>(size));
    PQfreemem(bytes);
    return Poll::kRecord;
  }
  if (size == 0 && IsAlive()) return Poll::kNothing;
  *outcome = {};
  if (!IsAlive()) {
    *outcome = Lost();
    return Poll::kEnd;
  }
  while (const ResultPtr result{PQgetResult(conn_)}) {
    if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) *outcome = Failed(result.get());
    if (!IsAlive()) break;
  }
  return Poll::kEnd;
}

bool Connection::StopCopyOut() {
  Cancel();
  const env::RealClock clock;
  const int64_t end = clock.MonotonicMicros() + kStopMicros;
  std::string record;
  ExecuteOutcome outcome;
  while (clock.MonotonicMicros() < end) {
    if (PollCopyOut(&record, &outcome) == Poll::kEnd) return outcome.kind != ExecuteOutcome::Kind::kLost;
  }
  PQreset(conn_);
  return false;
}

std::string Connection::Database() const {
  return Text(PQdb(conn_));
}
std::string Connection::User() const {
  return Text(PQuser(conn_));
}
std::string Connection::Where() const {
  return fmt::format("{}:{}", Text(PQhost(conn_)), Text(PQport(conn_)));
}

std::string_view Connection::TransactionMark() const {
  switch (PQtransactionStatus(conn_)) {
    case PQTRANS_INTRANS:
      return "*";
    case PQTRANS_INERROR:
      return "!";
    default:
      return "";
  }
}

}  // namespace millrace::shell
