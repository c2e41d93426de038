// Statements other than CREATE.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

// Statements of Flink and others that are recognised in order to be refused by name.
constexpr Word kUnsupported[] = {Word::kANALYZE,  Word::kCALL,   Word::kCOMPILE, Word::kDELETE,
                                 Word::kLOAD,     Word::kMERGE,  Word::kREMOVE,  Word::kSTOP,
                                 Word::kTRUNCATE, Word::kUNLOAD, Word::kUPDATE,  Word::kADD};

constexpr std::string_view kStatements =
    "CREATE, INSERT, SELECT, EXPLAIN, SHOW, DESCRIBE, SET, RESET, USE, DROP and statement sets are";

}  // namespace

Result<StatementPtr> Parser::ParseTopStatement() {
  const Token first = Current();
  MR_ASSIGN(StatementPtr statement, ParseStatementBody());
  statement->location = first.location;
  statement->range = {first.begin, Previous().end};
  return statement;
}

Result<StatementPtr> Parser::ParseStatementBody() {
  const Token first = Current();
  if (At(Word::kSELECT) || At(Word::kWITH) || At(Word::kVALUES) || At(TokenKind::kLeftParen) ||
      At(Word::kTABLE)) {
    auto node = Make<QueryStatement>(first);
    may_emit_ = true;
    MR_ASSIGN(node->query, ParseQuery());
    if (At(Word::kEMIT)) return ParseEmitChanges(std::move(node->query), first);
    return node;
  }
  if (At(Word::kCREATE) || At(Word::kREPLACE)) return ParseCreate();
  if (At(Word::kINSERT)) return ParseInsert();
  const bool is_set = (At(Word::kBEGIN) && IsAhead(1, Word::kSTATEMENT)) ||
                      (At(Word::kEXECUTE) && IsAhead(1, Word::kSTATEMENT) && IsAhead(2, Word::kSET)) ||
                      At(Word::kSTATEMENT);
  if (is_set) return ParseStatementSet();
  if (At(Word::kEXPLAIN)) return ParseExplain();
  if (At(Word::kSHOW)) return ParseShow();
  if (At(Word::kDESCRIBE) || At(Word::kDESC)) return ParseDescribe();
  if (At(Word::kSET)) return ParseSet();
  if (At(Word::kRESET)) return ParseReset();
  if (At(Word::kDROP)) return ParseDrop();
  if (At(Word::kUSE)) return ParseUse();
  MR_ASSIGN(StatementPtr server, ParseServerStatement());
  if (server != nullptr) return server;
  for (const Word word : kUnsupported) {
    if (At(word)) {
      return NotSupported(first, fmt::format("{} is not supported", WordText(word)),
                          std::string(kStatements));
    }
  }
  return Expected("a statement");
}

Result<StatementPtr> Parser::ParseInsert() {
  auto node = Make<InsertStatement>(Current());
  Advance();
  node->overwrite = Accept(Word::kOVERWRITE);
  if (!node->overwrite) MR_TRY(Expect(Word::kINTO, "or OVERWRITE after INSERT"));
  Accept(Word::kTABLE);
  MR_ASSIGN(node->table, ParseQualifiedName("the name of the table to insert into"));
  if (At(TokenKind::kHintBegin)) {
    MR_ASSIGN(node->hints, ParseHints());
  }
  if (Accept(Word::kPARTITION)) {
    MR_TRY(Expect(TokenKind::kLeftParen, "after PARTITION"));
    do {
      PartitionValue value;
      MR_ASSIGN(value.column, ParseName("the name of a partition column"));
      if (Accept(TokenKind::kEqual)) {
        MR_ASSIGN(value.value, ParseBinary(Precedence::kAdditive));
      }
      node->partition.push_back(std::move(value));
    } while (Accept(TokenKind::kComma));
    MR_TRY(Expect(TokenKind::kRightParen, "after PARTITION (…"));
  }
  if (At(TokenKind::kLeftParen) && !AtQueryParen()) {
    MR_ASSIGN(node->columns, ParseNameList("the name of a column"));
  }
  Try({Word::kSELECT, Word::kVALUES, Word::kWITH});
  if (!IsQueryStart(Current()) && !At(TokenKind::kLeftParen))
    return Expected("SELECT, VALUES or WITH after INSERT INTO …");
  MR_ASSIGN(node->query, ParseQuery());
  if (Accept(Word::kON)) {
    MR_TRY(Expect(Word::kCONFLICT, "after ON"));
    MR_TRY(Expect(Word::kDO, "after ON CONFLICT"));
    node->on_conflict = Accept(Word::kNOTHING)       ? OnConflict::kNothing
                        : Accept(Word::kDEDUPLICATE) ? OnConflict::kDeduplicate
                        : Accept(Word::kERROR)       ? OnConflict::kError
                                                     : OnConflict::kUnspecified;
    if (node->on_conflict == OnConflict::kUnspecified) {
      return Expected("NOTHING, DEDUPLICATE or ERROR after ON CONFLICT DO");
    }
  }
  return node;
}

