#include "env/process.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/posix_fd.h"

namespace millrace::env {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

// Files of /proc say that they are empty: they are read to their end.
Result<std::string> ReadProc(const char* path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), std::fclose);
  if (file == nullptr) return PathError("read", path, errno);
  std::string text;
  char buffer[4096];
  for (size_t bytes = 0; (bytes = std::fread(buffer, 1, sizeof(buffer), file.get())) > 0;) {
    text.append(buffer, bytes);
  }
  if (std::ferror(file.get()) != 0) return PathError("read", path, errno);
  return text;
}

int64_t NumberOf(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The words behind the name of the program, which may hold anything: that of field n (proc(5) counts from 1)
// stands at n - 3.
std::vector<std::string_view> FieldsBehindName(std::string_view stat) {
  std::vector<std::string_view> fields;
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return fields;
  stat.remove_prefix(name_end + 1);
  while (!stat.empty()) {
    const size_t begin = stat.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(stat.find_first_of(" \n", begin), stat.size());
    fields.push_back(stat.substr(begin, end - begin));
    stat.remove_prefix(end);
  }
  return fields;
}

// When the machine was started, in seconds since 1970-01-01 00:00:00 UTC.
Result<int64_t> BootSeconds() {
  MR_ASSIGN(const std::string stat, ReadProc("/proc/stat"));
  constexpr std::string_view kName = "\nbtime ";
  const size_t at = stat.find(kName);
  if (at == std::string::npos) return Fail(ErrorCode::kIoError, "/proc/stat has no btime");
  return NumberOf(std::string_view(stat).substr(at + kName.size()));
}

Result<int64_t> CountDescriptors() {
  constexpr const char* kFolder = "/proc/self/fd";
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(kFolder), closedir);
  if (folder == nullptr) return PathError("read", kFolder, errno);
  int64_t count = -1;  // the folder's own
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count;
}

int64_t MicrosOf(const timeval& time) {
  return time.tv_sec * kMicrosPerSecond + time.tv_usec;
}

}  // namespace

Result<ProcessFigures> ReadProcessFigures() {
  constexpr size_t kStartTicks = 22 - 3, kVirtualBytes = 23 - 3, kResidentPages = 24 - 3;
  MR_ASSIGN(const std::string stat, ReadProc("/proc/self/stat"));
  const std::vector<std::string_view> fields = FieldsBehindName(stat);
  if (fields.size() <= kResidentPages) return Fail(ErrorCode::kIoError, "/proc/self/stat is too short");
  ProcessFigures figures;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  figures.cpu_micros = MicrosOf(usage.ru_utime) + MicrosOf(usage.ru_stime);
  figures.virtual_bytes = NumberOf(fields[kVirtualBytes]);
  figures.resident_bytes = NumberOf(fields[kResidentPages]) * sysconf(_SC_PAGESIZE);
  MR_ASSIGN(figures.open_descriptors, CountDescriptors());
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  figures.descriptors_max = limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<int64_t>(limit.rlim_cur);
  MR_ASSIGN(const int64_t boot_seconds, BootSeconds());
  figures.started_millis = boot_seconds * 1000 + NumberOf(fields[kStartTicks]) * 1000 / sysconf(_SC_CLK_TCK);
  return figures;
}

}  // namespace millrace::env
