// RowForwarder: hands what a decoder makes of a block to the sink of a source: completes batches by the
// columns that are the same for a whole file (partition and metadata columns), counts rows, names the
// origin of malformed records. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.h"
#include "data/value.h"
#include "formats/format.h"

namespace millrace::connectors {

class RowForwarder final : public formats::DecodeSink {
 public:
  // `schema` is Source::schema(); `decoded[i]` is the column of the decoder's batches that is its column
  // i, or -1: a constant.
  RowForwarder(data::Schema schema, std::vector<int> decoded);

  const data::Schema& schema() const { return schema_; }

  // What follows comes from here. `constants` has a value for each column of the schema that is constant
  // (others are not read).
  void SetOrigin(int partition, std::string origin, std::vector<data::Value> constants);
  const std::string& origin() const { return origin_; }

  // For the time of one Poll.
  void SetSink(SourceSink* sink) {
    sink_ = sink;
    rows_ = 0;
  }
  size_t rows() const { return rows_; }  // since SetSink; a malformed record counts as one

  Status OnBatch(data::Batch batch, std::span<const int64_t> offsets) override;
  Status OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) override;

 private:
  const data::Schema schema_;
  const std::vector<int> decoded_;
  int partition_ = 0;
  std::string origin_;
  std::vector<data::Value> constants_;
  SourceSink* sink_ = nullptr;
  size_t rows_ = 0;
};

// A record that is longer than limits::kRecordBytesMax.
Error OverlongError();

}  // namespace millrace::connectors
