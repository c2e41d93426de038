#include "server/http/change_events.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "server/http/http_limits.h"
#include "server/http/json_result.h"
#include "server/http/view_query.h"

namespace millrace::server::http {
namespace {

constexpr size_t kFirstColumn = 2;  // behind mr_epoch and mr_op

class ChangeBody final : public BodyStream {
 public:
  ChangeBody(std::shared_ptr<SqlClient> client, std::unique_ptr<session::ResultStream> rows,
             HttpMetrics* metrics)
      : client_(std::move(client)), rows_(std::move(rows)), metrics_(*metrics) {
    metrics_.subscriptions.Add(1);
  }
  ~ChangeBody() override { metrics_.subscriptions.Add(-1); }

  Result<Step> Produce(std::string* out, const Wake& wake) override {
    if (!std::exchange(has_begun_, true)) {
      *out += "event: columns\ndata: ";
      AppendJsonColumns(rows_->schema(), out, kFirstColumn);
      *out += "\n\n";
    }
    while (out->size() < kAnswerPieceBytes) {
      Result<session::ResultStream::Step> step = rows_->Next(wake);
      if (!step) {
        AppendEnd(step.error(), out);
        return Step::kEnd;
      }
      if (step->kind == session::ResultStream::Step::Kind::kEnd) return Step::kEnd;
      if (step->kind == session::ResultStream::Step::Kind::kLater) return Step::kLater;
      for (size_t row = 0; row < step->batch.rows; ++row) AppendRow(step->batch, row, out);
    }
    return Step::kMore;
  }
  void Cancel() override { client_->Cancel(); }
  std::string_view heartbeat() const override { return ": quiet\n\n"; }

 private:
  void AppendRow(const data::Batch& batch, size_t row, std::string* out) {
    const int64_t epoch = data::ColumnView<int64_t>(*batch.columns[0])[row];
    const data::StringRef op = data::ColumnView<data::StringRef>(*batch.columns[1])[row];
    auto append = std::back_inserter(*out);
    if (op.view() == "P") {
      if (!std::exchange(has_changes_, false)) return;  // an epoch without changes is of no interest
      fmt::format_to(append, "event: epoch\nid: {}\ndata: {{\"epoch\":{}}}\n\n", epoch, epoch);
      return;
    }
    has_changes_ = true;
    fmt::format_to(append, "event: change\nid: {}\ndata: {{\"op\":\"{}\",\"row\":", epoch, op.view());
    AppendJsonRow(rows_->schema(), batch, row, kFirstColumn, out);
    *out += "}\n\n";
  }

  static void AppendEnd(const Error& error, std::string* out) {
    const bool has_lagged = error.code() == ErrorCode::kConfigurationLimitExceeded;
    *out += has_lagged ? "event: lagged\ndata: " : "event: error\ndata: ";
    AppendErrorJson(error, out);
    *out += "\n\n";
  }

  const std::shared_ptr<SqlClient> client_;
  const std::unique_ptr<session::ResultStream> rows_;
  HttpMetrics& metrics_;
  bool has_begun_ = false;
  bool has_changes_ = true;  // the end of the snapshot is told even when it is empty
};

class ChangesHandler final : public CollectingHandler {
 public:
  ChangesHandler(std::shared_ptr<SqlClient> client, SqlStatement statement, HttpMetrics* metrics)
      : CollectingHandler(0),
        client_(std::move(client)),
        statement_(std::move(statement)),
        metrics_(*metrics) {}
  bool answer_blocks() const override { return true; }
  Response Answer() override {
    Result<SqlResult> result = client_->Execute(statement_);
    if (!result) return ErrorResponse(result.error());
    Response response;
    response.content_type = "text/event-stream";
    response.stream = std::make_unique<ChangeBody>(client_, std::move(result->rows), &metrics_);
    return response;
  }
  void Cancel() override { client_->Cancel(); }

 private:
  const std::shared_ptr<SqlClient> client_;
  const SqlStatement statement_;
  HttpMetrics& metrics_;
};

}  // namespace

Result<SqlStatement> MakeSubscription(const Relation& relation, const Request& request) {
  std::string snapshot = "true";
  for (const auto& [key, value] : request.query) {
    if (key != "snapshot" || (value != "true" && value != "false")) {
      return Fail(ErrorCode::kInvalidParameter, fmt::format("{}={} is not known here", key, value),
                  "there is snapshot=true or snapshot=false");
    }
    snapshot = value;
  }
  SqlStatement statement;
  statement.text = fmt::format("SUBSCRIBE TO {}.{} WITH (SNAPSHOT = {}, PROGRESS = true)",
                               QuoteName(relation.schema_name), QuoteName(relation.name), snapshot);
  return statement;
}

std::unique_ptr<Handler> MakeChangesHandler(std::shared_ptr<SqlClient> client, SqlStatement statement,
                                            HttpMetrics* metrics) {
  return std::make_unique<ChangesHandler>(std::move(client), std::move(statement), metrics);
}

}  // namespace millrace::server::http
