// DecodeBatch on any bytes: an error, or a batch that can be read, copied, and encoded again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/batch_codec.h"

using millrace::data::DataType;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<std::vector<DataType>> kTypes = {
      {},
      {DataType::Int(), DataType::String(), DataType::Double()},
      {DataType::Boolean(), DataType::Decimal(38, 4), DataType::Bytes(), DataType::TinyInt(),
       DataType::Float()},
      {DataType::Array(DataType::Map(DataType::String(), DataType::Array(DataType::SmallInt())))},
      {DataType::Row({{"a", DataType::Multiset(DataType::String())}, {"b", DataType::Row({})}}),
       DataType::Array(DataType::Row({})), DataType::Timestamp(3)},
  };
  if (size < 1) return 0;
  const auto& types = kTypes[data[0] % kTypes.size()];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto decoded = millrace::data::DecodeBatch(input, types);
  if (!decoded) return 0;
  for (const auto& column : decoded->columns) {
    static_cast<void>(millrace::data::DeepCopy(*column));
    for (size_t row = 0; row < decoded->rows; ++row) static_cast<void>(HashRow(*column, row));
  }
  std::string bytes;
  millrace::data::EncodeBatch(*decoded, &bytes);
  if (!millrace::data::DecodeBatch(bytes, types)) __builtin_trap();
  return 0;
}
