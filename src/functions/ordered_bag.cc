#include "functions/ordered_bag.h"

#include <algorithm>

#include "base/check.h"
#include "functions/state_bytes.h"

namespace millrace::functions {

using data::StringRef;

namespace {

constexpr size_t kHolesMin = 32;

}  // namespace

StringRef OrderedBag::Keep(std::string_view bytes) {
  if (bytes.size() <= StringRef::kInlineBytes) return StringRef(bytes);
  if (arena_ == nullptr) arena_ = std::make_unique<ByteArena>();
  return StringRef(std::string_view(arena_->Copy(bytes), bytes.size()));
}

void OrderedBag::Add(std::string_view bytes, int64_t sequence) {
  if (index_ != nullptr) {
    if (const auto it = index_->find(bytes); it != index_->end() && it->second.debt > 0) {
      --it->second.debt;
      return;
    }
  }
  Append(Keep(bytes), sequence);
}

void OrderedBag::Append(StringRef bytes, int64_t sequence) {
  if (!entries_.empty() && sequence < entries_.back().sequence) is_ordered_ = false;
  const auto id = static_cast<uint32_t>(entries_.size());
  entries_.push_back({bytes, sequence, kNone, true});
  ++live_;
  ++unsaved_;
  if (tracking_ == Tracking::kWhole && live_ >= kElementsMin) {
    tracking_ = Tracking::kByElement;
    unsaved_ = live_;
  }
  if (index_ == nullptr || !is_ordered_) return;
  Link(id);
}

void OrderedBag::Link(uint32_t id) {
  Chain& chain = ChainOf(entries_[id].bytes.view());
  if (chain.last != kNone) {
    entries_[chain.last].next = id;
  } else {
    chain.first = id;
  }
  chain.last = id;
}

OrderedBag::Chain& OrderedBag::ChainOf(std::string_view bytes) {
  if (const auto it = index_->find(bytes); it != index_->end()) return it->second;
  return (*index_)[std::string(bytes)];
}

void OrderedBag::MakeIndex() {
  std::vector<std::pair<std::string, uint64_t>> debts;
  if (index_ != nullptr) {
    for (const auto& [bytes, chain] : *index_) {
      if (chain.debt > 0) debts.emplace_back(bytes, chain.debt);
    }
  }
  index_ = std::make_unique<Index>();
  for (auto& [bytes, debt] : debts) (*index_)[std::move(bytes)].debt = debt;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].is_live) continue;
    entries_[i].next = kNone;
    Link(static_cast<uint32_t>(i));
  }
}

void OrderedBag::Remove(std::string_view bytes) {
  PutInOrder();
  if (index_ == nullptr) MakeIndex();
  Chain& chain = ChainOf(bytes);
  if (chain.first == kNone) {
    ++chain.debt;
    return;
  }
  Entry& entry = entries_[chain.first];
  entry.is_live = false;
  if (entry.is_saved) {
    if (removed_ == nullptr) removed_ = std::make_unique<std::vector<int64_t>>();
    removed_->push_back(entry.sequence);
  } else {
    --unsaved_;
  }
  chain.first = entry.next;
  if (chain.first == kNone) index_->erase(index_->find(bytes));
  --live_;
  if (!entry.bytes.is_inlined()) arena_->Free(const_cast<char*>(entry.bytes.data()), entry.bytes.size());
  while (begin_ < entries_.size() && !entries_[begin_].is_live) ++begin_;
  while (!entries_.empty() && !entries_.back().is_live) entries_.pop_back();
  begin_ = std::min(begin_, entries_.size());
  if (entries_.size() - live_ > live_ + kHolesMin) Rebuild();
}

void OrderedBag::AddAll(OrderedBag& other) {
  for (const Entry& entry : other.entries_) {
    if (entry.is_live) Add(entry.bytes.view(), entry.sequence);
  }
  if (other.index_ == nullptr) return;
  for (const auto& [bytes, chain] : *other.index_) RemoveTimes(bytes, chain.debt);
}

void OrderedBag::RemoveTimes(std::string_view bytes, uint64_t times) {
  PutInOrder();
  if (index_ == nullptr) MakeIndex();
  for (; times > 0; --times) {
    Chain& chain = ChainOf(bytes);
    if (chain.first == kNone) {  // none is left: all the others wait for theirs
      chain.debt += times;
      return;
    }
    Remove(bytes);
  }
}

void OrderedBag::PutInOrder() {
  if (!is_ordered_) Rebuild();
}

void OrderedBag::Rebuild() {
  std::erase_if(entries_, [](const Entry& entry) { return !entry.is_live; });
  if (!is_ordered_) {
    // Equal numbers keep the order of the entries, which `next` holds meanwhile.
    for (size_t i = 0; i < entries_.size(); ++i) entries_[i].next = static_cast<uint32_t>(i);
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return a.sequence != b.sequence ? a.sequence < b.sequence : a.next < b.next;
    });
    for (Entry& entry : entries_) entry.next = kNone;
  }
  is_ordered_ = true;
  begin_ = 0;
  if (index_ != nullptr) MakeIndex();
}

