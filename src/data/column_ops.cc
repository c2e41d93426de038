// Whole-column operations declared in column.h: gather, slice, hash, compare, key encoding.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "data/column.h"

namespace millrace::data {
namespace {

template <typename T>
void GatherValues(const Column& source, std::span<const uint32_t> rows, Column* target) {
  const T* from = source.values<T>();
  T* to = target->mutable_values<T>();
  for (size_t i = 0; i < rows.size(); ++i) to[i] = from[rows[i]];
}

void GatherValidity(const Column& source, std::span<const uint32_t> rows, Column* target) {
  if (!source.has_nulls()) return;
  const uint64_t* from = source.validity();
  uint64_t* to = target->MutableValidity();
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint64_t bit = (from[rows[i] >> 6] >> (rows[i] & 63)) & 1;
    to[i >> 6] &= ~((bit ^ 1) << (i & 63));
  }
}

// A constant of a known value for another number of rows.
ColumnPtr ResizeConstant(const ColumnPtr& column, size_t rows) {
  auto result = Column::Make(column->type(), 1);
  result->AddOwnersOf(*column);
  if (column->IsNull(0)) {
    result->AppendNull();
  } else {
    result->Resize(1);
    std::memcpy(result->mutable_raw_values(), column->raw_values(), PhysicalSize(column->physical()));
  }
  result->MakeConstant(rows);
  return result;
}

uint64_t HashDouble(double value) {
  if (value == 0) value = 0;  // -0.0
  if (std::isnan(value)) return 0x7FF8D00D00000000ull;
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  return HashInt(bits);
}

uint64_t HashValue(uint8_t v) {
  return HashInt(v);
}
uint64_t HashValue(int8_t v) {
  return HashInt(static_cast<uint64_t>(int64_t{v}));
}
uint64_t HashValue(int16_t v) {
  return HashInt(static_cast<uint64_t>(int64_t{v}));
}
uint64_t HashValue(int32_t v) {
  return HashInt(static_cast<uint64_t>(int64_t{v}));
}
uint64_t HashValue(int64_t v) {
  return HashInt(static_cast<uint64_t>(v));
}
uint64_t HashValue(Int128 v) {
  return HashCombine(HashInt(static_cast<uint64_t>(v)), static_cast<uint64_t>(v >> 64));
}
uint64_t HashValue(float v) {
  return HashDouble(v);
}
uint64_t HashValue(double v) {
  return HashDouble(v);
}
uint64_t HashValue(const StringRef& v) {
  return HashBytes(v.data(), v.size());
}

template <typename T>
void HashScalar(const Column& column, std::span<uint64_t> hashes, bool combine) {
  const ColumnView<T> view(column);
  const bool has_nulls = column.has_nulls();
  for (size_t i = 0; i < hashes.size(); ++i) {
    const uint64_t hash = has_nulls && column.IsNull(i) ? kNullHash : HashValue(view[i]);
    hashes[i] = combine ? HashCombine(hashes[i], hash) : hash;
  }
}

uint64_t HashOne(const Column& column, size_t row);

uint64_t HashNested(const Column& column, size_t row) {
  if (column.physical() == PhysicalType::kRow) {
    uint64_t hash = 0x52D0;
    for (const auto& child : column.children()) hash = HashCombine(hash, HashOne(*child, row));
    return hash;
  }
  const ListEntry entry = column.values<ListEntry>()[row];
  uint64_t hash = HashInt(entry.length);
  for (const auto& child : column.children()) {
    for (uint64_t j = 0; j < entry.length; ++j) hash = HashCombine(hash, HashOne(*child, entry.offset + j));
  }
  return hash;
}

uint64_t HashOne(const Column& column, size_t row) {
  if (column.IsNull(row)) return kNullHash;
  if (column.physical() == PhysicalType::kRow || column.physical() == PhysicalType::kList) {
    return HashNested(column, row);
  }
  return DispatchScalar(column.physical(),
                        [&]<typename T>() { return HashValue(ColumnView<T>(column)[row]); });
}

template <typename T>
int Compare(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return int{std::isnan(a)} - int{std::isnan(b)};
  }
  return a < b ? -1 : (b < a ? 1 : 0);
}

