// OrderedBag: byte strings in the order of their arrival, from which the first one like a given one can be
// taken away; the state of LISTAGG, ARRAY_AGG and retractable FIRST_VALUE and LAST_VALUE.
//
// Removed entries stay as holes until half of the bag is holes. Entries may come out of order (when
// states are merged): they are put in order before the next read. Removing what is not there is
// remembered and cancels the next addition of it.
//
// For checkpoints a bag can be tracked: while it is small it is saved whole, later by entry. An entry is then
// known by its arrival number, so no two of a bag may have the same.
//
// Lives in operator state: destroyed by whoever made it; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/byte_arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "data/string_ref.h"
#include "functions/element_changes.h"

namespace millrace::functions {

class OrderedBag {
 public:
  // `sequence`: the arrival number; entries with equal ones keep the order in which they were added.
  void Add(std::string_view bytes, int64_t sequence);
  void Remove(std::string_view bytes);
  // Adds all of `other`, which stays as it is.
  void AddAll(OrderedBag& other);

  size_t size() const { return live_; }
  bool is_empty() const { return live_ == 0; }
  // In order of arrival; not while changing the bag.
  template <typename F>
  void ForEach(F&& f) {
    PutInOrder();
    for (const Entry& entry : entries_) {
      if (entry.is_live) f(entry.bytes.view());
    }
  }
  // Of a bag that is not empty.
  std::string_view First();
  std::string_view Last();

  size_t MemoryBytes() const;

  // --- For checkpoints, as those of ValueSet ---

  void Track() { tracking_ = Tracking::kWhole; }
  void TakeElements(ElementChanges* changes);
  void DropElements(ElementChanges* changes) const;
  template <typename IsValid>
  Status LoadElement(std::string_view key, std::string_view value, IsValid&& is_valid) {
    if (!is_valid(value)) return BadEntry();
    return LoadEntry(key, value);
  }
  // What is saved besides the elements: all, while there are none; removals that wait for their addition.
  void Save(std::string* out) const;
  template <typename IsValid>
  Status Load(std::string_view* in, IsValid&& is_valid) {
    MR_TRY(Load(in));
    for (const Entry& entry : entries_) {
      if (!is_valid(entry.bytes.view())) return BadEntry();
    }
    return {};
  }

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFFu;
  struct Entry {
    data::StringRef bytes;
    int64_t sequence;
    uint32_t next;  // live entry of the same bytes that came after, in an indexed bag
    bool is_live;
    bool is_saved = false;
  };
  // The live entries of equal bytes, and how often they were removed without being there.
  struct Chain {
    uint32_t first = kNone;
    uint32_t last = kNone;
    uint64_t debt = 0;
  };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view bytes) const { return HashBytes(bytes); }
  };
  using Index = std::unordered_map<std::string, Chain, TextHash, std::equal_to<>>;

  // From so many entries on a tracked bag is saved by entry.
  static constexpr size_t kElementsMin = 16;
  enum class Tracking : uint8_t { kOff, kWhole, kByElement };

  static std::unexpected<Error> BadEntry();
  Status Load(std::string_view* in);
  Status LoadEntry(std::string_view key, std::string_view value);

  void RemoveTimes(std::string_view bytes, uint64_t times);
  data::StringRef Keep(std::string_view bytes);
  void Append(data::StringRef bytes, int64_t sequence);
  void Link(uint32_t id);
  Chain& ChainOf(std::string_view bytes);
  void PutInOrder();
  void Rebuild();
  void MakeIndex();

  std::vector<Entry> entries_;
  size_t begin_ = 0;  // all before it are holes
  size_t live_ = 0;
  bool is_ordered_ = true;
  Tracking tracking_ = Tracking::kOff;
  size_t unsaved_ = 0;  // live entries that were not saved, while it is saved by entry
  std::unique_ptr<std::vector<int64_t>> removed_;  // numbers of saved entries that have gone since
  std::unique_ptr<ByteArena> arena_;
  std::unique_ptr<Index> index_;  // made by the first removal; current while the bag is in order
};

}  // namespace millrace::functions
