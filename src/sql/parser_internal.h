// The recursive-descent parser behind parser.h; nothing outside src/sql includes this.
//
// One Parser reads one text. Its methods are spread over parse_*.cc by subject. Each Parse… method
// starts at the current token and leaves behind the last one it took, or returns an error and leaves
// the parser unusable.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "sql/lexer.h"
#include "sql/query_body.h"
#include "sql/server_statement.h"
#include "sql/statement.h"

namespace millrace::sql {

// What the recursion may reach for a tree of height limits::kSqlDepthMax: each of its levels takes at
// most two when written without needless parentheses, so that what is printed can be read again.
inline constexpr int kRecursionMax = 3 * limits::kSqlDepthMax;

// How tightly an operator binds; operators of one level group from the left.
enum class Precedence : uint8_t {
  kNone,
  kOr,
  kAnd,
  kNot,
  kIs,
  kComparison,
  kPredicate,  // BETWEEN, IN, LIKE, SIMILAR TO, OVERLAPS
  kAdditive,
  kMultiplicative,  // and ||
  kUnary,
  kPostfix,
  kPrimary,
};

class CopyOptionReader;

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  // Checks the text and reads the tokens of the first statement. To be called first.
  Status Start();
  // Drops the tokens read so far and reads those of the next statement; false at the end of the text.
  Result<bool> NextStatement();
  // Goes past semicolons before the first statement; false if there is none.
  Result<bool> SkipEmpty() { return AtEnd() ? NextStatement() : Result<bool>(true); }

  Result<StatementPtr> ParseTopStatement();
  Result<ExprPtr> ParseExpr();
  Result<TypeSpec> ParseTypeSpec();
  Status ExpectEnd();
  // Fails if something follows the statement just read.
  Status ExpectEndOfText();

  std::string_view text() const { return lexer_.text(); }

 private:
  // ---- tokens (parser.cc)
  const Token& Current() const { return tokens_[pos_]; }
  const Token& Ahead(size_t n) const { return tokens_[std::min(pos_ + n, tokens_.size() - 1)]; }
  const Token& Previous() const { return tokens_[pos_ - 1]; }
  void Advance();
  // At(word) remembers the word, for the hint of a later error at this token.
  bool At(Word word);
  // Remembers words that may stand here but are not looked for, as a name was found first.
  void Try(std::initializer_list<Word> words) { tried_.insert(tried_.end(), words); }
  bool At(TokenKind kind) const { return Current().kind == kind; }
  bool IsAhead(size_t n, Word word) const {
    return Ahead(n).kind == TokenKind::kWord && Ahead(n).word == word;
  }
  bool IsAhead(size_t n, TokenKind kind) const { return Ahead(n).kind == kind; }
  bool AtEnd() const { return At(TokenKind::kEnd) || At(TokenKind::kSemicolon); }
  bool AtName() const;
  bool IsNameAhead(size_t n) const;
  bool Accept(Word word);
  bool Accept(Word first, Word second);
  bool Accept(TokenKind kind);
  // Errors read "expected <what> <where>, found …".
  Status Expect(Word word, std::string_view where = {});
  Status Expect(TokenKind kind, std::string_view where = {});
  std::unexpected<Error> Expected(std::string_view what);
  std::unexpected<Error> NotSupported(const Token& token, std::string message, std::string hint = {}) const;
  std::unexpected<Error> Reserved(const Token& token) const;
  // "'x'", "the string 'x'", "the end of the statement"; Unexpected leaves "the" out.
  std::string Describe(const Token& token) const;
  std::string DescribeUnexpected(const Token& token) const;
  std::string WordHint() const;
  // Whether the '(' at token `at` opens a query rather than an expression or a join.
  bool IsQueryParen(size_t at) const;
  bool AtQueryParen() const { return At(TokenKind::kLeftParen) && IsQueryParen(pos_); }
  bool IsQueryStart(const Token& token) const;
  Status ReadTokens(bool append);

  // ---- depth: of the recursion, and of the tree that is built
  class Nesting {
   public:
    explicit Nesting(Parser* parser) : parser_(parser) { ++parser_->depth_; }
    ~Nesting() { --parser_->depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    bool IsTooDeep() const { return parser_->depth_ > kRecursionMax; }

   private:
    Parser* parser_;
  };
  // Collects the greatest height of the trees finished in its lifetime.
  class Heights {
   public:
    explicit Heights(Parser* parser) : parser_(parser), outer_(parser->height_) { parser->height_ = 0; }
    ~Heights() { parser_->height_ = std::max(outer_, parser_->height_); }
    Heights(const Heights&) = delete;
    Heights& operator=(const Heights&) = delete;

