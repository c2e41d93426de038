// RowIndex: from the hash of a key to the position of its row, in copy-on-write pages.
//
// Open addressing with linear probing over slots {tag, position}; the keys themselves stay in the table's
// chunks, so a caller confirms a candidate by comparing the row. 8 bytes a slot, at most 70 % full. The tag
// is the upper half of the hash, and slots lie in the order of tags: the index grows by one sequential pass
// that looks at no row. Copying an index shares its pages; the writer clones a page before the first change
// after a copy was taken (MarkShared), so a published copy never changes. One writer; copies may be read by
// any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tables/held_memory.h"

namespace millrace::tables {

class RowIndex {
 public:
  static constexpr uint32_t kNoRow = 0xFFFFFFFF;

  RowIndex();

  size_t size() const { return size_; }

  // The position of the first candidate with this hash for which `matches(position)` holds, or kNoRow.
  template <typename F>
  uint32_t Find(uint64_t hash, F&& matches) const {
    const uint32_t tag = Tag(hash);
    for (size_t slot = Home(tag);; slot = Next(slot)) {
      const Slot& entry = At(slot);
      if (entry.position == kNoRow) return kNoRow;
      if (entry.tag == tag && matches(entry.position)) return entry.position;
    }
  }

  // Fetches the slot of a hash ahead of its use; the first candidate with this hash, or kNoRow.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&At(Home(Tag(hash)))); }
  uint32_t Candidate(uint64_t hash) const {
    return Find(hash, [](uint32_t) { return true; });
  }

  // Calls f(position) for every candidate with this hash.
  template <typename F>
  void ForEachOf(uint64_t hash, F&& f) const {
    const uint32_t tag = Tag(hash);
    for (size_t slot = Home(tag); At(slot).position != kNoRow; slot = Next(slot)) {
      if (At(slot).tag == tag) f(At(slot).position);
    }
  }

  // Adds a row; the caller knows that it is not there.
  void Insert(uint64_t hash, uint32_t position) {
    if ((size_ + 1) * 10 > slots_ * 7) Grow(slots_ * 2);
    Place(Slot{Tag(hash), position});
  }

  // Makes room for so many rows at once; only while there are none.
  void Reserve(size_t rows);
  // Adds rows at `position` and behind it, for which there is room. False, and the rest is not added, if
  // is_same(candidate, position) holds for one that is there. Neighbours with one hash share a probe
  // sequence.
  template <typename F>
  bool Fill(std::span<const uint64_t> hashes, uint32_t position, F&& is_same) {
    for (const uint64_t hash : hashes) Prefetch(hash);
    size_t slot = 0;
    for (size_t i = 0; i < hashes.size(); ++i, ++position) {
      const uint32_t tag = Tag(hashes[i]);
      if (i == 0 || hashes[i] != hashes[i - 1]) slot = Home(tag);
      for (; At(slot).position != kNoRow; slot = Next(slot)) {
        if (At(slot).tag == tag && is_same(At(slot).position, position)) return false;
      }
      Mutable(slot) = Slot{tag, position};
      ++size_;
    }
    return true;
  }

  // The row at `position`, known by its hash, is now at `new_position`.
  void Move(uint64_t hash, uint32_t position, uint32_t new_position);

  // Takes a row out; later slots of the probe sequence move up.
  void Erase(uint64_t hash, uint32_t position);

  // Where pages are counted that only copies have.
  void SetMemory(HeldMemoryPtr memory) { memory_ = std::move(memory); }
  // This one goes, its copies may stay.
  void ReplaceAll();

  // Says that a copy was taken: every page is cloned before its next change.
  void MarkShared() { shared_.assign(pages_.size(), true); }
  size_t MemoryBytes() const { return slots_ * sizeof(Slot); }
  // Bytes of pages cloned since the last call.
  size_t TakeCopiedBytes() { return std::exchange(copied_bytes_, 0); }

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t position = kNoRow;
  };
  static constexpr size_t kPageSlots = 1024;
  struct Page {
    Slot slots[kPageSlots];
    Held held;
  };

  explicit RowIndex(size_t slots);
  static uint32_t Tag(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  size_t Home(uint32_t tag) const { return tag >> shift_; }
  size_t Next(size_t slot) const { return (slot + 1) & (slots_ - 1); }
  const Slot& At(size_t slot) const { return pages_[slot / kPageSlots]->slots[slot % kPageSlots]; }
  Slot& Mutable(size_t slot);
  void Place(Slot entry);
  void Grow(size_t slots);
  size_t SlotOf(uint64_t hash, uint32_t position) const;

  std::vector<std::shared_ptr<Page>> pages_;
  std::vector<bool> shared_;
  size_t slots_;    // a power of two, at most 2^32
  uint32_t shift_;  // a tag's home is the slot of its upper bits
  size_t size_ = 0;
  size_t copied_bytes_ = 0;
  HeldMemoryPtr memory_;
};

}  // namespace millrace::tables
