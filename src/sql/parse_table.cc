// Tables of a FROM clause: names, subqueries, functions, UNNEST, joins, MATCH_RECOGNIZE.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

TableRefPtr MakeJoin(TableRefPtr left, TableRefPtr right, JoinKind kind, SourceLocation location) {
  auto join = std::make_unique<JoinTableRef>();
  join->location = location;
  join->range = {left->range.begin, right->range.end};
  join->join = kind;
  join->left = std::move(left);
  join->right = std::move(right);
  return join;
}

}  // namespace

// a, b JOIN c: the comma binds less tightly than JOIN.
Result<TableRefPtr> Parser::ParseFrom() {
  MR_ASSIGN(TableRefPtr left, ParseJoined());
  while (At(TokenKind::kComma)) {
    const SourceLocation location = Current().location;
    Advance();
    MR_ASSIGN(TableRefPtr right, ParseJoined());
    left = MakeJoin(std::move(left), std::move(right), JoinKind::kComma, location);
    if (++height_ > limits::kSqlDepthMax) return TooDeep();
  }
  return left;
}

Result<TableRefPtr> Parser::ParseJoined() {
  MR_ASSIGN(TableRefPtr left, ParseTablePrimary());
  while (true) {
    const Token first = Current();
    if (Accept(Word::kCROSS)) {
      if (At(Word::kAPPLY)) {
        return NotSupported(first, "CROSS APPLY is not supported", "write CROSS JOIN LATERAL TABLE(f(…))");
      }
      MR_TRY(Expect(Word::kJOIN, "after CROSS"));
      MR_ASSIGN(TableRefPtr right, ParseTablePrimary());
      left = MakeJoin(std::move(left), std::move(right), JoinKind::kCross, first.location);
      if (++height_ > limits::kSqlDepthMax) return TooDeep();
      continue;
    }
    const bool natural = Accept(Word::kNATURAL);
    JoinKind kind = JoinKind::kInner;
    bool is_join = natural;
    if (Accept(Word::kINNER)) {
      is_join = true;
    } else if (At(Word::kLEFT) || At(Word::kRIGHT) || At(Word::kFULL)) {
      kind = Current().word == Word::kLEFT    ? JoinKind::kLeft
             : Current().word == Word::kRIGHT ? JoinKind::kRight
                                              : JoinKind::kFull;
      Advance();
      if (At(Word::kSEMI) || At(Word::kANTI)) {
        return NotSupported(Current(), fmt::format("{} JOIN is not supported", WordText(Current().word)),
                            "write WHERE EXISTS (…) or WHERE NOT EXISTS (…)");
      }
      Accept(Word::kOUTER);
      is_join = true;
    }
    if (At(Word::kASOF))
      return NotSupported(Current(), "ASOF JOIN is not supported", "join FOR SYSTEM_TIME AS OF");
    if (is_join) {
      MR_TRY(Expect(Word::kJOIN));
    } else if (!Accept(Word::kJOIN)) {
      return left;
    }
    MR_ASSIGN(left, ParseJoinTail(std::move(left), kind, natural, first));
    if (++height_ > limits::kSqlDepthMax) return TooDeep();
  }
}

Result<TableRefPtr> Parser::ParseJoinTail(TableRefPtr left, JoinKind kind, bool natural, const Token& first) {
  MR_ASSIGN(TableRefPtr right, ParseTablePrimary());
  TableRefPtr node = MakeJoin(std::move(left), std::move(right), kind, first.location);
  auto& join = static_cast<JoinTableRef&>(*node);
  join.natural = natural;
  if (natural) return node;
  if (Accept(Word::kON)) {
    MR_ASSIGN(join.condition, ParseExpr());
  } else if (Accept(Word::kUSING)) {
    MR_ASSIGN(join.using_columns, ParseNameList("a column name in USING"));
  } else {
    return Expected("ON or USING after the joined table");
  }
  join.range.end = Previous().end;
  return node;
}

