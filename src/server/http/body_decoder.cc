#include "server/http/body_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/suggest.h"
#include "connectors/row_forwarder.h"
#include "formats/csv_decoder.h"
#include "formats/csv_record.h"

namespace millrace::server::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The column that a header names, or an error that tells what it could name.
Result<int> ColumnNamed(const data::Schema& columns, const std::string& name) {
  const int column = columns.Find(name);
  if (column >= 0) return column;
  std::vector<std::string> names;
  for (const data::Field& field : columns) names.push_back(field.name);
  std::string hint = DidYouMean(name, names);
  if (hint.empty()) hint = fmt::format("it has: {}", fmt::join(names, ", "));
  return Fail(ErrorCode::kUndefinedColumn,
              fmt::format("the header names '{}', which the table has not", name), std::move(hint));
}

}  // namespace

// Puts the columns that a header named into their places.
class BodyDecoder::HeaderSink final : public formats::DecodeSink {
 public:
  HeaderSink(const BodyDecoder& owner, formats::DecodeSink& sink) : owner_(owner), sink_(sink) {}
  Status OnBatch(data::Batch batch, std::span<const int64_t> offsets) override {
    data::Batch placed;
    placed.rows = batch.rows;
    for (size_t i = 0; i < owner_.decoded_.size(); ++i) {
      const int from = owner_.decoded_[i];
      placed.columns.push_back(from >= 0 ? std::move(batch.columns[from])
                                         : data::Column::Nulls(owner_.columns_[i].type, batch.rows));
    }
    return sink_.OnBatch(std::move(placed), offsets);
  }
  Status OnMalformed(int64_t offset, std::string_view bytes, const Error& reason) override {
    return sink_.OnMalformed(offset, bytes, reason);
  }

 private:
  const BodyDecoder& owner_;
  formats::DecodeSink& sink_;
};

BodyDecoder::BodyDecoder(const data::Schema& columns, BodyFormat format, const data::TimeZone& zone,
                         std::unique_ptr<formats::Decoder> decoder)
    : columns_(columns),
      format_(std::move(format)),
      zone_(zone),
      decoder_(std::move(decoder)),
      blocks_(*decoder_) {
  blocks_.Restart(0);
}

Result<std::unique_ptr<BodyDecoder>> BodyDecoder::Make(const data::Schema& columns, const BodyFormat& format,
                                                       const data::TimeZone& zone) {
  BodyFormat chosen = format;
  if (chosen.format == "csv") chosen.options["csv.header"] = "false";  // the header is read here, by name
  formats::DecodeContext context;
  context.zone = &zone;
  MR_ASSIGN(auto decoder, formats::MakeDecoder(chosen.format, columns, chosen.options, context));
  return std::unique_ptr<BodyDecoder>(new BodyDecoder(columns, std::move(chosen), zone, std::move(decoder)));
}

Status BodyDecoder::Fill(size_t bytes, formats::DecodeSink& sink) {
  if (!format_.is_json_text) {
    blocks_.Fill(bytes);
    return DecodeComplete(sink);
  }
  size_t used = 0;
  const Status text = elements_.Rewrite(blocks_.Room().first(bytes), &used);
  blocks_.Fill(used);
  MR_TRY(DecodeComplete(sink));
  return text;
}

Status BodyDecoder::Finish(formats::DecodeSink& sink) {
  if (format_.is_json_text) MR_TRY(elements_.Finish());
  return Decode(blocks_.TakeAll(), sink);
}

Status BodyDecoder::DecodeComplete(formats::DecodeSink& sink) {
  MR_TRY(Decode(blocks_.TakeComplete(), sink));
  while (blocks_.IsOverlong()) {
    const connectors::RecordBlock record = blocks_.OverlongRecord();
    MR_TRY(sink.OnMalformed(static_cast<int64_t>(record.offset), record.bytes, connectors::OverlongError()));
    blocks_.DropOverlong();
    MR_TRY(Decode(blocks_.TakeComplete(), sink));
  }
  return {};
}

Status BodyDecoder::Decode(const connectors::RecordBlock& block, formats::DecodeSink& sink) {
  if (block.IsEmpty()) return {};
  if (!format_.has_header) {
    return decoder_->Decode(block.owner, block.bytes, static_cast<int64_t>(block.offset), sink);
  }
  std::string_view bytes = block.bytes;
  if (named_decoder_ == nullptr) MR_TRY(ReadHeader(&bytes));
  if (bytes.empty()) return {};
  HeaderSink placing(*this, sink);
  const uint64_t offset = block.offset + (block.bytes.size() - bytes.size());
  return named_decoder_->Decode(block.owner, bytes, static_cast<int64_t>(offset), placing);
}

Status BodyDecoder::ReadHeader(std::string_view* bytes) {
  MR_ASSIGN(const formats::CsvOptions csv, formats::ReadCsvOptions(format_.options));
  const char* const end = bytes->data() + bytes->size();
  const char* begin = bytes->data() + (bytes->starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  std::vector<formats::CsvField> fields;
  const char* record_end = begin;
  const char* next = begin;
  if (formats::ScanCsvRecord(csv.dialect, begin, end, &fields, &record_end, &next) !=
      formats::CsvShape::kRecord) {
    return Fail(ErrorCode::kInvalidText, "the first record is no header: its quotes do not come out right");
  }
  data::Schema named;
  decoded_.assign(columns_.size(), -1);
  std::string scratch;
  for (const formats::CsvField& field : fields) {
    const std::string name(formats::DecodeCsvField(csv.dialect, field, &scratch));
    MR_ASSIGN(const int column, ColumnNamed(columns_, name));
    if (decoded_[column] >= 0) {
      return Fail(ErrorCode::kDuplicateColumn, fmt::format("the header names '{}' twice", name));
    }
    decoded_[column] = static_cast<int>(named.size());
    named.Add(columns_[column].name, columns_[column].type);
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (decoded_[i] >= 0 || columns_[i].type.nullable()) continue;
    return Fail(ErrorCode::kNullNotAllowed,
                fmt::format("the header does not name '{}', which takes no NULL", columns_[i].name));
  }
  formats::DecodeContext context;
  context.zone = &zone_;
  MR_ASSIGN(named_decoder_, formats::MakeDecoder(format_.format, named, format_.options, context));
  bytes->remove_prefix(static_cast<size_t>(next - bytes->data()));
  return {};
}

}  // namespace millrace::server::http
