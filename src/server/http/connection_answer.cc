// How a Connection answers: the head, and a body that is there or made piece by piece.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/http/connection.h"

namespace millrace::server::http {
namespace {

// What a connection keeps between two requests.
constexpr size_t kIdleInputBytes = size_t{16} << 10;

}  // namespace

void Connection::StartResponse(Response response) {
  response_ = std::move(response);
  std::ranges::move(routed_.headers, std::back_inserter(response_.headers));
  routed_.headers.clear();
  is_head_sent_ = false;
  is_later_ = false;
  is_chunking_ = false;
  if (!is_body_done_ || response_.close || is_finishing_) keeps_alive_ = false;
  const bool is_head_request = parser_->head_done() && parser_->request().method == "HEAD";
  if (is_head_request) {
    const bool has_length = response_.stream == nullptr;
    response_.stream.reset();
    SendHead(has_length ? std::optional<uint64_t>(response_.body.size()) : std::nullopt);
    return EndResponse();
  }
  if (response_.stream != nullptr) {
    state_ = State::kStreaming;
    return;
  }
  SendHead(response_.body.size());
  next_output_ += response_.body;
  EndResponse();
}

bool Connection::AdvanceStream() {
  if (is_later_ || job_ || is_job_running_ || !next_output_.empty()) return false;
  if (response_.stream->blocks()) {
    is_woken_ = false;
    job_ = [this] {
      job_piece_.clear();
      job_step_ = response_.stream->Produce(&job_piece_, wake_);
    };
    return false;
  }
  std::string piece;
  Result<BodyStream::Step> step = response_.stream->Produce(&piece, wake_);
  AddPiece(std::move(step), std::move(piece));
  return true;
}

void Connection::AddPiece(Result<BodyStream::Step> step, std::string piece) {
  if (!step) {
    if (!is_head_sent_) {
      response_.stream.reset();
      const Error error =
          is_cancelled_ ? Error(ErrorCode::kQueryTimeout, "the request took too long") : step.error();
      return StartResponse(ErrorResponse(error));
    }
    // Without the last chunk, the client sees that the answer is not whole.
    keeps_alive_ = false;
    is_chunking_ = false;
    return EndResponse();
  }
  if (!is_head_sent_) {
    piece.insert(0, response_.body);
    SendHead(*step == BodyStream::Step::kEnd ? std::optional<uint64_t>(piece.size()) : std::nullopt);
  }
  SendPiece(piece);
  is_later_ = *step == BodyStream::Step::kLater && !std::exchange(is_woken_, false);
  if (*step == BodyStream::Step::kEnd) EndResponse();
}

void Connection::SendHead(std::optional<uint64_t> length) {
  is_head_sent_ = true;
  const bool is_head_request = parser_->head_done() && parser_->request().method == "HEAD";
  is_chunking_ = !length && !is_head_request && parser_->request().version_minor > 0;
  if (!length && !is_chunking_ && !is_head_request) keeps_alive_ = false;
  next_output_ += SerializeHead(response_, context_.clock->NowMicros(), length, is_chunking_, keeps_alive_);
}

void Connection::SendPiece(std::string_view piece) {
  if (piece.empty()) return;
  if (is_chunking_) fmt::format_to(std::back_inserter(next_output_), "{:x}\r\n", piece.size());
  next_output_ += piece;
  if (is_chunking_) next_output_ += "\r\n";
}

void Connection::EndResponse() {
  if (is_chunking_) next_output_ += "0\r\n\r\n";
  const int64_t now = context_.clock->MonotonicMicros();
  context_.metrics->Answered(routed_.route, response_.status, now - request_since_);
  is_answered_ = true;
  response_.stream.reset();
  if (!keeps_alive_) {
    state_ = State::kLinger;
    linger_since_ = now;
    if (is_input_ended_ && IsFlushed()) Close();
    return;
  }
  if (Buffered().empty() && room_owner_ != RoomOwner::kBuffer && input_.size() > kIdleInputBytes) {
    std::string().swap(input_);
    input_begin_ = input_end_ = 0;
  }
  response_ = {};
  routed_ = {};
  parser_ = std::make_unique<RequestParser>(limits_);
  state_ = State::kHead;
  head_since_ = now;
  is_head_begun_ = !Buffered().empty();
}

}  // namespace millrace::server::http
