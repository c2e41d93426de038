#include "log/segment_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "env/fault_points.h"

namespace millrace::log {

std::string SegmentPath(const std::string& folder, uint64_t base_offset) {
  return env::JoinPath(folder, fmt::format("{:020}.log", base_offset));
}

std::string IndexPath(const std::string& folder, uint64_t base_offset) {
  return env::JoinPath(folder, fmt::format("{:020}.index", base_offset));
}

SegmentHeader NewSegmentHeader(const env::Env& env, Participant identity, uint64_t base_offset,
                               uint64_t last_transaction, int64_t last_append_micros) {
  return SegmentHeader{.salt = std::max<uint64_t>(env.seeds->NextSeed(), 1),
                       .base_offset = base_offset,
                       .created_micros = env.clock->NowMicros(),
                       .last_transaction = last_transaction,
                       .topic = identity.topic,
                       .partition = identity.partition,
                       .last_append_micros = last_append_micros};
}

template <typename Step>
Status SegmentWriter::Fatal(Step step) {
  Status status = step();
  if (!status) health_.Fail(status.error());
  return status;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(const env::Env& env, Health& health,
                                                             const std::string& folder,
                                                             const SegmentHeader& header) {
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(env, health, folder, header));
  MR_TRY(env.faults->Reach("log.segment.create"));
  MR_ASSIGN(writer->file_, env.files->OpenWrite(writer->path_, env::WriteMode::kTruncate));
  const auto bytes = EncodeSegmentHeader(header);
  MR_TRY(writer->file_->Write({bytes.data(), bytes.size()}));
  MR_TRY(writer->file_->Flush());
  writer->position_ = kSegmentHeaderBytes;
  MR_TRY(env.faults->Reach("log.segment.written"));
  MR_TRY(writer->Sync());
  MR_TRY(env.faults->Reach("log.segment.synced"));
  MR_TRY(writer->Fatal([&] { return env.files->SyncDir(folder); }));
  MR_TRY(env.faults->Reach("log.segment.created"));
  return writer;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Continue(const env::Env& env, Health& health,
                                                               const std::string& folder,
                                                               const SegmentHeader& header,
                                                               uint64_t position) {
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(env, health, folder, header));
  writer->position_ = position;
  MR_TRY(env.faults->Reach("log.recover.cut"));
  MR_TRY(writer->Reopen());
  MR_TRY(writer->Sync());
  MR_TRY(env.faults->Reach("log.recover.synced"));
  return writer;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::CreateFrom(const env::Env& env, Health& health,
                                                                 const std::string& folder,
                                                                 const SegmentHeader& header,
                                                                 BatchStream& from, uint64_t begin,
                                                                 uint64_t end, SegmentIndex* index) {
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(env, health, folder, header));
  // Under another name until it is whole: the batches count here or where they were, never in part.
  const std::string next_path = writer->path_ + std::string(kUnfinishedSuffix);
  MR_TRY(env.faults->Reach("log.recover.copy"));
  MR_ASSIGN(writer->file_, env.files->OpenWrite(next_path, env::WriteMode::kTruncate));
  const auto bytes = EncodeSegmentHeader(header);
  MR_TRY(writer->file_->Write({bytes.data(), bytes.size()}));
  writer->position_ = kSegmentHeaderBytes;
  MR_TRY(writer->CopyBatches(from, begin, end, index));
  MR_TRY(writer->file_->Flush());
  MR_TRY(writer->Sync());
  MR_TRY(writer->file_->Close());
  writer->file_.reset();
  MR_TRY(env.faults->Reach("log.recover.copied"));
  MR_TRY(env.files->Rename(next_path, writer->path_));
  MR_TRY(writer->Fatal([&] { return env.files->SyncDir(folder); }));
  MR_TRY(env.faults->Reach("log.recover.renamed"));
  return writer;
}

Status SegmentWriter::CopyBatches(BatchStream& from, uint64_t begin, uint64_t end, SegmentIndex* index) {
  from.Seek(begin);
  StoredBatch batch;
  for (;;) {
    MR_ASSIGN(const BatchStream::Found found, from.Next(end, &batch));
    if (found == BatchStream::Found::kEnd) return Ok();
    if (found == BatchStream::Found::kInvalid) {
      return Fail(ErrorCode::kDataCorrupted,
                  fmt::format("a batch of '{}' changes while it is read: {}", path_, from.reason()));
    }
    if (batch.header.IsMark()) continue;
    BatchHeader header = batch.header;
    header.salt = header_.salt;
    header.position = position_;
    header.synced = 0;
    MR_TRY(WriteBatch(header, batch.body, {}));
    index->Add(header, SplitBody(header, batch.body).id);
  }
}

Status SegmentWriter::Reopen() {
  if (file_ != nullptr) return Ok();
  MR_ASSIGN(file_, env_.files->OpenWriteAt(path_, position_));
  return Ok();
}

Status SegmentWriter::WriteBatch(const BatchHeader& header, std::string_view front,
                                 std::string_view payload) {
  MR_TRY(Reopen());
  MR_TRY(env_.faults->Reach("log.append.write"));
  const auto bytes = EncodeBatchHeader(header);
  MR_TRY(file_->Write({bytes.data(), bytes.size()}));
  MR_TRY(file_->Write(front));
  MR_TRY(file_->Write(payload));
  position_ = header.end_position();
  return Ok();
}

Status SegmentWriter::Append(EncodedAppend& append) {
  append.header.salt = header_.salt;
  append.header.position = position_;
  append.header.synced = synced_;
  return WriteBatch(append.header, append.front, append.payload);
}

Status SegmentWriter::AppendMark(uint64_t offset, int64_t now_micros) {
  MR_TRY(env_.faults->Reach("log.mark.write"));
  BatchHeader header;
  header.salt = header_.salt;
  header.position = position_;
  header.synced = synced_;
  header.base_offset = offset;
  header.append_micros = now_micros;
  return WriteBatch(header, {}, {});
}

Status SegmentWriter::Flush() {
  MR_TRY(Reopen());
  MR_TRY(file_->Flush());
  return env_.faults->Reach("log.append.written");
}

Status SegmentWriter::Sync() {
  MR_TRY(Reopen());
  MR_TRY(Fatal([&]() -> Status {
    MR_TRY(env_.faults->Reach("log.sync.before"));
    MR_TRY(file_->Sync());
    return env_.faults->Reach("log.sync.after");
  }));
  synced_ = position_;
  return Ok();
}

Status SegmentWriter::CutTo(uint64_t position, bool is_durable) {
  // Dropped first: what it has buffered must not come behind the cut.
  file_.reset();
  position_ = position;
  synced_ = std::min(synced_, position);
  MR_TRY(env_.faults->Reach("log.cut.before"));
  MR_TRY(Reopen());
  MR_TRY(env_.faults->Reach("log.cut.after"));
  return is_durable ? Sync() : Ok();
}

}  // namespace millrace::log
