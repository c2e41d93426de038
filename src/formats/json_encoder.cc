#include "formats/json_encoder.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_text.h"
#include "formats/json_cursor.h"
#include "formats/json_decoder.h"
#include "formats/json_value.h"
#include "formats/option_reader.h"
#include "formats/projection.h"
#include "formats/value_text.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

enum class NullKeys { kFail, kDrop, kLiteral };

class JsonEncoder final : public Encoder {
 public:
  JsonEncoder(ValueSpec record, const ValueTextOptions& text, NullKeys null_keys,
              std::string_view null_key_literal, bool ignore_null_fields)
      : record_(std::move(record)),
        text_(text),
        null_keys_(null_keys),
        null_key_literal_(null_key_literal),
        ignore_null_fields_(ignore_null_fields) {
    for (const ValueSpec& column : record_.children) AddKeys(column);
  }

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
    const size_t start = out->size();
    const Status status = AppendObject(
        record_, [&batch](size_t i) -> const data::Column& { return *batch.columns[i]; }, row, out);
    if (!status) out->resize(start);
    return status;
  }

 private:
  void AddKeys(const ValueSpec& spec) {
    std::string key;
    AppendJsonString(spec.name, &key);
    keys_[&spec] = key + ":";
    for (const ValueSpec& child : spec.children) AddKeys(child);
  }

  template <typename ColumnAt>
  Status AppendObject(const ValueSpec& spec, ColumnAt column_at, size_t row, std::string* out) const;
  Status AppendMap(const ValueSpec& spec, const data::Column& column, size_t row, std::string* out) const;
  Status AppendValue(const ValueSpec& spec, const data::Column& column, size_t row, std::string* out) const;

  const ValueSpec record_;
  const ValueTextOptions text_;
  const NullKeys null_keys_;
  const std::string null_key_literal_;
  const bool ignore_null_fields_;
  std::map<const ValueSpec*, std::string> keys_;  // "name": of each column and ROW field
};

template <typename ColumnAt>
Status JsonEncoder::AppendObject(const ValueSpec& spec, ColumnAt column_at, size_t row,
                                 std::string* out) const {
  out->push_back('{');
  bool is_first = true;
  for (size_t i = 0; i < spec.children.size(); ++i) {
    const data::Column& column = column_at(i);
    if (ignore_null_fields_ && column.IsNull(row)) continue;
    if (!is_first) out->push_back(',');
    is_first = false;
    *out += keys_.find(&spec.children[i])->second;
    MR_TRY(AppendValue(spec.children[i], column, row, out));
  }
  out->push_back('}');
  return Ok();
}

Status JsonEncoder::AppendMap(const ValueSpec& spec, const data::Column& column, size_t row,
                              std::string* out) const {
  const data::ListEntry entry = column.values<data::ListEntry>()[row];
  const data::Column& keys = column.child(0);
  out->push_back('{');
  bool is_first = true;
  for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    std::string_view key = null_key_literal_;
    if (!keys.IsNull(i)) {
      key = keys.values<data::StringRef>()[i].view();
    } else if (null_keys_ == NullKeys::kDrop) {
      continue;
    } else if (null_keys_ == NullKeys::kFail) {
      return Fail(ErrorCode::kNullNotAllowed,
                  fmt::format("column '{}': a map with a NULL key has no form in json", spec.path),
                  "'json.map-null-key.mode' = 'DROP' leaves the entry out, 'LITERAL' writes "
                  "'json.map-null-key.literal' as its key");
    }
    if (!is_first) out->push_back(',');
    is_first = false;
    AppendJsonString(key, out);
    out->push_back(':');
    MR_TRY(AppendValue(spec.children[1], column.child(1), i, out));
  }
  out->push_back('}');
  return Ok();
}

Status JsonEncoder::AppendValue(const ValueSpec& spec, const data::Column& column, size_t row,
                                std::string* out) const {
  if (column.IsNull(row)) {
    *out += "null";
    return Ok();
  }
  switch (spec.kind) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      AppendJsonString(data::ColumnView<data::StringRef>(column)[row].view(), out);
      return Ok();
    case TypeKind::kArray: {
      const data::ListEntry entry = column.values<data::ListEntry>()[row];
      out->push_back('[');
      for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
        if (i > entry.offset) out->push_back(',');
        MR_TRY(AppendValue(spec.children[0], column.child(0), i, out));
      }
      out->push_back(']');
      return Ok();
    }
    case TypeKind::kMap:
    case TypeKind::kMultiset:
      return AppendMap(spec, column, row, out);
    case TypeKind::kRow:
      return AppendObject(
          spec, [&column](size_t i) -> const data::Column& { return column.child(i); }, row, out);
    default: {
      const bool is_finite =
          (spec.kind != TypeKind::kDouble || std::isfinite(data::ColumnView<double>(column)[row])) &&
          (spec.kind != TypeKind::kFloat || std::isfinite(data::ColumnView<float>(column)[row]));
      const bool is_quoted = spec.type.IsDatetime() || spec.type.IsBinary() || !is_finite;
      if (is_quoted) out->push_back('"');
      AppendValueText(spec, column, row, text_, out);
      if (is_quoted) out->push_back('"');
      return Ok();
    }
  }
}

}  // namespace

Result<std::unique_ptr<Encoder>> MakeJsonEncoder(const data::Schema& schema, const Options& options,
                                                 const EncodeContext&) {
  const OptionReader reader("json", options, JsonOptionKeys());
  MR_TRY(CheckJsonOptions(options));
  ValueTextOptions text;
  MR_ASSIGN(const int standard, ReadTimestampStandard(options));
  text.timestamp_separator = standard == 1 ? 'T' : ' ';
  MR_ASSIGN(const bool plain_decimals, reader.Bool("encode.decimal-as-plain-number", false));
  text.scientific_decimals = !plain_decimals;
  constexpr std::string_view kModes[] = {"FAIL", "DROP", "LITERAL"};
  MR_ASSIGN(const int null_keys, reader.Choice("map-null-key.mode", kModes, 0));
  MR_ASSIGN(const bool ignore_null_fields, reader.Bool("encode.ignore-null-fields", false));
  MR_ASSIGN(const std::vector<int> columns, ResolveProjection(schema, {}));
  ValueSpec record = MakeRecordSpec(schema, columns);
  for (const ValueSpec& column : record.children) MR_TRY(CheckJsonType(column));
  return std::make_unique<JsonEncoder>(std::move(record), text, static_cast<NullKeys>(null_keys),
                                       reader.Text("map-null-key.literal", "null"), ignore_null_fields);
}

}  // namespace millrace::formats
