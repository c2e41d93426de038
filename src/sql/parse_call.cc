// Calls of functions: their arguments, the built-in ones with syntax of their own, OVER windows.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {

Result<ExprPtr> Parser::ParseCall(QualifiedName name, const Token& first) {
  const bool is_single = name.parts.size() == 1 && !name.parts[0].quoted;
  const Word word = is_single ? first.word : Word::kNone;
  if (word == Word::kDESCRIPTOR) return ParseDescriptor();
  auto call = Make<FunctionCallExpr>(first);
  call->name = std::move(name);
  Advance();
  MR_ASSIGN(const bool is_special, ParseSpecialArguments(word, call.get()));
  if (!is_special) MR_TRY(ParseArguments(call.get()));
  MR_TRY(ParseCallSuffixes(call.get()));
  return Finish(std::move(call));
}

// After '(', up to and with ')'.
Status Parser::ParseArguments(FunctionCallExpr* call) {
  if (Accept(TokenKind::kRightParen)) return Ok();
  if (Accept(Word::kDISTINCT)) {
    call->distinct = true;
  } else {
    Accept(Word::kALL);
  }
  do {
    MR_ASSIGN(ExprPtr arg, ParseArgument());
    call->args.push_back(std::move(arg));
  } while (Accept(TokenKind::kComma));
  if (Accept(Word::kORDER)) {
    MR_TRY(Expect(Word::kBY, "after ORDER"));
    MR_TRY(ParseOrderBy(&call->order_by));
  }
  if (!Accept(TokenKind::kRightParen)) {
    return Expected(fmt::format("',' or ')' after an argument of {}", call->name.ToString()));
  }
  return Ok();
}

Result<ExprPtr> Parser::ParseArgument() {
  const Heights heights(this);
  const Token first = Current();
  // In MAX => …, the name may be a reserved word in Flink only when quoted; DATA and SIZE are free.
  if (AtName() && IsAhead(1, TokenKind::kArrow)) {
    auto node = Make<NamedArgExpr>(first);
    MR_ASSIGN(node->name, ParseName("the name of an argument"));
    Advance();
    MR_ASSIGN(node->value, ParseArgument());
    if (node->value->kind == ExprKind::kNamedArg) {
      return Fail(ErrorCode::kSyntaxError, "expected a value after '=>', found another name", {},
                  node->value->location);
    }
    return Finish(std::move(node));
  }
  if (At(Word::kTABLE)) return ParseTableArgument();
  if (Accept(Word::kDEFAULT)) return Finish(Make<DefaultExpr>(first));
  if (At(Word::kMODEL) && IsNameAhead(1)) {
    return NotSupported(first, "models are not supported");
  }
  if (At(TokenKind::kStar)) return ParseStar();
  MR_ASSIGN(ExprPtr value, ParseExpr());
  if (value->kind == ExprKind::kSubquery && (At(Word::kPARTITION) || At(Word::kORDER))) {
    auto node = Make<TableArgExpr>(first);
    node->query = std::move(value->As<SubqueryExpr>().query);
    MR_TRY(ParseTableArgumentClauses(node.get()));
    return Finish(std::move(node));
  }
  return value;
}

Result<ExprPtr> Parser::ParseTableArgument() {
  auto node = Make<TableArgExpr>(Current());
  Advance();
  if (AtQueryParen()) {
    MR_ASSIGN(node->query, ParseParenthesisedQuery());
  } else {
    MR_ASSIGN(node->table, ParseQualifiedName("a table's name after TABLE"));
  }
  MR_TRY(ParseTableArgumentClauses(node.get()));
  return Finish(std::move(node));
}

Status Parser::ParseTableArgumentClauses(TableArgExpr* arg) {
  if (Accept(Word::kPARTITION)) {
    MR_TRY(Expect(Word::kBY, "after PARTITION"));
    const bool in_parentheses = At(TokenKind::kLeftParen);
    MR_ASSIGN(ExprPtr key, ParseExpr());
    if (in_parentheses && key->kind == ExprKind::kRow) {
      arg->partition_by = std::move(key->As<RowExpr>().fields);
    } else {
      arg->partition_by.push_back(std::move(key));
    }
  }
  if (Accept(Word::kORDER)) {
    MR_TRY(Expect(Word::kBY, "after ORDER"));
    // A comma goes on with the arguments, unless the whole list is in parentheses.
    if (Accept(TokenKind::kLeftParen)) {
      MR_TRY(ParseOrderBy(&arg->order_by));
      MR_TRY(Expect(TokenKind::kRightParen, "after the list of ORDER BY"));
    } else {
      MR_ASSIGN(OrderItem item, ParseOrderItem());
      arg->order_by.push_back(std::move(item));
    }
  }
  return Ok();
}

// DESCRIPTOR was taken; at '('.
Result<ExprPtr> Parser::ParseDescriptor() {
  auto node = Make<DescriptorExpr>(Previous());
  MR_ASSIGN(node->columns, ParseNameList("the name of a column in DESCRIPTOR"));
  return Finish(std::move(node));
}

