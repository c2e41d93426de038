// For tests of decoders: a sink that keeps what it is given, and short ways to decode.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "data/text.h"
#include "data/value.h"
#include "formats/format.h"

namespace millrace::formats {

struct MalformedRecord {
  int64_t offset;
  std::string bytes;
  std::string reason;
  friend bool operator==(const MalformedRecord&, const MalformedRecord&) = default;
  friend void PrintTo(const MalformedRecord& record, std::ostream* out) {
    *out << "at " << record.offset << " <" << record.bytes << "> " << record.reason;
  }
};

class CollectingSink : public DecodeSink {
 public:
  Status OnBatch(data::Batch batch, std::span<const int64_t> offsets_in) override {
    EXPECT_GE(batch.rows, 1u);
    EXPECT_LE(batch.rows, limits::kBatchRows);
    EXPECT_EQ(offsets_in.size(), batch.rows);
    for (size_t row = 0; row < batch.rows; ++row) {
      data::Value::List values;
      for (const data::ColumnPtr& column : batch.columns) {
        EXPECT_EQ(column->size(), batch.rows);
        values.push_back(column->GetValue(row));
      }
      rows.push_back(std::move(values));
      offsets.push_back(offsets_in[row]);
    }
    batches.push_back(std::move(batch));
    return Ok();
  }
  Status OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) override {
    malformed.push_back({offset, std::string(bytes), reason.message()});
    return Ok();
  }

  std::vector<data::Value::List> rows;
  std::vector<int64_t> offsets;
  std::vector<MalformedRecord> malformed;
  std::vector<data::Batch> batches;
};

inline std::unique_ptr<Decoder> MustMakeDecoder(std::string_view format, const data::Schema& schema,
                                                const Options& options = {},
                                                const DecodeContext& context = {}) {
  auto decoder = MakeDecoder(format, schema, options, context);
  EXPECT_TRUE(decoder.has_value()) << (decoder ? "" : decoder.error().ToString());
  return decoder ? std::move(*decoder) : nullptr;
}

// Decodes a whole input as one block.
inline void DecodeAll(Decoder& decoder, std::string_view input, DecodeSink& sink, int64_t base_offset = 0) {
  auto block = std::make_shared<const std::string>(input);
  const std::string_view bytes = *block;
  EXPECT_TRUE(decoder.Decode(std::move(block), bytes, base_offset, sink).has_value());
}

// Decodes an input in blocks of about `block_bytes`, each cut where the decoder says.
inline void DecodeInBlocks(Decoder& decoder, std::string_view input, size_t block_bytes, DecodeSink& sink) {
  size_t begin = 0;
  size_t wanted = block_bytes;
  while (begin < input.size()) {
    const bool is_last = begin + wanted >= input.size();
    const size_t size = is_last ? input.size() - begin : decoder.CompleteBytes(input.substr(begin, wanted));
    if (size == 0) {
      wanted += block_bytes;
      continue;
    }
    DecodeAll(decoder, input.substr(begin, size), sink, static_cast<int64_t>(begin));
    begin += size;
    wanted = block_bytes;
  }
}

// A value as text, for short expectations: "[1, 2]" for lists and rows, "[k=v]" for maps.
inline std::string Show(const data::Column& column, size_t row) {
  if (column.IsNull(row)) return "NULL";
  std::string out = "[";
  const auto add = [&out](const std::string& text) { out += (out.size() > 1 ? ", " : "") + text; };
  if (column.physical() == data::PhysicalType::kList) {
    const data::ListEntry entry = column.values<data::ListEntry>()[row];
    for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
      std::string element = Show(column.child(0), i);
      if (column.children().size() == 2) element += "=" + Show(column.child(1), i);
      add(element);
    }
    return out + "]";
  }
  if (column.physical() == data::PhysicalType::kRow) {
    for (const data::MutableColumnPtr& child : column.children()) add(Show(*child, row));
    return out + "]";
  }
  return data::ToText(column, row);
}

// The rows of a sink, each as "[1, a, NULL]".
inline std::vector<std::string> Rows(const CollectingSink& sink) {
  std::vector<std::string> rows;
  for (const data::Batch& batch : sink.batches) {
    for (size_t row = 0; row < batch.rows; ++row) {
      std::string out = "[";
      for (const data::ColumnPtr& column : batch.columns) {
        out += (out.size() > 1 ? ", " : "") + Show(*column, row);
      }
      rows.push_back(out + "]");
    }
  }
  return rows;
}

}  // namespace millrace::formats
