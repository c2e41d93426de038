#include "server/http/ingest_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/json_text.h"

namespace millrace::server::http {
namespace {

constexpr size_t kPackedBytes = size_t{64} << 10;
// Wrong records that wait for the rows before them; more go to sys.dead_letters at once.
constexpr size_t kRejectedWaitingMax = 1000;
// How much of the body, unpacked, is decoded while a push is under way; soft by what one read of it gives.
constexpr int64_t kAheadBytes = int64_t{4} << 20;

Result<bool> ReadFlag(const Request& request, std::string_view name) {
  const std::string* value = request.FindQuery(name);
  if (value == nullptr || *value == "false") return false;
  if (*value == "true") return true;
  return Fail(ErrorCode::kInvalidParameter, fmt::format("{} is '{}', not true or false", name, *value));
}

// The key of a post; nullopt: it has none. The quotes that the header has by its definition may be left out.
Result<std::optional<std::string>> ReadKey(const Request& request, const TableWriter& writer) {
  const auto fail = [](std::string_view why, std::string_view hint) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("Idempotency-Key: {}", why), std::string(hint));
  };
  const auto keys = std::ranges::count(request.headers, "idempotency-key", &Header::name);
  if (keys == 0) return std::nullopt;
  if (keys > 1) return fail("it is there twice", "give one key for the whole body");
  std::string_view key = TrimSpace(*request.FindHeader("idempotency-key"));
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
  const bool is_printable =
      std::ranges::all_of(key, [](unsigned char byte) { return byte >= ' ' && byte <= '~'; });
  if (key.empty() || key.size() > limits::kLogBatchIdBytesMax || !is_printable) {
    return fail("it is not a key",
                fmt::format("give 1 to {} printable ASCII characters, new ones for each body, such as a UUID",
                            limits::kLogBatchIdBytesMax));
  }
  if (!writer.is_durable()) {
    return fail(fmt::format("it needs a data folder, and table '{}' keeps none", writer.name()),
                "start the server with --data, or post without a key");
  }
  return std::string(key);
}

uint64_t MemoryOf(const data::Batch& batch) {
  uint64_t bytes = sizeof(data::Batch);
  for (const auto& column : batch.columns) bytes += sizeof(data::Column) + column->MemoryBytes();
  return bytes;
}

// Of what a body comes to: what is too much for one is said as that.
int StatusOfBody(const Error& error) {
  return error.code() == ErrorCode::kProgramLimitExceeded ? 413 : StatusOf(error);
}

std::unexpected<HttpFailure> Refuse(int status, const Error& error) {
  return std::unexpected(HttpFailure{status, error});
}

}  // namespace

std::expected<std::unique_ptr<Handler>, HttpFailure> IngestHandler::Make(const Request& request,
                                                                         std::unique_ptr<TableWriter> writer,
                                                                         const Context& context) {
  const auto format = ChooseBodyFormat(request, *writer);
  if (!format) return std::unexpected(format.error());
  const auto wants_visible = ReadFlag(request, "visible");
  if (!wants_visible) return Refuse(400, wants_visible.error());
  auto key = ReadKey(request, *writer);
  if (!key) return Refuse(400, key.error());
  auto decoder = BodyDecoder::Make(writer->schema(), *format, writer->zone());
  if (!decoder) return Refuse(400, decoder.error());
  std::unique_ptr<Unpacker> unpacker;
  const std::string* coding = request.FindHeader("content-encoding");
  if (coding != nullptr && ToLower(TrimSpace(*coding)) != "identity") {
    const Unpacker::Bounds bounds = {.unpacked_bytes_max = BodyBytesMax(*context.limits, key->has_value()),
                                     .ratio_max = context.limits->unpack_ratio,
                                     .free_bytes = context.limits->unpack_free_bytes};
    auto made = Unpacker::Make(ToLower(TrimSpace(*coding)), bounds);
    if (!made) return Refuse(415, made.error());
    unpacker = std::move(*made);
  }
  return std::unique_ptr<Handler>(new IngestHandler(
      std::move(writer), std::move(*decoder), std::move(unpacker), std::move(*key), *wants_visible, context));
}

uint64_t IngestHandler::BodyBytesMax(const HttpLimits& limits, bool is_keyed) {
  return is_keyed ? std::min(limits.table_body_bytes, limits.keyed_body_bytes) : limits.table_body_bytes;
}

