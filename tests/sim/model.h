// What relations must hold: plain rows and plain definitions of queries over them, worked out in batch with
// nothing of the engine. A model of a query is a value; the same value gives the SQL text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sim {

// A BIGINT; a STRING "w<five digits>", as its number; a TIMESTAMP(3), in milliseconds since 1970.
enum class Type : uint8_t { kInt, kText, kTime };
struct Column {
  Type type = Type::kInt;
  bool is_nullable = false;
};
using Cell = std::optional<int64_t>;
using Row = std::vector<Cell>;
using Rows = std::vector<Row>;  // a multiset

// What was fed or pushed, in its order.
struct Change {
  Row row;
  bool is_delete = false;  // of the row with this key
  int partition = 0;
};

enum class FeedMode : uint8_t { kAppend, kUpsert };

struct Aggregate {
  enum class Kind : uint8_t { kCountAll, kCount, kSum, kMin, kMax, kCountDistinct };
  Kind kind = Kind::kCountAll;
  int column = 0;
};

// Columns of a relation are named c0, c1, ... and a query says by number which it takes.
struct Query {
  enum class Kind : uint8_t {
    kSelect,    // columns, filtered
    kGroup,     // by columns: aggregates
    kTopN,      // by columns[0]: the first `limit` of columns[1]
    kDistinct,  // columns
    kUnion,     // columns of the first input, other_columns of the second
    kWindow,    // of the feed's rowtime, and by columns: aggregates; closed windows only
    kLatest,    // columns of a feed: of each value of columns[0] the last row
  };
  Kind kind = Kind::kSelect;
  std::vector<std::string> inputs;
  std::vector<int> columns;
  std::vector<int> other_columns;
  // Rows whose `filter_column` modulo `modulus` is `remainder`; -1: all.
  int filter_column = -1;
  int64_t modulus = 1;
  int64_t remainder = 0;
  std::vector<Aggregate> aggregates;
  int64_t limit = 0;
  bool is_descending = false;
  // Of kWindow. TUMBLE if they are the same.
  int time_column = 0;
  int64_t size_ms = 0;
  int64_t step_ms = 0;
  int64_t delay_ms = 0;  // of the feed's watermarks
  int partitions = 1;    // of the feed
};

// What a query reads: of stored relations and feeds the rows, of feeds also how they came.
struct Inputs {
  std::map<std::string, Rows> rows;
  std::map<std::string, std::span<const Change>> changes;
  std::set<std::string> finished;  // feeds of which no more comes: all their windows close
};

// The rows that a feed stands for. The key is c0.
Rows RowsOf(std::span<const Change> changes, FeedMode mode);
Rows Evaluate(const Query& query, const Inputs& inputs);
// How many slices of `step_ms` have rows in windows of the query that have not closed.
size_t OpenSlices(const Query& query, std::span<const Change> changes);
std::vector<Column> ColumnsOf(const Query& query, const std::vector<Column>& input);
std::string SqlOf(const Query& query);

std::string TextOf(const Row& row);
// What is in one and not in the other, some lines of it; empty: they are the same.
std::string Difference(Rows expected, Rows found);

}  // namespace millrace::sim
