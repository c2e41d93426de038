#include "connectors/filesystem/file_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
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
      pending_(context.is_durable ? std::make_shared<PendingFiles>(context.env->files) : nullptr),
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

Status FileSink::MakeFolder(const std::string& folder) {
  std::vector<std::string> to_sync;
  for (std::string made = folder; made != "/" && made != "."; made = env::DirName(made)) {
    // The table's folder, and those below it, may have been made by a run that did not come to sync them.
    if (made.size() < config_.folder.size()) {
      MR_ASSIGN(const bool exists, env_.files->Exists(made));
      if (exists) break;
    }
    to_sync.push_back(env::DirName(made));
  }
  MR_TRY(env_.files->MakeDirs(folder));
  for (const std::string& parent : to_sync) MR_TRY(env_.files->SyncDir(parent));
  return {};
}

Result<std::unique_ptr<FileSink::PartFile>> FileSink::Open(const std::string& partition) {
  if (run_.empty()) run_ = fmt::format("{:016x}", env_.seeds->NextSeed());
  auto part = std::make_unique<PartFile>();
  part->folder = partition.empty() ? config_.folder : env::JoinPath(config_.folder, partition);
  part->name = fmt::format("part-{}-{}-{}.{}", run_, shard_, next_part_++, config_.extension);
  part->opened_at = part->written_at = env_.clock->MonotonicMicros();
  MR_TRY(MakeFolder(part->folder));
  const std::string path = HiddenPath(part->folder, part->name);
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
  const std::string hidden = HiddenPath(part.folder, part.name);
  if (part.file != nullptr) {
    MR_TRY(part.file->Sync());
    MR_TRY(part.file->Close());
  } else {
    MR_TRY(part.whole_file->Finish());
  }
  if (pending_ != nullptr) {
    if (part.whole_file != nullptr) {
      // Who wrote it need not have synced it.
      MR_ASSIGN(const env::FileInfo info, env_.files->Stat(hidden));
      MR_ASSIGN(const auto file, env_.files->OpenWriteAt(hidden, info.size));
      MR_TRY(file->Sync());
      MR_TRY(file->Close());
    }
    pending_->Add({part.folder, part.name});
    return env_.files->SyncDir(part.folder);
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

Status FileSink::FinishAll() {
  for (auto& [partition, part] : open_) MR_TRY(Finish(*part));
  open_.clear();
  return {};
}

Status FileSink::Close() {
  return FinishAll();
}

Status FileSink::Prepare() {
  if (encoder_ == nullptr) return FinishAll();
  for (auto& [partition, part] : open_) {
    if (part->prepared_size == part->size()) continue;
    MR_TRY(part->file->Sync());
    if (part->prepared_size == 0) MR_TRY(env_.files->SyncDir(part->folder));
    part->prepared_size = part->size();
  }
  return {};
}

// State: a version, then of each file a kind, and texts and numbers as their lengths say.
//   pending: 'p' folder name        open: 'o' partition folder name size
namespace {

constexpr char kStateVersion = 1;

void PutText(std::string_view text, std::string* out) {
  const auto size = static_cast<uint32_t>(text.size());
  out->append(reinterpret_cast<const char*>(&size), sizeof(size));
  out->append(text);
}

std::unexpected<Error> BadState() {
  return Fail(ErrorCode::kDataCorrupted, "the saved state of a file sink cannot be read");
}

Result<std::string> TakeText(std::string_view* in) {
  uint32_t size = 0;
  if (in->size() < sizeof(size)) return BadState();
  std::memcpy(&size, in->data(), sizeof(size));
  in->remove_prefix(sizeof(size));
  if (in->size() < size) return BadState();
  std::string text(in->substr(0, size));
  in->remove_prefix(size);
  return text;
}

}  // namespace

std::string FileSink::State() const {
  std::string state(1, kStateVersion);
  for (const PendingFiles::File& file : pending_->files()) {
    state += 'p';
    PutText(file.folder, &state);
    PutText(file.name, &state);
  }
  for (const auto& [partition, part] : open_) {
    state += 'o';
    PutText(partition, &state);
    PutText(part->folder, &state);
    PutText(part->name, &state);
    const uint64_t size = part->prepared_size;
    state.append(reinterpret_cast<const char*>(&size), sizeof(size));
  }
  return state;
}

Status FileSink::Restore(std::span<const std::string_view> states) {
  for (std::string_view state : states) {
    if (state.empty() || state.front() != kStateVersion) return BadState();
    state.remove_prefix(1);
    while (!state.empty()) {
      const char kind = state.front();
      state.remove_prefix(1);
      PartFile part;
      std::string partition;
      if (kind != 'p' && kind != 'o') return BadState();
      if (kind == 'o') {
        MR_ASSIGN(partition, TakeText(&state));
      }
      MR_ASSIGN(part.folder, TakeText(&state));
      MR_ASSIGN(part.name, TakeText(&state));
      if (kind == 'p') {
        pending_->Add({part.folder, part.name});
        continue;
      }
      if (state.size() < sizeof(part.prepared_size)) return BadState();
      std::memcpy(&part.prepared_size, state.data(), sizeof(part.prepared_size));
      state.remove_prefix(sizeof(part.prepared_size));
      MR_TRY(Reopen(partition, std::move(part)));
    }
  }
  return pending_->Recover();
}

// Goes on with a file as it was at the checkpoint. There may be one of the partition already, of another
// shard of before: then this one is finished, and appears with the next checkpoint.
Status FileSink::Reopen(const std::string& partition, PartFile part) {
  auto file = env_.files->OpenWriteAt(HiddenPath(part.folder, part.name), part.prepared_size);
  if (!file.has_value()) {
    return std::unexpected(file.error().Within("a file that was being written at the last checkpoint"));
  }
  part.file = std::move(*file);
  part.opened_at = part.written_at = env_.clock->MonotonicMicros();
  if (open_.contains(partition)) return Finish(part);
  open_.emplace(partition, std::make_unique<PartFile>(std::move(part)));
  return {};
}

std::function<void()> FileSink::Publish() const {
  return [pending = pending_, count = pending_->count()] { pending->Publish(count); };
}

}  // namespace millrace::connectors
