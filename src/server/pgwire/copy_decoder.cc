#include "server/pgwire/copy_decoder.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "server/pgwire/copy_format.h"
#include "server/pgwire/value_decoder.h"
#include "server/pgwire/wire_reader.h"

namespace millrace::server::pgwire {

using Format = CopyOptions::Format;

CopyDecoder::CopyDecoder(CopyOptions options, data::Schema schema, const data::TimeZone& zone)
    : options_(std::move(options)), schema_(std::move(schema)), zone_(zone), builder_(schema_) {
  past_header_ = options_.format != Format::kBinary && !options_.header;
}

std::unexpected<Error> CopyDecoder::Bad(std::string_view why) const {
  const std::string_view unit = options_.format == Format::kBinary ? "row" : "line";
  return Fail(ErrorCode::kBadCopyFormat, fmt::format("COPY, {} {}: {}", unit, number_, why));
}

Error CopyDecoder::InColumn(const Error& error, size_t column) const {
  const std::string_view unit = options_.format == Format::kBinary ? "row" : "line";
  return error.Within(fmt::format("COPY, {} {}, column {}", unit, number_, schema_[column].name));
}

Result<size_t> CopyDecoder::Decode(std::string_view bytes) {
  if (at_end_) return bytes.size();
  if (kept_.empty()) {
    const auto done =
        options_.format == Format::kBinary ? DecodeBinaryData(bytes) : DecodeRecords(bytes, false);
    if (!done || builder_.IsFull() || at_end_) return done;
    kept_.assign(bytes.substr(*done));
  } else {
    kept_.append(bytes);
    // What is kept now has bytes of before; its rows are taken from the front.
    const auto done =
        options_.format == Format::kBinary ? DecodeBinaryData(kept_) : DecodeRecords(kept_, false);
    if (!done) return done;
    kept_.erase(0, *done);
  }
  if (!builder_.IsFull() && kept_.size() > limits::kRecordBytesMax) {
    return Bad(fmt::format("longer than {} bytes", limits::kRecordBytesMax));
  }
  return bytes.size();
}

Status CopyDecoder::Finish() {
  if (at_end_) return Ok();
  if (options_.format == Format::kBinary) {
    MR_ASSIGN(const size_t done, DecodeBinaryData(kept_));
    kept_.erase(0, done);
    if (builder_.IsFull() || at_end_) return Ok();
    if (!kept_.empty() || !past_header_) return Bad("the data end within it");
    return Ok();
  }
  while (!kept_.empty() && !at_end_) {
    MR_ASSIGN(const size_t done, DecodeRecords(kept_, true));
    kept_.erase(0, done);
    if (builder_.IsFull()) return Ok();
  }
  return Ok();
}

Result<size_t> CopyDecoder::DecodeRecords(std::string_view bytes, bool is_last) {
  size_t done = 0;
  while (!builder_.IsFull() && done < bytes.size()) {
    const auto record = FindRecord(bytes.substr(done), is_last);
    if (!record) break;
    if (record->text == kEndOfCopyData) {
      at_end_ = true;
      return bytes.size();
    }
    if (past_header_) {
      MR_TRY(DecodeRecord(record->text));
    } else {
      past_header_ = true;
    }
    done += record->bytes;
    number_ += line_ends_;
  }
  return done;
}

std::optional<CopyDecoder::Record> CopyDecoder::FindRecord(std::string_view bytes, bool is_last) {
  const bool is_csv = options_.format == Format::kCsv;
  if (scanned_ == 0) line_ends_ = 0;
  size_t i = scanned_;
  for (; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (is_csv && in_quotes_ && c == options_.escape && options_.escape != options_.quote) {
      if (i + 1 == bytes.size()) break;
      if (bytes[i + 1] == options_.quote || bytes[i + 1] == options_.escape) ++i;
    } else if (is_csv && c == options_.quote) {
      in_quotes_ = !in_quotes_;  // a doubled quote goes out and in again
    } else if (!is_csv && c == '\\') {
      if (i + 1 == bytes.size()) break;
      ++i;  // what is escaped ends no line
      if (bytes[i] == '\n') ++line_ends_;
    } else if (c == '\n' || c == '\r') {
      if (in_quotes_) {
        line_ends_ += c == '\n' ? 1 : 0;
        continue;
      }
      // A line feed behind a carriage return belongs to it; whether there is one must be known.
      if (c == '\r' && i + 1 == bytes.size() && !is_last) break;
      const size_t end = c == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n' ? i + 2 : i + 1;
      ++line_ends_;
      scanned_ = 0;
      return Record{bytes.substr(0, i), end};
    }
  }
  if (!is_last) {
    scanned_ = i;
    return std::nullopt;
  }
  scanned_ = 0;
  return Record{bytes, bytes.size()};
}

Status CopyDecoder::DecodeRecord(std::string_view record) {
  fields_.clear();
  fields_text_.clear();
  MR_TRY(options_.format == Format::kCsv ? SplitCsv(record) : SplitText(record));
  // A blank line is a row of no columns, or of one empty text.
  if (schema_.size() == 0 && record.empty()) fields_.clear();
  return AppendFields();
}

Status CopyDecoder::SplitText(std::string_view record) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); };
  const auto value_of = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  size_t field_at = 0;
  size_t begin = 0;
  const auto end_field = [&](size_t at) {
    fields_.push_back(
        {begin, fields_text_.size(), record.substr(field_at, at - field_at) == options_.null_text});
    begin = fields_text_.size();
    field_at = at + 1;
  };
  size_t i = 0;
  while (i < record.size()) {
    const char c = record[i];
    if (c == options_.delimiter) {
      end_field(i++);
      continue;
    }
    if (c != '\\') {
      fields_text_ += c;
      ++i;
      continue;
    }
    if (++i == record.size()) return Bad("it ends with a backslash");
    const char escaped = record[i++];
    if (octal(escaped)) {
      int value = escaped - '0';
      for (int digits = 1; digits < 3 && i < record.size() && octal(record[i]); ++digits, ++i) {
        value = value * 8 + (record[i] - '0');
      }
      fields_text_ += static_cast<char>(value);
    } else if (escaped == 'x' && i < record.size() && hex(record[i])) {
      int value = value_of(record[i++]);
      if (i < record.size() && hex(record[i])) value = value * 16 + value_of(record[i++]);
      fields_text_ += static_cast<char>(value);
    } else {
      constexpr std::string_view kLetters = "bfnrtv";
      constexpr std::string_view kControls = "\b\f\n\r\t\v";
      const size_t letter = kLetters.find(escaped);
      fields_text_ += letter == std::string_view::npos ? escaped : kControls[letter];
    }
  }
  end_field(record.size());
  return Ok();
}

