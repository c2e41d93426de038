#include "connectors/stream/socket_listener.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::connectors {
namespace {

// Between two looks at all connections while nothing comes.
constexpr int64_t kLookMicros = 2'000;
// Beyond these, connections wait to be accepted.
constexpr size_t kConnectionsMax = 1'000;
constexpr size_t kBlockBytes = size_t{64} << 10;

}  // namespace

SocketListenerSource::SocketListenerSource(StreamReading reading, std::unique_ptr<env::TcpListener> listener,
                                           std::string address, std::optional<char> delimiter, bool bounded)
    : reading_(std::move(reading)),
      listener_(std::move(listener)),
      address_(std::move(address)),
      delimiter_(delimiter),
      bounded_(bounded) {}

Status SocketListenerSource::AcceptAll(SourceSink& sink, int64_t timeout_ms) {
  while (connections_.size() < kConnectionsMax) {
    MR_ASSIGN(std::unique_ptr<env::TcpStream> stream, listener_->Accept(timeout_ms));
    if (stream == nullptr) return {};
    const RecordStream::Config config{reading_.decoder.get(), reading_.forwarder.get(), delimiter_,
                                      kBlockBytes};
    auto connection = std::make_unique<Connection>();
    connection->records = std::make_unique<RecordStream>(config, next_partition_, stream->peer(), 0);
    connection->stream = std::move(stream);
    connections_.push_back(std::move(connection));
    MR_TRY(sink.OnPartitionStart(next_partition_++));
    timeout_ms = 0;
  }
  return {};
}

Result<bool> SocketListenerSource::ReadOne(Connection& connection) {
  const uint64_t before = connection.records->bytes_read();
  MR_ASSIGN(const StreamRead read, connection.records->ReadOnce(*connection.stream, 0));
  bytes_read_ += connection.records->bytes_read() - before;
  if (read.broken) {
    connection.is_closed = true;
    MR_TRY(connection.records->ReportBroken(*read.broken));
  } else if (read.outcome.AtEnd()) {
    connection.is_closed = true;
    MR_TRY(connection.records->Finish());
  }
  return connection.is_closed || read.outcome.HasData();
}

Status SocketListenerSource::DropClosed(SourceSink& sink) {
  for (const auto& connection : connections_) {
    if (connection->is_closed) MR_TRY(sink.OnPartitionEnd(connection->records->partition()));
  }
  std::erase_if(connections_, [](const auto& connection) { return connection->is_closed; });
  return {};
}

Result<bool> SocketListenerSource::ReadAll(SourceSink& sink, size_t rows_max) {
  bool any = false;
  const size_t count = connections_.size();
  for (size_t i = 0; i < count && reading_.forwarder->rows() < rows_max; ++i) {
    MR_ASSIGN(const bool came, ReadOne(*connections_[next_connection_++ % count]));
    any |= came;
  }
  MR_TRY(DropClosed(sink));
  return any;
}

Result<ReadStatus> SocketListenerSource::Poll(SourceSink& sink, const PollLimits& limits) {
  reading_.forwarder->SetSink(&sink);
  int64_t wait_micros = 0;
  int64_t left_micros = limits.wait_micros_max;
  while (reading_.forwarder->rows() < limits.rows_max) {
    MR_TRY(AcceptAll(sink, WaitMillis(wait_micros)));
    MR_ASSIGN(const bool any, ReadAll(sink, limits.rows_max));
    if (bounded_ && next_partition_ > 0 && connections_.empty()) return ReadStatus::End();
    if (!any && left_micros <= 0) return ReadStatus::Idle(kLookMicros);
    // The wait for a next connection is also the pause until the next look at those that are.
    wait_micros = any ? 0 : std::min(left_micros, kLookMicros);
    left_micros -= wait_micros;
  }
  return ReadStatus::More();
}

SourceProgress SocketListenerSource::Progress() const {
  return {bytes_read_, std::nullopt,
          fmt::format("listening on {}:{}, {} connections", address_, port(), connections_.size())};
}

}  // namespace millrace::connectors
