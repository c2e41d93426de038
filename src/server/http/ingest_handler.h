// IngestHandler: POST /v1/tables/{table}. Decodes the body as it comes and pushes its rows into the table.
//
// While the table has no room, nothing more of the body is read; past HttpLimits::ingest_wait_micros the
// request ends with 429 and says how far it came.
//
// Where rows go through the log, what is decoded while a push is under way becomes the next one: so there is
// never more than one, rows behind one that failed are not taken, and a request still costs few syncs. It is
// answered when the last has settled.
//
// With an Idempotency-Key the whole body is one push with that name, kept in memory until the last record has
// come: all of it is taken or nothing, and once, however often it is sent. Wrong records go to
// sys.dead_letters with the rows, so they do not when the post was a repetition. One thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "server/http/backend.h"
#include "server/http/body_decoder.h"
#include "server/http/handler.h"
#include "server/http/http_limits.h"
#include "server/http/http_metrics.h"
#include "server/http/request.h"
#include "server/http/unpacker.h"

namespace millrace::server::http {

class IngestHandler final : public Handler, private formats::DecodeSink {
 public:
  struct Context {
    const HttpLimits* limits = nullptr;
    env::Clock* clock = nullptr;
    HttpMetrics* metrics = nullptr;
    Wake wake;
    std::string origin;  // of the rows, for sys.dead_letters
  };
  // 400, 415: what the headers or the query ask for cannot be.
  static std::expected<std::unique_ptr<Handler>, HttpFailure> Make(const Request& request,
                                                                   std::unique_ptr<TableWriter> writer,
                                                                   const Context& context);

  ~IngestHandler() override { LetFly(); }

  uint64_t body_bytes_max() const override { return BodyBytesMax(*context_.limits, key_.has_value()); }
  std::span<std::byte> Room() override;
  Flow Received(size_t bytes) override;
  Flow Ended() override;
  Flow Resume() override;
  // Rows that came behind a push do not wait for more of the body once it is over.
  bool is_resumed_early() const override { return flight_.has_value(); }
  int64_t deadline() const override { return wait_deadline_; }
  Response Answer() override;
  Response Abort(int status, const Error& error) override;

 private:
  // On its way to the log.
  struct Flight {
    connectors::PushReceiptPtr receipt;
    uint64_t rows = 0;
    int64_t first_offset = 0;
  };
  struct Rejected {
    int64_t offset = 0;
    std::string bytes;
    uint64_t size = 0;
    Error reason;
  };
  struct Reported {
    std::optional<uint64_t> record;  // counted from 0; absent until the rows before it have come
    uint64_t malformed_before = 0;
    int64_t offset = 0;
    Error reason;
  };

  IngestHandler(std::unique_ptr<TableWriter> writer, std::unique_ptr<BodyDecoder> decoder,
                std::unique_ptr<Unpacker> unpacker, std::optional<std::string> key, bool wants_visible,
                const Context& context);
  static uint64_t BodyBytesMax(const HttpLimits& limits, bool is_keyed);

  Status OnBatch(data::Batch batch, std::span<const int64_t> offsets) override;
  Status OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) override;
  void CountRecords(std::span<const int64_t> offsets);
  void SettleReports();
  void RejectNow(const Rejected& rejected);
  void Bury(const Rejected& rejected);
  Status Hold(uint64_t bytes);
  void DropHeld();
  void LetFly();

  Flow Proceed();
  bool PushWaiting();
  bool PushOnce();
  Result<size_t> Offer(const connectors::PushReceiptPtr& receipt);
  void Land();
  bool MayDecodeOn() const;
  void FailFrom(int64_t offset, int status, const Error& error);
  Status DecodeMore();
  void FailWith(int status, const Error& error);
  void GiveUpWaiting();
  void AppendReport(std::string* out) const;

  const Context context_;
  const std::unique_ptr<TableWriter> writer_;
  const std::unique_ptr<BodyDecoder> decoder_;
  const std::unique_ptr<Unpacker> unpacker_;
  const std::optional<std::string> key_;
  const bool wants_visible_;

  std::vector<std::byte> packed_;  // room of a packed body
  std::string_view packed_left_;   // of it, not unpacked yet
  bool is_unpacking_ = false;      // the last piece may have more to give
  bool is_ended_ = false;
  bool is_finished_ = false;
  std::optional<HttpFailure> failure_;

  std::vector<data::Batch> waiting_;      // rows that have not been pushed
  std::vector<int64_t> waiting_offsets_;  // of the first record of each
  int64_t last_offset_ = 0;               // of the last record that has been decoded
  std::optional<Flight> flight_;
  std::vector<Rejected> rejected_;  // records between them
  uint64_t held_bytes_ = 0;         // with a key: what they and the wrong records take
  bool is_repetition_ = false;      // what was accepted, was so before
  int64_t wait_deadline_ = 0;
  // The table is to call room_wake_ when it has room. It is asked for that once at a time: it calls as often
  // as it is asked, and each call asks again while there is no room, so two would become more and more.
  const std::shared_ptr<std::atomic<bool>> awaits_room_ = std::make_shared<std::atomic<bool>>(false);
  const Wake room_wake_ = [awaits = awaits_room_, wake = context_.wake] {
    awaits->store(false);
    wake();
  };
  std::optional<int64_t> resume_offset_;
  std::shared_ptr<std::atomic<bool>> is_visible_;  // asked for when set

  uint64_t accepted_ = 0;
  uint64_t rejected_count_ = 0;
  uint64_t rows_seen_ = 0;
  uint64_t malformed_seen_ = 0;
  std::vector<Reported> reported_;
  size_t settled_ = 0;  // of reported_, those whose record is known
};

// How a body of this request is to be read into this table; an error says what would be taken.
std::expected<BodyFormat, HttpFailure> ChooseBodyFormat(const Request& request, const TableWriter& table);

}  // namespace millrace::server::http
