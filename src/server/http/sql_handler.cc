#include "server/http/sql_handler.h"

#include <fmt/format.h>

#include <utility>

#include "base/json_text.h"
#include "formats/json_cursor.h"
#include "formats/line_decoder.h"

namespace millrace::server::http {
namespace {

using formats::JsonCursor;

// The rows of a result as they come. Keeps the client: its rows must not outlive it.
class ResultBody final : public BodyStream {
 public:
  ResultBody(std::shared_ptr<SqlClient> client, SqlResult result, ResultFormat format)
      : client_(std::move(client)),
        result_(std::move(result)),
        writer_(ResultWriter::Make(format, result_.rows->schema())) {}

  Result<Step> Produce(std::string* out, const Wake& wake) override {
    if (!std::exchange(has_begun_, true)) writer_->Begin(out);
    while (out->size() < kAnswerPieceBytes) {
      MR_ASSIGN(session::ResultStream::Step step, result_.rows->Next(wake));
      if (step.kind == session::ResultStream::Step::Kind::kLater) return Step::kLater;
      if (step.kind == session::ResultStream::Step::Kind::kEnd) {
        if (result_.counts_rows) result_.tag += fmt::format(" {}", rows_);
        writer_->End(result_.tag, result_.warnings, out);
        return Step::kEnd;
      }
      rows_ += step.batch.rows;
      writer_->Append(step.batch, out);
    }
    return Step::kMore;
  }
  bool blocks() const override { return true; }
  void Cancel() override { client_->Cancel(); }

 private:
  const std::shared_ptr<SqlClient> client_;
  SqlResult result_;
  const std::unique_ptr<ResultWriter> writer_;
  bool has_begun_ = false;
  uint64_t rows_ = 0;
};

Response AnswerStatement(const std::shared_ptr<SqlClient>& client, const SqlStatement& statement,
                         ResultFormat format, const Wake& wake) {
  Result<SqlResult> result = client->Execute(statement);
  if (!result) return ErrorResponse(result.error());
  Response response;
  response.content_type = ResultMediaTypes()[static_cast<size_t>(format)];
  if (result->rows == nullptr) {
    response.content_type = "application/json";
    response.body = "{\"tag\":";
    AppendJsonString(result->tag, &response.body);
    AppendWarnings(result->warnings, &response.body);
    response.body += "}\n";
    return response;
  }
  // The first piece is made here: most results are no longer, and an error still has its own status.
  auto body = std::make_unique<ResultBody>(client, std::move(*result), format);
  const auto step = body->Produce(&response.body, wake);
  if (!step) return ErrorResponse(step.error());
  if (*step != BodyStream::Step::kEnd) response.stream = std::move(body);
  return response;
}

class StatementHandler final : public CollectingHandler {
 public:
  StatementHandler(std::shared_ptr<SqlClient> client, SqlStatement statement, ResultFormat format, Wake wake)
      : CollectingHandler(0),
        client_(std::move(client)),
        statement_(std::move(statement)),
        format_(format),
        wake_(std::move(wake)) {}
  bool answer_blocks() const override { return true; }
  int64_t time_micros_max() const override { return client_->time_micros_max(); }
  Response Answer() override { return AnswerStatement(client_, statement_, format_, wake_); }
  void Cancel() override { client_->Cancel(); }

 private:
  const std::shared_ptr<SqlClient> client_;
  const SqlStatement statement_;
  const ResultFormat format_;
  const Wake wake_;
};

class SqlHandler final : public CollectingHandler {
 public:
  SqlHandler(std::shared_ptr<SqlClient> client, ResultFormat format, uint64_t bytes_max, Wake wake)
      : CollectingHandler(bytes_max), client_(std::move(client)), format_(format), wake_(std::move(wake)) {}
  bool answer_blocks() const override { return true; }
  int64_t time_micros_max() const override { return client_->time_micros_max(); }
  Response Answer() override {
    const Result<SqlStatement> statement = ParseSqlBody(TakeBody());
    if (!statement) return ErrorResponse(400, statement.error());
    return AnswerStatement(client_, *statement, format_, wake_);
  }
  void Cancel() override { client_->Cancel(); }

