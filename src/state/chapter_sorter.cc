#include "state/chapter_sorter.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/limits.h"
#include "state/state_record.h"

namespace millrace::state {

Status ChapterSorter::Add(StateBufferPtr buffer) {
  StateCursor cursor(buffer->view());
  StateRecord record;
  Space* space = nullptr;
  std::string_view space_name;
  while (true) {
    MR_ASSIGN(const bool has_record, cursor.Next(&record));
    if (!has_record) break;
    if (record.tag == StateTag::kShared) {
      shared_[{std::string(record.key), record.shard}] = {record.shards, std::string(record.value)};
      continue;
    }
    if (space == nullptr || record.space != space_name) {
      space = &spaces_[std::string(record.space)];
      space_name = record.space;
    }
    if (record.tag == StateTag::kDrop) {
      space->drops.emplace_back(record.shard, record.shards);
      continue;
    }
    if (record.key.size() + record.value.size() > limits::kCheckpointRecordBytesMax) {
      return Fail(
          ErrorCode::kProgramLimitExceeded,
          fmt::format("a state of {} bytes under one key cannot be saved", record.value.size()),
          fmt::format("key and value have at most {} bytes together", limits::kCheckpointRecordBytesMax));
    }
    const bool is_remove = record.tag == StateTag::kRemove;
    MR_DCHECK(is_remove || record.value.empty() ||
              record.value.data() == record.key.data() + record.key.size());
    space->records.push_back(
        {.place = PlaceOf(record.hash),
         .key = record.key.data(),
         .key_bytes = static_cast<uint32_t>(record.key.size()),
         .value_bytes = is_remove ? kRemoved : static_cast<uint32_t>(record.value.size()),
         .sequence = sequence_++});
    memory_bytes_ += sizeof(Reference);
  }
  memory_bytes_ += buffer->size();
  buffers_.push_back(std::move(buffer));
  return Ok();
}

inline bool ChapterSorter::IsBefore(const Reference& a, const Reference& b) {
  if (a.place != b.place) return a.place < b.place;
  const int order = std::string_view(a.key, a.key_bytes).compare(std::string_view(b.key, b.key_bytes));
  if (order != 0) return order < 0;
  // Of one key what counts comes first: a put before a remove, a later put before an earlier one.
  if ((a.value_bytes == kRemoved) != (b.value_bytes == kRemoved)) return b.value_bytes == kRemoved;
  return a.sequence > b.sequence;
}

inline bool ChapterSorter::IsSameKey(const Reference& a, const Reference& b) {
  return a.place == b.place && std::string_view(a.key, a.key_bytes) == std::string_view(b.key, b.key_bytes);
}

// Places are spread evenly, as a rule: records are dealt into buckets by their highest bits, some 32 to each,
// and each bucket is sorted by itself.
void ChapterSorter::Sort(std::vector<Reference>* records) {
  // A lambda, so that it is compiled into the sort.
  const auto is_before = [](const Reference& a, const Reference& b) { return IsBefore(a, b); };
  const size_t size = records->size();
  if (size < 256) {
    std::ranges::sort(*records, is_before);
    return;
  }
  const int bits = std::bit_width(size / 32);
  const auto bucket_of = [&](const Reference& record) { return record.place >> (64 - bits); };
  std::vector<size_t> ends((size_t{1} << bits) + 1, 0);
  for (const Reference& record : *records) ++ends[bucket_of(record) + 1];
  for (size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  std::vector<Reference> dealt(size);
  for (const Reference& record : *records) dealt[ends[bucket_of(record)]++] = record;
  size_t begin = 0;
  for (size_t bucket = 0; bucket + 1 < ends.size(); ++bucket) {
    const size_t end = ends[bucket];
    if (end - begin > 1) {
      std::sort(dealt.begin() + static_cast<ptrdiff_t>(begin), dealt.begin() + static_cast<ptrdiff_t>(end),
                is_before);
    }
    begin = end;
  }
  *records = std::move(dealt);
}

std::vector<std::pair<std::string, uint32_t>> ChapterSorter::Drops() const {
  std::vector<std::pair<std::string, uint32_t>> drops;
  for (const auto& [name, space] : spaces_) {
    for (const auto& [shard, shards] : space.drops) drops.emplace_back(name, shards);
  }
  return drops;
}

Status ChapterSorter::Drain(size_t block_bytes, const std::function<Status(RecordBlock&)>& take) {
  constexpr size_t kAhead = 16;  // records whose bytes are fetched before they are needed
  RecordBlock block;
  for (auto& [name, space] : spaces_) {
    std::ranges::sort(space.drops);
    const auto repeated = std::ranges::unique(space.drops);
    space.drops.erase(repeated.begin(), repeated.end());
    for (const auto& [shard, shards] : space.drops) block.Drop(name, shard, shards);
    Sort(&space.records);
    const Reference* previous = nullptr;
    for (size_t i = 0; i < space.records.size(); ++i) {
      const Reference& record = space.records[i];
      if (i + kAhead < space.records.size()) __builtin_prefetch(space.records[i + kAhead].key);
      if (previous != nullptr && IsSameKey(*previous, record)) continue;
      previous = &record;
      const std::string_view key(record.key, record.key_bytes);
      if (record.value_bytes == kRemoved) {
        block.Remove(name, record.place, key);
      } else {
        block.Put(name, record.place, key, {record.key + record.key_bytes, record.value_bytes});
      }
      if (block.size() >= block_bytes) {
        MR_TRY(take(block));
        block.Clear();
      }
    }
  }
  if (!block.is_empty()) MR_TRY(take(block));
  spaces_.clear();
  buffers_.clear();
  memory_bytes_ = 0;
  sequence_ = 0;
  return Ok();
}

StateBuffer ChapterSorter::TakeShared() {
  StateWriter writer;
  for (const auto& [key, value] : shared_) writer.PutShared(key.first, value.second, key.second, value.first);
  shared_.clear();
  return writer.Take();
}

}  // namespace millrace::state
