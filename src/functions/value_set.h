// ValueSet: the set (or multiset) of values inside an aggregate's state, from one value to millions.
//
// The first value lies in the set itself; up to 8 lie in an array that is searched through; more lie in
// an open-addressing table ordered by the upper bits of the hash, so that growth writes sequentially.
// Keys are 8-byte words (integers, and floats in canonical bits), Int128, or strings, whose long
// ones are copied to an arena of the set. A counted set keeps values with count zero until its next
// rebuild, so that keys stay valid in between (epoch() tells).
//
// For checkpoints a set can be tracked. While it is small it is saved whole; one that has grown large is
// saved by element from then on: it lists which of its values have changed.
//
// Lives in operator state: destroyed by whoever made it; never moves; not thread-safe.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/byte_arena.h"
#include "base/check.h"
#include "base/error.h"
#include "data/column.h"
#include "data/string_ref.h"
#include "data/type.h"
#include "env/page_memory.h"
#include "functions/element_changes.h"
#include "functions/state_bytes.h"
#include "functions/value_key.h"

namespace millrace::functions {

enum class SetKind : uint8_t {
  kPlain,      // values only
  kCounted,    // with a count, which may pass through zero and below
  kSequenced,  // with a count and the arrival number of the first
};

template <typename Key, SetKind kind>
class ValueSet {
 public:
  static constexpr bool kIsString = std::is_same_v<Key, data::StringRef>;
  static constexpr bool kIsCounted = kind != SetKind::kPlain;

  struct PlainSlot {
    Key key;
  };
  struct StringSlot {
    Key key;
    uint64_t hash;
  };
  struct Counts {
    int64_t count : 61 = 0;
    uint64_t used : 1 = 0;
    uint64_t mark : 1 = 0;     // the owner's
    uint64_t changed : 1 = 0;  // it is listed as changed
  };
  struct SequencedCounts : Counts {
    int64_t sequence = 0;
  };
  using KeySlot = std::conditional_t<kIsString, StringSlot, PlainSlot>;
  struct CountedSlot : KeySlot, std::conditional_t<kind == SetKind::kSequenced, SequencedCounts, Counts> {};
  using Slot = std::conditional_t<kIsCounted, CountedSlot, KeySlot>;

  ValueSet() : one_{} {}
  ~ValueSet() { Free(); }
  ValueSet(const ValueSet&) = delete;
  ValueSet& operator=(const ValueSet&) = delete;

  // Brings the place of a value with this hash nearer.
  void Prefetch(uint64_t hash) const {
    if (log2_ >= kHashedLog2) __builtin_prefetch(slots_ + (hash >> (64 - log2_)), 1);
  }

  // Plain: whether the value is new.
  bool Insert(const Key& key, uint64_t hash)
    requires(!kIsCounted)
  {
    if (!kIsString && IsSentinel(key)) {
      const bool is_new = !std::exchange(has_sentinel_, true);
      if (is_new && changed_ != nullptr) changed_->push_back(key);
      return is_new;
    }
    bool is_new = false;
    Slot* slot = FindOrInsert(key, hash, &is_new);
    if (is_new && changed_ != nullptr) changed_->push_back(slot->key);
    return is_new;
  }

  // Counted: +1 when the value came to be present (count > 0), -1 when it ceased to be, else 0.
  int Add(const Key& key, uint64_t hash, int64_t delta, int64_t sequence = 0)
    requires kIsCounted
  {
    bool is_new = false;
    Slot* slot = FindOrInsert(key, hash, &is_new);
    const bool was_present = slot->count > 0;
    NoteChange(slot);
    slot->count += delta;
    const bool is_present = slot->count > 0;
    if constexpr (kind == SetKind::kSequenced) {
      if (is_present && !was_present) slot->sequence = sequence;
    }
    const int transition = int{is_present} - int{was_present};
    present_ = static_cast<uint32_t>(static_cast<int64_t>(present_) + transition);
    return transition;
  }

  // Gives a value another arrival number.
  void SetSequence(Slot* slot, int64_t sequence)
    requires(kind == SetKind::kSequenced)
  {
    NoteChange(slot);
    slot->sequence = sequence;
  }

  // The slot of a value, or nullptr.
  Slot* Find(const Key& key, uint64_t hash) {
    if (log2_ < kHashedLog2) {
      Slot* slots = Slots();
      for (uint32_t i = 0; i < used_; ++i) {
        if (Same(slots[i], key, hash)) return &slots[i];
      }
      return nullptr;
    }
    const size_t mask = (size_t{1} << log2_) - 1;
    for (size_t at = hash >> (64 - log2_); IsUsed(slots_[at]); at = (at + 1) & mask) {
      if (Same(slots_[at], key, hash)) return &slots_[at];
    }
    return nullptr;
  }

