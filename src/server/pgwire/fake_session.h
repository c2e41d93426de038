// A SessionFactory for tests and fuzz targets: no warehouse, a few statements of its own. Their words:
//
//   numbers N            N rows (n BIGINT, t STRING): 1 and 'row 1', and so on; waits like any query
//   quick N              the same, and never waits
//   changed N            the same, but is described as (n BIGINT): its table was made anew since
//   echo [TYPE …]        its parameters, one row; types by those declared, else STRING
//   later N              N rows, one at each wake (FakeFactory::WakeAll)
//   hang                 waits for ever: until it is cancelled
//   fail C               an error at line 1, column C
//   fail after N         rows, then an error
//   copy in FORMAT       rows (n BIGINT, t STRING) into FakeFactory::copied
//   copy out FORMAT N    the rows of numbers N
//   set NAME VALUE       a parameter that is told to the client
//   warn                 gives a warning
//   begin, commit, rollback
//
// FORMAT is text, csv or binary. Header only, so that it is no part of the library.
#pragma once

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "data/batch_builder.h"
#include "server/pgwire/session_port.h"

namespace millrace::server::pgwire {

struct FakeState {
  Mutex mutex;
  CondVar changed;
  std::vector<Wake> waiting MR_GUARDED_BY(mutex);
  std::vector<data::Batch> copied MR_GUARDED_BY(mutex);
  bool refuses_rows MR_GUARDED_BY(mutex) = false;  // COPY's sink says that it has no room
  bool hangs MR_GUARDED_BY(mutex) = true;          // otherwise `hang` is cancelled at once
};

class FakeStatement final : public Statement {
 public:
  std::vector<std::string> words;
  std::vector<data::DataType> types;
  data::Schema rows;
  bool gives_rows = false;
  bool is_quick = false;

  const std::vector<data::DataType>& parameters() const override { return types; }
  bool has_rows() const override { return gives_rows; }
  const data::Schema& schema() const override { return rows; }
  bool quick() const override { return is_quick; }
  bool empty() const override { return words.empty(); }
};

inline data::Schema NumbersSchema() {
  return data::Schema({{"n", data::DataType::BigInt()}, {"t", data::DataType::String()}});
}

inline data::Batch NumbersBatch(int64_t first, int64_t last) {
  data::BatchBuilder builder(NumbersSchema());
  for (int64_t n = first; n <= last && !builder.IsFull(); ++n) {
    builder.column(0).Append<int64_t>(n);
    builder.column(1).AppendString("row " + std::to_string(n));
    builder.FinishRow();
  }
  return builder.Build();
}

class FakeRows final : public ResultStream {
 public:
  FakeRows(data::Schema schema, int64_t count, bool fails)
      : schema_(std::move(schema)), count_(count), fails_(fails) {}
  const data::Schema& schema() const override { return schema_; }
  Result<Step> Next(const Wake&) override {
    if (next_ > count_) {
      if (fails_) return Fail(ErrorCode::kDivisionByZero, "division by zero");
      return Step{};
    }
    Step step{Step::Kind::kBatch, NumbersBatch(next_, count_)};
    next_ += static_cast<int64_t>(step.batch.rows);
    return step;
  }

 private:
  data::Schema schema_;
  int64_t count_;
  int64_t next_ = 1;
  bool fails_;
};

class FakeSession final : public SessionPort {
 public:
  FakeSession(FakeState& state, const SessionRequest& request) : state_(state) {
    changes_ = {
        {"server_version", "15.0"}, {"client_encoding", "UTF8"}, {"session_authorization", request.role}};
  }

  std::vector<StatementText> Split(std::string_view text) const override {
    std::vector<StatementText> parts;
    size_t begin = 0;
    while (begin < text.size()) {
      const size_t end = std::min(text.find(';', begin), text.size());
      const size_t word = text.find_first_not_of(' ', begin);
      if (word != std::string_view::npos && word < end) {
        parts.push_back({text.substr(word, end - word), {1, static_cast<uint32_t>(word + 1)}});
      }
      begin = end + 1;
    }
    return parts;
  }