Result<TableRefPtr> Parser::ParseTablePrimary() {
  const Nesting nesting(this);
  if (nesting.IsTooDeep()) return TooDeep();
  const Token first = Current();
  TableRefPtr table;
  const bool lateral = Accept(Word::kLATERAL);
  if (At(TokenKind::kLeftParen) && (lateral || AtQueryParen())) {
    auto node = Make<DerivedTableRef>(first);
    node->lateral = lateral;
    MR_ASSIGN(node->query, ParseParenthesisedQuery());
    table = std::move(node);
  } else if (At(TokenKind::kLeftParen)) {
    Advance();
    MR_ASSIGN(table, ParseJoined());
    if (!Accept(TokenKind::kRightParen)) {
      return Expected(fmt::format("')' to close the '(' at line {}, column {}", first.location.line,
                                  first.location.column));
    }
    table->range = {first.begin, Previous().end};
    if (table->kind == TableRefKind::kJoin || table->alias) return table;
  } else if (lateral || (At(Word::kTABLE) && IsAhead(1, TokenKind::kLeftParen))) {
    MR_ASSIGN(table, ParseTableFunction(lateral));
  } else if (At(Word::kUNNEST)) {
    MR_ASSIGN(table, ParseUnnest());
  } else {
    Accept(Word::kTABLE);
    MR_ASSIGN(table, ParseNamedTable());
  }
  if (At(Word::kMATCH_RECOGNIZE)) {
    table->range.end = Previous().end;
    MR_ASSIGN(table, ParseMatchRecognize(std::move(table)));
  }
  if (At(Word::kTABLESAMPLE)) return NotSupported(Current(), "TABLESAMPLE is not supported");
  if ((At(Word::kPIVOT) || At(Word::kUNPIVOT)) && IsAhead(1, TokenKind::kLeftParen)) {
    return NotSupported(Current(), fmt::format("{} is not supported", WordText(Current().word)),
                        "write one aggregate with FILTER (WHERE …) for each column");
  }
  MR_TRY(ParseTableAlias(table.get()));
  if (At(Word::kMATCH_RECOGNIZE)) {
    table->range.end = Previous().end;
    MR_ASSIGN(table, ParseMatchRecognize(std::move(table)));
    MR_TRY(ParseTableAlias(table.get()));
  }
  table->range.end = Previous().end;
  return table;
}

Status Parser::ParseTableAlias(TableRef* table) {
  if (At(Word::kEMIT)) return Ok();
  MR_ASSIGN(table->alias, ParseAlias({Word::kWHERE,  Word::kGROUP,   Word::kHAVING,          Word::kORDER,
                                      Word::kLIMIT,  Word::kOFFSET,  Word::kFETCH,           Word::kJOIN,
                                      Word::kINNER,  Word::kLEFT,    Word::kRIGHT,           Word::kFULL,
                                      Word::kCROSS,  Word::kUNION,   Word::kEXCEPT,          Word::kINTERSECT,
                                      Word::kWINDOW, Word::kQUALIFY, Word::kMATCH_RECOGNIZE, Word::kON,
                                      Word::kUSING}));
  if (table->alias && At(TokenKind::kLeftParen)) {
    MR_ASSIGN(table->column_aliases, ParseNameList("a column name"));
  }
  if (At(TokenKind::kHintBegin) && table->kind == TableRefKind::kNamed) {
    return Fail(ErrorCode::kSyntaxError, "a hint stands before the alias",
                "as in FROM t /*+ OPTIONS('k' = 'v') */ AS x", Current().location);
  }
  return Ok();
}

// [LATERAL] TABLE ( f(…) )
Result<TableRefPtr> Parser::ParseTableFunction(bool lateral) {
  auto node = Make<FunctionTableRef>(Current());
  node->lateral = lateral;
  node->has_table_keyword = true;
  if (At(Word::kUNNEST)) return ParseUnnest();
  MR_TRY(Expect(Word::kTABLE, "or a query in parentheses after LATERAL"));
  MR_TRY(Expect(TokenKind::kLeftParen, "after TABLE"));
  const Token first = Current();
  if (AtQueryParen() || IsQueryStart(first)) {
    return Fail(ErrorCode::kSyntaxError, "expected a function after TABLE(, found a query",
                "leave TABLE out: FROM (SELECT …)", first.location);
  }
  MR_ASSIGN(QualifiedName name, ParseQualifiedName("the name of a table function"));
  if (!At(TokenKind::kLeftParen)) return Expected("'(' after the name of a table function");
  MR_ASSIGN(ExprPtr call, ParseCall(std::move(name), first));
  if (call->kind != ExprKind::kFunctionCall) {
    return Fail(ErrorCode::kSyntaxError, "this is no table function", {}, first.location);
  }
  node->call.reset(static_cast<FunctionCallExpr*>(call.release()));
  MR_TRY(Expect(TokenKind::kRightParen, "after the call in TABLE(…"));
  return node;
}