Status Parser::ParseCallSuffixes(FunctionCallExpr* call) {
  if (Accept(Word::kWITHIN)) {
    MR_TRY(Expect(Word::kGROUP, "after WITHIN"));
    MR_TRY(Expect(TokenKind::kLeftParen, "after WITHIN GROUP"));
    MR_TRY(Expect(Word::kORDER, "in WITHIN GROUP (…)"));
    MR_TRY(Expect(Word::kBY, "after ORDER"));
    MR_TRY(ParseOrderBy(&call->within_group));
    MR_TRY(Expect(TokenKind::kRightParen, "after WITHIN GROUP (…"));
  }
  if ((At(Word::kIGNORE) || At(Word::kRESPECT)) && IsAhead(1, Word::kNULLS)) {
    call->null_treatment =
        Current().word == Word::kIGNORE ? NullTreatment::kIgnoreNulls : NullTreatment::kRespectNulls;
    Advance();
    Advance();
  }
  MR_TRY(ParseFilter(&call->filter));
  if (Accept(Word::kOVER)) {
    call->over = std::make_unique<WindowSpec>();
    if (At(TokenKind::kLeftParen)) {
      MR_TRY(ParseWindowSpec(call->over.get()));
    } else if (!AtName()) {
      return Expected("'(' or the name of a window after OVER");
    } else {
      call->over->location = Current().location;
      call->over->is_reference = true;
      MR_ASSIGN(call->over->base, ParseName("the name of a window"));
    }
  }
  return Ok();
}

Status Parser::ParseFilter(ExprPtr* filter) {
  if (!Accept(Word::kFILTER)) return Ok();
  MR_TRY(Expect(TokenKind::kLeftParen, "after FILTER"));
  MR_TRY(Expect(Word::kWHERE, "in FILTER (…)"));
  MR_ASSIGN(*filter, ParseExpr());
  return Expect(TokenKind::kRightParen, "after the condition of FILTER");
}

// Keywords among the arguments; '(' was taken. False if this call has none.
Result<bool> Parser::ParseSpecialArguments(Word word, FunctionCallExpr* call) {
  const auto argument = [&](Precedence lowest) -> Status {
    MR_ASSIGN(ExprPtr arg, ParseBinary(lowest));
    call->args.push_back(std::move(arg));
    return Ok();
  };
  const auto close = [&]() {
    return Expect(TokenKind::kRightParen, fmt::format("after the arguments of {}", WordText(word)));
  };
  switch (word) {
    case Word::kEXTRACT:
      MR_TRY(ParseUnitArgument(call, "in EXTRACT(unit FROM value)"));
      MR_TRY(Expect(Word::kFROM, "in EXTRACT(unit FROM value)"));
      MR_TRY(argument(Precedence::kOr));
      MR_TRY(close());
      return true;
    case Word::kTIMESTAMPADD:
    case Word::kTIMESTAMPDIFF: {
      const std::string form = fmt::format("in {}(unit, …, …)", WordText(word));
      MR_TRY(ParseUnitArgument(call, form));
      MR_TRY(Expect(TokenKind::kComma, form));
      MR_TRY(argument(Precedence::kOr));
      MR_TRY(Expect(TokenKind::kComma, form));
      MR_TRY(argument(Precedence::kOr));
      MR_TRY(close());
      return true;
    }
    case Word::kFLOOR:
    case Word::kCEIL:
    case Word::kCEILING:
      MR_TRY(argument(Precedence::kOr));
      if (Accept(Word::kTO)) {
        MR_TRY(ParseUnitArgument(call, fmt::format("in {}(value TO unit)", WordText(word))));
      } else if (Accept(TokenKind::kComma)) {
        MR_TRY(argument(Precedence::kOr));
      }
      MR_TRY(close());
      return true;
    case Word::kTRIM:
      MR_TRY(ParseTrimArguments(call));
      MR_TRY(close());
      return true;
    case Word::kSUBSTRING:
      MR_TRY(argument(Precedence::kOr));
      if (Accept(Word::kFROM)) {
        MR_TRY(argument(Precedence::kOr));
        if (Accept(Word::kFOR)) MR_TRY(argument(Precedence::kOr));
      } else {
        MR_TRY(Expect(TokenKind::kComma, "or FROM in SUBSTRING(value FROM start FOR length)"));
        MR_TRY(argument(Precedence::kOr));
        if (Accept(TokenKind::kComma)) MR_TRY(argument(Precedence::kOr));
      }
      MR_TRY(close());
      return true;
    case Word::kOVERLAY: {
      constexpr std::string_view kForm = "in OVERLAY(value PLACING new FROM start FOR length)";
      MR_TRY(argument(Precedence::kOr));
      MR_TRY(Expect(Word::kPLACING, kForm));
      MR_TRY(argument(Precedence::kOr));
      MR_TRY(Expect(Word::kFROM, kForm));
      MR_TRY(argument(Precedence::kOr));
      if (Accept(Word::kFOR)) MR_TRY(argument(Precedence::kOr));
      MR_TRY(close());
      return true;
    }
    case Word::kPOSITION:
      MR_TRY(argument(Precedence::kAdditive));
      MR_TRY(Expect(Word::kIN, "in POSITION(part IN whole)"));
      MR_TRY(argument(Precedence::kAdditive));
      if (Accept(Word::kFROM)) MR_TRY(argument(Precedence::kAdditive));
      MR_TRY(close());
      return true;
    case Word::kCONVERT:
    case Word::kTRANSLATE:
      MR_TRY(ParseArguments(call));
      return true;
    default:
      return false;
  }
}

