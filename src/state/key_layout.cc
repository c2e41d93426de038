#include "state/key_layout.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "state/key_words.h"

namespace millrace::state {

using data::Column;
using data::MutableColumnPtr;
using data::PhysicalType;
using data::StringRef;

KeyLayout::KeyLayout(std::vector<data::DataType> key_types, size_t payload_bytes, bool track_access)
    : types(std::move(key_types)), has_access(track_access) {
  if (types.empty()) {
    mode = KeyMode::kNoKey;
  } else if (types.size() == 1 && !types[0].IsNested() && types[0].physical() != PhysicalType::kInt128) {
    mode = types[0].physical() == PhysicalType::kString ? KeyMode::kOneString : KeyMode::kOneWord;
  } else {
    mode = KeyMode::kComposite;
    mask_words = (types.size() + 63) / 64;
  }
  key_words = mask_words;
  for (const data::DataType& type : types) {
    KeyColumn column{};
    column.physical = type.physical();
    column.is_nested = type.IsNested();
    column.is_string = column.is_nested || column.physical == PhysicalType::kString;
    column.words = column.is_string || column.physical == PhysicalType::kInt128 ? 2 : 1;
    column.first_word = static_cast<uint32_t>(key_words);
    key_words += column.words;
    has_strings |= column.is_string;
    columns.push_back(column);
  }
  key_offset = (payload_bytes + 7) / 8 * 8;
  access_offset = key_offset + key_words * 8;
  row_bytes = access_offset + (has_access ? 8 : 0);
  row_bytes = std::max<size_t>((row_bytes + 15) / 16 * 16, 16);
}

std::vector<MutableColumnPtr> KeyLayout::MakeColumns() const {
  std::vector<MutableColumnPtr> made;
  for (const data::DataType& type : types) made.push_back(Column::Make(type.WithNullable(true), 0));
  return made;
}

void KeyLayout::AppendKeys(std::span<const std::byte* const> rows, const std::byte* null_row,
                           std::span<const MutableColumnPtr> out) const {
  MR_CHECK_EQ(out.size(), columns.size());
  for (size_t c = 0; c < columns.size(); ++c) {
    const KeyColumn& key_column = columns[c];
    Column& column = *out[c];
    const auto is_null = [&](const std::byte* row) {
      if (mode != KeyMode::kComposite) return row == null_row;
      return ((KeyOf(row)[c / 64] >> (c % 64)) & 1) != 0;
    };
    if (key_column.is_string) {
      for (const std::byte* row : rows) {
        if (is_null(row)) {
          column.AppendNull();
          continue;
        }
        const StringRef value = LoadString(KeyOf(row) + key_column.first_word);
        if (key_column.is_nested) {
          data::DecodeKey(value.view(), out.subspan(c, 1));
        } else {
          column.AppendString(value.view());
        }
      }
      continue;
    }
    const size_t start = column.size();
    column.Resize(start + rows.size());
    if (key_column.words == 2) {
      auto* values = column.mutable_values<data::Int128>() + start;
      for (size_t i = 0; i < rows.size(); ++i) {
        std::memcpy(values + i, KeyOf(rows[i]) + key_column.first_word, 16);
      }
    } else {
      DispatchWord(key_column.physical, [&]<typename T>() {
        T* values = column.mutable_values<T>() + start;
        for (size_t i = 0; i < rows.size(); ++i) {
          values[i] = data::FromWord<T>(KeyOf(rows[i])[key_column.first_word]);
        }
      });
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      if (is_null(rows[i])) column.SetNull(start + i);
    }
  }
}

}  // namespace millrace::state
