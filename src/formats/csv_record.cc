#include "formats/csv_record.h"

#include <cstring>

#include "base/limits.h"

namespace millrace::formats {
namespace {

const char* FindLineEnd(const char* p, const char* end) {
  const void* found = std::memchr(p, '\n', static_cast<size_t>(end - p));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

// Ends a record at the line end at `newline` (or at `end`).
void EndAt(const char* begin, const char* newline, const char* end, const char** record_end,
           const char** next) {
  *next = newline < end ? newline + 1 : end;
  *record_end = newline > begin && newline[-1] == '\r' ? newline - 1 : newline;
}

// Takes the rest of a quoted field, p behind its quote, up to behind the closing quote; nullptr: not closed.
const char* ScanQuoted(const CsvDialect& dialect, const char* p, const char* end, CsvField* field) {
  const char* start = p;
  const char quote = *dialect.quote;
  while (p < end) {
    if (dialect.escape && *p == *dialect.escape && *dialect.escape != quote) {
      field->needs_decoding = true;
      p += end - p > 1 ? 2 : 1;
    } else if (*p != quote) {
      ++p;
    } else if (p + 1 < end && p[1] == quote) {
      field->needs_decoding = true;
      p += 2;
    } else {
      field->text = std::string_view(start, static_cast<size_t>(p - start));
      return p + 1;
    }
  }
  return nullptr;
}

}  // namespace

CsvShape ScanCsvRecord(const CsvDialect& dialect, const char* begin, const char* end,
                       std::vector<CsvField>* fields, const char** record_end, const char** next) {
  if (fields != nullptr) fields->clear();
  if (dialect.allow_comments && begin < end && *begin == '#') {
    EndAt(begin, FindLineEnd(begin, end), end, record_end, next);
    return CsvShape::kComment;
  }
  const auto give_up = [&](CsvShape shape) {
    EndAt(begin, FindLineEnd(begin, end), end, record_end, next);
    return shape;
  };
  const char* p = begin;
  for (;;) {
    CsvField field;
    if (dialect.quote && p < end && *p == *dialect.quote) {
      p = ScanQuoted(dialect, p + 1, end, &field);
      if (p == nullptr) return give_up(CsvShape::kOpenQuote);
      while (p < end && (*p == ' ' || *p == '\t') && *p != dialect.delimiter) ++p;
      const bool at_line_end = p == end || *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] == '\n'));
      if (!at_line_end && *p != dialect.delimiter) return give_up(CsvShape::kTextAfterQuote);
      if (p < end && *p == '\r' && *p != dialect.delimiter) ++p;
    } else {
      const char* start = p;
      while (p < end && *p != dialect.delimiter && *p != '\n') {
        if (dialect.escape && *p == *dialect.escape) {
          field.needs_decoding = true;
          if (end - p > 1 && p[1] != '\n' && p[1] != '\r') ++p;
        }
        ++p;
      }
      const char* stop = p;
      const bool ends_record = p == end || *p == '\n';
      if (ends_record && stop > start && stop[-1] == '\r') --stop;
      field.text = std::string_view(start, static_cast<size_t>(stop - start));
    }
    if (fields != nullptr) fields->push_back(field);
    if (p < end && *p == dialect.delimiter) {
      ++p;
      continue;
    }
    EndAt(begin, p, end, record_end, next);
    return CsvShape::kRecord;
  }
}

std::string_view DecodeCsvField(const CsvDialect& dialect, const CsvField& field, std::string* scratch) {
  if (!field.needs_decoding) return field.text;
  scratch->clear();
  const std::string_view text = field.text;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool has_more = i + 1 < text.size();
    if (dialect.escape && c == *dialect.escape && has_more) {
      ++i;
      switch (text[i]) {
        case '0':
          scratch->push_back('\0');
          break;
        case 'n':
          scratch->push_back('\n');
          break;
        case 'r':
          scratch->push_back('\r');
          break;
        case 't':
          scratch->push_back('\t');
          break;
        default:
          scratch->push_back(text[i]);
      }
    } else {
      scratch->push_back(c);
      if (dialect.quote && c == *dialect.quote && has_more && text[i + 1] == c) ++i;
    }
  }
  return *scratch;
}

size_t CompleteCsvBytes(const CsvDialect& dialect, std::string_view bytes) {
  if (!dialect.quote || bytes.find(*dialect.quote) == std::string_view::npos) {
    const size_t newline = bytes.rfind('\n');
    return newline == std::string_view::npos ? 0 : newline + 1;
  }
  const char* end = bytes.data() + bytes.size();
  const char* p = bytes.data();
  while (p < end) {
    const char* record_end;
    const char* next;
    const CsvShape shape = ScanCsvRecord(dialect, p, end, nullptr, &record_end, &next);
    if (next[-1] != '\n') break;
    // An open quote may yet be closed by what has not been read, within reason.
    if (shape == CsvShape::kOpenQuote && static_cast<size_t>(end - p) < limits::kQuotedRecordBytesMax) break;
    p = next;
  }
  return static_cast<size_t>(p - bytes.data());
}

}  // namespace millrace::formats
