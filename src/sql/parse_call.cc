// Calls of functions: their arguments, the built-in ones with syntax of their own, OVER windows, JSON.
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

// ---------------------------------------------------------------- JSON

Result<ExprPtr> Parser::ParseJsonCall(Word word) {
  const Token first = Current();
  Advance();
  MR_TRY(Expect(TokenKind::kLeftParen));
  switch (word) {
    case Word::kJSON_VALUE:
      return ParseJsonValue(first);
    case Word::kJSON_QUERY:
      return ParseJsonQuery(first);
    case Word::kJSON_EXISTS:
      return ParseJsonExists(first);
    case Word::kJSON_OBJECT:
      return ParseJsonObject(first, /*is_aggregate=*/false);
    case Word::kJSON_OBJECTAGG:
      return ParseJsonObject(first, /*is_aggregate=*/true);
    case Word::kJSON_ARRAY:
      return ParseJsonArray(first, /*is_aggregate=*/false);
    case Word::kJSON_ARRAYAGG:
      return ParseJsonArray(first, /*is_aggregate=*/true);
    default:
      return Reserved(first);
  }
}

Status Parser::ParseJsonInput(ExprPtr* input, ExprPtr* path) {
  MR_ASSIGN(*input, ParseExpr());
  if (At(Word::kFORMAT)) return NotSupported(Current(), "FORMAT JSON is not supported", "leave it out");
  MR_TRY(Expect(TokenKind::kComma, "after the JSON text, before the path"));
  MR_ASSIGN(*path, ParseExpr());
  return Ok();
}

