// FileSink: writes rows into the part files of a folder.
//
// A file is called ".part-<run>-<shard>-<n>.<ext>.inprogress" while it is written and is hidden from
// readers; finished, it becomes "part-<run>-<shard>-<n>.<ext>" by one rename: a reader sees it whole or
// not at all. <run> keeps runs apart. Rows of a partitioned table go to folders key=value. Owned by one
// task; one thread.
//
// In a warehouse that outlives its process a finished file stays hidden until a checkpoint with its rows is
// durable: then it appears (PendingFiles). A file that is still being written is synced at the checkpoint,
// and after a restart cut to what it had then and gone on with; one of a format that is written as a whole is
// finished at each checkpoint. So every row is in one visible file in the end.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "connectors/filesystem/pending_files.h"
#include "connectors/whole_files.h"
#include "env/env.h"
#include "formats/format.h"

namespace millrace::connectors {

struct FileSinkConfig {
  std::string table;
  std::string folder;     // without a slash at its end
  std::string extension;  // "json"
  std::vector<std::string> partition_keys;
  std::vector<int> partition_columns;  // of the table's physical columns, in the order of the keys
  std::vector<int> file_columns;       // the others
  data::Schema file_schema;
  std::string default_partition;
  uint64_t size_max = 0;  // bytes
  int64_t open_micros_max = 0;
  int64_t idle_micros_max = 0;
  int64_t check_micros = 0;
};

class FileSink final : public Sink {
 public:
  // `encoder` is null for formats that are written as whole files, through `whole_files`.
  FileSink(const SinkContext& context, FileSinkConfig config, std::unique_ptr<formats::Encoder> encoder);

  Status Write(const data::Batch& batch) override;
  // Finishes files whose time has come; the rows of the others stay hidden.
  Status Flush(uint64_t epoch) override;
  Status Close() override;
  Status Prepare() override;
  std::string State() const override;
  Status Restore(std::span<const std::string_view> states) override;
  std::function<void()> Publish() const override;

 private:
  struct PartFile {
    std::string folder;
    std::string name;                             // finished
    uint64_t prepared_size = 0;                   // what a restart goes on from
    std::unique_ptr<env::WritableFile> file;      // by rows
    std::unique_ptr<WholeFileWriter> whole_file;  // or as a whole
    int64_t opened_at = 0;                        // monotonic
    int64_t written_at = 0;

    uint64_t size() const { return file != nullptr ? file->size() : whole_file->size(); }
  };

  Result<PartFile*> FileOf(const std::string& partition);
  // With those above it, all safe from a power loss.
  Status MakeFolder(const std::string& folder);
  Result<std::unique_ptr<PartFile>> Open(const std::string& partition);
  Status WriteRows(const std::string& partition, const data::Batch& rows);
  Status Finish(PartFile& part);
  Status FinishAll();
  Status Reopen(const std::string& partition, PartFile part);
  bool SamePartition(const data::Batch& batch, size_t a, size_t b) const;
  std::string PartitionOf(const data::Batch& batch, size_t row) const;

  env::Env& env_;
  const data::TimeZone& zone_;
  WholeFiles* const whole_files_;
  RejectedRows* const rejected_;
  const int shard_;
  const std::shared_ptr<PendingFiles> pending_;  // null: files appear when they are finished
  const FileSinkConfig config_;
  const std::unique_ptr<formats::Encoder> encoder_;
  std::string run_;                                        // of the first file
  std::map<std::string, std::unique_ptr<PartFile>> open_;  // by partition folder; "" if there are none
  uint64_t next_part_ = 0;
  int64_t next_check_ = 0;
  std::string encoded_;
};

}  // namespace millrace::connectors
