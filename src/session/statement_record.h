// StatementRecord: what a warehouse keeps of one statement that made something, to make it again at the next
// start; and its bytes (docs/formats/catalog.md). Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"

namespace millrace::session {

struct StatementRecord {
  enum class Kind : uint8_t {
    kSchema = 1,
    kTable = 2,
    kView = 3,
    kMaterializedView = 4,
    kJob = 5,            // INSERT or STATEMENT SET
    kDroppedSchema = 6,  // of those that are there from the start
  };
  enum class State : uint8_t {
    kActive = 1,
    kFailed = 2,  // a job that ended with an error: it is not started again
    kEnded = 3,   // a job of a file of the start that is done: the file does not start it again
  };

  uint64_t id = 0;
  uint32_t ids = 1;  // it takes so many: a STATEMENT SET one for each INSERT
  Kind kind = Kind::kTable;
  State state = State::kActive;
  bool of_start = false;     // said by a file of the start
  catalog::ObjectName name;  // of a schema only `schema`; of a job empty
  std::string text;          // the statement, without a semicolon
  // What is run in its place, where what it names may go while what it made stays (LIKE); else empty.
  std::string expanded_text;
  std::string current_schema;
  std::vector<std::pair<std::string, std::string>> settings;  // those that were set
  // Of a job: the tables that it writes to, and what its queries name directly.
  std::vector<catalog::ObjectName> names;
  std::string error;  // why a job failed

  friend bool operator==(const StatementRecord&, const StatementRecord&) = default;

  std::string Encode() const;
  // kDataCorrupted for bytes that are not what Encode gives.
  static Result<StatementRecord> Decode(std::string_view bytes);

  // For messages: "materialized view 'dws.by_city'", "job 12 (INSERT INTO ...)".
  std::string Describe() const;
};

// The statement without comments and with one space between its parts: what makes two texts the same
// statement. The text itself where it cannot be cut into parts.
std::string NormalStatement(std::string_view text);

}  // namespace millrace::session
