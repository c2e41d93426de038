// Source and Sink: how rows enter and leave Millrace; and the registry that makes them from the WITH
// clause of a table.
//
// A Source is read by offset: its position is a string that a checkpoint keeps and Seek takes back. It
// never starts threads. A Sink takes the changelog of one INSERT. Both are driven by one thread at a
// time, which need not always be the same.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "data/datetime.h"
#include "data/schema.h"
#include "env/env.h"

namespace millrace::log {
class Log;
}

namespace millrace::connectors {

class FeedHub;      // feed/feed_hub.h
class IngestHub;    // ingest/ingest_point.h
class PrintOutput;  // print/print_output.h
class RowPin;       // ingest/row_log.h
class WholeFiles;   // whole_files.h

// Which kinds of rows a table gives, or takes.
enum class ChangelogMode : uint8_t {
  kAppend,   // +I only
  kUpsert,   // +I, +U, -D by the primary key; no -U
  kRetract,  // +I, -U, +U, -D: everything
};

// What the WITH clause says, as written and in that order; 'connector' is one of them.
struct TableOptions {
  std::string table;  // full name, for messages
  std::vector<std::pair<std::string, std::string>> with;

  // The value of a key, or nullptr.
  const std::string* Find(std::string_view key) const;
};

// A column `name type METADATA [FROM 'key']`.
struct MetadataColumn {
  std::string name;
  std::string key;
  data::DataType type;
};

struct TableColumns {
  data::Schema physical;                    // all of the table's, in the order of their declaration
  std::vector<MetadataColumn> metadata;     // those that are read (or, for a sink, written)
  std::vector<std::string> partition_keys;  // PARTITIONED BY (…): names of physical columns
  std::vector<std::string> primary_key;     // names of physical columns
};

// ---------------------------------------------------------------------------------------- reading

// A record that is not a row: it goes to sys.dead_letters with its bytes.
struct MalformedRecord {
  std::string_view origin;  // the file's path, the peer's address, …; may be empty
  uint64_t offset = 0;      // of its first byte in the origin (compressed: in what it unpacks to)
  std::string_view bytes;   // the whole record, or its first limits::kDeadLetterBytesMax bytes
  uint64_t size = 0;        // bytes of the whole record
};

// Where a source's rows go; implemented by the dataflow. Called only from within Poll.
class SourceSink {
 public:
  virtual ~SourceSink() = default;
  // Rows of one partition, in its order. Partitions are numbered from 0 as they first appear; the
  // columns are those of Source::schema().
  virtual Status OnBatch(int partition, data::Batch batch) = 0;
  virtual Status OnMalformed(int partition, const MalformedRecord& record, const Error& error) = 0;
  // Only from sources that know it themselves (feed).
  virtual Status OnWatermark(int partition, int64_t watermark) = 0;
  // A partition that has appeared while the source runs (a connection), and one that gives no more rows
  // and holds no watermark back. Partitions below Source::initial_partitions() are there from the start.
  virtual Status OnPartitionStart(int partition) = 0;
  virtual Status OnPartitionEnd(int partition) = 0;
};

struct PollLimits {
  // The longest that Poll may wait for a first byte; 0: it must not wait (a Task drives the source).
  int64_t wait_micros_max = 0;
  // Poll returns kMore once it has given this many rows or more (it finishes the batch at hand).
  size_t rows_max = 16 * limits::kBatchRows;
};

struct ReadStatus {
  enum class Kind : uint8_t {
    kMore,  // poll again at once
    kIdle,  // nothing now, and nothing is expected for `retry_micros`
    kEnd,   // never again anything; the position is the end
  };
  Kind kind = Kind::kMore;
  int64_t retry_micros = 0;

  static ReadStatus More() { return {Kind::kMore, 0}; }
  static ReadStatus Idle(int64_t retry_micros) { return {Kind::kIdle, retry_micros}; }
  static ReadStatus End() { return {Kind::kEnd, 0}; }
};

// For people who watch a long run.
struct SourceProgress {
  uint64_t bytes_read = 0;              // as they lie there (compressed ones before unpacking)
  std::optional<uint64_t> bytes_total;  // of all input known by now
  std::string place;                    // "web.log.2 at 1048576"
};

class Source {
 public:
  virtual ~Source() = default;

  // Of the batches: the needed physical columns in the order of their declaration, then the metadata
  // columns of TableColumns.
  virtual const data::Schema& schema() const = 0;
  virtual bool bounded() const = 0;
  // Partitions that exist before the first Poll; at least 1 unless they come and go (socket listener).
  virtual int initial_partitions() const { return 1; }

  // Gives rows until a limit, or until there are none now. An error ends the job: what is wrong with one
  // record goes to OnMalformed instead; an error of the sink is passed on as it is.
  virtual Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) = 0;

  // Everything given so far, as a printable string without line ends; between two calls of Poll.
  virtual std::string Position() const = 0;
  // Goes on from a Position() of a source of the same table; before the first Poll. Sources that cannot
  // read again (standard input, socket) give what comes next.
  virtual Status Seek(std::string_view position) = 0;

  // Gives all rows that were pushed into the source and belong to `epoch`, whatever Poll's limits: its
  // barrier follows. Sources that read by themselves have none.
  virtual Status GivePushed(int64_t epoch, SourceSink& sink) {
    (void)epoch;
    (void)sink;
    return {};
  }

