#include "state/saved_keys.h"

#include <algorithm>
#include <cstring>

namespace millrace::state {

using data::Column;
using data::ColumnPtr;
using data::MutableColumnPtr;
using data::PhysicalType;
using data::StringRef;

namespace {

size_t MaskBytes(size_t columns) {
  return (columns + 7) / 8;
}

std::unexpected<Error> BadKey() {
  return Fail(ErrorCode::kDataCorrupted, "a key of the saved state is not one of its columns' types");
}

template <typename T>
void AppendFixed(std::span<const std::string_view> keys, size_t bit, std::span<size_t> at, Column* column,
                 bool* is_bad) {
  for (size_t i = 0; i < keys.size(); ++i) {
    if ((static_cast<uint8_t>(keys[i][bit / 8]) >> (bit % 8) & 1) != 0) {
      column->AppendNull();
      continue;
    }
    T value{};
    if (keys[i].size() - at[i] < sizeof(T)) {
      *is_bad = true;
      return;
    }
    std::memcpy(static_cast<void*>(&value), keys[i].data() + at[i], sizeof(T));
    at[i] += sizeof(T);
    column->Append<T>(value);
  }
}

void AppendStrings(std::span<const std::string_view> keys, size_t bit, std::span<size_t> at,
                   const MutableColumnPtr& column, bool* is_bad) {
  for (size_t i = 0; i < keys.size(); ++i) {
    if ((static_cast<uint8_t>(keys[i][bit / 8]) >> (bit % 8) & 1) != 0) {
      column->AppendNull();
      continue;
    }
    uint32_t size = 0;
    *is_bad = keys[i].size() - at[i] < sizeof(size);
    if (*is_bad) return;
    std::memcpy(&size, keys[i].data() + at[i], sizeof(size));
    at[i] += sizeof(size);
    *is_bad = keys[i].size() - at[i] < size;
    if (*is_bad) return;
    const std::string_view bytes = keys[i].substr(at[i], size);
    at[i] += size;
    if (!column->type().IsNested()) {
      column->AppendString(bytes);
      continue;
    }
    *is_bad = !data::IsEncodedKey(bytes, {&column, 1});
    if (*is_bad) return;
    data::DecodeKey(bytes, {&column, 1});
  }
}

}  // namespace

void SavedKeys::Encode(std::span<const ColumnPtr> columns, size_t rows) {
  const size_t mask_bytes = MaskBytes(columns.size());
  bytes_.clear();
  begins_.assign(rows + 1, 0);
  // The nested values first, on their own; then the size of each key; then its bytes, column by column.
  std::vector<std::vector<std::string>> nested(columns.size());
  for (size_t row = 0; row < rows; ++row) begins_[row + 1] = mask_bytes;
  for (size_t c = 0; c < columns.size(); ++c) {
    const Column& column = *columns[c];
    const bool is_nested = column.type().IsNested();
    if (is_nested) nested[c].resize(rows);
    for (size_t row = 0; row < rows; ++row) {
      if (column.IsNull(row)) continue;
      if (is_nested) {
        data::EncodeKey(columns.subspan(c, 1), row, &nested[c][row]);
        begins_[row + 1] += sizeof(uint32_t) + nested[c][row].size();
      } else if (column.physical() == PhysicalType::kString) {
        begins_[row + 1] += sizeof(uint32_t) + column.values<StringRef>()[row].size();
      } else {
        begins_[row + 1] += data::PhysicalSize(column.physical());
      }
    }
  }
  for (size_t row = 0; row < rows; ++row) begins_[row + 1] += begins_[row];
  bytes_.assign(begins_[rows], '\0');
  ends_.resize(rows);
  for (size_t row = 0; row < rows; ++row) ends_[row] = begins_[row] + mask_bytes;
  const auto put = [this](size_t row, const void* from, size_t size) {
    if (size > 0) std::memcpy(bytes_.data() + ends_[row], from, size);
    ends_[row] += size;
  };
  const auto put_string = [&put](size_t row, std::string_view text) {
    const auto size = static_cast<uint32_t>(text.size());
    put(row, &size, sizeof(size));
    put(row, text.data(), size);
  };
  for (size_t c = 0; c < columns.size(); ++c) {
    const Column& column = *columns[c];
    const bool is_string = column.physical() == PhysicalType::kString;
    const size_t size = data::PhysicalSize(column.physical());
    for (size_t row = 0; row < rows; ++row) {
      if (column.IsNull(row)) {
        bytes_[begins_[row] + c / 8] |= static_cast<char>(1 << (c % 8));
      } else if (!nested[c].empty()) {
        put_string(row, nested[c][row]);
      } else if (is_string) {
        put_string(row, column.values<StringRef>()[row].view());
      } else {
        put(row, column.raw_values() + row * size, size);
      }
    }
  }
}

Status DecodeSavedKeys(std::span<const std::string_view> keys, std::span<const MutableColumnPtr> columns,
                       std::vector<std::string_view>* rest) {
  const size_t mask_bytes = MaskBytes(columns.size());
  for (const std::string_view key : keys) {
    if (key.size() < mask_bytes) return BadKey();
  }
  std::vector<size_t> at(keys.size(), mask_bytes);
  bool is_bad = false;
  for (size_t c = 0; c < columns.size() && !is_bad; ++c) {
    if (columns[c]->type().IsNested() || columns[c]->physical() == PhysicalType::kString) {
      AppendStrings(keys, c, at, columns[c], &is_bad);
      continue;
    }
    data::DispatchScalar(columns[c]->physical(), [&]<typename T>() {
      if constexpr (!std::is_same_v<T, StringRef>) AppendFixed<T>(keys, c, at, columns[c].get(), &is_bad);
    });
  }
  if (is_bad) return BadKey();
  if (rest != nullptr) rest->clear();
  for (size_t i = 0; i < keys.size(); ++i) {
    if (rest != nullptr) {
      rest->push_back(keys[i].substr(at[i]));
    } else if (at[i] != keys[i].size()) {
      return BadKey();
    }
  }
  return {};
}

}  // namespace millrace::state