  Result<StatementPtr> Prepare(std::string_view text,
                               std::vector<std::optional<data::DataType>> types) override {
    if (transaction_ == TransactionState::kFailed && text != "rollback" && text != "commit") {
      return Fail(ErrorCode::kFailedTransaction, "current transaction is aborted");
    }
    auto statement = std::make_shared<FakeStatement>();
    std::istringstream words{std::string(text)};
    for (std::string word; words >> word;) statement->words.push_back(word);
    const std::string verb = statement->words.empty() ? "" : statement->words[0];
    const bool is_copy = verb == "copy";
    if (verb == "numbers" || verb == "quick" || verb == "later" || verb == "changed" ||
        (is_copy && Word(*statement, 1) == "out") || (verb == "fail" && Word(*statement, 1) == "after")) {
      statement->gives_rows = !is_copy;
      statement->rows = NumbersSchema();
      if (verb == "changed") statement->rows = data::Schema({{"n", data::DataType::BigInt()}});
    } else if (verb == "echo") {
      for (size_t i = 0; i < std::max(types.size(), statement->words.size() - 1); ++i) {
        statement->types.push_back(i < types.size() && types[i] ? *types[i] : data::DataType::String());
        statement->rows.Add("p" + std::to_string(i + 1), statement->types.back());
      }
      statement->gives_rows = true;
    } else if (verb == "fail") {
      const auto column = static_cast<uint32_t>(Number(*statement, 1));
      return Fail(ErrorCode::kUndefinedColumn, "no column 'x'", "there is y", {1, column});
    } else if (!statement->words.empty() &&
               !Contains({"hang", "copy", "set", "warn", "declare", "begin", "commit", "rollback"}, verb)) {
      return Fail(ErrorCode::kSyntaxError, "not a statement", {}, {1, 1});
    }
    statement->is_quick = Contains({"quick", "echo", "set", "begin", "commit", "rollback"}, verb);
    return statement;
  }

  Result<Outcome> Open(const StatementPtr& prepared, const std::vector<data::Value>& parameters) override {
    const auto& statement = dynamic_cast<const FakeStatement&>(*prepared);
    const std::string verb = statement.words.empty() ? "" : statement.words[0];
    Outcome outcome;
    if (verb == "begin" || verb == "commit" || verb == "rollback") {
      const bool failed = transaction_ == TransactionState::kFailed;
      transaction_ = verb == "begin" ? TransactionState::kInBlock : TransactionState::kIdle;
      outcome.tag = verb == "begin" ? "BEGIN" : verb == "commit" && !failed ? "COMMIT" : "ROLLBACK";
    } else if (verb == "numbers" || verb == "quick" || (verb == "fail" && !statement.words.empty())) {
      const bool fails = verb == "fail";
      outcome.tag = "SELECT";
      outcome.counts_rows = true;
      outcome.rows = std::make_unique<FakeRows>(statement.rows, Number(statement, fails ? 2 : 1), fails);
    } else if (verb == "changed") {
      outcome.tag = "SELECT";
      outcome.rows = std::make_unique<FakeRows>(NumbersSchema(), Number(statement, 1), false);
    } else if (verb == "later") {
      outcome.tag = "SUBSCRIBE";
      outcome.counts_rows = true;
      outcome.rows = std::make_unique<LaterRows>(*this, Number(statement, 1));
    } else if (verb == "echo") {
      data::BatchBuilder builder(statement.rows);
      for (size_t i = 0; i < parameters.size(); ++i) builder.column(i).AppendValue(parameters[i]);
      builder.FinishRow();
      outcome.tag = "SELECT";
      outcome.counts_rows = true;
      outcome.rows =
          std::make_unique<session::RowsStream>(statement.rows, std::vector<data::Batch>{builder.Build()});
    } else if (verb == "hang") {
      MutexLock lock(state_.mutex);
      while (!cancelled_ && state_.hangs) state_.changed.Wait(state_.mutex);
      cancelled_ = false;
      return Fail(ErrorCode::kCancelled, "canceling statement due to user request");
    } else if (verb == "set") {
      changes_.emplace_back(Word(statement, 1), Word(statement, 2));
      outcome.tag = "SET";
    } else if (verb == "declare") {
      cursors_.insert(Word(statement, 1));
      outcome.tag = "DECLARE CURSOR";
    } else if (verb == "warn") {
      outcome.tag = "WARN";
      outcome.warnings = {"not portable"};
    } else if (verb == "copy") {
      OpenCopy(statement, &outcome);
    }
    return outcome;
  }

  // "declare c" makes a cursor that gives numbers.
  const data::Schema* CursorSchema(std::string_view name) const override {
    return cursors_.contains(name) ? &numbers_ : nullptr;
  }
  void CloseCursor(std::string_view name) override {
    if (const auto found = cursors_.find(name); found != cursors_.end()) cursors_.erase(found);
  }
  void Cancel() override {
    {
      MutexLock lock(state_.mutex);
      cancelled_ = true;
    }
    state_.changed.NotifyAll();
  }
  TransactionState transaction() const override { return transaction_; }
  void FailTransaction() override { transaction_ = TransactionState::kFailed; }
  std::vector<std::pair<std::string, std::string>> TakeParameterChanges() override {
    return std::exchange(changes_, {});
  }
  void Rest() override {}
  const data::TimeZone& zone() const override { return data::TimeZone::Utc(); }
  int64_t statement_timeout_micros() const override { return 0; }

