#include "operators/element_records.h"

#include "operators/saved_state.h"

namespace millrace::operators {

namespace {

// Ends the name of a space of elements, with the number of the call before it.
constexpr std::string_view kSuffix = "/elements";

}  // namespace

std::string ElementRecords::SpaceOf(std::string_view space, size_t call) {
  std::string name(space);
  PutNumber(static_cast<uint16_t>(call), &name);
  name += kSuffix;
  return name;
}

int ElementRecords::CallOf(std::string_view elements, std::string_view* space) {
  *space = elements;
  if (!elements.ends_with(kSuffix) || elements.size() < kSuffix.size() + sizeof(uint16_t)) return -1;
  const size_t size = elements.size() - kSuffix.size() - sizeof(uint16_t);
  uint16_t call = 0;
  std::memcpy(&call, elements.data() + size, sizeof(call));
  *space = elements.substr(0, size);
  return call;
}

void ElementRecords::Drop(std::string_view key, uint64_t hash, std::byte* payload) {
  for (size_t call = 0; call < aggregates_->size(); ++call) {
    const functions::Aggregate& function = aggregates_->function(call);
    if (!function.has_elements()) continue;
    changes_.Clear();
    function.DropElements(aggregates_->StateOf(payload, call), &changes_);
    for (size_t i = 0; i < changes_.size(); ++i) {
      Dropped& dropped = dropped_.emplace_back(call, hash, std::string(key));
      dropped.key += changes_.key(i);
    }
  }
}

void ElementRecords::WriteDropped(state::StateWriter& writer) {
  for (size_t call = 0; call < aggregates_->size() && !dropped_.empty(); ++call) {
    const std::string space = SpaceOf(space_, call);
    for (const Dropped& dropped : dropped_) {
      if (dropped.call == call) writer.Remove(space, dropped.hash, dropped.key);
    }
  }
  dropped_.clear();
}

void ElementRecords::Write(size_t call, std::string_view space, std::string_view key, uint64_t hash,
                           std::byte* payload, state::StateWriter& writer) {
  const functions::Aggregate& function = aggregates_->function(call);
  if (!function.has_elements()) return;
  changes_.Clear();
  function.TakeElements(aggregates_->StateOf(payload, call), &changes_);
  if (changes_.size() == 0) return;
  const std::string elements = SpaceOf(space, call);
  for (size_t i = 0; i < changes_.size(); ++i) {
    key_.assign(key);
    key_ += changes_.key(i);
    if (changes_.is_removed(i)) {
      writer.Remove(elements, hash, key_);
    } else {
      writer.Put(elements, hash, key_, changes_.value(i));
    }
  }
}

void ElementRecords::DropSpaces(std::string_view space, state::StateWriter& writer) const {
  for (size_t call = 0; call < aggregates_->size(); ++call) {
    if (aggregates_->function(call).has_elements()) writer.DropSpace(SpaceOf(space, call));
  }
}

Status ElementRecords::Load(int call, std::string_view element, std::string_view value,
                            std::byte* payload) const {
  const auto number = static_cast<size_t>(call);
  if (number >= aggregates_->size()) return UnknownSpace();
  return aggregates_->function(number).LoadElement(element, value, aggregates_->StateOf(payload, number));
}

}  // namespace millrace::operators