 private:
  const std::shared_ptr<SqlClient> client_;
  const ResultFormat format_;
  const Wake wake_;
};

// ------------------------------------------------------------------------------------ the body

std::unexpected<Error> WrongBody(std::string message) {
  return Fail(ErrorCode::kInvalidText, std::move(message), R"(send {"sql": "SELECT $1", "parameters": [1]})");
}

std::string Unescape(std::string_view raw) {
  std::string text(raw.size(), '\0');
  text.resize(formats::UnescapeJson(raw, text.data()));
  return text;
}

Result<std::string> TakeText(JsonCursor& cursor, const char* begin) {
  std::string_view raw;
  bool is_escaped = false;
  if (!cursor.TakeString(&raw, &is_escaped)) return std::unexpected(cursor.Failure(begin));
  return Unescape(raw);
}

Result<Parameter> TakeParameter(JsonCursor& cursor, const char* begin, size_t number) {
  const char first = cursor.Peek();
  if (first == '"') {
    MR_ASSIGN(std::string text, TakeText(cursor, begin));
    return Parameter(std::move(text));
  }
  if (first == '[' || first == '{') {
    return WrongBody(fmt::format("parameter {} is neither a string, number, boolean nor null", number));
  }
  const char* const start = cursor.position();
  if (!cursor.SkipValue(0)) return std::unexpected(cursor.Failure(begin));
  std::string text(start, cursor.position());
  if (text == "null") return Parameter();
  return Parameter(std::move(text));
}

Status TakeParameters(JsonCursor& cursor, const char* begin, std::vector<Parameter>* parameters) {
  if (cursor.Peek() != '[') return WrongBody("\"parameters\" is not an array");
  cursor.Take('[');
  cursor.SkipSpace();
  while (cursor.Peek() != ']') {
    MR_ASSIGN(Parameter parameter, TakeParameter(cursor, begin, parameters->size() + 1));
    parameters->push_back(std::move(parameter));
    cursor.SkipSpace();
    if (cursor.Peek() != ']' && !cursor.Take(',')) return std::unexpected(cursor.Failure(begin));
    cursor.SkipSpace();
  }
  cursor.Take(']');
  return {};
}

}  // namespace

Result<SqlStatement> ParseSqlBody(std::string_view body) {
  if (!formats::IsValidUtf8(body)) return WrongBody("the body is not UTF-8");
  const char* const begin = body.data();
  JsonCursor cursor(begin, begin + body.size());
  SqlStatement statement;
  bool has_sql = false;
  cursor.SkipSpace();
  if (cursor.Peek() != '{') return WrongBody("the body is not a JSON object");
  cursor.Take('{');
  cursor.SkipSpace();
  while (cursor.Peek() != '}') {
    MR_ASSIGN(const std::string key, TakeText(cursor, begin));
    cursor.SkipSpace();
    if (!cursor.Take(':')) return std::unexpected(cursor.Failure(begin));
    cursor.SkipSpace();
    if (key == "sql") {
      if (cursor.Peek() != '"') return WrongBody("\"sql\" is not a string");
      MR_ASSIGN(statement.text, TakeText(cursor, begin));
      has_sql = true;
    } else if (key == "parameters") {
      statement.parameters.clear();
      MR_TRY(TakeParameters(cursor, begin, &statement.parameters));
    } else {
      return WrongBody(fmt::format("\"{}\" is not known", key));
    }
    cursor.SkipSpace();
    if (cursor.Peek() != '}' && !cursor.Take(',')) return std::unexpected(cursor.Failure(begin));
    cursor.SkipSpace();
  }
  cursor.Take('}');
  cursor.SkipSpace();
  if (!cursor.AtEnd()) return WrongBody("the body goes on behind its object");
  if (!has_sql) return WrongBody("the body has no \"sql\"");
  return statement;
}

std::unique_ptr<Handler> MakeStatementHandler(std::shared_ptr<SqlClient> client, SqlStatement statement,
                                              ResultFormat format, Wake wake) {
  return std::make_unique<StatementHandler>(std::move(client), std::move(statement), format, std::move(wake));
}

std::unique_ptr<Handler> MakeSqlHandler(std::shared_ptr<SqlClient> client, ResultFormat format,
                                        const HttpLimits& limits, Wake wake) {
  return std::make_unique<SqlHandler>(std::move(client), format, limits.sql_body_bytes, std::move(wake));
}

}  // namespace millrace::server::http