// Null before anything else; only used inside nested values.
int CompareNullable(const Column& a, size_t row_a, const Column& b, size_t row_b) {
  const bool null_a = a.IsNull(row_a);
  const bool null_b = b.IsNull(row_b);
  if (null_a || null_b) return int{null_b} - int{null_a};
  return CompareRows(a, row_a, b, row_b);
}

template <typename T>
void AppendRaw(const T& value, std::string* key) {
  key->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void EncodeValue(const Column& column, size_t row, std::string* key) {
  if (column.IsNull(row)) {
    key->push_back('\0');
    return;
  }
  key->push_back('\1');
  if (column.is_constant()) row = 0;
  switch (column.physical()) {
    case PhysicalType::kRow:
      for (const auto& child : column.children()) EncodeValue(*child, row, key);
      return;
    case PhysicalType::kList: {
      const ListEntry entry = column.values<ListEntry>()[row];
      AppendRaw(static_cast<uint32_t>(entry.length), key);
      for (const auto& child : column.children()) {
        for (uint64_t j = 0; j < entry.length; ++j) EncodeValue(*child, entry.offset + j, key);
      }
      return;
    }
    case PhysicalType::kString: {
      const StringRef& value = column.values<StringRef>()[row];
      AppendRaw(value.size(), key);
      key->append(value.data(), value.size());
      return;
    }
    case PhysicalType::kFloat: {
      float value = column.values<float>()[row];
      if (value == 0) value = 0;
      if (std::isnan(value)) value = std::numeric_limits<float>::quiet_NaN();
      AppendRaw(value, key);
      return;
    }
    case PhysicalType::kDouble: {
      double value = column.values<double>()[row];
      if (value == 0) value = 0;
      if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
      AppendRaw(value, key);
      return;
    }
    default: {
      const size_t bytes = PhysicalSize(column.physical());
      key->append(reinterpret_cast<const char*>(column.raw_values()) + row * bytes, bytes);
    }
  }
}

template <typename T>
T TakeRaw(std::string_view* key) {
  MR_CHECK_GE(key->size(), sizeof(T));
  T value;
  std::memcpy(&value, key->data(), sizeof(T));
  key->remove_prefix(sizeof(T));
  return value;
}

void DecodeValue(std::string_view* key, Column* column) {
  if (TakeRaw<char>(key) == '\0') {
    column->AppendNull();
    return;
  }
  switch (column->physical()) {
    case PhysicalType::kRow: {
      const size_t row = column->size();
      for (const auto& child : column->children()) DecodeValue(key, child.get());
      // The children have grown by themselves; the row column follows.
      column->Resize(row + 1);
      return;
    }
    case PhysicalType::kList: {
      const auto length = TakeRaw<uint32_t>(key);
      const ListEntry entry{column->child(0).size(), length};
      for (const auto& child : column->children()) {
        for (uint32_t j = 0; j < length; ++j) DecodeValue(key, child.get());
      }
      column->Append(entry);
      return;
    }
    case PhysicalType::kString: {
      const auto size = TakeRaw<uint32_t>(key);
      MR_CHECK_GE(key->size(), size);
      column->AppendString(key->substr(0, size));
      key->remove_prefix(size);
      return;
    }
    default:
      DispatchScalar(column->physical(), [&]<typename T>() { column->Append(TakeRaw<T>(key)); });
  }
}

// Takes an encoded value of the column's type off the bytes; false if there is none.
bool SkipValue(std::string_view* key, const Column& column) {
  const auto take = [key](uint64_t bytes) {
    if (bytes > key->size()) return false;
    key->remove_prefix(bytes);
    return true;
  };
  const auto read = [key, &take](auto* value) {
    const char* place = key->data();
    if (!take(sizeof(*value))) return false;
    std::memcpy(value, place, sizeof(*value));
    return true;
  };
  char marker = 0;
  if (!read(&marker)) return false;
  if (marker == '\0') return true;
  uint32_t size = 0;
  switch (column.physical()) {
    case PhysicalType::kRow:
      return std::ranges::all_of(column.children(),
                                 [&](const auto& child) { return SkipValue(key, *child); });
    case PhysicalType::kList:
      if (!read(&size)) return false;
      for (const auto& child : column.children()) {
        for (uint32_t j = 0; j < size; ++j) {
          if (!SkipValue(key, *child)) return false;
        }
      }
      return true;
    case PhysicalType::kString:
      return read(&size) && take(size);
    default:
      return take(PhysicalSize(column.physical()));
  }
}

}  // namespace

