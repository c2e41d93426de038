#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "base/byte_coding.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "data/batch_codec.h"
#include "data/batch_format.h"
#include "data/packed_integers.h"

namespace millrace::data {
namespace {

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes), reader_(bytes) {}

  Result<Batch> Decode(std::span<const DataType> types) {
    const auto version = reader_.Fixed<uint8_t>();
    if (reader_.ok() && version != kBatchVersion) {
      return Fail(ErrorCode::kNotSupported, fmt::format("stored rows are of version {}", version),
                  fmt::format("this program reads version {}", kBatchVersion));
    }
    Batch batch;
    const auto flags = reader_.Fixed<uint8_t>();
    const uint64_t rows = reader_.Varint();
    const uint64_t columns = reader_.Varint();
    if (!reader_.ok() || (flags & ~(kBatchHasKinds | kBatchHasWatermarks)) != 0) return Damaged("the head");
    if (rows > limits::kBatchRows) return Damaged(fmt::format("{} rows", rows));
    if (columns != types.size())
      return Damaged(fmt::format("{} columns in place of {}", columns, types.size()));
    batch.rows = rows;
    if ((flags & kBatchHasKinds) != 0) {
      MR_ASSIGN(batch.kinds, Kinds(rows));
    }
    if ((flags & kBatchHasWatermarks) != 0) {
      MR_ASSIGN(batch.watermarks, Watermarks(rows));
    }
    for (const DataType& type : types) {
      MR_ASSIGN(MutableColumnPtr column, DecodeColumn(type, rows, /*may_be_constant=*/true));
      batch.columns.push_back(std::move(column));
    }
    if (!reader_.AtEnd()) return Damaged("there is more behind the last column");
    return batch;
  }

 private:
  std::unexpected<Error> Damaged(std::string_view what) const {
    return Fail(ErrorCode::kDataCorrupted, fmt::format("stored rows are damaged near byte {} of {}: {}",
                                                       bytes_.size() - reader_.left(), bytes_.size(), what));
  }

  template <typename T>
  Result<PackedView<T>> Packed(size_t count) {
    PackedView<T> view;
    if (!ReadPacked(reader_, count, &view)) return Damaged("an array of integers");
    return view;
  }

  Result<RowKinds> Kinds(size_t rows) {
    MR_ASSIGN(const PackedView<uint8_t> view, Packed<uint8_t>(rows));
    auto kinds = std::make_shared<std::vector<RowKind>>(rows);
    auto* raw = reinterpret_cast<uint8_t*>(kinds->data());
    view.Unpack(rows, raw);
    if (std::any_of(raw, raw + rows, [](uint8_t kind) { return kind > 3; })) return Damaged("a row kind");
    return kinds;
  }

  Result<RowWatermarks> Watermarks(size_t rows) {
    MR_ASSIGN(const PackedView<int64_t> view, Packed<int64_t>(rows));
    auto watermarks = std::make_shared<std::vector<int64_t>>(rows);
    view.Unpack(rows, watermarks->data());
    return watermarks;
  }

  Result<MutableColumnPtr> DecodeColumn(const DataType& type, size_t rows, bool may_be_constant) {
    const auto physical = reader_.Fixed<uint8_t>();
    const auto flags = reader_.Fixed<uint8_t>();
    if (!reader_.ok() || (flags & ~(kColumnHasNulls | kColumnIsConstant)) != 0) return Damaged("a column");
    if (physical != static_cast<uint8_t>(type.physical())) {
      return Damaged(fmt::format("a column of another type than {}", type.ToString()));
    }
    const bool is_constant = (flags & kColumnIsConstant) != 0;
    if (is_constant && (!may_be_constant || type.IsNested() || rows == 0)) return Damaged("a constant");
    const size_t stored = is_constant ? 1 : rows;
    std::string_view validity;
    if ((flags & kColumnHasNulls) != 0) {
      validity = reader_.Bytes((stored + 7) / 8);
      if (!reader_.ok()) return Damaged("the nulls of a column");
    }
    auto column = Column::Make(type, 0);
    MR_TRY(DecodeValues(stored, *column));
    if (!validity.empty()) SetValidity(validity, stored, *column);
    if (is_constant) column->MakeConstant(rows);
    return column;
  }

  static void SetValidity(std::string_view validity, size_t rows, Column& column) {
    auto* bytes = reinterpret_cast<uint8_t*>(column.MutableValidity());
    std::memcpy(bytes, validity.data(), validity.size());
    if (rows % 8 != 0) bytes[rows / 8] |= static_cast<uint8_t>(0xFF << (rows % 8));
  }

