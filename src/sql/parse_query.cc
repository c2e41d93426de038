// Queries: WITH, set operations, SELECT, VALUES, ORDER BY and LIMIT.
#include <fmt/format.h>

#include <utility>

#include "sql/parser_internal.h"

namespace millrace::sql {

Result<QueryPtr> Parser::ParseQuery() {
  const Nesting nesting(this);
  if (nesting.IsTooDeep()) return TooDeep();
  const Heights heights(this);
  const bool may_emit = std::exchange(may_emit_, false);
  auto query = Make<Query>(Current());
  if (Accept(Word::kWITH)) {
    if (At(Word::kRECURSIVE)) return NotSupported(Current(), "WITH RECURSIVE is not supported");
    do {
      CommonTableExpr cte;
      MR_ASSIGN(cte.name, ParseName("the name of a common table expression after WITH"));
      if (At(TokenKind::kLeftParen) && !AtQueryParen()) {
        MR_ASSIGN(cte.columns, ParseNameList("a column name"));
      }
      MR_TRY(Expect(Word::kAS, fmt::format("after the name '{}' in WITH", cte.name.text)));
      if (!At(TokenKind::kLeftParen)) return Expected("a query in parentheses after AS");
      MR_ASSIGN(cte.query, ParseParenthesisedQuery());
      query->ctes.push_back(std::move(cte));
    } while (Accept(TokenKind::kComma));
  }
  MR_ASSIGN(query->body, ParseQueryBody());
  if (Accept(Word::kORDER)) {
    MR_TRY(Expect(Word::kBY, "after ORDER"));
    MR_TRY(ParseOrderBy(&query->order_by));
  }
  MR_TRY(ParseLimit(query.get()));
  if (At(Word::kEMIT) && IsAhead(1, Word::kCHANGES)) {
    if (!may_emit) {
      return NotSupported(Current(), "EMIT CHANGES is for a SELECT of its own",
                          "a materialized view is always kept up to date; SUBSCRIBE TO it for its changes");
    }
  } else if (At(Word::kEMIT)) {
    return NotSupported(Current(), "EMIT is not supported",
                        "results are emitted as SET 'table.exec.emit.early-fire.enabled' and the window say");
  }
  if (At(Word::kMINUS) && (IsQueryStart(Ahead(1)) || IsAhead(1, TokenKind::kLeftParen))) {
    return NotSupported(Current(), "MINUS between queries is not supported", "write EXCEPT");
  }
  query->range.end = Previous().end;
  if (height_ >= limits::kSqlDepthMax) return TooDeep();
  ++height_;
  return query;
}

Result<QueryPtr> Parser::ParseParenthesisedQuery() {
  const Token open = Current();
  MR_TRY(Expect(TokenKind::kLeftParen));
  MR_ASSIGN(QueryPtr query, ParseQuery());
  if (!Accept(TokenKind::kRightParen)) {
    return Expected(
        fmt::format("')' to close the '(' at line {}, column {}", open.location.line, open.location.column));
  }
  return query;
}

Result<QueryBodyPtr> Parser::ParseQueryBody() {
  MR_ASSIGN(QueryBodyPtr left, ParseIntersections());
  while (At(Word::kUNION) || At(Word::kEXCEPT)) {
    auto node = Make<SetOperationBody>(Current());
    node->op = Current().word == Word::kUNION ? SetOp::kUnion : SetOp::kExcept;
    Advance();
    node->all = Accept(Word::kALL);
    if (!node->all) Accept(Word::kDISTINCT);
    node->left = std::move(left);
    MR_ASSIGN(node->right, ParseIntersections());
    left = std::move(node);
    if (++height_ > limits::kSqlDepthMax) return TooDeep();
  }
  return left;
}

Result<QueryBodyPtr> Parser::ParseIntersections() {
  MR_ASSIGN(QueryBodyPtr left, ParseQueryPrimary());
  while (At(Word::kINTERSECT)) {
    auto node = Make<SetOperationBody>(Current());
    node->op = SetOp::kIntersect;
    Advance();
    node->all = Accept(Word::kALL);
    if (!node->all) Accept(Word::kDISTINCT);
    node->left = std::move(left);
    MR_ASSIGN(node->right, ParseQueryPrimary());
    left = std::move(node);
    if (++height_ > limits::kSqlDepthMax) return TooDeep();
  }
  return left;
}

Result<QueryBodyPtr> Parser::ParseQueryPrimary() {
  const Token first = Current();
  if (At(Word::kSELECT)) return ParseSelect();
  if (At(Word::kVALUES)) return ParseValues();
  if (At(TokenKind::kLeftParen)) {
    auto node = Make<NestedBody>(first);
    MR_ASSIGN(node->query, ParseParenthesisedQuery());
    return node;
  }
  if (Accept(Word::kTABLE)) {
    auto node = Make<TableBody>(first);
    MR_ASSIGN(node->name, ParseQualifiedName("a table's name after TABLE"));
    return node;
  }
  return Expected("a query (SELECT, VALUES or WITH)");
}

Result<QueryBodyPtr> Parser::ParseValues() {
  auto node = Make<ValuesBody>(Current());
  Advance();
  do {
    std::vector<ExprPtr> row;
    const bool in_parentheses =
        At(TokenKind::kLeftParen) || (At(Word::kROW) && IsAhead(1, TokenKind::kLeftParen));
    const bool has_keyword = At(Word::kROW);
    MR_ASSIGN(ExprPtr value, ParseExpr());
    const bool is_row = value->kind == ExprKind::kRow && (has_keyword || !value->As<RowExpr>().has_keyword);
    if (in_parentheses && is_row) {
      row = std::move(value->As<RowExpr>().fields);
      if (row.empty())
        return Fail(ErrorCode::kSyntaxError, "a row of VALUES needs at least one value", {}, value->location);
    } else {
      row.push_back(std::move(value));
    }
    node->rows.push_back(std::move(row));
  } while (Accept(TokenKind::kComma));
  return node;
}

Result<QueryBodyPtr> Parser::ParseSelect() {
  auto select = Make<SelectBody>(Current());
  Advance();
  if (At(TokenKind::kHintBegin)) {
    MR_ASSIGN(select->hints, ParseHints());
  }
  if (At(Word::kSTREAM)) {
    return NotSupported(Current(), "SELECT STREAM is not supported",
                        "leave STREAM out: every query is continuous");
  }
  if (Accept(Word::kDISTINCT)) {
    select->distinct = true;
    if (At(Word::kON)) {
      return NotSupported(
          Current(), "DISTINCT ON is not supported",
          "keep the first row of each key with ROW_NUMBER() OVER (PARTITION BY key ORDER BY …) = 1");
    }
  } else {
    Accept(Word::kALL);
  }
  MR_TRY(ParseSelectItems(&select->items));
  if (Accept(Word::kFROM)) {
    MR_ASSIGN(select->from, ParseFrom());
  }
  if (Accept(Word::kWHERE)) {
    MR_ASSIGN(select->where, ParseExpr());
  }
  if (Accept(Word::kGROUP)) {
    MR_TRY(Expect(Word::kBY, "after GROUP"));
    MR_TRY(ParseGroupBy(select.get()));
  }
  if (Accept(Word::kHAVING)) {
    MR_ASSIGN(select->having, ParseExpr());
  }
  if (Accept(Word::kWINDOW)) {
    do {
      NamedWindow window;
      MR_ASSIGN(window.name, ParseName("the name of a window after WINDOW"));
      MR_TRY(Expect(Word::kAS, "after the window's name"));
      MR_TRY(ParseWindowSpec(&window.spec));
      select->windows.push_back(std::move(window));
    } while (Accept(TokenKind::kComma));
  }
  if (Accept(Word::kQUALIFY)) {
    MR_ASSIGN(select->qualify, ParseExpr());
  }
  return select;
}

Status Parser::ParseSelectItems(std::vector<SelectItem>* items) {
  do {
    if (At(Word::kFROM) && !items->empty()) {
      return Fail(ErrorCode::kSyntaxError, "there is a comma before FROM",
                  "take the last comma of the select list out", Previous().location);
    }
    SelectItem item;
    MR_ASSIGN(item.expr, At(TokenKind::kStar) ? ParseStar() : ParseExpr());
    if (item.expr->kind != ExprKind::kStar) {
      MR_ASSIGN(item.alias, ParseAlias({Word::kFROM}));
    } else if (At(Word::kAS)) {
      return Fail(ErrorCode::kSyntaxError, "* cannot have an alias", {}, Current().location);
    }
    items->push_back(std::move(item));
  } while (Accept(TokenKind::kComma));
  return Ok();
}

Result<ExprPtr> Parser::ParseStar() {
  auto node = Make<StarExpr>(Current());
  Advance();
  return Finish(std::move(node));
}

Status Parser::ParseGroupBy(SelectBody* select) {
  select->has_group_by = true;
  if (Accept(Word::kDISTINCT)) {
    select->group_by_distinct = true;
  } else {
    Accept(Word::kALL);
  }
  do {
    MR_ASSIGN(ExprPtr element, ParseGroupingElement());
    select->group_by.push_back(std::move(element));
  } while (Accept(TokenKind::kComma));
  return Ok();
}

Result<ExprPtr> Parser::ParseGroupingElement() {
  const Nesting nesting(this);
  if (nesting.IsTooDeep()) return TooDeep();
  const Heights heights(this);
  auto node = Make<GroupingElementExpr>(Current());
  if (At(TokenKind::kLeftParen) && IsAhead(1, TokenKind::kRightParen)) {
    Advance();
    Advance();
    return Finish(std::move(node));
  }
  if (Accept(Word::kGROUPING, Word::kSETS)) {
    node->grouping = GroupingKind::kSets;
  } else if (Accept(Word::kROLLUP)) {
    node->grouping = GroupingKind::kRollup;
  } else if (Accept(Word::kCUBE)) {
    node->grouping = GroupingKind::kCube;
  } else {
    return ParseExpr();
  }
  MR_TRY(Expect(TokenKind::kLeftParen, "after GROUPING SETS, ROLLUP or CUBE"));
  do {
    MR_ASSIGN(ExprPtr element, node->grouping == GroupingKind::kSets ? ParseGroupingElement() : ParseExpr());
    node->elements.push_back(std::move(element));
  } while (Accept(TokenKind::kComma));
  if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' in GROUPING SETS, ROLLUP or CUBE");
  return Finish(std::move(node));
}

Status Parser::ParseOrderBy(std::vector<OrderItem>* items) {
  do {
    MR_ASSIGN(OrderItem item, ParseOrderItem());
    items->push_back(std::move(item));
  } while (Accept(TokenKind::kComma));
  return Ok();
}

Result<OrderItem> Parser::ParseOrderItem() {
  OrderItem item;
  MR_ASSIGN(item.expr, ParseExpr());
  if (Accept(Word::kDESC)) {
    item.descending = true;
  } else {
    Accept(Word::kASC);
  }
  if (Accept(Word::kNULLS)) {
    if (Accept(Word::kFIRST)) {
      item.nulls_first = true;
    } else if (Accept(Word::kLAST)) {
      item.nulls_first = false;
    } else {
      return Expected("FIRST or LAST after NULLS");
    }
  }
  return item;
}

Result<ExprPtr> Parser::ParseRowCount(std::string_view what) {
  if (At(TokenKind::kDollar)) {
    const Heights heights(this);
    return ParseParameter();
  }
  if (!At(TokenKind::kInteger)) return Expected(fmt::format("a whole number after {}", what));
  return ParseNumber();
}

Status Parser::ParseLimit(Query* query) {
  bool has_limit = false;
  bool has_offset = false;
  while (true) {
    const Token clause = Current();
    const auto once = [&](bool* seen, std::string_view what) -> Status {
      if (*seen) return Fail(ErrorCode::kSyntaxError, fmt::format("a second {}", what), {}, clause.location);
      *seen = true;
      return Ok();
    };
    if (Accept(Word::kLIMIT)) {
      MR_TRY(once(&has_limit, "LIMIT"));
      if (Accept(Word::kALL)) continue;
      MR_ASSIGN(query->limit, ParseRowCount("LIMIT"));
      if (At(TokenKind::kComma)) {
        return NotSupported(Current(), "LIMIT with two numbers is not supported",
                            "write LIMIT count OFFSET start");
      }
    } else if (Accept(Word::kOFFSET)) {
      MR_TRY(once(&has_offset, "OFFSET"));
      MR_ASSIGN(query->offset, ParseRowCount("OFFSET"));
      if (!Accept(Word::kROWS)) Accept(Word::kROW);
    } else if (Accept(Word::kFETCH)) {
      MR_TRY(once(&has_limit, "LIMIT or FETCH"));
      if (!Accept(Word::kFIRST)) MR_TRY(Expect(Word::kNEXT, "or FIRST after FETCH"));
      MR_ASSIGN(query->limit, ParseRowCount("FETCH FIRST"));
      if (!Accept(Word::kROWS)) MR_TRY(Expect(Word::kROW, "or ROWS after the number"));
      if (At(Word::kWITH))
        return NotSupported(Current(), "FETCH … WITH TIES is not supported", "use RANK() in a subquery");
      MR_TRY(Expect(Word::kONLY, "at the end of FETCH"));
    } else {
      return Ok();
    }
  }
}

// /*+ NAME('k' = 'v', …), NAME(a, b) */
Result<std::vector<Hint>> Parser::ParseHints() {
  std::vector<Hint> hints;
  MR_TRY(Expect(TokenKind::kHintBegin));
  while (!At(TokenKind::kHintEnd)) {
    Hint hint;
    MR_ASSIGN(hint.name, ParseName("the name of a hint, such as OPTIONS or STATE_TTL"));
    if (Accept(TokenKind::kLeftParen)) {
      while (!At(TokenKind::kRightParen)) {
        const SourceLocation location = Current().location;
        std::string text;
        if (AtName()) {
          MR_ASSIGN(const QualifiedName name, ParseQualifiedName("a name"));
          text = name.ToString();
        } else if (At(TokenKind::kInteger)) {
          text = std::string(lexer_.TextOf(Current()));
          Advance();
        } else {
          MR_ASSIGN(text, ParseString("a string, a name or a number as the argument of a hint"));
        }
        if (Accept(TokenKind::kEqual)) {
          Option option{std::move(text), {}, location, Current().location};
          MR_ASSIGN(option.value, ParseString("a string as the value in a hint"));
          hint.options.push_back(std::move(option));
        } else {
          hint.arguments.push_back(std::move(text));
        }
        if (!Accept(TokenKind::kComma) && !At(TokenKind::kRightParen))
          return Expected("',' or ')' in a hint");
      }
      MR_TRY(Expect(TokenKind::kRightParen));
    }
    hints.push_back(std::move(hint));
    if (!Accept(TokenKind::kComma) && !At(TokenKind::kHintEnd) && !AtName())
      return Expected("',' or '*/' after a hint");
  }
  MR_TRY(Expect(TokenKind::kHintEnd));
  if (hints.empty())
    return Fail(ErrorCode::kSyntaxError, "this hint is empty", "as in /*+ OPTIONS('k' = 'v') */",
                Previous().location);
  return hints;
}

}  // namespace millrace::sql
