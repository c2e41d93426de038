#include "query/column_names.h"

#include <algorithm>

#include "query/pgcatalog/rewrite_steps.h"

namespace millrace::query {
namespace {

using pgcatalog::SelectItem;
using pgcatalog::Statement;
using pgcatalog::Token;
using pgcatalog::TokenKind;

// The columns of the outermost SELECT, the first one of a UNION and the like.
std::vector<SelectItem> OutermostItems(const Statement& statement) {
  size_t end = 0;
  for (; end < statement.size(); ++end) {
    const Token& token = statement.at(end);
    const bool combines = token.IsWord("union") || token.IsWord("except") || token.IsWord("intersect");
    const bool begins_list = statement.place(end).clause == pgcatalog::Clause::kSelectList;
    // SELECT * EXCEPT (…) is no set operation.
    if (combines && statement.place(end).parent < 0 && !(begins_list && statement.at(end + 1).Is('('))) break;
  }
  std::vector<SelectItem> items;
  for (const SelectItem& item : statement.items()) {
    if (item.begin < end && item.begin < item.end && statement.place(item.begin).parent < 0)
      items.push_back(item);
  }
  return items;
}

// Whether it may stand for any number of columns.
bool IsStar(const Statement& statement, const SelectItem& item) {
  for (size_t i = item.begin; i < item.end; ++i) {
    const Token& token = statement.at(i);
    const bool begins = i == item.begin || statement.at(i - 1).Is('.');
    if (begins && token.kind == TokenKind::kOperator && token.name == "*") return true;
    if (token.IsWord("columns") || token.IsWord("unnest")) return true;
  }
  return false;
}

// DuckDB's "name: expression".
bool IsPrefixed(const Statement& statement, const SelectItem& item) {
  return item.end > item.begin + 1 && statement.at(item.begin).IsName() &&
         statement.at(item.begin + 1).Is(':');
}

}  // namespace

std::vector<std::optional<std::string>> ColumnNames(std::string_view sql, size_t columns) {
  std::vector<std::optional<std::string>> names(columns);
  const Result<Statement> statement = Statement::Parse(sql);
  if (!statement.has_value()) return names;
  const std::vector<SelectItem> items = OutermostItems(*statement);
  const auto star = [&](const SelectItem& item) { return IsStar(*statement, item); };
  const auto first_star = static_cast<size_t>(std::ranges::find_if(items, star) - items.begin());
  if (first_star == items.size() && items.size() != columns) return names;
  const auto name = [&](const SelectItem& item, size_t column) {
    if (column < columns && !IsPrefixed(*statement, item)) names[column] = ColumnName(*statement, item);
  };
  for (size_t i = 0; i < first_star; ++i) name(items[i], i);
  for (size_t i = items.size(); i > first_star && !star(items[i - 1]); --i) {
    const size_t behind = items.size() - i + 1;
    if (behind <= columns) name(items[i - 1], columns - behind);
  }
  return names;
}

}  // namespace millrace::query
