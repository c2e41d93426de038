#include "state/key_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "base/limits.h"
#include "env/page_memory.h"
#include "state/key_words.h"

namespace millrace::state {
namespace {

using data::Column;
using data::ColumnPtr;
using data::MutableColumnPtr;
using data::PhysicalType;
using data::StringRef;

// Rows that go through the passes together: enough to overlap their cache misses, few enough that what
// was prefetched is still in the nearest caches when it is used.
constexpr size_t kChunkRows = 512;
constexpr size_t kSlotsMin = 16;
constexpr uint32_t kPageShiftMin = 6;
constexpr uint32_t kPageShiftMax = 11;
// Beyond so many pages a table takes memory in larger blocks.
constexpr size_t kSinglePages = 16;
constexpr size_t kBlockBytes = size_t{2} << 20;

// Slots may be filled to 11/16.
bool IsTooFull(size_t used, size_t slots) {
  return used * 16 > slots * 11;
}

// The upper half of the product depends on all bits of the hash. The factor is not that of ShardOf: the rows
// of one shard have like upper bits in its product, and would all be crowded into one part of the slots.
uint32_t TagOf(uint64_t hash) {
  return static_cast<uint32_t>((hash * 0xA24BAED4963EE407ull) >> 32);
}

}  // namespace

struct KeyTable::Scratch {
  std::vector<uint64_t> words;
  std::vector<std::string> encoded;  // one a nested key column
  std::vector<size_t> ends;
  const Column* nullable = nullptr;  // of a one-column key: the column, if it may have nulls
  uint32_t tags[kChunkRows];
  EntryId candidates[kChunkRows];
};

KeyTable::KeyTable(KeyTableOptions options)
    : options_(std::move(options)),
      layout_(std::make_shared<const KeyLayout>(options_.key_types, options_.payload_bytes,
                                                options_.track_access)),
      mode_(layout_->mode),
      key_words_(layout_->key_words),
      has_strings_(layout_->has_strings),
      key_offset_(layout_->key_offset),
      row_bytes_(layout_->row_bytes),
      scratch_(new Scratch) {
  if (options_.track_changes) spare_rows_ = std::make_shared<SpareRows>();
  const auto target_shift = static_cast<uint32_t>(std::bit_width(options_.page_bytes / row_bytes_ | 1) - 1);
  page_shift_ = std::clamp(target_shift, kPageShiftMin, kPageShiftMax);
  page_mask_ = (1u << page_shift_) - 1;
}

KeyTable::~KeyTable() {
  Clear();
}

void KeyTable::Clear() {
  env::FreeZeroed(reinterpret_cast<std::byte*>(slots_), slot_count_ * sizeof(uint64_t));
  slots_ = nullptr;
  slot_count_ = 0;
  slots_used_ = 0;
  slot_shift_ = 32;
  for (const Block& block : blocks_) env::FreeZeroed(block.memory, block.bytes);
  for (const Block& block : spare_) env::FreeZeroed(block.memory, block.bytes);
  pages_ = std::vector<std::byte*>();
  blocks_ = std::vector<Block>();
  spare_ = std::vector<Block>();
  block_bytes_ = 0;
  room_ = 0;
  tags_ = std::vector<uint32_t>();
  live_ = std::vector<uint64_t>();
  changed_ = std::vector<uint64_t>();
  written_ = std::vector<uint64_t>();
  erased_keys_.clear();
  erased_ = 0;
  free_ids_ = std::vector<EntryId>();
  next_id_ = 0;
  size_ = 0;
  null_entry_ = kNoEntry;
  key_bytes_.Clear();
}

const uint64_t* KeyTable::MakeWords(std::span<const ColumnPtr> keys, size_t offset, size_t rows,
                                    Scratch* scratch) const {
  scratch->nullable = nullptr;
  if (mode_ != KeyMode::kComposite && keys[0]->has_nulls()) scratch->nullable = keys[0].get();
  if (!keys[0]->is_constant()) {
    if (mode_ == KeyMode::kOneWord && keys[0]->physical() == PhysicalType::kInt64) {
      return reinterpret_cast<const uint64_t*>(keys[0]->values<int64_t>()) + offset;
    }
    if (mode_ == KeyMode::kOneString) {
      return reinterpret_cast<const uint64_t*>(keys[0]->raw_values()) + offset * 2;
    }
  }
  scratch->words.assign(rows * key_words_, 0);
  scratch->encoded.resize(keys.size());
  for (size_t c = 0; c < keys.size(); ++c) {
    const KeyLayout::KeyColumn& key_column = layout_->columns[c];
    const Column& column = *keys[c];
    uint64_t* words = scratch->words.data() + key_column.first_word;
    if (key_column.is_nested) {
      std::string& encoded = scratch->encoded[c];
      encoded.clear();
      scratch->ends.clear();
      for (size_t i = 0; i < rows; ++i) {
        if (column.IsValid(offset + i)) data::EncodeKey(keys.subspan(c, 1), offset + i, &encoded);
        scratch->ends.push_back(encoded.size());
      }
      for (size_t i = 0, begin = 0; i < rows; begin = scratch->ends[i], ++i) {
        StoreString(StringRef(std::string_view(encoded).substr(begin, scratch->ends[i] - begin)),
                    words + i * key_words_);
      }
    } else if (key_column.words == 2) {
      FillPairs(column, offset, rows, key_words_, words);
    } else {
      FillWords(column, offset, rows, key_words_, words);
    }
    if (mode_ != KeyMode::kComposite || !column.has_nulls()) continue;
    for (size_t i = 0; i < rows; ++i) {
      if (column.IsValid(offset + i)) continue;
      scratch->words[i * key_words_ + c / 64] |= uint64_t{1} << (c % 64);
      for (size_t w = 0; w < key_column.words; ++w) words[i * key_words_ + w] = 0;
    }
  }
  return scratch->words.data();
}

template <KeyMode mode>
bool KeyTable::SameKey(const uint64_t* words, EntryId id) const {
  const uint64_t* key = KeyOf(id);
  if constexpr (mode == KeyMode::kOneWord) {
    return key[0] == words[0];
  } else if constexpr (mode == KeyMode::kOneString) {
    return SameString(key, words);
  } else {
    if (!has_strings_) return std::memcmp(key, words, key_words_ * 8) == 0;
    for (size_t w = 0; w < layout_->mask_words; ++w) {
      if (key[w] != words[w]) return false;
    }
    for (const KeyLayout::KeyColumn& column : layout_->columns) {
      const uint64_t* a = key + column.first_word;
      const uint64_t* b = words + column.first_word;
      if (column.is_string ? !SameString(a, b) : (a[0] != b[0] || (column.words == 2 && a[1] != b[1]))) {
        return false;
      }
    }
    return true;
  }
}

// The entry with this key, or kNoEntry and in *position the free slot where it belongs.
template <KeyMode mode>
EntryId KeyTable::Probe(const uint64_t* words, uint32_t tag, size_t* position) const {
  const size_t mask = slot_count_ - 1;
  size_t at = tag >> slot_shift_;
  while (true) {
    const uint64_t slot = slots_[at];
    if (slot == 0) break;
    if (static_cast<uint32_t>(slot >> 32) == tag) {
      const EntryId id = static_cast<uint32_t>(slot) - 1;
      if (SameKey<mode>(words, id)) return id;
    }
    at = (at + 1) & mask;
  }
  *position = at;
  return kNoEntry;
}

template <KeyMode mode, bool insert>
void KeyTable::FindChunk(const uint64_t* words, const uint64_t* hashes, size_t rows, Scratch* scratch,
                         EntryId* out, size_t offset, std::vector<uint32_t>* inserted_rows) {
  const size_t stride = mode == KeyMode::kOneWord ? 1 : mode == KeyMode::kOneString ? 2 : key_words_;
  uint32_t* tags = scratch->tags;
  EntryId* candidates = scratch->candidates;

  const uint64_t* slots = slots_;
  for (size_t i = 0; i < rows; ++i) {
    tags[i] = TagOf(hashes[i]);
    __builtin_prefetch(slots + (tags[i] >> slot_shift_));
  }

  const size_t mask = slot_count_ - 1;
  for (size_t i = 0; i < rows; ++i) {
    size_t at = tags[i] >> slot_shift_;
    uint64_t slot = slots[at];
    while (slot != 0 && static_cast<uint32_t>(slot >> 32) != tags[i]) {
      at = (at + 1) & mask;
      slot = slots[at];
    }
    candidates[i] = static_cast<uint32_t>(slot) - 1;  // kNoEntry for a free slot
    if (slot != 0) {
      const std::byte* row = RowOf(candidates[i]);
      __builtin_prefetch(row, 1);
      if (key_offset_ >= 48) __builtin_prefetch(row + key_offset_);
    }
  }

  for (size_t i = 0; i < rows; ++i) {
    const uint64_t* key = words + i * stride;
    if (mode != KeyMode::kComposite && scratch->nullable != nullptr &&
        scratch->nullable->IsNull(offset + i)) {
      if (insert && null_entry_ == kNoEntry) {
        null_entry_ = NewEntry(0, nullptr);
        if (inserted_rows != nullptr) inserted_rows->push_back(static_cast<uint32_t>(offset + i));
      }
      out[i] = null_entry_;
      continue;
    }
    if (candidates[i] != kNoEntry && SameKey<mode>(key, candidates[i])) {
      out[i] = candidates[i];
      continue;
    }
    if (!insert && candidates[i] == kNoEntry) {
      out[i] = kNoEntry;
      continue;
    }
    size_t position = 0;
    out[i] = Probe<mode>(key, tags[i], &position);
    if (!insert || out[i] != kNoEntry) continue;
    if (IsTooFull(slots_used_ + 1, slot_count_)) {
      GrowSlots(slot_count_ * 2);
      Probe<mode>(key, tags[i], &position);
    }
    const EntryId id = NewEntry(tags[i], key);
    slots_[position] = uint64_t{tags[i]} << 32 | (id + 1);
    ++slots_used_;
    out[i] = id;
    if (inserted_rows != nullptr) inserted_rows->push_back(static_cast<uint32_t>(offset + i));
  }
}

template <bool insert>
void KeyTable::FindRows(std::span<const ColumnPtr> keys, std::span<const uint64_t> hashes, size_t rows,
                        EntryId* out, std::vector<uint32_t>* inserted_rows) {
  MR_CHECK_EQ(keys.size(), options_.key_types.size());
  MR_CHECK_LE(rows, mode_ == KeyMode::kNoKey ? rows : hashes.size());
  if (rows == 0) return;
  if (mode_ == KeyMode::kNoKey) {
    if (insert && null_entry_ == kNoEntry) {
      null_entry_ = NewEntry(0, nullptr);
      if (inserted_rows != nullptr) inserted_rows->push_back(0);
    }
    std::fill_n(out, rows, null_entry_);
    return;
  }
  if (slot_count_ == 0) GrowSlots(kSlotsMin);
  for (size_t offset = 0; offset < rows; offset += kChunkRows) {
    const size_t count = std::min(kChunkRows, rows - offset);
    const uint64_t* words = MakeWords(keys, offset, count, scratch_.get());
    const uint64_t* chunk_hashes = hashes.data() + offset;
    EntryId* chunk_out = out + offset;
    switch (mode_) {
      case KeyMode::kOneWord:
        FindChunk<KeyMode::kOneWord, insert>(words, chunk_hashes, count, scratch_.get(), chunk_out, offset,
                                             inserted_rows);
        break;
      case KeyMode::kOneString:
        FindChunk<KeyMode::kOneString, insert>(words, chunk_hashes, count, scratch_.get(), chunk_out, offset,
                                               inserted_rows);
        break;
      default:
        FindChunk<KeyMode::kComposite, insert>(words, chunk_hashes, count, scratch_.get(), chunk_out, offset,
                                               inserted_rows);
    }
  }
}

void KeyTable::FindOrInsert(std::span<const ColumnPtr> keys, std::span<const uint64_t> hashes, size_t rows,
                            EntryId* out, std::vector<uint32_t>* inserted_rows) {
  if (inserted_rows != nullptr) inserted_rows->clear();
  FindRows<true>(keys, hashes, rows, out, inserted_rows);
}

void KeyTable::Find(std::span<const ColumnPtr> keys, std::span<const uint64_t> hashes, size_t rows,
                    EntryId* out) const {
  if (size_ == 0) {
    std::fill_n(out, rows, kNoEntry);
    return;
  }
  // FindRows<false> writes nothing but the scratch.
  const_cast<KeyTable*>(this)->FindRows<false>(keys, hashes, rows, out, nullptr);
}

EntryId KeyTable::NewEntry(uint32_t tag, const uint64_t* words) {
  EntryId id;
  if (!free_ids_.empty()) {
    id = free_ids_.back();
    free_ids_.pop_back();
    std::memset(RowOf(id), 0, row_bytes_);
  } else {
    MR_CHECK_LT(next_id_, kNoEntry - 1);
    id = next_id_++;
    if (id >> page_shift_ == pages_.size()) AddPage();
    if ((id & 63) == 0) {
      live_.push_back(0);
      if (options_.track_changes) {
        changed_.push_back(0);
        written_.push_back(0);
      }
    }
    tags_.push_back(0);
  }
  if (options_.track_changes) changed_[id >> 6] |= uint64_t{1} << (id & 63);
  tags_[id] = tag;
  live_[id >> 6] |= uint64_t{1} << (id & 63);
  ++size_;
  if (words == nullptr) return id;
  uint64_t* key = KeyOf(id);
  std::memcpy(key, words, key_words_ * 8);
  if (has_strings_) {
    for (const KeyLayout::KeyColumn& column : layout_->columns) {
      if (!column.is_string) continue;
      const StringRef value = LoadString(key + column.first_word);
      if (value.is_inlined()) continue;
      const char* bytes = key_bytes_.Copy(value.view());
      StoreString(StringRef(std::string_view(bytes, value.size())), key + column.first_word);
    }
  }
  return id;
}

void KeyTable::FreeKeyBytes(EntryId id) {
  const uint64_t* key = KeyOf(id);
  for (const KeyLayout::KeyColumn& column : layout_->columns) {
    if (!column.is_string) continue;
    const StringRef value = LoadString(key + column.first_word);
    if (!value.is_inlined()) key_bytes_.Free(const_cast<char*>(value.data()), value.size());
  }
}

void KeyTable::Erase(EntryId id) {
  MR_CHECK(IsLive(id));
  const uint64_t bit = uint64_t{1} << (id & 63);
  if (options_.track_changes) {
    changed_[id >> 6] &= ~bit;
    if ((written_[id >> 6] & bit) != 0) {
      if (erased_ == 0) erased_keys_ = layout_->MakeColumns();
      AppendKey(id, erased_keys_);
      ++erased_;
    }
    written_[id >> 6] &= ~bit;
  }
  live_[id >> 6] &= ~bit;
  --size_;
  free_ids_.push_back(id);
  if (id == null_entry_) {
    null_entry_ = kNoEntry;
    return;
  }
  if (has_strings_) FreeKeyBytes(id);
  const size_t mask = slot_count_ - 1;
  const uint32_t tag = tags_[id];
  const uint64_t slot = uint64_t{tag} << 32 | (id + 1);
  size_t hole = tag >> slot_shift_;
  while (slots_[hole] != slot) hole = (hole + 1) & mask;
  // Later slots of the run move back into the hole unless it lies before where their probing starts.
  for (size_t at = (hole + 1) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const size_t home = slots_[at] >> 32 >> slot_shift_;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = 0;
  --slots_used_;
}

// One page while the table is small; then from blocks of several. Memory that slots have left comes first:
// to zero it takes far less than to fault new pages in.
void KeyTable::AddPage() {
  if (room_ < page_bytes()) {
    zero_pages_ = !spare_.empty();
    if (zero_pages_) {
      blocks_.push_back(spare_.back());
      spare_.pop_back();
    } else {
      const size_t bytes = pages_.size() < kSinglePages ? page_bytes() : std::max(kBlockBytes, page_bytes());
      blocks_.push_back({env::AllocateZeroed(bytes), bytes});
      block_bytes_ += bytes;
    }
    room_ = blocks_.back().bytes;
  }
  std::byte* page = blocks_.back().memory + (blocks_.back().bytes - room_);
  if (zero_pages_) std::memset(page, 0, page_bytes());
  pages_.push_back(page);
  room_ -= page_bytes();
}

void KeyTable::GrowSlots(size_t slots) {
  auto* grown = reinterpret_cast<uint64_t*>(env::AllocateZeroed(slots * sizeof(uint64_t)));
  const auto shift = static_cast<uint32_t>(32 - std::countr_zero(slots));
  const size_t mask = slots - 1;
  // From the start of a run on, old slots come in the order of their tags: the writes are sequential.
  size_t start = 0;
  while (start < slot_count_ && slots_[start] != 0) ++start;
  for (size_t i = 0; i < slot_count_; ++i) {
    const uint64_t slot = slots_[(start + i) & (slot_count_ - 1)];
    if (slot == 0) continue;
    size_t at = slot >> 32 >> shift;
    while (grown[at] != 0) at = (at + 1) & mask;
    grown[at] = slot;
  }
  auto* left = reinterpret_cast<std::byte*>(slots_);
  const size_t left_bytes = slot_count_ * sizeof(uint64_t);
  if (left_bytes >= kBlockBytes && left_bytes >= page_bytes()) {
    spare_.push_back({left, left_bytes});
    block_bytes_ += left_bytes;
  } else {
    env::FreeZeroed(left, left_bytes);
  }
  slots_ = grown;
  slot_count_ = slots;
  slot_shift_ = shift;
}

void KeyTable::Payloads(std::span<const EntryId> ids, size_t offset, std::byte** out) const {
  for (size_t i = 0; i < ids.size(); ++i) out[i] = RowOf(ids[i]) + offset;
}

void KeyTable::AppendKeys(std::span<const EntryId> ids, std::span<const MutableColumnPtr> columns) const {
  constexpr size_t kRows = 256;
  std::array<const std::byte*, kRows> rows;
  for (size_t begin = 0; begin < ids.size(); begin += kRows) {
    const size_t count = std::min(kRows, ids.size() - begin);
    for (size_t i = 0; i < count; ++i) rows[i] = RowOf(ids[begin + i]);
    layout_->AppendKeys(std::span(rows).first(count), null_row(), columns);
  }
}

std::unique_ptr<KeyRows> KeyTable::CopyChanged() {
  size_t count = 0;
  for (const uint64_t word : changed_) count += static_cast<size_t>(std::popcount(word));
  if (count == 0) {
    spare_rows_->Drop();
    return nullptr;
  }
  auto rows = std::make_unique<KeyRows>(layout_, count, spare_rows_);
  TakeChanged(limits::kBatchRows, [&](std::span<const EntryId> ids) {
    for (const EntryId id : ids) rows->Add(id, RowOf(id), id == null_entry_);
  });
  return rows;
}

KeyTable::Erased KeyTable::TakeErased() {
  Erased erased{{erased_keys_.begin(), erased_keys_.end()}, std::exchange(erased_, 0)};
  erased_keys_.clear();
  return erased;
}

size_t KeyTable::MemoryBytes() const {
  return slot_count_ * 8 + block_bytes_ + pages_.capacity() * sizeof(std::byte*) + tags_.capacity() * 4 +
         (live_.capacity() + changed_.capacity() + written_.capacity()) * 8 + free_ids_.capacity() * 4 +
         key_bytes_.allocated_bytes() + (spare_rows_ == nullptr ? 0 : spare_rows_->bytes());
}

size_t KeyTable::LongestRun() const {
  size_t longest = 0;
  size_t run = 0;
  for (size_t i = 0; i < slot_count_; ++i) {
    run = slots_[i] == 0 ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace millrace::state
