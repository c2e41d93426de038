#include "state/state_record.h"

#include <fmt/format.h>

#include <cstring>

#include "base/limits.h"

namespace millrace::state {

Status StateCursor::Damaged(size_t offset, std::string_view what) const {
  return Fail(ErrorCode::kDataCorrupted,
              fmt::format("the saved state is damaged at byte {} of {}: {}", offset, buffer_.size(), what));
}

Status StateCursor::ReadVarint(uint64_t* value) {
  *value = 0;
  for (size_t i = 0; i < kVarintBytesMax; ++i) {
    if (at_ + i >= buffer_.size()) return Damaged(at_, "a number ends too early");
    const auto byte = static_cast<uint8_t>(buffer_[at_ + i]);
    if (i == kVarintBytesMax - 1 && byte > 1) break;
    *value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      at_ += i + 1;
      return {};
    }
  }
  return Damaged(at_, "a number has more than 64 bits");
}

Status StateCursor::ReadBytes(uint64_t size, std::string_view* bytes) {
  if (size > buffer_.size() - at_) return Damaged(at_, fmt::format("{} bytes are missing", size));
  *bytes = buffer_.substr(at_, size);
  at_ += size;
  return {};
}

Status StateCursor::ReadName(std::string_view* name) {
  const size_t start = at_;
  uint64_t size = 0;
  MR_TRY(ReadVarint(&size));
  if (size > limits::kStateNameBytesMax) return Damaged(start, fmt::format("a name of {} bytes", size));
  return ReadBytes(size, name);
}

Status StateCursor::ReadShard(StateRecord* record) {
  const size_t start = at_;
  uint64_t shard = 0;
  uint64_t shards = 0;
  MR_TRY(ReadVarint(&shard));
  MR_TRY(ReadVarint(&shards));
  if (shard >= shards || shards > static_cast<uint64_t>(limits::kShardsMax)) {
    return Damaged(start, fmt::format("shard {} of {}", shard, shards));
  }
  record->shard = static_cast<uint32_t>(shard);
  record->shards = static_cast<uint32_t>(shards);
  return {};
}

Result<bool> StateCursor::Next(StateRecord* record) {
  if (at_ == 0 && !buffer_.empty()) {
    if (buffer_[0] != kStateVersion) {
      return Fail(ErrorCode::kDataCorrupted,
                  fmt::format("the saved state is of version {}, this program reads version {}",
                              static_cast<int>(static_cast<uint8_t>(buffer_[0])), int{kStateVersion}));
    }
    at_ = 1;
  }
  while (at_ < buffer_.size()) {
    const size_t start = at_;
    *record = {};
    record->tag = static_cast<StateTag>(buffer_[at_++]);
    record->space = space_;
    switch (record->tag) {
      case StateTag::kSpace:
        MR_TRY(ReadName(&space_));
        continue;
      case StateTag::kPut:
      case StateTag::kRemove: {
        std::string_view hash;
        uint64_t key_size = 0;
        uint64_t value_size = 0;
        MR_TRY(ReadBytes(sizeof(record->hash), &hash));
        std::memcpy(&record->hash, hash.data(), sizeof(record->hash));
        MR_TRY(ReadVarint(&key_size));
        if (record->tag == StateTag::kPut) MR_TRY(ReadVarint(&value_size));
        MR_TRY(ReadBytes(key_size, &record->key));
        MR_TRY(ReadBytes(value_size, &record->value));
        return true;
      }
      case StateTag::kDrop:
        MR_TRY(ReadShard(record));
        MR_TRY(ReadName(&record->space));
        return true;
      case StateTag::kShared: {
        uint64_t name_size = 0;
        uint64_t value_size = 0;
        MR_TRY(ReadShard(record));
        const size_t sizes = at_;
        MR_TRY(ReadVarint(&name_size));
        MR_TRY(ReadVarint(&value_size));
        if (name_size > limits::kStateNameBytesMax) {
          MR_TRY(Damaged(sizes, fmt::format("a name of {} bytes", name_size)));
        }
        MR_TRY(ReadBytes(name_size, &record->key));
        MR_TRY(ReadBytes(value_size, &record->value));
        return true;
      }
    }
    at_ = start;
    MR_TRY(Damaged(start, fmt::format("no record has the tag {}", static_cast<int>(record->tag))));
  }
  return false;
}

}  // namespace millrace::state
