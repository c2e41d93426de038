// ResultStream, CopyIn and Outcome: what a statement gives to whoever sent it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/schema.h"

namespace millrace::session {

// Rows that are pulled batch by batch; by one thread at a time. Ends with its session at the latest.
class ResultStream {
 public:
  struct Step {
    enum class Kind : uint8_t {
      kBatch,
      kLater,  // nothing now
      kEnd,
    };
    Kind kind = Kind::kEnd;
    data::Batch batch = {};
  };
  virtual ~ResultStream() = default;
  virtual const data::Schema& schema() const = 0;
  // Only a subscription answers kLater: `wake` is then called once, from any thread, when it is time to ask
  // again. The others wait themselves, so they are not for a thread that must not.
  virtual Result<Step> Next(const std::function<void()>& wake) = 0;
};

// Rows that came with the statement.
class RowsStream final : public ResultStream {
 public:
  RowsStream(data::Schema schema, std::vector<data::Batch> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}
  const data::Schema& schema() const override { return schema_; }
  Result<Step> Next(const std::function<void()>&) override {
    if (next_ == batches_.size()) return Step{};
    return Step{Step::Kind::kBatch, std::move(batches_[next_++])};
  }

 private:
  data::Schema schema_;
  std::vector<data::Batch> batches_;
  size_t next_ = 0;
};

// Fails when there are more rows than its role may have; tells when it has ended or is let go.
class WatchedStream final : public ResultStream {
 public:
  WatchedStream(std::unique_ptr<ResultStream> rows, std::optional<int64_t> rows_max,
                std::function<void()> ended)
      : rows_(std::move(rows)), rows_max_(rows_max), ended_(std::move(ended)) {}
  ~WatchedStream() override { End(); }
  const data::Schema& schema() const override { return rows_->schema(); }
  Result<Step> Next(const std::function<void()>& wake) override {
    Result<Step> step = rows_->Next(wake);
    if (!step.has_value() || step->kind == Step::Kind::kEnd) {
      End();
      return step;
    }
    rows_given_ += static_cast<int64_t>(step->batch.rows);
    if (!rows_max_.has_value() || rows_given_ <= *rows_max_) return step;
    End();
    return Fail(ErrorCode::kProgramLimitExceeded,
                "the result has more than " + std::to_string(*rows_max_) + " rows, the limit of the role",
                "LIMIT, or ask for less");
  }

 private:
  void End() {
    if (!std::exchange(has_ended_, true)) ended_();
  }

  std::unique_ptr<ResultStream> rows_;
  const std::optional<int64_t> rows_max_;
  const std::function<void()> ended_;
  int64_t rows_given_ = 0;
  bool has_ended_ = false;
};

// How the bytes of COPY are written; those of PostgreSQL.
struct CopyOptions {
  enum class Format : uint8_t { kText, kCsv, kBinary };
  Format format = Format::kText;
  char delimiter = '\t';
  std::string null_text = "\\N";
  bool header = false;
  char quote = '"';
  char escape = '"';
};

// Takes the rows of COPY ... FROM STDIN; one thread at a time. Destroyed without Finish: none of them is in
// the table, but for rows_taken.
class CopyIn {
 public:
  virtual ~CopyIn() = default;
  // The columns that the client sends, in order.
  virtual const data::Schema& schema() const = 0;
  // Takes the batch. False: there is no room, and `wake` is called once, from any thread, when there may be.
  virtual Result<bool> TryPush(data::Batch* batch, const std::function<void()>& wake) = 0;
  // All rows have come. Waits until they can be read (at once within a transaction); how many they were.
  virtual Result<int64_t> Finish() = 0;
  // Rows that are in the table whatever happens to the others; more than none before Finish only when there
  // are too many to be kept until then.
  virtual int64_t rows_taken() const = 0;
};

struct Outcome {
  std::string tag;           // of the statement's end: "CREATE TABLE", "INSERT 0 3", "SELECT", ...
  bool counts_rows = false;  // the tag wants the number of rows that `rows` gave behind it
  std::unique_ptr<ResultStream> rows = nullptr;
  std::optional<CopyOptions> copy = std::nullopt;  // with `rows` they go out as COPY does
  std::unique_ptr<CopyIn> copy_in = nullptr;
  std::vector<std::string> warnings = {};
};

}  // namespace millrace::session
