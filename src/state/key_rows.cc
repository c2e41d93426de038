#include "state/key_rows.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "state/key_words.h"

namespace millrace::state {

void KeyRows::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

// Not zeroed: every byte is written.
KeyRows::KeyRows(std::shared_ptr<const KeyLayout> layout, size_t rows)
    : layout_(std::move(layout)),
      rows_(static_cast<std::byte*>(std::aligned_alloc(16, rows * layout_->row_bytes))) {
  MR_CHECK(rows == 0 || rows_ != nullptr);
  ids_.reserve(rows);
}

void KeyRows::Add(EntryId id, const std::byte* row, bool is_null) {
  std::byte* copy = rows_.get() + ids_.size() * layout_->row_bytes;
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
