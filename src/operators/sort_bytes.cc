#include "operators/sort_bytes.h"

#include <bit>
#include <cmath>
#include <limits>

namespace millrace::operators {
namespace {

using data::Column;
using data::PhysicalType;

template <typename U>
void AppendBigEndian(U value, std::string* bytes) {
  char buffer[sizeof(U)];
  for (size_t i = 0; i < sizeof(U); ++i) {
    buffer[i] = static_cast<char>(static_cast<uint8_t>(value >> (8 * (sizeof(U) - 1 - i))));
  }
  bytes->append(buffer, sizeof(U));
}

template <typename U, typename S>
void AppendSigned(S value, std::string* bytes) {
  AppendBigEndian<U>(static_cast<U>(value) ^ (U{1} << (sizeof(U) * 8 - 1)), bytes);
}

// Positive numbers get the sign bit set, negative ones all bits inverted.
template <typename U, typename F>
void AppendFloat(F value, std::string* bytes) {
  if (value == 0) value = 0;
  if (std::isnan(value)) value = std::numeric_limits<F>::quiet_NaN();
  const U bits = std::bit_cast<U>(value);
  constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
  AppendBigEndian<U>((bits & kSign) != 0 ? ~bits : bits | kSign, bytes);
}

void AppendString(std::string_view value, std::string* bytes) {
  for (size_t zero; (zero = value.find('\0')) != std::string_view::npos; value.remove_prefix(zero + 1)) {
    bytes->append(value.substr(0, zero));
    bytes->append("\0\xFF", 2);
  }
  bytes->append(value);
  bytes->append("\0\0", 2);
}

void AppendValue(const Column& column, size_t row, std::string* bytes);

void AppendNullable(const Column& column, size_t row, std::string* bytes) {
  bytes->push_back(column.IsNull(row) ? '\1' : '\2');
  if (!column.IsNull(row)) AppendValue(column, row, bytes);
}

void AppendValue(const Column& column, size_t row, std::string* bytes) {
  if (column.is_constant()) row = 0;
  switch (column.physical()) {
    case PhysicalType::kBool:
      return bytes->push_back(static_cast<char>(column.values<uint8_t>()[row]));
    case PhysicalType::kInt8:
      return AppendSigned<uint8_t>(column.values<int8_t>()[row], bytes);
    case PhysicalType::kInt16:
      return AppendSigned<uint16_t>(column.values<int16_t>()[row], bytes);
    case PhysicalType::kInt32:
      return AppendSigned<uint32_t>(column.values<int32_t>()[row], bytes);
    case PhysicalType::kInt64:
      return AppendSigned<uint64_t>(column.values<int64_t>()[row], bytes);
    case PhysicalType::kInt128:
      return AppendSigned<unsigned __int128>(column.values<data::Int128>()[row], bytes);
    case PhysicalType::kFloat:
      return AppendFloat<uint32_t>(column.values<float>()[row], bytes);
    case PhysicalType::kDouble:
      return AppendFloat<uint64_t>(column.values<double>()[row], bytes);
    case PhysicalType::kString:
      return AppendString(column.values<data::StringRef>()[row].view(), bytes);
    case PhysicalType::kList: {
      const data::ListEntry entry = column.values<data::ListEntry>()[row];
      for (uint64_t i = 0; i < entry.length; ++i) {
        for (const auto& child : column.children()) AppendNullable(*child, entry.offset + i, bytes);
      }
      return bytes->push_back('\0');  // less than any element
    }
    case PhysicalType::kRow:
      for (const auto& child : column.children()) AppendNullable(*child, row, bytes);
      return;
  }
}

}  // namespace

void AppendSortBytes(const data::Batch& batch, const SortKeys& keys, size_t row, std::string* bytes) {
  for (const SortKey& key : keys) {
    const Column& column = *batch.columns[key.column];
    if (column.IsNull(row)) {
      bytes->push_back(key.nulls_first ? '\0' : '\2');
      continue;
    }
    bytes->push_back('\1');
    const size_t begin = bytes->size();
    AppendValue(column, row, bytes);
    if (key.ascending) continue;
    for (size_t i = begin; i < bytes->size(); ++i) (*bytes)[i] = static_cast<char>(~(*bytes)[i]);
  }
}

}  // namespace millrace::operators
