#include "formats/csv_encoder.h"

#include <fmt/format.h>

#include "formats/csv_decoder.h"
#include "formats/projection.h"
#include "formats/value_text.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

class CsvEncoder final : public Encoder {
 public:
  CsvEncoder(ValueSpec record, CsvOptions options)
      : record_(std::move(record)),
        options_(std::move(options)),
        text_{.timestamp_separator = ' ', .scientific_decimals = options_.scientific_decimals} {}

  void AppendHeader(std::string* out) const override {
    if (!options_.has_header) return;
    for (size_t i = 0; i < record_.children.size(); ++i) {
      if (i > 0) out->push_back(options_.dialect.delimiter);
      // A name that cannot be written stays as it is: a header is not read back by name.
      if (!AppendField(record_.children[i], record_.children[i].name, i == 0, out))
        *out += record_.children[i].name;
    }
    out->push_back('\n');
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
    for (size_t i = 0; i < record_.children.size(); ++i) {
      if (i > 0) out->push_back(options_.dialect.delimiter);
      if (Status status = AppendColumn(record_.children[i], *batch.columns[i], row, i == 0, out); !status) {
        out->resize(start);
        return status;
      }
    }
    return Ok();
  }

 private:
  Status AppendColumn(const ValueSpec& spec, const data::Column& column, size_t row, bool is_first,
                      std::string* out);
  Status AppendElement(const ValueSpec& spec, const data::Column& column, size_t row);
  Status AppendField(const ValueSpec& spec, std::string_view text, bool is_first, std::string* out) const;
  bool IsPlain(std::string_view text, bool is_first) const;

  const ValueSpec record_;
  const CsvOptions options_;
  const ValueTextOptions text_;
  std::string field_;
};

Status CsvEncoder::AppendColumn(const ValueSpec& spec, const data::Column& column, size_t row, bool is_first,
                                std::string* out) {
  if (column.IsNull(row)) {
    if (options_.null_literal) *out += *options_.null_literal;
    return Ok();
  }
  switch (spec.kind) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return AppendField(spec, data::ColumnView<data::StringRef>(column)[row].view(), is_first, out);
    case TypeKind::kArray: {
      field_.clear();
      const data::ListEntry entry = column.values<data::ListEntry>()[row];
      for (uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
        if (i > entry.offset) field_ += options_.array_element_delimiter;
        MR_TRY(AppendElement(spec.children[0], column.child(0), i));
      }
      return AppendField(spec, field_, is_first, out);
    }
    case TypeKind::kRow:
      field_.clear();
      for (size_t i = 0; i < spec.children.size(); ++i) {
        if (i > 0) field_ += options_.array_element_delimiter;
        MR_TRY(AppendElement(spec.children[i], column.child(i), row));
      }
      return AppendField(spec, field_, is_first, out);
    default:
      field_.clear();
      AppendValueText(spec, column, row, text_, &field_);
      return AppendField(spec, field_, is_first, out);
  }
}

Status CsvEncoder::AppendElement(const ValueSpec& spec, const data::Column& column, size_t row) {
  if (column.IsNull(row)) {
    field_ += options_.null_literal.value_or("");
    return Ok();
  }
  if (!spec.type.IsCharacter()) {
    AppendValueText(spec, column, row, text_, &field_);
    return Ok();
  }
  const std::string_view text = data::ColumnView<data::StringRef>(column)[row].view();
  if (text.find(options_.array_element_delimiter) != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidText,
                fmt::format("column '{}': '{}' holds the element delimiter '{}'", spec.path, Excerpt(text),
                            options_.array_element_delimiter),
                "set 'csv.array-element-delimiter' to a text that no element holds");
  }
  field_ += text;
  return Ok();
}

bool CsvEncoder::IsPlain(std::string_view text, bool is_first) const {
  const CsvDialect& dialect = options_.dialect;
  // A record of one empty field would be an empty line.
  if (text.empty()) return record_.children.size() > 1;
  if (is_first && dialect.allow_comments && text.front() == '#') return false;
  for (const char c : text) {
    if (c == dialect.delimiter || c == '\n' || c == '\r' || c == dialect.quote || c == dialect.escape)
      return false;
  }
  return true;
}

Status CsvEncoder::AppendField(const ValueSpec& spec, std::string_view text, bool is_first,
                               std::string* out) const {
  const CsvDialect& dialect = options_.dialect;
  if (IsPlain(text, is_first)) {
    *out += text;
    return Ok();
  }
  if (dialect.quote) {
    out->push_back(*dialect.quote);
    for (const char c : text) {
      if (c == *dialect.quote) {
        out->push_back(dialect.escape.value_or(c));
      } else if (dialect.escape && c == *dialect.escape) {
        out->push_back(c);
      }
      out->push_back(c);
    }
    out->push_back(*dialect.quote);
    return Ok();
  }
  if (dialect.escape && !text.empty()) {
    for (const char c : text) {
      if (c == '\n' || c == '\r') {
        out->push_back(*dialect.escape);
        out->push_back(c == '\n' ? 'n' : 'r');
        continue;
      }
      const bool is_comment = is_first && c == '#' && dialect.allow_comments;
      if (c == dialect.delimiter || c == *dialect.escape || is_comment) out->push_back(*dialect.escape);
      out->push_back(c);
    }
    return Ok();
  }
  if (text.empty()) return Ok();
  return Fail(
      ErrorCode::kInvalidText,
      fmt::format("column '{}': '{}' cannot be written without quotes or escapes", spec.path, Excerpt(text)),
      "leave 'csv.disable-quote-character' out, or set 'csv.escape-character'");
}

}  // namespace

Result<std::unique_ptr<Encoder>> MakeCsvEncoder(const data::Schema& schema, const Options& options,
                                                const EncodeContext&) {
  MR_ASSIGN(CsvOptions csv, ReadCsvOptions(options));
  MR_TRY(CheckCsvTypes(schema));
  MR_ASSIGN(const std::vector<int> columns, ResolveProjection(schema, {}));
  return std::make_unique<CsvEncoder>(MakeRecordSpec(schema, columns), std::move(csv));
}

}  // namespace millrace::formats
