// Every bound of Millrace in one place, with the relations between them asserted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::limits {

// Rows of a columnar batch; also DuckDB's vector size, so chunks pass to it one to one.
inline constexpr size_t kBatchRows = 2048;

// Messages waiting between two fragments before the producer is held back.
inline constexpr size_t kQueueMessages = 16;

// Bytes a source reads at once, and the longest record it accepts.
inline constexpr size_t kReadBytes = size_t{1} << 20;
inline constexpr size_t kRecordBytesMax = size_t{64} << 20;

// How far a quote that is open in a CSV record may wait for its end before it counts as stray.
inline constexpr size_t kQuotedRecordBytesMax = size_t{1} << 20;

// Longest SQL text, deepest nesting of it, and most columns of a table.
inline constexpr size_t kSqlBytesMax = size_t{16} << 20;
inline constexpr int kSqlDepthMax = 200;
inline constexpr size_t kColumnsMax = 2000;

// Parameters of a prepared statement; the protocol counts them in 16 bits.
inline constexpr int kParametersMax = 65535;

// What one session keeps: cursors, prepared statements, and rows of a transaction until COMMIT.
inline constexpr size_t kCursorsMax = 256;
inline constexpr size_t kPreparedStatementsMax = 10'000;
inline constexpr size_t kTransactionBytesMax = size_t{256} << 20;

// DuckDB connections kept for the next query.
inline constexpr size_t kIdleQueryConnectionsMax = 16;

inline constexpr int kShardsMax = 64;

// Bytes of the name of a space, or of a shared value, in saved state.
inline constexpr size_t kStateNameBytesMax = 255;

// Rows of an append table, spread by columns, that are sorted at once when they are saved.
inline constexpr size_t kSavedSpreadRows = 512 * kBatchRows;

inline constexpr int kDecimalPrecisionMax = 38;
inline constexpr int kTimestampPrecisionMax = 6;

// Nesting of JSON documents and of ARRAY/MAP/ROW types.
inline constexpr int kNestingMax = 64;

// Steps a regular expression may take on one value before it counts as not matching.
inline constexpr uint32_t kRegexMatchLimit = 1'000'000;

// Bytes of an original record kept in sys.dead_letters; beyond it the record is kept cut, with its length.
inline constexpr size_t kDeadLetterBytesMax = size_t{1} << 20;

// Rows that writers have pushed into a table (HTTP, COPY) and one reader has not taken yet: beyond either
// bound the next push waits. Soft by one batch. Batches below the last bound are merged when they are taken.
inline constexpr size_t kIngestQueueRows = 32 * kBatchRows;
inline constexpr size_t kIngestQueueBytes = size_t{16} << 20;
inline constexpr size_t kIngestMergeRows = 256;

// Writers that may wait for room in one table.
inline constexpr size_t kIngestWaitersMax = 16384;

// Changes that one subscription keeps for a reader that has not taken them, unless it asks for another bound.
inline constexpr size_t kSubscriptionBytes = size_t{64} << 20;

// The pause between two epochs: at least this long, and this many times as long as the last epoch took.
inline constexpr int64_t kEpochPauseMicrosMin = 1'000;
inline constexpr int64_t kEpochPauseFactor = 10;

// How often an epoch runs although nothing has changed, for operators and sinks that work by the clock.
inline constexpr int64_t kClockEpochMicros = 1'000'000;

// Rows and bytes that sys.dead_letters and sys.late_rows keep, each; the oldest go.
inline constexpr size_t kSideTableRowsMax = 512 * kBatchRows;
inline constexpr size_t kSideTableBytesMax = size_t{128} << 20;

// What the interactive shell keeps: entries and bytes of history, rows printed as one aligned block, names
// for completion, rows and bytes of a view that is followed on screen, and the longest HTTP answer it reads.
inline constexpr size_t kShellHistoryEntries = 10'000;
inline constexpr size_t kShellHistoryBytes = size_t{4} << 20;
inline constexpr size_t kShellBlockRows = 10'000;
inline constexpr size_t kShellNamesMax = 50'000;
inline constexpr size_t kShellLiveRows = 1'000'000;
inline constexpr size_t kShellLiveBytes = size_t{512} << 20;
inline constexpr size_t kShellHttpBytesMax = size_t{64} << 20;

// Jobs that have ended and are still shown; the oldest go.
inline constexpr size_t kEndedJobsMax = 256;
// A commit of a checkpoint that failed is made again after so long.
inline constexpr int64_t kCheckpointRetryMicros = 1'000'000;
// Checkpoints that sys.checkpoints shows, at least.
inline constexpr size_t kCheckpointRecordsMax = 100;
// The pause between two checkpoints, µs: unless given, and what may be given. How long the end of the
// process, or of a job's record, waits for one.
inline constexpr int64_t kCheckpointMicros = 1'000'000;
inline constexpr int64_t kCheckpointMicrosMin = 10'000;
inline constexpr int64_t kCheckpointMicrosMax = int64_t{3600} * 1'000'000;
inline constexpr int64_t kCheckpointWaitMicros = int64_t{3} * 1'000'000;

// PostgreSQL's protocol. Bytes of a message before and after authentication (64 MiB of rows or text come in
// one message at most; the text of a statement is bounded by kSqlBytesMax as well), and of what a length word
// may say at all before the connection counts as out of step.
inline constexpr size_t kWireStartupBytesMax = 10'000;
inline constexpr size_t kWireMessageBytesMax = size_t{64} << 20;
inline constexpr size_t kWireLengthMax = (size_t{1} << 30) + 4;

