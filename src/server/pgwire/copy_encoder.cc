#include "server/pgwire/copy_encoder.h"

#include <algorithm>

#include "server/pgwire/copy_format.h"

namespace millrace::server::pgwire {

using Format = CopyOptions::Format;

CopyEncoder::CopyEncoder(CopyOptions options, data::Schema schema)
    : options_(std::move(options)), schema_(std::move(schema)), formats_{format()} {}

void CopyEncoder::Begin(OutputBuffer* out) {
  signature_pending_ = options_.format == Format::kBinary;
  if (!options_.header || options_.format == Format::kBinary) return;
  const size_t begin = out->BeginMessage('d');
  for (size_t i = 0; i < schema_.size(); ++i) {
    if (i > 0) out->Byte(options_.delimiter);
    if (options_.format == Format::kCsv) {
      AppendCsv(schema_[i].name, false, out);
    } else {
      AppendText(schema_[i].name, out);
    }
  }
  out->Byte('\n');
  out->EndMessage(begin);
}

Result<size_t> CopyEncoder::Encode(const data::Batch& batch, size_t first, size_t count,
                                   const data::TimeZone& zone, size_t out_bytes, OutputBuffer* out) {
  size_t done = 0;
  while (done < count && (done == 0 || out->size() < out_bytes)) {
    const size_t rows = std::min(chunk_.rows(), count - done);
    MR_TRY(encoded_.Encode(batch, first + done, rows, formats_, zone));
    for (size_t i = 0; i < rows; ++i) AppendRow(i, out);
    done += rows;
    chunk_.Learn(rows, encoded_.bytes());
  }
  return done;
}

void CopyEncoder::AppendRow(size_t row, OutputBuffer* out) {
  const auto columns = encoded_.columns();
  const size_t begin = out->BeginMessage('d');
  if (options_.format == Format::kBinary) {
    AppendSignature(out);
    out->Int16(static_cast<int16_t>(columns.size()));
    for (const auto& column : columns) out->Bytes(column.Framed(row));
    return out->EndMessage(begin);
  }
  for (size_t c = 0; c < columns.size(); ++c) {
    if (c > 0) out->Byte(options_.delimiter);
    const auto value = columns[c].Value(row);
    if (!value) {
      out->Bytes(options_.null_text);
    } else if (options_.format == Format::kCsv) {
      AppendCsv(*value, columns.size() == 1, out);
    } else {
      AppendText(*value, out);
    }
  }
  out->Byte('\n');
  out->EndMessage(begin);
}

void CopyEncoder::End(OutputBuffer* out) {
  if (options_.format != Format::kBinary) return;
  const size_t begin = out->BeginMessage('d');
  AppendSignature(out);
  out->Int16(-1);
  out->EndMessage(begin);
}

void CopyEncoder::AppendSignature(OutputBuffer* out) {
  if (!signature_pending_) return;
  signature_pending_ = false;
  out->Bytes(kCopySignature);
  out->Int32(0);  // flags
  out->Int32(0);  // bytes of the header's extension
}

void CopyEncoder::AppendText(std::string_view value, OutputBuffer* out) const {
  size_t kept = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const char letter = EscapeLetterOf(c);
    if (letter == '\0' && c != '\\' && c != options_.delimiter) continue;
    out->Bytes(value.substr(kept, i - kept));
    out->Byte('\\');
    out->Byte(letter != '\0' ? letter : c);
    kept = i + 1;
  }
  out->Bytes(value.substr(kept));
}

void CopyEncoder::AppendCsv(std::string_view value, bool is_only, OutputBuffer* out) const {
  // Quoted when it would read as NULL, as something else, or as the end of the data.
  const bool quoted = value == options_.null_text || (is_only && value == kEndOfCopyData) ||
                      std::ranges::any_of(value, [&](char c) {
                        return c == options_.delimiter || c == options_.quote || c == '\n' || c == '\r';
                      });
  if (!quoted) return out->Bytes(value);
  out->Byte(options_.quote);
  for (const char c : value) {
    if (c == options_.quote || c == options_.escape) out->Byte(options_.escape);
    out->Byte(c);
  }
  out->Byte(options_.quote);
}

}  // namespace millrace::server::pgwire