IngestHandler::IngestHandler(std::unique_ptr<TableWriter> writer, std::unique_ptr<BodyDecoder> decoder,
                             std::unique_ptr<Unpacker> unpacker, std::optional<std::string> key,
                             bool wants_visible, const Context& context)
    : context_(context),
      writer_(std::move(writer)),
      decoder_(std::move(decoder)),
      unpacker_(std::move(unpacker)),
      key_(std::move(key)),
      wants_visible_(wants_visible) {
  if (unpacker_ != nullptr) packed_.resize(kPackedBytes);
}

// ------------------------------------------------------------------------------------ the body

std::span<std::byte> IngestHandler::Room() {
  return unpacker_ != nullptr ? std::span<std::byte>(packed_) : decoder_->Room();
}

Handler::Flow IngestHandler::Received(size_t bytes) {
  if (unpacker_ != nullptr) {
    packed_left_ = {reinterpret_cast<const char*>(packed_.data()), bytes};
    is_unpacking_ = true;
  } else if (const Status decoded = decoder_->Fill(bytes, *this); !decoded) {
    FailWith(StatusOfBody(decoded.error()), decoded.error());
  }
  return Proceed();
}

Handler::Flow IngestHandler::Ended() {
  is_ended_ = true;
  return Proceed();
}

Handler::Flow IngestHandler::Resume() {
  if (wait_deadline_ != 0 && !PushWaiting() && wait_deadline_ != 0 &&
      context_.clock->MonotonicMicros() >= wait_deadline_) {
    GiveUpWaiting();
    return Flow::kAnswer;
  }
  return Proceed();
}

// Works off what has come, as far as the table takes it.
Handler::Flow IngestHandler::Proceed() {
  bool is_clear = true;
  for (;;) {
    is_clear = PushWaiting();
    if (is_clear && failure_) return Flow::kAnswer;
    if (!is_clear && (failure_ || !MayDecodeOn())) return Flow::kWait;
    if (!is_unpacking_ && (!is_ended_ || is_finished_)) break;
    if (const Status more = DecodeMore(); !more) {
      FailWith(StatusOfBody(more.error()), more.error());
    }
  }
  if (!is_ended_) return Flow::kMore;
  if (!is_clear) return Flow::kWait;
  if (!wants_visible_ || accepted_ == 0) return Flow::kAnswer;
  if (is_visible_ == nullptr) {
    is_visible_ = std::make_shared<std::atomic<bool>>(false);
    writer_->WhenVisible([flag = is_visible_, wake = context_.wake] {
      flag->store(true);
      wake();
    });
  }
  return is_visible_->load() ? Flow::kAnswer : Flow::kWait;
}

Status IngestHandler::DecodeMore() {
  if (is_unpacking_) {
    MR_ASSIGN(const size_t bytes, unpacker_->Unpack(&packed_left_, decoder_->Room()));
    if (bytes > 0) return decoder_->Fill(bytes, *this);
    is_unpacking_ = !packed_left_.empty();
    return {};
  }
  is_finished_ = true;
  if (unpacker_ != nullptr) MR_TRY(unpacker_->Finish());
  return decoder_->Finish(*this);
}

void IngestHandler::FailWith(int status, const Error& error) {
  SettleReports();
  is_unpacking_ = false;
  if (key_ && !flight_ && accepted_ == 0) DropHeld();
  if (!failure_) failure_ = HttpFailure{status, error};
}

// -------------------------------------------------------------------------------------- its rows

Status IngestHandler::OnBatch(data::Batch batch, std::span<const int64_t> offsets) {
  CountRecords(offsets);
  if (key_) MR_TRY(Hold(MemoryOf(batch)));
  waiting_.push_back(std::move(batch));
  waiting_offsets_.push_back(offsets.front());
  last_offset_ = offsets.back();
  if (wait_deadline_ == 0 && !key_) PushWaiting();
  // Nothing behind rows that are not taken is.
  if (resume_offset_) return std::unexpected(failure_->error);
  return {};
}

// True: nothing waits, and nothing is under way.
bool IngestHandler::PushWaiting() {
  if (key_ && !is_finished_) return true;
  for (;;) {
    if (flight_ && !flight_->receipt->is_settled()) return false;
    if (flight_) Land();
    if (waiting_.empty()) break;
    if (!PushOnce()) return false;
  }
  wait_deadline_ = 0;
  for (const Rejected& rejected : rejected_) {
    if (!resume_offset_ || rejected.offset < *resume_offset_) RejectNow(rejected);
  }
  rejected_.clear();
  return true;
}

