// FakeBackend and MemoryClient, for the tests and fuzz targets of the HTTP server: tables that keep text,
// statements that are answered by a function, and a client that talks to a Connection without a socket.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "data/text.h"
#include "env/clock.h"
#include "server/http/backend.h"
#include "server/http/connection.h"
#include "server/http/router.h"
#include "telemetry/metrics.h"

namespace millrace::server::http {

struct FakeTable {
  std::string name;
  data::Schema schema;
  formats::Options options;
  bool keeps_rows = true;
  bool is_visible_at_once = true;

  Mutex mutex;
  size_t batches_left MR_GUARDED_BY(mutex) = SIZE_MAX;  // that are taken before there is no room
  std::vector<std::string> rows MR_GUARDED_BY(mutex);   // "+I[1, a]"
  uint64_t row_count MR_GUARDED_BY(mutex) = 0;
  std::vector<std::string> dead_letters MR_GUARDED_BY(mutex);
  std::vector<Wake> room_waiters MR_GUARDED_BY(mutex);
  std::vector<Wake> visible_waiters MR_GUARDED_BY(mutex);

  // With a log, as it were: a push is taken when SettleFirst says so.
  struct UnderWay {
    std::string key;
    std::vector<std::string> rows;
    uint64_t row_count = 0;
    connectors::PushReceiptPtr receipt;
  };
  bool is_durable = false;
  size_t pushes MR_GUARDED_BY(mutex) = 0;
  std::deque<UnderWay> under_way MR_GUARDED_BY(mutex);
  std::map<std::string, uint64_t> taken_keys MR_GUARDED_BY(mutex);  // and how many rows it were

  void Take(UnderWay push) MR_REQUIRES(mutex) {
    row_count += push.row_count;
    for (std::string& row : push.rows) rows.push_back(std::move(row));
  }
  void SettleFirst(const Status& status = Ok()) {
    UnderWay first;
    {
      MutexLock lock(mutex);
      first = std::move(under_way.front());
      under_way.pop_front();
      const auto known = taken_keys.find(first.key);
      if (status && known != taken_keys.end()) {
        first.receipt->Repeat(known->second);
      } else if (status) {
        if (!first.key.empty()) taken_keys[first.key] = first.row_count;
        Take(first);
      }
    }
    first.receipt->End(status);
  }
  size_t PushesUnderWay() {
    MutexLock lock(mutex);
    return under_way.size();
  }

  // Makes room for so many batches, and tells who waits.
  void AllowBatches(size_t batches) {
    std::vector<Wake> wakes;
    {
      MutexLock lock(mutex);
      batches_left = batches;
      wakes.swap(room_waiters);
    }
    for (const Wake& wake : wakes) wake();
  }
  void ShowRows() {
    std::vector<Wake> wakes;
    {
      MutexLock lock(mutex);
      wakes.swap(visible_waiters);
    }
    for (const Wake& wake : wakes) wake();
  }
};

class FakeWriter final : public TableWriter {
 public:
  explicit FakeWriter(FakeTable* table) : table_(*table) {}
  const std::string& name() const override { return table_.name; }
  const data::Schema& schema() const override { return table_.schema; }
  const formats::Options& options() const override { return table_.options; }
  const data::TimeZone& zone() const override { return data::TimeZone::Utc(); }
  Result<size_t> TryPush(std::span<data::Batch> batches, const Wake& wake,
                         const connectors::PushReceiptPtr& receipt) override {
    MutexLock lock(table_.mutex);
    if (table_.batches_left == 0) {
      if (wake) table_.room_waiters.push_back(wake);
      return 0;
    }
    FakeTable::UnderWay push;
    size_t taken = 0;
    for (; taken < batches.size() && table_.batches_left > 0; ++taken) {
      if (table_.batches_left != SIZE_MAX) --table_.batches_left;
      push.row_count += batches[taken].rows;
      for (size_t row = 0; table_.keeps_rows && row < batches[taken].rows; ++row) {
        data::AppendRowText(batches[taken], row, {}, &push.rows.emplace_back());
      }
      batches[taken] = {};
    }
    ++table_.pushes;
    if (!table_.is_durable) {
      table_.Take(std::move(push));
      return taken;
    }
    receipt->Begin();
    push.receipt = receipt;
    table_.under_way.push_back(std::move(push));
    return taken;
  }
  bool is_durable() const override { return table_.is_durable; }
  Result<bool> TryPushOnce(std::span<data::Batch> batches, const std::string& key, const Wake& wake,
                           const connectors::PushReceiptPtr& receipt) override {
    {
      MutexLock lock(table_.mutex);
      if (table_.batches_left < batches.size()) {
        if (wake) table_.room_waiters.push_back(wake);
        return false;
      }
    }
    MR_ASSIGN(const size_t taken, TryPush(batches, wake, receipt));
    MutexLock lock(table_.mutex);
    if (taken > 0) table_.under_way.back().key = key;
    return taken > 0;
  }
  void Reject(const connectors::MalformedRecord& record, const Error&) override {
    MutexLock lock(table_.mutex);
    if (table_.keeps_rows) table_.dead_letters.emplace_back(record.bytes);
  }
  void WhenVisible(Wake done) override {
    if (table_.is_visible_at_once) return done();
    MutexLock lock(table_.mutex);
    table_.visible_waiters.push_back(std::move(done));
  }

