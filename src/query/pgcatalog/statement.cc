#include "query/pgcatalog/statement.h"

#include <algorithm>

namespace millrace::query::pgcatalog {
namespace {

template <size_t N>
bool IsOneOf(const Token& token, const std::string_view (&words)[N]) {
  return token.kind == TokenKind::kWord && std::ranges::find(words, token.name) != std::end(words);
}

// What ends a SELECT list or a FROM clause.
constexpr std::string_view kClauseWords[] = {"where", "group",  "having",    "order",  "limit", "offset",
                                             "union", "except", "intersect", "window", "fetch", "for"};

}  // namespace

bool IsConnective(const Token& token) {
  constexpr std::string_view kWords[] = {
      "all",       "and",     "any",     "array",  "as",       "asc",      "between", "by",     "case",
      "cast",      "collate", "cross",   "desc",   "distinct", "else",     "escape",  "except", "exists",
      "fetch",     "for",     "from",    "full",   "group",    "having",   "ilike",   "in",     "inner",
      "intersect", "is",      "isnull",  "join",   "lateral",  "left",     "like",    "limit",  "natural",
      "not",       "notnull", "offset",  "on",     "or",       "order",    "outer",   "over",   "right",
      "row",       "select",  "similar", "some",   "then",     "union",    "using",   "values", "when",
      "where",     "window",  "with",    "filter", "only",     "recursive"};
  return IsOneOf(token, kWords);
}

Result<Statement> Statement::Parse(std::string_view sql) {
  Statement statement;
  statement.sql_ = sql;
  MR_ASSIGN(statement.tokens_, Tokenize(sql));
  statement.FindPlaces();
  return statement;
}

void Statement::FindPlaces() {
  struct Frame {
    int open;
    Clause clause = Clause::kNone;
    bool table = false;
    int item_begin = -1;  // of the select list that is being read
  };
  std::vector<Frame> frames = {{-1}};
  const auto end_item = [&](Frame& frame, size_t end) {
    if (frame.item_begin >= 0 && static_cast<size_t>(frame.item_begin) < end) {
      items_.push_back({static_cast<size_t>(frame.item_begin), end});
    }
    frame.item_begin = -1;
  };
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    if (token.Is(')') || token.Is(']') || token.kind == TokenKind::kEnd) {
      end_item(frames.back(), i);
      if (frames.size() > 1) frames.pop_back();
    }
    Frame& frame = frames.back();
    places_.push_back({frame.clause, frame.table, frame.open});
    const bool after_dot = i > 0 && tokens_[i - 1].Is('.');
    if (token.Is('(') || token.Is('[')) {
      // The parenthesis of a join tree, or of a subquery in FROM, has tables in it.
      const bool tables = frame.table && token.Is('(') &&
                          (i == 0 || !tokens_[i - 1].IsName() || IsConnective(tokens_[i - 1]));
      frame.table = false;
      frames.push_back({static_cast<int>(i), tables ? Clause::kFrom : Clause::kNone, tables});
      continue;
    }
    if (token.Is(',')) {
      if (frame.clause == Clause::kSelectList) {
        end_item(frame, i);
        frame.item_begin = static_cast<int>(i) + 1;
      }
      frame.table = frame.clause == Clause::kFrom;
      continue;
    }
    if (token.Is(';')) {
      end_item(frame, i);
      frame.clause = Clause::kNone;
      frame.table = false;
      continue;
    }
    if (token.kind != TokenKind::kWord || after_dot) {
      if (!token.Is('.')) frame.table = false;
      continue;
    }
    const bool named = i > 0 && tokens_[i - 1].IsWord("as");
    if (token.name == "select" && !named) {
      frame.clause = Clause::kSelectList;
      frame.table = false;
      size_t begin = i + 1;
      if (at(begin).IsWord("all")) ++begin;
      if (at(begin).IsWord("distinct")) {
        ++begin;
        if (at(begin).IsWord("on") && at(begin + 1).Is('(')) {
          begin = static_cast<size_t>(at(begin + 1).partner) + 1;
        }
      }
      frame.item_begin = static_cast<int>(begin);
    } else if (token.name == "from" && frame.clause == Clause::kSelectList && !named &&
               !(tokens_[i - 1].IsWord("distinct") && i > 1 &&
                 (tokens_[i - 2].IsWord("is") || tokens_[i - 2].IsWord("not")))) {
      end_item(frame, i);
      frame.clause = Clause::kFrom;
      frame.table = true;
    } else if (frame.clause == Clause::kFrom &&
               (token.name == "join" || token.name == "lateral" || token.name == "only")) {
      frame.table = true;
    } else if (!named && (frame.clause == Clause::kFrom || frame.clause == Clause::kSelectList) &&
               IsOneOf(token, kClauseWords)) {
      end_item(frame, i);
      frame.clause = Clause::kOther;
      frame.table = false;
    } else {
      frame.table = false;
    }
  }
}

