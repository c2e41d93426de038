#include <cstring>
#include <vector>

#include "base/byte_coding.h"
#include "base/check.h"
#include "base/limits.h"
#include "data/batch_codec.h"
#include "data/batch_format.h"
#include "data/packed_integers.h"

namespace millrace::data {
namespace {

void EncodeColumn(const Column& column, size_t rows, std::string* bytes);

// A column within another: never constant.
void EncodeChild(const ColumnPtr& child, size_t rows, std::string* bytes) {
  EncodeColumn(*Flatten(child), rows, bytes);
}

// The validity bits of the first `rows` rows.
void AppendValidity(const Column& column, size_t rows, std::string* bytes) {
  const size_t start = bytes->size();
  bytes->append(reinterpret_cast<const char*>(column.validity()), (rows + 7) / 8);
  // Bits past the last row are not the column's to say.
  if (rows % 8 != 0) {
    char& last = (*bytes)[start + rows / 8];
    last = static_cast<char>(last & ((1 << (rows % 8)) - 1));
  }
}

// The column's values, with the first one that is not null in the place of nulls: what lies under a null must
// not widen the range. `scratch` holds the copy, if one is needed.
template <typename T>
const T* WithoutNulls(const Column& column, size_t rows, std::vector<T>* scratch) {
  const T* values = column.values<T>();
  if (!column.has_nulls()) return values;
  T filler{};
  for (size_t i = 0; i < rows; ++i) {
    if (column.IsNull(i)) continue;
    filler = values[i];
    break;
  }
  scratch->resize(rows);
  for (size_t i = 0; i < rows; ++i) (*scratch)[i] = column.IsNull(i) ? filler : values[i];
  return scratch->data();
}

template <typename T>
void EncodeIntegers(const Column& column, size_t rows, std::string* bytes) {
  std::vector<T> scratch;
  AppendPacked(WithoutNulls(column, rows, &scratch), rows, bytes);
}

template <typename T>
void EncodeFloats(const Column& column, size_t rows, std::string* bytes) {
  std::vector<T> scratch;
  bytes->append(reinterpret_cast<const char*>(WithoutNulls(column, rows, &scratch)), rows * sizeof(T));
}

void EncodeStrings(const Column& column, size_t rows, std::string* bytes) {
  const auto* values = column.values<StringRef>();
  std::vector<uint32_t> lengths(rows);
  uint64_t total = 0;
  for (size_t i = 0; i < rows; ++i) {
    lengths[i] = column.IsNull(i) ? 0 : values[i].size();
    total += lengths[i];
  }
  AppendPacked(lengths.data(), rows, bytes);
  AppendVarint(total, bytes);
  const size_t start = bytes->size();
  bytes->resize(start + total);
  char* out = bytes->data() + start;
  for (size_t i = 0; i < rows; ++i) {
    if (lengths[i] > 0) std::memcpy(out, values[i].data(), lengths[i]);
    out += lengths[i];
  }
}

// Elements are written side by side in the order of their rows, whatever lies between them in the column.
void EncodeLists(const Column& column, size_t rows, std::string* bytes) {
  const auto* entries = column.values<ListEntry>();
  std::vector<uint64_t> lengths(rows);
  uint64_t total = 0;
  bool is_dense = true;
  for (size_t i = 0; i < rows; ++i) {
    lengths[i] = column.IsNull(i) ? 0 : entries[i].length;
    if (lengths[i] > 0 && entries[i].offset != total) is_dense = false;
    total += lengths[i];
  }
  AppendPacked(lengths.data(), rows, bytes);
  if (is_dense) {
    for (const auto& child : column.children()) EncodeChild(child, total, bytes);
    return;
  }
  std::vector<uint32_t> elements;
  elements.reserve(total);
  for (size_t i = 0; i < rows; ++i) {
    for (uint64_t j = 0; j < lengths[i]; ++j)
      elements.push_back(static_cast<uint32_t>(entries[i].offset + j));
  }
  for (const auto& child : column.children()) EncodeChild(Gather(child, elements), total, bytes);
}

void EncodeValues(const Column& column, size_t rows, std::string* bytes) {
  switch (column.physical()) {
    case PhysicalType::kBool:
      return EncodeIntegers<uint8_t>(column, rows, bytes);
    case PhysicalType::kInt8:
      return EncodeIntegers<int8_t>(column, rows, bytes);
    case PhysicalType::kInt16:
      return EncodeIntegers<int16_t>(column, rows, bytes);
    case PhysicalType::kInt32:
      return EncodeIntegers<int32_t>(column, rows, bytes);
    case PhysicalType::kInt64:
      return EncodeIntegers<int64_t>(column, rows, bytes);
    case PhysicalType::kInt128:
      return EncodeIntegers<Int128>(column, rows, bytes);
    case PhysicalType::kFloat:
      return EncodeFloats<float>(column, rows, bytes);
    case PhysicalType::kDouble:
      return EncodeFloats<double>(column, rows, bytes);
    case PhysicalType::kString:
      return EncodeStrings(column, rows, bytes);
    case PhysicalType::kList:
      return EncodeLists(column, rows, bytes);
    case PhysicalType::kRow:
      for (const auto& child : column.children()) EncodeChild(child, rows, bytes);
      // As with other types, many rows take bytes.
      if (column.children().empty() && rows > limits::kBatchRows) bytes->append(rows, '\0');
      return;
  }
  MR_UNREACHABLE();
}

// The first `rows` rows of the column, which may have more.
void EncodeColumn(const Column& column, size_t rows, std::string* bytes) {
  const bool is_constant = column.is_constant() && rows > 0;
  const size_t stored = is_constant ? 1 : rows;
  const bool has_nulls = column.has_nulls() && stored > 0;
  AppendFixed(static_cast<uint8_t>(column.physical()), bytes);
  AppendFixed(static_cast<uint8_t>((has_nulls ? kColumnHasNulls : 0) | (is_constant ? kColumnIsConstant : 0)),
              bytes);
  if (has_nulls) AppendValidity(column, stored, bytes);
  EncodeValues(column, stored, bytes);
}

}  // namespace

void EncodeBatch(const Batch& batch, std::string* bytes) {
  MR_CHECK_LE(batch.rows, limits::kBatchRows);
  AppendFixed(kBatchVersion, bytes);
  AppendFixed(
      static_cast<uint8_t>((batch.kinds ? kBatchHasKinds : 0) | (batch.watermarks ? kBatchHasWatermarks : 0)),
      bytes);
  AppendVarint(batch.rows, bytes);
  AppendVarint(batch.columns.size(), bytes);
  if (batch.kinds) {
    AppendPacked(reinterpret_cast<const uint8_t*>(batch.kinds->data()), batch.rows, bytes);
  }
  if (batch.watermarks) AppendPacked(batch.watermarks->data(), batch.rows, bytes);
  for (const ColumnPtr& column : batch.columns) EncodeColumn(*column, batch.rows, bytes);
}

}  // namespace millrace::data
