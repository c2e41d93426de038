// Which files a filesystem table reads: a file, all of a folder, or a glob. Pure but for the listing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "env/files.h"

namespace millrace::connectors {

class PathPattern;  // a compiled 'source.path.regex-pattern'

// Immutable; any thread.
class FileSelection {
 public:
  // `path` as in the WITH clause: "/a/b", "b/*.log", "file:///a". kInvalidParameter for other URIs.
  // `regex`: Java-like; whole paths must match it.
  static Result<FileSelection> Make(std::string_view path, std::optional<std::string_view> regex);

  // Paths of all files now, sorted. A folder is gone through with all below it; names that begin with a dot
  // or an underscore are skipped, unless the last name of the path itself begins so. A path or glob without
  // any file is kNoSuchFile; an empty folder is not.
  Result<std::vector<std::string>> List(env::Files& files) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::shared_ptr<const PathPattern> pattern_;
};

// "file:///a/b" and "file:/a/b" -> "/a/b"; plain paths as they are; other schemes are refused.
Result<std::string> LocalPath(std::string_view path);

}  // namespace millrace::connectors
