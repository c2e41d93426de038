#include "connectors/filesystem/file_decoder.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "connectors/filesystem/partition_path.h"

namespace millrace::connectors {
namespace {

constexpr std::string_view kPath = "file.path";
constexpr std::string_view kName = "file.name";
constexpr std::string_view kSize = "file.size";
constexpr std::string_view kModificationTime = "file.modification-time";

bool IsPartitionKey(const TableColumns& columns, const std::string& name) {
  return std::find(columns.partition_keys.begin(), columns.partition_keys.end(), name) !=
         columns.partition_keys.end();
}

}  // namespace

std::vector<std::pair<std::string, data::DataType>> FileMetadataKeys() {
  return {{std::string(kPath), data::DataType::String().NotNull()},
          {std::string(kName), data::DataType::String().NotNull()},
          {std::string(kSize), data::DataType::BigInt().NotNull()},
          {std::string(kModificationTime), data::DataType::TimestampLtz(3).NotNull()}};
}

data::Schema FileSchema(const TableColumns& columns) {
  data::Schema schema;
  for (const data::Field& field : columns.physical) {
    if (!IsPartitionKey(columns, field.name)) schema.Add(field.name, field.type);
  }
  return schema;
}

FileDecoder::Columns FileDecoder::Layout(const TableColumns& columns, const std::vector<bool>& needed) {
  Columns layout;
  int file_column = 0;
  for (size_t i = 0; i < columns.physical.size(); ++i) {
    const bool is_partition = IsPartitionKey(columns, columns.physical[i].name);
    if (needed[i]) {
      layout.decoded.push_back(is_partition ? -1 : static_cast<int>(layout.projection.size()));
      layout.constant.push_back(is_partition ? Constant::kPartition : Constant::kDecoded);
      if (!is_partition) layout.projection.push_back(file_column);
    }
    if (!is_partition) ++file_column;
  }
  for (const MetadataColumn& column : columns.metadata) {
    layout.decoded.push_back(-1);
    layout.constant.push_back(column.key == kPath   ? Constant::kPath
                              : column.key == kName ? Constant::kName
                              : column.key == kSize ? Constant::kSize
                                                    : Constant::kModificationTime);
  }
  return layout;
}

Result<std::unique_ptr<FileDecoder>> FileDecoder::Make(const TableRequest& request,
                                                       const std::vector<bool>& needed,
                                                       const data::TimeZone& zone) {
  Columns layout = Layout(request.columns, needed);
  formats::DecodeContext context;
  context.zone = &zone;
  context.projection = layout.projection;
  MR_ASSIGN(auto decoder,
            formats::MakeDecoder(request.parsed.GetString("format"), FileSchema(request.columns),
                                 FormatOptions(request.options), context));
  return std::unique_ptr<FileDecoder>(new FileDecoder(
      request, zone, std::move(decoder), ReadSchema(request.columns, needed), std::move(layout)));
}

FileDecoder::FileDecoder(const TableRequest& request, const data::TimeZone& zone,
                         std::unique_ptr<formats::Decoder> decoder, data::Schema schema, Columns layout)
    : zone_(zone),
      default_partition_(request.parsed.GetString("partition.default-name")),
      decoder_(std::move(decoder)),
      constant_(std::move(layout.constant)),
      forwarder_(std::move(schema), std::move(layout.decoded)),
      blocks_(*decoder_) {}

Result<std::vector<data::Value>> FileDecoder::Constants(const std::string& path,
                                                        const env::FileInfo& info) const {
  std::vector<data::Value> values(constant_.size());
  for (size_t i = 0; i < constant_.size(); ++i) {
    switch (constant_[i]) {
      case Constant::kDecoded:
        break;
      case Constant::kPartition: {
        const data::Field& field = schema()[i];
        MR_ASSIGN(values[i], PartitionValue(path, field.name, field.type, default_partition_, zone_));
        break;
      }
      case Constant::kPath:
        values[i] = data::Value::String(path);
        break;
      case Constant::kName:
        values[i] = data::Value::String(env::BaseName(path));
        break;
      case Constant::kSize:
        values[i] = data::Value::Int(static_cast<int64_t>(info.size));
        break;
      case Constant::kModificationTime:
        values[i] =
            data::Value::Int(info.mtime_micros - data::FloorMod(info.mtime_micros, data::kMicrosPerMilli));
        break;
    }
  }
  return values;
}

Status FileDecoder::Begin(const std::string& path, const env::FileInfo& info, uint64_t offset) {
  MR_ASSIGN(auto constants, Constants(path, info));
  forwarder_.SetOrigin(0, path, std::move(constants));
  blocks_.Restart(offset);
  return {};
}

void FileDecoder::AddToChecksum(std::string_view bytes) {
  checksum_ =
      static_cast<uint32_t>(crc32_z(checksum_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Status FileDecoder::Decode(const RecordBlock& block) {
  if (block.IsEmpty()) return {};
  AddToChecksum(block.bytes);
  return decoder_->Decode(block.owner, block.bytes, static_cast<int64_t>(block.offset), forwarder_);
}

Result<FileRead> FileDecoder::ReadOnce(UnpackingReader& reader) {
  const auto bytes = reader.Read(blocks_.Room());
  if (!bytes.has_value()) {
    if (bytes.error().code() == ErrorCode::kInvalidText) return FileRead{0, bytes.error()};
    return std::unexpected(bytes.error());
  }
  blocks_.Fill(*bytes);
  MR_TRY(Decode(blocks_.TakeComplete()));
  while (blocks_.IsOverlong()) {
    const RecordBlock record = blocks_.OverlongRecord();
    MR_TRY(forwarder_.OnMalformed(static_cast<int64_t>(record.offset), record.bytes, OverlongError()));
    AddToChecksum(record.bytes);
    blocks_.DropOverlong();
    MR_TRY(Decode(blocks_.TakeComplete()));
  }
  return FileRead{*bytes, std::nullopt};
}

Status FileDecoder::Finish() {
  return Decode(blocks_.TakeAll());
}

Status FileDecoder::GiveRecord(const std::string& path, const env::FileInfo& info, uint64_t offset,
                               std::string_view bytes) {
  MR_TRY(Begin(path, info, offset));
  auto owner = std::make_shared<const std::string>(bytes);
  return Decode({owner, *owner, offset});
}

Status FileDecoder::ReportBroken(const Error& error) {
  const RecordBlock rest = blocks_.TakeAll();
  return forwarder_.OnMalformed(static_cast<int64_t>(rest.offset), rest.bytes, error);
}

}  // namespace millrace::connectors