Status Parser::ParseUnitArgument(FunctionCallExpr* call, std::string_view where) {
  auto node = Make<SymbolExpr>(Current());
  MR_ASSIGN(node->unit, ParseTimeUnit(where));
  MR_ASSIGN(ExprPtr done, Finish(std::move(node)));
  call->args.push_back(std::move(done));
  return Ok();
}

Status Parser::ParseTrimArguments(FunctionCallExpr* call) {
  const Token first = Current();
  std::optional<TrimMode> mode;
  if (Accept(Word::kBOTH)) {
    mode = TrimMode::kBoth;
  } else if (Accept(Word::kLEADING)) {
    mode = TrimMode::kLeading;
  } else if (Accept(Word::kTRAILING)) {
    mode = TrimMode::kTrailing;
  }
  ExprPtr value;
  if (!(mode && At(Word::kFROM))) {
    MR_ASSIGN(value, ParseExpr());
    if (!mode && !At(Word::kFROM)) {
      call->args.push_back(std::move(value));
      return Ok();
    }
  }
  MR_TRY(Expect(Word::kFROM, "in TRIM(BOTH characters FROM value)"));
  auto symbol = Make<SymbolExpr>(first);
  symbol->trim = mode.value_or(TrimMode::kBoth);
  symbol->range.end = mode ? first.end : first.begin;
  call->args.push_back(std::move(symbol));
  if (!value) {
    auto blank = Make<LiteralExpr>(first);
    blank->literal = LiteralKind::kString;
    blank->text = " ";
    blank->range.end = first.begin;
    value = std::move(blank);
  }
  call->args.push_back(std::move(value));
  MR_ASSIGN(ExprPtr from, ParseExpr());
  call->args.push_back(std::move(from));
  return Ok();
}

// ---------------------------------------------------------------- windows of OVER

Status Parser::ParseWindowSpec(WindowSpec* spec) {
  spec->location = Current().location;
  MR_TRY(Expect(TokenKind::kLeftParen, "before the definition of a window"));
  if (AtName()) {
    Try({Word::kPARTITION, Word::kORDER, Word::kROWS, Word::kRANGE});
    MR_ASSIGN(spec->base, ParseName("the name of a window"));
  }
  if (Accept(Word::kPARTITION)) {
    MR_TRY(Expect(Word::kBY, "after PARTITION"));
    MR_TRY(ParseExprList(&spec->partition_by));
  }
  if (Accept(Word::kORDER)) {
    MR_TRY(Expect(Word::kBY, "after ORDER"));
    MR_TRY(ParseOrderBy(&spec->order_by));
  }
  if (At(Word::kROWS) || At(Word::kRANGE)) {
    MR_ASSIGN(spec->frame, ParseFrame());
  }
  if (At(Word::kGROUPS))
    return NotSupported(Current(), "GROUPS frames are not supported", "use ROWS or RANGE");
  if (!Accept(TokenKind::kRightParen))
    return Expected("PARTITION BY, ORDER BY, ROWS, RANGE or ')' in a window");
  return Ok();
}

Result<WindowFrame> Parser::ParseFrame() {
  WindowFrame frame;
  frame.is_rows = Current().word == Word::kROWS;
  Advance();
  if (Accept(Word::kBETWEEN)) {
    MR_ASSIGN(frame.start, ParseFrameBound());
    MR_TRY(Expect(Word::kAND, "after the first bound of a frame"));
    MR_ASSIGN(frame.end, ParseFrameBound());
  } else {
    MR_ASSIGN(frame.start, ParseFrameBound());
  }
  if (At(Word::kEXCLUDE)) return NotSupported(Current(), "EXCLUDE in a frame is not supported");
  return frame;
}

Result<FrameBound> Parser::ParseFrameBound() {
  FrameBound bound;
  if (Accept(Word::kCURRENT)) {
    MR_TRY(Expect(Word::kROW, "after CURRENT"));
    return bound;
  }
  const bool unbounded = Accept(Word::kUNBOUNDED);
  if (!unbounded) {
    MR_ASSIGN(bound.offset, ParseBinary(Precedence::kAdditive));
  }
  if (Accept(Word::kPRECEDING)) {
    bound.kind = unbounded ? FrameBoundKind::kUnboundedPreceding : FrameBoundKind::kPreceding;
  } else if (Accept(Word::kFOLLOWING)) {
    bound.kind = unbounded ? FrameBoundKind::kUnboundedFollowing : FrameBoundKind::kFollowing;
  } else {
    return Expected("PRECEDING or FOLLOWING in a frame");
  }
  return bound;
}

}  // namespace millrace::sql
