#include "connectors/filesystem/followed_files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace millrace::connectors {
namespace {

uint32_t Crc(uint32_t checksum, std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(crc32_z(checksum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

constexpr std::array<std::string_view, 3> kPackedSuffixes = {".gz", ".zst", ".zstd"};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// Paths in positions: no spaces, no line ends.
std::string EscapePath(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '%' || c == 0x7f) {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

std::optional<std::string> UnescapePath(std::string_view text) {
  std::string path;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      path.push_back(text[i]);
      continue;
    }
    int code = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    path.push_back(static_cast<char>(code));
    i += 2;
  }
  return path;
}

// Takes the text up to the next ':' (or the end) off the front.
std::string_view TakeField(std::string_view* text) {
  const size_t end = std::min(text->find(':'), text->size());
  const std::string_view field = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return field;
}

template <typename T>
bool TakeNumber(std::string_view* text, T* number) {
  const std::string_view field = TakeField(text);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), *number);
  return error == std::errc() && end == field.data() + field.size();
}

bool ParseFile(std::string_view text, FollowedFile* file) {
  int is_finished = 0;
  if (!TakeNumber(&text, &file->id.device) || !TakeNumber(&text, &file->id.inode) ||
      !TakeNumber(&text, &file->offset) || !TakeNumber(&text, &file->checksum) ||
      !TakeNumber(&text, &file->head.bytes) || !TakeNumber(&text, &file->head.checksum) ||
      !TakeNumber(&text, &is_finished)) {
    return false;
  }
  const auto path = UnescapePath(text);
  if (!path) return false;
  file->path = *path;
  file->is_finished = is_finished != 0;
  return true;
}

bool ParseGone(std::string_view text, GivenPart* gone) {
  if (!TakeNumber(&text, &gone->offset) || !TakeNumber(&text, &gone->checksum)) return false;
  const auto stem = UnescapePath(text);
  if (!stem) return false;
  gone->stem = *stem;
  return true;
}

}  // namespace

GivenPart FollowedFile::Given() const {
  return {RotationStem(path), offset, checksum};
}

bool IsPackedPathOf(std::string_view path, std::string_view original) {
  return path.starts_with(original) && std::find(kPackedSuffixes.begin(), kPackedSuffixes.end(),
                                                 path.substr(original.size())) != kPackedSuffixes.end();
}

std::string RotationStem(std::string_view path) {
  for (const std::string_view packed : kPackedSuffixes) {
    if (path.ends_with(packed)) path.remove_suffix(packed.size());
  }
  // Groups such as ".1", "-20200101", ".2020-01-01".
  for (;;) {
    size_t end = path.size();
    while (end > 0 && IsDigit(path[end - 1])) --end;
    if (end == path.size() || end < 2 || (path[end - 1] != '.' && path[end - 1] != '-'))
      return std::string(path);
    if (path[end - 2] == '/') return std::string(path);
    path = path.substr(0, end - 1);
  }
}

Result<FileHead> ReadHead(const UnpackingReader& reader, uint64_t size) {
  std::array<std::byte, FileHead::kBytesMax> buffer;
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(size, buffer.size()));
  MR_ASSIGN(const size_t bytes, reader.ReadPackedAt(0, std::span(buffer).first(wanted)));
  return FileHead{static_cast<uint32_t>(bytes), Crc(0, std::span(buffer).first(bytes))};
}

Result<bool> BeginsWith(env::Files& files, const std::string& path, const GivenPart& given) {
  MR_ASSIGN(const auto reader, UnpackingReader::Open(files, path));
  std::vector<std::byte> buffer(size_t{256} << 10);
  uint32_t checksum = 0;
  for (uint64_t left = given.offset; left > 0;) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(left, buffer.size()));
    const auto bytes = reader->Read(std::span(buffer).first(wanted));
    if (!bytes.has_value() && bytes.error().code() != ErrorCode::kInvalidText)
      return std::unexpected(bytes.error());
    if (!bytes.has_value() || *bytes == 0) return false;
    checksum = Crc(checksum, std::span(buffer).first(*bytes));
    left -= *bytes;
  }
  return checksum == given.checksum;
}

std::string SerializeFiles(const std::vector<FollowedFile>& files, const std::vector<GivenPart>& gone) {
  std::string text = "follow";
  for (const FollowedFile& file : files) {
    text +=
        fmt::format(" f:{}:{}:{}:{}:{}:{}:{}:{}", file.id.device, file.id.inode, file.offset, file.checksum,
                    file.head.bytes, file.head.checksum, file.is_finished ? 1 : 0, EscapePath(file.path));
  }
  for (const GivenPart& part : gone) {
    text += fmt::format(" g:{}:{}:{}", part.offset, part.checksum, EscapePath(part.stem));
  }
  return text;
}

Status ParseFiles(std::string_view text, std::vector<FollowedFile>* files, std::vector<GivenPart>* gone) {
  bool is_good = text.starts_with("follow");
  std::string_view rest = is_good ? text.substr(6) : std::string_view();
  while (is_good && !rest.empty()) {
    is_good = rest.front() == ' ';
    rest.remove_prefix(1);
    const size_t end = std::min(rest.find(' '), rest.size());
    std::string_view entry = rest.substr(0, end);
    rest.remove_prefix(end);
    const std::string_view kind = TakeField(&entry);
    if (kind == "f") {
      is_good = is_good && ParseFile(entry, &files->emplace_back());
    } else {
      is_good = is_good && kind == "g" && ParseGone(entry, &gone->emplace_back());
    }
  }
  if (is_good) return {};
  return Fail(ErrorCode::kInvalidParameter, fmt::format("'{}' is no position in followed files", text));
}

}  // namespace millrace::connectors
