// The .slt test format: streaming SQL tests as text.
//
// A file is a list of records separated by blank lines; lines that begin with '#' are comments. Records:
//
//   statement ok                       statement error
//   CREATE TABLE ...                   SELECT nope FROM t
//                                      ----
//                                      42703 at line 1, column 8: ...    (the whole message, HINT line
//                                      included)
//
//   query [rowsort]                    explain
//   SELECT a, b FROM v                 SELECT a FROM t
//   ----                               ----
//   1|beijing                          the plan's lines
//
//   feed orders [partition 1]          watermark orders 2020-01-01 00:00:05
//   +I [1, "beijing"]                  finish orders
//   -D {"id": 1, "city": "beijing"}
//                                      print [rowsort]
//   advance 10 min                     ----
//                                      +I[1, beijing]     (what print tables wrote since the last such
//                                      record)
//
//   onlyif batch1   /   skipif shards2     before a record: it counts in that mode only, or in all others
//   halt                                   ends the file; behind onlyif or skipif in those modes
//
// A query's values are joined by '|'; nulls are NULL, empty strings (empty). Rows of a feed are JSON
// arrays in the order of the table's physical columns, or JSON objects, after an optional row kind. SQL runs
// to the next "----" or blank line. Each file runs in a warehouse of its own, whose clock is the machine's
// until `advance` sets it ahead: for what depends on how long something has been quiet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::session {

struct SltRecord {
  enum class Kind : uint8_t {
    kOk,
    kError,
    kQuery,
    kExplain,
    kFeed,
    kWatermark,
    kFinish,
    kPrint,
    kAdvance,
    kHalt
  };
  Kind kind = Kind::kOk;
  int line = 0;
  std::string sql;       // of statements, queries, explain
  std::string table;     // of feed, watermark, finish
  std::string argument;  // of watermark: the time; of advance: the duration
  int partition = 0;     // of feed
  bool sort = false;
  std::vector<std::string> expected;  // lines below ----; of feed: the rows
  std::vector<std::string> only_in;   // modes; empty: all
  std::vector<std::string> not_in;
};

// Errors name the line.
Result<std::vector<SltRecord>> ParseSlt(std::string_view text);

}  // namespace millrace::session
