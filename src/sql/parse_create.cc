// CREATE statements.
#include <fmt/format.h>

#include "sql/parser_internal.h"

namespace millrace::sql {
namespace {

constexpr std::string_view kCreatable =
    "CREATE makes a TABLE, VIEW, MATERIALIZED VIEW, MATERIALIZED TABLE or SCHEMA";

}  // namespace

Result<bool> Parser::ParseIfNotExists() {
  if (At(Word::kIF) && IsAhead(1, Word::kEXISTS)) {
    return Fail(ErrorCode::kSyntaxError, "expected IF NOT EXISTS, found IF EXISTS", {}, Current().location);
  }
  if (!At(Word::kIF) || !IsAhead(1, Word::kNOT)) return false;
  Advance();
  Advance();
  MR_TRY(Expect(Word::kEXISTS, "after IF NOT"));
  return true;
}

Result<bool> Parser::ParseIfExists() {
  if (!At(Word::kIF) || Ahead(1).kind != TokenKind::kWord) return false;
  Advance();
  MR_TRY(Expect(Word::kEXISTS, "after IF"));
  return true;
}

Result<std::optional<std::string>> Parser::ParseComment() {
  if (!Accept(Word::kCOMMENT)) return std::nullopt;
  MR_ASSIGN(std::string comment, ParseString("a string after COMMENT"));
  return std::optional<std::string>(std::move(comment));
}

Result<StatementPtr> Parser::ParseCreate() {
  const Token first = Current();
  bool or_replace = Accept(Word::kREPLACE);
  if (or_replace && !At(Word::kTABLE)) return Expected("TABLE after REPLACE");
  if (!or_replace) {
    MR_TRY(Expect(Word::kCREATE));
    if (Accept(Word::kOR)) {
      if (At(Word::kALTER))
        return NotSupported(Current(), "CREATE OR ALTER is not supported", "use CREATE OR REPLACE");
      MR_TRY(Expect(Word::kREPLACE, "after CREATE OR"));
      or_replace = true;
    }
  }
  const Token temporary_token = Current();
  const bool temporary = Accept(Word::kTEMPORARY);
  const Token what = Current();
  if (Accept(Word::kTABLE)) return ParseCreateTable(first, temporary, or_replace);
  if (Accept(Word::kVIEW)) return ParseCreateView(first, temporary, or_replace);
  if (At(Word::kMATERIALIZED) || At(Word::kSCHEMA) || At(Word::kDATABASE)) {
    if (temporary) return NotSupported(temporary_token, "only a TABLE or VIEW can be TEMPORARY");
    if (Accept(Word::kMATERIALIZED)) return ParseCreateMaterialized(first, or_replace);
    if (or_replace)
      return NotSupported(what, "a schema cannot be replaced", "use CREATE SCHEMA IF NOT EXISTS");
    return ParseCreateSchema(first);
  }
  if (AtRoleKeyword() || At(Word::kTOKEN)) {
    if (or_replace) return NotSupported(what, "a role or token cannot be replaced", "use ALTER ROLE");
    if (temporary) return NotSupported(temporary_token, "only a TABLE or VIEW can be TEMPORARY");
    return At(Word::kTOKEN) ? ParseCreateToken(first) : ParseCreateRole(first);
  }
  if (At(Word::kFUNCTION) || At(Word::kCATALOG) || At(Word::kMODEL) || At(Word::kSYSTEM) ||
      At(Word::kCONNECTION) || At(Word::kUNIQUE)) {
    return NotSupported(what, fmt::format("CREATE {} is not supported", WordText(what.word)),
                        std::string(kCreatable));
  }
  return Expected("TABLE, VIEW, MATERIALIZED VIEW, MATERIALIZED TABLE, SCHEMA or DATABASE after CREATE");
}

// ---------------------------------------------------------------- tables

Result<StatementPtr> Parser::ParseCreateTable(const Token& first, bool temporary, bool or_replace) {
  auto table = Make<CreateTableStatement>(first);
  table->temporary = temporary;
  table->or_replace = or_replace;
  MR_ASSIGN(table->if_not_exists, ParseIfNotExists());
  MR_ASSIGN(table->name, ParseQualifiedName("the name of the table"));
  const Token after_name = Current();
  const bool has_list = Accept(TokenKind::kLeftParen);
  if (has_list && !Accept(TokenKind::kRightParen)) {
    do {
      if (At(TokenKind::kRightParen)) {
        return Fail(ErrorCode::kSyntaxError, "there is a comma before ')'",
                    "take the last comma of the column list out", Previous().location);
      }
      MR_TRY(ParseTableElement(table.get()));
    } while (Accept(TokenKind::kComma));
    if (!Accept(TokenKind::kRightParen)) return Expected("',' or ')' after the definition of a column");
  }
  MR_TRY(ParseTableTail(table.get()));
  if (!has_list && !table->like && !table->as_query) {
    return Fail(
        ErrorCode::kSyntaxError,
        fmt::format("expected '(' and the columns after the table's name, found {}", Describe(after_name)),
        "the columns may be left out only with LIKE or AS SELECT", after_name.location);
  }
  if (or_replace && !table->as_query) {
    return NotSupported(first, "a table can be replaced only with AS SELECT",
                        "drop it first, or use IF NOT EXISTS");
  }
  if (!table->as_query) {
    for (const ColumnDefinition& column : table->columns) {
      if (column.kind != ColumnKind::kBare) continue;
      return Fail(ErrorCode::kSyntaxError, fmt::format("the column '{}' has no type", column.name.text),
                  "only CREATE TABLE … AS SELECT takes its columns' types from the query",
                  column.name.location);
    }
  }
  return table;
}

Status Parser::ParseTableElement(CreateTableStatement* table) {
  if (At(Word::kPRIMARY) || At(Word::kCONSTRAINT)) {
    const Token first = Current();
    std::optional<PrimaryKey> key;
    MR_TRY(ParsePrimaryKey(&key));
    if (table->primary_key) {
      return Fail(ErrorCode::kInvalidTableDefinition, "a table has one primary key, this is the second", {},
                  first.location);
    }
    table->primary_key = std::move(key);
    return Ok();
  }
  if (At(Word::kUNIQUE)) {
    return NotSupported(Current(), "UNIQUE is not supported",
                        "PRIMARY KEY (…) NOT ENFORCED is the only constraint");
  }
  if (At(Word::kWATERMARK)) return ParseWatermark(table);
  return ParseColumn(table);
}

Status Parser::ParsePrimaryKey(std::optional<PrimaryKey>* key) {
  PrimaryKey parsed;
  parsed.location = Current().location;
  if (Accept(Word::kCONSTRAINT)) {
    MR_ASSIGN(parsed.constraint, ParseName("the name of the constraint"));
    if (At(Word::kUNIQUE)) {
      return NotSupported(Current(), "UNIQUE is not supported",
                          "PRIMARY KEY (…) NOT ENFORCED is the only constraint");
    }
  }
  MR_TRY(Expect(Word::kPRIMARY));
  MR_TRY(Expect(Word::kKEY, "after PRIMARY"));
  if (!At(TokenKind::kLeftParen)) return Expected("'(' and the key's columns after PRIMARY KEY");
  MR_ASSIGN(parsed.columns, ParseNameList("a column of the primary key"));
  MR_TRY(ParseNotEnforced());
  *key = std::move(parsed);
  return Ok();
}

Status Parser::ParseNotEnforced() {
  constexpr std::string_view kWhy =
      "the source of a stream vouches for its keys; they are not checked, which NOT ENFORCED says";
  if (At(Word::kENFORCED))
    return NotSupported(Current(), "a primary key cannot be ENFORCED", std::string(kWhy));
  if (!Accept(Word::kNOT)) {
    auto error = Expected("NOT ENFORCED after the primary key");
    return std::unexpected(error.error().hint().empty() ? error.error().WithHint(std::string(kWhy))
                                                        : error.error());
  }
  return Expect(Word::kENFORCED, "after NOT");
}

Status Parser::ParseWatermark(CreateTableStatement* table) {
  WatermarkDefinition watermark;
  watermark.location = Current().location;
  Advance();
  MR_TRY(Expect(Word::kFOR, "after WATERMARK"));
  do {
    MR_ASSIGN(Name name, ParseName("the name of the event-time column"));
    watermark.column.push_back(std::move(name));
  } while (Accept(TokenKind::kDot));
  MR_TRY(Expect(Word::kAS, "after the column of WATERMARK FOR"));
  MR_ASSIGN(watermark.expr, ParseExpr());
  table->watermarks.push_back(std::move(watermark));
  return Ok();
}

Status Parser::ParseColumn(CreateTableStatement* table) {
  if (table->columns.size() >= limits::kColumnsMax) {
    return Fail(ErrorCode::kInvalidTableDefinition,
                fmt::format("a table has at most {} columns", limits::kColumnsMax), {}, Current().location);
  }
  ColumnDefinition column;
  MR_ASSIGN(column.name, ParseName("the name of a column"));
  if (Accept(Word::kAS)) {
    column.kind = ColumnKind::kComputed;
    MR_ASSIGN(column.expr, ParseExpr());
    MR_ASSIGN(column.comment, ParseComment());
    table->columns.push_back(std::move(column));
    return Ok();
  }
  if (At(TokenKind::kComma) || At(TokenKind::kRightParen)) {
    column.kind = ColumnKind::kBare;
    table->columns.push_back(std::move(column));
    return Ok();
  }
  if (At(TokenKind::kDot)) {
    return NotSupported(Current(), "a column's name cannot have a '.'",
                        "for a nested field use the type ROW<…>");
  }
  MR_ASSIGN(column.type, ParseTypeSpec());
  if (Accept(Word::kMETADATA)) {
    column.kind = ColumnKind::kMetadata;
    if (Accept(Word::kFROM)) {
      MR_ASSIGN(column.metadata_key, ParseString("the metadata's key as a string after FROM"));
    }
    column.is_virtual = Accept(Word::kVIRTUAL);
  }
  MR_TRY(ParseColumnConstraints(&column));
  MR_ASSIGN(column.comment, ParseComment());
  if (!At(TokenKind::kComma) && !At(TokenKind::kRightParen)) {
    return Expected(column.kind == ColumnKind::kPhysical && !column.primary_key && !column.comment
                        ? "')' or ',' after the column type"
                        : "')' or ',' after the definition of a column");
  }
  table->columns.push_back(std::move(column));
  return Ok();
}

Status Parser::ParseColumnConstraints(ColumnDefinition* column) {
  if (At(Word::kUNIQUE)) {
    return NotSupported(Current(), "UNIQUE is not supported",
                        "PRIMARY KEY NOT ENFORCED is the only constraint");
  }
  if (At(Word::kDEFAULT)) {
    return NotSupported(Current(), "DEFAULT is not supported",
                        "give the value in the INSERT, or COALESCE in the query");
  }
  if (At(Word::kCHECK) || At(Word::kREFERENCES)) {
    return NotSupported(Current(), fmt::format("{} is not supported", WordText(Current().word)),
                        "filter with WHERE in a view");
  }
  if (Accept(Word::kCONSTRAINT)) {
    MR_ASSIGN([[maybe_unused]] const Name name, ParseName("the name of the constraint"));
    if (!At(Word::kPRIMARY)) return Expected("PRIMARY KEY after the constraint's name");
  }
  if (!Accept(Word::kPRIMARY)) return Ok();
  MR_TRY(Expect(Word::kKEY, "after PRIMARY"));
  MR_TRY(ParseNotEnforced());
  column->primary_key = true;
  return Ok();
}

// [COMMENT …] [PARTITIONED BY …] [WITH (…)] [LIKE … | AS query]
Status Parser::ParseTableTail(CreateTableStatement* table) {
  MR_ASSIGN(table->comment, ParseComment());
  if (At(Word::kDISTRIBUTED)) {
    return NotSupported(Current(), "DISTRIBUTED is not supported",
                        "rows are spread over shards by the keys of the query");
  }
  if (Accept(Word::kPARTITIONED)) {
    MR_TRY(Expect(Word::kBY, "after PARTITIONED"));
    MR_ASSIGN(table->partitioned_by, ParseNameList("a partition column"));
  }
  if (Accept(Word::kWITH)) {
    MR_ASSIGN(table->options, ParseOptions("WITH"));
  }
  if (At(Word::kCOMMENT) || At(Word::kPARTITIONED)) {
    return Fail(ErrorCode::kSyntaxError, fmt::format("{} cannot stand here", WordText(Current().word)),
                "the order is: columns, COMMENT, PARTITIONED BY, WITH, then LIKE or AS", Current().location);
  }
  if (At(Word::kLIKE)) {
    MR_ASSIGN(table->like, ParseLike());
  } else if (Accept(Word::kAS)) {
    MR_ASSIGN(table->as_query, ParseQuery());
  }
  return Ok();
}

// LIKE t [( INCLUDING ALL, … )]: Flink has no commas between the options, which are taken if written.
Result<LikeClause> Parser::ParseLike() {
  Advance();
  LikeClause like;
  MR_ASSIGN(like.table, ParseQualifiedName("the name of a table after LIKE"));
  if (!Accept(TokenKind::kLeftParen)) return like;
  while (!Accept(TokenKind::kRightParen)) {
    LikeOption option;
    option.location = Current().location;
    if (Accept(Word::kINCLUDING)) {
      option.action = LikeAction::kIncluding;
    } else if (Accept(Word::kEXCLUDING)) {
      option.action = LikeAction::kExcluding;
    } else if (Accept(Word::kOVERWRITING)) {
      option.action = LikeAction::kOverwriting;
    } else {
      return Expected("INCLUDING, EXCLUDING, OVERWRITING or ')' after LIKE");
    }
    struct Feature {
      Word word;
      LikeFeature feature;
    };
    constexpr Feature kFeatures[] = {
        {Word::kALL, LikeFeature::kAll},
        {Word::kCONSTRAINTS, LikeFeature::kConstraints},
        {Word::kDISTRIBUTION, LikeFeature::kDistribution},
        {Word::kGENERATED, LikeFeature::kGenerated},
        {Word::kMETADATA, LikeFeature::kMetadata},
        {Word::kOPTIONS, LikeFeature::kOptions},
        {Word::kPARTITIONS, LikeFeature::kPartitions},
        {Word::kWATERMARKS, LikeFeature::kWatermarks},
    };
    bool found = false;
    for (const Feature& feature : kFeatures) {
      if (!Accept(feature.word)) continue;
      option.feature = feature.feature;
      found = true;
      break;
    }
    if (!found) return Expected("ALL, CONSTRAINTS, GENERATED, METADATA, OPTIONS, PARTITIONS or WATERMARKS");
    const bool is_overwritable =
        option.feature == LikeFeature::kGenerated || option.feature == LikeFeature::kMetadata ||
        option.feature == LikeFeature::kOptions || option.feature == LikeFeature::kWatermarks;
    if (option.action == LikeAction::kOverwriting && !is_overwritable) {
      return Fail(ErrorCode::kSyntaxError,
                  "only GENERATED, METADATA, OPTIONS and WATERMARKS can be OVERWRITING", {}, option.location);
    }
    like.options.push_back(option);
    Accept(TokenKind::kComma);
  }
  return like;
}

// ---------------------------------------------------------------- views and schemas

Result<StatementPtr> Parser::ParseCreateView(const Token& first, bool temporary, bool or_replace) {
  auto view = Make<CreateViewStatement>(first);
  view->temporary = temporary;
  view->or_replace = or_replace;
  MR_ASSIGN(view->if_not_exists, ParseIfNotExists());
  MR_ASSIGN(view->name, ParseQualifiedName("the name of the view"));
  if (At(TokenKind::kLeftParen)) {
    MR_ASSIGN(view->columns, ParseNameList("a column name"));
  }
  MR_ASSIGN(view->comment, ParseComment());
  MR_TRY(Expect(Word::kAS, "and a query after the view's name"));
  MR_ASSIGN(view->query, ParseQuery());
  return view;
}

Result<StatementPtr> Parser::ParseCreateMaterialized(const Token& first, bool or_replace) {
  auto view = Make<CreateMaterializedViewStatement>(first);
  view->or_replace = or_replace;
  const Token what = Current();
  view->is_table = Accept(Word::kTABLE);
  if (!view->is_table) MR_TRY(Expect(Word::kVIEW, "or TABLE after MATERIALIZED"));
  if (view->is_table && or_replace) {
    return NotSupported(what, "a materialized table cannot be replaced",
                        "use CREATE OR REPLACE MATERIALIZED VIEW");
  }
  MR_ASSIGN(view->if_not_exists, ParseIfNotExists());
  MR_ASSIGN(view->name,
            ParseQualifiedName(view->is_table ? "the name of the table" : "the name of the view"));
  if (Accept(TokenKind::kLeftParen)) {
    do {
      if (At(Word::kPRIMARY) || At(Word::kCONSTRAINT)) {
        const Token key_token = Current();
        std::optional<PrimaryKey> key;
        MR_TRY(ParsePrimaryKey(&key));
        if (view->primary_key) {
          return Fail(ErrorCode::kInvalidTableDefinition, "a table has one primary key, this is the second",
                      {}, key_token.location);
        }
        view->primary_key = std::move(key);
        continue;
      }
      MR_ASSIGN(Name name, ParseName("a column name"));
      view->columns.push_back(std::move(name));
      if (!At(TokenKind::kComma) && !At(TokenKind::kRightParen)) {
        return Fail(ErrorCode::kSyntaxError,
                    fmt::format("expected ',' or ')' after the column's name, found {}", Describe(Current())),
                    "types come from the query: leave them out here", Current().location);
      }
    } while (Accept(TokenKind::kComma));
    MR_TRY(Expect(TokenKind::kRightParen, "after the list of columns"));
  }
  MR_ASSIGN(view->comment, ParseComment());
  if (At(Word::kDISTRIBUTED)) {
    return NotSupported(Current(), "DISTRIBUTED is not supported",
                        "rows are spread over shards by the keys of the query");
  }
  if (Accept(Word::kPARTITIONED)) {
    MR_TRY(Expect(Word::kBY, "after PARTITIONED"));
    MR_ASSIGN(view->partitioned_by, ParseNameList("a partition column"));
  }
  if (Accept(Word::kWITH)) {
    MR_ASSIGN(view->options, ParseOptions("WITH"));
  }
  if (view->is_table && Accept(Word::kFRESHNESS)) {
    MR_TRY(Expect(TokenKind::kEqual, "after FRESHNESS"));
    if (!At(Word::kINTERVAL)) return Expected("INTERVAL after FRESHNESS =");
    MR_ASSIGN(view->freshness, ParseInterval());
  }
  if (view->is_table && Accept(Word::kREFRESH_MODE)) {
    MR_TRY(Expect(TokenKind::kEqual, "after REFRESH_MODE"));
    if (Accept(Word::kCONTINUOUS)) {
      view->refresh_mode = RefreshMode::kContinuous;
    } else if (Accept(Word::kFULL)) {
      view->refresh_mode = RefreshMode::kFull;
    } else {
      return Expected("CONTINUOUS or FULL after REFRESH_MODE =");
    }
  }
  MR_TRY(Expect(Word::kAS,
                view->is_table ? "and a query after the table's name" : "and a query after the view's name"));
  MR_ASSIGN(view->query, ParseQuery());
  return view;
}

Result<StatementPtr> Parser::ParseCreateSchema(const Token& first) {
  auto schema = Make<CreateSchemaStatement>(first);
  schema->is_database = Accept(Word::kDATABASE);
  if (!schema->is_database) MR_TRY(Expect(Word::kSCHEMA));
  MR_ASSIGN(schema->if_not_exists, ParseIfNotExists());
  MR_ASSIGN(schema->name, ParseQualifiedName("the name of the schema"));
  MR_ASSIGN(schema->comment, ParseComment());
  if (Accept(Word::kWITH)) {
    MR_ASSIGN(schema->options, ParseOptions("WITH"));
  }
  return schema;
}

}  // namespace millrace::sql
