#include "query/pgcatalog/rewrite.h"

#include <algorithm>
#include <cctype>

#include "query/pgcatalog/rewrite_steps.h"

namespace millrace::query::pgcatalog {
namespace {

bool IsWordPart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool SameWord(std::string_view word, std::string_view lower) {
  return std::ranges::equal(word, lower,
                            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

bool StartsWith(std::string_view word, std::string_view lower) {
  return word.size() >= lower.size() && SameWord(word.substr(0, lower.size()), lower);
}

// Words that mean the server wherever they stand.
constexpr std::string_view kServerWords[] = {
    "current_user", "session_user", "current_role", "current_catalog", "current_schema", "regclass",
    "regtype",      "regproc",      "regprocedure", "regnamespace",    "regrole"};

// Functions that tell about the server or its objects.
constexpr std::string_view kServerFunctions[] = {"version",
                                                 "current_database",
                                                 "current_schemas",
                                                 "current_setting",
                                                 "set_config",
                                                 "obj_description",
                                                 "col_description",
                                                 "shobj_description",
                                                 "format_type",
                                                 "to_regclass",
                                                 "to_regtype",
                                                 "to_regproc",
                                                 "to_regprocedure",
                                                 "to_regnamespace",
                                                 "to_regrole",
                                                 "inet_server_addr",
                                                 "inet_server_port",
                                                 "inet_client_addr",
                                                 "inet_client_port",
                                                 "txid_current",
                                                 "txid_current_if_assigned",
                                                 "row_security_active",
                                                 "quote_ident",
                                                 "quote_literal",
                                                 "quote_nullable",
                                                 "aclexplode",
                                                 "parse_ident"};

bool MeansServer(std::string_view word, bool quoted, bool called) {
  if (StartsWith(word, "pg_") || SameWord(word, "information_schema")) return true;
  if (quoted) return false;
  const auto same = [word](std::string_view known) { return SameWord(word, known); };
  if (std::ranges::any_of(kServerWords, same)) return true;
  return called && ((StartsWith(word, "has_") && word.size() > 10 &&
                     SameWord(word.substr(word.size() - 10), "_privilege")) ||
                    std::ranges::any_of(kServerFunctions, same));
}

// Behind a quoted text that begins at `at`.
size_t SkipQuoted(std::string_view sql, size_t at, bool backslashes) {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (backslashes && sql[at] == '\\') {
      ++at;
    } else if (sql[at] == quote) {
      if (at + 1 >= sql.size() || sql[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return sql.size();
}

Status RefuseLocking(const Statement& statement) {
  for (size_t i = 0; i + 1 < statement.size(); ++i) {
    if (!statement.at(i).IsWord("for") || statement.place(i).clause == Clause::kNone) continue;
    const Token& next = statement.at(i + 1);
    if (next.IsWord("update") || next.IsWord("share") || next.IsWord("no") || next.IsWord("key")) {
      return Fail(ErrorCode::kNotSupported, "rows of the catalogs cannot be locked",
                  "leave FOR UPDATE and FOR SHARE out", LocationOf(statement.sql(), statement.at(i).begin));
    }
  }
  return {};
}

}  // namespace

bool MentionsCatalog(std::string_view sql) {
  for (size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (c == '-' && sql.substr(at).starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (c == '/' && sql.substr(at).starts_with("/*")) {
      at = std::min(sql.find("*/", at + 2), sql.size() - 2) + 2;
    } else if (c == '\'') {
      const bool escapes =
          at > 0 && (sql[at - 1] == 'e' || sql[at - 1] == 'E') && (at == 1 || !IsWordPart(sql[at - 2]));
      at = SkipQuoted(sql, at, escapes);
    } else if (c == '"' || c == '`') {
      const size_t end = SkipQuoted(sql, at, false);
      if (end > at + 2 && MeansServer(sql.substr(at + 1, end - at - 2), true, false)) return true;
      at = end;
    } else if (IsWordPart(c)) {
      const size_t begin = at;
      while (at < sql.size() && IsWordPart(sql[at])) ++at;
      size_t next = at;
      while (next < sql.size() && std::isspace(static_cast<unsigned char>(sql[next])) != 0) ++next;
      if (MeansServer(sql.substr(begin, at - begin), false, next < sql.size() && sql[next] == '('))
        return true;
    } else {
      ++at;
    }
  }
  return false;
}

Result<std::string> RewriteForDuckDb(std::string_view sql) {
  MR_ASSIGN(Statement statement, Statement::Parse(sql));
  MR_TRY(RefuseLocking(statement));
  MR_TRY(RewriteTables(&statement));
  RewriteCalls(&statement);
  RewriteCasts(&statement);
  RewriteOperators(&statement);
  ShowVectors(&statement);
  NameColumns(&statement);
  return Assemble(sql, statement.tokens());
}

}  // namespace millrace::query::pgcatalog
