// COPY, with its options in both of the forms that PostgreSQL reads.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/suggest.h"
#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

enum class OptionKind : uint8_t {
  kFormat,
  kDelimiter,
  kNull,
  kHeader,
  kQuote,
  kEscape,
  kForceQuote,
  kForceNotNull,
  kForceNull,
  kEncoding,
  kFreeze,
};

struct OptionName {
  std::string_view text;
  OptionKind kind;
};

constexpr OptionName kOptions[] = {
    {"FORMAT", OptionKind::kFormat},
    {"DELIMITER", OptionKind::kDelimiter},
    {"NULL", OptionKind::kNull},
    {"HEADER", OptionKind::kHeader},
    {"QUOTE", OptionKind::kQuote},
    {"ESCAPE", OptionKind::kEscape},
    {"FORCE_QUOTE", OptionKind::kForceQuote},
    {"FORCE_NOT_NULL", OptionKind::kForceNotNull},
    {"FORCE_NULL", OptionKind::kForceNull},
    {"ENCODING", OptionKind::kEncoding},
    {"FREEZE", OptionKind::kFreeze},
};
constexpr size_t kOptionKinds = std::size(kOptions);

constexpr std::string_view kRemedy =
    "files of the server cannot be reached: use \\copy, or COPY … FROM STDIN";

}  // namespace

// What was written, before the format is known that gives the rest its meaning.
class CopyOptionReader {
 public:
  explicit CopyOptionReader(bool is_from) : is_from_(is_from) {}

  Status Note(OptionKind kind, SourceLocation location) {
    SourceLocation& seen = locations_[static_cast<size_t>(kind)];
    if (seen.IsKnown()) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("the option {} is given twice", kOptions[static_cast<size_t>(kind)].text), {},
                  location);
    }
    seen = location;
    return Ok();
  }

  Result<CopyClauses> Finish() const;

  std::string format = "text";
  std::string delimiter;
  std::string null_text;
  std::string quote;
  std::string escape;
  std::string encoding;
  CopyClauses clauses;  // the rest

 private:
  SourceLocation At(OptionKind kind) const { return locations_[static_cast<size_t>(kind)]; }
  Status Only(OptionKind kind, bool allowed, std::string_view where) const {
    if (allowed || !At(kind).IsKnown()) return Ok();
    return Fail(ErrorCode::kSyntaxError,
                fmt::format("COPY {} is for {} only", kOptions[static_cast<size_t>(kind)].text, where), {},
                At(kind));
  }
  // One ASCII character that cannot be taken for the end of a line.
  Result<char> Character(OptionKind kind, const std::string& text) const {
    if (text.size() == 1 && text[0] != '\n' && text[0] != '\r' && static_cast<unsigned char>(text[0]) < 0x80)
      return text[0];
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("COPY {} must be one ASCII character, and no line break",
                            kOptions[static_cast<size_t>(kind)].text),
                {}, At(kind));
  }

  bool is_from_;
  std::array<SourceLocation, kOptionKinds> locations_;
};

