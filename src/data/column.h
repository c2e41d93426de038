// Column: the values of one column of a batch.
//
// Layout: an array of `physical()` values, an optional validity bitmap (bit i set: row i is not
// null; no bitmap: no nulls), child columns for nested types, and shared owners of the bytes that
// long strings point to. The value under a null is unspecified but always safe to read (zeroed
// memory, so a StringRef under a null is empty).
//
// A constant column holds one value (index 0) that stands for all `size()` rows; kernels read it
// through ColumnView, whose index mask makes it cost nothing. Nested columns are never constant.
//
// Ownership and threads: built by one thread through a shared_ptr<Column>; once published as
// ColumnPtr (shared_ptr<const Column>) it never changes and any thread may read it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "data/string_ref.h"
#include "data/type.h"
#include "data/value.h"

namespace millrace::data {

// A run of children: ARRAY, MAP, MULTISET. The layout of duckdb_list_entry.
struct ListEntry {
  uint64_t offset = 0;
  uint64_t length = 0;
};

class Column;
using ColumnPtr = std::shared_ptr<const Column>;
using MutableColumnPtr = std::shared_ptr<Column>;

// The C++ type of a physical type.
template <PhysicalType P>
struct PhysicalValue;
template <>
struct PhysicalValue<PhysicalType::kBool> {
  using Type = uint8_t;
};
template <>
struct PhysicalValue<PhysicalType::kInt8> {
  using Type = int8_t;
};
template <>
struct PhysicalValue<PhysicalType::kInt16> {
  using Type = int16_t;
};
template <>
struct PhysicalValue<PhysicalType::kInt32> {
  using Type = int32_t;
};
template <>
struct PhysicalValue<PhysicalType::kInt64> {
  using Type = int64_t;
};
template <>
struct PhysicalValue<PhysicalType::kInt128> {
  using Type = Int128;
};
template <>
struct PhysicalValue<PhysicalType::kFloat> {
  using Type = float;
};
template <>
struct PhysicalValue<PhysicalType::kDouble> {
  using Type = double;
};
template <>
struct PhysicalValue<PhysicalType::kString> {
  using Type = StringRef;
};
template <>
struct PhysicalValue<PhysicalType::kList> {
  using Type = ListEntry;
};

// Calls f.template operator()<T>() with the C++ type of `type`; aborts for kRow and, unless the
// caller handles it, kList.
template <typename F>
decltype(auto) DispatchScalar(PhysicalType type, F&& f) {
  switch (type) {
    case PhysicalType::kBool:
      return f.template operator()<uint8_t>();
    case PhysicalType::kInt8:
      return f.template operator()<int8_t>();
    case PhysicalType::kInt16:
      return f.template operator()<int16_t>();
    case PhysicalType::kInt32:
      return f.template operator()<int32_t>();
    case PhysicalType::kInt64:
      return f.template operator()<int64_t>();
    case PhysicalType::kInt128:
      return f.template operator()<Int128>();
    case PhysicalType::kFloat:
      return f.template operator()<float>();
    case PhysicalType::kDouble:
      return f.template operator()<double>();
    case PhysicalType::kString:
      return f.template operator()<StringRef>();
    default:
      MR_UNREACHABLE();
  }
}

class Column {
 public:
  // An empty column with room for `capacity` rows (it grows when more are appended).
  explicit Column(DataType type, size_t capacity = limits::kBatchRows);

  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  static MutableColumnPtr Make(DataType type, size_t capacity = limits::kBatchRows) {
    return std::make_shared<Column>(std::move(type), capacity);
  }
  // `rows` times the same value (constant, or repeated for nested types).
  static ColumnPtr Constant(const DataType& type, const Value& value, size_t rows);
  static ColumnPtr Nulls(const DataType& type, size_t rows);

  const DataType& type() const { return type_; }
  PhysicalType physical() const { return physical_; }
  size_t size() const { return size_; }
  bool is_constant() const { return is_constant_; }

  template <typename T>
  const T* values() const {
    MR_DCHECK(sizeof(T) == PhysicalSize(physical_));
    return reinterpret_cast<const T*>(values_.get());
  }
  template <typename T>
  T* mutable_values() {
    MR_DCHECK(sizeof(T) == PhysicalSize(physical_));
    return reinterpret_cast<T*>(values_.get());
  }
  const std::byte* raw_values() const { return values_.get(); }
  std::byte* mutable_raw_values() { return values_.get(); }

  // Words of 64 rows, or nullptr when no row is null. A constant has one meaningful bit.
  const uint64_t* validity() const { return validity_.empty() ? nullptr : validity_.data(); }
  bool has_nulls() const { return !validity_.empty(); }  // may have; false is certain
  bool IsNull(size_t row) const {
    if (validity_.empty()) return false;
    if (is_constant_) row = 0;
    return ((validity_[row >> 6] >> (row & 63)) & 1) == 0;
  }
  bool IsValid(size_t row) const { return !IsNull(row); }

  const std::vector<MutableColumnPtr>& children() const { return children_; }
  const Column& child(size_t i) const { return *children_[i]; }
  Column& mutable_child(size_t i) { return *children_[i]; }

  // --- Building. Only while the column is not yet shared. ---