Status CopyDecoder::SplitCsv(std::string_view record) {
  bool in_quotes = false;
  bool was_quoted = false;
  size_t begin = 0;
  const auto end_field = [&] {
    const std::string_view text = std::string_view(fields_text_).substr(begin);
    fields_.push_back({begin, fields_text_.size(), !was_quoted && text == options_.null_text});
    begin = fields_text_.size();
    was_quoted = false;
  };
  for (size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (in_quotes) {
      const bool has_next = i + 1 < record.size();
      if (c == options_.escape && has_next &&
          (record[i + 1] == options_.quote || record[i + 1] == options_.escape)) {
        fields_text_ += record[++i];
      } else if (c == options_.quote) {
        in_quotes = false;
      } else {
        fields_text_ += c;
      }
    } else if (c == options_.quote) {
      in_quotes = true;
      was_quoted = true;
    } else if (c == options_.delimiter) {
      end_field();
    } else {
      fields_text_ += c;
    }
  }
  if (in_quotes) return Bad("a quote is not closed");
  end_field();
  return Ok();
}

Status CopyDecoder::AppendFields() {
  if (fields_.size() < schema_.size()) {
    return Bad(fmt::format("no data for column {}", schema_[fields_.size()].name));
  }
  if (fields_.size() > schema_.size()) {
    return Bad(fmt::format("data behind the last of {} columns", schema_.size()));
  }
  for (size_t c = 0; c < fields_.size(); ++c) {
    const Field& field = fields_[c];
    data::Column& column = builder_.column(c);
    if (field.is_null) {
      MR_TRY(AppendNull(c));
      continue;
    }
    const std::string_view text = std::string_view(fields_text_).substr(field.begin, field.end - field.begin);
    const Status decoded = DecodeText(text, schema_[c].type, zone_, &column);
    if (!decoded) return std::unexpected(InColumn(decoded.error(), c));
  }
  builder_.FinishRow();
  return Ok();
}