std::string_view OrderedBag::First() {
  MR_DCHECK(live_ > 0);
  PutInOrder();
  return entries_[begin_].bytes.view();
}

std::string_view OrderedBag::Last() {
  MR_DCHECK(live_ > 0);
  PutInOrder();
  return entries_.back().bytes.view();
}

size_t OrderedBag::MemoryBytes() const {
  constexpr size_t kIndexNodeBytes = 96;  // of a map node with its short key, about
  return entries_.capacity() * sizeof(Entry) +
         (removed_ == nullptr ? 0 : removed_->capacity() * sizeof(int64_t)) +
         (arena_ == nullptr ? 0 : sizeof(ByteArena) + arena_->allocated_bytes()) +
         (index_ == nullptr ? 0 : sizeof(Index) + index_->size() * kIndexNodeBytes);
}

std::unexpected<Error> OrderedBag::BadEntry() {
  return Fail(ErrorCode::kDataCorrupted, "a value in the saved state of an aggregate is none of its type");
}

void OrderedBag::TakeElements(ElementChanges* changes) {
  if (tracking_ != Tracking::kByElement) return;
  std::string key;
  if (removed_ != nullptr) {
    for (const int64_t sequence : *removed_) {
      key.clear();
      SaveRaw(sequence, &key);
      changes->Remove(key);
    }
    removed_.reset();
  }
  // New entries are at the end, but for those that a merge has brought.
  for (size_t i = entries_.size(); i-- > 0 && unsaved_ > 0;) {
    Entry& entry = entries_[i];
    if (!entry.is_live || entry.is_saved) continue;
    key.clear();
    SaveRaw(entry.sequence, &key);
    changes->Put(key, entry.bytes.view());
    entry.is_saved = true;
    --unsaved_;
  }
}

void OrderedBag::DropElements(ElementChanges* changes) const {
  if (tracking_ != Tracking::kByElement) return;
  std::string key;
  const auto remove = [&](int64_t sequence) {
    key.clear();
    SaveRaw(sequence, &key);
    changes->Remove(key);
  };
  if (removed_ != nullptr) {
    for (const int64_t sequence : *removed_) remove(sequence);
  }
  for (const Entry& entry : entries_) {
    if (entry.is_live && entry.is_saved) remove(entry.sequence);
  }
}

Status OrderedBag::LoadEntry(std::string_view key, std::string_view value) {
  int64_t sequence = 0;
  MR_TRY(LoadRaw(&key, &sequence));
  if (!key.empty()) return BadEntry();
  if (tracking_ == Tracking::kWhole) tracking_ = Tracking::kByElement;
  Append(Keep(value), sequence);
  if (tracking_ == Tracking::kOff) return {};
  entries_.back().is_saved = true;
  --unsaved_;
  return {};
}

void OrderedBag::Save(std::string* out) const {
  const bool by_element = tracking_ == Tracking::kByElement;
  SaveRaw<uint8_t>(by_element ? 1 : 0, out);
  SaveRaw(static_cast<uint64_t>(by_element ? 0 : live_), out);
  for (const Entry& entry : entries_) {
    if (by_element) break;
    if (!entry.is_live) continue;
    SaveBytes(entry.bytes.view(), out);
    SaveRaw(entry.sequence, out);
  }
  uint64_t debts = 0;
  if (index_ != nullptr) {
    for (const auto& [bytes, chain] : *index_) debts += chain.debt > 0 ? 1 : 0;
  }
  SaveRaw(debts, out);
  if (debts == 0) return;
  for (const auto& [bytes, chain] : *index_) {
    if (chain.debt == 0) continue;
    SaveBytes(bytes, out);
    SaveRaw(chain.debt, out);
  }
}

Status OrderedBag::Load(std::string_view* in) {
  uint8_t by_element = 0;
  uint64_t count = 0;
  MR_TRY(LoadRaw(in, &by_element));
  if (by_element != 0 && tracking_ == Tracking::kWhole) tracking_ = Tracking::kByElement;
  MR_TRY(LoadRaw(in, &count));
  for (uint64_t i = 0; i < count; ++i) {
    std::string_view bytes;
    int64_t sequence = 0;
    MR_TRY(LoadBytes(in, &bytes));
    MR_TRY(LoadRaw(in, &sequence));
    Add(bytes, sequence);
  }
  MR_TRY(LoadRaw(in, &count));
  for (uint64_t i = 0; i < count; ++i) {
    std::string_view bytes;
    int64_t debt = 0;
    MR_TRY(LoadBytes(in, &bytes));
    MR_TRY(LoadRowCount(in, &debt));
    if (debt < 0) return ImpossibleState();
    if (index_ == nullptr) {
      PutInOrder();
      MakeIndex();
    }
    (*index_)[std::string(bytes)].debt = static_cast<uint64_t>(debt);
  }
  return {};
}

}  // namespace millrace::functions
