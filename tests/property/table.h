// A random table: its columns, and the stream of changes that is fed into it.
//
// The batch side sees the table as the lives of its rows: which event brought the row, which one took it
// away, and the watermark that was in force before each of the two. The watermark is worked out here row by
// row, from nothing but the rowtimes: the highest rowtime of all earlier rows less the bound; of several
// partitions the lowest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/row_kind.h"
#include "data/type.h"
#include "data/value.h"
#include "property/random.h"
#include "property/zone.h"

namespace millrace::property {

// ms; "no watermark yet", and the end of time, such that sums with window sizes do not overflow.
inline constexpr int64_t kNoWatermark = -4'000'000'000'000'000;
inline constexpr int64_t kEndOfTime = 4'000'000'000'000'000;

struct Column {
  std::string name;
  data::DataType type;
};

struct Event {
  data::RowKind kind;
  std::vector<data::Value> values;
  int partition = 0;
};

struct RowLife {
  std::vector<data::Value> values;
  int64_t sequence = 0;
  int64_t watermark_ms = kNoWatermark;  // before the event that brought it
  std::optional<int64_t> end_sequence;
  int64_t end_watermark_ms = 0;  // before the event that took it away
};

enum class Changes : uint8_t {
  kInserts,  // 'I'
  kUpserts,  // 'I,UA,D', with a primary key
  kRetracts  // 'I,UB,UA,D'
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  int rowtime = -1;  // -1: no event time
  int64_t bound_ms = 0;
  int partitions = 1;                   // of the source; the watermark is the lowest of theirs
  Changes changes = Changes::kInserts;  // of kUpserts the first column is the key
  std::vector<Event> events;
  std::vector<RowLife> lives;

  // Before event i; before the event after the last.
  std::vector<int64_t> watermarks_ms;
};

// What is drawn apart from the rest.
struct TableExtras {
  const Zone* zone = nullptr;  // of a TIMESTAMP_LTZ rowtime, if it has one
  int partitions = 1;
  uint64_t seed = 0;
};

Table MakeTable(Random& random, const std::string& name, const TableExtras& extras);

// CREATE TABLE for Millrace.
std::string CreateText(const Table& table);
// CREATE TABLE and INSERT for DuckDB: <name>_lives, with the columns and seq_, wm_, dseq_, dwm_.
std::vector<std::string> DuckTexts(const Table& table);

// Events [begin, end) as a batch.
data::Batch BatchOf(const Table& table, size_t begin, size_t end);
// "+I[1, a, NULL]"
std::string EventText(const Table& table, const Event& event);

// How each side writes a type and a value of it.
std::string FlinkType(const data::DataType& type);
std::string DuckType(const data::DataType& type);
std::string FlinkLiteral(const data::DataType& type, const data::Value& value);
std::string DuckLiteral(const data::DataType& type, const data::Value& value);

data::Value RandomValue(Random& random, const data::DataType& type);
data::DataType RandomType(Random& random);

}  // namespace millrace::property
