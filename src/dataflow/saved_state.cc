#include "dataflow/saved_state.h"

#include <fmt/format.h>

namespace millrace::dataflow {

std::string ObjectOwner(uint64_t object_id) {
  return fmt::format("o{}", object_id);
}

std::string GroupOwner(uint64_t group_id) {
  return fmt::format("g{}", group_id);
}

StateOwner OwnerOfOperator(uint64_t object_id, const std::string& name, operators::Operator* op,
                           uint32_t shard, uint32_t shards) {
  const std::string object = ObjectOwner(object_id);
  return {object,
          object + "/" + name,
          shard,
          shards,
          [op](state::StateWriter& writer) { op->Save(writer); },
          [op](state::StateReader& reader) { return op->Restore(reader); }};
}

Status RestoreOwner(const StateOwner& owner, state::CheckpointStore& store) {
  const auto source = store.ReadChapter(owner.chapter, owner.shard, owner.shards);
  state::StateReader reader(source.get(), owner.shard, owner.shards);
  if (Status restored = owner.restore(reader); !restored.has_value()) {
    return std::unexpected(restored.error().Within("the saved state " + owner.chapter));
  }
  return {};
}

std::string_view OwnerOf(std::string_view chapter) {
  return chapter.substr(0, chapter.find('/'));
}

}  // namespace millrace::dataflow
