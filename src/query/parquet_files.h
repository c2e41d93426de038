// ParquetFiles: writes the Parquet files of filesystem sinks, through DuckDB.
//
// The rows of a file are kept until Finish and then written at once, so a file costs its size in memory; the
// sink's rolling policy bounds it. Any thread; a writer belongs to one.
#pragma once

#include "connectors/whole_files.h"

namespace millrace::query {

class ParquetFiles final : public connectors::WholeFiles {
 public:
  Result<std::unique_ptr<connectors::WholeFileWriter>> Create(std::string_view format,
                                                              const std::string& path,
                                                              const data::Schema& schema) override;
};

}  // namespace millrace::query