  // Values present (counted: with a count above zero).
  uint64_t size() const {
    if constexpr (kIsCounted) {
      return present_;
    } else {
      return uint64_t{used_} + (has_sentinel_ ? 1 : 0);
    }
  }
  bool is_empty() const { return used_ == 0 && !has_sentinel_; }

  // Grows by one whenever slots have moved and values with count zero may have gone.
  uint32_t epoch() const { return epoch_; }

  // Calls f(slot) for every slot, those with count zero or below too. Not while inserting.
  template <typename F>
  void ForEach(F&& f) const {
    const Slot* slots = Slots();
    if (log2_ < kHashedLog2) {
      for (uint32_t i = 0; i < used_; ++i) f(slots[i]);
    } else {
      const size_t capacity = size_t{1} << log2_;
      for (size_t i = 0; i < capacity; ++i) {
        if (IsUsed(slots[i])) f(slots[i]);
      }
    }
    if (has_sentinel_) f(SentinelSlot());
  }
  template <typename F>
  void ForEachMutable(F&& f) {
    static_assert(kIsCounted);
    ForEach([&f](const Slot& slot) { f(const_cast<Slot&>(slot)); });
  }

  size_t MemoryBytes() const {
    return (log2_ == 0 ? 0 : (size_t{1} << log2_) * sizeof(Slot)) +
           (arena_ == nullptr ? 0 : sizeof(ByteArena) + arena_->allocated_bytes()) +
           (changed_ == nullptr ? 0 : sizeof(*changed_) + changed_->capacity() * sizeof(Key));
  }

  // --- For checkpoints ---

  // To be called on an empty set.
  void Track() { tracking_ = Tracking::kWhole; }
  // The elements that changed since the last call; none while the set is small.
  void TakeElements(ElementChanges* changes) {
    if (changed_ == nullptr) return;
    std::string key_bytes;
    std::string value;
    for (const Key& key : *changed_) {
      key_bytes.clear();
      value.clear();
      SaveElementKey(key, &key_bytes);
      if constexpr (kIsCounted) {
        Slot* slot = Find(key, HashKey(key));
        slot->changed = 0;
        if (slot->count == 0) {
          changes->Remove(key_bytes);
          continue;
        }
        SaveRaw<int64_t>(slot->count, &value);
        if constexpr (kind == SetKind::kSequenced) SaveRaw<int64_t>(slot->sequence, &value);
      }
      changes->Put(key_bytes, value);
    }
    changed_->clear();
    constexpr size_t kKeptChanges = 4096;
    if (changed_->capacity() > kKeptChanges) changed_->shrink_to_fit();
  }
  // All elements as removed.
  void DropElements(ElementChanges* changes) const {
    if (changed_ == nullptr) return;
    std::string key_bytes;
    ForEach([&](const Slot& slot) {
      key_bytes.clear();
      SaveElementKey(slot.key, &key_bytes);
      changes->Remove(key_bytes);
    });
  }
  // is_valid(key) says whether a string can be a value.
  template <typename IsValid>
  Status LoadElement(std::string_view key_bytes, std::string_view value, IsValid&& is_valid) {
    if (tracking_ == Tracking::kWhole) SaveByElement(false);
    Key key;
    if constexpr (kIsString) {
      if (!is_valid(key_bytes)) return BadElement();
      key = data::StringRef(key_bytes);
    } else {
      MR_TRY(LoadRaw(&key_bytes, &key));
      if (!key_bytes.empty()) return BadElement();
    }
    const size_t listed = changed_ == nullptr ? 0 : changed_->size();
    if constexpr (kIsCounted) {
      int64_t count = 0;
      int64_t sequence = 0;
      MR_TRY(LoadRowCount(&value, &count));
      if constexpr (kind == SetKind::kSequenced) MR_TRY(LoadRaw(&value, &sequence));
      Add(key, HashKey(key), count, sequence);
    } else {
      Insert(key, HashKey(key));
    }
    if (!value.empty()) return BadElement();
    // It is as it was saved: not changed.
    if (changed_ == nullptr || changed_->size() == listed) return {};
    if constexpr (kIsCounted) Find(key, HashKey(key))->changed = 0;
    changed_->pop_back();
    return {};
  }

  // What is saved besides the elements: whether there are any; if not, all values.
  void Save(std::string* out) const {
    SaveRaw<uint8_t>(changed_ != nullptr ? 1 : 0, out);
    if (changed_ != nullptr) return;
    SaveRaw<uint64_t>(uint64_t{used_} + (has_sentinel_ ? 1 : 0), out);
    ForEach([out](const Slot& slot) {
      if constexpr (kIsString) {
        SaveBytes(slot.key.view(), out);
      } else {
        SaveRaw(slot.key, out);
      }
      if constexpr (kIsCounted) SaveRaw<int64_t>(slot.count, out);
      if constexpr (kind == SetKind::kSequenced) SaveRaw<int64_t>(slot.sequence, out);
    });
  }