   private:
    Parser* parser_;
    int outer_;
  };
  std::unexpected<Error> TooDeep() const;

  template <typename T>
  std::unique_ptr<T> Make(const Token& first) const {
    auto node = std::make_unique<T>();
    node->location = first.location;
    if constexpr (requires { node->range; }) node->range.begin = first.begin;
    return node;
  }
  // Sets the end of the node's text to the last token taken.
  template <typename T>
  void Close(T* node) const {
    node->range.end = Previous().end;
  }
  // Close, and the height: one more than what was finished since the enclosing Heights began.
  template <typename T>
  Result<ExprPtr> Finish(std::unique_ptr<T> node) {
    Close(node.get());
    return Grow(std::move(node), height_);
  }
  Result<ExprPtr> Grow(ExprPtr node, int children_height);

  // ---- names and literals (parser.cc)
  Result<Name> ParseName(std::string_view what);
  Result<QualifiedName> ParseQualifiedName(std::string_view what);
  Result<std::vector<Name>> ParseNameList(std::string_view what);  // ( a, b )
  Result<std::string> ParseString(std::string_view what);
  Result<int> ParseInt(std::string_view what);
  Result<std::vector<Option>> ParseOptions(std::string_view clause);  // ( 'k' = 'v', … )
  // [AS] name; `followers` may follow instead of a bare name.
  Result<std::optional<Name>> ParseAlias(std::initializer_list<Word> followers);
  Name NameFrom(const Token& token) const;

  // ---- parse_type.cc
  Result<TypeSpec> ParseTypeWithSuffixes();
  Result<TypeSpec> ParseBaseType();
  Result<std::optional<int>> ParseLength();
  Status ParseRawArguments(TypeSpec* type);
  Status ParseRowFields(TypeSpec* type);
  Result<TimeUnit> ParseTimeUnit(std::string_view where);
  // A type as PostgreSQL names it (int4, text, timestamptz …), or any other.
  Result<TypeSpec> ParseCastType();

  // ---- parse_expr.cc
  Result<ExprPtr> ParseBinary(Precedence lowest);
  Result<ExprPtr> ParsePrefix(Precedence lowest);
  Result<ExprPtr> ParsePostfix();
  Result<ExprPtr> ParsePrimary();
  Result<ExprPtr> ParseChain(ExprPtr first, BinaryOp op, Precedence precedence);
  ExprPtr Balance(std::vector<ExprPtr>* operands, std::vector<SourceLocation>* locations, size_t begin,
                  size_t end, BinaryOp op);
  Result<ExprPtr> ParseComparison(ExprPtr left, BinaryOp op, Precedence precedence);
  Result<ExprPtr> ParseIs(ExprPtr operand);
  Result<ExprPtr> ParsePredicate(ExprPtr value);
  Result<ExprPtr> ParseParenthesised();
  Result<ExprPtr> ParseNumber();
  Result<ExprPtr> ParseStringLiteral();
  Result<ExprPtr> ParseTypedLiteral(LiteralKind kind);
  Result<ExprPtr> ParseInterval();
  Result<ExprPtr> ParseCase();
  Result<ExprPtr> ParseCast();
  Result<ExprPtr> ParseArray();
  Result<ExprPtr> ParseMap();
  Result<ExprPtr> ParseRow();
  Result<ExprPtr> ParseNameOrCall();
  Result<ExprPtr> ParseParameter();
  Status ParseExprList(std::vector<ExprPtr>* list);

  // ---- parse_call.cc
  Result<ExprPtr> ParseCall(QualifiedName name, const Token& first);
  Status ParseArguments(FunctionCallExpr* call);
  Result<ExprPtr> ParseArgument();
  Result<ExprPtr> ParseTableArgument();
  Status ParseTableArgumentClauses(TableArgExpr* arg);
  Result<ExprPtr> ParseDescriptor();
  Status ParseCallSuffixes(FunctionCallExpr* call);
  Status ParseFilter(ExprPtr* filter);
  Result<bool> ParseSpecialArguments(Word word, FunctionCallExpr* call);
  Status ParseUnitArgument(FunctionCallExpr* call, std::string_view where);
  Status ParseTrimArguments(FunctionCallExpr* call);
  Result<ExprPtr> ParseJsonCall(Word word);
  Result<ExprPtr> ParseJsonValue(const Token& first);
  Result<ExprPtr> ParseJsonQuery(const Token& first);
  Result<ExprPtr> ParseJsonExists(const Token& first);
  Result<ExprPtr> ParseJsonObject(const Token& first, bool is_aggregate);
  Result<ExprPtr> ParseJsonArray(const Token& first, bool is_aggregate);
  Status ParseJsonInput(ExprPtr* input, ExprPtr* path);
  Result<JsonNullClause> ParseJsonNulls();
  Status ParseWindowSpec(WindowSpec* spec);
  Result<WindowFrame> ParseFrame();
  Result<FrameBound> ParseFrameBound();

