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
      if (tokens_[begin].IsWord("all")) ++begin;
      if (tokens_[begin].IsWord("distinct")) {
        ++begin;
        if (tokens_[begin].IsWord("on") && tokens_[begin + 1].Is('(')) {
          begin = static_cast<size_t>(tokens_[begin + 1].partner) + 1;
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
    const Token* token = &tokens_[begin];
    // Subscripts, and the [] of types.
    while (token->Is(']') && begin > 0) {
      begin = static_cast<size_t>(token->partner);
      if (begin == 0) return begin;
      --begin;
      token = &tokens_[begin];
    }
    if (token->Is(')')) {
      begin = static_cast<size_t>(token->partner);
      // A call, unless the word before it is of the grammar.
      if (begin > 0 && tokens_[begin - 1].IsName() &&
          (!IsConnective(tokens_[begin - 1]) || tokens_[begin - 1].IsWord("cast") ||
           tokens_[begin - 1].IsWord("array") || tokens_[begin - 1].IsWord("left") ||
           tokens_[begin - 1].IsWord("right"))) {
        --begin;
      }
    }
    while (begin > 1 && tokens_[begin - 1].Is('.')) {
      begin -= 2;
      if (tokens_[begin].Is(')')) begin = static_cast<size_t>(tokens_[begin].partner);
    }
    // What was read so far may be the type of a cast.
    if (begin > 0 && tokens_[begin - 1].kind == TokenKind::kOperator && tokens_[begin - 1].name == "::") {
      --begin;
      continue;
    }
    return begin;
  }
}

size_t Statement::OperandAfter(size_t begin) const {
  size_t at = begin;
  if (at + 1 >= tokens_.size()) return at;
  if (tokens_[at].kind == TokenKind::kOperator && tokens_[at].name != "::") ++at;  // a sign
  if (tokens_[at].Is('(')) {
    at = static_cast<size_t>(tokens_[at].partner) + 1;
  } else if (tokens_[at].IsName()) {
    ++at;
    while (tokens_[at].Is('.') && tokens_[at + 1].IsName()) at += 2;
    if (tokens_[at].Is('(') || tokens_[at].Is('[')) at = static_cast<size_t>(tokens_[at].partner) + 1;
  } else {
    ++at;
  }
  for (;;) {
    if (tokens_[at].Is('[')) {
      at = static_cast<size_t>(tokens_[at].partner) + 1;
    } else if (tokens_[at].kind == TokenKind::kOperator && tokens_[at].name == "::") {
      at = TypeAfter(at + 1);
    } else if (tokens_[at].IsWord("collate")) {
      at += 2;
      while (tokens_[at].Is('.')) at += 2;
    } else {
      return at;
    }
  }
}

size_t Statement::TypeAfter(size_t begin) const {
  size_t at = begin;
  if (!tokens_[at].IsName()) return at;
  while (tokens_[at + 1].Is('.') && tokens_[at + 2].IsName()) at += 2;
  const std::string& first = tokens_[at].name;
  ++at;
  if (first == "double" && tokens_[at].IsWord("precision")) ++at;
  if ((first == "character" || first == "char" || first == "bit") && tokens_[at].IsWord("varying")) ++at;
  if (tokens_[at].Is('(')) at = static_cast<size_t>(tokens_[at].partner) + 1;
  if ((first == "timestamp" || first == "time") &&
      (tokens_[at].IsWord("with") || tokens_[at].IsWord("without")) && tokens_[at + 1].IsWord("time")) {
    at += 3;
  }
  while (tokens_[at].Is('[') && tokens_[at].partner <= static_cast<int>(at) + 2) {
    at = static_cast<size_t>(tokens_[at].partner) + 1;
  }
  return at;
}

}  // namespace millrace::query::pgcatalog