Result<TableRefPtr> Parser::ParseNamedTable() {
  const Token first = Current();
  MR_ASSIGN(QualifiedName name, ParseQualifiedName("a table's name"));
  if (At(TokenKind::kLeftParen)) {
    MR_ASSIGN(ExprPtr call, ParseCall(std::move(name), first));
    if (call->kind != ExprKind::kFunctionCall) {
      return Fail(ErrorCode::kSyntaxError, "this is no table function", {}, first.location);
    }
    auto node = Make<FunctionTableRef>(first);
    node->call.reset(static_cast<FunctionCallExpr*>(call.release()));
    return node;
  }
  auto node = Make<NamedTableRef>(first);
  node->name = std::move(name);
  if (At(TokenKind::kHintBegin)) {
    MR_ASSIGN(node->hints, ParseHints());
  }
  if (Accept(Word::kFOR)) {
    MR_TRY(Expect(Word::kSYSTEM_TIME, "after FOR"));
    MR_TRY(Expect(Word::kAS, "OF after FOR SYSTEM_TIME"));
    MR_TRY(Expect(Word::kOF, "after FOR SYSTEM_TIME AS"));
    MR_ASSIGN(node->system_time, ParseBinary(Precedence::kAdditive));
  }
  return node;
}

Result<TableRefPtr> Parser::ParseUnnest() {
  auto node = Make<UnnestTableRef>(Current());
  Advance();
  MR_TRY(Expect(TokenKind::kLeftParen, "after UNNEST"));
  MR_TRY(ParseExprList(&node->collections));
  MR_TRY(Expect(TokenKind::kRightParen, "after the array of UNNEST"));
  if (Accept(Word::kWITH)) {
    MR_TRY(Expect(Word::kORDINALITY, "after WITH"));
    node->with_ordinality = true;
  }
  return node;
}

// ---------------------------------------------------------------- MATCH_RECOGNIZE

