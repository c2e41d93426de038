#include "tables/row_index.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace millrace::tables {

RowIndex::RowIndex() : RowIndex(kPageSlots) {}

RowIndex::RowIndex(size_t slots)
    : shared_(slots / kPageSlots, false),
      slots_(slots),
      shift_(static_cast<uint32_t>(32 - std::countr_zero(slots))) {
  MR_CHECK(slots % kPageSlots == 0 && std::has_single_bit(slots) && slots <= size_t{1} << 32);
  for (size_t i = 0; i < slots / kPageSlots; ++i) pages_.push_back(std::make_shared<Page>());
}

RowIndex::Slot& RowIndex::Mutable(size_t slot) {
  const size_t page = slot / kPageSlots;
  if (shared_[page]) {
    const std::shared_ptr<Page> replaced = std::exchange(pages_[page], std::make_shared<Page>(*pages_[page]));
    replaced->held.Replaced(memory_, sizeof(Page));
    shared_[page] = false;
    copied_bytes_ += sizeof(Page);
  }
  return pages_[page]->slots[slot % kPageSlots];
}

void RowIndex::ReplaceAll() {
  for (size_t page = 0; page < pages_.size(); ++page) {
    if (shared_[page]) pages_[page]->held.Replaced(memory_, sizeof(Page));
  }
}

void RowIndex::Reserve(size_t rows) {
  MR_CHECK_EQ(size_, size_t{0});
  size_t slots = slots_;
  while (rows * 10 > slots * 7) slots *= 2;
  if (slots > slots_) Grow(slots);
}

void RowIndex::Grow(size_t slots) {
  RowIndex grown(slots);
  grown.memory_ = memory_;
  grown.copied_bytes_ = copied_bytes_;
  // From the start of a run on, entries come in the order of their homes: the writes are sequential.
  size_t start = 0;
  while (At(start).position != kNoRow) ++start;
  for (size_t i = 0; i < slots_; ++i) {
    const Slot& entry = At((start + i) & (slots_ - 1));
    if (entry.position != kNoRow) grown.Place(entry);
  }
  ReplaceAll();
  *this = std::move(grown);
}

void RowIndex::Place(Slot entry) {
  size_t slot = Home(entry.tag);
  while (At(slot).position != kNoRow) slot = Next(slot);
  Mutable(slot) = entry;
  ++size_;
}

size_t RowIndex::SlotOf(uint64_t hash, uint32_t position) const {
  for (size_t slot = Home(Tag(hash));; slot = Next(slot)) {
    const Slot& entry = At(slot);
    MR_CHECK(entry.position != kNoRow);
    if (entry.position == position) return slot;
  }
}

void RowIndex::Move(uint64_t hash, uint32_t position, uint32_t new_position) {
  Mutable(SlotOf(hash, position)).position = new_position;
}

void RowIndex::Erase(uint64_t hash, uint32_t position) {
  const size_t mask = slots_ - 1;
  size_t hole = SlotOf(hash, position);
  for (size_t slot = Next(hole);; slot = Next(slot)) {
    const Slot entry = At(slot);
    if (entry.position == kNoRow) break;
    // An entry may move up into the hole unless its home lies cyclically in (hole, slot].
    if (((slot - Home(entry.tag)) & mask) >= ((slot - hole) & mask)) {
      Mutable(hole) = entry;
      hole = slot;
    }
  }
  Mutable(hole) = Slot{};
  --size_;
}

}  // namespace millrace::tables
