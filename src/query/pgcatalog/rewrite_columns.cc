// Names of columns that have none in the statement, by PostgreSQL's rules: that of the column or function at
// the root of the expression, else of the type it is cast to, else "?column?". And vectors among the columns.
#include <fmt/format.h>

#include "query/pgcatalog/pg_types.h"
#include "query/pgcatalog/rewrite_steps.h"

namespace millrace::query::pgcatalog {
namespace {

constexpr const char* kNoName = "?column?";

bool IsCast(const Token& token) {
  return token.kind == TokenKind::kOperator && token.name == "::";
}

// Whether an item is "expression AS name", "expression name", or a star.
bool HasName(const Statement& statement, const SelectItem& item) {
  const Token& last = statement.at(item.end - 1);
  if (last.kind == TokenKind::kOperator && last.name == "*") return true;
  if (item.end - item.begin < 2) return false;
  const Token& before = statement.at(item.end - 2);
  if (!last.IsName()) return false;
  if (before.IsWord("as")) return true;
  if (before.Is('.') || before.kind == TokenKind::kOperator || IsConnective(before)) return false;
  if (last.kind == TokenKind::kWord &&
      (last.name == "end" || last.name == "null" || last.name == "true" || last.name == "false" ||
       last.name == "isnull" || last.name == "notnull" || last.name == "zone" || last.name == "precision" ||
       last.name == "varying")) {
    return false;
  }
  // type 'x' is no alias, 'x' name is.
  return !before.Is('(') && !before.Is('[') && !before.Is(',');
}

std::string TypeColumnName(const Statement& statement, size_t begin, size_t end) {
  size_t last = begin;
  while (last + 2 < end && statement.at(last + 1).Is('.')) last += 2;
  std::string text = statement.at(last).name;
  for (size_t i = last + 1; i < end && statement.at(i).IsName(); ++i) text += " " + statement.at(i).name;
  const BuiltinType* type = statement.at(last).kind == TokenKind::kWord ? FindTypeByName(text) : nullptr;
  return type != nullptr ? std::string(type->name) : text;
}

std::string NameOf(const Statement& statement, size_t begin, size_t end);

// The name of "(SELECT …)": that of its only column.
std::string SubqueryName(const Statement& statement, size_t begin) {
  for (const SelectItem& item : statement.items()) {
    if (item.begin < begin) continue;
    const Token& last = statement.at(item.end - 1);
    return HasName(statement, item) && last.IsName() ? last.name : NameOf(statement, item.begin, item.end);
  }
  return kNoName;
}

std::string CaseName(const Statement& statement, size_t begin, size_t end) {
  int depth = 0;
  for (size_t i = begin; i < end; ++i) {
    if (statement.at(i).IsWord("case")) ++depth;
    if (statement.at(i).IsWord("end")) --depth;
    if (depth == 1 && statement.at(i).IsWord("else")) {
      const std::string name = NameOf(statement, i + 1, end - 1);
      if (name != kNoName) return name;
    }
    if (statement.at(i).partner > static_cast<int>(i)) i = static_cast<size_t>(statement.at(i).partner);
  }
  return "case";
}

std::string NameOf(const Statement& statement, size_t begin, size_t end) {
  if (begin >= end) return kNoName;
  const Token& first = statement.at(begin);
  if (first.IsWord("case") && statement.at(end - 1).IsWord("end")) return CaseName(statement, begin, end);
  if (first.IsWord("exists")) return "exists";
  if (first.IsWord("array")) return "array";
  if (first.IsWord("row") && statement.at(begin + 1).Is('(')) return "row";
  if (end == begin + 1) {
    if (first.IsWord("true") || first.IsWord("false")) return "bool";
    return first.IsName() && !first.IsWord("null") ? first.name : kNoName;
  }
  // type 'x'
  if (end == begin + 2 && first.IsName() && statement.at(begin + 1).kind == TokenKind::kString) {
    return TypeColumnName(statement, begin, begin + 1);
  }
  // The whole must be one operand; anything with operators has no name.
  if (statement.OperandAfter(begin) < end) return kNoName;
  // Of "x::a::b", x has the name, or b.
  size_t first_cast = end;
  size_t last_cast = end;
  for (size_t i = begin; i < end; ++i) {
    if (statement.at(i).partner > static_cast<int>(i)) i = static_cast<size_t>(statement.at(i).partner);
    if (!IsCast(statement.at(i))) continue;
    if (first_cast == end) first_cast = i;
    last_cast = i;
  }
  if (first_cast != end) {
    const std::string inner = NameOf(statement, begin, first_cast);
    return inner != kNoName ? inner
                            : TypeColumnName(statement, last_cast + 1, statement.TypeAfter(last_cast + 1));
  }
  size_t last = end;
  while (statement.at(last - 1).Is(']')) last = static_cast<size_t>(statement.at(last - 1).partner);
  if (!statement.at(last - 1).Is(')'))
    return statement.at(last - 1).IsName() ? statement.at(last - 1).name : kNoName;
  const auto open = static_cast<size_t>(statement.at(last - 1).partner);
  if (open == begin) {
    if (statement.at(open + 1).IsWord("select")) return SubqueryName(statement, open + 1);
    return NameOf(statement, open + 1, last - 1);
  }
  const Token& function = statement.at(open - 1);
  if (function.IsWord("cast")) {
    for (size_t i = open + 1; i < last; ++i) {
      if (statement.at(i).partner > static_cast<int>(i)) i = static_cast<size_t>(statement.at(i).partner);
      if (!statement.at(i).IsWord("as")) continue;
      const std::string inner = NameOf(statement, open + 1, i);
      return inner != kNoName ? inner : TypeColumnName(statement, i + 1, last - 1);
    }
  }
  if (function.IsWord("trim")) {
    return statement.at(open + 1).IsWord("leading")    ? "ltrim"
           : statement.at(open + 1).IsWord("trailing") ? "rtrim"
                                                       : "btrim";
  }
  return function.IsName() ? function.name : kNoName;
}

// A reference to a column that no step has changed keeps its name.
bool IsPlainColumn(const Statement& statement, const SelectItem& item) {
  for (size_t i = item.begin; i < item.end; ++i) {
    const Token& token = statement.at(i);
    const bool expected = (i - item.begin) % 2 == 0 ? token.IsName() : token.Is('.');
    if (!expected || !token.before.empty() || !token.after.empty()) return false;
    if (token.kind == TokenKind::kWord && (token.text.ends_with("()") || token.name == "null" ||
                                           token.name == "true" || token.name == "false")) {
      return false;
    }
  }
  return true;
}

}  // namespace

void ShowVectors(Statement* statement) {
  for (const SelectItem& item : statement->items()) {
    if (statement->place(item.begin).parent >= 0) continue;  // of a subquery, which gives it on as a list
    size_t end = item.end;
    if (HasName(*statement, item)) end -= statement->at(item.end - 2).IsWord("as") ? 2 : 1;
    if (end <= item.begin || !IsVectorColumn(statement->at(end - 1)) ||
        !IsPlainColumn(*statement, {item.begin, end})) {
      continue;
    }
    // Of DuckDB's "[1, 2]".
    statement->at(item.begin).before += "translate(";
    statement->at(end - 1).after += "::VARCHAR, '[],', '')";
  }
}

std::optional<std::string> ColumnName(const Statement& statement, const SelectItem& item) {
  if (HasName(statement, item) || IsPlainColumn(statement, item)) return std::nullopt;
  // A call with FILTER or OVER behind it has the function's name.
  size_t end = item.end;
  for (size_t i = item.begin; i < item.end; ++i) {
    if (statement.at(i).partner > static_cast<int>(i)) i = static_cast<size_t>(statement.at(i).partner);
    if (i > item.begin && (statement.at(i).IsWord("filter") || statement.at(i).IsWord("over"))) {
      end = i;
      break;
    }
  }
  return NameOf(statement, item.begin, end);
}

void NameColumns(Statement* statement) {
  for (const SelectItem& item : statement->items()) {
    // DuckDB keeps the capitals of names that are not quoted.
    Token& last = statement->at(item.end - 1);
    if (last.kind == TokenKind::kWord && last.text.size() == last.name.size()) last.text = last.name;
    const std::optional<std::string> name = ColumnName(*statement, item);
    if (!name.has_value()) continue;
    std::string quoted;
    for (const char c : *name) quoted += c == '"' ? "\"\"" : std::string(1, c);
    // What deleted tokens at the end carry stays in front.
    statement->at(item.end - 1).after += fmt::format(" AS \"{}\"", quoted);
  }
}

}  // namespace millrace::query::pgcatalog