  // ---- parse_query.cc
  Result<QueryPtr> ParseQuery();
  Result<QueryPtr> ParseParenthesisedQuery();
  Result<QueryBodyPtr> ParseQueryBody();
  Result<QueryBodyPtr> ParseIntersections();
  Result<QueryBodyPtr> ParseQueryPrimary();
  Result<QueryBodyPtr> ParseSelect();
  Result<QueryBodyPtr> ParseValues();
  Result<ExprPtr> ParseStar();
  Status ParseSelectItems(std::vector<SelectItem>* items);
  Status ParseGroupBy(SelectBody* select);
  Result<ExprPtr> ParseGroupingElement();
  Status ParseOrderBy(std::vector<OrderItem>* items);  // after ORDER BY
  Result<OrderItem> ParseOrderItem();
  Status ParseLimit(Query* query);
  Result<ExprPtr> ParseRowCount(std::string_view what);
  Result<std::vector<Hint>> ParseHints();

  // ---- parse_table.cc
  Result<TableRefPtr> ParseFrom();
  Result<TableRefPtr> ParseJoined();
  Result<TableRefPtr> ParseJoinTail(TableRefPtr left, JoinKind kind, bool natural, const Token& first);
  Result<TableRefPtr> ParseTablePrimary();
  Result<TableRefPtr> ParseTableFunction(bool lateral);
  Result<TableRefPtr> ParseNamedTable();
  Result<TableRefPtr> ParseUnnest();
  Status ParseTableAlias(TableRef* table);
  Result<TableRefPtr> ParseMatchRecognize(TableRefPtr input);
  Status ParseMatchSkip(MatchRecognizeTableRef* match);
  Result<RowPattern> ParsePattern();
  Result<RowPattern> ParsePatternSequence();
  Result<RowPattern> ParsePatternFactor();
  Status ParseQuantifier(RowPattern* pattern);

  // ---- parse_statement.cc
  Result<StatementPtr> ParseStatementBody();
  Result<StatementPtr> ParseInsert();
  Result<StatementPtr> ParseStatementSet();
  Result<StatementPtr> ParseExplain();
  Result<StatementPtr> ParseShow();
  Result<bool> ParseShowSubject(ShowStatement* show);
  Result<StatementPtr> ParseDescribe();
  Result<StatementPtr> ParseSet();
  Result<StatementPtr> ParseReset();
  Result<StatementPtr> ParseDrop();
  Result<StatementPtr> ParseUse();

  // ---- parse_server.cc: transactions, prepared statements and what else has no file of its own
  // Nothing, if no statement of a PostgreSQL client begins here.
  Result<StatementPtr> ParseServerStatement();
  Result<StatementPtr> ParseTransaction();
  Status ParseTransactionEnd(TransactionStatement* node);
  Status ParseTransactionModes(TransactionModes* modes, bool required);
  Result<StatementPtr> ParseDiscard();
  Result<StatementPtr> ParseUnlisten();
  Result<StatementPtr> ParsePrepare();
  Result<StatementPtr> ParseExecute();
  Result<StatementPtr> ParseDeallocate();
  // A query, or what else `what` names, up to token `end`; a query that is not understood is kept as text.
  Result<InnerStatement> ParseInner(size_t end, std::initializer_list<Word> words, std::string_view what);
  // Folded to lower case unless quoted.
  Result<Name> ParseFoldedName(std::string_view what);
  Result<RoleSpec> ParseRoleSpec(std::string_view what, bool may_be_public);
  Result<std::vector<RoleSpec>> ParseRoleSpecs(std::string_view what, bool may_be_public);
  Result<std::vector<Name>> ParseFoldedNames(std::string_view what);
  // Whether this token is the bare word `text` (in upper case), a keyword or not.
  bool IsText(const Token& token, std::string_view text) const;
  bool AcceptText(std::string_view text);
  Result<bool> ParseBoolean(std::string_view what);   // true, false, on, off, 1, 0
  Result<int64_t> ParseCount(std::string_view what);  // [-] digits

  // ---- parse_server_set.cc
  Result<StatementPtr> ParseSetParameter(const Token& first);
  Result<StatementPtr> ParseSetRole(const Token& first, bool local);
  Result<StatementPtr> ParseShowParameter(const Token& first);
  Result<StatementPtr> ParseResetParameter(const Token& first);
  Result<Name> ParseParameterName(std::string_view what);
  Status ParseParameterValues(std::vector<ParameterValue>* values);
  Result<ParameterValue> ParseParameterValue();