Result<CopyClauses> CopyOptionReader::Finish() const {
  CopyClauses result = clauses;
  if (format == "text") {
    result.format = CopyFormat::kText;
  } else if (format == "csv") {
    result.format = CopyFormat::kCsv;
  } else if (format == "binary") {
    result.format = CopyFormat::kBinary;
  } else {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("the COPY format '{}' is not known", format),
                "text, csv and binary are", At(OptionKind::kFormat));
  }
  const bool is_csv = result.format == CopyFormat::kCsv;
  const bool is_text = result.format == CopyFormat::kText;
  MR_TRY(Only(OptionKind::kDelimiter, is_text || is_csv, "text and csv"));
  MR_TRY(Only(OptionKind::kNull, is_text || is_csv, "text and csv"));
  MR_TRY(Only(OptionKind::kHeader, is_text || is_csv, "text and csv"));
  MR_TRY(Only(OptionKind::kQuote, is_csv, "csv"));
  MR_TRY(Only(OptionKind::kEscape, is_csv, "csv"));
  MR_TRY(Only(OptionKind::kForceQuote, is_csv && !is_from_, "csv and COPY TO"));
  MR_TRY(Only(OptionKind::kForceNotNull, is_csv && is_from_, "csv and COPY FROM"));
  MR_TRY(Only(OptionKind::kForceNull, is_csv && is_from_, "csv and COPY FROM"));
  if (At(OptionKind::kFreeze).IsKnown()) {
    return Fail(ErrorCode::kNotSupported, "COPY FREEZE is not supported", {}, At(OptionKind::kFreeze));
  }
  if (At(OptionKind::kEncoding).IsKnown()) {
    std::string name;
    for (const char c : encoding) {
      if (c == '-' || c == '_') continue;
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    if (name != "UTF8" && name != "UNICODE") {
      return Fail(ErrorCode::kNotSupported, fmt::format("the encoding '{}' is not supported", encoding),
                  "UTF8 is", At(OptionKind::kEncoding));
    }
  }
  if (clauses.header == CopyHeader::kMatch && !is_from_) {
    return Fail(ErrorCode::kSyntaxError, "COPY HEADER MATCH is for COPY FROM only", {},
                At(OptionKind::kHeader));
  }
  result.delimiter = is_csv ? ',' : '\t';
  if (At(OptionKind::kDelimiter).IsKnown()) {
    MR_ASSIGN(result.delimiter, Character(OptionKind::kDelimiter, delimiter));
  }
  constexpr std::string_view kNoTextDelimiters = "\\.abcdefghijklmnopqrstuvwxyz0123456789";
  if (is_text && kNoTextDelimiters.find(result.delimiter) != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("COPY DELIMITER cannot be '{}': escapes of the text format use it",
                            std::string_view(&result.delimiter, 1)),
                {}, At(OptionKind::kDelimiter));
  }
  result.null_text = is_csv ? "" : "\\N";
  if (At(OptionKind::kNull).IsKnown()) result.null_text = null_text;
  if (result.null_text.find_first_of("\r\n") != std::string::npos) {
    return Fail(ErrorCode::kInvalidParameter, "the NULL text of COPY cannot hold a line break", {},
                At(OptionKind::kNull));
  }
  if (At(OptionKind::kQuote).IsKnown()) {
    MR_ASSIGN(result.quote, Character(OptionKind::kQuote, quote));
  }
  result.escape = result.quote;
  if (At(OptionKind::kEscape).IsKnown()) {
    MR_ASSIGN(result.escape, Character(OptionKind::kEscape, escape));
  }
  if (is_csv && result.delimiter == result.quote) {
    return Fail(ErrorCode::kInvalidParameter, "COPY DELIMITER and QUOTE must differ", {},
                At(OptionKind::kQuote).IsKnown() ? At(OptionKind::kQuote) : At(OptionKind::kDelimiter));
  }
  const bool in_null = result.format != CopyFormat::kBinary &&
                       (result.null_text.find(result.delimiter) != std::string::npos ||
                        (is_csv && result.null_text.find(result.quote) != std::string::npos));
  if (in_null) {
    return Fail(ErrorCode::kInvalidParameter, "the NULL text of COPY cannot hold the delimiter or the quote",
                {}, At(OptionKind::kNull).IsKnown() ? At(OptionKind::kNull) : At(OptionKind::kDelimiter));
  }
  return result;
}