 private:
  FakeTable& table_;
};

// Rows that are there from the start; then, with `is_open`, what is added later.
class FakeRows final : public session::ResultStream {
 public:
  FakeRows(data::Schema schema, std::vector<data::Batch> batches)
      : schema_(std::move(schema)), batches_(batches.begin(), batches.end()) {}
  const data::Schema& schema() const override { return schema_; }
  Result<Step> Next(const Wake& wake) override {
    if (!batches_.empty()) {
      Step step{Step::Kind::kBatch, std::move(batches_.front())};
      batches_.pop_front();
      return step;
    }
    if (error) return std::unexpected(*error);
    if (!is_open) return Step{Step::Kind::kEnd, {}};
    waiter = wake;
    return Step{Step::Kind::kLater, {}};
  }
  void Add(data::Batch batch) {
    batches_.push_back(std::move(batch));
    if (waiter) std::exchange(waiter, nullptr)();
  }

  bool is_open = false;
  std::optional<Error> error;  // after the batches
  Wake waiter;

 private:
  const data::Schema schema_;
  std::deque<data::Batch> batches_;
};

class FakeBackend final : public Backend {
 public:
  Result<Caller> Authenticate(const std::optional<std::string>& token, const Peer& peer) override {
    if (!token && trusts_loopback && peer.is_loopback) return Caller{"millrace", true};
    if (token && *token == "secret") return Caller{"app", false};
    return Fail(ErrorCode::kInvalidAuthorization, token ? "the token is not known" : "a token is needed");
  }
  Result<std::unique_ptr<TableWriter>> OpenTable(const Caller&, std::string_view name) override {
    for (auto& table : tables) {
      if (table->name == name) return std::make_unique<FakeWriter>(table.get());
    }
    return Fail(ErrorCode::kUndefinedTable, "there is no table '" + std::string(name) + "'");
  }
  Result<Relation> Describe(const Caller&, std::string_view name) override {
    for (const Relation& relation : relations) {
      if (relation.schema_name + "." + relation.name == name) return relation;
    }
    return Fail(ErrorCode::kUndefinedTable, "there is no view '" + std::string(name) + "'");
  }
  Result<std::unique_ptr<SqlClient>> OpenClient(const Caller&) override {
    return std::make_unique<Client>(this);
  }
  void CollectMetrics() override {}
  Status Ready() override { return ready; }

  FakeTable& AddTable(std::string name, data::Schema schema, formats::Options options = {}) {
    tables.push_back(std::make_unique<FakeTable>());
    tables.back()->name = std::move(name);
    tables.back()->schema = std::move(schema);
    tables.back()->options = std::move(options);
    return *tables.back();
  }

