#include "tables/row_index.h"

#include <utility>

#include "base/check.h"

namespace millrace::tables {

RowIndex::RowIndex() : RowIndex(kPageSlots) {}

RowIndex::RowIndex(size_t slots) : shared_(slots / kPageSlots, false), mask_(slots - 1) {
  MR_CHECK(slots % kPageSlots == 0 && (slots & (slots - 1)) == 0);
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
  size_t slots = mask_ + 1;
  while (rows * 10 > slots * 7) slots *= 2;
  if (slots == mask_ + 1) return;
  RowIndex larger(slots);
  larger.memory_ = memory_;
  larger.copied_bytes_ = copied_bytes_;
  ReplaceAll();
  *this = std::move(larger);
}

void RowIndex::Place(uint64_t hash, uint32_t position) {
  size_t slot = hash & mask_;
  while (At(slot).position != kNoRow) slot = (slot + 1) & mask_;
  Mutable(slot) = Slot{Tag(hash), position};
  ++size_;
}

size_t RowIndex::SlotOf(uint64_t hash, uint32_t position) const {
  for (size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
    const Slot& entry = At(slot);
    MR_CHECK(entry.position != kNoRow);
    if (entry.position == position) return slot;
  }
}

void RowIndex::Move(uint64_t hash, uint32_t position, uint32_t new_position) {
  Mutable(SlotOf(hash, position)).position = new_position;
}

}  // namespace millrace::tables
