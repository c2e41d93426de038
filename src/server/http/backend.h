// Backend: what the HTTP server asks of the warehouse. The one of `millrace serve` is instance_backend.h;
// tests and fuzz targets have their own.
//
// Methods may be called from any thread, those of one object that they return from one at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "connectors/connector.h"
#include "connectors/ingest/push_receipt.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "data/schema.h"
#include "formats/format.h"
#include "server/http/response.h"
#include "session/result_stream.h"

namespace millrace::server::http {

// The other side of a connection.
struct Peer {
  std::string address;  // "127.0.0.1:51234", for messages
  bool is_loopback = false;
};

// In whose name a request is answered.
struct Caller {
  std::string role;
  bool is_trusted = false;  // came without a token, from this machine
};

// Rows into one table.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  virtual const std::string& name() const = 0;     // "public.orders"
  virtual const data::Schema& schema() const = 0;  // of the batches that it takes
  // The table's WITH clause; empty for a plain table.
  virtual const formats::Options& options() const = 0;
  virtual const data::TimeZone& zone() const = 0;
  // Takes batches, from the first on, as one push; how many they were. 0: no room, `wake` is called once when
  // there may be. An error is that of the first. Unless `receipt` is settled they are on their way to the
  // log, and in the table once it settles without an error.
  virtual Result<size_t> TryPush(std::span<data::Batch> batches, const Wake& wake,
                                 const connectors::PushReceiptPtr& receipt) = 0;
  // Whether rows are kept by a log, which can tell that a push is repeated.
  virtual bool is_durable() const = 0;
  // All batches as one push with a name, if the table is durable; false: no room. Of a push that has been
  // taken before `receipt` says so. Otherwise as TryPush.
  virtual Result<bool> TryPushOnce(std::span<data::Batch> batches, const std::string& key, const Wake& wake,
                                   const connectors::PushReceiptPtr& receipt) = 0;
  // A record that is no row goes to sys.dead_letters.
  virtual void Reject(const connectors::MalformedRecord& record, const Error& reason) = 0;
  // `done` is called, from any thread, when everything pushed before is visible.
  virtual void WhenVisible(Wake done) = 0;
};

// A parameter of a statement as text; nullopt: NULL.
using Parameter = std::optional<std::string>;

struct SqlStatement {
  std::string text;
  std::vector<Parameter> parameters;  // $1, $2, …
  // Their types; empty: as the statement says, by inference.
  std::vector<data::DataType> types;
};

struct SqlResult {
  std::string tag;                                        // "SELECT", "CREATE TABLE", …
  bool counts_rows = false;                               // the number of rows belongs behind the tag
  std::unique_ptr<session::ResultStream> rows = nullptr;  // null: the statement has none
  std::vector<std::string> warnings = {};
  const data::TimeZone* zone = &data::TimeZone::Utc();
};

// The statements of one request. Outlives the rows of its results.
class SqlClient {
 public:
  virtual ~SqlClient() = default;
  // May wait.
  virtual Result<SqlResult> Execute(const SqlStatement& statement) = 0;
  // Ends Execute and the reading of rows early with kCancelled. Any thread.
  virtual void Cancel() = 0;
  // How long a statement and its rows may take by the limits of the role; 0: as long as any request.
  virtual int64_t time_micros_max() const { return 0; }
};

// Something that rows can be read from.
struct Relation {
  std::string schema_name;
  std::string name;
  data::Schema columns;
};

class Backend {
 public:
  virtual ~Backend() = default;
  // kInvalidAuthorization (28000): no token where one is needed, or one that is not known.
  virtual Result<Caller> Authenticate(const std::optional<std::string>& token, const Peer& peer) = 0;
  // `name`: "orders" or "public.orders". kUndefinedTable, kInsufficientPrivilege; kNotSupported for what
  // takes no rows.
  virtual Result<std::unique_ptr<TableWriter>> OpenTable(const Caller& caller, std::string_view name) = 0;
  // A table or view. kUndefinedTable.
  virtual Result<Relation> Describe(const Caller& caller, std::string_view name) = 0;
  // kTooManyConnections past a limit.
  virtual Result<std::unique_ptr<SqlClient>> OpenClient(const Caller& caller) = 0;
  // The warehouse's metrics are brought up to date.
  virtual void CollectMetrics() = 0;
  // Ok: the statements of the start have run and no job has failed.
  virtual Status Ready() = 0;
};

}  // namespace millrace::server::http
