#include "server/http/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace millrace::server::http {
namespace {

constexpr size_t kFirstInputBytes = size_t{4} << 10;
constexpr size_t kBodyInputBytes = size_t{128} << 10;
// What a client may send ahead while its request is being answered.
constexpr size_t kAheadBytesMax = size_t{64} << 10;

double SecondsOf(int64_t micros) {
  return static_cast<double>(micros) / static_cast<double>(kMicrosPerSecond);
}

}  // namespace

Connection::Connection(const Context& context, Peer peer, Wake wake)
    : context_(context),
      limits_(*context.limits),
      peer_(std::move(peer)),
      wake_(std::move(wake)),
      parser_(std::make_unique<RequestParser>(limits_)) {
  head_since_ = read_at_ = sent_at_ = context_.clock->MonotonicMicros();
}

Connection::~Connection() = default;

// ---------------------------------------------------------------------------------------- bytes in

std::span<std::byte> Connection::Room() {
  room_owner_ = RoomOwner::kNone;
  if (is_input_ended_) return {};
  size_t wanted = kFirstInputBytes;
  switch (state_) {
    case State::kHead:
      // A head that is not whole is longer than what has come of it.
      if (next_output_.size() >= kAnswerPieceBytes && !Buffered().empty()) return {};
      wanted = std::max(kFirstInputBytes, Buffered().size());
      break;
    case State::kBody:
      if (body_left_ && Buffered().empty()) {
        room_owner_ = RoomOwner::kHandler;
        const std::span<std::byte> room = routed_.handler->Room();
        return room.first(static_cast<size_t>(std::min<uint64_t>(room.size(), *body_left_)));
      }
      wanted = kBodyInputBytes;
      break;
    case State::kWaiting:
    case State::kClosed:
      return {};
    case State::kAnswering:
    case State::kStreaming:
      if (Buffered().size() >= kAheadBytesMax) return {};
      break;
    case State::kLinger:
      input_begin_ = input_end_ = 0;
      break;
  }
  if (input_begin_ == input_end_) input_begin_ = input_end_ = 0;
  if (input_.size() - input_end_ < wanted / 2) {
    input_.erase(0, input_begin_);
    input_end_ -= input_begin_;
    input_begin_ = 0;
    if (input_.size() < input_end_ + wanted) input_.resize(input_end_ + wanted);
  }
  room_owner_ = RoomOwner::kBuffer;
  return std::as_writable_bytes(std::span(input_)).subspan(input_end_);
}

void Connection::Received(size_t bytes) {
  context_.metrics->received_bytes.Increment(bytes);
  const int64_t now = context_.clock->MonotonicMicros();
  read_at_ = now;
  if (std::exchange(room_owner_, RoomOwner::kNone) == RoomOwner::kHandler) {
    // An answer given in the meantime (a time limit) makes the rest of the body unwanted.
    if (state_ != State::kBody) return;
    *body_left_ -= bytes;
    if (CountBody(bytes)) Follow(routed_.handler->Received(bytes));
  } else {
    if (state_ == State::kLinger || state_ == State::kClosed) return;
    if (state_ == State::kHead && !std::exchange(is_head_begun_, true)) head_since_ = now;
    input_end_ += bytes;
  }
  Advance();
}

void Connection::ReceivedEnd() {
  is_input_ended_ = true;
  room_owner_ = RoomOwner::kNone;
  switch (state_) {
    case State::kHead:
      // A head that was begun is not worth an answer; earlier answers may be on their way.
      if (IsFlushed()) return Close();
      keeps_alive_ = false;
      state_ = State::kLinger;
      linger_since_ = context_.clock->MonotonicMicros();
      return;
    case State::kBody:
      AbortRequest(400, Error(ErrorCode::kInvalidText,
                              "the body ended before the end that its header, or its "
                              "chunks, promised"));
      break;
    case State::kWaiting:
      break;
    case State::kAnswering:
    case State::kStreaming:
      Abandon();
      return;
    case State::kLinger:
      if (IsFlushed()) Close();
      break;
    case State::kClosed:
      return;
  }
  Advance();
}

void Connection::Consume(size_t bytes) {
  input_begin_ += bytes;
}

// -------------------------------------------------------------------------------------- bytes out

std::string_view Connection::Output() {
  if (sent_ == output_.size() && !next_output_.empty()) {
    output_.clear();
    sent_ = 0;
    output_.swap(next_output_);
    sent_at_ = context_.clock->MonotonicMicros();
    Advance();  // the next piece can be made
  }
  return std::string_view(output_).substr(sent_);
}

void Connection::Sent(size_t bytes) {
  sent_ += bytes;
  sent_at_ = context_.clock->MonotonicMicros();
  context_.metrics->sent_bytes.Increment(bytes);
  if (state_ == State::kLinger && IsFlushed() && is_input_ended_) Close();
  Advance();
}

// ------------------------------------------------------------------------------------------- jobs

std::function<void()> Connection::TakeJob() {
  if (job_) is_job_running_ = true;
  return std::exchange(job_, nullptr);
}

