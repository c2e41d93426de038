#include "query/flink_casts.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/decimal.h"
#include "plan/bind_type.h"
#include "query/duck_types.h"
#include "query/pgcatalog/statement.h"
#include "sql/parser.h"

namespace millrace::query {
namespace {

using data::TypeKind;
using pgcatalog::Statement;
using pgcatalog::Token;
using pgcatalog::TokenKind;

// Behind the type that begins at a token.
size_t TypeEnd(const Statement& statement, size_t begin) {
  size_t end = statement.TypeAfter(begin);
  if (statement.at(end).kind == TokenKind::kOperator && statement.at(end).name.starts_with('<')) {
    int depth = 0;
    for (; statement.at(end).kind != TokenKind::kEnd; ++end) {
      const Token& token = statement.at(end);
      if (token.kind != TokenKind::kOperator) continue;
      depth += static_cast<int>(std::ranges::count(token.name, '<') - std::ranges::count(token.name, '>'));
      if (depth <= 0) return end + 1;
    }
  }
  if (statement.at(end).IsWord("with") && statement.at(end + 1).IsWord("local")) return end + 4;
  if (!statement.at(begin).IsWord("interval")) return end;
  constexpr std::string_view kUnits[] = {"year", "month", "day", "hour", "minute", "second", "to"};
  while (std::ranges::any_of(kUnits, [&](std::string_view unit) { return statement.at(end).IsWord(unit); })) {
    ++end;
    if (statement.at(end).Is('(')) end = static_cast<size_t>(statement.at(end).partner) + 1;
  }
  return end;
}

// Whether DuckDB does not know the type in [begin, end) by this name.
bool IsFlinks(const Statement& statement, size_t begin, size_t end) {
  const Token& head = statement.at(begin);
  if (head.kind != TokenKind::kWord) return false;
  const auto is = [&](std::string_view word) { return head.name == word; };
  if (is("bytes") || is("timestamp_ltz") || is("multiset")) return true;
  const Token& next = statement.at(begin + 1);
  if (begin + 1 >= end) return false;
  if (is("array") || is("map")) return next.kind == TokenKind::kOperator;
  if (is("row")) return true;
  if (is("timestamp")) return statement.at(end - 3).IsWord("local");
  return is("interval") || ((is("time") || is("binary") || is("varbinary")) && next.Is('('));
}

// Cuts what is kept in microseconds to the precision: the text before and behind the value.
std::pair<std::string, std::string> Cut(const data::DataType& type) {
  const bool has_precision = type.kind() == TypeKind::kTime || type.kind() == TypeKind::kTimestampLtz;
  if (!has_precision || type.precision() == 6) return {};
  const auto unit = static_cast<int64_t>(data::PowerOfTen(6 - type.precision()));
  std::string cut = fmt::format("time_bucket(INTERVAL {} MICROSECONDS, ", unit);
  if (type.kind() == TypeKind::kTimestampLtz) return {cut, ")"};
  return {fmt::format("CAST({}DATE '2000-01-03' + ", cut), ") AS TIME)"};
}

// The cast whose value is [value, …) and whose type is [begin, end); `last` is its last token.
bool Translate(Statement* statement, size_t value, size_t begin, size_t end, size_t last) {
  if (!IsFlinks(*statement, begin, end)) return false;
  const std::string_view text = statement->sql().substr(
      statement->at(begin).begin, statement->at(end - 1).end - statement->at(begin).begin);
  const auto spec = sql::ParseType(text);
  if (!spec.has_value()) return false;
  const auto type = plan::BindType(*spec);
  if (!type.has_value()) return false;
  statement->at(begin).text = DuckTypeName(*type);
  for (size_t i = begin + 1; i < end; ++i) statement->at(i).Delete();
  const auto [before, after] = Cut(*type);
  statement->at(value).before = before + statement->at(value).before;
  statement->at(last).after += after;
  return true;
}

}  // namespace

std::optional<std::string> TranslateFlinkCasts(std::string_view sql) {
  Result<Statement> parsed = Statement::Parse(sql);
  if (!parsed.has_value()) return std::nullopt;
  Statement& statement = *parsed;
  bool any = false;
  for (size_t i = 1; i < statement.size(); ++i) {
    if (statement.at(i).kind == TokenKind::kOperator && statement.at(i).name == "::") {
      const size_t end = TypeEnd(statement, i + 1);
      any |= end > i + 1 && Translate(&statement, statement.OperandBefore(i), i + 1, end, end - 1);
      continue;
    }
    const int open = statement.place(i).parent;
    if (!statement.at(i).IsWord("as") || open < 1) continue;
    const auto cast = static_cast<size_t>(open) - 1;
    if (!statement.at(cast).IsWord("cast") && !statement.at(cast).IsWord("try_cast")) continue;
    const auto close = static_cast<size_t>(statement.at(static_cast<size_t>(open)).partner);
    any |= close > i + 1 && Translate(&statement, cast, i + 1, close, close);
  }
  if (!any) return std::nullopt;
  return pgcatalog::Assemble(sql, statement.tokens());
}

}  // namespace millrace::query