// [EXECUTE] STATEMENT SET BEGIN insert; … END, or BEGIN STATEMENT SET; insert; … END.
// Its semicolons end what the lexer takes for statements, so more tokens are read after each.
Result<StatementPtr> Parser::ParseStatementSet() {
  const Token first = Current();
  auto node = Make<StatementSetStatement>(first);
  const auto take_semicolon = [&]() -> Status {
    if (!At(TokenKind::kSemicolon)) return Expected("';' after a statement of a statement set");
    while (At(TokenKind::kSemicolon)) {
      const size_t next = tokens_.size();
      MR_TRY(ReadTokens(/*append=*/true));
      pos_ = next;
    }
    return Ok();
  };
  if (Accept(Word::kBEGIN)) {
    MR_TRY(Expect(Word::kSTATEMENT, "SET after BEGIN"));
    MR_TRY(Expect(Word::kSET, "after STATEMENT"));
    MR_TRY(take_semicolon());
  } else {
    Accept(Word::kEXECUTE);
    MR_TRY(Expect(Word::kSTATEMENT));
    MR_TRY(Expect(Word::kSET, "after STATEMENT"));
    MR_TRY(Expect(Word::kBEGIN, "after STATEMENT SET"));
  }
  while (!Accept(Word::kEND)) {
    if (!At(Word::kINSERT)) return Expected("INSERT or END in a statement set");
    const Token insert_first = Current();
    MR_ASSIGN(StatementPtr insert, ParseInsert());
    insert->location = insert_first.location;
    insert->range = {insert_first.begin, Previous().end};
    node->inserts.emplace_back(static_cast<InsertStatement*>(insert.release()));
    MR_TRY(take_semicolon());
  }
  if (node->inserts.empty()) {
    return Fail(ErrorCode::kSyntaxError, "this statement set is empty",
                "put at least one INSERT between BEGIN and END", first.location);
  }
  return node;
}

Result<StatementPtr> Parser::ParseExplain() {
  auto node = Make<ExplainStatement>(Current());
  Advance();
  if (Accept(Word::kPLAN)) {
    MR_TRY(Expect(Word::kFOR, "after EXPLAIN PLAN"));
  } else {
    bool more = true;
    while (more) {
      if (Accept(Word::kESTIMATED_COST)) {
        node->estimated_cost = true;
      } else if (Accept(Word::kCHANGELOG_MODE)) {
        node->changelog_mode = true;
      } else if (Accept(Word::kJSON_EXECUTION_PLAN)) {
        node->json_execution_plan = true;
      } else if (Accept(Word::kPLAN_ADVICE)) {
        node->plan_advice = true;
      } else {
        break;
      }
      more = Accept(TokenKind::kComma);
    }
  }
  const Token first = Current();
  const bool explicable = At(Word::kSELECT) || At(Word::kWITH) || At(Word::kVALUES) ||
                          At(TokenKind::kLeftParen) || At(Word::kTABLE) || At(Word::kINSERT) ||
                          At(Word::kSTATEMENT) || At(Word::kEXECUTE) || At(Word::kCREATE) || At(Word::kBEGIN);
  if (!explicable) return Expected("a query, INSERT, STATEMENT SET or CREATE … AS to explain");
  MR_ASSIGN(node->statement, ParseTopStatement());
  const Statement& inner = *node->statement;
  const bool has_query =
      inner.kind == StatementKind::kQuery || inner.kind == StatementKind::kInsert ||
      inner.kind == StatementKind::kStatementSet || inner.kind == StatementKind::kCreateMaterializedView ||
      inner.kind == StatementKind::kCreateView ||
      (inner.kind == StatementKind::kCreateTable && inner.As<CreateTableStatement>().as_query != nullptr);
  if (!has_query) {
    return NotSupported(first, "only what runs a query can be explained",
                        "a query, INSERT, STATEMENT SET or CREATE … AS");
  }
  return node;
}