  Status Load(std::string_view* in) {
    return Load(in, [](std::string_view) { return true; });
  }
  template <typename IsValid>
  Status Load(std::string_view* in, IsValid&& is_valid) {
    uint8_t by_element = 0;
    MR_TRY(LoadRaw(in, &by_element));
    if (by_element != 0) {
      if (tracking_ == Tracking::kWhole) SaveByElement(false);
      return {};
    }
    uint64_t count = 0;
    MR_TRY(LoadRaw(in, &count));
    for (uint64_t i = 0; i < count; ++i) {
      Key key;
      if constexpr (kIsString) {
        std::string_view bytes;
        MR_TRY(LoadBytes(in, &bytes));
        if (!is_valid(bytes)) return BadElement();
        key = data::StringRef(bytes);
      } else {
        MR_TRY(LoadRaw(in, &key));
      }
      if constexpr (kIsCounted) {
        int64_t times = 0;
        int64_t sequence = 0;
        MR_TRY(LoadRowCount(in, &times));
        if constexpr (kind == SetKind::kSequenced) MR_TRY(LoadRaw(in, &sequence));
        Add(key, HashKey(key), times, sequence);
      } else {
        Insert(key, HashKey(key));
      }
    }
    return {};
  }

 private:
  static constexpr uint8_t kHashedLog2 = 4;

  // From so many values on a tracked set is saved by element: a record of an element takes, with its group's
  // key, some five times the value, and a set that grows has to list it.
  static constexpr uint32_t kElementsMin = 64;
  enum class Tracking : uint8_t { kOff, kWhole, kByElement };

  static std::unexpected<Error> BadElement() {
    return Fail(ErrorCode::kDataCorrupted, "a value in the saved state of an aggregate is none of its type");
  }
  static void SaveElementKey(const Key& key, std::string* out) {
    if constexpr (kIsString) {
      out->append(key.view());
    } else {
      SaveRaw(key, out);
    }
  }
  void NoteChange(Slot* slot)
    requires kIsCounted
  {
    if (changed_ == nullptr || slot->changed) return;
    slot->changed = 1;
    changed_->push_back(slot->key);
  }
  // From now on; with `all_changed` the values that are there count as changed.
  void SaveByElement(bool all_changed) {
    tracking_ = Tracking::kByElement;
    changed_ = new std::vector<Key>;
    if (!all_changed) return;
    changed_->reserve(size_t{used_} * 2);
    ForEach([this](const Slot& slot) {
      if constexpr (kIsCounted) const_cast<Slot&>(slot).changed = 1;
      changed_->push_back(slot.key);
    });
  }

  // The key value that marks a free slot of a plain table; a real value like it is the flag has_sentinel_.
  static constexpr uint64_t kSentinel = 0x8C4F3A92D17B65E1ull;
  static bool IsSentinel(const Key& key) {
    if constexpr (kIsCounted) {
      return false;
    } else if constexpr (kIsString) {
      return key.size() == 0xFFFFFFFFu;
    } else {
      return key == static_cast<Key>(kSentinel);
    }
  }
  static Slot SentinelSlot() {
    Slot slot{};
    if constexpr (!kIsCounted && !kIsString) slot.key = static_cast<Key>(kSentinel);
    return slot;
  }
  static void MarkFree(Slot* slot) {
    if constexpr (kIsCounted) {
      new (slot) Slot{};
    } else if constexpr (kIsString) {
      new (slot) Slot{};
      const uint32_t size = 0xFFFFFFFFu;
      std::memcpy(static_cast<void*>(&slot->key), &size, sizeof(size));
    } else {
      slot->key = static_cast<Key>(kSentinel);
    }
  }
  static bool IsUsed(const Slot& slot) {
    if constexpr (kIsCounted) {
      return slot.used;
    } else {
      return !IsSentinel(slot.key);
    }
  }
  static bool Same(const Slot& slot, const Key& key, uint64_t hash) {
    if constexpr (kIsString) {
      return slot.hash == hash && slot.key == key;
    } else {
      return slot.key == key;
    }
  }
  static uint64_t HashOf(const Slot& slot) {
    if constexpr (kIsString) {
      return slot.hash;
    } else {
      return HashKey(slot.key);
    }
  }

  Slot* Slots() { return log2_ == 0 ? &one_ : slots_; }
  const Slot* Slots() const { return log2_ == 0 ? &one_ : slots_; }