// Named statements and portals of a connection.
inline constexpr size_t kWireStatementsMax = 10'000;
inline constexpr size_t kWirePortalsMax = 1'000;

// Output that waits for a client before its statement is held back.
inline constexpr size_t kWireOutputBytes = size_t{256} << 10;

// Bytes read ahead while a statement runs.
inline constexpr size_t kWireReadAheadBytes = size_t{64} << 10;

// Connections that have a session, and those that have not logged in yet (beyond it no more are accepted).
inline constexpr int kConnectionsMax = 1'000;
inline constexpr int kHalfOpenConnectionsMax = 20'000;
inline constexpr int64_t kAuthenticationMicrosMax = 60'000'000;

// Failed logins in a row from one address before it has to wait, how long, and how many addresses are known.
inline constexpr int kLoginFailuresMax = 10;
inline constexpr int64_t kLoginWaitMicros = 30'000'000;
inline constexpr size_t kLoginAddressesMax = 10'000;

// A segment of the log that nobody needs but for the ids of appends in it stays while what is behind it has
// fewer bytes: four segments of the usual length. After a restart the ids are those of the segments that are
// there.
inline constexpr uint64_t kLogIdSegmentsBytes = uint64_t{256} << 20;

// The durable log. Bytes of a payload, records of one batch, and of the id that a writer gives to a batch.
inline constexpr size_t kLogPayloadBytesMax = size_t{256} << 20;
inline constexpr size_t kLogRecordsMax = size_t{1} << 30;
inline constexpr size_t kLogBatchIdBytesMax = 64;

// Ids that a topic remembers, and for how long: a repetition within both is recognised.
inline constexpr size_t kLogBatchIdsMax = 65'536;
inline constexpr int64_t kLogBatchIdMicros = int64_t{24} * 3600 * 1'000'000;

// Appends that wait in one partition: bytes before the next is refused (soft by one), and those who wait for
// room. Bytes that are written before a sync; appends below the next bound are merged up to the last one.
inline constexpr size_t kLogQueueBytes = size_t{32} << 20;
inline constexpr size_t kLogWaitersMax = 16384;
inline constexpr size_t kLogGroupBytes = size_t{8} << 20;
inline constexpr size_t kLogSmallAppendBytes = size_t{16} << 10;
inline constexpr size_t kLogMergedBytes = size_t{256} << 10;

// Topics, partitions of a topic, partitions of one append, bytes of a topic's name.
inline constexpr size_t kLogTopicsMax = 10'000;
inline constexpr int kLogPartitionsMax = 1024;
inline constexpr size_t kLogParticipantsMax = 1024;
inline constexpr size_t kLogTopicNameBytesMax = 255;

// Segments: their length, and how much of one an entry of its index stands for.
inline constexpr uint64_t kLogSegmentBytesMin = uint64_t{64} << 10;
inline constexpr uint64_t kLogSegmentBytesMax = uint64_t{4} << 30;
inline constexpr uint64_t kLogIndexBytes = uint64_t{256} << 10;

// The longest pause between syncs that a topic may ask for; how long a partition is idle before it notes that
// everything is durable; how often retention looks for what may go.
inline constexpr int64_t kLogSyncMicrosMax = int64_t{60} * 1'000'000;
inline constexpr int64_t kLogMarkMicros = 1'000'000;
inline constexpr int64_t kLogRetentionMicros = int64_t{10} * 1'000'000;

// What a reader of the log reads at once, at least.
inline constexpr size_t kLogReadBytes = size_t{1} << 20;

// Bytes of a file with a certificate or a key.
inline constexpr size_t kTlsFileBytesMax = size_t{1} << 20;

// The commit store: bytes of a key, and of all that one transaction changes; readers at one time; and the
// address space that LMDB maps, at first and at most.
inline constexpr size_t kCommitKeyBytesMax = 500;
inline constexpr size_t kCommitBytesMax = size_t{256} << 20;
inline constexpr unsigned kCommitReadersMax = 256;
inline constexpr size_t kCommitMapBytes = size_t{64} << 20;
inline constexpr size_t kCommitMapBytesMax = size_t{1} << 40;

// Checkpoints: key and value of a record, and a block before compression, of which one record may be all.
inline constexpr size_t kCheckpointRecordBytesMax = size_t{512} << 20;
inline constexpr size_t kCheckpointBlockBytesMax = size_t{1} << 30;

static_assert(kCheckpointRecordBytesMax * 2 <= kCheckpointBlockBytesMax);
static_assert(kLogSmallAppendBytes <= kLogMergedBytes && kLogMergedBytes <= kLogGroupBytes);
static_assert(kLogGroupBytes <= kLogQueueBytes && kLogRecordsMax < UINT32_MAX);
static_assert(kLogPayloadBytesMax + kLogRecordsMax * 5 / 128 < UINT32_MAX,
              "lengths of a batch are 32 bits wide");
static_assert(kLogParticipantsMax <= UINT16_MAX && kLogBatchIdBytesMax <= UINT8_MAX);
static_assert(kWireStartupBytesMax <= kWireMessageBytesMax);
static_assert(kSqlBytesMax <= kWireMessageBytesMax && kWireMessageBytesMax <= kWireLengthMax);
static_assert(kBatchRows <= 65535, "selection vectors are 16 bits wide");
static_assert(kReadBytes <= kRecordBytesMax);
static_assert(kQuotedRecordBytesMax <= kRecordBytesMax);
static_assert(kDeadLetterBytesMax * 2 <= kSideTableBytesMax);
static_assert(kBatchRows <= kIngestQueueRows && kIngestMergeRows <= kBatchRows);

}  // namespace millrace::limits