Result<StatementPtr> Parser::ParseShow() {
  const Token first = Current();
  auto node = Make<ShowStatement>(first);
  Advance();
  MR_ASSIGN(const bool is_subject, ParseShowSubject(node.get()));
  if (!is_subject) return ParseShowParameter(first);
  const bool takes_from = node->show == ShowKind::kTables || node->show == ShowKind::kViews ||
                          node->show == ShowKind::kMaterializedViews || node->show == ShowKind::kSchemas ||
                          node->show == ShowKind::kFunctions || node->show == ShowKind::kColumns;
  if (takes_from) {
    if (Accept(Word::kFROM) || Accept(Word::kIN)) {
      MR_ASSIGN(node->from,
                ParseQualifiedName(node->show == ShowKind::kColumns ? "a table's name" : "a schema's name"));
    } else if (node->show == ShowKind::kColumns) {
      return Expected("FROM or IN and a table's name after SHOW COLUMNS");
    }
    const bool negated = Accept(Word::kNOT);
    if (At(Word::kLIKE) || At(Word::kILIKE)) {
      node->not_like = negated;
      node->case_insensitive = Current().word == Word::kILIKE;
      Advance();
      MR_ASSIGN(node->like, ParseString("a pattern as a string after LIKE"));
    } else if (negated) {
      return Expected("LIKE after NOT");
    }
  }
  return node;
}

// False if none begins here.
Result<bool> Parser::ParseShowSubject(ShowStatement* show) {
  const Token first = Current();
  if (Accept(Word::kTABLES)) {
    show->show = ShowKind::kTables;
  } else if (Accept(Word::kVIEWS)) {
    show->show = ShowKind::kViews;
  } else if (Accept(Word::kMATERIALIZED)) {
    show->show = ShowKind::kMaterializedViews;
    if (!Accept(Word::kVIEWS)) MR_TRY(Expect(Word::kTABLES, "or VIEWS after SHOW MATERIALIZED"));
  } else if (Accept(Word::kDATABASES) || Accept(Word::kSCHEMAS)) {
    show->show = ShowKind::kSchemas;
  } else if (Accept(Word::kCATALOGS)) {
    show->show = ShowKind::kCatalogs;
  } else if (Accept(Word::kFUNCTIONS)) {
    show->show = ShowKind::kFunctions;
  } else if (Accept(Word::kUSER)) {
    MR_TRY(Expect(Word::kFUNCTIONS, "after SHOW USER"));
    show->show = ShowKind::kFunctions;
    show->user_only = true;
  } else if (Accept(Word::kCOLUMNS)) {
    show->show = ShowKind::kColumns;
  } else if (Accept(Word::kJOBS)) {
    show->show = ShowKind::kJobs;
  } else if (Accept(Word::kDELIVERY)) {
    show->show = ShowKind::kDelivery;
  } else if (Accept(Word::kALL)) {
    show->show = ShowKind::kSettings;
  } else if (Accept(Word::kCURRENT)) {
    show->show = ShowKind::kCurrentSchema;
    if (Accept(Word::kCATALOG)) {
      show->show = ShowKind::kCurrentCatalog;
    } else if (!Accept(Word::kSCHEMA)) {
      MR_TRY(Expect(Word::kDATABASE, "or CATALOG after SHOW CURRENT"));
    }
  } else if (Accept(Word::kCREATE)) {
    if (Accept(Word::kTABLE)) {
      show->show = ShowKind::kCreateTable;
    } else if (Accept(Word::kVIEW)) {
      show->show = ShowKind::kCreateView;
    } else if (Accept(Word::kMATERIALIZED)) {
      show->show = ShowKind::kCreateMaterializedView;
      if (!Accept(Word::kVIEW)) MR_TRY(Expect(Word::kTABLE, "or VIEW after SHOW CREATE MATERIALIZED"));
    } else {
      return Expected("TABLE, VIEW or MATERIALIZED VIEW after SHOW CREATE");
    }
    MR_ASSIGN(show->from, ParseQualifiedName("a name after SHOW CREATE …"));
  } else if (At(Word::kMODULES) || At(Word::kJARS) || At(Word::kPARTITIONS) || At(Word::kPROCEDURES) ||
             At(Word::kMODELS) || At(Word::kCONNECTIONS) || At(Word::kFULL)) {
    return NotSupported(
        first, fmt::format("SHOW {} is not supported", WordText(first.word)),
        "SHOW knows TABLES, VIEWS, MATERIALIZED VIEWS, SCHEMAS, CATALOGS, FUNCTIONS, COLUMNS, JOBS, "
        "DELIVERY, CREATE and CURRENT SCHEMA");
  } else {
    // SHOW parameter; a word that is nearly one of those above was meant to be it.
    const bool has_underscore = lexer_.TextOf(Current()).find('_') != std::string_view::npos;
    if ((AtName() || At(Word::kTIME)) && (has_underscore || WordHint().empty())) return false;
    if (At(Word::kTRANSACTION) || At(Word::kSESSION)) return false;
    return Expected(
        "what to show (TABLES, VIEWS, SCHEMAS, FUNCTIONS, COLUMNS, JOBS, DELIVERY, CREATE TABLE …)");
  }
  return true;
}

