#include <fmt/format.h>

#include <algorithm>

#include "query/pgcatalog/rewrite_steps.h"

namespace millrace::query::pgcatalog {
namespace {

// What a type's name becomes.
struct TypeRule {
  std::string_view name;
  std::string_view duck;  // "": a type whose values are what they are, the cast goes
};

constexpr TypeRule kTypes[] = {
    {"name", "VARCHAR"},
    {"char", "VARCHAR"},
    {"bpchar", "VARCHAR"},
    {"oid", "BIGINT"},
    {"xid", "BIGINT"},
    {"cid", "BIGINT"},
    {"xid8", "BIGINT"},
    {"unknown", "VARCHAR"},
    {"cstring", "VARCHAR"},
    {"citext", "VARCHAR"},
    {"xml", "VARCHAR"},
    {"inet", "VARCHAR"},
    {"cidr", "VARCHAR"},
    {"aclitem", "VARCHAR"},
    {"pg_node_tree", "VARCHAR"},
    {"jsonb", "JSON"},
    {"sql_identifier", "VARCHAR"},
    {"character_data", "VARCHAR"},
    {"yes_or_no", "VARCHAR"},
    {"cardinal_number", "INTEGER"},
    {"int2vector", ""},
    {"oidvector", ""},
    {"anyarray", ""},
    {"anyelement", ""},
};

// Types whose values name an object: a function makes them.
std::string RegFunction(const std::string& type) {
  if (type == "regclass" || type == "regtype" || type == "regproc" || type == "regnamespace" ||
      type == "regrole") {
    return "millrace_pg_" + type;
  }
  if (type == "regprocedure" || type == "regoper" || type == "regoperator") return "millrace_pg_regproc";
  return "";
}

// A type's name: its last word, without its schema.
struct TypeName {
  std::string name;
  size_t begin;
  size_t last;  // the token of that word
  size_t end;
  bool array = false;
};

TypeName TypeAt(const Statement& statement, size_t begin) {
  TypeName type{"", begin, begin, statement.TypeAfter(begin)};
  while (statement.at(type.last + 1).Is('.') && type.last + 2 < type.end) type.last += 2;
  type.name = statement.at(type.last).name;
  type.array = type.end > begin && statement.at(type.end - 1).Is(']');
  return type;
}

// Changes the type's tokens; false when its cast is to go.
bool RewriteType(Statement* statement, const TypeName& type) {
  for (size_t i = type.begin; i < type.last; ++i) statement->at(i).Delete();
  Token& word = statement->at(type.last);
  // Unquoted char is bpchar, which DuckDB knows.
  if (word.name == "char" && word.kind == TokenKind::kWord) return true;
  if (const auto rule = std::ranges::find(kTypes, type.name, &TypeRule::name); rule != std::end(kTypes)) {
    if (rule->duck.empty()) return false;
    word.text = std::string(rule->duck);
  } else if (word.kind == TokenKind::kQuotedName) {
    word.text = word.name;
  }
  return true;
}

// '{a,"b c"}' as ['a','b c']; nothing when it is no array of one dimension.
std::optional<std::string> ArrayLiteral(const std::string& text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return std::nullopt;
  std::string list = "[";
  size_t at = 1;
  const size_t end = text.size() - 1;
  while (at < end) {
    std::string element;
    bool quoted = false;
    if (text[at] == '"') {
      quoted = true;
      for (++at; at < end && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < end) ++at;
        element += text[at];
      }
      ++at;
    } else {
      for (; at < end && text[at] != ','; ++at) {
        if (text[at] == '{') return std::nullopt;
        element += text[at];
      }
    }
    if (list.size() > 1) list += ", ";
    if (!quoted && (element == "NULL" || element == "null")) {
      list += "NULL";
    } else {
      std::string literal = "'";
      for (const char c : element) literal += c == '\'' ? "''" : std::string(1, c);
      list += literal + "'";
    }
    if (at < end && text[at] == ',') ++at;
  }
  return list + "]";
}

void RewriteArrayLiteral(Statement* statement, size_t i) {
  const auto list = ArrayLiteral(StringValue(statement->sql(), statement->at(i)));
  if (list.has_value()) statement->at(i).text = *list;
}

bool IsCast(const Token& token) {
  return token.kind == TokenKind::kOperator && token.name == "::";
}

// regclass is shown as a name and counts as an oid; what follows says which is meant.
std::string Variant(const Statement& statement, size_t next) {
  if (!IsCast(statement.at(next))) return "";
  const std::string name = TypeAt(statement, next + 1).name;
  constexpr std::string_view kNumbers[] = {"oid", "int", "int4", "int8", "integer", "bigint"};
  if (std::ranges::find(kNumbers, name) != std::end(kNumbers)) return "_oid";
  return name == "text" || name == "varchar" || name == "name" ? "_name" : "";
}

void RewriteColonCast(Statement* statement, size_t i) {
  const TypeName type = TypeAt(*statement, i + 1);
  const size_t operand = statement->OperandBefore(i);
  if (const std::string function = RegFunction(type.name); !function.empty() && !type.array) {
    Token& first = statement->at(operand);
    // A parameter would have no type that the function could be chosen by.
    if (operand + 1 == i && first.kind == TokenKind::kParameter) first.text += "::VARCHAR";
    first.before = function + Variant(*statement, type.end) + "(" + first.before;
    for (size_t j = i; j < type.end; ++j) statement->at(j).Delete();
    statement->at(type.end - 1).after += ")";
    return;
  }
  if (type.array && operand + 1 == i && statement->at(operand).kind == TokenKind::kString) {
    RewriteArrayLiteral(statement, operand);
  }
  if (!RegFunction(type.name).empty() || !RewriteType(statement, type)) {
    for (size_t j = i; j < type.end; ++j) statement->at(j).Delete();
  }
}

// CAST ( … AS type ): `as` is that word's token.
void RewriteCastCall(Statement* statement, size_t cast, size_t as) {
  const TypeName type = TypeAt(*statement, as + 1);
  const std::string function = RegFunction(type.name);
  if (!function.empty() && !type.array) {
    const auto close = static_cast<size_t>(statement->at(cast + 1).partner);
    std::string variant = Variant(*statement, close + 1);
    // CAST(CAST(x AS regclass) AS oid)
    if (variant.empty() && statement->at(close + 1).IsWord("as")) {
      const std::string outer = TypeAt(*statement, close + 2).name;
      variant = outer == "oid" || outer.starts_with("int") || outer == "bigint" ? "_oid"
                : outer == "text"                                               ? "_name"
                                                                                : "";
    }
    statement->at(cast).text = function + variant;
    if (as == cast + 3 && statement->at(cast + 2).kind == TokenKind::kParameter) {
      statement->at(cast + 2).text += "::VARCHAR";
    }
    for (size_t j = as; j < type.end; ++j) statement->at(j).Delete();
    return;
  }
  if (!RewriteType(statement, type)) {
    statement->at(cast).Delete();
    for (size_t j = as; j < type.end; ++j) statement->at(j).Delete();
  }
}

// type 'x'
void RewriteTypedLiteral(Statement* statement, size_t i) {
  Token& literal = statement->at(i);
  Token& word = statement->at(i - 1);
  const bool schema = i >= 3 && statement->at(i - 2).Is('.') && statement->at(i - 3).IsWord("pg_catalog");
  const std::string function = RegFunction(word.name);
  const auto rule = std::ranges::find(kTypes, word.name, &TypeRule::name);
  if (function.empty() && (rule == std::end(kTypes) || !schema) && !schema) return;
  if (schema) {
    statement->at(i - 3).Delete();
    statement->at(i - 2).Delete();
  }
  if (!function.empty()) {
    word.text = function + Variant(*statement, i + 1);
    literal.before += "(";
    literal.after += ")";
  } else if (rule != std::end(kTypes)) {
    word.text = std::string(rule->duck);
  }
}

}  // namespace

void RewriteCasts(Statement* statement) {
  for (size_t i = 0; i + 1 < statement->size(); ++i) {
    const Token& token = statement->at(i);
    if (IsCast(token)) {
      RewriteColonCast(statement, i);
    } else if (token.IsWord("as")) {
      const int open = statement->place(i).parent;
      if (open > 0 && statement->at(static_cast<size_t>(open) - 1).IsWord("cast")) {
        RewriteCastCall(statement, static_cast<size_t>(open) - 1, i);
      }
    } else if (token.kind == TokenKind::kString && i > 0) {
      const bool quantified = i > 1 && statement->at(i - 1).Is('(') &&
                              (statement->at(i - 2).IsWord("any") || statement->at(i - 2).IsWord("all") ||
                               statement->at(i - 2).IsWord("some"));
      if (quantified && statement->at(i + 1).Is(')')) RewriteArrayLiteral(statement, i);
      if (statement->at(i - 1).IsName()) RewriteTypedLiteral(statement, i);
    }
  }
}

}  // namespace millrace::query::pgcatalog