// What waits, as one push; false: there is no room.
bool IngestHandler::PushOnce() {
  auto receipt = std::make_shared<connectors::PushReceipt>(context_.wake);
  std::vector<uint64_t> rows;
  for (const data::Batch& batch : waiting_) rows.push_back(batch.rows);
  const auto taken = Offer(receipt);
  if (!taken) {
    FailFrom(waiting_offsets_.front(), StatusOfBody(taken.error()), taken.error());
    return true;
  }
  if (*taken == 0) {
    if (wait_deadline_ == 0) {
      wait_deadline_ = context_.clock->MonotonicMicros() + context_.limits->ingest_wait_micros;
    }
    return false;
  }
  wait_deadline_ = 0;
  const auto count = static_cast<std::ptrdiff_t>(*taken);
  flight_ = Flight{std::move(receipt), std::accumulate(rows.begin(), rows.begin() + count, uint64_t{0}),
                   waiting_offsets_.front()};
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  waiting_offsets_.erase(waiting_offsets_.begin(), waiting_offsets_.begin() + count);
  return true;
}

// How many batches were taken; with a key all of them or none.
Result<size_t> IngestHandler::Offer(const connectors::PushReceiptPtr& receipt) {
  const bool asks = !awaits_room_->exchange(true);
  const Wake wake = asks ? room_wake_ : Wake();
  const auto offer = [&]() -> Result<size_t> {
    if (!key_) return writer_->TryPush(waiting_, wake, receipt);
    MR_ASSIGN(const bool is_taken, writer_->TryPushOnce(waiting_, *key_, wake, receipt));
    return is_taken ? waiting_.size() : 0;
  };
  const Result<size_t> taken = offer();
  if (asks && (!taken || *taken > 0)) awaits_room_->store(false);
  return taken;
}

// The push under way is over.
void IngestHandler::Land() {
  const Flight flight = *std::exchange(flight_, std::nullopt);
  const Status status = flight.receipt->status();
  if (!status) return FailFrom(flight.first_offset, StatusOfBody(status.error()), status.error());
  const std::optional<uint64_t> repeated_rows = flight.receipt->repeated_rows();
  is_repetition_ = repeated_rows.has_value();
  accepted_ += repeated_rows.value_or(flight.rows);
}

// The next part of the body may be decoded although a push is under way.
bool IngestHandler::MayDecodeOn() const {
  if (wait_deadline_ != 0) return false;
  return waiting_offsets_.empty() || last_offset_ - waiting_offsets_.front() < kAheadBytes;
}

// The rows from this offset of the body on are not taken; with a key, nothing is.
void IngestHandler::FailFrom(int64_t offset, int status, const Error& error) {
  resume_offset_ = key_ ? 0 : offset;
  waiting_.clear();
  waiting_offsets_.clear();
  failure_.reset();  // that of something behind them
  FailWith(status, error);
}

void IngestHandler::GiveUpWaiting() {
  FailFrom(waiting_offsets_.front(), 429,
           Error(ErrorCode::kConfigurationLimitExceeded,
                 fmt::format("table '{}' had no room for {} s", writer_->name(),
                             context_.limits->ingest_wait_micros / kMicrosPerSecond),
                 "send the records from resume_offset on again, later"));
  PushWaiting();
}

Status IngestHandler::OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) {
  if (reported_.size() < kReportedErrorsMax) {
    reported_.push_back({std::nullopt, malformed_seen_, offset, reason});
  }
  ++malformed_seen_;
  Rejected rejected{offset, std::string(bytes.substr(0, limits::kDeadLetterBytesMax)), bytes.size(), reason};
  if (key_) {
    MR_TRY(Hold(sizeof(Rejected) + rejected.bytes.size() + reason.message().size() + reason.hint().size()));
    rejected_.push_back(std::move(rejected));
    return {};
  }
  const bool is_clear = waiting_.empty() && !flight_;
  if (is_clear || rejected_.size() >= kRejectedWaitingMax) {
    RejectNow(rejected);
  } else {
    rejected_.push_back(std::move(rejected));
  }
  return {};
}

void IngestHandler::RejectNow(const Rejected& rejected) {
  ++rejected_count_;
  // The first of the posts with this key has said so already.
  if (!is_repetition_) Bury(rejected);
}

void IngestHandler::Bury(const Rejected& rejected) {
  writer_->Reject({.origin = context_.origin,
                   .offset = static_cast<uint64_t>(rejected.offset),
                   .bytes = rejected.bytes,
                   .size = rejected.size},
                  rejected.reason);
}

// -------------------------------------------------------------------------------- with a key

