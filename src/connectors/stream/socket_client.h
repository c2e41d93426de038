// SocketClientSource: connects to a server and reads records; when the connection ends or breaks, it
// connects again after a pause that doubles with every attempt in vain. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/connector.h"
#include "connectors/stream/record_stream.h"
#include "connectors/stream/stream_table.h"
#include "env/env.h"

namespace millrace::connectors {

struct SocketClientConfig {
  std::string host;
  uint16_t port = 0;
  std::optional<char> delimiter;
  bool bounded = false;  // the end of the first connection is the end of the table
  int64_t connect_timeout_micros = 0;
  int64_t reconnect_delay_micros = 0;
  int64_t reconnect_delay_max_micros = 0;
};

class SocketClientSource final : public Source {
 public:
  SocketClientSource(env::Env& env, StreamReading reading, SocketClientConfig config);

  const data::Schema& schema() const override { return reading_.forwarder->schema(); }
  bool bounded() const override { return config_.bounded; }
  // May take longer than it is told to by the time that connecting takes ('connect.timeout').
  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override;
  std::string Position() const override { return std::to_string(bytes_before_ + bytes_here()); }
  Status Seek(std::string_view) override { return {}; }  // what was sent is not sent again
  SourceProgress Progress() const override;

 private:
  uint64_t bytes_here() const { return stream_ == nullptr ? 0 : stream_->bytes_read(); }
  // Connects if it is time to; null connection_ afterwards: wait until retry_at_.
  Status Connect();
  void Disconnect();
  void ScheduleRetry();

  env::Env& env_;
  const StreamReading reading_;
  const SocketClientConfig config_;
  std::unique_ptr<env::TcpStream> connection_;
  std::unique_ptr<RecordStream> stream_;
  int64_t delay_micros_;
  int64_t retry_at_ = 0;  // monotonic
  uint64_t bytes_before_ = 0;
  std::string trouble_;  // why there is no connection
  bool ended_ = false;
};

}  // namespace millrace::connectors