void Connection::JobDone() {
  is_job_running_ = false;
  if (is_abandoned_) return Close();
  if (state_ == State::kAnswering) {
    if (is_cancelled_) {
      job_response_ = ErrorResponse(
          504, Error(ErrorCode::kQueryTimeout,
                     fmt::format("the request took longer than {:g} s", SecondsOf(request_micros_))));
    }
    StartResponse(std::move(job_response_));
  } else if (state_ == State::kStreaming) {
    Result<BodyStream::Step> step = std::move(*job_step_);
    job_step_.reset();
    AddPiece(std::move(step), std::move(job_piece_));
  }
  Advance();
}

void Connection::JobRefused() {
  const Error error(ErrorCode::kTooManyConnections, "too many statements wait already", "try again later");
  job_response_ = ErrorResponse(error);
  job_response_.headers.push_back({"Retry-After", fmt::format("{}", limits_.retry_after_seconds)});
  job_step_ = std::unexpected(error);
  JobDone();
}

void Connection::Resume() {
  const int64_t now = context_.clock->MonotonicMicros();
  const bool is_resumed =
      state_ == State::kWaiting || (state_ == State::kBody && routed_.handler->is_resumed_early());
  if (is_resumed) Follow(routed_.handler->Resume());
  is_later_ = false;
  is_woken_ = is_job_running_;
  Expire(now);
  Advance();
}

int64_t Connection::deadline() const {
  int64_t at = env::kForever;
  const auto earlier = [&at](int64_t moment) { at = at == env::kForever ? moment : std::min(at, moment); };
  switch (state_) {
    case State::kHead:
      earlier(is_head_begun_ ? head_since_ + limits_.header_micros
                             : std::max(head_since_, sent_at_) + limits_.idle_micros);
      break;
    case State::kBody:
      earlier(read_at_ + limits_.body_idle_micros);
      earlier(request_since_ + request_micros_);
      break;
    case State::kWaiting:
      if (routed_.handler->deadline() != 0) earlier(routed_.handler->deadline());
      earlier(request_since_ + request_micros_);
      break;
    case State::kAnswering:
      if (!is_cancelled_) earlier(request_since_ + request_micros_);
      break;
    case State::kStreaming:
      if (response_.stream->heartbeat().empty()) {
        if (!is_cancelled_) earlier(request_since_ + request_micros_);
      } else if (IsFlushed()) {
        earlier(sent_at_ + limits_.heartbeat_micros);
      }
      break;
    case State::kLinger:
      if (IsFlushed()) earlier(std::max(linger_since_, sent_at_) + limits_.linger_micros);
      break;
    case State::kClosed:
      break;
  }
  if (sent_ < output_.size()) earlier(sent_at_ + limits_.body_idle_micros);
  return at;
}

// What has not come to pass by its time.
void Connection::Expire(int64_t now) {
  if (state_ == State::kClosed || deadline() == env::kForever || now < deadline()) return;
  if (sent_ < output_.size() && now >= sent_at_ + limits_.body_idle_micros) return Abandon();
  switch (state_) {
    case State::kHead:
      if (!is_head_begun_) return Close();
      return Refuse({408, Error(ErrorCode::kInvalidText, fmt::format("the header did not come within {:g} s",
                                                                     SecondsOf(limits_.header_micros)))});
    case State::kBody:
    case State::kWaiting:
      if (state_ == State::kWaiting && now < request_since_ + request_micros_) return;
      return AbortRequest(408, Error(ErrorCode::kQueryTimeout, "the body did not come in time"));
    case State::kAnswering:
      is_cancelled_ = true;
      return routed_.handler->Cancel();
    case State::kStreaming:
      if (!response_.stream->heartbeat().empty()) {
        if (is_head_sent_) SendPiece(response_.stream->heartbeat());
        return;
      }
      is_cancelled_ = true;
      return response_.stream->Cancel();
    case State::kLinger:
      return Close();
    case State::kClosed:
      return;
  }
}

void Connection::Close() {
  state_ = State::kClosed;
  if (is_answered_ || routed_.handler == nullptr) return;
  is_answered_ = true;
  context_.metrics->Answered(routed_.route, 0, context_.clock->MonotonicMicros() - request_since_);
}

void Connection::Abandon() {
  is_abandoned_ = true;
  keeps_alive_ = false;
  if (state_ == State::kAnswering) routed_.handler->Cancel();
  if (state_ == State::kStreaming) response_.stream->Cancel();
  job_ = nullptr;
  output_.clear();
  sent_ = 0;
  next_output_.clear();
  if (!is_job_running_) response_.stream.reset();
  Close();
}

void Connection::FinishSoon() {
  is_finishing_ = true;
  keeps_alive_ = false;
  const bool is_subscription = state_ == State::kStreaming && !response_.stream->heartbeat().empty();
  if (is_subscription || (state_ == State::kHead && !is_head_begun_ && IsFlushed())) Abandon();
}

// ---------------------------------------------------------------------------------------- requests