  // To be called once the position of now is durable: what lies before it will not be asked for again. May be
  // empty. The function may be called from any thread, also when the source has gone.
  virtual std::function<void()> ForgetBefore() const { return {}; }
  // What keeps, in a log of this process, the rows behind the last ForgetBefore that was called: who holds it
  // when the source has gone keeps them for one that begins there. Null: nothing does, or need.
  virtual std::shared_ptr<RowPin> Pin() const { return nullptr; }
  // The topic of SourceContext::log that it has made its own; empty: none.
  virtual std::string LogTopic() const { return {}; }

  virtual SourceProgress Progress() const { return {}; }
};

struct SourceContext {
  env::Env* env = nullptr;
  const data::TimeZone* zone = &data::TimeZone::Utc();
  FeedHub* feeds = nullptr;     // null: the feed connector is refused (it is for tests)
  IngestHub* ingest = nullptr;  // where rows from outside are pushed; null: the http connector is refused
  // Its position outlives the process: what it reads of a log must stay there until that is durable.
  bool is_kept = false;
  std::string reader = "query";  // who reads, for people who look
  // Where a source that cannot read again keeps what it has received, in a topic of this name; null: nowhere.
  log::Log* log = nullptr;
  std::string log_topic;
  // Called from any thread when rows come to a source that has been idle; may be empty. Only sources that
  // are told (feed, http) call it: the others look for themselves after `retry_micros`.
  std::function<void()> wake;
};

// ---------------------------------------------------------------------------------------- writing

class Sink {
 public:
  virtual ~Sink() = default;
  // Columns are those of TableColumns::physical, then its metadata columns. An error ends the job.
  virtual Status Write(const data::Batch& batch) = 0;
  // Everything written so far belongs to this epoch or an earlier one, and becomes visible.
  virtual Status Flush(uint64_t epoch) = 0;
  // Flush for good: after bounded input has ended, or the job was stopped in order. Without it what is
  // not yet final (a file in progress) stays so.
  virtual Status Close() = 0;

  // --- Of a warehouse that outlives its process (SinkContext::is_durable). ---

  // At the barrier of a checkpoint, behind Flush: everything written so far survives a crash, though it need
  // not be visible yet.
  virtual Status Prepare() { return {}; }
  // What a sink that goes on after a restart has to know, as of the last Prepare or Close.
  virtual std::string State() const { return {}; }
  // Goes on from the States of sinks of the same table that fall to this one; before the first Write. What
  // was written behind them comes again.
  virtual Status Restore(std::span<const std::string_view> states) {
    (void)states;
    return {};
  }
  // To be called once the State of now is durable: makes visible what waited for that. Any thread, also when
  // the sink has gone.
  virtual std::function<void()> Publish() const { return {}; }
};

// Rows that a sink cannot express: they go to sys.dead_letters. Any thread.
class RejectedRows {
 public:
  virtual ~RejectedRows() = default;
  virtual Status Reject(const std::string& table, const data::Batch& batch, size_t row,
                        const Error& reason) = 0;
};

struct SinkContext {
  env::Env* env = nullptr;
  const data::TimeZone* zone = &data::TimeZone::Utc();
  int shard = 0;
  int num_shards = 1;
  PrintOutput* standard_output = nullptr;  // shared by all sinks; outlive them
  PrintOutput* standard_error = nullptr;
  RejectedRows* rejected = nullptr;   // null: such a row is an error of Write
  WholeFiles* whole_files = nullptr;  // null: 'format' = 'parquet' is refused
  bool is_durable = false;            // Prepare, Restore and Publish will be called
};

// ---------------------------------------------------------------------------------------- registry

// How long the log of a table keeps rows that no reader needs; 0: without end. Older ones go, and the oldest
// while what is left has so many bytes.
struct LogRetention {
  int64_t age_micros = 0;
  uint64_t bytes = 0;
  bool is_set() const { return age_micros > 0 || bytes > 0; }
  friend bool operator==(const LogRetention&, const LogRetention&) = default;
};
// The options that say so.
inline constexpr std::string_view kLogRetentionKey = "log.retention";
inline constexpr std::string_view kLogRetentionBytesKey = "log.retention-bytes";

// What is known of a table from its WITH clause alone.
struct TableTraits {
  bool can_read = false;
  bool can_write = false;
  bool bounded = false;                             // as a source
  ChangelogMode produces = ChangelogMode::kAppend;  // as a source
  ChangelogMode accepts = ChangelogMode::kAppend;   // as a sink: this mode and those above it
  // For SHOW DELIVERY, as a sink and as a source: contract and why, in a warehouse that keeps its data.
  std::string delivery;
  std::string reading;
  std::vector<std::pair<std::string, data::DataType>> metadata_keys;  // what METADATA FROM may name
  std::vector<std::string> warnings;                                  // "… is not portable to Flink"
  LogRetention log_retention;
  std::optional<int64_t> watermark_idle_timeout_micros;  // 'scan.watermark.idle-timeout'
};

// Checks connector and options as a whole (unknown, missing and wrong ones, naming them) and tells what
// the table can do; opens nothing. For CREATE TABLE.
Result<TableTraits> DescribeTable(const TableOptions& options, const TableColumns& columns);

// `needed` has an entry a physical column: whether the query reads it. Opens nothing that could block;
// a missing file or folder of a bounded source is an error here.
Result<std::unique_ptr<Source>> MakeSource(const TableOptions& options, const TableColumns& columns,
                                           const std::vector<bool>& needed, const SourceContext& context);

Result<std::unique_ptr<Sink>> MakeSink(const TableOptions& options, const TableColumns& columns,
                                       const SinkContext& context);

}  // namespace millrace::connectors
