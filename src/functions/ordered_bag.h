// OrderedBag: byte strings in the order of their arrival, from which the first one like a given one can be
// taken away; the state of LISTAGG, ARRAY_AGG and retractable FIRST_VALUE and LAST_VALUE.
//
// Removed entries stay as holes until half of the bag is holes. Entries may come out of order (when
// states are merged): they are put in order before the next read. Removing what is not there is
// remembered and cancels the next addition of it.
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
  void Save(std::string* out) const;
  Status Load(std::string_view* in);

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFFu;
  struct Entry {
    data::StringRef bytes;
    int64_t sequence;
    uint32_t next;  // live entry of the same bytes that came after, in an indexed bag
    bool is_live;
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
  std::unique_ptr<ByteArena> arena_;
  std::unique_ptr<Index> index_;  // made by the first removal; current while the bag is in order
};

}  // namespace millrace::functions
