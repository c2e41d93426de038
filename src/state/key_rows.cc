#include "state/key_rows.h"

#include <cstring>
#include <utility>

#include "state/key_words.h"

namespace millrace::state {

std::byte* SpareRows::Take(size_t bytes, size_t* taken) {
  {
    MutexLock lock(mutex_);
    std::byte* memory = std::exchange(memory_, nullptr);
    *taken = std::exchange(bytes_, 0);
    if (*taken >= bytes && *taken / 4 <= bytes) return memory;
    env::FreeZeroed(memory, *taken);
  }
  // Some more, since the next will not be of the same size.
  *taken = bytes + bytes / 4;
  return env::AllocateZeroed(*taken);
}

void SpareRows::Give(std::byte* memory, size_t bytes) {
  MutexLock lock(mutex_);
  if (bytes >= kKeptBytesMin && bytes > bytes_) {
    std::swap(memory, memory_);
    std::swap(bytes, bytes_);
  }
  env::FreeZeroed(memory, bytes);
}

void SpareRows::Drop() {
  MutexLock lock(mutex_);
  env::FreeZeroed(std::exchange(memory_, nullptr), std::exchange(bytes_, 0));
}

size_t SpareRows::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

KeyRows::KeyRows(std::shared_ptr<const KeyLayout> layout, size_t rows, std::shared_ptr<SpareRows> spare)
    : layout_(std::move(layout)),
      spare_(std::move(spare)),
      rows_(spare_->Take(rows * layout_->row_bytes, &bytes_)) {
  ids_.reserve(rows);
}

void KeyRows::Add(EntryId id, const std::byte* row, bool is_null) {
  std::byte* copy = rows_ + ids_.size() * layout_->row_bytes;
  std::memcpy(copy, row, layout_->row_bytes);
  if (layout_->has_strings) CopyStrings(copy);
  if (is_null) null_row_ = copy;
  ids_.push_back(id);
}

void KeyRows::CopyStrings(std::byte* row) {
  auto* key = reinterpret_cast<uint64_t*>(row + layout_->key_offset);
  for (const KeyLayout::KeyColumn& column : layout_->columns) {
    if (!column.is_string) continue;
    const data::StringRef value = LoadString(key + column.first_word);
    if (value.is_inlined()) continue;
    const char* bytes = strings_.Copy(value.view());
    StoreString(data::StringRef(std::string_view(bytes, value.size())), key + column.first_word);
  }
}

}  // namespace millrace::state
