// CSV records: where one ends, and its fields.
//
// A field may be quoted when the quote is its first character; inside, a quote is doubled (or follows the
// escape character), and delimiters and line ends are text. A record whose quotes do not come out right
// ends at its first line end: one stray quote costs one line, not the rest of the input.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::formats {

struct CsvDialect {
  char delimiter = ',';
  std::optional<char> quote = '"';
  std::optional<char> escape;
  bool allow_comments = false;
};

struct CsvField {
  std::string_view text;        // without the quotes
  bool needs_decoding = false;  // has doubled quotes or escapes
};

enum class CsvShape : uint8_t {
  kRecord,
  kComment,
  kOpenQuote,       // a quote is not closed before the end
  kTextAfterQuote,  // something between a closing quote and the delimiter
};

// Takes the record that begins at `begin` apart. *record_end is behind its last character, *next behind its
// line end; `fields` may be null.
CsvShape ScanCsvRecord(const CsvDialect& dialect, const char* begin, const char* end,
                       std::vector<CsvField>* fields, const char** record_end, const char** next);

// The characters that a field stands for, in `scratch` if they do not stand there as they are.
std::string_view DecodeCsvField(const CsvDialect& dialect, const CsvField& field, std::string* scratch);

// How many of `bytes` are complete records.
size_t CompleteCsvBytes(const CsvDialect& dialect, std::string_view bytes);

}  // namespace millrace::formats
