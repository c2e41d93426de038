#include "connectors/stream/socket_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::connectors {
namespace {

constexpr int64_t kRetryMicros = 2'000;

}  // namespace

SocketClientSource::SocketClientSource(env::Env& env, StreamReading reading, SocketClientConfig config)
    : env_(env),
      reading_(std::move(reading)),
      config_(std::move(config)),
      delay_micros_(config_.reconnect_delay_micros) {}

void SocketClientSource::ScheduleRetry() {
  retry_at_ = env_.clock->MonotonicMicros() + delay_micros_;
  delay_micros_ = std::min(delay_micros_ * 2, config_.reconnect_delay_max_micros);
}

Status SocketClientSource::Connect() {
  if (env_.clock->MonotonicMicros() < retry_at_) return {};
  auto connection = env_.net->Connect(config_.host, config_.port, WaitMillis(config_.connect_timeout_micros));
  if (!connection.has_value()) {
    // What is no address at all stays none.
    if (config_.bounded || connection.error().code() == ErrorCode::kInvalidParameter) {
      return std::unexpected(std::move(connection).error());
    }
    trouble_ = connection.error().message();
    ScheduleRetry();
    return {};
  }
  connection_ = std::move(connection).value();
  trouble_.clear();
  const RecordStream::Config stream{reading_.decoder.get(), reading_.forwarder.get(), config_.delimiter};
  stream_ = std::make_unique<RecordStream>(stream, 0, connection_->peer(), 0);
  return {};
}

void SocketClientSource::Disconnect() {
  if (stream_->bytes_read() > 0) delay_micros_ = config_.reconnect_delay_micros;
  bytes_before_ += stream_->bytes_read();
  connection_ = nullptr;
  stream_ = nullptr;
  ended_ = config_.bounded;
  ScheduleRetry();
}

Result<ReadStatus> SocketClientSource::Poll(SourceSink& sink, const PollLimits& limits) {
  reading_.forwarder->SetSink(&sink);
  int64_t timeout_ms = WaitMillis(limits.wait_micros_max);
  while (reading_.forwarder->rows() < limits.rows_max) {
    if (ended_) return ReadStatus::End();
    if (connection_ == nullptr) MR_TRY(Connect());
    if (connection_ == nullptr) {
      return ReadStatus::Idle(std::max<int64_t>(retry_at_ - env_.clock->MonotonicMicros(), kRetryMicros));
    }
    MR_ASSIGN(const StreamRead read, stream_->ReadOnce(*connection_, timeout_ms));
    if (read.broken) {
      trouble_ = read.broken->message();
      MR_TRY(stream_->ReportBroken(*read.broken));
      Disconnect();
    } else if (read.outcome.AtEnd()) {
      trouble_ = fmt::format("{} closed the connection", stream_->origin());
      MR_TRY(stream_->Finish());
      Disconnect();
    } else if (read.outcome.TimedOut()) {
      return ReadStatus::Idle(kRetryMicros);
    }
    timeout_ms = 0;
  }
  return ReadStatus::More();
}

SourceProgress SocketClientSource::Progress() const {
  SourceProgress progress;
  progress.bytes_read = bytes_before_ + bytes_here();
  progress.place = connection_ != nullptr ? fmt::format("connected to {}", connection_->peer())
                   : trouble_.empty() ? fmt::format("not yet connected to {}:{}", config_.host, config_.port)
                                      : fmt::format("not connected: {}", trouble_);
  return progress;
}

}  // namespace millrace::connectors
