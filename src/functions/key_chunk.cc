#include "functions/key_chunk.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::ColumnView;
using data::Int128;
using data::MutableColumnPtr;
using data::PhysicalType;
using data::StringRef;

KeyClass KeyClassOf(std::span<const data::DataType> types) {
  if (types.size() != 1 || types[0].IsNested()) return KeyClass::kEncoded;
  switch (types[0].physical()) {
    case PhysicalType::kInt128:
      return KeyClass::kWide;
    case PhysicalType::kString:
      return KeyClass::kString;
    default:
      return KeyClass::kWord;
  }
}

template <typename Key>
void KeyChunk<Key>::FillWords(const Column& column) {
  if constexpr (std::is_same_v<Key, uint64_t>) {
    data::DispatchScalar(column.physical(), [&]<typename T>() {
      if constexpr (sizeof(T) <= 8) {
        const ColumnView<T> view(column);
        for (size_t i = 0; i < count; ++i) keys[i] = data::ToWord<T>(view[rows[i]]);
      }
    });
  } else {
    const ColumnView<Key> view(column);
    for (size_t i = 0; i < count; ++i) keys[i] = view[rows[i]];
  }
}

template <typename Key>
void KeyChunk<Key>::FillEncoded(std::span<const ColumnPtr> columns) {
  if constexpr (std::is_same_v<Key, StringRef>) {
    bytes_.clear();
    for (size_t i = 0; i < count; ++i) {
      data::EncodeKey(columns, rows[i], &bytes_);
      ends_[i] = bytes_.size();
    }
    for (size_t i = 0, begin = 0; i < count; begin = ends_[i], ++i) {
      keys[i] = StringRef(std::string_view(bytes_).substr(begin, ends_[i] - begin));
    }
  } else {
    MR_UNREACHABLE();
  }
}

template <typename Key>
void KeyChunk<Key>::Fill(std::span<const ColumnPtr> columns, KeyClass key_class, size_t begin, size_t end,
                         bool with_nulls) {
  count = 0;
  bool any_nulls = false;
  for (const ColumnPtr& column : columns) any_nulls |= column->has_nulls();
  if (!any_nulls || with_nulls) {
    for (size_t row = begin; row < end; ++row) rows[count++] = static_cast<uint32_t>(row);
  } else {
    for (size_t row = begin; row < end; ++row) {
      bool is_null = false;
      for (const ColumnPtr& column : columns) is_null |= column->IsNull(row);
      rows[count] = static_cast<uint32_t>(row);
      count += is_null ? 0 : 1;
    }
  }
  if (key_class == KeyClass::kEncoded) {
    FillEncoded(columns);
  } else {
    FillWords(*columns[0]);
  }
  for (size_t i = 0; i < count; ++i) hashes[i] = HashKey(keys[i]);
}

template struct KeyChunk<uint64_t>;
template struct KeyChunk<Int128>;
template struct KeyChunk<StringRef>;

void AppendKeyValue(uint64_t key, KeyClass, std::span<const MutableColumnPtr> columns) {
  data::DispatchScalar(columns[0]->physical(), [&]<typename T>() {
    if constexpr (sizeof(T) <= 8) columns[0]->Append<T>(data::FromWord<T>(key));
  });
}

void AppendKeyValue(Int128 key, KeyClass, std::span<const MutableColumnPtr> columns) {
  columns[0]->Append(key);
}

void AppendKeyValue(const StringRef& key, KeyClass key_class, std::span<const MutableColumnPtr> columns) {
  if (key_class == KeyClass::kEncoded) {
    data::DecodeKey(key.view(), columns);
  } else {
    columns[0]->AppendString(key.view());
  }
}

}  // namespace millrace::functions
