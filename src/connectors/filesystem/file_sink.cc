#include "connectors/filesystem/file_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "connectors/filesystem/partition_path.h"
#include "data/text.h"

namespace millrace::connectors {
namespace {

// Partitions with an open file; beyond them the one that rested longest is finished.
constexpr size_t kOpenFilesMax = 256;

data::Batch Project(const data::Batch& batch, const std::vector<int>& columns) {
  data::Batch projected;
  projected.rows = batch.rows;
  for (const int column : columns) projected.columns.push_back(batch.columns[static_cast<size_t>(column)]);
  return projected;
}

}  // namespace

FileSink::FileSink(const SinkContext& context, FileSinkConfig config,
                   std::unique_ptr<formats::Encoder> encoder)
    : env_(*context.env),
      zone_(*context.zone),
      whole_files_(context.whole_files),
      rejected_(context.rejected),
      shard_(context.shard),
      config_(std::move(config)),
      encoder_(std::move(encoder)) {}

bool FileSink::SamePartition(const data::Batch& batch, size_t a, size_t b) const {
  return std::all_of(config_.partition_columns.begin(), config_.partition_columns.end(), [&](int column) {
    const data::Column& values = *batch.columns[static_cast<size_t>(column)];
    return data::RowsIdentical(values, a, values, b);
  });
}

std::string FileSink::PartitionOf(const data::Batch& batch, size_t row) const {
  std::string folder;
  data::TextOptions options;
  options.zone = &zone_;
  for (size_t i = 0; i < config_.partition_keys.size(); ++i) {
    const data::Column& column = *batch.columns[static_cast<size_t>(config_.partition_columns[i])];
    std::string text;
    if (column.IsValid(row)) data::AppendText(column, row, options, &text);
    folder =
        env::JoinPath(folder, PartitionFolder(config_.partition_keys[i], text, config_.default_partition));
  }
  return folder;
}

Result<std::unique_ptr<FileSink::PartFile>> FileSink::Open(const std::string& partition) {
  if (run_.empty()) run_ = fmt::format("{:016x}", env_.seeds->NextSeed());
  auto part = std::make_unique<PartFile>();
  part->folder = partition.empty() ? config_.folder : env::JoinPath(config_.folder, partition);
  part->name = fmt::format("part-{}-{}-{}.{}", run_, shard_, next_part_++, config_.extension);
  part->opened_at = part->written_at = env_.clock->MonotonicMicros();
  MR_TRY(env_.files->MakeDirs(part->folder));
  const std::string path = env::JoinPath(part->folder, fmt::format(".{}.inprogress", part->name));
  if (encoder_ == nullptr) {
    MR_ASSIGN(part->whole_file, whole_files_->Create(config_.extension, path, config_.file_schema));
    return part;
  }
  MR_ASSIGN(part->file, env_.files->OpenWrite(path, env::WriteMode::kCreate));
  std::string header;
  encoder_->AppendHeader(&header);
  MR_TRY(part->file->Write(header));
  return part;
}

Result<FileSink::PartFile*> FileSink::FileOf(const std::string& partition) {
  auto found = open_.find(partition);
  if (found != open_.end()) return found->second.get();
  if (open_.size() >= kOpenFilesMax) {
    const auto oldest = std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second->written_at < b.second->written_at;
    });
    MR_TRY(Finish(*oldest->second));
    open_.erase(oldest);
  }
  MR_ASSIGN(auto part, Open(partition));
  return open_.emplace(partition, std::move(part)).first->second.get();
}

Status FileSink::Finish(PartFile& part) {
  const std::string hidden = env::JoinPath(part.folder, fmt::format(".{}.inprogress", part.name));
  if (part.file != nullptr) {
    MR_TRY(part.file->Sync());
    MR_TRY(part.file->Close());
  } else {
    MR_TRY(part.whole_file->Finish());
  }
  MR_TRY(env_.files->Rename(hidden, env::JoinPath(part.folder, part.name)));
  return env_.files->SyncDir(part.folder);
}

Status FileSink::WriteRows(const std::string& partition, const data::Batch& rows) {
  MR_ASSIGN(PartFile* const part, FileOf(partition));
  part->written_at = env_.clock->MonotonicMicros();
  const data::Batch columns = Project(rows, config_.file_columns);
  if (part->whole_file != nullptr) {
    MR_TRY(part->whole_file->Write(columns));
  } else {
    std::vector<formats::EncodeFailure> failures;
    encoded_.clear();
    encoder_->Encode(columns, &encoded_, &failures);
    for (const formats::EncodeFailure& failure : failures) {
      if (rejected_ == nullptr) {
        return std::unexpected(failure.reason.Within(fmt::format("table '{}'", config_.table)));
      }
      MR_TRY(rejected_->Reject(config_.table, rows, failure.row, failure.reason));
    }
    MR_TRY(part->file->Write(encoded_));
  }
  if (part->size() < config_.size_max) return {};
  MR_TRY(Finish(*part));
  open_.erase(partition);
  return {};
}

Status FileSink::Write(const data::Batch& batch) {
  for (size_t row = 0; batch.kinds != nullptr && row < batch.rows; ++row) {
    if (batch.kind(row) == data::RowKind::kInsert) continue;
    return Fail(ErrorCode::kNotSupported,
                fmt::format("table '{}': files take inserted rows only, not {}", config_.table,
                            data::RowKindName(batch.kind(row))),
                "write a query without updates (a window aggregate), or into a table with a primary key");
  }
  if (config_.partition_keys.empty()) return batch.rows == 0 ? Status() : WriteRows("", batch);
  std::map<std::string, std::vector<uint32_t>> rows_of;
  std::vector<uint32_t>* rows = nullptr;
  for (size_t row = 0; row < batch.rows; ++row) {
    if (row == 0 || !SamePartition(batch, row - 1, row)) rows = &rows_of[PartitionOf(batch, row)];
    rows->push_back(static_cast<uint32_t>(row));
  }
  for (const auto& [partition, chosen] : rows_of) {
    MR_TRY(WriteRows(partition, data::Gather(batch, chosen)));
  }
  return {};
}

Status FileSink::Flush(uint64_t) {
  const int64_t now = env_.clock->MonotonicMicros();
  if (now < next_check_) return {};
  next_check_ = now + config_.check_micros;
  for (auto entry = open_.begin(); entry != open_.end();) {
    PartFile& part = *entry->second;
    const bool is_due =
        now - part.opened_at >= config_.open_micros_max || now - part.written_at >= config_.idle_micros_max;
    if (is_due) MR_TRY(Finish(part));
    entry = is_due ? open_.erase(entry) : std::next(entry);
  }
  return {};
}

Status FileSink::Close() {
  for (auto& [partition, part] : open_) MR_TRY(Finish(*part));
  open_.clear();
  return {};
}

}  // namespace millrace::connectors