  // ---- parse_server_cursor.cc
  Result<StatementPtr> ParseSubscribe();
  Result<StatementPtr> ParseEmitChanges(QueryPtr query, const Token& first);
  Status ParseSubscribeOptions(SubscribeStatement* node);
  Result<StatementPtr> ParseDeclare();
  Result<StatementPtr> ParseFetch();
  Status ParseDirection(FetchStatement* node);
  Result<StatementPtr> ParseClose();

  // ---- parse_server_copy.cc
  Result<StatementPtr> ParseCopy();
  Status ParseCopySide(CopyStatement* node);
  Status ParseCopyOptionList(CopyOptionReader* reader);
  Status ParseCopyWords(CopyOptionReader* reader);

  // ---- parse_server_role.cc
  Result<StatementPtr> ParseCreateRole(const Token& first);
  Result<StatementPtr> ParseAlterRole(const Token& first);
  Result<StatementPtr> ParseAlterGroupMembers(const Token& first, Name group);
  Result<StatementPtr> ParseDropRole(const Token& first);
  Result<StatementPtr> ParseCreateToken(const Token& first);
  Result<StatementPtr> ParseDropToken(const Token& first);
  Status ParseRoleOptions(RoleOptions* options, bool is_create);
  Status ParseRoleOption(RoleOptions* options, bool is_create);
  Status ParseRoleLimit(RoleOptions* options);
  RoleKeyword TakeRoleKeyword();
  bool AtRoleKeyword() { return At(Word::kROLE) || At(Word::kUSER) || At(Word::kGROUP); }

  // ---- parse_server_grant.cc
  Result<StatementPtr> ParseGrant();
  Result<StatementPtr> ParseGrantRole(const Token& first, bool is_revoke, bool option_only);
  Result<StatementPtr> ParseAlter();
  Result<StatementPtr> ParseAlterObject(const Token& first);
  Result<StatementPtr> ParseAlterTableOptions(const Token& first, QualifiedName name);
  Result<StatementPtr> ParseDefaultPrivileges(const Token& first);
  Result<StatementPtr> ParseOwned();
  Result<StatementPtr> ParseCommentOn();
  Status ParsePrivileges(bool* all, std::vector<PrivilegeName>* privileges);
  Status CheckPrivileges(const std::vector<PrivilegeName>& privileges, GrantTarget target) const;
  Status ParseGrantTarget(GrantStatement* node);
  Status ParseGrantees(bool is_revoke, std::vector<RoleSpec>* roles);
  // [WITH word OPTION] [GRANTED BY r] of GRANT, [GRANTED BY r] [CASCADE|RESTRICT] of REVOKE.
  Status ParseGrantEnd(bool is_revoke, Word option, bool* with_option, bool* cascade,
                       std::optional<RoleSpec>* granted_by);

  // ---- parse_create.cc
  Result<StatementPtr> ParseCreate();
  Result<StatementPtr> ParseCreateTable(const Token& first, bool temporary, bool or_replace);
  Result<StatementPtr> ParseCreateView(const Token& first, bool temporary, bool or_replace);
  Result<StatementPtr> ParseCreateMaterialized(const Token& first, bool or_replace);
  Result<StatementPtr> ParseCreateSchema(const Token& first);
  Result<bool> ParseIfNotExists();
  Result<bool> ParseIfExists();
  Status ParseTableElement(CreateTableStatement* table);
  Status ParseColumn(CreateTableStatement* table);
  Status ParseColumnConstraints(ColumnDefinition* column);
  Status ParsePrimaryKey(std::optional<PrimaryKey>* key);
  Status ParseNotEnforced();
  Status ParseWatermark(CreateTableStatement* table);
  Status ParseTableTail(CreateTableStatement* table);
  Result<LikeClause> ParseLike();
  Result<std::optional<std::string>> ParseComment();

  Lexer lexer_;
  std::vector<Token> tokens_;
  std::vector<uint32_t> closing_;  // for each token that is a '(': the index of its ')'; else 0
  size_t pos_ = 0;
  int depth_ = 0;
  int height_ = 0;
  int type_depth_ = 0;
  bool may_emit_ = false;             // the next query may end in EMIT CHANGES
  std::vector<Word> tried_;           // asked for at the current token
  std::vector<Word> tried_previous_;  // and at the one before
};

// The spelling of a symbol, e.g. "')'".
std::string_view SymbolText(TokenKind kind);

}  // namespace millrace::sql
