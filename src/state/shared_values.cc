#include "state/shared_values.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "state/state_record.h"
#include "state/state_writer.h"

namespace millrace::state {

Result<std::vector<SharedValue>> ReadSharedValues(
    std::span<const std::shared_ptr<const CheckpointFile>> files, std::string_view chapter) {
  std::vector<SharedValue> values;
  std::string raw;
  for (const auto& file : files) {
    const ChapterIndex* index = file->index().Find(chapter);
    if (index == nullptr) continue;
    for (const SharedEntry& entry : index->shared) {
      MR_TRY(file->ReadShared(chapter, entry, &raw));
      StateCursor cursor(raw);
      StateRecord record;
      while (true) {
        MR_ASSIGN(const bool has_record, cursor.Next(&record));
        if (!has_record) break;
        if (record.tag != StateTag::kShared) continue;
        values.push_back(
            {entry.layer, std::string(record.key), record.shard, record.shards, std::string(record.value)});
      }
    }
  }
  // Within a layer the later one counts.
  std::ranges::reverse(values);
  std::ranges::stable_sort(values, std::greater(), &SharedValue::layer);
  return values;
}

std::vector<SharedValue> WithoutReplaced(std::vector<SharedValue> values) {
  std::set<std::tuple<std::string, uint32_t, uint32_t>> seen;
  std::erase_if(values, [&](const SharedValue& value) {
    return !seen.emplace(value.name, value.shard, value.shards).second;
  });
  return values;
}

std::vector<SharedValue> InForce(std::vector<SharedValue> values) {
  struct Name {
    uint32_t shards;
    bool is_closed = false;  // a layer that counts by other shards: it and older ones are void
  };
  std::map<std::string, Name> names;
  values = WithoutReplaced(std::move(values));
  std::erase_if(values, [&](const SharedValue& value) {
    Name& name = names.try_emplace(value.name, Name{value.shards}).first->second;
    if (value.shards != name.shards) name.is_closed = true;
    return name.is_closed;
  });
  return values;
}

StateBuffer EncodeShared(std::span<const SharedValue> values) {
  StateWriter writer;
  for (const SharedValue& value : values) {
    writer.PutShared(value.name, value.value, value.shard, value.shards);
  }
  return writer.Take();
}

}  // namespace millrace::state
