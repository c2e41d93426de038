#include "formats/csv_decoder.h"

#include <fmt/format.h>

#include <cstring>

#include "formats/line_decoder.h"
#include "formats/number_scan.h"
#include "formats/projection.h"
#include "formats/scalar_text.h"

namespace millrace::formats {
namespace {

using data::TypeKind;

bool MayStandInNumber(char c) {
  return IsDigit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

class CsvDecoder final : public LineDecoder {
 public:
  CsvDecoder(const data::Schema& schema, const std::vector<int>& columns, CsvOptions options,
             const data::TimeZone* zone);

  size_t CompleteBytes(std::string_view bytes) const override {
    return CompleteCsvBytes(options_.dialect, bytes);
  }

 private:
  // How the field of a column is read on the hot path.
  enum class Op : uint8_t { kSkip, kInt8, kInt16, kInt32, kInt64, kDecimal64, kDouble, kString, kText };

  struct Step {
    Op op = Op::kSkip;
    int column = -1;  // in the batch
    const ValueSpec* spec = nullptr;
  };

  Op OpFor(const ValueSpec& spec) const;
  void BeginInput() override { header_pending_ = options_.has_header; }
  const char* WindowEnd(const char* begin, const char* wanted, const char* end) const override;
  Status DecodeWindow(const char* begin, const char* end, bool is_valid) override;
  Status DecodeRecord(std::string_view record, int64_t offset) override;
  Status DecodeFields(std::string_view record, int64_t offset);

  Status CommitRecord(int64_t offset) {
    stats_.ignored_fields += record_ignored_fields_;
    return Commit(offset);
  }

  const char* TryRecord(const char* p, const char* limit);
  template <typename T>
  const char* TryInteger(const char* p, int column);
  // The end of the text at p on the hot path, with its text; nullptr: not a plain one.
  const char* TryText(const char* p, const char* limit, bool is_last, std::string_view* text);

  Flaw WriteField(const ValueSpec& spec, std::string_view text, bool is_stable, data::Column& column,
                  size_t row);
  Flaw WriteArray(const ValueSpec& spec, std::string_view text, bool is_stable, data::Column& column,
                  size_t row);
  Flaw WriteRow(const ValueSpec& spec, std::string_view text, bool is_stable, data::Column& column,
                size_t row);
  Flaw WriteScalar(const ValueSpec& spec, std::string_view text, bool is_stable, data::Column& column,
                   size_t row);
  Flaw WriteNull(const ValueSpec& spec, data::Column& column, size_t row);
  bool NextElement(std::string_view* rest, std::string_view* element) const;

  const CsvOptions options_;
  ValueSpec record_;
  std::vector<Step> steps_;  // one a column of the schema
  ScalarTextWriter scalars_;
  bool header_pending_ = false;
  std::vector<CsvField> fields_;
  std::string scratch_;
  uint64_t record_ignored_fields_ = 0;
  const ValueSpec* bad_spec_ = nullptr;
  std::string bad_text_;
};

CsvDecoder::CsvDecoder(const data::Schema& schema, const std::vector<int>& columns, CsvOptions options,
                       const data::TimeZone* zone)
    : LineDecoder(ProjectedTypes(schema, columns), true, options.ignore_parse_errors),
      options_(std::move(options)),
      record_(MakeRecordSpec(schema, columns)),
      steps_(schema.size()),
      scalars_({.timestamp_separator = ' ', .lenient_digits = true, .seconds_optional = true, .zone = zone}) {
  for (size_t i = 0; i < columns.size(); ++i) {
    Step& step = steps_[columns[i]];
    step.column = static_cast<int>(i);
    step.spec = &record_.children[i];
    step.op = OpFor(*step.spec);
  }
}

CsvDecoder::Op CsvDecoder::OpFor(const ValueSpec& spec) const {
  // A null literal that reads as a number must be compared as text, and a delimiter, quote or escape that may
  // stand in a number ends or begins a field first.
  const CsvDialect& dialect = options_.dialect;
  const bool has_numbers = (!options_.null_literal || !IsNumberText(*options_.null_literal)) &&
                           !MayStandInNumber(dialect.delimiter) &&
                           !(dialect.quote && MayStandInNumber(*dialect.quote)) &&
                           !(dialect.escape && MayStandInNumber(*dialect.escape));
  switch (spec.kind) {
    case TypeKind::kChar:
    case TypeKind::kVarchar:
      return Op::kString;
    case TypeKind::kTinyInt:
      return has_numbers ? Op::kInt8 : Op::kText;
    case TypeKind::kSmallInt:
      return has_numbers ? Op::kInt16 : Op::kText;
    case TypeKind::kInt:
      return has_numbers ? Op::kInt32 : Op::kText;
    case TypeKind::kBigInt:
      return has_numbers ? Op::kInt64 : Op::kText;
    case TypeKind::kDouble:
      return has_numbers ? Op::kDouble : Op::kText;
    case TypeKind::kDecimal:
      return has_numbers && spec.physical == data::PhysicalType::kInt64 ? Op::kDecimal64 : Op::kText;
    default:
      return Op::kText;
  }
}

const char* CsvDecoder::WindowEnd(const char* begin, const char* wanted, const char* end) const {
  const char* line_end = LineDecoder::WindowEnd(begin, wanted, end);
  // Without quotes every line end is a record's; with them only the whole block is sure to end at one.
  const CsvDialect& dialect = options_.dialect;
  if (dialect.quote && std::memchr(begin, *dialect.quote, static_cast<size_t>(line_end - begin)) != nullptr) {
    return end;
  }
  return line_end;
}

Status CsvDecoder::DecodeWindow(const char* begin, const char* end, bool is_valid) {
  const CsvDialect& dialect = options_.dialect;
  const char* p = begin;
  while (p < end) {
    const bool is_plain = is_valid && !header_pending_ && !(dialect.allow_comments && *p == '#');
    const char* behind = is_plain ? TryRecord(p, block_end()) : nullptr;
    if (behind != nullptr && behind <= end) [[likely]] {
      MR_TRY(CommitRecord(OffsetOf(p)));
      p = behind;
      continue;
    }
    const char* record_end;
    const char* next;
    const CsvShape shape = ScanCsvRecord(dialect, p, end, &fields_, &record_end, &next);
    const std::string_view record(p, static_cast<size_t>(record_end - p));
    if (shape == CsvShape::kComment || record.empty()) {
      p = next;
      continue;
    }
    if (header_pending_) {
      header_pending_ = false;
    } else if (shape != CsvShape::kRecord) {
      const std::string_view what = shape == CsvShape::kOpenQuote
                                        ? "a quoted field is not closed"
                                        : "text between a closing quote and the delimiter";
      if (!is_valid && !IsValidUtf8(record)) {
        MR_TRY(DecodeUnchecked(record, OffsetOf(p)));
      } else {
        MR_TRY(
            Malformed(OffsetOf(p), record, Error(ErrorCode::kInvalidText, fmt::format("not CSV: {}", what))));
      }
    } else if (is_valid || IsValidUtf8(record)) {
      MR_TRY(DecodeFields(record, OffsetOf(p)));
    } else {
      MR_TRY(DecodeUnchecked(record, OffsetOf(p)));
    }
    p = next;
  }
  return Ok();
}

// A message: one record, whose line ends (outside quotes) would be a second one.
Status CsvDecoder::DecodeRecord(std::string_view record, int64_t offset) {
  const char* record_end;
  const char* next;
  const char* end = record.data() + record.size();
  const CsvShape shape = ScanCsvRecord(options_.dialect, record.data(), end, &fields_, &record_end, &next);
  if (shape == CsvShape::kComment) return Ok();
  std::string_view what;
  if (shape == CsvShape::kOpenQuote) {
    what = "a quoted field is not closed";
  } else if (shape == CsvShape::kTextAfterQuote) {
    what = "text between a closing quote and the delimiter";
  } else if (next != end) {
    what = "more than one record in a message";
  } else {
    return DecodeFields(record, offset);
  }
  return Malformed(offset, record, Error(ErrorCode::kInvalidText, fmt::format("not CSV: {}", what)));
}

Status CsvDecoder::DecodeFields(std::string_view record, int64_t offset) {
  const size_t row = writer_.row();
  const bool too_many = fields_.size() > steps_.size();
  if (too_many || (fields_.size() < steps_.size() && !options_.ignore_parse_errors)) {
    return Malformed(
        offset, record,
        Error(ErrorCode::kInvalidText, fmt::format("the record has {} fields, the table has {} columns",
                                                   fields_.size(), steps_.size())));
  }
  record_ignored_fields_ = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (step.op == Op::kSkip) continue;
    data::Column& column = writer_.column(step.column);
    Flaw flaw;
    if (i >= fields_.size()) {
      flaw = WriteNull(*step.spec, column, row);
    } else {
      const std::string_view text = DecodeCsvField(options_.dialect, fields_[i], &scratch_);
      flaw = WriteField(*step.spec, text, !fields_[i].needs_decoding, column, row);
    }
    if (flaw == Flaw::kNone) continue;
    if (!options_.ignore_parse_errors || !step.spec->nullable) {
      return Malformed(offset, record, DescribeFlaw(*bad_spec_, flaw, bad_text_));
    }
    WriteNull(*step.spec, column, row);
    ++record_ignored_fields_;
  }
  return CommitRecord(offset);
}

Flaw CsvDecoder::WriteNull(const ValueSpec& spec, data::Column& column, size_t row) {
  if (!spec.nullable) {
    bad_spec_ = &spec;
    bad_text_.clear();
    return Flaw::kNull;
  }
  StoreNull(column, row);
  return Flaw::kNone;
}

Flaw CsvDecoder::WriteField(const ValueSpec& spec, std::string_view text, bool is_stable,
                            data::Column& column, size_t row) {
  if (options_.null_literal && text == *options_.null_literal) return WriteNull(spec, column, row);
  if (spec.kind == TypeKind::kArray) return WriteArray(spec, text, is_stable, column, row);
  if (spec.kind == TypeKind::kRow) return WriteRow(spec, text, is_stable, column, row);
  return WriteScalar(spec, text, is_stable, column, row);
}

Flaw CsvDecoder::WriteScalar(const ValueSpec& spec, std::string_view text, bool is_stable,
                             data::Column& column, size_t row) {
  const bool is_trimmed = spec.type.IsNumeric() || spec.kind == TypeKind::kBoolean || spec.type.IsInterval();
  Flaw flaw = Flaw::kEmpty;
  if (!text.empty() || spec.type.IsCharacter() || spec.type.IsBinary()) {
    flaw = scalars_.Write(spec, is_trimmed ? Trim(text) : text, is_stable, column, row);
  }
  if (flaw != Flaw::kNone) {
    bad_spec_ = &spec;
    bad_text_ = text;
    return flaw;
  }
  if (column.has_nulls()) column.SetValid(row);
  return Flaw::kNone;
}

// Takes the text before the next element delimiter off `rest`; false: that was the last.
bool CsvDecoder::NextElement(std::string_view* rest, std::string_view* element) const {
  const size_t at = rest->find(options_.array_element_delimiter);
  *element = rest->substr(0, at);
  if (at == std::string_view::npos) return false;
  rest->remove_prefix(at + options_.array_element_delimiter.size());
  return true;
}

Flaw CsvDecoder::WriteArray(const ValueSpec& spec, std::string_view text, bool is_stable,
                            data::Column& column, size_t row) {
  const size_t start = BeginList(column, row);
  data::Column& elements = column.mutable_child(0);
  size_t size = start;
  bool has_more = !text.empty();
  while (has_more) {
    std::string_view element;
    has_more = NextElement(&text, &element);
    GrowColumn(elements, size + 1);
    const Flaw flaw = WriteField(spec.children[0], element, is_stable, elements, size);
    if (flaw != Flaw::kNone) {
      if (!options_.ignore_parse_errors || !spec.children[0].nullable) return flaw;
      StoreNull(elements, size);
      ++record_ignored_fields_;
    }
    ++size;
  }
  column.mutable_values<data::ListEntry>()[row] = {start, size - start};
  if (column.has_nulls()) column.SetValid(row);
  return Flaw::kNone;
}

Flaw CsvDecoder::WriteRow(const ValueSpec& spec, std::string_view text, bool is_stable, data::Column& column,
                          size_t row) {
  if (text.empty()) return WriteNull(spec, column, row);
  const std::string_view whole = text;
  size_t count = 0;
  bool has_more = true;
  for (; has_more && count < spec.children.size(); ++count) {
    std::string_view element;
    has_more = NextElement(&text, &element);
    const Flaw flaw = WriteField(spec.children[count], element, is_stable, column.mutable_child(count), row);
    if (flaw == Flaw::kNone) continue;
    if (!options_.ignore_parse_errors || !spec.children[count].nullable) return flaw;
    StoreNull(column.mutable_child(count), row);
    ++record_ignored_fields_;
  }
  if (has_more || (count < spec.children.size() && !options_.ignore_parse_errors)) {
    bad_spec_ = &spec;
    bad_text_ = whole;
    return Flaw::kFieldCount;
  }
  for (; count < spec.children.size(); ++count) StoreNull(column.mutable_child(count), row);
  if (column.has_nulls()) column.SetValid(row);
  return Flaw::kNone;
}

// --- The hot path: a record of plain fields, each ended by what its place says. ---

template <typename T>
inline const char* CsvDecoder::TryInteger(const char* p, int column) {
  int64_t value;
  const char* end = ScanWhole(p, &value);
  if (end == nullptr || value != static_cast<T>(value)) return nullptr;
  reinterpret_cast<T*>(writer_.raw_values(column))[writer_.row()] = static_cast<T>(value);
  return end;
}

inline const char* CsvDecoder::TryText(const char* p, const char* limit, bool is_last,
                                       std::string_view* text) {
  const CsvDialect& dialect = options_.dialect;
  if (dialect.quote && *p == *dialect.quote) {
    const char* close =
        FindAnyOf(p + 1, limit - 32, *dialect.quote, dialect.escape.value_or(*dialect.quote), *dialect.quote);
    if (close == nullptr || *close != *dialect.quote) return nullptr;
    *text = std::string_view(p + 1, static_cast<size_t>(close - p - 1));
    return close + 1;
  }
  const char* stop = FindAnyOf(p, limit - 32, dialect.delimiter, '\n', dialect.escape.value_or('\n'));
  if (stop == nullptr) return nullptr;
  const char* text_end = stop;
  if (*stop == '\n') {
    if (!is_last) return nullptr;
    if (text_end > p && text_end[-1] == '\r') --text_end;
  } else if (*stop != dialect.delimiter) {
    return nullptr;
  }
  *text = std::string_view(p, static_cast<size_t>(text_end - p));
  return text_end;
}

const char* CsvDecoder::TryRecord(const char* p, const char* limit) {
  if (static_cast<size_t>(limit - p) < 2 * kScanPadding || *p == '\n' || *p == '\r') return nullptr;
  const char* last = limit - 2 * kScanPadding;
  const size_t row = writer_.row();
  const size_t size = steps_.size();
  record_ignored_fields_ = 0;
  for (size_t i = 0; i < size; ++i) {
    if (p > last) return nullptr;
    const Step& step = steps_[i];
    const bool is_last = i + 1 == size;
    std::string_view text;
    switch (step.op) {
      case Op::kInt8:
        p = TryInteger<int8_t>(p, step.column);
        break;
      case Op::kInt16:
        p = TryInteger<int16_t>(p, step.column);
        break;
      case Op::kInt32:
        p = TryInteger<int32_t>(p, step.column);
        break;
      case Op::kInt64:
        p = TryInteger<int64_t>(p, step.column);
        break;
      case Op::kDecimal64: {
        int64_t value = 0;
        p = ScanDecimal(p, step.spec->precision, step.spec->scale, &value);
        reinterpret_cast<int64_t*>(writer_.raw_values(step.column))[row] = value;
        break;
      }
      case Op::kDouble: {
        double value = 0;
        p = ScanDouble(p, &value);
        reinterpret_cast<double*>(writer_.raw_values(step.column))[row] = value;
        break;
      }
      case Op::kSkip:
        p = TryText(p, limit, is_last, &text);
        break;
      case Op::kString: {
        p = TryText(p, limit, is_last, &text);
        if (p == nullptr || (options_.null_literal && text == *options_.null_literal)) return nullptr;
        StoreStringRef(text.data(), text.size(),
                       reinterpret_cast<data::StringRef*>(writer_.raw_values(step.column)) + row);
        break;
      }
      case Op::kText: {
        p = TryText(p, limit, is_last, &text);
        if (p == nullptr ||
            WriteField(*step.spec, text, true, writer_.column(step.column), row) != Flaw::kNone) {
          return nullptr;
        }
        break;
      }
    }
    if (p == nullptr) return nullptr;
    if (!is_last) {
      if (*p != options_.dialect.delimiter) return nullptr;
      ++p;
    }
  }
  if (*p == '\r') ++p;
  return *p == '\n' ? p + 1 : nullptr;
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeCsvDecoder(const data::Schema& schema, const Options& options,
                                                const DecodeContext& context) {
  MR_ASSIGN(CsvOptions csv, ReadCsvOptions(options));
  MR_TRY(CheckCsvTypes(schema));
  MR_ASSIGN(std::vector<int> columns, ResolveProjection(schema, context));
  return std::make_unique<CsvDecoder>(schema, columns, std::move(csv), context.zone);
}

}  // namespace millrace::formats
