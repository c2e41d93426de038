// FollowedFileSource: reads files to their end and then what is appended to them, and files that appear,
// as `tail -F` does: never ends.
//
// Rotation by rename: the old file is read to its end, under whatever name, before the new one. Rotation
// by copying and emptying: the file is read from its beginning again, and the copy, should the table
// cover it, from where the original stood. A line without its end waits for it until the file has
// gone or is emptied. Files are given in the order in which they appeared, those that appear at once by
// name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "connectors/filesystem/file_decoder.h"
#include "connectors/filesystem/file_selection.h"
#include "connectors/filesystem/followed_files.h"
#include "env/env.h"

namespace millrace::connectors {

class FollowedFileSource final : public Source {
 public:
  // Looks for new files every `interval_micros`; for growth as often, and at least ten times a second.
  FollowedFileSource(env::Env& env, FileSelection selection, std::unique_ptr<FileDecoder> decoder,
                     int64_t interval_micros);

  const data::Schema& schema() const override { return decoder_->schema(); }
  bool bounded() const override { return false; }
  Result<ReadStatus> Poll(SourceSink& sink, const PollLimits& limits) override;
  std::string Position() const override { return SerializeFiles(files_, gone_); }
  Status Seek(std::string_view position) override;
  SourceProgress Progress() const override;

 private:
  static constexpr size_t kNone = ~size_t{0};

  // --- Which files there are.
  Status Scan(int64_t now);
  Result<std::vector<std::pair<std::string, env::FileInfo>>> ListNow();
  Status AddFile(const std::string& path, const env::FileInfo& info);
  // Whether a new file looks like the copy of one that is about to be emptied: it is looked at again at the
  // next scan, twice at most.
  Result<bool> MustWait(const std::string& path, const env::FileInfo& info);
  // Where to begin a new file: behind what has been given of the file that it is a copy of.
  Result<GivenPart> StartOf(const std::string& path);
  void ForgetOldFiles(int64_t now);
  void Remember(GivenPart part);
  void Drop(size_t index);
  // Of a restored position: a file that its path does not lead to any more, by its identity.
  void FindMoved(FollowedFile& file);

  // --- Reading them.
  // Reads once; false: there is nothing more for now.
  Result<bool> ReadSome(size_t index, int64_t now);
  // Opens the file if there may be something new, and looks at it: false: there is not.
  Result<bool> HasNews(size_t index, env::FileInfo* info, int64_t now);
  Result<bool> Open(FollowedFile& file, int64_t now);
  // Whether the file has been emptied, or is another one under the same identity.
  Result<bool> IsAnew(const FollowedFile& file, const env::FileInfo& info) const;
  Status StartAnew(FollowedFile& file, const env::FileInfo& info);
  // Makes the decoder go on where the file stands.
  Status Activate(size_t index, const env::FileInfo& info);
  Status CatchUp(FollowedFile& file, const env::FileInfo& info);
  void MarkBroken(FollowedFile& file, uint64_t size, Error error, int64_t now);
  // What is left to do for a file without news: gone for a while, or broken for a while.
  Status Settle(size_t index, int64_t now);
  void Save(FollowedFile& file);
  void CloseSome();

  env::Env& env_;
  env::Files& disk_;
  const FileSelection selection_;
  const std::unique_ptr<FileDecoder> decoder_;
  const int64_t interval_micros_;
  const int64_t look_micros_;

  std::vector<FollowedFile> files_;
  std::vector<GivenPart> gone_;  // of files that were emptied or dropped, newest last
  struct Waiting {
    FileId id;
    int scans = 0;
  };
  std::vector<Waiting> waiting_;

  int64_t next_scan_ = 0;
  int64_t next_look_ = 0;
  size_t looking_at_ = 0;   // files_ before it have nothing new in this round
  size_t current_ = kNone;  // whose bytes the decoder has
  uint64_t reads_ = 0;
};

}  // namespace millrace::connectors
