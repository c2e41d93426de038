// WholeFiles: how the filesystem sink writes formats that are not made row by row (parquet). The
// libraries for that belong to a higher folder, which hands an implementation down in SinkContext.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/batch.h"
#include "data/schema.h"

namespace millrace::connectors {

// One file that is being written. One thread.
class WholeFileWriter {
 public:
  virtual ~WholeFileWriter() = default;
  virtual Status Write(const data::Batch& batch) = 0;
  // An estimate of the bytes that the file will have.
  virtual uint64_t size() const = 0;
  // On return the file is complete and closed. Without it nothing usable is left.
  virtual Status Finish() = 0;
};

// Any thread.
class WholeFiles {
 public:
  virtual ~WholeFiles() = default;
  // A new file at `path`, whose folder exists. kNotSupported: not this format, or not these columns.
  virtual Result<std::unique_ptr<WholeFileWriter>> Create(std::string_view format, const std::string& path,
                                                          const data::Schema& schema) = 0;
};

}  // namespace millrace::connectors