Result<ExprPtr> Parser::ParseJsonValue(const Token& first) {
  auto node = Make<JsonValueExpr>(first);
  MR_TRY(ParseJsonInput(&node->input, &node->path));
  if (Accept(Word::kRETURNING)) {
    MR_ASSIGN(node->returning, ParseTypeSpec());
  }
  while (!Accept(TokenKind::kRightParen)) {
    const Token clause = Current();
    JsonBehavior behavior = JsonBehavior::kUnspecified;
    ExprPtr value;
    if (Accept(Word::kNULL)) {
      behavior = JsonBehavior::kNull;
    } else if (Accept(Word::kERROR)) {
      behavior = JsonBehavior::kError;
    } else if (Accept(Word::kDEFAULT)) {
      behavior = JsonBehavior::kDefault;
      MR_ASSIGN(value, ParseExpr());
    } else {
      return Expected("RETURNING, NULL, ERROR or DEFAULT … ON EMPTY or ON ERROR, or ')' in JSON_VALUE");
    }
    MR_TRY(Expect(Word::kON, "EMPTY or ON ERROR in JSON_VALUE"));
    const bool on_empty = Accept(Word::kEMPTY);
    if (!on_empty) MR_TRY(Expect(Word::kERROR, "or EMPTY after ON"));
    if ((on_empty ? node->on_empty : node->on_error) != JsonBehavior::kUnspecified) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("a second clause for ON {}", on_empty ? "EMPTY" : "ERROR"), {},
                  clause.location);
    }
    (on_empty ? node->on_empty : node->on_error) = behavior;
    (on_empty ? node->empty_default : node->error_default) = std::move(value);
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseJsonQuery(const Token& first) {
  auto node = Make<JsonQueryExpr>(first);
  MR_TRY(ParseJsonInput(&node->input, &node->path));
  if (Accept(Word::kRETURNING)) {
    MR_ASSIGN(node->returning, ParseTypeSpec());
  }
  if (Accept(Word::kWITHOUT)) {
    node->wrapper = JsonWrapper::kWithout;
  } else if (Accept(Word::kWITH)) {
    node->wrapper = Accept(Word::kCONDITIONAL) ? JsonWrapper::kConditional : JsonWrapper::kUnconditional;
    if (node->wrapper == JsonWrapper::kUnconditional) Accept(Word::kUNCONDITIONAL);
  }
  if (node->wrapper != JsonWrapper::kUnspecified) {
    Accept(Word::kARRAY);
    MR_TRY(Expect(Word::kWRAPPER, "in JSON_QUERY"));
  }
  while (!Accept(TokenKind::kRightParen)) {
    const Token clause = Current();
    JsonBehavior behavior = JsonBehavior::kUnspecified;
    if (Accept(Word::kNULL)) {
      behavior = JsonBehavior::kNull;
    } else if (Accept(Word::kERROR)) {
      behavior = JsonBehavior::kError;
    } else if (Accept(Word::kEMPTY)) {
      behavior = Accept(Word::kOBJECT) ? JsonBehavior::kEmptyObject : JsonBehavior::kEmptyArray;
      if (behavior == JsonBehavior::kEmptyArray) MR_TRY(Expect(Word::kARRAY, "or OBJECT after EMPTY"));
    } else {
      return Expected(
          "WITH or WITHOUT WRAPPER, NULL, ERROR or EMPTY ARRAY … ON EMPTY or ON ERROR, or ')' in JSON_QUERY");
    }
    MR_TRY(Expect(Word::kON, "EMPTY or ON ERROR in JSON_QUERY"));
    const bool on_empty = Accept(Word::kEMPTY);
    if (!on_empty) MR_TRY(Expect(Word::kERROR, "or EMPTY after ON"));
    JsonBehavior& slot = on_empty ? node->on_empty : node->on_error;
    if (slot != JsonBehavior::kUnspecified) {
      return Fail(ErrorCode::kSyntaxError,
                  fmt::format("a second clause for ON {}", on_empty ? "EMPTY" : "ERROR"), {},
                  clause.location);
    }
    slot = behavior;
  }
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseJsonExists(const Token& first) {
  auto node = Make<JsonExistsExpr>(first);
  MR_TRY(ParseJsonInput(&node->input, &node->path));
  if (!At(TokenKind::kRightParen)) {
    node->on_error = Accept(Word::kTRUE)      ? JsonBehavior::kTrue
                     : Accept(Word::kFALSE)   ? JsonBehavior::kFalse
                     : Accept(Word::kUNKNOWN) ? JsonBehavior::kUnknown
                     : Accept(Word::kERROR)   ? JsonBehavior::kError
                                              : JsonBehavior::kUnspecified;
    if (node->on_error == JsonBehavior::kUnspecified) {
      return Expected("TRUE, FALSE, UNKNOWN or ERROR … ON ERROR, or ')' in JSON_EXISTS");
    }
    MR_TRY(Expect(Word::kON, "ERROR in JSON_EXISTS"));
    MR_TRY(Expect(Word::kERROR, "after ON in JSON_EXISTS"));
  }
  MR_TRY(Expect(TokenKind::kRightParen, "after JSON_EXISTS(…"));
  return Finish(std::move(node));
}

Result<JsonNullClause> Parser::ParseJsonNulls() {
  JsonNullClause nulls = JsonNullClause::kUnspecified;
  if (At(Word::kNULL) && IsAhead(1, Word::kON)) {
    nulls = JsonNullClause::kNull;
  } else if (At(Word::kABSENT) && IsAhead(1, Word::kON)) {
    nulls = JsonNullClause::kAbsent;
  } else {
    return nulls;
  }
  Advance();
  Advance();
  MR_TRY(Expect(Word::kNULL, "after ON"));
  return nulls;
}

Result<ExprPtr> Parser::ParseJsonObject(const Token& first, bool is_aggregate) {
  auto node = Make<JsonObjectExpr>(first);
  node->is_aggregate = is_aggregate;
  const std::string_view name = WordText(first.word);
  MR_ASSIGN(node->nulls, ParseJsonNulls());
  if (node->nulls == JsonNullClause::kUnspecified && (is_aggregate || !At(TokenKind::kRightParen))) {
    do {
      JsonPair pair;
      // KEY is a keyword here, unless it is a column itself: KEY VALUE v.
      const bool is_column =
          IsAhead(1, Word::kVALUE) || IsAhead(1, TokenKind::kDot) || IsAhead(1, TokenKind::kComma);
      if (At(Word::kKEY) && !is_column) Advance();
      MR_ASSIGN(pair.key, ParseExpr());
      MR_TRY(Expect(Word::kVALUE, fmt::format("after a key of {}", name)));
      MR_ASSIGN(pair.value, ParseExpr());
      if (At(Word::kFORMAT))
        return NotSupported(Current(), "FORMAT JSON is not supported", "wrap the value in JSON(…)");
      node->pairs.push_back(std::move(pair));
    } while (!is_aggregate && Accept(TokenKind::kComma));
    MR_ASSIGN(node->nulls, ParseJsonNulls());
  }
  MR_TRY(Expect(TokenKind::kRightParen, fmt::format("after the arguments of {}", name)));
  if (is_aggregate) MR_TRY(ParseFilter(&node->filter));
  return Finish(std::move(node));
}

Result<ExprPtr> Parser::ParseJsonArray(const Token& first, bool is_aggregate) {
  auto node = Make<JsonArrayExpr>(first);
  node->is_aggregate = is_aggregate;
  const std::string_view name = WordText(first.word);
  MR_ASSIGN(node->nulls, ParseJsonNulls());
  if (node->nulls == JsonNullClause::kUnspecified && (is_aggregate || !At(TokenKind::kRightParen))) {
    do {
      MR_ASSIGN(ExprPtr element, ParseExpr());
      if (At(Word::kFORMAT))
        return NotSupported(Current(), "FORMAT JSON is not supported", "wrap the value in JSON(…)");
      node->elements.push_back(std::move(element));
    } while (!is_aggregate && Accept(TokenKind::kComma));
    MR_ASSIGN(node->nulls, ParseJsonNulls());
  }
  MR_TRY(Expect(TokenKind::kRightParen, fmt::format("after the arguments of {}", name)));
  if (is_aggregate) MR_TRY(ParseFilter(&node->filter));
  return Finish(std::move(node));
}

}  // namespace millrace::sql
