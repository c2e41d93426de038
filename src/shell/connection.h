// The shell's connection to a server, over libpq: statements whose results come row by row, COPY both ways,
// cancellation by Ctrl-C, and a connection that can be made again. One thread; the signal handler cancels.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "shell/error_text.h"
#include "shell/table_printer.h"

struct pg_conn;
struct pg_result;

namespace millrace::shell {

// What is empty is taken from the URL, then from PGHOST and its kin, then: localhost, 5433, millrace,
// millrace.
struct ConnectOptions {
  std::string url;  // postgresql://user:password@host:port/database?parameter=value, or a database's name
  std::string host;
  std::string port;
  std::string user;
  std::string database;
};

// Takes what a statement answers. An error ends the statement (it is cancelled) and is what Execute gives.
class ResultSink {
 public:
  virtual ~ResultSink() = default;
  virtual Status Columns(std::vector<ResultColumn> columns) = 0;
  virtual Status Row(std::vector<Cell> cells) = 0;
  // Nothing is there now; it may be shown what has come so far.
  virtual Status Idle() = 0;
  // Behind the rows, if there were columns; and the command tag of every statement, e.g. "INSERT 0 3".
  virtual Status Done(bool had_columns, std::string_view tag) = 0;
  virtual Status CopyOut(std::string_view bytes) = 0;
  // Replaces *bytes by the next of COPY FROM STDIN; false at their end.
  virtual Result<bool> CopyIn(std::string* bytes) = 0;
};

struct ExecuteOutcome {
  enum class Kind : uint8_t { kDone, kServerError, kLost, kSinkError };
  Kind kind = Kind::kDone;
  ServerError error;  // of the server; kLost: message alone
  std::optional<Error> sink_error;

  bool ok() const { return kind == Kind::kDone; }
};

class Connection {
 public:
  explicit Connection(std::function<void(const ServerError&)> on_notice);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // kIoError with libpq's reason, which names host and port.
  Status Connect(const ConnectOptions& options);
  // The same connection again, e.g. when it was lost.
  Status Reconnect();
  bool IsAlive() const;

  ExecuteOutcome Execute(const std::string& sql, ResultSink* sink);
  // Rows of a query of the shell's own. kIoError if the connection is lost, kInternal with the server's
  // message.
  Result<std::vector<std::vector<Cell>>> Query(const std::string& sql);

  // COPY … TO STDOUT that is polled: what follows a live view.
  ExecuteOutcome StartCopyOut(const std::string& sql);
  enum class Poll : uint8_t { kRecord, kNothing, kEnd };
  // kEnd: *outcome says how it ended.
  Poll PollCopyOut(std::string* record, ExecuteOutcome* outcome);
  // Cancels it and takes what is still on its way. False if the connection had to be made again.
  bool StopCopyOut();

  std::string Database() const;
  std::string User() const;
  std::string Where() const;  // "host:port"
  // "" outside of a transaction block, "*" inside, "!" in a failed one.
  std::string_view TransactionMark() const;

 private:
  ExecuteOutcome TakeResults(ResultSink* sink);
  ExecuteOutcome Failed(const pg_result* result) const;
  ExecuteOutcome Lost() const;
  Status TakeRows(const pg_result* result, bool first, ResultSink* sink) const;
  Status TakeCopyOut(ResultSink* sink);
  Status GiveCopyIn(ResultSink* sink);
  void Cancel();
  static void OnNotice(void* self, const pg_result* result);

  std::function<void(const ServerError&)> on_notice_;
  pg_conn* conn_ = nullptr;
};

// Ctrl-C: while a statement of a Connection runs, it is cancelled; in any case the mark is set.
void CatchInterrupts();
bool Interrupted();
void ForgetInterrupt();

}  // namespace millrace::shell