  // Sets the number of rows; new ones are zero and not null. For kRow also resizes the children.
  void Resize(size_t rows);
  void Reserve(size_t rows);
  void SetNull(size_t row);
  void SetValid(size_t row);
  // Makes room for a validity bitmap (all valid) and returns its words.
  uint64_t* MutableValidity();
  // Takes over null-ness of `other` (same size or constant): null here where null there, as well.
  void AndValidity(const Column& other);

  template <typename T>
  void Append(T value) {
    if (size_ == capacity_) Reserve(size_ * 2 + 16);
    mutable_values<T>()[size_] = value;
    ++size_;
    if (!validity_.empty()) GrowValidity();
  }
  void AppendString(std::string_view bytes) { Append(heap().Add(bytes)); }
  void AppendNull();
  // Appends a copy of a row of another column of the same physical type (deep: long strings are copied
  // to this column's heap, so nothing of `other` is kept alive).
  void AppendRow(const Column& other, size_t row);
  void AppendValue(const Value& value);
  // Overwrites row `row` with a copy of a row of `other` (deep, as AppendRow). What the old value held in the
  // heap or in child columns stays there, unused, until the column is copied.
  void AssignRow(size_t row, const Column& other, size_t other_row);

  // Where strings made for this column go.
  StringHeap& heap();
  // Keeps the bytes that this column's strings point to alive.
  void AddOwner(std::shared_ptr<const void> owner);
  // Keeps alive all that `other` keeps alive.
  void AddOwnersOf(const Column& other);
  const std::vector<std::shared_ptr<const void>>& owners() const { return owners_; }

  // Marks a one-value column as standing for `rows` rows.
  void MakeConstant(size_t rows);
  // For nested columns built from ready children: puts a child in place (a shared one is then only read),
  // and sets the number of rows of a kRow column whose children have that many.
  void ReplaceChild(size_t i, MutableColumnPtr child) { children_[i] = std::move(child); }
  void SetRowSize(size_t rows);
  // Values, nulls and owners of a column of the same layout (not its children).
  void CopyOwnPart(const Column& other);

  // Bytes held by this column itself (values, bitmap, own heap, children); not by shared owners.
  size_t MemoryBytes() const;

  // The value at a row, boxed. Slow: for messages, tests and literals.
  Value GetValue(size_t row) const;

 private:
  void GrowValidity();

  DataType type_;
  PhysicalType physical_;
  size_t value_bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  bool is_constant_ = false;
  struct FreeDeleter {
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte[], FreeDeleter> values_;
  std::vector<uint64_t> validity_;
  std::vector<MutableColumnPtr> children_;
  std::shared_ptr<StringHeap> heap_;
  std::vector<std::shared_ptr<const void>> owners_;
};

// How a kernel reads a column, flat or constant, without a branch: `view[i]`.
template <typename T>
class ColumnView {
 public:
  explicit ColumnView(const Column& column)
      : values_(column.values<T>()), mask_(column.is_constant() ? 0 : ~size_t{0}), column_(&column) {}
  const T& operator[](size_t row) const { return values_[row & mask_]; }
  bool IsNull(size_t row) const { return column_->IsNull(row); }
  bool is_constant() const { return mask_ == 0; }

 private:
  const T* values_;
  size_t mask_;
  const Column* column_;
};

// The rows of `column` named by `rows`, in that order. Strings keep pointing at the same bytes.
ColumnPtr Gather(const ColumnPtr& column, std::span<const uint32_t> rows);
// Rows [offset, offset + count).
ColumnPtr Slice(const ColumnPtr& column, size_t offset, size_t count);
// A flat column of the same rows (itself, when it is flat).
ColumnPtr Flatten(const ColumnPtr& column);
// A deep copy that shares nothing with the original (its strings lie in its own heap).
ColumnPtr DeepCopy(const Column& column);
// The same values under another type of the same physical layout (and children).
ColumnPtr Retype(const ColumnPtr& column, const DataType& type);

// Hashes each row into hashes[i] (combine: into what is there already). Equal values of one type hash
// equally; nulls hash alike; -0.0 as 0.0, all NaNs alike. Reads `hashes.size()` rows.
void HashColumn(const Column& column, std::span<uint64_t> hashes, bool combine);

// The hash that HashColumn gives for one row; with `seed`, combined with it.
uint64_t HashRow(const Column& column, size_t row, const uint64_t* seed = nullptr);

// Whether two values are the same group (nulls are the same as nulls, NaN as NaN).
bool RowsIdentical(const Column& a, size_t row_a, const Column& b, size_t row_b);
// <0, 0, >0: ascending order of two non-null values of one type; NaN last. Nested: element by element.
int CompareRows(const Column& a, size_t row_a, const Column& b, size_t row_b);

// A byte string that is equal exactly for identical rows of these columns, appended to `key`
// (self-delimiting; not ordered). DecodeKey appends the values back, one to each column.
void EncodeKey(std::span<const ColumnPtr> columns, size_t row, std::string* key);
void DecodeKey(std::string_view key, std::span<const MutableColumnPtr> columns);
// Whether these bytes are what EncodeKey writes for columns of these types: to be asked before bytes that
// come from outside are decoded. The columns stay as they are.
bool IsEncodedKey(std::string_view key, std::span<const MutableColumnPtr> columns);

}  // namespace millrace::data
