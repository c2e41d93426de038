// BoundedFileSource: reads the files that are there when it is made, in the order of their names, once.
//
// Position: "<offset> <path>", everything before that offset of that file and of all files before it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "connectors/filesystem/file_decoder.h"
#include "connectors/filesystem/unpacking_reader.h"

namespace millrace::connectors {

class BoundedFileSource final : public Source {
 public:
  BoundedFileSource(env::Files& files, std::vector<std::string> paths, std::unique_ptr<FileDecoder> decoder);

  const data::Schema& schema() const override { return decoder_->schema(); }
  bool bounded() const override { return true; }
  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override;
  std::string Position() const override;
  Status Seek(std::string_view position) override;
  SourceProgress Progress() const override;

 private:
  // False: the file is not what its name says, which has been reported.
  Result<bool> Open();
  // Reads once; at the end of the file goes on to the next.
  Status Step();
  void CloseFile();

  env::Files& files_;
  const std::vector<std::string> paths_;
  const std::unique_ptr<FileDecoder> decoder_;
  std::unique_ptr<UnpackingReader> reader_;  // of paths_[current_], or null
  size_t current_ = 0;
  uint64_t start_offset_ = 0;  // of the file that is not open yet
  uint64_t bytes_total_ = 0;
  uint64_t bytes_done_ = 0;  // of files before the current one
};

}  // namespace millrace::connectors