 private:
  class LaterRows final : public ResultStream {
   public:
    LaterRows(FakeSession& session, int64_t count)
        : session_(session), schema_(NumbersSchema()), count_(count) {}
    const data::Schema& schema() const override { return schema_; }
    Result<Step> Next(const Wake& wake) override {
      MutexLock lock(session_.state_.mutex);
      if (std::exchange(session_.cancelled_, false)) {
        return Fail(ErrorCode::kCancelled, "canceling statement due to user request");
      }
      if (next_ > count_) return Step{};
      if (!waited_) {
        waited_ = true;
        session_.state_.waiting.push_back(wake);
        session_.state_.changed.NotifyAll();
        return Step{Step::Kind::kLater};
      }
      waited_ = false;
      Step step{Step::Kind::kBatch, NumbersBatch(next_, next_)};
      ++next_;
      return step;
    }

   private:
    FakeSession& session_;
    data::Schema schema_;
    int64_t count_;
    int64_t next_ = 1;
    bool waited_ = false;
  };

  class Sink final : public session::CopyIn {
   public:
    explicit Sink(FakeState& state) : state_(state), schema_(NumbersSchema()) {}
    const data::Schema& schema() const override { return schema_; }
    Result<bool> TryPush(data::Batch* batch, const Wake& wake) override {
      MutexLock lock(state_.mutex);
      if (state_.refuses_rows) {
        state_.waiting.push_back(wake);
        state_.changed.NotifyAll();
        return false;
      }
      rows_ += static_cast<int64_t>(batch->rows);
      state_.copied.push_back(std::move(*batch));
      return true;
    }
    Result<int64_t> Finish() override { return rows_; }
    int64_t rows_taken() const override { return 0; }

   private:
    FakeState& state_;
    data::Schema schema_;
    int64_t rows_ = 0;
  };

  static bool Contains(std::initializer_list<std::string_view> words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
  }
  static std::string Word(const FakeStatement& statement, size_t i) {
    return i < statement.words.size() ? statement.words[i] : std::string();
  }
  static int64_t Number(const FakeStatement& statement, size_t i) {
    const std::string word = Word(statement, i);
    int64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    constexpr int64_t kNumberMax = 1'000'000;
    return std::clamp<int64_t>(number, 0, kNumberMax);
  }

  void OpenCopy(const FakeStatement& statement, Outcome* outcome) {
    CopyOptions options;
    const std::string format = Word(statement, 2);
    if (format == "csv") {
      options.format = CopyOptions::Format::kCsv;
      options.delimiter = ',';
      options.null_text = "";
    } else if (format == "binary") {
      options.format = CopyOptions::Format::kBinary;
    }
    outcome->tag = "COPY";
    outcome->copy = options;
    if (Word(statement, 1) == "in") {
      outcome->copy_in = std::make_unique<Sink>(state_);
    } else {
      outcome->counts_rows = true;
      outcome->rows = std::make_unique<FakeRows>(NumbersSchema(), Number(statement, 3), false);
    }
  }

  FakeState& state_;
  TransactionState transaction_ = TransactionState::kIdle;
  std::vector<std::pair<std::string, std::string>> changes_;
  std::set<std::string, std::less<>> cursors_;
  const data::Schema numbers_ = NumbersSchema();
  bool cancelled_ = false;  // guarded by state_.mutex
};

class FakeFactory final : public SessionFactory {
 public:
  std::map<std::string, std::string, std::less<>> verifiers;
  FakeState state;

  std::optional<std::string> ScramVerifier(std::string_view role) override {
    const auto found = verifiers.find(role);
    return found == verifiers.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::unique_ptr<SessionPort>> OpenSession(const SessionRequest& request) override {
    if (request.role == "nobody")
      return Fail(ErrorCode::kInvalidAuthorization, "role \"nobody\" does not exist");
    return std::make_unique<FakeSession>(state, request);
  }

  // Wakes whoever waits, once somebody does.
  void WakeAll() {
    std::vector<Wake> waiting;
    {
      MutexLock lock(state.mutex);
      while (state.waiting.empty()) state.changed.Wait(state.mutex);
      waiting.swap(state.waiting);
    }
    for (const Wake& wake : waiting) wake();
  }
};

}  // namespace millrace::server::pgwire