  bool trusts_loopback = true;
  std::vector<std::unique_ptr<FakeTable>> tables;
  std::vector<Relation> relations;
  std::function<Result<SqlResult>(const SqlStatement&)> on_execute = [](const SqlStatement&) {
    return SqlResult{.tag = "SET"};
  };
  Status ready;
  int cancels = 0;
  int64_t statement_micros_max = 0;  // of the role
  int open_clients = 0;

 private:
  class Client final : public SqlClient {
   public:
    explicit Client(FakeBackend* backend) : backend_(*backend) { ++backend_.open_clients; }
    ~Client() override { --backend_.open_clients; }
    Result<SqlResult> Execute(const SqlStatement& statement) override {
      return backend_.on_execute(statement);
    }
    void Cancel() override { ++backend_.cancels; }
    int64_t time_micros_max() const override { return backend_.statement_micros_max; }

   private:
    FakeBackend& backend_;
  };
};

// A connection and its other side, on one thread and a simulated clock.
class MemoryClient {
 public:
  explicit MemoryClient(const HttpLimits& chosen = {}, RouterOptions options = {})
      : limits(chosen), metrics(&registry), router(&backend, &limits, &clock, &metrics, std::move(options)) {}
  ~MemoryClient() {
    if (connection != nullptr) connection->Abandon();
  }

  void Open(Peer peer = {"127.0.0.1:1", true}) {
    connection = std::make_unique<Connection>(
        Connection::Context{.limits = &limits, .clock = &clock, .router = &router, .metrics = &metrics},
        std::move(peer), [this] { is_woken = true; });
  }
  // Sends bytes in pieces of at most `piece`, as far as the connection takes them, and runs what it wants.
  void Send(std::string_view bytes, size_t piece = SIZE_MAX) {
    if (connection == nullptr) Open();
    unsent += bytes;
    Pump(piece);
  }
  void SendEnd() {
    connection->ReceivedEnd();
    Pump();
  }
  void Advance(int64_t micros) {
    clock.Advance(micros);
    Pump();
    if (connection->deadline() != env::kForever && connection->deadline() <= clock.MonotonicMicros()) {
      connection->Resume();
    }
    Pump();
  }
  void Pump(size_t piece = SIZE_MAX) {
    for (bool has_moved = true; has_moved;) {
      has_moved = false;
      if (std::exchange(is_woken, false)) {
        connection->Resume();
        has_moved = true;
      }
      if (reads) {
        for (std::string_view out = connection->Output(); !out.empty(); out = connection->Output()) {
          received += out;
          connection->Sent(out.size());
          has_moved = true;
        }
      }
      if (runs_jobs) {
        if (auto job = connection->TakeJob()) {
          job();
          connection->JobDone();
          has_moved = true;
        }
      }
      if (!unsent.empty()) {
        const std::span<std::byte> room = connection->Room();
        const size_t bytes = std::min({room.size(), unsent.size(), piece});
        if (bytes > 0) {
          std::memcpy(room.data(), unsent.data(), bytes);
          unsent.erase(0, bytes);
          connection->Received(bytes);
          has_moved = true;
        }
      }
    }
  }
  // What has been received since the last call.
  std::string Take() { return std::exchange(received, {}); }
  // Sends a request and takes its answer.
  std::string Ask(std::string_view request, size_t piece = SIZE_MAX) {
    Send(request, piece);
    return Take();
  }

  HttpLimits limits;
  env::SimulatedClock clock{1'000'000'000'000'000};
  telemetry::MetricsRegistry registry;
  HttpMetrics metrics;
  FakeBackend backend;
  Router router;
  std::unique_ptr<Connection> connection;
  std::string unsent;
  std::string received;
  bool is_woken = false;
  bool reads = true;
  bool runs_jobs = true;
};

// The parts of an answer.
inline int StatusIn(std::string_view answer) {
  return answer.size() > 12 ? std::atoi(std::string(answer.substr(9, 3)).c_str()) : 0;
}
inline std::string HeadOf(std::string_view answer) {
  return std::string(answer.substr(0, answer.find("\r\n\r\n")));
}
inline std::string BodyOf(std::string_view answer) {
  const size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(answer.substr(end + 4));
}

}  // namespace millrace::server::http
