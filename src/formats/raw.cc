#include "formats/raw.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "formats/line_decoder.h"
#include "formats/option_reader.h"
#include "formats/projection.h"
#include "formats/value_spec.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

constexpr std::string_view kKeys[] = {"charset", "endianness"};

static_assert(std::endian::native == std::endian::little, "values are swapped for big-endian records");

// Checks the options and the one column; gives whether numbers are big-endian.
Result<bool> ReadRawOptions(const data::Schema& schema, const Options& options) {
  const OptionReader reader("raw", options, kKeys);
  MR_TRY(reader.CheckKeys());
  const std::string_view charset = reader.Text("charset", "UTF-8");
  if (!EqualsIgnoreCase(charset, "UTF-8")) {
    return Fail(ErrorCode::kNotSupported, fmt::format("{} is '{}'", reader.Name("charset"), charset),
                "only 'UTF-8' is supported; read a column of BYTES to get the bytes as they are");
  }
  constexpr std::string_view kOrders[] = {"big-endian", "little-endian"};
  MR_ASSIGN(const int order, reader.Choice("endianness", kOrders, 0));
  if (schema.size() != 1) {
    return Fail(
        ErrorCode::kInvalidTableDefinition,
        fmt::format("format 'raw' needs a table of one physical column, this one has {}", schema.size()));
  }
  const data::DataType& type = schema[0].type;
  const bool is_fixed = type.kind() == TypeKind::kBoolean || type.IsInteger() || type.IsApproximate();
  if (!type.IsCharacter() && !type.IsBinary() && !is_fixed) {
    return Fail(ErrorCode::kNotSupported,
                fmt::format("column '{}': raw has no form for {}", schema[0].name, type.ToString()),
                "raw takes STRING, BYTES, BOOLEAN, TINYINT to BIGINT, FLOAT and DOUBLE");
  }
  return order == 0;
}

class RawDecoder final : public LineDecoder {
 public:
  RawDecoder(const data::Schema& schema, const std::vector<int>& columns, bool is_big_endian)
      : LineDecoder(ProjectedTypes(schema, columns), schema[0].type.IsCharacter(), false),
        spec_(schema[0].name, schema[0].name, schema[0].type),
        width_(data::PhysicalSize(spec_.physical)),
        is_wanted_(!columns.empty()),
        is_big_endian_(is_big_endian) {}

 private:
  bool IsBytes() const { return spec_.type.IsCharacter() || spec_.type.IsBinary(); }
  // An empty line is an empty text; it is no number.
  bool SkipsEmptyLines() const override { return !IsBytes(); }
  Status DecodeRecord(std::string_view record, int64_t offset) override;

  const ValueSpec spec_;
  const size_t width_;
  const bool is_wanted_;
  const bool is_big_endian_;
};

Status RawDecoder::DecodeRecord(std::string_view record, int64_t offset) {
  if (IsBytes()) {
    if (is_wanted_) {
      writer_.column(0).mutable_values<data::StringRef>()[writer_.row()] = data::StringRef(record);
    }
    return Commit(offset);
  }
  const std::string where =
      fmt::format("column '{}' {}", spec_.path, spec_.type.WithNullable(true).ToString());
  if (record.size() != width_) {
    return Malformed(offset, record,
                     Error(ErrorCode::kInvalidText,
                           fmt::format("{}: the record has {} bytes, not {}", where, record.size(), width_)));
  }
  char bytes[8];
  for (size_t i = 0; i < width_; ++i) bytes[i] = record[is_big_endian_ ? width_ - 1 - i : i];
  if (spec_.kind == TypeKind::kBoolean) bytes[0] = bytes[0] != 0 ? 1 : 0;
  if (is_wanted_) {
    std::memcpy(writer_.column(0).mutable_raw_values() + writer_.row() * width_, bytes, width_);
  }
  return Commit(offset);
}

class RawEncoder final : public Encoder {
 public:
  RawEncoder(const ValueSpec& spec, bool is_big_endian) : spec_(spec), is_big_endian_(is_big_endian) {}

  void Encode(const data::Batch& batch, std::string* out, std::vector<EncodeFailure>* failures) override {
    for (size_t row = 0; row < batch.rows; ++row) {
      if (Status status = EncodeMessage(batch, row, out); status) {
        out->push_back('\n');
      } else {
        failures->push_back({row, std::move(status).error()});
      }
    }
  }

  Status EncodeMessage(const data::Batch& batch, size_t row, std::string* out) override {
    const data::Column& column = *batch.columns[0];
    if (column.IsNull(row)) {
      return Fail(ErrorCode::kNullNotAllowed,
                  fmt::format("column '{}': raw has no form for NULL", spec_.path));
    }
    const size_t index = column.is_constant() ? 0 : row;
    if (spec_.physical == data::PhysicalType::kString) {
      out->append(column.values<data::StringRef>()[index].view());
      return Ok();
    }
    const size_t width = data::PhysicalSize(spec_.physical);
    const char* bytes = reinterpret_cast<const char*>(column.raw_values()) + index * width;
    for (size_t i = 0; i < width; ++i) out->push_back(bytes[is_big_endian_ ? width - 1 - i : i]);
    return Ok();
  }

 private:
  const ValueSpec spec_;
  const bool is_big_endian_;
};

}  // namespace

std::span<const std::string_view> RawOptionKeys() {
  return kKeys;
}

Result<std::unique_ptr<Decoder>> MakeRawDecoder(const data::Schema& schema, const Options& options,
                                                const DecodeContext& context) {
  MR_ASSIGN(const bool is_big_endian, ReadRawOptions(schema, options));
  MR_ASSIGN(const std::vector<int> columns, ResolveProjection(schema, context));
  return std::make_unique<RawDecoder>(schema, columns, is_big_endian);
}

Result<std::unique_ptr<Encoder>> MakeRawEncoder(const data::Schema& schema, const Options& options,
                                                const EncodeContext&) {
  MR_ASSIGN(const bool is_big_endian, ReadRawOptions(schema, options));
  return std::make_unique<RawEncoder>(ValueSpec(schema[0].name, schema[0].name, schema[0].type),
                                      is_big_endian);
}

}  // namespace millrace::formats