  Status DecodeValues(size_t rows, Column& column) {
    switch (column.physical()) {
      case PhysicalType::kBool:
        return DecodeBooleans(rows, column);
      case PhysicalType::kInt8:
        return DecodeIntegers<int8_t>(rows, column);
      case PhysicalType::kInt16:
        return DecodeIntegers<int16_t>(rows, column);
      case PhysicalType::kInt32:
        return DecodeIntegers<int32_t>(rows, column);
      case PhysicalType::kInt64:
        return DecodeIntegers<int64_t>(rows, column);
      case PhysicalType::kInt128:
        return DecodeIntegers<Int128>(rows, column);
      case PhysicalType::kFloat:
        return DecodeFloats<float>(rows, column);
      case PhysicalType::kDouble:
        return DecodeFloats<double>(rows, column);
      case PhysicalType::kString:
        return DecodeStrings(rows, column);
      case PhysicalType::kList:
        return DecodeLists(rows, column);
      case PhysicalType::kRow:
        return DecodeFields(rows, column);
    }
    MR_UNREACHABLE();
  }

  template <typename T>
  Status DecodeIntegers(size_t rows, Column& column) {
    MR_ASSIGN(const PackedView<T> view, Packed<T>(rows));
    column.Resize(rows);
    view.Unpack(rows, column.mutable_values<T>());
    return Ok();
  }

  Status DecodeBooleans(size_t rows, Column& column) {
    MR_TRY(DecodeIntegers<uint8_t>(rows, column));
    const auto* values = column.values<uint8_t>();
    if (std::any_of(values, values + rows, [](uint8_t value) { return value > 1; }))
      return Damaged("a boolean");
    return Ok();
  }

  template <typename T>
  Status DecodeFloats(size_t rows, Column& column) {
    const std::string_view raw = rows > reader_.left() ? std::string_view() : reader_.Bytes(rows * sizeof(T));
    if (raw.size() != rows * sizeof(T)) return Damaged("floating-point numbers");
    column.Resize(rows);
    if (rows > 0) std::memcpy(column.mutable_values<T>(), raw.data(), raw.size());
    return Ok();
  }

  Status DecodeStrings(size_t rows, Column& column) {
    MR_ASSIGN(const PackedView<uint32_t> view, Packed<uint32_t>(rows));
    std::vector<uint32_t> lengths(rows);
    view.Unpack(rows, lengths.data());
    const uint64_t total = std::accumulate(lengths.begin(), lengths.end(), uint64_t{0});
    if (reader_.Varint() != total || !reader_.ok()) return Damaged("lengths of strings");
    const std::string_view text = reader_.Bytes(total);
    if (!reader_.ok()) return Damaged("bytes of strings");
    const bool is_text = column.type().IsCharacter();
    if (is_text && !IsUtf8(text)) return Damaged("text that is not UTF-8");
    char* heap = total > 0 ? column.heap().Allocate(total) : nullptr;
    if (total > 0) std::memcpy(heap, text.data(), total);
    column.Resize(rows);
    auto* values = column.mutable_values<StringRef>();
    for (size_t i = 0; i < rows; ++i) {
      if (lengths[i] == 0) continue;
      // The whole is UTF-8, so each string is if none begins within a code point.
      if (is_text && (static_cast<uint8_t>(*heap) & 0xC0) == 0x80) return Damaged("text that is not UTF-8");
      values[i] = StringRef(std::string_view(heap, lengths[i]));
      heap += lengths[i];
    }
    return Ok();
  }

  Status DecodeLists(size_t rows, Column& column) {
    MR_ASSIGN(const PackedView<uint64_t> view, Packed<uint64_t>(rows));
    std::vector<uint64_t> lengths(rows);
    view.Unpack(rows, lengths.data());
    uint64_t total = 0;
    for (const uint64_t length : lengths) {
      // Beyond what the rest of the input can hold; so the sum cannot run over either.
      if (length > ElementsMax() - total) return Damaged("lengths of collections");
      total += length;
    }
    column.Resize(rows);
    auto* entries = column.mutable_values<ListEntry>();
    uint64_t offset = 0;
    for (size_t i = 0; i < rows; ++i) {
      entries[i] = {offset, lengths[i]};
      offset += lengths[i];
    }
    for (size_t i = 0; i < column.children().size(); ++i) {
      MR_ASSIGN(MutableColumnPtr child,
                DecodeColumn(column.child(i).type(), total, /*may_be_constant=*/false));
      column.ReplaceChild(i, std::move(child));
    }
    return Ok();
  }

  Status DecodeFields(size_t rows, Column& column) {
    for (size_t i = 0; i < column.children().size(); ++i) {
      MR_ASSIGN(MutableColumnPtr child,
                DecodeColumn(column.child(i).type(), rows, /*may_be_constant=*/false));
      column.ReplaceChild(i, std::move(child));
    }
    if (column.children().empty() && rows > limits::kBatchRows && reader_.Bytes(rows).empty()) {
      return Damaged("rows without fields");
    }
    column.SetRowSize(rows);
    return Ok();
  }

  // An element takes a byte at least, but for those of a few rows that are all the same.
  uint64_t ElementsMax() const { return reader_.left() + limits::kBatchRows; }

  const std::string_view bytes_;
  ByteReader reader_;
};

}  // namespace

Result<Batch> DecodeBatch(std::string_view bytes, std::span<const DataType> types) {
  return Decoder(bytes).Decode(types);
}

}  // namespace millrace::data