// ( name [value], … )
Status Parser::ParseCopyOptionList(CopyOptionReader* reader) {
  MR_TRY(Expect(TokenKind::kLeftParen));
  const auto word_or_string = [this](std::string_view what) -> Result<std::string> {
    if (At(TokenKind::kWord)) {
      std::string text(lexer_.TextOf(Current()));
      std::ranges::transform(text, text.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      Advance();
      return text;
    }
    return ParseString(what);
  };
  do {
    const Token token = Current();
    const auto* option =
        std::ranges::find_if(kOptions, [&](const OptionName& known) { return IsText(token, known.text); });
    if (option == std::end(kOptions)) {
      std::vector<std::string_view> names;
      for (const OptionName& known : kOptions) names.push_back(known.text);
      auto error = Expected("an option of COPY");
      const std::string_view meant =
          At(TokenKind::kWord) ? Nearest(lexer_.TextOf(token), names) : std::string_view();
      return std::unexpected(error.error().WithHint(
          meant.empty() ? std::string("the options are FORMAT, DELIMITER, NULL, HEADER, QUOTE, ESCAPE, "
                                      "FORCE_QUOTE, FORCE_NOT_NULL, "
                                      "FORCE_NULL and ENCODING")
                        : fmt::format("did you mean {}?", meant)));
    }
    Advance();
    MR_TRY(reader->Note(option->kind, token.location));
    switch (option->kind) {
      case OptionKind::kFormat: {
        MR_ASSIGN(reader->format, word_or_string("the format: text, csv or binary"));
        break;
      }
      case OptionKind::kDelimiter: {
        MR_ASSIGN(reader->delimiter, ParseString("the delimiter as a string"));
        break;
      }
      case OptionKind::kNull: {
        MR_ASSIGN(reader->null_text, ParseString("the text of NULL as a string"));
        break;
      }
      case OptionKind::kHeader:
        reader->clauses.header = CopyHeader::kLine;
        if (AcceptText("MATCH")) {
          reader->clauses.header = CopyHeader::kMatch;
        } else if (!At(TokenKind::kComma) && !At(TokenKind::kRightParen)) {
          MR_ASSIGN(const bool has_header, ParseBoolean("or MATCH after HEADER"));
          if (!has_header) reader->clauses.header = CopyHeader::kNone;
        }
        break;
      case OptionKind::kQuote: {
        MR_ASSIGN(reader->quote, ParseString("the quote as a string"));
        break;
      }
      case OptionKind::kEscape: {
        MR_ASSIGN(reader->escape, ParseString("the escape character as a string"));
        break;
      }
      case OptionKind::kForceQuote:
        if (Accept(TokenKind::kStar)) {
          reader->clauses.force_quote_all = true;
        } else {
          MR_ASSIGN(reader->clauses.force_quote, ParseNameList("the name of a column"));
        }
        break;
      case OptionKind::kForceNotNull: {
        MR_ASSIGN(reader->clauses.force_not_null, ParseNameList("the name of a column"));
        break;
      }
      case OptionKind::kForceNull: {
        MR_ASSIGN(reader->clauses.force_null, ParseNameList("the name of a column"));
        break;
      }
      case OptionKind::kEncoding: {
        MR_ASSIGN(reader->encoding, word_or_string("the encoding as a string"));
        break;
      }
      case OptionKind::kFreeze:
        if (!At(TokenKind::kComma) && !At(TokenKind::kRightParen)) {
          MR_ASSIGN(const bool unused, ParseBoolean("after FREEZE"));
          static_cast<void>(unused);
        }
        break;
    }
  } while (Accept(TokenKind::kComma));
  if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after an option of COPY");
  return Ok();
}

// The form before PostgreSQL 9: words without parentheses, as psql's \copy sends what was typed.
Status Parser::ParseCopyWords(CopyOptionReader* reader) {
  const auto column_list = [this](std::vector<Name>* columns) -> Status {
    do {
      MR_ASSIGN(Name column, ParseName("the name of a column"));
      columns->push_back(std::move(column));
    } while (Accept(TokenKind::kComma));
    return Ok();
  };
  while (!AtEnd()) {
    const SourceLocation location = Current().location;
    if (AcceptText("CSV") || Accept(Word::kBINARY)) {
      const bool is_csv = !(Previous().word == Word::kBINARY);
      MR_TRY(reader->Note(OptionKind::kFormat, location));
      reader->format = is_csv ? "csv" : "binary";
    } else if (AcceptText("DELIMITER") || AcceptText("DELIMITERS")) {
      MR_TRY(reader->Note(OptionKind::kDelimiter, location));
      Accept(Word::kAS);
      MR_ASSIGN(reader->delimiter, ParseString("the delimiter as a string"));
    } else if (Accept(Word::kNULL)) {
      MR_TRY(reader->Note(OptionKind::kNull, location));
      Accept(Word::kAS);
      MR_ASSIGN(reader->null_text, ParseString("the text of NULL as a string"));
    } else if (AcceptText("HEADER")) {
      MR_TRY(reader->Note(OptionKind::kHeader, location));
      reader->clauses.header = CopyHeader::kLine;
    } else if (AcceptText("QUOTE")) {
      MR_TRY(reader->Note(OptionKind::kQuote, location));
      Accept(Word::kAS);
      MR_ASSIGN(reader->quote, ParseString("the quote as a string"));
    } else if (Accept(Word::kESCAPE)) {
      MR_TRY(reader->Note(OptionKind::kEscape, location));
      Accept(Word::kAS);
      MR_ASSIGN(reader->escape, ParseString("the escape character as a string"));
    } else if (AcceptText("ENCODING")) {
      MR_TRY(reader->Note(OptionKind::kEncoding, location));
      MR_ASSIGN(reader->encoding, ParseString("the encoding as a string"));
    } else if (AcceptText("FREEZE")) {
      MR_TRY(reader->Note(OptionKind::kFreeze, location));
    } else if (AcceptText("FORCE")) {
      if (AcceptText("QUOTE")) {
        MR_TRY(reader->Note(OptionKind::kForceQuote, location));
        reader->clauses.force_quote_all = Accept(TokenKind::kStar);
        if (!reader->clauses.force_quote_all) MR_TRY(column_list(&reader->clauses.force_quote));
      } else if (Accept(Word::kNOT, Word::kNULL)) {
        MR_TRY(reader->Note(OptionKind::kForceNotNull, location));
        MR_TRY(column_list(&reader->clauses.force_not_null));
      } else if (Accept(Word::kNULL)) {
        MR_TRY(reader->Note(OptionKind::kForceNull, location));
        MR_TRY(column_list(&reader->clauses.force_null));
      } else {
        return Expected("QUOTE, NOT NULL or NULL after FORCE");
      }
    } else {
      return Expected("an option of COPY, or the end of the statement");
    }
  }
  return Ok();
}

// FROM STDIN or TO STDOUT.
Status Parser::ParseCopySide(CopyStatement* node) {
  if (node->query.has_value()) {
    if (At(Word::kFROM)) {
      return Fail(ErrorCode::kSyntaxError, "rows cannot be copied into a query",
                  "write COPY table FROM STDIN", Current().location);
    }
    MR_TRY(Expect(Word::kTO, "STDOUT after COPY (…)"));
  } else {
    node->is_from = Accept(Word::kFROM);
    if (!node->is_from) MR_TRY(Expect(Word::kTO, "STDOUT, or FROM STDIN, after COPY and a table"));
  }
  if (At(TokenKind::kString) || At(Word::kPROGRAM)) {
    return Fail(ErrorCode::kInsufficientPrivilege,
                fmt::format("COPY {} {} is refused", node->is_from ? "FROM" : "TO",
                            At(Word::kPROGRAM) ? "PROGRAM" : "a file"),
                std::string(kRemedy), Current().location);
  }
  // PostgreSQL takes either word on either side.
  if (Accept(Word::kSTDIN) || Accept(Word::kSTDOUT)) return Ok();
  return Expected(node->is_from ? "STDIN after FROM" : "STDOUT after TO");
}

Result<StatementPtr> Parser::ParseCopy() {
  auto node = Make<CopyStatement>(Current());
  Advance();
  const SourceLocation binary = Current().location;
  const bool is_binary = Accept(Word::kBINARY);
  if (At(TokenKind::kLeftParen)) {
    const uint32_t close = closing_[pos_];
    const Token open = Current();
    Advance();
    if (close == 0) {
      return Fail(ErrorCode::kSyntaxError, "this '(' is not closed", "end the query of COPY with ')'",
                  open.location);
    }
    MR_ASSIGN(node->query, ParseInner(close, {Word::kSUBSCRIBE}, "a query or SUBSCRIBE TO … after COPY ("));
    MR_TRY(Expect(TokenKind::kRightParen, "after the query of COPY"));
  } else {
    MR_ASSIGN(node->table, ParseQualifiedName("the name of a table, or a query in parentheses, after COPY"));
    if (At(TokenKind::kLeftParen)) {
      MR_ASSIGN(node->columns, ParseNameList("the name of a column"));
    }
  }
  MR_TRY(ParseCopySide(node.get()));
  CopyOptionReader reader(node->is_from);
  if (is_binary) {
    MR_TRY(reader.Note(OptionKind::kFormat, binary));
    reader.format = "binary";
  }
  if (At(Word::kUSING)) {
    Advance();
    const SourceLocation location = Current().location;
    if (!AcceptText("DELIMITERS")) return Expected("DELIMITERS after USING");
    MR_TRY(reader.Note(OptionKind::kDelimiter, location));
    MR_ASSIGN(reader.delimiter, ParseString("the delimiter as a string"));
  }
  Accept(Word::kWITH);
  if (At(TokenKind::kLeftParen)) {
    MR_TRY(ParseCopyOptionList(&reader));
  } else {
    MR_TRY(ParseCopyWords(&reader));
  }
  if (At(Word::kWHERE)) return NotSupported(Current(), "COPY … WHERE is not supported");
  MR_ASSIGN(node->options, reader.Finish());
  return node;
}

}  // namespace millrace::sql
