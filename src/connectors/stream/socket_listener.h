// SocketListenerSource: accepts connections and reads records from all of them, each a partition that
// starts and ends with its connection. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/stream/record_stream.h"
#include "connectors/stream/stream_table.h"
#include "env/net.h"

namespace millrace::connectors {

class SocketListenerSource final : public Source {
 public:
  // `bounded`: the table ends when there has been a connection and none is left.
  SocketListenerSource(StreamReading reading, std::unique_ptr<env::TcpListener> listener, std::string address,
                       std::optional<char> delimiter, bool bounded);

  const data::Schema& schema() const override { return reading_.forwarder->schema(); }
  bool bounded() const override { return bounded_; }
  int initial_partitions() const override { return 0; }
  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override;
  std::string Position() const override { return std::to_string(bytes_read_); }
  Status Seek(std::string_view) override { return {}; }  // what was sent is not sent again
  SourceProgress Progress() const override;

  uint16_t port() const { return listener_->port(); }

 private:
  struct Connection {
    std::unique_ptr<env::TcpStream> stream;
    std::unique_ptr<RecordStream> records;
    bool is_closed = false;
  };

  Status AcceptAll(SourceSink& sink, int64_t timeout_ms);
  // True if any bytes came.
  Result<bool> ReadAll(SourceSink& sink, size_t rows_max);
  Result<bool> ReadOne(Connection& connection);
  Status DropClosed(SourceSink& sink);

  const StreamReading reading_;
  const std::unique_ptr<env::TcpListener> listener_;
  const std::string address_;
  const std::optional<char> delimiter_;
  const bool bounded_;
  std::vector<std::unique_ptr<Connection>> connections_;
  size_t next_connection_ = 0;  // whose turn it is
  int next_partition_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace millrace::connectors