  Slot* FindOrInsert(const Key& key, uint64_t hash, bool* is_new) {
    if (log2_ < kHashedLog2) {
      Slot* slots = Slots();
      for (uint32_t i = 0; i < used_; ++i) {
        if (Same(slots[i], key, hash)) return &slots[i];
      }
      if (used_ < (1u << log2_)) {
        *is_new = true;
        Fill(&slots[used_], key, hash);
        return &slots[used_ - 1];
      }
      Rebuild();
      return FindOrInsert(key, hash, is_new);
    }
    const size_t mask = (size_t{1} << log2_) - 1;
    size_t at = hash >> (64 - log2_);
    while (IsUsed(slots_[at])) {
      if (Same(slots_[at], key, hash)) return &slots_[at];
      at = (at + 1) & mask;
    }
    if (uint64_t{used_} * 4 >= (uint64_t{1} << log2_) * 3) {
      Rebuild();
      return FindOrInsert(key, hash, is_new);
    }
    *is_new = true;
    Fill(&slots_[at], key, hash);
    return &slots_[at];
  }

  void Fill(Slot* slot, const Key& key, uint64_t hash) {
    new (slot) Slot{};
    slot->key = key;
    if constexpr (kIsString) {
      slot->hash = hash;
      if (!key.is_inlined()) {
        if (arena_ == nullptr) arena_ = new ByteArena;
        slot->key = data::StringRef(std::string_view(arena_->Copy(key.view()), key.size()));
      }
    }
    if constexpr (kIsCounted) slot->used = 1;
    ++used_;
    MR_DCHECK(used_ != 0);
  }

  // To a table at most half full, without the values whose count is zero, but for those that a checkpoint
  // must still say that of.
  void Rebuild() {
    uint64_t kept = used_;
    if constexpr (kIsCounted) {
      kept = 0;
      ForEach([&kept](const Slot& slot) { kept += slot.count != 0 || slot.changed ? 1 : 0; });
    }
    uint8_t log2 = static_cast<uint8_t>(std::bit_width(kept));
    if (log2 >= kHashedLog2) ++log2;
    MR_CHECK_LT(log2, 33);
    const size_t capacity = size_t{1} << log2;
    Slot one{};
    Slot* grown = log2 == 0 ? &one : AllocateSlots(capacity);
    if (log2 >= kHashedLog2) {
      for (size_t i = 0; i < capacity; ++i) MarkFree(&grown[i]);
    }
    uint32_t filled = 0;
    auto move = [&](const Slot& slot) {
      if constexpr (kIsCounted) {
        if (slot.count == 0 && !slot.changed) {
          if constexpr (kIsString) {
            if (!slot.key.is_inlined()) arena_->Free(const_cast<char*>(slot.key.data()), slot.key.size());
          }
          return;
        }
      }
      size_t at = filled++;
      if (log2 >= kHashedLog2) {
        at = HashOf(slot) >> (64 - log2);
        while (IsUsed(grown[at])) at = (at + 1) & (capacity - 1);
      }
      new (&grown[at]) Slot(slot);
    };
    const Slot* slots = Slots();
    if (log2_ < kHashedLog2) {
      for (uint32_t i = 0; i < used_; ++i) move(slots[i]);
    } else {
      // From the start of a run, so that slots come in the order of their hashes.
      const size_t old_capacity = size_t{1} << log2_;
      size_t start = 0;
      while (IsUsed(slots[start])) ++start;
      for (size_t i = 0; i < old_capacity; ++i) {
        const Slot& slot = slots[(start + i) & (old_capacity - 1)];
        if (IsUsed(slot)) move(slot);
      }
    }
    FreeSlots();
    if (log2 == 0) {
      new (&one_) Slot(one);
    } else {
      slots_ = grown;
    }
    log2_ = log2;
    used_ = filled;
    ++epoch_;
    if (tracking_ == Tracking::kWhole && used_ >= kElementsMin) SaveByElement(true);
  }

  static Slot* AllocateSlots(size_t capacity) {
    return reinterpret_cast<Slot*>(env::AllocateZeroed(capacity * sizeof(Slot)));
  }
  void FreeSlots() {
    if (log2_ > 0) env::FreeZeroed(reinterpret_cast<std::byte*>(slots_), (size_t{1} << log2_) * sizeof(Slot));
  }

  void Free() {
    FreeSlots();
    delete arena_;
    delete changed_;
  }

  union {
    Slot one_;
    Slot* slots_;
  };
  uint32_t used_ = 0;
  uint32_t present_ = 0;
  uint32_t epoch_ = 0;
  uint8_t log2_ = 0;  // of the capacity; 0: the one slot inside
  bool has_sentinel_ = false;
  Tracking tracking_ = Tracking::kOff;
  ByteArena* arena_ = nullptr;           // of long strings
  std::vector<Key>* changed_ = nullptr;  // while it is saved by element
};

}  // namespace millrace::functions