Result<TableRefPtr> Parser::ParseMatchRecognize(TableRefPtr input) {
  auto node = Make<MatchRecognizeTableRef>(Current());
  node->range.begin = input->range.begin;
  node->input = std::move(input);
  Advance();
  MR_TRY(Expect(TokenKind::kLeftParen, "after MATCH_RECOGNIZE"));
  if (Accept(Word::kPARTITION)) {
    MR_TRY(Expect(Word::kBY, "after PARTITION"));
    MR_TRY(ParseExprList(&node->partition_by));
  }
  if (Accept(Word::kORDER)) {
    MR_TRY(Expect(Word::kBY, "after ORDER"));
    MR_TRY(ParseOrderBy(&node->order_by));
  }
  if (Accept(Word::kMEASURES)) {
    do {
      Measure measure;
      MR_ASSIGN(measure.expr, ParseExpr());
      MR_TRY(Expect(Word::kAS, "after a measure"));
      MR_ASSIGN(measure.name, ParseName("the name of a measure after AS"));
      node->measures.push_back(std::move(measure));
    } while (Accept(TokenKind::kComma));
  }
  if (At(Word::kONE) || At(Word::kALL)) {
    node->all_rows_per_match = Current().word == Word::kALL;
    Advance();
    if (*node->all_rows_per_match) {
      MR_TRY(Expect(Word::kROWS, "after ALL"));
    } else {
      MR_TRY(Expect(Word::kROW, "after ONE"));
    }
    MR_TRY(Expect(Word::kPER, "in ONE ROW PER MATCH"));
    MR_TRY(Expect(Word::kMATCH, "in ONE ROW PER MATCH"));
  }
  if (Accept(Word::kAFTER)) MR_TRY(ParseMatchSkip(node.get()));
  MR_TRY(Expect(Word::kPATTERN, "in MATCH_RECOGNIZE"));
  MR_TRY(Expect(TokenKind::kLeftParen, "after PATTERN"));
  MR_ASSIGN(node->pattern, ParsePattern());
  if (!Accept(TokenKind::kRightParen))
    return Expected("a pattern variable, a quantifier, '|' or ')' in PATTERN");
  if (Accept(Word::kWITHIN)) {
    if (!At(Word::kINTERVAL)) return Expected("INTERVAL after WITHIN");
    MR_ASSIGN(node->within, ParseInterval());
  }
  if (Accept(Word::kSUBSET)) {
    do {
      PatternSubset subset;
      MR_ASSIGN(subset.name, ParseName("the name of a SUBSET"));
      MR_TRY(Expect(TokenKind::kEqual, "after the name of a SUBSET"));
      MR_ASSIGN(subset.variables, ParseNameList("a pattern variable"));
      node->subsets.push_back(std::move(subset));
    } while (Accept(TokenKind::kComma));
  }
  MR_TRY(Expect(Word::kDEFINE, "after PATTERN (…)"));
  do {
    PatternDefinition definition;
    MR_ASSIGN(definition.variable, ParseName("a pattern variable in DEFINE"));
    MR_TRY(Expect(Word::kAS, "after the variable in DEFINE"));
    MR_ASSIGN(definition.condition, ParseExpr());
    node->definitions.push_back(std::move(definition));
  } while (Accept(TokenKind::kComma));
  if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after a definition of MATCH_RECOGNIZE");
  return node;
}

Status Parser::ParseMatchSkip(MatchRecognizeTableRef* match) {
  MR_TRY(Expect(Word::kMATCH, "after AFTER"));
  MR_TRY(Expect(Word::kSKIP, "after AFTER MATCH"));
  if (Accept(Word::kPAST)) {
    MR_TRY(Expect(Word::kLAST, "after PAST"));
    match->after_match = AfterMatch::kPastLastRow;
    return Expect(Word::kROW, "after PAST LAST");
  }
  MR_TRY(Expect(Word::kTO, "or PAST after AFTER MATCH SKIP"));
  if (Accept(Word::kNEXT)) {
    match->after_match = AfterMatch::kToNextRow;
    return Expect(Word::kROW, "after TO NEXT");
  }
  match->after_match = AfterMatch::kToLast;
  if (At(Word::kFIRST) && IsNameAhead(1)) {
    match->after_match = AfterMatch::kToFirst;
    Advance();
  } else if (At(Word::kLAST) && IsNameAhead(1)) {
    Advance();
  }
  MR_ASSIGN(match->after_match_variable, ParseName("NEXT ROW, FIRST, LAST or a pattern variable after TO"));
  return Ok();
}

Result<RowPattern> Parser::ParsePattern() {
  const Nesting nesting(this);
  if (nesting.IsTooDeep()) return TooDeep();
  MR_ASSIGN(RowPattern first, ParsePatternSequence());
  if (!At(TokenKind::kPipe)) return first;
  RowPattern pattern;
  pattern.kind = RowPatternKind::kAlternation;
  pattern.location = first.location;
  pattern.children.push_back(std::move(first));
  while (Accept(TokenKind::kPipe)) {
    MR_ASSIGN(RowPattern next, ParsePatternSequence());
    pattern.children.push_back(std::move(next));
  }
  return pattern;
}

Result<RowPattern> Parser::ParsePatternSequence() {
  RowPattern pattern;
  pattern.kind = RowPatternKind::kSequence;
  pattern.location = Current().location;
  while (AtName() || At(TokenKind::kLeftParen) || At(TokenKind::kLeftBrace) || At(TokenKind::kCaret) ||
         At(TokenKind::kDollar) || At(Word::kPERMUTE)) {
    MR_ASSIGN(RowPattern factor, ParsePatternFactor());
    pattern.children.push_back(std::move(factor));
  }
  if (pattern.children.empty()) return Expected("a pattern variable");
  if (pattern.children.size() > 1) return pattern;
  RowPattern only = std::move(pattern.children.front());
  return only;
}

