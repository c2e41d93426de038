// COPY … FROM STDIN (conversation.h).
#include <fmt/format.h>

#include "server/pgwire/backend_message.h"
#include "server/pgwire/conversation.h"

namespace millrace::server::pgwire {

// Gives what is decoded to the sink, or reads on.
Conversation::Flow Conversation::StepCopyIn() {
  CopyIn& copy = *copy_in_;
  if (copy.batch) {
    const auto taken = copy.sink->TryPush(&*copy.batch, wake_);
    if (!taken) {
      FailCopy(taken.error());
      return std::nullopt;
    }
    if (!*taken) return Next::kWait;
    copy.batch.reset();
  }
  if (!copy.is_done) {
    const Frame frame = frames_.Peek();
    if (frame.kind == Frame::Kind::kNone) return Next::kRead;
    if (!may_wait_) return Next::kPool;  // decoding takes a thread's time
    return HandleCopyMessage(frame);
  }
  if (!may_wait_) return Next::kPool;
  if (const Status read = copy.decoder.Finish(); !read) {
    FailCopy(read.error());
    return std::nullopt;
  }
  if (copy.decoder.rows() > 0) {
    copy.batch = copy.decoder.Take();
    return std::nullopt;
  }
  const auto rows = copy.sink->Finish();
  if (!rows) {
    FailCopy(rows.error());
    return std::nullopt;
  }
  WriteCommandComplete(fmt::format("COPY {}", *rows), &output_);
  copy_in_.reset();
  return std::nullopt;
}

Conversation::Flow Conversation::HandleCopyMessage(const Frame& frame) {
  CopyIn& copy = *copy_in_;
  if (frame.kind != Frame::Kind::kMessage) {
    const bool is_broken = frame.kind == Frame::Kind::kBroken;
    const Error error(is_broken ? ErrorCode::kProtocolViolation : ErrorCode::kProgramLimitExceeded,
                      fmt::format("a message of {} bytes during COPY; the limit is {}", frame.length,
                                  limits::kWireMessageBytesMax));
    if (is_broken) return CloseWith(error);
    frames_.Consume();
    FailCopy(error);
    return std::nullopt;
  }
  switch (static_cast<MessageType>(frame.type)) {
    case MessageType::kCopyData: {
      bool is_used_up = true;
      const Status read = ReadCopyData(frame.body, &is_used_up);
      if (is_used_up || !read) frames_.Consume();
      if (!read) FailCopy(read.error());
      return std::nullopt;
    }
    case MessageType::kCopyDone:
      copy.is_done = true;
      frames_.Consume();
      return std::nullopt;
    case MessageType::kCopyFail: {
      const auto reason = ReadCopyFail(frame.body);
      const Error error(ErrorCode::kCancelled,
                        fmt::format("COPY from stdin failed: {}", reason ? *reason : std::string_view()));
      frames_.Consume();
      FailCopy(error);
      return std::nullopt;
    }
    case MessageType::kFlush:
    case MessageType::kSync:
      frames_.Consume();  // do not count here
      return std::nullopt;
    case MessageType::kTerminate:
      phase_ = Phase::kClosed;
      return std::nullopt;
    default:
      break;
  }
  // Not ours: COPY fails, and the message is looked at again.
  FailCopy(Error(ErrorCode::kProtocolViolation,
                 fmt::format("unexpected message of type 0x{:02X} during COPY from stdin",
                             static_cast<unsigned char>(frame.type))));
  return std::nullopt;
}

// Decodes up to a batch; what is left of the message is read when that has been taken.
Status Conversation::ReadCopyData(std::string_view body, bool* is_used_up) {
  CopyIn& copy = *copy_in_;
  MR_ASSIGN(const size_t read, copy.decoder.Decode(body.substr(copy.frame_at)));
  copy.frame_at += read;
  const bool is_full = copy.decoder.IsFull();
  if (is_full) copy.batch = copy.decoder.Take();
  *is_used_up = copy.frame_at == body.size() && !is_full;
  if (*is_used_up) copy.frame_at = 0;
  return Ok();
}

void Conversation::FailCopy(const Error& cause) {
  const int64_t rows_taken = copy_in_->sink->rows_taken();
  const Error error = rows_taken == 0
                          ? cause
                          : cause.WithHint(fmt::format(
                                "the first {} rows are in the table: a COPY of more than {} MB goes in "
                                "in parts; copy the rows behind them",
                                rows_taken, limits::kTransactionBytesMax >> 20));
  copy_in_.reset();
  if (script_) {
    script_->parts.resize(script_->next);  // the place of the error is not that of the statement that follows
    FailScript(error);
  } else {
    FailStatement(error, 0);
  }
}

}  // namespace millrace::server::pgwire
