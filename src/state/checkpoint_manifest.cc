#include "state/checkpoint_manifest.h"

#include <fmt/core.h>

#include "base/byte_coding.h"

namespace millrace::state {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kFileBytesMin = 6;

bool DecodeFile(ByteReader& reader, uint64_t last_before, ManifestFile* file) {
  file->head.number = reader.Varint();
  const auto kind = reader.Fixed<uint8_t>();
  file->head.kind = static_cast<CheckpointFileKind>(kind);
  file->head.first = reader.Varint();
  file->head.last = reader.Varint();
  file->bytes = reader.Varint();
  file->garbage = reader.Varint();
  return (kind == 1 || kind == 2) && file->head.first > last_before && file->head.first <= file->head.last;
}

}  // namespace

std::string EncodeManifest(const CheckpointManifest& manifest) {
  std::string bytes;
  AppendFixed(kVersion, &bytes);
  AppendVarint(manifest.number, &bytes);
  AppendVarint(manifest.next_file, &bytes);
  AppendVarint(manifest.files.size(), &bytes);
  for (const ManifestFile& file : manifest.files) {
    AppendVarint(file.head.number, &bytes);
    AppendFixed(static_cast<uint8_t>(file.head.kind), &bytes);
    AppendVarint(file.head.first, &bytes);
    AppendVarint(file.head.last, &bytes);
    AppendVarint(file.bytes, &bytes);
    AppendVarint(file.garbage, &bytes);
  }
  AppendVarint(manifest.dropped.size(), &bytes);
  for (const auto& [chapter, number] : manifest.dropped) {
    AppendString(chapter, &bytes);
    AppendVarint(number, &bytes);
  }
  return bytes;
}

Result<CheckpointManifest> DecodeManifest(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.Fixed<uint8_t>();
  if (reader.ok() && version != kVersion) {
    return Fail(ErrorCode::kNotSupported, fmt::format("the checkpoint is of version {}", version),
                fmt::format("this program reads version {}", kVersion));
  }
  CheckpointManifest manifest;
  manifest.number = reader.Varint();
  manifest.next_file = reader.Varint();
  bool ok = true;
  uint64_t last = 0;
  for (size_t left = reader.Count(kFileBytesMin); left > 0 && ok; --left) {
    ManifestFile& file = manifest.files.emplace_back();
    ok = DecodeFile(reader, last, &file) && file.head.number < manifest.next_file;
    last = file.head.last;
  }
  for (size_t left = reader.Count(2); left > 0; --left) {
    const std::string chapter(reader.String());
    manifest.dropped[chapter] = reader.Varint();
  }
  if (!ok || !reader.ok() || !reader.AtEnd() || last > manifest.number) {
    return Fail(ErrorCode::kDataCorrupted, "the list of a checkpoint's files is damaged",
                "the data folder has to be restored from a copy");
  }
  return manifest;
}

}  // namespace millrace::state