size_t Statement::OperandBefore(size_t end) const {
  size_t begin = end;
  for (;;) {
    if (begin == 0) return begin;
    --begin;
    const Token* token = &at(begin);
    // Subscripts, and the [] of types.
    while (token->Is(']') && begin > 0) {
      begin = static_cast<size_t>(token->partner);
      if (begin == 0) return begin;
      --begin;
      token = &at(begin);
    }
    if (token->Is(')')) {
      begin = static_cast<size_t>(token->partner);
      // A call, unless the word before it is of the grammar.
      if (begin > 0 && at(begin - 1).IsName() &&
          (!IsConnective(at(begin - 1)) || at(begin - 1).IsWord("cast") || at(begin - 1).IsWord("array") ||
           at(begin - 1).IsWord("left") || at(begin - 1).IsWord("right"))) {
        --begin;
      }
    }
    while (begin > 1 && at(begin - 1).Is('.')) {
      begin -= 2;
      if (at(begin).Is(')')) begin = static_cast<size_t>(at(begin).partner);
    }
    // What was read so far may be the type of a cast.
    if (begin > 0 && at(begin - 1).kind == TokenKind::kOperator && at(begin - 1).name == "::") {
      --begin;
      continue;
    }
    return begin;
  }
}

size_t Statement::OperandAfter(size_t begin) const {
  size_t i = begin;
  if (i + 1 >= tokens_.size()) return i;
  if (at(i).kind == TokenKind::kOperator && at(i).name != "::") ++i;  // a sign
  if (at(i).Is('(')) {
    i = static_cast<size_t>(at(i).partner) + 1;
  } else if (at(i).IsName()) {
    ++i;
    while (at(i).Is('.') && at(i + 1).IsName()) i += 2;
    if (at(i).Is('(') || at(i).Is('[')) i = static_cast<size_t>(at(i).partner) + 1;
  } else {
    ++i;
  }
  for (;;) {
    if (at(i).Is('[')) {
      i = static_cast<size_t>(at(i).partner) + 1;
    } else if (at(i).Is('.') && at(i + 1).IsName()) {
      i += 2;
    } else if (at(i).kind == TokenKind::kOperator && at(i).name == "::") {
      i = TypeAfter(i + 1);
    } else if (at(i).IsWord("collate")) {
      i += 2;
      while (at(i).Is('.')) i += 2;
    } else {
      return i;
    }
  }
}

size_t Statement::TypeAfter(size_t begin) const {
  size_t i = begin;
  if (!at(i).IsName()) return i;
  while (at(i + 1).Is('.') && at(i + 2).IsName()) i += 2;
  const std::string& first = at(i).name;
  ++i;
  if (first == "double" && at(i).IsWord("precision")) ++i;
  if ((first == "character" || first == "char" || first == "bit") && at(i).IsWord("varying")) ++i;
  if (at(i).Is('(')) i = static_cast<size_t>(at(i).partner) + 1;
  if ((first == "timestamp" || first == "time") && (at(i).IsWord("with") || at(i).IsWord("without")) &&
      at(i + 1).IsWord("time")) {
    i += 3;
  }
  while (at(i).Is('[') && at(i).partner <= static_cast<int>(i) + 2) {
    i = static_cast<size_t>(at(i).partner) + 1;
  }
  return i;
}

}  // namespace millrace::query::pgcatalog
