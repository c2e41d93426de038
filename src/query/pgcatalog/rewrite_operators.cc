#include <fmt/format.h>

#include <algorithm>

#include "query/pgcatalog/native.h"
#include "query/pgcatalog/rewrite_steps.h"

namespace millrace::query::pgcatalog {
namespace {

// PostgreSQL's regular expressions match anywhere in a text, DuckDB's operator the whole of it.
void RewriteRegex(Statement* statement, size_t i, size_t right, bool negated, bool any_case) {
  statement->at(i).text = negated ? "!~" : "~";
  if (statement->at(right).IsWord("any") || statement->at(right).IsWord("all")) return;
  const size_t end = statement->OperandAfter(right);
  Token& first = statement->at(right);
  first.before = fmt::format("{}(", TargetOf(any_case ? "unanchored_i" : "unanchored")) + first.before;
  statement->at(end - 1).after += ")";
}

// Behind the pattern of a LIKE: operands with operators between, which bind closer.
size_t PatternEnd(const Statement& statement, size_t begin) {
  size_t end = statement.OperandAfter(begin);
  constexpr std::string_view kCloser[] = {"||", "+", "-", "*", "/", "%"};
  while (statement.at(end).kind == TokenKind::kOperator &&
         std::ranges::find(kCloser, statement.at(end).name) != std::end(kCloser)) {
    end = statement.OperandAfter(end + 1);
  }
  return end;
}

// The backslash escapes in PostgreSQL's LIKE unless the statement says otherwise.
void RewriteLike(Statement* statement, size_t right) {
  if (statement->at(right).IsWord("any") || statement->at(right).IsWord("all")) return;
  const size_t end = PatternEnd(*statement, right);
  if (statement->at(end).IsWord("escape")) return;
  const Token& pattern = statement->at(right);
  const bool plain = end == right + 1 && pattern.kind == TokenKind::kString &&
                     StringValue(statement->sql(), pattern).find('\\') == std::string::npos &&
                     pattern.text.starts_with('\'');
  if (!plain) statement->at(end - 1).after += " ESCAPE '\\'";
}

void RewriteOperator(Statement* statement, size_t i, const std::string& op, size_t right) {
  if (op == "~" || op == "!~" || op == "~*" || op == "!~*") {
    const Token* before = i > 0 ? &statement->at(i - 1) : nullptr;
    const bool binary = before != nullptr && before->kind != TokenKind::kOperator && !before->Is('(') &&
                        !before->Is(',') && !IsConnective(*before);
    if (binary) RewriteRegex(statement, i, right, op[0] == '!', op.back() == '*');
  } else if (op == "~~" || op == "!~~" || op == "~~*" || op == "!~~*") {
    statement->at(i).text =
        fmt::format(" {}{} ", op[0] == '!' ? "NOT " : "", op.back() == '*' ? "ILIKE" : "LIKE");
    RewriteLike(statement, right);
  }
}

}  // namespace

void RewriteOperators(Statement* statement) {
  for (size_t i = 0; i + 1 < statement->size(); ++i) {
    Token& token = statement->at(i);
    if (token.IsWord("operator") && statement->at(i + 1).Is('(')) {
      const auto close = static_cast<size_t>(statement->at(i + 1).partner);
      const std::string op = statement->at(close - 1).name;
      for (size_t j = i + 1; j <= close; ++j) statement->at(j).Delete();
      token.text = op;
      RewriteOperator(statement, i, op, close + 1);
      i = close;
    } else if (token.kind == TokenKind::kOperator) {
      RewriteOperator(statement, i, token.name, i + 1);
    } else if (token.IsWord("like") || token.IsWord("ilike")) {
      RewriteLike(statement, i + 1);
    } else if (token.IsWord("collate")) {
      // Text compares by its bytes, as it does there too in the C locale.
      size_t end = i + 2;
      while (statement->at(end).Is('.')) end += 2;
      for (size_t j = i; j < end; ++j) statement->at(j).Delete();
      i = end - 1;
    } else if (IsVectorColumn(token) && statement->at(i + 1).Is('[')) {
      statement->at(i + 1).after += "(";
      statement->at(static_cast<size_t>(statement->at(i + 1).partner)).before = ") + 1";
    } else if (token.IsWord("using") && statement->at(i + 1).kind == TokenKind::kOperator) {
      // ORDER BY x USING <
      token.text = statement->at(i + 1).name.starts_with('>') ? "DESC" : "ASC";
      statement->at(i + 1).Delete();
    }
  }
}

}  // namespace millrace::query::pgcatalog
