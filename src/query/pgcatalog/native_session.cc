#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "query/pgcatalog/identifier.h"
#include "query/pgcatalog/native.h"

namespace millrace::query::pgcatalog {
namespace {

using Arguments = std::span<const Cell>;

Result<Cell> CurrentUser(const Catalog& catalog, Arguments) {
  return Cell(catalog.session().current_user);
}

Result<Cell> SessionUser(const Catalog& catalog, Arguments) {
  return Cell(catalog.session().session_user);
}

Result<Cell> CurrentDatabase(const Catalog& catalog, Arguments) {
  return Cell(catalog.database());
}

std::vector<std::string> ExistingPath(const Catalog& catalog) {
  std::vector<std::string> path;
  for (const std::string& schema : catalog.session().search_path) {
    if (catalog.FindNamespace(schema) != nullptr) path.push_back(schema);
  }
  return path;
}

Result<Cell> CurrentSchema(const Catalog& catalog, Arguments) {
  const auto path = ExistingPath(catalog);
  return path.empty() ? Cell() : Cell(path.front());
}

Result<Cell> CurrentSchemas(const Catalog& catalog, Arguments arguments) {
  std::vector<std::string> path = ExistingPath(catalog);
  if (arguments[0].As<bool>()) path.insert(path.begin(), "pg_catalog");
  return Cell(std::move(path));
}

Result<Cell> Version(const Catalog& catalog, Arguments) {
  return Cell(ServerVersion(catalog));
}

Result<Cell> BackendPid(const Catalog& catalog, Arguments) {
  return Cell(catalog.session().pid);
}

Cell OrNull(const std::string& address) {
  return address.empty() ? Cell() : Cell(address);
}

Result<Cell> ServerAddress(const Catalog& catalog, Arguments) {
  return OrNull(catalog.session().server_address);
}

Result<Cell> ServerPort(const Catalog& catalog, Arguments) {
  return catalog.session().server_address.empty() ? Cell() : Cell(catalog.session().server_port);
}

Result<Cell> ClientAddress(const Catalog& catalog, Arguments) {
  return OrNull(catalog.session().client_address);
}

Result<Cell> ClientPort(const Catalog& catalog, Arguments) {
  return catalog.session().client_address.empty() ? Cell() : Cell(catalog.session().client_port);
}

Result<Cell> StartTime(const Catalog& catalog, Arguments) {
  return Cell(catalog.view().started_micros);
}

// Statements have no number of their own here; the time of the transaction is as good for those who compare.
Result<Cell> TransactionId(const Catalog& catalog, Arguments) {
  return Cell(catalog.session().now_micros);
}

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

Result<Cell> CurrentSetting(const Catalog& catalog, Arguments arguments) {
  const std::string& name = arguments[0].text();
  for (const SettingInfo& setting : AllSettings(catalog)) {
    if (SameName(setting.name, name)) return Cell(setting.value);
  }
  if (arguments.size() > 1 && arguments[1].As<bool>()) return Cell();
  return Fail(ErrorCode::kUndefinedObject, fmt::format("unrecognized configuration parameter \"{}\"", name));
}

Result<Cell> SetConfig(const Catalog& catalog, Arguments arguments) {
  MR_ASSIGN(const Cell now, CurrentSetting(catalog, arguments.first(1)));
  if (now.text() == arguments[1].text()) return now;
  return Fail(ErrorCode::kNotSupported,
              fmt::format("set_config cannot change \"{}\" inside a query: use SET", arguments[0].text()));
}

Result<Cell> QuoteIdent(const Catalog&, Arguments arguments) {
  return Cell(QuoteName(arguments[0].text()));
}

std::string Literal(const std::string& text) {
  std::string quoted = text.find('\\') == std::string::npos ? "'" : " E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

Result<Cell> QuoteLiteral(const Catalog&, Arguments arguments) {
  return Cell(Literal(arguments[0].text()));
}

Result<Cell> QuoteNullable(const Catalog&, Arguments arguments) {
  return arguments[0].is_null() ? Cell("NULL") : Cell(Literal(arguments[0].text()));
}

Result<Cell> ParseIdent(const Catalog&, Arguments arguments) {
  std::vector<std::string> parts = SplitQualifiedName(arguments[0].text());
  if (!parts.empty()) return Cell(std::move(parts));
  return Fail(ErrorCode::kInvalidParameter,
              fmt::format("string is not a valid identifier: \"{}\"", arguments[0].text()));
}

// format(): %s, %I, %L and %%, and n$ before the letter.
Result<Cell> Format(const Catalog&, Arguments arguments) {
  if (arguments.empty() || arguments[0].is_null()) return Cell();
  const std::string& pattern = arguments[0].text();
  std::string text;
  size_t next = 1;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      text += pattern[i];
      continue;
    }
    if (++i < pattern.size() && pattern[i] == '%') {
      text += '%';
      continue;
    }
    size_t number = 0;
    size_t at = i;
    while (at < pattern.size() && pattern[at] >= '0' && pattern[at] <= '9' && number < arguments.size()) {
      number = number * 10 + static_cast<size_t>(pattern[at++] - '0');
    }
    if (number > 0 && at < pattern.size() && pattern[at] == '$') {
      next = number;
      i = at + 1;
    }
    if (i >= pattern.size() || (pattern[i] != 's' && pattern[i] != 'I' && pattern[i] != 'L')) {
      return Fail(ErrorCode::kInvalidParameter, "format() takes %s, %I, %L and %%");
    }
    if (next >= arguments.size()) return Fail(ErrorCode::kInvalidParameter, "too few arguments for format()");
    const Cell& value = arguments[next++];
    if (pattern[i] == 'I') {
      if (value.is_null()) {
        return Fail(ErrorCode::kNullNotAllowed, "null values cannot be formatted as an SQL identifier");
      }
      text += QuoteName(value.text());
    } else if (pattern[i] == 'L') {
      text += value.is_null() ? "NULL" : Literal(value.text());
    } else if (!value.is_null()) {
      text += value.text();
    }
  }
  return Cell(std::move(text));
}

Result<Cell> SizePretty(const Catalog&, Arguments arguments) {
  constexpr std::string_view kUnits[] = {"kB", "MB", "GB", "TB", "PB"};
  int64_t size = arguments[0].number();
  const bool negative = size < 0;
  uint64_t rest = negative ? uint64_t{0} - static_cast<uint64_t>(size) : static_cast<uint64_t>(size);
  if (rest < 10240) return Cell(fmt::format("{} bytes", size));
  // Each unit is left when it would show as 10240 or more, rounding half up.
  size_t unit = 0;
  uint64_t halves = rest / 512;
  while ((halves + 1) / 2 >= 10240 && unit + 1 < std::size(kUnits)) {
    halves /= 1024;
    ++unit;
  }
  return Cell(fmt::format("{}{} {}", negative ? "-" : "", (halves + 1) / 2, kUnits[unit]));
}

Result<Cell> EncodingToChar(const Catalog&, Arguments arguments) {
  if (arguments[0].number() == 6) return Cell("UTF8");
  return Cell(arguments[0].number() == 0 ? "SQL_ASCII" : "");
}

Result<Cell> CharToEncoding(const Catalog&, Arguments arguments) {
  if (SameName(arguments[0].text(), "UTF8") || SameName(arguments[0].text(), "UTF-8") ||
      SameName(arguments[0].text(), "UNICODE")) {
    return Cell(6);
  }
  return Cell(SameName(arguments[0].text(), "SQL_ASCII") ? 0 : -1);
}

// A column of pg_get_keywords().
Result<Cell> KeywordColumn(const Catalog&, Arguments arguments) {
  Cell::Texts values;
  for (const Keyword& keyword : Keywords()) {
    if (arguments[0].text() == "word") {
      values.emplace_back(keyword.word);
    } else if (arguments[0].text() == "catcode") {
      values.emplace_back(1, keyword.category);
    } else {
      values.emplace_back(keyword.category == 'U'   ? "unreserved"
                          : keyword.category == 'C' ? "unreserved (cannot be function or type name)"
                          : keyword.category == 'T' ? "reserved (can be function or type name)"
                                                    : "reserved");
    }
  }
  return Cell(std::move(values));
}

}  // namespace