void Connection::Advance() {
  for (;;) {
    bool goes_on = false;
    if (state_ == State::kHead) {
      goes_on = AdvanceHead();
    } else if (state_ == State::kBody) {
      goes_on = AdvanceBody();
    } else if (state_ == State::kStreaming) {
      goes_on = AdvanceStream();
    }
    if (!goes_on) return;
  }
}

bool Connection::AdvanceHead() {
  if (Buffered().empty() || next_output_.size() >= kAnswerPieceBytes) return false;
  size_t taken = 0;
  const auto failure = parser_->FeedHead(Buffered(), &taken);
  Consume(taken);
  if (failure) {
    Refuse(*failure);
    return true;
  }
  if (!parser_->head_done()) return false;
  StartRequest();
  return true;
}

void Connection::StartRequest() {
  const Request& request = parser_->request();
  request_since_ = read_at_ = context_.clock->MonotonicMicros();
  is_answered_ = false;
  is_cancelled_ = false;
  keeps_alive_ = request.keep_alive && !is_finishing_ && !is_input_ended_;
  body_bytes_ = 0;
  body_left_ = request.content_length;
  is_body_done_ = !request.HasBody();
  routed_ = context_.router->Route(request, peer_, wake_);
  request_micros_ = limits_.request_micros;
  if (const int64_t less = routed_.handler->time_micros_max(); less > 0) {
    request_micros_ = std::min(request_micros_, less);
  }
  if (is_body_done_) return Follow(routed_.handler->Ended());
  state_ = State::kBody;
  const bool is_refused = routed_.is_refusal;
  if (is_refused && (request.expects_continue || request.is_chunked)) return MakeAnswer();
  if (body_left_.value_or(0) > routed_.handler->body_bytes_max()) {
    CountBody(*body_left_);
    return;
  }
  if (request.expects_continue && Buffered().empty()) next_output_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

// False: the body is longer than allowed, and the request has been answered.
bool Connection::CountBody(uint64_t bytes) {
  body_bytes_ += bytes;
  const uint64_t bytes_max = routed_.handler->body_bytes_max();
  if (body_bytes_ <= bytes_max) return true;
  AbortRequest(
      413, Error(ErrorCode::kProgramLimitExceeded, fmt::format("the body is longer than {} bytes", bytes_max),
                 "send it in several requests"));
  return false;
}

bool Connection::AdvanceBody() {
  if (body_left_ ? *body_left_ == 0 : parser_->chunked_done()) {
    BodyEnded();
    return true;
  }
  if (Buffered().empty()) return false;
  return body_left_ ? FeedLengthBody() : FeedChunkedBody();
}

void Connection::BodyEnded() {
  is_body_done_ = true;
  Follow(routed_.handler->Ended());
}

bool Connection::FeedLengthBody() {
  const std::span<std::byte> room = routed_.handler->Room();
  const size_t bytes = static_cast<size_t>(std::min<uint64_t>({room.size(), *body_left_, Buffered().size()}));
  std::memcpy(room.data(), Buffered().data(), bytes);
  *body_left_ -= bytes;
  Consume(bytes);
  if (CountBody(bytes)) Follow(routed_.handler->Received(bytes));
  return true;
}

// Chunks are gathered until the handler's room is full or no byte is left: small ones cost no decoding each.
size_t Connection::OnBody(std::string_view bytes) {
  const std::span<std::byte> room = routed_.handler->Room().subspan(gathered_);
  const size_t taken = std::min(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), taken);
  gathered_ += taken;
  return taken;
}

bool Connection::FeedChunkedBody() {
  size_t taken = 0;
  gathered_ = 0;
  const auto failure = parser_->FeedChunked(Buffered(), *this, &taken);
  Consume(taken);
  if (gathered_ > 0 && CountBody(gathered_)) Follow(routed_.handler->Received(gathered_));
  if (failure && state_ == State::kBody) AbortRequest(failure->status, failure->error);
  return taken > 0 || gathered_ > 0;
}

void Connection::Follow(Handler::Flow flow) {
  switch (flow) {
    case Handler::Flow::kMore:
      MR_CHECK(!is_body_done_);
      state_ = State::kBody;
      return;
    case Handler::Flow::kWait:
      state_ = State::kWaiting;
      return;
    case Handler::Flow::kAnswer:
      if (body_left_ && *body_left_ == 0) is_body_done_ = true;
      MakeAnswer();
      return;
  }
}

void Connection::MakeAnswer() {
  if (!routed_.handler->answer_blocks()) return StartResponse(routed_.handler->Answer());
  state_ = State::kAnswering;
  job_ = [this] { job_response_ = routed_.handler->Answer(); };
}

// The request could not be read: nothing behind it can be either.
void Connection::Refuse(const HttpFailure& failure) {
  request_since_ = context_.clock->MonotonicMicros();
  routed_ = {};
  routed_.route = "refused";
  is_body_done_ = false;
  is_answered_ = false;
  keeps_alive_ = false;
  StartResponse(ErrorResponse(failure.status, failure.error));
}

void Connection::AbortRequest(int status, const Error& error) {
  keeps_alive_ = false;
  StartResponse(routed_.handler->Abort(status, error));
}

}  // namespace millrace::server::http
