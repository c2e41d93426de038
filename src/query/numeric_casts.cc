#include "query/numeric_casts.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/limits.h"
#include "query/pgcatalog/statement.h"

namespace millrace::query {
namespace {

using pgcatalog::Statement;
using pgcatalog::TokenKind;

// Whether the statement is worth a closer look.
bool MayHaveSuchCasts(std::string_view sql) {
  if (sql.find('$') == std::string_view::npos) return false;
  const auto has = [sql](std::string_view word) {
    return !std::ranges::search(sql, word, [](char a, char b) {
              return std::tolower(static_cast<unsigned char>(a)) == b;
            }).empty();
  };
  return has("numeric") || has("dec");
}

bool IsOpenNumeric(const Statement& statement, size_t i) {
  const auto& token = statement.at(i);
  const bool names_it = token.IsWord("numeric") || token.IsWord("decimal") || token.IsWord("dec");
  return names_it && !statement.at(i + 1).Is('(') && !statement.at(i + 1).Is('[');
}

// Whether the parameter is, or may be, a decimal; one that may is from now on.
bool TakeForDecimal(size_t number, std::vector<std::optional<data::DataType>>* types) {
  if (number == 0 || number > static_cast<size_t>(limits::kParametersMax)) return false;
  if (types->size() < number) types->resize(number);
  std::optional<data::DataType>& type = (*types)[number - 1];
  if (!type.has_value()) type = data::DataType::AnyDecimal();
  return type->kind() == data::TypeKind::kDecimal;
}

}  // namespace

std::string DropNumericCasts(std::string_view sql, std::vector<std::optional<data::DataType>>* types) {
  std::string text(sql);
  if (!MayHaveSuchCasts(sql)) return text;
  const Result<Statement> parsed = Statement::Parse(sql);
  if (!parsed.has_value()) return text;
  const Statement& statement = *parsed;
  const auto blank = [&](size_t first, size_t last) {
    const size_t begin = statement.at(first).begin;
    std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(begin), statement.at(last).end - begin, ' ');
  };
  for (size_t i = 0; i + 1 < statement.size(); ++i) {
    if (statement.at(i).kind != TokenKind::kParameter) continue;
    const bool colons = statement.at(i + 1).kind == TokenKind::kOperator &&
                        statement.at(i + 1).name == "::" && IsOpenNumeric(statement, i + 2);
    const bool cast = i >= 2 && statement.at(i - 1).Is('(') && statement.at(i - 2).IsWord("cast") &&
                      statement.at(i + 1).IsWord("as") && IsOpenNumeric(statement, i + 2) &&
                      statement.at(i + 3).Is(')');
    if (!colons && !cast) continue;
    const size_t number = std::strtoul(text.c_str() + statement.at(i).begin + 1, nullptr, 10);
    if (!TakeForDecimal(number, types)) continue;
    blank(i + 1, i + 2);
    if (cast) blank(i - 2, i - 2);
  }
  return text;
}

}  // namespace millrace::query