std::vector<NativeFunction> SessionFunctions() {
  return {
      {"current_user", "t:", CurrentUser},
      {"current_role", "t:", CurrentUser},
      {"user", "t:", CurrentUser},
      {"session_user", "t:", SessionUser},
      {"current_database", "t:", CurrentDatabase},
      {"current_catalog", "t:", CurrentDatabase},
      {"current_schema", "t:", CurrentSchema},
      {"current_schemas", "T:b", CurrentSchemas},
      {"version", "t:", Version},
      {"pg_backend_pid", "i:", BackendPid},
      {"inet_server_addr", "t:", ServerAddress},
      {"inet_server_port", "i:", ServerPort},
      {"inet_client_addr", "t:", ClientAddress},
      {"inet_client_port", "i:", ClientPort},
      {"pg_postmaster_start_time", "z:", StartTime},
      {"pg_conf_load_time", "z:", StartTime},
      {"txid_current", "l:", TransactionId},
      {"pg_current_xact_id", "l:", TransactionId},
      {"current_setting", "t:t", CurrentSetting},
      {"current_setting", "t:tb", CurrentSetting},
      {"set_config", "t:ttb", SetConfig},
      {"quote_ident", "t:t", QuoteIdent},
      {"parse_ident", "T:t", ParseIdent},
      {"quote_literal", "t:t", QuoteLiteral},
      {"quote_nullable", "t:t", QuoteNullable, true},
      {"format", "t:*", Format, true},
      {"pg_size_pretty", "t:l", SizePretty},
      {"pg_encoding_to_char", "t:l", EncodingToChar},
      {"pg_char_to_encoding", "i:t", CharToEncoding},
      {"keyword_column", "T:t", KeywordColumn},
  };
}

}  // namespace millrace::query::pgcatalog
