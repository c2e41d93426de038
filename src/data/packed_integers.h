// Arrays of integers as a minimum and the differences to it, each in the same 0, 1, 2, 4 or 8 bytes, as few
// as do (16 for 128-bit integers that need it). Part of batch_codec.h. Plain functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/byte_coding.h"
#include "base/limits.h"
#include "data/type.h"

namespace millrace::data {

// std::make_unsigned knows no 128-bit integers in strict mode.
template <typename T>
struct UnsignedOf {
  using Type = std::make_unsigned_t<T>;
};
template <>
struct UnsignedOf<Int128> {
  using Type = unsigned __int128;
};

template <typename Narrow, typename T>
void PackDifferences(const T* values, size_t count, T minimum, char* out) {
  using Unsigned = typename UnsignedOf<T>::Type;
  for (size_t i = 0; i < count; ++i) {
    const auto difference =
        static_cast<Narrow>(static_cast<Unsigned>(values[i]) - static_cast<Unsigned>(minimum));
    std::memcpy(out + i * sizeof(Narrow), &difference, sizeof(Narrow));
  }
}

template <typename Narrow, typename T>
void UnpackDifferences(const char* in, size_t count, T minimum, T* values) {
  using Unsigned = typename UnsignedOf<T>::Type;
  for (size_t i = 0; i < count; ++i) {
    Narrow difference;
    std::memcpy(&difference, in + i * sizeof(Narrow), sizeof(Narrow));
    values[i] = static_cast<T>(static_cast<Unsigned>(minimum) + static_cast<Unsigned>(difference));
  }
}

// Appends width, minimum and differences.
template <typename T>
void AppendPacked(const T* values, size_t count, std::string* bytes) {
  using Unsigned = typename UnsignedOf<T>::Type;
  T minimum = count == 0 ? T{} : values[0];
  T maximum = minimum;
  for (size_t i = 1; i < count; ++i) {
    minimum = values[i] < minimum ? values[i] : minimum;
    maximum = values[i] > maximum ? values[i] : maximum;
  }
  const auto range = static_cast<Unsigned>(static_cast<Unsigned>(maximum) - static_cast<Unsigned>(minimum));
  // A long array that is all the same still takes a byte a value, so that no short input means a long array.
  uint8_t width = 0;
  if (range > std::numeric_limits<uint64_t>::max()) {
    width = 16;
  } else if (range > std::numeric_limits<uint32_t>::max()) {
    width = 8;
  } else if (range > std::numeric_limits<uint16_t>::max()) {
    width = 4;
  } else if (range > std::numeric_limits<uint8_t>::max()) {
    width = 2;
  } else if (range > 0 || count > limits::kBatchRows) {
    width = 1;
  }
  AppendFixed(width, bytes);
  AppendFixed(minimum, bytes);
  const size_t start = bytes->size();
  bytes->resize(start + count * width);
  char* out = bytes->data() + start;
  switch (width) {
    case 1:
      return PackDifferences<uint8_t>(values, count, minimum, out);
    case 2:
      return PackDifferences<uint16_t>(values, count, minimum, out);
    case 4:
      return PackDifferences<uint32_t>(values, count, minimum, out);
    case 8:
      return PackDifferences<uint64_t>(values, count, minimum, out);
    case 16:
      return PackDifferences<unsigned __int128>(values, count, minimum, out);
    default:
      return;
  }
}

// An array that was read but not unpacked: its differences lie in the input.
template <typename T>
struct PackedView {
  uint8_t width = 0;
  T minimum{};
  std::string_view differences;

  // values[0, count); the count that was read for.
  void Unpack(size_t count, T* values) const {
    switch (width) {
      case 1:
        return UnpackDifferences<uint8_t>(differences.data(), count, minimum, values);
      case 2:
        return UnpackDifferences<uint16_t>(differences.data(), count, minimum, values);
      case 4:
        return UnpackDifferences<uint32_t>(differences.data(), count, minimum, values);
      case 8:
        return UnpackDifferences<uint64_t>(differences.data(), count, minimum, values);
      case 16:
        return UnpackDifferences<unsigned __int128>(differences.data(), count, minimum, values);
      default:
        for (size_t i = 0; i < count; ++i) values[i] = minimum;
    }
  }
};

// Reads an array of `count` values; false if it is not there. Answers before anything is allocated for it.
template <typename T>
bool ReadPacked(ByteReader& reader, size_t count, PackedView<T>* view) {
  view->width = reader.Fixed<uint8_t>();
  const uint8_t width = view->width;
  const bool is_width = width == 0 || width == 1 || width == 2 || width == 4 || width == 8 || width == 16;
  if (!is_width || width > sizeof(T) || (width == 0 && count > limits::kBatchRows)) return false;
  view->minimum = reader.Fixed<T>();
  if (width > 0 && count > std::numeric_limits<size_t>::max() / width) return false;
  view->differences = reader.Bytes(count * width);
  return reader.ok();
}

}  // namespace millrace::data
