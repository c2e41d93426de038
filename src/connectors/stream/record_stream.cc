#include "connectors/stream/record_stream.h"

#include <algorithm>
#include <utility>

namespace millrace::connectors {

RecordStream::RecordStream(const Config& config, int partition, std::string origin, uint64_t offset)
    : config_(config),
      partition_(partition),
      origin_(std::move(origin)),
      blocks_(config.delimiter ? RecordBlocks(*config.delimiter, config.block_bytes)
                               : RecordBlocks(*config.decoder, config.block_bytes)) {
  blocks_.Restart(offset);
}

Status RecordStream::DecodeMessages(const RecordBlock& block) {
  messages_.clear();
  std::string_view rest = block.bytes;
  uint64_t offset = block.offset;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(*config_.delimiter), rest.size());
    if (end > 0) messages_.push_back({static_cast<int64_t>(offset), rest.substr(0, end)});
    const size_t used = std::min(end + 1, rest.size());
    rest.remove_prefix(used);
    offset += used;
  }
  return config_.decoder->DecodeMessages(block.owner, messages_, *config_.forwarder);
}

Status RecordStream::Decode(const RecordBlock& block) {
  if (block.IsEmpty()) return {};
  if (config_.delimiter) return DecodeMessages(block);
  return config_.decoder->Decode(block.owner, block.bytes, static_cast<int64_t>(block.offset),
                                 *config_.forwarder);
}

Result<StreamRead> RecordStream::ReadOnce(env::ByteStream& stream, int64_t timeout_ms) {
  auto outcome = stream.Read(blocks_.Room(), timeout_ms);
  if (!outcome.has_value()) return StreamRead{{}, outcome.error()};
  if (!outcome->HasData()) return StreamRead{*outcome, std::nullopt};
  Begin();
  bytes_read_ += outcome->bytes;
  blocks_.Fill(outcome->bytes);
  MR_TRY(Decode(blocks_.TakeComplete()));
  while (blocks_.IsOverlong()) {
    const RecordBlock record = blocks_.OverlongRecord();
    MR_TRY(
        config_.forwarder->OnMalformed(static_cast<int64_t>(record.offset), record.bytes, OverlongError()));
    blocks_.DropOverlong();
    MR_TRY(Decode(blocks_.TakeComplete()));
  }
  return StreamRead{*outcome, std::nullopt};
}

Status RecordStream::Finish() {
  Begin();
  return Decode(blocks_.TakeAll());
}

Status RecordStream::ReportBroken(const Error& error) {
  const RecordBlock rest = blocks_.TakeAll();
  if (rest.IsEmpty()) return {};
  Begin();
  return config_.forwarder->OnMalformed(static_cast<int64_t>(rest.offset), rest.bytes, error);
}

}  // namespace millrace::connectors
