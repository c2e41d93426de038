// StateWriter: the records of one owner of state for one checkpoint, in the form of docs/formats/state.md.
//
// Removals and drops of a space are written before its puts, and a key is put at most once: then a reader may
// take the records of a buffer in any order. Concrete and inline: owners write millions of records.
//
// An owner with much to write takes a copy, or a snapshot, of what it is and defers the writing: the owner
// goes on, and another thread makes the records (saved_records.h).
//
// Made by the dataflow for each owner and checkpoint, used by the thread that runs the owner; not
// thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "state/state_buffer.h"
#include "state/state_record.h"

namespace millrace::state {

class StateWriter;
// Writes records from what it holds and shares with nobody who changes it. Any thread, whenever it suits,
// also when the owner is gone; called once.
using DeferredRecords = std::move_only_function<void(StateWriter&)>;

class StateWriter {
 public:
  // The shard, of so many, that the owner runs on.
  explicit StateWriter(uint32_t shard = 0, uint32_t shards = 1) : shard_(shard), shards_(shards) {
    MR_CHECK_LT(shard, shards);
  }

  // Sets the value of a key. `hash` is that of the columns by which rows find their shard.
  void Put(std::string_view space, uint64_t hash, std::string_view key, std::string_view value) {
    char* place = Put(space, hash, key.size(), value.size());
    if (!key.empty()) std::memcpy(place, key.data(), key.size());
    if (!value.empty()) std::memcpy(place + key.size(), value.data(), value.size());
  }
  // The same; the caller fills the bytes of the key and behind them those of the value, before the next call.
  char* Put(std::string_view space, uint64_t hash, size_t key_bytes, size_t value_bytes) {
    UseSpace(space);
    char* start = buffer_.Extend(kHeadBytesMax + key_bytes + value_bytes);
    char* at = start;
    *at++ = static_cast<char>(StateTag::kPut);
    std::memcpy(at, &hash, sizeof(hash));
    at = WriteVarint(key_bytes, at + sizeof(hash));
    at = WriteVarint(value_bytes, at);
    buffer_.Shrink(static_cast<size_t>(start + kHeadBytesMax - at));
    return at;
  }
  // Takes a key away.
  void Remove(std::string_view space, uint64_t hash, std::string_view key) {
    UseSpace(space);
    char* start = buffer_.Extend(kHeadBytesMax + key.size());
    char* at = start;
    *at++ = static_cast<char>(StateTag::kRemove);
    std::memcpy(at, &hash, sizeof(hash));
    at = WriteVarint(key.size(), at + sizeof(hash));
    if (!key.empty()) std::memcpy(at, key.data(), key.size());
    buffer_.Shrink(static_cast<size_t>(start + kHeadBytesMax - at));
  }
  // Takes everything of a space away that this shard has written before.
  void DropSpace(std::string_view space) { DropSpace(space, shard_, shards_); }
  void DropSpace(std::string_view space, uint32_t shard, uint32_t shards) {
    MR_CHECK_LE(space.size(), limits::kStateNameBytesMax);
    StartRecord(StateTag::kDrop);
    AppendVarint(shard);
    AppendVarint(shards);
    AppendVarint(space.size());
    buffer_.Append(space);
  }
  // Sets a value that belongs to no key. A restored owner is given those of all shards that wrote one.
  void PutShared(std::string_view name, std::string_view value) { PutShared(name, value, shard_, shards_); }
  void PutShared(std::string_view name, std::string_view value, uint32_t shard, uint32_t shards) {
    MR_CHECK_LE(name.size(), limits::kStateNameBytesMax);
    StartRecord(StateTag::kShared);
    AppendVarint(shard);
    AppendVarint(shards);
    AppendVarint(name.size());
    AppendVarint(value.size());
    buffer_.Append(name);
    buffer_.Append(value);
  }

  // Records that are written later, behind all others. Their keys are none of those of the others.
  void Defer(DeferredRecords records) { deferred_.push_back(std::move(records)); }

  uint32_t shard() const { return shard_; }
  uint32_t shards() const { return shards_; }
  bool is_empty() const { return buffer_.is_empty() && deferred_.empty(); }
  // What is written so far; empty if nothing is.
  std::string_view view() const { return buffer_.view(); }
  size_t size() const { return buffer_.size(); }
  // Forgets what is written, and keeps the room for it.
  void Clear() {
    space_.clear();
    deferred_.clear();
    buffer_.Shrink(buffer_.size());
  }
  // Hands the buffer over, with what was deferred; the writer may be used for another checkpoint then.
  StateBuffer Take() {
    for (DeferredRecords& records : std::exchange(deferred_, {})) records(*this);
    space_.clear();
    return std::exchange(buffer_, StateBuffer());
  }

 private:
  static constexpr size_t kHeadBytesMax = 1 + sizeof(uint64_t) + 2 * kVarintBytesMax;

  static char* WriteVarint(uint64_t value, char* at) {
    while (value >= 0x80) {
      *at++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at++ = static_cast<char>(value);
    return at;
  }
  void AppendVarint(uint64_t value) {
    char* start = buffer_.Extend(kVarintBytesMax);
    buffer_.Shrink(static_cast<size_t>(start + kVarintBytesMax - WriteVarint(value, start)));
  }
  void StartRecord(StateTag tag) {
    if (buffer_.is_empty()) *buffer_.Extend(1) = kStateVersion;
    *buffer_.Extend(1) = static_cast<char>(tag);
  }
  void UseSpace(std::string_view space) {
    if (space == space_ && !buffer_.is_empty()) return;
    if (space != space_) {
      MR_CHECK_LE(space.size(), limits::kStateNameBytesMax);
      StartRecord(StateTag::kSpace);
      AppendVarint(space.size());
      buffer_.Append(space);
      space_.assign(space);
    } else {
      *buffer_.Extend(1) = kStateVersion;
    }
  }

  uint32_t shard_;
  uint32_t shards_;
  StateBuffer buffer_;
  std::string space_;
  std::vector<DeferredRecords> deferred_;
};

}  // namespace millrace::state
