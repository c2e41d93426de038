#include "connectors/filesystem/file_selection.h"

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "env/glob.h"

namespace millrace::connectors {

class PathPattern {
 public:
  static Result<std::shared_ptr<const PathPattern>> Compile(std::string_view regex) {
    int error = 0;
    PCRE2_SIZE at = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(regex.data()), regex.size(),
                                     PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &at, nullptr);
    if (code == nullptr) {
      PCRE2_UCHAR text[256];
      pcre2_get_error_message(error, text, sizeof(text));
      return Fail(
          ErrorCode::kInvalidParameter,
          fmt::format("option 'source.path.regex-pattern': '{}' is not a regular expression: {} (at {})",
                      regex, reinterpret_cast<const char*>(text), at));
    }
    return std::shared_ptr<const PathPattern>(new PathPattern(code));
  }
  ~PathPattern() { pcre2_code_free(code_); }

  bool Matches(std::string_view path) const {
    pcre2_match_data* match = pcre2_match_data_create_from_pattern(code_, nullptr);
    pcre2_match_context* context = pcre2_match_context_create(nullptr);
    pcre2_set_match_limit(context, limits::kRegexMatchLimit);
    const int code =
        pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(path.data()), path.size(), 0, 0, match, context);
    pcre2_match_context_free(context);
    pcre2_match_data_free(match);
    return code >= 0;
  }

 private:
  explicit PathPattern(pcre2_code* code) : code_(code) {}
  pcre2_code* const code_;
};

namespace {

constexpr int kFolderDepthMax = 64;

bool IsHidden(std::string_view name) {
  return name.starts_with('.') || name.starts_with('_');
}

Status AddFolder(env::Files& files, const std::string& folder, int depth, std::vector<std::string>* paths) {
  MR_ASSIGN(const std::vector<env::DirEntry> entries, files.List(folder));
  for (const env::DirEntry& entry : entries) {
    if (IsHidden(entry.name)) continue;
    std::string path = env::JoinPath(folder, entry.name);
    bool is_directory = entry.is_directory;
    if (entry.is_link) {
      const auto info = files.Stat(path);
      if (!info.has_value()) continue;  // a link to nothing
      is_directory = info->is_directory;
    }
    if (!is_directory) {
      paths->push_back(std::move(path));
    } else if (depth < kFolderDepthMax) {
      MR_TRY(AddFolder(files, path, depth + 1, paths));
    }
  }
  return {};
}

Status AddPath(env::Files& files, const std::string& path, std::vector<std::string>* paths) {
  MR_ASSIGN(const env::FileInfo info, files.Stat(path));
  if (info.is_directory) return AddFolder(files, path, 0, paths);
  paths->push_back(path);
  return {};
}

}  // namespace

Result<std::string> LocalPath(std::string_view path) {
  const size_t scheme_end = path.find(":/");
  const bool has_scheme = scheme_end != std::string_view::npos && scheme_end > 1 &&
                          path.substr(0, scheme_end).find('/') == std::string_view::npos;
  if (!has_scheme) {
    if (path.empty()) return Fail(ErrorCode::kInvalidParameter, "option 'path' is empty");
    return std::string(path);
  }
  if (path.substr(0, scheme_end) != "file") {
    return Fail(ErrorCode::kNotSupported, fmt::format("option 'path': '{}' is not on this machine", path),
                "give a path, or a file:// URI; other file systems have to be mounted");
  }
  path.remove_prefix(scheme_end + 1);
  while (path.starts_with("//")) path.remove_prefix(1);
  return std::string(path);
}

Result<FileSelection> FileSelection::Make(std::string_view path, std::optional<std::string_view> regex) {
  FileSelection selection;
  MR_ASSIGN(selection.path_, LocalPath(path));
  if (regex) {
    MR_ASSIGN(selection.pattern_, PathPattern::Compile(*regex));
  }
  return selection;
}

Result<std::vector<std::string>> FileSelection::List(env::Files& files) const {
  std::vector<std::string> paths;
  MR_ASSIGN(const bool exists, files.Exists(path_));
  if (exists || !env::IsGlobPattern(path_)) {
    MR_TRY(AddPath(files, path_, &paths));
  } else {
    const bool names_hidden = IsHidden(env::BaseName(path_));
    MR_ASSIGN(const std::vector<std::string> matches, files.Glob(path_));
    for (const std::string& match : matches) {
      if (!names_hidden && IsHidden(env::BaseName(match))) continue;
      const Status added = AddPath(files, match, &paths);
      // A file may go between the listing and the look at it.
      if (!added.has_value() && added.error().code() != ErrorCode::kNoSuchFile)
        return std::unexpected(added.error());
    }
    if (matches.empty()) {
      return Fail(ErrorCode::kNoSuchFile, fmt::format("no file matches '{}'", path_));
    }
  }
  if (pattern_ != nullptr) {
    std::erase_if(paths, [this](const std::string& path) { return !pattern_->Matches(path); });
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

}  // namespace millrace::connectors
