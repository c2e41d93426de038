// Connection: the protocol of one HTTP/1 connection, without its socket.
//
// Whoever owns the socket (server.cc), or a test, or a fuzz target, asks what it wants: bytes into Room(),
// bytes out of Output(), a job to be run where waiting is allowed, a call at deadline(). Requests are
// answered one by one in their order; what comes behind one waits in a bounded buffer.
//
// One thread at a time, but for the job, which runs beside it, and `wake`, which is called from any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "env/clock.h"
#include "server/http/handler.h"
#include "server/http/http_limits.h"
#include "server/http/http_metrics.h"
#include "server/http/request_parser.h"
#include "server/http/router.h"

namespace millrace::server::http {

class Connection final : private BodyReceiver {
 public:
  struct Context {
    const HttpLimits* limits = nullptr;
    env::Clock* clock = nullptr;
    const Router* router = nullptr;
    HttpMetrics* metrics = nullptr;
  };
  // `wake`: called from any thread when Resume should be called.
  Connection(const Context& context, Peer peer, Wake wake);
  ~Connection();

  // Where the next bytes are to be put; empty: none are wanted now. Stays valid until Received. Ask again
  // after each call of the other methods, but not while a read into it is under way.
  std::span<std::byte> Room();
  void Received(size_t bytes);
  // The other side sends nothing more.
  void ReceivedEnd();

  // What is to be sent; empty: nothing now. Stays valid, and the same, until Sent.
  std::string_view Output();
  void Sent(size_t bytes);

  // Something that may wait, to be run on a thread of its own; empty: nothing. JobDone when it has returned.
  std::function<void()> TakeJob();
  void JobDone();
  // Nobody could run the job just taken: the request is answered with 503.
  void JobRefused();

  // After a wake, or at the deadline.
  void Resume();
  // When to call Resume at the latest (Clock::MonotonicMicros).
  int64_t deadline() const;

  // Everything is sent and the other side should be told so; reading goes on for a while.
  bool wants_shutdown() const { return state_ == State::kLinger && IsFlushed(); }
  // Nothing is left to do.
  bool is_closed() const { return state_ == State::kClosed && !is_job_running_; }
  // The socket failed, or the server stops: ends whatever runs. is_closed follows, once no job runs.
  void Abandon();
  // Ends after the answer that is being made, or at once if there is none.
  void FinishSoon();

 private:
  enum class State : uint8_t {
    kHead,       // reading a head, or waiting for one
    kBody,       // reading a body
    kWaiting,    // the handler waits
    kAnswering,  // the answer is made by a job
    kStreaming,  // pieces of the answer are made, by jobs or here
    kLinger,     // reading what the other side still sends, so that it reads our answer
    kClosed,
  };
  enum class RoomOwner : uint8_t { kNone, kBuffer, kHandler };

  // BodyReceiver
  size_t OnBody(std::string_view bytes) override;

  void Advance();
  bool AdvanceHead();
  bool AdvanceBody();
  bool AdvanceStream();
  void StartRequest();
  bool FeedLengthBody();
  bool FeedChunkedBody();
  void BodyEnded();
  bool CountBody(uint64_t bytes);
  void Follow(Handler::Flow flow);
  void MakeAnswer();
  void Refuse(const HttpFailure& failure);
  void AbortRequest(int status, const Error& error);
  void StartResponse(Response response);
  void AddPiece(Result<BodyStream::Step> step, std::string piece);
  void SendHead(std::optional<uint64_t> length);
  void SendPiece(std::string_view piece);
  void EndResponse();
  void Expire(int64_t now);
  void Close();
  bool IsFlushed() const { return sent_ == output_.size() && next_output_.empty(); }
  std::string_view Buffered() const {
    return std::string_view(input_).substr(input_begin_, input_end_ - input_begin_);
  }
  void Consume(size_t bytes);

  const Context context_;
  const HttpLimits& limits_;
  const Peer peer_;
  const Wake wake_;
  State state_ = State::kHead;

  // Bytes that have come and not been used: [input_begin_, input_end_).
  std::string input_;
  size_t input_begin_ = 0;
  size_t input_end_ = 0;
  RoomOwner room_owner_ = RoomOwner::kNone;
  bool is_input_ended_ = false;
  bool is_head_begun_ = false;  // some byte of the next head has come

  std::string output_;  // being sent, from sent_ on
  size_t sent_ = 0;
  std::string next_output_;

  // The request that is being read or answered.
  std::unique_ptr<RequestParser> parser_;
  Routed routed_;
  uint64_t body_bytes_ = 0;
  std::optional<uint64_t> body_left_;  // of a body with a Content-Length
  bool is_body_done_ = false;
  size_t gathered_ = 0;  // bytes of chunks put into the handler's room
  Response response_;
  bool is_head_sent_ = false;
  bool is_chunking_ = false;
  bool keeps_alive_ = true;
  bool is_later_ = false;  // the stream waits for a wake
  bool is_woken_ = false;  // which came while the job ran
  bool is_answered_ = false;

  // The job, and what it leaves.
  std::function<void()> job_;
  bool is_job_running_ = false;
  bool is_abandoned_ = false;
  bool is_cancelled_ = false;
  bool is_finishing_ = false;
  Response job_response_;
  std::string job_piece_;
  std::optional<Result<BodyStream::Step>> job_step_;

  // Moments of Clock::MonotonicMicros.
  int64_t head_since_ = 0;
  int64_t request_since_ = 0;
  int64_t request_micros_ = 0;  // that it may take
  int64_t read_at_ = 0;
  int64_t sent_at_ = 0;
  int64_t linger_since_ = 0;
};

}  // namespace millrace::server::http
