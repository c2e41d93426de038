#include "connectors/stream/stream_log.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "base/byte_coding.h"
#include "base/check.h"
#include "data/batch_codec.h"

namespace millrace::connectors {
namespace {

using Kind = StreamEvent::Kind;

constexpr size_t kSqlStateBytes = 5;

// Codes are kept as what they mean outside: their numbers change.
ErrorCode CodeOf(std::string_view sql_state) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (SqlState(code) == sql_state) return code;
  }
  return ErrorCode::kInternal;
}

std::unexpected<Error> Corrupted(std::string_view why) {
  return Fail(
      ErrorCode::kDataCorrupted, fmt::format("what was received cannot be read from the log: {}", why),
      "restore the data folder from a copy; without one, drop what reads the table and create it again");
}

Result<StreamEvent> DecodeEvent(ByteReader& reader, std::span<const data::DataType> types) {
  StreamEvent event;
  const auto kind = reader.Fixed<uint8_t>();
  const uint64_t partition = reader.Varint();
  if (kind < static_cast<uint8_t>(Kind::kPartitionStart) || kind > static_cast<uint8_t>(Kind::kTableEnd)) {
    return Corrupted("an event of no known kind");
  }
  if (partition > std::numeric_limits<int>::max()) return Corrupted("a partition that cannot be");
  event.kind = static_cast<Kind>(kind);
  event.partition = static_cast<int>(partition);
  if (event.kind == Kind::kRows) {
    const std::string_view batch = reader.String();
    if (!reader.ok()) return Corrupted("rows are cut off");
    auto rows = data::DecodeBatch(batch, types);
    if (!rows.has_value() && rows.error().code() == ErrorCode::kDataCorrupted) {
      return Corrupted(rows.error().message());
    }
    if (!rows.has_value()) return std::unexpected(rows.error());
    event.rows = std::move(*rows);
  } else if (event.kind == Kind::kMalformed) {
    event.origin = reader.String();
    event.offset = reader.Varint();
    event.bytes = reader.String();
    event.size = reader.Varint();
    const ErrorCode code = CodeOf(reader.Bytes(kSqlStateBytes));
    const std::string_view message = reader.String();
    event.error = Error(code, std::string(message), std::string(reader.String()));
  }
  if (!reader.ok()) return Corrupted("an event is cut off");
  return event;
}

}  // namespace

Status StreamEvent::Give(SourceSink& sink) const {
  switch (kind) {
    case Kind::kPartitionStart:
      return sink.OnPartitionStart(partition);
    case Kind::kRows:
      return sink.OnBatch(partition, rows);
    case Kind::kMalformed:
      return sink.OnMalformed(partition, {.origin = origin, .offset = offset, .bytes = bytes, .size = size},
                              *error);
    case Kind::kPartitionEnd:
      return sink.OnPartitionEnd(partition);
    case Kind::kTableEnd:
      return {};
  }
  MR_UNREACHABLE();
}

void AppendEvent(const StreamEvent& event, std::string* bytes) {
  AppendFixed(static_cast<uint8_t>(event.kind), bytes);
  AppendVarint(static_cast<uint64_t>(event.partition), bytes);
  if (event.kind == Kind::kRows) {
    std::string batch;
    data::EncodeBatch(event.rows, &batch);
    AppendString(batch, bytes);
  } else if (event.kind == Kind::kMalformed) {
    AppendString(event.origin, bytes);
    AppendVarint(event.offset, bytes);
    AppendString(event.bytes, bytes);
    AppendVarint(event.size, bytes);
    bytes->append(SqlState(event.error->code()));
    AppendString(event.error->message(), bytes);
    AppendString(event.error->hint(), bytes);
  }
}

Result<std::vector<StreamEvent>> DecodeEvents(std::string_view bytes, std::span<const data::DataType> types) {
  std::vector<StreamEvent> events;
  ByteReader reader(bytes);
  while (!reader.AtEnd()) {
    MR_ASSIGN(StreamEvent event, DecodeEvent(reader, types));
    events.push_back(std::move(event));
  }
  return events;
}

std::string StreamTopicOf(uint64_t group_id, size_t place) {
  return fmt::format("s{}-{}", group_id, place);
}

bool IsStreamTopic(std::string_view topic) {
  const size_t dash = topic.find('-');
  if (!topic.starts_with('s') || dash == std::string_view::npos) return false;
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return is_number(topic.substr(1, dash - 1)) && is_number(topic.substr(dash + 1));
}

}  // namespace millrace::connectors