ColumnPtr Gather(const ColumnPtr& column, std::span<const uint32_t> rows) {
  if (column->is_constant()) return ResizeConstant(column, rows.size());
  auto result = Column::Make(column->type(), 0);
  if (column->physical() == PhysicalType::kRow) {
    auto row_result = Column::Make(column->type(), 0);
    for (size_t i = 0; i < column->children().size(); ++i) {
      auto child = std::const_pointer_cast<Column>(Gather(column->children()[i], rows));
      row_result->ReplaceChild(i, std::move(child));
    }
    row_result->SetRowSize(rows.size());
    GatherValidity(*column, rows, row_result.get());
    return row_result;
  }
  result->Resize(rows.size());
  if (column->physical() == PhysicalType::kList) {
    for (size_t i = 0; i < column->children().size(); ++i) result->ReplaceChild(i, column->children()[i]);
    GatherValues<ListEntry>(*column, rows, result.get());
  } else {
    DispatchScalar(column->physical(), [&]<typename T>() { GatherValues<T>(*column, rows, result.get()); });
    result->AddOwnersOf(*column);
  }
  GatherValidity(*column, rows, result.get());
  return result;
}

ColumnPtr Slice(const ColumnPtr& column, size_t offset, size_t count) {
  if (column->is_constant()) return ResizeConstant(column, count);
  if (offset == 0 && count == column->size()) return column;
  std::vector<uint32_t> rows(count);
  for (size_t i = 0; i < count; ++i) rows[i] = static_cast<uint32_t>(offset + i);
  return Gather(column, rows);
}

ColumnPtr Flatten(const ColumnPtr& column) {
  if (!column->is_constant()) return column;
  const size_t rows = column->size();
  auto result = Column::Make(column->type(), rows);
  result->Resize(rows);
  DispatchScalar(column->physical(), [&]<typename T>() {
    std::fill_n(result->mutable_values<T>(), rows, column->values<T>()[0]);
  });
  result->AddOwnersOf(*column);
  if (column->IsNull(0)) result->AndValidity(*column);
  return result;
}

ColumnPtr DeepCopy(const Column& column) {
  auto result = Column::Make(column.type(), column.size());
  const PhysicalType physical = column.physical();
  if (column.is_constant() || physical == PhysicalType::kRow || physical == PhysicalType::kList) {
    for (size_t i = 0; i < column.size(); ++i) result->AppendRow(column, i);
  } else if (physical == PhysicalType::kString) {
    result->Resize(column.size());
    for (size_t i = 0; i < column.size(); ++i) {
      result->mutable_values<StringRef>()[i] = result->heap().Add(column.values<StringRef>()[i].view());
    }
    result->AndValidity(column);
  } else {
    result->CopyOwnPart(column);
  }
  return result;
}

ColumnPtr Retype(const ColumnPtr& column, const DataType& type) {
  MR_CHECK(column->physical() == type.physical());
  if (column->is_constant() || column->physical() == PhysicalType::kRow ||
      column->physical() == PhysicalType::kList) {
    if (column->type() == type) return column;
    auto result = Column::Make(type, 0);
    for (size_t i = 0; i < column->children().size(); ++i) {
      result->ReplaceChild(
          i, std::const_pointer_cast<Column>(Retype(column->children()[i], type.fields()[i].type)));
    }
    result->CopyOwnPart(*column);
    return result;
  }
  auto result = Column::Make(type, 0);
  result->CopyOwnPart(*column);
  return result;
}

