#include "state/checkpoint_index.h"

#include "base/byte_coding.h"

namespace millrace::state {
namespace {

constexpr uint8_t kHasDrops = 1;
constexpr uint8_t kStartsRun = 2;

void EncodeChapter(const ChapterIndex& chapter, std::string* bytes) {
  AppendVarint(chapter.puts, bytes);
  AppendVarint(chapter.removes, bytes);
  AppendVarint(chapter.bytes, bytes);
  AppendVarint(chapter.blocks.size(), bytes);
  for (const BlockEntry& block : chapter.blocks) {
    AppendVarint(block.offset, bytes);
    AppendVarint(block.stored_bytes, bytes);
    AppendVarint(block.raw_bytes, bytes);
    AppendFixed(block.place_min, bytes);
    AppendFixed(block.place_max, bytes);
    AppendFixed(static_cast<uint8_t>((block.has_drops ? kHasDrops : 0) | (block.starts_run ? kStartsRun : 0)),
                bytes);
  }
  AppendVarint(chapter.shared.size(), bytes);
  for (const SharedEntry& shared : chapter.shared) {
    AppendVarint(shared.offset, bytes);
    AppendVarint(shared.stored_bytes, bytes);
    AppendVarint(shared.raw_bytes, bytes);
    AppendVarint(shared.layer, bytes);
  }
  AppendVarint(chapter.large_spaces.size(), bytes);
  for (const auto& [space, space_bytes] : chapter.large_spaces) {
    AppendString(space, bytes);
    AppendVarint(space_bytes, bytes);
  }
  AppendVarint(chapter.small_spaces, bytes);
  AppendVarint(chapter.small_space_bytes, bytes);
}

uint32_t Size32(ByteReader& reader, bool* ok) {
  const uint64_t size = reader.Varint();
  if (size > UINT32_MAX) *ok = false;
  return static_cast<uint32_t>(size);
}

bool DecodeChapter(ByteReader& reader, ChapterIndex* chapter) {
  bool ok = true;
  chapter->puts = reader.Varint();
  chapter->removes = reader.Varint();
  chapter->bytes = reader.Varint();
  for (size_t left = reader.Count(20); left > 0; --left) {
    BlockEntry& block = chapter->blocks.emplace_back();
    block.offset = reader.Varint();
    block.stored_bytes = Size32(reader, &ok);
    block.raw_bytes = Size32(reader, &ok);
    block.place_min = reader.Fixed<uint64_t>();
    block.place_max = reader.Fixed<uint64_t>();
    const auto flags = reader.Fixed<uint8_t>();
    block.has_drops = (flags & kHasDrops) != 0;
    block.starts_run = (flags & kStartsRun) != 0;
  }
  if (!chapter->blocks.empty() && !chapter->blocks[0].starts_run) ok = false;
  for (size_t left = reader.Count(4); left > 0; --left) {
    SharedEntry& shared = chapter->shared.emplace_back();
    shared.offset = reader.Varint();
    shared.stored_bytes = Size32(reader, &ok);
    shared.raw_bytes = Size32(reader, &ok);
    shared.layer = reader.Varint();
  }
  for (size_t left = reader.Count(2); left > 0; --left) {
    const std::string space(reader.String());
    chapter->large_spaces[space] = reader.Varint();
  }
  chapter->small_spaces = reader.Varint();
  chapter->small_space_bytes = reader.Varint();
  return ok && reader.ok();
}

}  // namespace

std::string EncodeIndex(const CheckpointIndex& index) {
  std::string bytes;
  AppendVarint(index.chapters.size(), &bytes);
  for (const auto& [name, chapter] : index.chapters) {
    AppendString(name, &bytes);
    EncodeChapter(chapter, &bytes);
  }
  return bytes;
}

std::optional<CheckpointIndex> DecodeIndex(std::string_view bytes) {
  ByteReader reader(bytes);
  CheckpointIndex index;
  for (size_t left = reader.Count(2); left > 0; --left) {
    const std::string name(reader.String());
    if (!DecodeChapter(reader, &index.chapters[name])) return std::nullopt;
  }
  if (!reader.ok() || !reader.AtEnd()) return std::nullopt;
  return index;
}

}  // namespace millrace::state