Result<StatementPtr> Parser::ParseDescribe() {
  auto node = Make<DescribeStatement>(Current());
  Advance();
  const Token what = Current();
  if ((At(Word::kDATABASE) || At(Word::kSCHEMA) || At(Word::kCATALOG) || At(Word::kJOB) ||
       At(Word::kFUNCTION) || At(Word::kMODEL) || At(Word::kCONNECTION)) &&
      (IsNameAhead(1) || IsAhead(1, TokenKind::kString))) {
    return NotSupported(what, fmt::format("DESCRIBE {} is not supported", WordText(what.word)),
                        "DESCRIBE takes the name of a table or view");
  }
  Accept(Word::kTABLE);
  node->extended = Accept(Word::kEXTENDED);
  MR_ASSIGN(node->name, ParseQualifiedName("the name of a table or view to describe"));
  return node;
}

Result<StatementPtr> Parser::ParseSet() {
  const Token first = Current();
  Advance();
  if (AtEnd()) {
    auto show = Make<ShowStatement>(first);
    show->show = ShowKind::kSettings;
    return show;
  }
  if (!At(TokenKind::kString) && !At(TokenKind::kUnicodeString)) return ParseSetParameter(first);
  auto node = Make<SetStatement>(first);
  node->option.key_location = Current().location;
  MR_ASSIGN(node->option.key, ParseString("a setting as a string: SET 'key' = 'value'"));
  MR_TRY(Expect(TokenKind::kEqual, "after the setting"));
  node->option.value_location = Current().location;
  MR_ASSIGN(node->option.value, ParseString("the value of the setting as a string"));
  return node;
}

Result<StatementPtr> Parser::ParseReset() {
  const Token first = Current();
  auto node = Make<ResetStatement>(first);
  Advance();
  if (AtEnd()) return node;
  if (!At(TokenKind::kString) && !At(TokenKind::kUnicodeString)) return ParseResetParameter(first);
  node->key_location = Current().location;
  MR_ASSIGN(node->key, ParseString("a setting as a string after RESET"));
  return node;
}

Result<StatementPtr> Parser::ParseDrop() {
  const Token first = Current();
  auto node = Make<DropStatement>(first);
  Advance();
  if (AtRoleKeyword()) return ParseDropRole(first);
  if (At(Word::kTOKEN)) return ParseDropToken(first);
  if (At(Word::kOWNED)) return ParseOwned();
  node->temporary = Accept(Word::kTEMPORARY);
  const Token what = Current();
  if (Accept(Word::kTABLE)) {
    node->object = ObjectKind::kTable;
  } else if (Accept(Word::kVIEW)) {
    node->object = ObjectKind::kView;
  } else if (Accept(Word::kMATERIALIZED)) {
    node->object = ObjectKind::kMaterializedView;
    if (!Accept(Word::kVIEW)) MR_TRY(Expect(Word::kTABLE, "or VIEW after DROP MATERIALIZED"));
  } else if (Accept(Word::kSCHEMA) || Accept(Word::kDATABASE)) {
    node->object = ObjectKind::kSchema;
  } else if (At(Word::kFUNCTION) || At(Word::kCATALOG) || At(Word::kMODEL) || At(Word::kSYSTEM) ||
             At(Word::kCONNECTION)) {
    return NotSupported(what, fmt::format("DROP {} is not supported", WordText(what.word)),
                        "TABLE, VIEW, MATERIALIZED VIEW, SCHEMA and DATABASE can be dropped");
  } else {
    return Expected("TABLE, VIEW, MATERIALIZED VIEW, SCHEMA or DATABASE after DROP");
  }
  const bool has_temporary = node->object == ObjectKind::kTable || node->object == ObjectKind::kView;
  if (node->temporary && !has_temporary) {
    return NotSupported(what, "only a TABLE or VIEW can be TEMPORARY");
  }
  MR_ASSIGN(node->if_exists, ParseIfExists());
  MR_ASSIGN(node->name, ParseQualifiedName("the name of what to drop"));
  node->cascade = Accept(Word::kCASCADE);
  if (!node->cascade) Accept(Word::kRESTRICT);
  return node;
}

Result<StatementPtr> Parser::ParseUse() {
  auto node = Make<UseStatement>(Current());
  Advance();
  if (At(Word::kMODULES)) return NotSupported(Current(), "USE MODULES is not supported");
  node->is_catalog = At(Word::kCATALOG) && IsNameAhead(1);
  if (node->is_catalog) Advance();
  MR_ASSIGN(node->name, ParseQualifiedName("the name of a schema after USE"));
  return node;
}

}  // namespace millrace::sql