Result<RowPattern> Parser::ParsePatternFactor() {
  RowPattern pattern;
  pattern.location = Current().location;
  if (Accept(TokenKind::kLeftParen)) {
    if (Accept(TokenKind::kRightParen)) {
      pattern.kind = RowPatternKind::kEmpty;
    } else {
      MR_ASSIGN(RowPattern inner, ParsePattern());
      MR_TRY(Expect(TokenKind::kRightParen, "in PATTERN"));
      const bool is_quantified = At(TokenKind::kStar) || At(TokenKind::kPlus) || At(TokenKind::kQuestion) ||
                                 (At(TokenKind::kLeftBrace) && !IsAhead(1, TokenKind::kMinus));
      if (!is_quantified) return inner;
      if (inner.has_quantifier) {
        // (A+)* has two quantifiers: the inner one needs a node of its own.
        pattern.kind = RowPatternKind::kSequence;
        pattern.children.push_back(std::move(inner));
      } else {
        pattern = std::move(inner);
      }
    }
  } else if (Accept(TokenKind::kLeftBrace)) {
    pattern.kind = RowPatternKind::kExclude;
    MR_TRY(Expect(TokenKind::kMinus, "after '{' in PATTERN"));
    MR_ASSIGN(RowPattern inner, ParsePattern());
    pattern.children.push_back(std::move(inner));
    MR_TRY(Expect(TokenKind::kMinus, "before '}' in PATTERN"));
    MR_TRY(Expect(TokenKind::kRightBrace, "in PATTERN"));
  } else if (Accept(TokenKind::kCaret)) {
    pattern.kind = RowPatternKind::kStart;
    return pattern;
  } else if (Accept(TokenKind::kDollar)) {
    pattern.kind = RowPatternKind::kEnd;
    return pattern;
  } else if (Accept(Word::kPERMUTE)) {
    pattern.kind = RowPatternKind::kPermute;
    MR_TRY(Expect(TokenKind::kLeftParen, "after PERMUTE"));
    do {
      MR_ASSIGN(RowPattern inner, ParsePattern());
      pattern.children.push_back(std::move(inner));
    } while (Accept(TokenKind::kComma));
    MR_TRY(Expect(TokenKind::kRightParen, "in PATTERN"));
  } else {
    MR_ASSIGN(pattern.variable, ParseName("a pattern variable"));
  }
  MR_TRY(ParseQuantifier(&pattern));
  return pattern;
}

Status Parser::ParseQuantifier(RowPattern* pattern) {
  const auto set = [&](uint32_t min, std::optional<uint32_t> max) {
    pattern->has_quantifier = true;
    pattern->min = min;
    pattern->max = max;
  };
  if (Accept(TokenKind::kStar)) {
    set(0, std::nullopt);
  } else if (Accept(TokenKind::kPlus)) {
    set(1, std::nullopt);
  } else if (Accept(TokenKind::kQuestion)) {
    set(0, 1);
  } else if (At(TokenKind::kLeftBrace) && !IsAhead(1, TokenKind::kMinus)) {
    const Token first = Current();
    Advance();
    int min = 0;
    if (At(TokenKind::kInteger)) {
      MR_ASSIGN(min, ParseInt("a number of repetitions"));
    } else if (!At(TokenKind::kComma)) {
      return Expected("a number of repetitions after '{'");
    }
    std::optional<uint32_t> max = static_cast<uint32_t>(min);
    if (Accept(TokenKind::kComma)) {
      max.reset();
      if (At(TokenKind::kInteger)) {
        MR_ASSIGN(max, ParseInt("a number of repetitions"));
      }
    }
    MR_TRY(Expect(TokenKind::kRightBrace, "after the number of repetitions"));
    if (max && *max < static_cast<uint32_t>(min)) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("at least {} but at most {} repetitions cannot be", min, *max), {},
                  first.location);
    }
    set(static_cast<uint32_t>(min), max);
  } else {
    return Ok();
  }
  pattern->reluctant = Accept(TokenKind::kQuestion);
  return Ok();
}

}  // namespace millrace::sql
