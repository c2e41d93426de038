#include "query/parquet_files.h"

#include <fmt/format.h>

#include "query/snapshot_database.h"
#include "tables/table_part.h"

namespace millrace::query {
namespace {

constexpr const char* kRows = "file.rows";

class ParquetWriter final : public connectors::WholeFileWriter {
 public:
  ParquetWriter(std::string path, const data::Schema& schema)
      : path_(std::move(path)),
        schema_(std::make_shared<const data::Schema>(schema)),
        rows_(schema_, tables::TableMode::kAppend, {}) {}

  Status Write(const data::Batch& batch) override {
    data::Batch rows = batch;
    rows.kinds = nullptr;
    rows_.Apply(rows);
    return {};
  }

  uint64_t size() const override { return rows_.MemoryBytes() / 4; }  // columns compress about so much

  Status Finish() override {
    auto snapshot = std::make_shared<tables::Snapshot>();
    snapshot->schema = schema_;
    snapshot->parts.push_back(rows_.TakeSnapshot());
    auto set = std::make_shared<tables::SnapshotSet>();
    set->tables[kRows] = std::move(snapshot);
    EngineLimits limits;
    limits.threads = 1;
    limits.host_access = true;
    SnapshotDatabase database(limits);
    Status written = database.WriteParquet(*set, kRows, path_);
    if (!written.has_value()) return std::unexpected(written.error().Within(path_));
    return {};
  }

 private:
  std::string path_;
  data::SchemaPtr schema_;
  tables::TablePart rows_;
};

}  // namespace

Result<std::unique_ptr<connectors::WholeFileWriter>> ParquetFiles::Create(std::string_view format,
                                                                          const std::string& path,
                                                                          const data::Schema& schema) {
  if (format != "parquet") {
    return Fail(ErrorCode::kNotSupported, fmt::format("format '{}' is not written as whole files", format));
  }
  return std::make_unique<ParquetWriter>(path, schema);
}

}  // namespace millrace::query
