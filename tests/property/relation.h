// Relations: what a query can read, under the same name on both sides, and the views that make them.
//
// On the batch side a relation may have columns more than the streaming side knows: seq_, when its row
// arrived; wm_ and dwm_, the watermark (ms) before the row came and before it was taken away. One that has
// watermarks is there a second time as <name>_all, with the rows that have been taken away as well: a window
// that had closed before counts them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "property/table.h"

namespace millrace::property {

struct Relation {
  std::string name;
  std::vector<Column> columns;
  bool append_only = false;
  bool has_sequence = false;    // seq_, and the streaming side keeps that order
  bool has_watermarks = false;  // wm_ and dwm_
  int rowtime = -1;             // a column whose rows come under a watermark
  bool is_ltz = false;          // windows are on the zone's clock
  std::string time_name;  // the column that was the rowtime of the table, also where a window has taken over
  std::string clock;      // the table whose watermark that is
  // A window's bounds, of rows that go out when it closes or that only bear it.
  int window_start = -1;
  int window_end = -1;
  // Grouping by both makes a query one of that window, and lateness a question; but the batch side no longer
  // knows which rows were late.
  bool lost_lateness = false;
  std::vector<int> unique_key;  // no two rows agree on these; empty: none is known
};

// Sessions are found row by row before a batch query can be asked: in `table` (seq_, window_start,
// window_end), from the rows of `source` with its columns `keys`.
// Late rows go to `late_table` (window_start, window_end, row_time, watermark, as TIMESTAMP on the windows'
// clock).
struct SessionStep {
  std::string table;
  std::string late_table;
  std::string source;
  std::string keys;  // ", "-separated columns, may be empty
  std::string rowtime;
  int64_t gap_ms = 0;
  const Zone* zone = nullptr;  // null: rowtimes are on the windows' clock
};

struct View {
  std::string name;
  bool materialized = false;
  std::string flink;  // the query
  std::string duck;
  std::string duck_all;  // empty: the relation has no watermarks
  std::vector<Column> columns;
  std::vector<SessionStep> sessions;
  // What sys.late_rows must hold of the view: window_start, window_end, row_time, watermark. Empty: not
  // known.
  std::string duck_late;
  std::string kind;  // "top-n", ...: what it is a case of
};

struct Case {
  uint64_t seed = 0;
  const Zone* zone = nullptr;  // table.local-time-zone
  bool early_fire = false;
  bool state_ttl = false;  // one that is longer than the run
  bool forgets = false;    // one that runs out between comparisons; the one view is of the kind for it
  // The changes of the last view go into a print table as well, from the view or its query.
  enum class Changelog : uint8_t { kNone, kOfView, kOfQuery };
  Changelog changelog = Changelog::kNone;
  std::vector<Table> tables;
  std::vector<View> views;
  int shards = 1;
  int threads = 1;
  int64_t batch_rows = 2048;
  size_t feed_rows_max = 1;  // most rows pushed at once
  size_t settles = 0;        // comparisons on the way
};

Case MakeCase(uint64_t seed);

inline const std::string& NameOf(const Relation& relation, int column) {
  return relation.columns[static_cast<size_t>(column)].name;
}

// The watermark of a clock at the time of the comparison, as a DuckDB expression.
std::string ClockText(const std::string& clock);

}  // namespace millrace::property
