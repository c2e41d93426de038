// ValueSet: the set (or multiset) of values inside an aggregate's state, from one value to millions.
//
// The first value lies in the set itself; up to 8 lie in an array that is searched through; more lie in
// an open-addressing table ordered by the upper bits of the hash, so that growth writes sequentially.
// Keys are 8-byte words (integers, and floats in canonical bits), Int128, or strings, whose long
// ones are copied to an arena of the set. A counted set keeps values with count zero until its next
// rebuild, so that keys stay valid in between (epoch() tells).
//
// Lives in operator state: destroyed by whoever made it; never moves; not thread-safe.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/byte_arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "data/column.h"
#include "data/string_ref.h"
#include "data/type.h"
#include "env/page_memory.h"
#include "functions/state_bytes.h"

namespace millrace::functions {

// A scalar of at most 8 bytes as a word that is equal exactly for identical values, and back.
template <typename T>
uint64_t ToWord(T value) {
  if constexpr (std::is_same_v<T, double>) {
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
    return std::bit_cast<uint64_t>(value);
  } else if constexpr (std::is_same_v<T, float>) {
    if (value == 0) value = 0;
    if (std::isnan(value)) value = std::numeric_limits<float>::quiet_NaN();
    return std::bit_cast<uint32_t>(value);
  } else {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  }
}
template <typename T>
T FromWord(uint64_t word) {
  if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(word);
  } else if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(static_cast<uint32_t>(word));
  } else {
    return static_cast<T>(word);
  }
}

// The key that stands for a column value: a word, or the value itself.
template <typename T>
using KeyFor = std::conditional_t<sizeof(T) <= 8, uint64_t, T>;
template <typename T>
KeyFor<T> ToKey(const T& value) {
  if constexpr (sizeof(T) <= 8) {
    return ToWord(value);
  } else {
    return value;
  }
}
template <typename T>
T FromKey(const KeyFor<T>& key) {
  if constexpr (sizeof(T) <= 8) {
    return FromWord<T>(key);
  } else {
    return key;
  }
}

inline uint64_t HashKey(uint64_t key) {
  return HashInt(key);
}
inline uint64_t HashKey(data::Int128 key) {
  return HashCombine(HashInt(static_cast<uint64_t>(key)), static_cast<uint64_t>(key >> 64));
}
inline uint64_t HashKey(const data::StringRef& key) {
  return HashBytes(key.data(), key.size());
}

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
    int64_t count : 62 = 0;
    uint64_t used : 1 = 0;
    uint64_t mark : 1 = 0;  // the owner's
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
    if (!kIsString && IsSentinel(key)) return !std::exchange(has_sentinel_, true);
    bool is_new = false;
    FindOrInsert(key, hash, &is_new);
    return is_new;
  }

  // Counted: +1 when the value came to be present (count > 0), -1 when it ceased to be, else 0.
  int Add(const Key& key, uint64_t hash, int64_t delta, int64_t sequence = 0)
    requires kIsCounted
  {
    bool is_new = false;
    Slot* slot = FindOrInsert(key, hash, &is_new);
    const bool was_present = slot->count > 0;
    slot->count += delta;
    const bool is_present = slot->count > 0;
    if constexpr (kind == SetKind::kSequenced) {
      if (is_present && !was_present) slot->sequence = sequence;
    }
    const int transition = int{is_present} - int{was_present};
    present_ = static_cast<uint32_t>(static_cast<int64_t>(present_) + transition);
    return transition;
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
           (arena_ == nullptr ? 0 : sizeof(ByteArena) + arena_->allocated_bytes());
  }

  void Save(std::string* out) const {
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
    uint64_t count = 0;
    MR_TRY(LoadRaw(in, &count));
    for (uint64_t i = 0; i < count; ++i) {
      Key key;
      if constexpr (kIsString) {
        std::string_view bytes;
        MR_TRY(LoadBytes(in, &bytes));
        key = data::StringRef(bytes);
      } else {
        MR_TRY(LoadRaw(in, &key));
      }
      if constexpr (kIsCounted) {
        int64_t times = 0;
        int64_t sequence = 0;
        MR_TRY(LoadRaw(in, &times));
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

  // To a table at most half full, without the values whose count is zero.
  void Rebuild() {
    uint64_t kept = used_;
    if constexpr (kIsCounted) {
      kept = 0;
      ForEach([&kept](const Slot& slot) { kept += slot.count != 0 ? 1 : 0; });
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
        if (slot.count == 0) {
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
  ByteArena* arena_ = nullptr;  // of long strings
};

}  // namespace millrace::functions
