#include "server/http/ingest_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_text.h"

namespace millrace::server::http {
namespace {

constexpr size_t kPackedBytes = size_t{64} << 10;
// Wrong records that wait for the rows before them; more go to sys.dead_letters at once.
constexpr size_t kRejectedWaitingMax = 1000;

Result<bool> ReadFlag(const Request& request, std::string_view name) {
  const std::string* value = request.FindQuery(name);
  if (value == nullptr || *value == "false") return false;
  if (*value == "true") return true;
  return Fail(ErrorCode::kInvalidParameter, fmt::format("{} is '{}', not true or false", name, *value));
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
  auto decoder = BodyDecoder::Make(writer->schema(), *format, writer->zone());
  if (!decoder) return Refuse(400, decoder.error());
  std::unique_ptr<Unpacker> unpacker;
  const std::string* coding = request.FindHeader("content-encoding");
  if (coding != nullptr && ToLower(TrimSpace(*coding)) != "identity") {
    const Unpacker::Bounds bounds = {.unpacked_bytes_max = context.limits->table_body_bytes,
                                     .ratio_max = context.limits->unpack_ratio,
                                     .free_bytes = context.limits->unpack_free_bytes};
    auto made = Unpacker::Make(ToLower(TrimSpace(*coding)), bounds);
    if (!made) return Refuse(415, made.error());
    unpacker = std::move(*made);
  }
  return std::unique_ptr<Handler>(new IngestHandler(std::move(writer), std::move(*decoder),
                                                    std::move(unpacker), *wants_visible, context));
}

IngestHandler::IngestHandler(std::unique_ptr<TableWriter> writer, std::unique_ptr<BodyDecoder> decoder,
                             std::unique_ptr<Unpacker> unpacker, bool wants_visible, const Context& context)
    : context_(context),
      writer_(std::move(writer)),
      decoder_(std::move(decoder)),
      unpacker_(std::move(unpacker)),
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
    FailWith(StatusOf(decoded.error()), decoded.error());
  }
  return Proceed();
}

Handler::Flow IngestHandler::Ended() {
  is_ended_ = true;
  return Proceed();
}

Handler::Flow IngestHandler::Resume() {
  if (!waiting_.empty() && !PushWaiting() && context_.clock->MonotonicMicros() >= wait_deadline_) {
    GiveUpWaiting();
    return Flow::kAnswer;
  }
  return Proceed();
}

// Works off what has come, as far as the table takes it.
Handler::Flow IngestHandler::Proceed() {
  for (;;) {
    if (!PushWaiting()) return Flow::kWait;
    if (failure_) return Flow::kAnswer;
    if (!is_unpacking_ && (!is_ended_ || is_finished_)) break;
    if (const Status more = DecodeMore(); !more) {
      const bool is_too_long = more.error().code() == ErrorCode::kProgramLimitExceeded;
      FailWith(is_too_long ? 413 : StatusOf(more.error()), more.error());
    }
  }
  if (!is_ended_) return Flow::kMore;
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
  if (!failure_) failure_ = HttpFailure{status, error};
}

// -------------------------------------------------------------------------------------- its rows

Status IngestHandler::OnBatch(data::Batch batch, std::span<const int64_t> offsets) {
  CountRecords(offsets);
  const size_t rows = batch.rows;
  if (waiting_.empty()) {
    MR_ASSIGN(const bool is_taken, writer_->TryPush(&batch, context_.wake));
    if (is_taken) {
      accepted_ += rows;
      return {};
    }
    wait_deadline_ = context_.clock->MonotonicMicros() + context_.limits->ingest_wait_micros;
  }
  waiting_.push_back({std::move(batch), offsets.front()});
  return {};
}

// True: nothing waits.
bool IngestHandler::PushWaiting() {
  while (!waiting_.empty()) {
    const size_t rows = waiting_.front().batch.rows;
    const auto is_taken = writer_->TryPush(&waiting_.front().batch, context_.wake);
    if (!is_taken) {
      resume_offset_ = waiting_.front().first_offset;
      waiting_.clear();
      FailWith(StatusOf(is_taken.error()), is_taken.error());
      break;
    }
    if (!*is_taken) return false;
    accepted_ += rows;
    waiting_.pop_front();
    wait_deadline_ = context_.clock->MonotonicMicros() + context_.limits->ingest_wait_micros;
  }
  wait_deadline_ = 0;
  for (const Rejected& rejected : rejected_) {
    if (!resume_offset_ || rejected.offset < *resume_offset_) RejectNow(rejected);
  }
  rejected_.clear();
  return true;
}

void IngestHandler::GiveUpWaiting() {
  resume_offset_ = waiting_.front().first_offset;
  waiting_.clear();
  PushWaiting();
  FailWith(429, Error(ErrorCode::kConfigurationLimitExceeded,
                      fmt::format("table '{}' had no room for {} s", writer_->name(),
                                  context_.limits->ingest_wait_micros / kMicrosPerSecond),
                      "send the records from resume_offset on again, later"));
}

Status IngestHandler::OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) {
  if (reported_.size() < kReportedErrorsMax) {
    reported_.push_back({std::nullopt, malformed_seen_, offset, reason});
  }
  ++malformed_seen_;
  Rejected rejected{offset, std::string(bytes.substr(0, limits::kDeadLetterBytesMax)), bytes.size(), reason};
  if (waiting_.empty() || rejected_.size() >= kRejectedWaitingMax) {
    RejectNow(rejected);
  } else {
    rejected_.push_back(std::move(rejected));
  }
  return {};
}

void IngestHandler::RejectNow(const Rejected& rejected) {
  ++rejected_count_;
  writer_->Reject({.origin = context_.origin,
                   .offset = static_cast<uint64_t>(rejected.offset),
                   .bytes = rejected.bytes,
                   .size = rejected.size},
                  rejected.reason);
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
  context_.metrics->accepted_rows.Increment(accepted_);
  context_.metrics->rejected_rows.Increment(rejected_count_);
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
  if (!waiting_.empty()) {
    resume_offset_ = waiting_.front().first_offset;
    waiting_.clear();
    PushWaiting();
  }
  if (failure_) failure_.reset();
  FailWith(status, error);
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
