// The bounds of the HTTP server: what one client, or many, may take of it.
//
// Plain values, set before the server starts. 0 is not "no limit" anywhere: every bound holds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"

namespace millrace::server::http {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;

struct HttpLimits {
  // Open connections; one more is told 503 and closed.
  size_t connections = 10'000;
  // Of the request line and all header fields together (431), and the number of fields (431).
  size_t header_bytes = size_t{32} << 10;
  size_t header_fields = 100;
  // Of a body as it travels and of what it unpacks to: of rows for a table, which are decoded as they come,
  // and of a statement, which is collected (413).
  uint64_t table_body_bytes = uint64_t{1} << 30;
  uint64_t sql_body_bytes = uint64_t{64} << 20;
  // Of rows for a table with an Idempotency-Key, which are kept in memory until the last has come, since they
  // go through the log as one (413). As much as the queue of a reader holds: one push does not fill it
  // several times over.
  uint64_t keyed_body_bytes = limits::kIngestQueueBytes;
  // How much larger a packed body may become by unpacking; only looked at beyond unpack_free_bytes.
  uint64_t unpack_ratio = 200;
  uint64_t unpack_free_bytes = uint64_t{16} << 20;
  // From the first byte of a request to the end of its header (408), and from the end of an answer, or the
  // start of a connection, to the first byte (closed without a word).
  int64_t header_micros = 10 * kMicrosPerSecond;
  int64_t idle_micros = 75 * kMicrosPerSecond;
  // Between two reads of a body, or two writes of an answer (408; closed).
  int64_t body_idle_micros = 30 * kMicrosPerSecond;
  // From the end of the header to the end of the answer (408 or 503); subscriptions are free of it.
  int64_t request_micros = 600 * kMicrosPerSecond;
  // How long rows may wait for room in the pipeline before the request ends with 429.
  int64_t ingest_wait_micros = 10 * kMicrosPerSecond;
  // What Retry-After says with 429 and 503.
  int retry_after_seconds = 1;
  // Rows of GET /v1/views/… without ?limit.
  uint64_t default_view_rows = 10'000;
  // Between two comments that keep a quiet subscription's connection alive.
  int64_t heartbeat_micros = 15 * kMicrosPerSecond;
  // How long a connection that is closed early goes on reading, so that the answer arrives.
  int64_t linger_micros = 2 * kMicrosPerSecond;
};

// Bytes of an answer that are made before they are sent; a longer one goes out in pieces of about this.
inline constexpr size_t kAnswerPieceBytes = size_t{64} << 10;
// A body that nobody wants is read to its end up to here, to keep the connection; beyond it is closed.
inline constexpr uint64_t kDiscardBytesMax = uint64_t{256} << 10;
// Wrong records named in one answer.
inline constexpr size_t kReportedErrorsMax = 100;
// What a body with a key may take in memory when it is decoded, in bodies of the greatest length: short
// records are larger as rows.
inline constexpr uint64_t kKeyedMemoryFactor = 4;
// Parameters of a target's query.
inline constexpr size_t kQueryParametersMax = 256;

}  // namespace millrace::server::http