// So much more of the body is kept in memory.
Status IngestHandler::Hold(uint64_t bytes) {
  held_bytes_ += bytes;
  const uint64_t bytes_max = kKeyedMemoryFactor * body_bytes_max();
  if (held_bytes_ <= bytes_max) return {};
  return Fail(
      ErrorCode::kProgramLimitExceeded,
      fmt::format("the records take more than the {} bytes of memory that a post with an Idempotency-Key may",
                  bytes_max),
      "nothing of it was taken: post fewer at once, each part with a key of its own");
}

// Nothing of the body is taken.
void IngestHandler::DropHeld() {
  waiting_.clear();
  waiting_offsets_.clear();
  rejected_.clear();
  reported_.clear();
  settled_ = 0;
}

// A push is under way that nobody waits for any more. Its writer will repeat it, and no repetition tells the
// dead letters of wrong records: so that is done now, as if it were taken.
void IngestHandler::LetFly() {
  if (!key_ || !flight_) return;
  const connectors::PushReceipt& receipt = *flight_->receipt;
  const bool is_taken =
      !receipt.is_settled() || (receipt.status().has_value() && !receipt.repeated_rows().has_value());
  for (const Rejected& rejected : rejected_) {
    if (is_taken) Bury(rejected);
  }
  rejected_.clear();
}

// Which records of the body the reported ones are: rows come later than the wrong records between them.
void IngestHandler::CountRecords(std::span<const int64_t> offsets) {
  while (settled_ < reported_.size() && reported_[settled_].offset < offsets.back()) {
    Reported& report = reported_[settled_++];
    const auto rows_before = std::ranges::lower_bound(offsets, report.offset) - offsets.begin();
    report.record = rows_seen_ + static_cast<uint64_t>(rows_before) + report.malformed_before;
  }
  rows_seen_ += offsets.size();
}

void IngestHandler::SettleReports() {
  for (; settled_ < reported_.size(); ++settled_) {
    reported_[settled_].record = rows_seen_ + reported_[settled_].malformed_before;
  }
}

// ------------------------------------------------------------------------------------ the answer

Response IngestHandler::Answer() {
  SettleReports();
  if (!is_repetition_) {
    context_.metrics->accepted_rows.Increment(accepted_);
    context_.metrics->rejected_rows.Increment(rejected_count_);
  }
  Response response;
  AppendReport(&response.body);
  if (failure_) {
    response.status = failure_->status;
  } else {
    response.status = accepted_ == 0 && rejected_count_ > 0 ? 400 : 200;
  }
  if (response.status == 429 || response.status == 503) {
    response.headers.push_back({"Retry-After", fmt::format("{}", context_.limits->retry_after_seconds)});
  }
  return response;
}

Response IngestHandler::Abort(int status, const Error& error) {
  if (flight_ && flight_->receipt->is_settled()) Land();
  Error said = error;
  if (flight_) {
    said = error.WithHint(
        key_ ? "the records were on their way into the table: send them again with the same Idempotency-Key, "
               "and they are taken once"
             : "records from resume_offset on were on their way into the table, and may be in it when they "
               "are sent again");
    LetFly();
    FailFrom(std::exchange(flight_, std::nullopt)->first_offset, status, said);
  } else if (!waiting_.empty()) {
    FailFrom(waiting_offsets_.front(), status, said);
  }
  PushWaiting();
  failure_.reset();
  FailWith(status, said);
  Response response = Answer();
  response.close = true;
  return response;
}

void IngestHandler::AppendReport(std::string* out) const {
  auto append = std::back_inserter(*out);
  fmt::format_to(append, "{{\"accepted\":{},\"rejected\":{},\"errors\":[", accepted_, rejected_count_);
  bool is_first = true;
  for (const Reported& report : reported_) {
    if (resume_offset_ && report.offset >= *resume_offset_) break;
    fmt::format_to(append, "{}{{\"record\":{},\"offset\":{},\"code\":\"{}\",\"reason\":", is_first ? "" : ",",
                   *report.record, report.offset, SqlState(report.reason.code()));
    AppendJsonString(report.reason.message(), out);
    out->push_back('}');
    is_first = false;
  }
  out->push_back(']');
  if (is_repetition_) *out += ",\"repeated\":true";
  if (resume_offset_) fmt::format_to(append, ",\"resume_offset\":{}", *resume_offset_);
  if (failure_) {
    std::string error;
    AppendErrorJson(failure_->error, &error);
    *out += ",";
    out->append(error, 1, error.size() - 2);  // without its braces
  }
  *out += "}\n";
}

}  // namespace millrace::server::http