Status CopyDecoder::AppendNull(size_t column) {
  if (!schema_[column].type.nullable()) {
    return std::unexpected(
        InColumn(Error(ErrorCode::kNullNotAllowed, "NULL in a column that is declared NOT NULL"), column));
  }
  builder_.column(column).AppendNull();
  return Ok();
}

Result<size_t> CopyDecoder::DecodeBinaryData(std::string_view bytes) {
  size_t done = 0;
  if (!past_header_) {
    constexpr size_t kHeaderBytes = kCopySignature.size() + 8;
    if (bytes.size() < kHeaderBytes) return 0;
    WireReader reader(bytes.substr(kCopySignature.size()));
    if (!bytes.starts_with(kCopySignature))
      return Bad("the data do not begin with the signature of binary COPY");
    const auto flags = static_cast<uint32_t>(reader.Int32());
    const int32_t extension = reader.Int32();
    constexpr uint32_t kCriticalFlags = 0xFFFF0000;
    if ((flags & kCriticalFlags) != 0) return Bad(fmt::format("flags 0x{:08X} are not known", flags));
    if (extension < 0) return Bad("the header's length is negative");
    if (reader.rest().size() < static_cast<size_t>(extension)) return 0;
    done = kHeaderBytes + static_cast<size_t>(extension);
    past_header_ = true;
  }
  while (!builder_.IsFull() && !at_end_) {
    const std::string_view rest = bytes.substr(done);
    if (rest.size() >= 2 && LoadBigEndian<int16_t>(rest.data()) == -1) {
      at_end_ = true;
      return bytes.size();
    }
    MR_ASSIGN(const size_t row, BinaryRowBytes(rest));
    if (row == 0) break;
    MR_TRY(DecodeBinaryRow(rest.substr(0, row)));
    done += row;
    ++number_;
  }
  return done;
}

Result<size_t> CopyDecoder::BinaryRowBytes(std::string_view bytes) const {
  if (bytes.size() < 2) return 0;
  const int16_t count = LoadBigEndian<int16_t>(bytes.data());
  if (count < 0 || static_cast<size_t>(count) != schema_.size()) {
    return Bad(fmt::format("{} fields for {} columns", count, schema_.size()));
  }
  size_t at = 2;
  for (int16_t i = 0; i < count; ++i) {
    if (bytes.size() < at + 4) return 0;
    const int32_t length = LoadBigEndian<int32_t>(bytes.data() + at);
    if (length < -1) return Bad("a field's length is negative");
    at += 4 + static_cast<size_t>(length < 0 ? 0 : length);
    if (bytes.size() < at) return 0;
  }
  return at;
}

Status CopyDecoder::DecodeBinaryRow(std::string_view row) {
  WireReader reader(row.substr(2));
  for (size_t c = 0; c < schema_.size(); ++c) {
    const int32_t length = reader.Int32();
    if (length < 0) {
      MR_TRY(AppendNull(c));
      continue;
    }
    const Status decoded =
        DecodeBinary(reader.Bytes(static_cast<size_t>(length)), schema_[c].type, zone_, &builder_.column(c));
    if (!decoded) return std::unexpected(InColumn(decoded.error(), c));
  }
  builder_.FinishRow();
  return Ok();
}

}  // namespace millrace::server::pgwire
