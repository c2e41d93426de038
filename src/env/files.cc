// What every Files does by the same few virtual functions.
#include "env/files.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/limits.h"

namespace millrace::env {

Status Files::WroteOutside(const std::string&) {
  return Ok();
}

Result<bool> Files::Exists(const std::string& path) {
  const Result<FileInfo> info = Stat(path);
  if (info) return true;
  if (info.error().code() == ErrorCode::kNoSuchFile) return false;
  return std::unexpected<Error>(info.error());
}

Result<std::string> Files::ReadAll(const std::string& path) {
  MR_ASSIGN(const std::unique_ptr<ReadableFile> file, OpenRead(path));
  MR_ASSIGN(const FileInfo info, file->Stat());
  std::string bytes;
  // One byte more than it should have, so that the end of a file that does not grow is seen at once.
  size_t room = static_cast<size_t>(info.size) + 1;
  for (;;) {
    const size_t done = bytes.size();
    bytes.resize(done + room);
    MR_ASSIGN(const size_t got, file->ReadAt(done, std::as_writable_bytes(std::span(bytes).subspan(done))));
    bytes.resize(done + got);
    if (got < room) return bytes;
    room = limits::kReadBytes;
  }
}

Status Files::WriteAll(const std::string& path, std::string_view bytes) {
  MR_ASSIGN(const std::unique_ptr<WritableFile> file, OpenWrite(path, WriteMode::kTruncate));
  MR_TRY(file->Write(bytes));
  return file->Close();
}

Status Files::RemoveTree(const std::string& path) {
  Result<std::vector<DirEntry>> entries = List(path);
  if (entries) {
    for (const DirEntry& entry : *entries) {
      const std::string below = JoinPath(path, entry.name);
      if (entry.is_directory && !entry.is_link) {
        MR_TRY(RemoveTree(below));
      } else {
        MR_TRY(Remove(below));
      }
    }
  }
  const Status removed = Remove(path);
  if (!removed && removed.error().code() == ErrorCode::kNoSuchFile) return Ok();
  return removed;
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  if (directory.back() == '/') return fmt::format("{}{}", directory, name);
  return fmt::format("{}/{}", directory, name);
}

std::string NormalPath(const std::string& path) {
  std::string normal;
  for (size_t start = 0; start < path.size();) {
    const size_t slash = std::min(path.find('/', start), path.size());
    const std::string name = path.substr(start, slash - start);
    if (name == "..") {
      normal.resize(normal.empty() ? 0 : normal.rfind('/'));
    } else if (!name.empty() && name != ".") {
      normal += '/';
      normal += name;
    }
    start = slash + 1;
  }
  return normal.empty() ? "/" : normal;
}

std::string DirName(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string BaseName(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace millrace::env