void HashColumn(const Column& column, std::span<uint64_t> hashes, bool combine) {
  if (column.physical() == PhysicalType::kRow || column.physical() == PhysicalType::kList) {
    for (size_t i = 0; i < hashes.size(); ++i) {
      const uint64_t hash = HashOne(column, i);
      hashes[i] = combine ? HashCombine(hashes[i], hash) : hash;
    }
    return;
  }
  DispatchScalar(column.physical(), [&]<typename T>() { HashScalar<T>(column, hashes, combine); });
}

uint64_t HashRow(const Column& column, size_t row, const uint64_t* seed) {
  const uint64_t hash = HashOne(column, row);
  return seed != nullptr ? HashCombine(*seed, hash) : hash;
}

bool RowsIdentical(const Column& a, size_t row_a, const Column& b, size_t row_b) {
  const bool null_a = a.IsNull(row_a);
  const bool null_b = b.IsNull(row_b);
  if (null_a || null_b) return null_a && null_b;
  switch (a.physical()) {
    case PhysicalType::kRow:
      for (size_t i = 0; i < a.children().size(); ++i) {
        if (!RowsIdentical(a.child(i), row_a, b.child(i), row_b)) return false;
      }
      return true;
    case PhysicalType::kList: {
      const ListEntry entry_a = ColumnView<ListEntry>(a)[row_a];
      const ListEntry entry_b = ColumnView<ListEntry>(b)[row_b];
      if (entry_a.length != entry_b.length) return false;
      for (size_t i = 0; i < a.children().size(); ++i) {
        for (uint64_t j = 0; j < entry_a.length; ++j) {
          if (!RowsIdentical(a.child(i), entry_a.offset + j, b.child(i), entry_b.offset + j)) return false;
        }
      }
      return true;
    }
    default:
      return DispatchScalar(a.physical(), [&]<typename T>() {
        const T& x = ColumnView<T>(a)[row_a];
        const T& y = ColumnView<T>(b)[row_b];
        if constexpr (std::is_floating_point_v<T>) {
          return x == y || (std::isnan(x) && std::isnan(y));
        } else {
          return x == y;
        }
      });
  }
}

int CompareRows(const Column& a, size_t row_a, const Column& b, size_t row_b) {
  switch (a.physical()) {
    case PhysicalType::kRow:
      for (size_t i = 0; i < a.children().size(); ++i) {
        const int c = CompareNullable(a.child(i), row_a, b.child(i), row_b);
        if (c != 0) return c;
      }
      return 0;
    case PhysicalType::kList: {
      const ListEntry entry_a = ColumnView<ListEntry>(a)[row_a];
      const ListEntry entry_b = ColumnView<ListEntry>(b)[row_b];
      for (uint64_t j = 0; j < std::min(entry_a.length, entry_b.length); ++j) {
        for (size_t i = 0; i < a.children().size(); ++i) {
          const int c = CompareNullable(a.child(i), entry_a.offset + j, b.child(i), entry_b.offset + j);
          if (c != 0) return c;
        }
      }
      return Compare(entry_a.length, entry_b.length);
    }
    default:
      return DispatchScalar(a.physical(), [&]<typename T>() {
        return Compare(ColumnView<T>(a)[row_a], ColumnView<T>(b)[row_b]);
      });
  }
}

void EncodeKey(std::span<const ColumnPtr> columns, size_t row, std::string* key) {
  for (const ColumnPtr& column : columns) EncodeValue(*column, row, key);
}

void DecodeKey(std::string_view key, std::span<const MutableColumnPtr> columns) {
  for (const MutableColumnPtr& column : columns) DecodeValue(&key, column.get());
  MR_CHECK(key.empty());
}

bool IsEncodedKey(std::string_view key, std::span<const MutableColumnPtr> columns) {
  return std::ranges::all_of(columns, [&](const auto& column) { return SkipValue(&key, *column); }) &&
         key.empty();
}

}  // namespace millrace::data
