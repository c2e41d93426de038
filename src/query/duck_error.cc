#include "query/duck_error.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "query/pgcatalog/install.h"

namespace millrace::query {
namespace {

ErrorCode CodeOf(duckdb_error_type type, const std::string& message) {
  switch (type) {
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
      return ErrorCode::kSyntaxError;
    case DUCKDB_ERROR_CATALOG:
      if (message.find("Function") != std::string::npos) return ErrorCode::kUndefinedFunction;
      return ErrorCode::kUndefinedTable;
    case DUCKDB_ERROR_BINDER:
      return message.find("column") != std::string::npos ? ErrorCode::kUndefinedColumn
                                                         : ErrorCode::kDatatypeMismatch;
    case DUCKDB_ERROR_CONVERSION:
      return ErrorCode::kInvalidText;
    case DUCKDB_ERROR_OUT_OF_RANGE:
      return ErrorCode::kNumericOutOfRange;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return ErrorCode::kResourceExhausted;
    case DUCKDB_ERROR_INTERRUPT:
      return ErrorCode::kCancelled;
    case DUCKDB_ERROR_NOT_IMPLEMENTED:
      return ErrorCode::kNotSupported;
    case DUCKDB_ERROR_PERMISSION:
      return ErrorCode::kInsufficientPrivilege;
    default:
      return ErrorCode::kInvalidParameter;
  }
}

// What DuckDB appends to a message: "\nLINE 2: <the line>\n   ^". Takes it off; nowhere when there is none,
// or when the line is shown in part.
SourceLocation TakeLocation(std::string* message) {
  const size_t at = message->rfind("\nLINE ");
  if (at == std::string::npos) return {};
  const std::string shown = message->substr(at + 1);
  message->resize(at);
  const size_t colon = shown.find(": ");
  const size_t end = shown.find('\n');
  if (colon == std::string::npos || end == std::string::npos || colon > end) return {};
  const size_t caret = shown.find('^', end);
  if (caret == std::string::npos || shown.compare(colon + 2, 3, "...") == 0) return {};
  // The mark stands under its character; one that is two wide on a terminal moves it by two.
  const size_t column = caret - end - 1;
  if (column < colon + 2) return {};
  size_t width = colon + 2;
  uint32_t characters = 1;
  for (size_t i = colon + 2; i < end && width < column;) {
    const auto lead = static_cast<unsigned char>(shown[i]);
    const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    width += bytes < 3 ? 1 : 2;
    i += bytes;
    ++characters;
  }
  return {static_cast<uint32_t>(std::strtoul(shown.c_str() + 5, nullptr, 10)), characters};
}

// What stands between two texts of which the first begins the message; nothing when they do not.
std::string Between(const std::string& message, std::string_view before, std::string_view after) {
  const size_t end = message.find(after, before.size());
  if (!message.starts_with(before) || end == std::string::npos) return "";
  return message.substr(before.size(), end - before.size());
}

// DuckDB's words for what is missing, in ours.
void SayWhatIsMissing(std::string* message) {
  if (const std::string table = Between(*message, "Table with name ", " does not exist!"); !table.empty()) {
    *message = fmt::format("no table or view '{}'", table);
  } else if (const std::string column =
                 Between(*message, "Referenced column \"", "\" not found in FROM clause!");
             !column.empty()) {
    *message = fmt::format("no column '{}'", column);
  } else if (const std::string alias =
                 Between(*message, "Values list \"", "\" does not have a column named \"");
             !alias.empty()) {
    const size_t name = message->rfind('"', message->size() - 2) + 1;
    *message =
        fmt::format("no column '{}' in '{}'", message->substr(name, message->size() - name - 1), alias);
  }
}

// One line: the message; all that DuckDB has to propose is the hint.
std::string TakeHint(std::string* message) {
  while (message->ends_with('\n')) message->pop_back();
  const size_t end = message->find('\n');
  if (end == std::string::npos) return "";
  std::string hint;
  for (const char c : message->substr(end + 1)) {
    if (c == '\t') continue;
    if (c != '\n') {
      hint += c;
    } else if (!hint.empty()) {
      hint += hint.ends_with(':') || hint.ends_with(' ') ? " " : ", ";
    }
  }
  message->resize(end);
  // Proposals of names that are DuckDB's own help nobody.
  if (hint.starts_with("Did you mean \"pg_") || hint.starts_with("Did you mean \"duckdb_") ||
      hint.starts_with("Did you mean \"sqlite_")) {
    return "";
  }
  return hint;
}

}  // namespace

// DuckDB's message without its class ("Binder Error: ") in front.
std::unexpected<Error> DuckError(const char* text, duckdb_error_type type) {
  std::string message = text == nullptr ? "the query failed" : text;
  if (type == DUCKDB_ERROR_INVALID || type == DUCKDB_ERROR_UNKNOWN_TYPE) {
    const std::pair<const char*, duckdb_error_type> kClasses[] = {
        {"Parser Error", DUCKDB_ERROR_PARSER},
        {"Catalog Error", DUCKDB_ERROR_CATALOG},
        {"Binder Error", DUCKDB_ERROR_BINDER},
        {"Conversion Error", DUCKDB_ERROR_CONVERSION},
        {"Permission Error", DUCKDB_ERROR_PERMISSION}};
    for (const auto& [prefix, known] : kClasses) {
      if (message.starts_with(prefix)) type = known;
    }
  }
  const ErrorCode code = CodeOf(type, message);
  const size_t colon = message.find("Error: ");
  if (colon != std::string::npos && colon < 30) message = message.substr(colon + 7);
  const SourceLocation location = TakeLocation(&message);
  std::string hint = TakeHint(&message);
  SayWhatIsMissing(&message);
  return std::unexpected(
      pgcatalog::AsPostgresError(Error(code, std::move(message), std::move(hint), location)));
}

}  // namespace millrace::query
