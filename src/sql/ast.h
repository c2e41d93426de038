// The syntax tree of Flink SQL, as the parser (parser.h) makes it and the printer (printer.h) writes it.
//
// The tree says what was written and nothing more: names are unresolved, types unchecked, literals
// still text. Every node is a plain struct that owns its children by unique_ptr and carries a `kind`
// to switch over; As<T>() gives the struct of that kind. A tree belongs to whoever parsed it, is
// immutable by convention once parsed, and may then be read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/error.h"

namespace millrace::sql {

struct Expr;
struct Query;
struct QueryBody;
struct Statement;
struct TableRef;
using ExprPtr = std::unique_ptr<Expr>;
using QueryPtr = std::unique_ptr<Query>;
using QueryBodyPtr = std::unique_ptr<QueryBody>;
using StatementPtr = std::unique_ptr<Statement>;
using TableRefPtr = std::unique_ptr<TableRef>;

// Bytes [begin, end) of the text that was given to the parser.
struct TextRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// One name, without quotes and with its escapes undone. Case is kept; Flink's names are case-sensitive.
struct Name {
  std::string text;
  SourceLocation location;
  bool quoted = false;
};

// catalog.schema.table, 1 to 3 parts (never empty once parsed).
struct QualifiedName {
  std::vector<Name> parts;

  const Name& Last() const { return parts.back(); }
  SourceLocation location() const { return parts.empty() ? SourceLocation{} : parts.front().location; }
  // "a.b.c", for messages and look-ups.
  std::string ToString() const {
    std::string text;
    for (const Name& part : parts) {
      if (!text.empty()) text += '.';
      text += part.text;
    }
    return text;
  }
};

// 'key' = 'value' of a WITH clause or hint. A bare SET is one as well.
struct Option {
  std::string key;
  std::string value;
  SourceLocation key_location;
  SourceLocation value_location;
};

// ---------------------------------------------------------------- types

enum class TypeKind : uint8_t {
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInt,
  kBigInt,
  kFloat,
  kDouble,
  kDecimal,    // precision, scale
  kChar,       // precision is the length
  kVarchar,    // precision is the length; STRING is VARCHAR without one
  kBinary,     // precision is the length
  kVarbinary,  // precision is the length; BYTES is VARBINARY without one
  kDate,
  kTime,          // precision
  kTimestamp,     // precision
  kTimestampLtz,  // precision; TIMESTAMP(p) WITH LOCAL TIME ZONE is the same
  kTimestampTz,   // precision; TIMESTAMP(p) WITH TIME ZONE
  kInterval,      // interval_from, interval_to
  kArray,         // children[0]
  kMultiset,      // children[0]
  kMap,           // children[0] key, children[1] value
  kRow,           // children with field_names and field_comments
  kNull,
  kVariant,
  kRaw,  // raw_class, raw_snapshot
};

enum class TimeUnit : uint8_t {
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kEpoch,
  kDow,
  kIsodow,
  kDoy,
  kIsoyear,
  kDecade,
  kCentury,
  kMillennium,
};

struct TypeSpec {
  TypeKind kind = TypeKind::kNull;
  SourceLocation location;
  std::optional<int> precision;  // as written; absent means the type's own default
  std::optional<int> scale;
  bool not_null = false;
  TimeUnit interval_from = TimeUnit::kDay;  // kInterval only
  std::optional<TimeUnit> interval_to;
  std::string raw_class;  // kRaw only
  std::string raw_snapshot;
  std::vector<TypeSpec> children;
  std::vector<Name> field_names;                           // kRow only, one for each child
  std::vector<std::optional<std::string>> field_comments;  // kRow only, one for each child
};

// ---------------------------------------------------------------- expressions

enum class ExprKind : uint8_t {
  kLiteral,
  kInterval,
  kIdentifier,
  kStar,
  kUnary,
  kBinary,
  kIs,
  kCase,
  kCast,
  kIn,
  kExists,
  kQuantified,
  kBetween,
  kLike,
  kFunctionCall,
  kNamedArg,
  kDefault,
  kSymbol,
  kDescriptor,
  kTableArg,
  kJsonValue,
  kJsonQuery,
  kJsonExists,
  kJsonObject,
  kJsonArray,
  kArray,
  kMap,
  kRow,
  kSubscript,
  kFieldAccess,
  kAtTimeZone,
  kSubquery,
  kGroupingElement,
};

struct Expr {
  ExprKind kind;
  uint16_t height = 1;  // of this tree; the parser keeps it <= limits::kSqlDepthMax
  SourceLocation location;
  TextRange range;

  explicit Expr(ExprKind kind) : kind(kind) {}
  virtual ~Expr() = default;
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;

  template <typename T>
  const T& As() const {
    MR_DCHECK(kind == T::kKind);
    return static_cast<const T&>(*this);
  }
  template <typename T>
  T& As() {
    MR_DCHECK(kind == T::kKind);
    return static_cast<T&>(*this);
  }
  // nullptr if this is of another kind.
  template <typename T>
  const T* AsIf() const {
    return kind == T::kKind ? static_cast<const T*>(this) : nullptr;
  }
};

template <ExprKind kKindOfNode>
struct ExprOf : Expr {
  static constexpr ExprKind kKind = kKindOfNode;
  ExprOf() : Expr(kKindOfNode) {}
};

// ---------------------------------------------------------------- the frame of a query
// (here because subqueries are expressions; the bodies follow after the tables)

struct OrderItem {
  ExprPtr expr;
  bool descending = false;
  std::optional<bool> nulls_first;  // absent unless written
};

enum class QueryBodyKind : uint8_t { kSelect, kSetOperation, kValues, kTable, kNested };

struct QueryBody {
  QueryBodyKind kind;
  SourceLocation location;

  explicit QueryBody(QueryBodyKind kind) : kind(kind) {}
  virtual ~QueryBody() = default;
  QueryBody(const QueryBody&) = delete;
  QueryBody& operator=(const QueryBody&) = delete;

  template <typename T>
  const T& As() const {
    MR_DCHECK(kind == T::kKind);
    return static_cast<const T&>(*this);
  }
  template <typename T>
  const T* AsIf() const {
    return kind == T::kKind ? static_cast<const T*>(this) : nullptr;
  }
};

struct CommonTableExpr {
  Name name;
  std::vector<Name> columns;
  QueryPtr query;
};

struct Query {
  SourceLocation location;
  TextRange range;
  std::vector<CommonTableExpr> ctes;
  QueryBodyPtr body;
  std::vector<OrderItem> order_by;
  ExprPtr limit;  // LIMIT n or FETCH FIRST n ROWS ONLY; null for none and for LIMIT ALL
  ExprPtr offset;
};

// ---------------------------------------------------------------- the kinds of expressions

enum class LiteralKind : uint8_t {
  kNull,
  kBoolean,  // boolean
  kInteger,  // text: digits
  kDecimal,  // text: digits with a point
  kDouble,   // text: with an exponent
  kString,   // text: the value, UTF-8
  kBinary,   // text: the bytes of X'…'
  kDate,     // text: of DATE '…', unchecked; likewise the next three
  kTime,
  kTimestamp,
  kTimestampLtz,
};

struct LiteralExpr : ExprOf<ExprKind::kLiteral> {
  LiteralKind literal = LiteralKind::kNull;
  std::string text;
  bool boolean = false;
};

// INTERVAL [-] 'text' from[(precision)] [TO to[(fraction)]], the text unchecked.
struct IntervalExpr : ExprOf<ExprKind::kInterval> {
  bool negative = false;
  std::string text;
  TimeUnit from = TimeUnit::kDay;
  std::optional<TimeUnit> to;
  std::optional<int> precision;
  std::optional<int> fraction;
};

// a, t.a, s.t.a, and also field paths: which part is what is for the binder to say.
struct IdentifierExpr : ExprOf<ExprKind::kIdentifier> {
  std::vector<Name> parts;
};

// * or t.*; in a select list, and as the argument of COUNT(*).
struct StarExpr : ExprOf<ExprKind::kStar> {
  std::vector<Name> qualifier;
};

enum class UnaryOp : uint8_t { kNot, kPlus, kMinus, kRunning, kFinal };  // the last two: MATCH_RECOGNIZE

struct UnaryExpr : ExprOf<ExprKind::kUnary> {
  UnaryOp op = UnaryOp::kNot;
  ExprPtr operand;
};

enum class BinaryOp : uint8_t {
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIsDistinctFrom,
  kIsNotDistinctFrom,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kConcat,
  kOverlaps,
};

// Long AND and OR chains come as balanced trees (both are associative), so that they are not deep.
struct BinaryExpr : ExprOf<ExprKind::kBinary> {
  BinaryOp op = BinaryOp::kAnd;
  ExprPtr left;
  ExprPtr right;
};

enum class IsTest : uint8_t {
  kNull,
  kTrue,
  kFalse,
  kUnknown,
  kJsonValue,
  kJsonObject,
  kJsonArray,
  kJsonScalar
};

// operand IS [NOT] test; IS [NOT] DISTINCT FROM is a BinaryExpr.
struct IsExpr : ExprOf<ExprKind::kIs> {
  ExprPtr operand;
  IsTest test = IsTest::kNull;
  bool negated = false;
};

struct CaseBranch {
  ExprPtr when;
  std::vector<ExprPtr> or_when;  // CASE x WHEN a, b THEN …: the values after the first
  ExprPtr then;
};

// The operand is null in the searched form, the else branch if there is none.
struct CaseExpr : ExprOf<ExprKind::kCase> {
  ExprPtr operand;
  std::vector<CaseBranch> branches;
  ExprPtr otherwise;
};

struct CastExpr : ExprOf<ExprKind::kCast> {
  ExprPtr operand;
  TypeSpec type;
  bool is_try = false;
};

// Either a list or a query. `(a, b) IN …` has a RowExpr as its value.
struct InExpr : ExprOf<ExprKind::kIn> {
  ExprPtr value;
  std::vector<ExprPtr> list;
  QueryPtr query;
  bool negated = false;
};

struct ExistsExpr : ExprOf<ExprKind::kExists> {
  QueryPtr query;
};

// value op ANY|SOME|ALL (query)
struct QuantifiedExpr : ExprOf<ExprKind::kQuantified> {
  ExprPtr value;
  BinaryOp op = BinaryOp::kEqual;
  bool is_all = false;
  QueryPtr query;
};

struct BetweenExpr : ExprOf<ExprKind::kBetween> {
  ExprPtr value;
  ExprPtr low;
  ExprPtr high;
  bool negated = false;
  bool symmetric = false;
};

struct LikeExpr : ExprOf<ExprKind::kLike> {
  ExprPtr value;
  ExprPtr pattern;
  ExprPtr escape;  // null without ESCAPE
  bool negated = false;
  bool is_similar = false;  // SIMILAR TO
};

enum class FrameBoundKind : uint8_t {
  kUnboundedPreceding,
  kPreceding,
  kCurrentRow,
  kFollowing,
  kUnboundedFollowing
};

struct FrameBound {
  FrameBoundKind kind = FrameBoundKind::kCurrentRow;
  ExprPtr offset;  // of kPreceding and kFollowing
};

struct WindowFrame {
  bool is_rows = false;  // otherwise RANGE
  FrameBound start;
  std::optional<FrameBound> end;  // absent unless BETWEEN was written; then CURRENT ROW
};

// (base PARTITION BY … ORDER BY … frame), or OVER name: then only the base, and is_reference.
struct WindowSpec {
  std::optional<Name> base;
  bool is_reference = false;
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::optional<WindowFrame> frame;
  SourceLocation location;
};

enum class NullTreatment : uint8_t { kUnspecified, kRespectNulls, kIgnoreNulls };

// name(args). Calls with keywords among their arguments come with plain ones, in this order:
//   EXTRACT(unit FROM x) (unit, x)         FLOOR|CEIL(x TO unit) (x, unit)
//   TIMESTAMPADD|TIMESTAMPDIFF(unit, a, b) (unit, a, b)
//   TRIM([mode] [c] FROM x) (mode, c, x), and TRIM(x) (x): the mode is a SymbolExpr, c is ' ' when absent
//   SUBSTRING(x FROM a [FOR b]) (x, a [, b])
//   OVERLAY(x PLACING y FROM a [FOR b]) (x, y, a [, b])        POSITION(a IN b [FROM n]) (a, b [, n])
// Niladic functions such as CURRENT_TIMESTAMP have no arguments and no parentheses. Names are as written,
// in any case.
struct FunctionCallExpr : ExprOf<ExprKind::kFunctionCall> {
  QualifiedName name;
  std::vector<ExprPtr> args;  // StarExpr for COUNT(*)
  bool has_parentheses = true;
  bool distinct = false;
  ExprPtr filter;                       // FILTER (WHERE …)
  std::vector<OrderItem> within_group;  // WITHIN GROUP (ORDER BY …)
  std::vector<OrderItem> order_by;      // ORDER BY inside the parentheses
  NullTreatment null_treatment = NullTreatment::kUnspecified;
  std::unique_ptr<WindowSpec> over;
};

// name => value, only as an argument.
struct NamedArgExpr : ExprOf<ExprKind::kNamedArg> {
  Name name;
  ExprPtr value;
};

// DEFAULT, only as an argument.
struct DefaultExpr : ExprOf<ExprKind::kDefault> {};

enum class TrimMode : uint8_t { kBoth, kLeading, kTrailing };

// A keyword as an argument: the unit of EXTRACT, FLOOR, CEIL, TIMESTAMPADD and TIMESTAMPDIFF, or the mode of
// TRIM.
struct SymbolExpr : ExprOf<ExprKind::kSymbol> {
  std::optional<TimeUnit> unit;
  std::optional<TrimMode> trim;
};

// DESCRIPTOR(a, b), only as an argument.
struct DescriptorExpr : ExprOf<ExprKind::kDescriptor> {
  std::vector<Name> columns;
};

// TABLE t [PARTITION BY …] [ORDER BY …], and (query) PARTITION BY …; a (query) alone is a SubqueryExpr.
// Only as an argument.
struct TableArgExpr : ExprOf<ExprKind::kTableArg> {
  QualifiedName table;  // empty if there is a query
  QueryPtr query;
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
};

enum class JsonBehavior : uint8_t {
  kUnspecified,
  kNull,
  kError,
  kDefault,
  kEmptyArray,
  kEmptyObject,
  kTrue,
  kFalse,
  kUnknown
};

// JSON_VALUE(input, path [RETURNING type] [… ON EMPTY] [… ON ERROR])
struct JsonValueExpr : ExprOf<ExprKind::kJsonValue> {
  ExprPtr input;
  ExprPtr path;
  std::optional<TypeSpec> returning;
  JsonBehavior on_empty = JsonBehavior::kUnspecified;  // kNull, kError, kDefault
  JsonBehavior on_error = JsonBehavior::kUnspecified;
  ExprPtr empty_default;  // of kDefault
  ExprPtr error_default;
};

enum class JsonWrapper : uint8_t { kUnspecified, kWithout, kConditional, kUnconditional };

// JSON_QUERY(input, path [RETURNING type] [wrapper WRAPPER] [… ON EMPTY] [… ON ERROR])
struct JsonQueryExpr : ExprOf<ExprKind::kJsonQuery> {
  ExprPtr input;
  ExprPtr path;
  std::optional<TypeSpec> returning;
  JsonWrapper wrapper = JsonWrapper::kUnspecified;
  JsonBehavior on_empty = JsonBehavior::kUnspecified;  // kNull, kError, kEmptyArray, kEmptyObject
  JsonBehavior on_error = JsonBehavior::kUnspecified;
};

// JSON_EXISTS(input, path [TRUE|FALSE|UNKNOWN|ERROR ON ERROR])
struct JsonExistsExpr : ExprOf<ExprKind::kJsonExists> {
  ExprPtr input;
  ExprPtr path;
  JsonBehavior on_error = JsonBehavior::kUnspecified;
};

enum class JsonNullClause : uint8_t { kUnspecified, kNull, kAbsent };  // NULL ON NULL, ABSENT ON NULL

struct JsonPair {
  ExprPtr key;
  ExprPtr value;
};

// JSON_OBJECT([KEY k VALUE v, …]), and JSON_OBJECTAGG with one pair.
struct JsonObjectExpr : ExprOf<ExprKind::kJsonObject> {
  std::vector<JsonPair> pairs;
  JsonNullClause nulls = JsonNullClause::kUnspecified;
  bool is_aggregate = false;
  ExprPtr filter;
};

// JSON_ARRAY(…), and JSON_ARRAYAGG with one element.
struct JsonArrayExpr : ExprOf<ExprKind::kJsonArray> {
  std::vector<ExprPtr> elements;
  JsonNullClause nulls = JsonNullClause::kUnspecified;
  bool is_aggregate = false;
  ExprPtr filter;
};

struct ArrayExpr : ExprOf<ExprKind::kArray> {
  std::vector<ExprPtr> elements;
};

// MAP[k1, v1, k2, v2, …]: always an even number of elements.
struct MapExpr : ExprOf<ExprKind::kMap> {
  std::vector<ExprPtr> elements;
};

// ROW(a, b), or (a, b) without the word.
struct RowExpr : ExprOf<ExprKind::kRow> {
  std::vector<ExprPtr> fields;
  bool has_keyword = false;
};

// base[index], of arrays and maps.
struct SubscriptExpr : ExprOf<ExprKind::kSubscript> {
  ExprPtr base;
  ExprPtr index;
};

// base.field where the base is no plain identifier, e.g. (row_column).field or items[1].field;
// base.* has `star` instead of a field.
struct FieldAccessExpr : ExprOf<ExprKind::kFieldAccess> {
  ExprPtr base;
  Name field;
  bool star = false;
};

struct AtTimeZoneExpr : ExprOf<ExprKind::kAtTimeZone> {
  ExprPtr value;
  ExprPtr zone;
};

// (SELECT …) as a value.
struct SubqueryExpr : ExprOf<ExprKind::kSubquery> {
  QueryPtr query;
};

enum class GroupingKind : uint8_t { kSets, kRollup, kCube, kEmptySet };

// Only in GROUP BY. An element of kSets is an expression, a RowExpr, an empty set () or again one of these.
struct GroupingElementExpr : ExprOf<ExprKind::kGroupingElement> {
  GroupingKind grouping = GroupingKind::kEmptySet;
  std::vector<ExprPtr> elements;
};

// ---------------------------------------------------------------- tables of a FROM clause

// A hint inside /*+ … */: OPTIONS('k' = 'v'), STATE_TTL('t' = '1d'), BROADCAST(t), …
struct Hint {
  Name name;
  std::vector<Option> options;
  std::vector<std::string> arguments;
};

enum class TableRefKind : uint8_t {
  kNamed,
  kDerived,
  kFunction,
  kUnnest,
  kJoin,
  kMatchRecognize,
};

struct TableRef {
  TableRefKind kind;
  SourceLocation location;
  TextRange range;
  std::optional<Name> alias;  // not on joins
  std::vector<Name> column_aliases;

  explicit TableRef(TableRefKind kind) : kind(kind) {}
  virtual ~TableRef() = default;
  TableRef(const TableRef&) = delete;
  TableRef& operator=(const TableRef&) = delete;

  template <typename T>
  const T& As() const {
    MR_DCHECK(kind == T::kKind);
    return static_cast<const T&>(*this);
  }
  template <typename T>
  const T* AsIf() const {
    return kind == T::kKind ? static_cast<const T*>(this) : nullptr;
  }
};

template <TableRefKind kKindOfNode>
struct TableRefOf : TableRef {
  static constexpr TableRefKind kKind = kKindOfNode;
  TableRefOf() : TableRef(kKindOfNode) {}
};

struct NamedTableRef : TableRefOf<TableRefKind::kNamed> {
  QualifiedName name;
  std::vector<Hint> hints;
  ExprPtr system_time;  // FOR SYSTEM_TIME AS OF …
};

struct DerivedTableRef : TableRefOf<TableRefKind::kDerived> {
  QueryPtr query;
  bool lateral = false;
};

// TABLE(f(…)), LATERAL TABLE(f(…)), or f(…) bare. The call's arguments may hold TableArgExpr,
// DescriptorExpr and NamedArgExpr.
struct FunctionTableRef : TableRefOf<TableRefKind::kFunction> {
  std::unique_ptr<FunctionCallExpr> call;
  bool has_table_keyword = false;
  bool lateral = false;
};

struct UnnestTableRef : TableRefOf<TableRefKind::kUnnest> {
  std::vector<ExprPtr> collections;
  bool with_ordinality = false;
};

enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kCross, kComma };

// Without condition and columns only for CROSS, comma and NATURAL (and LEFT/INNER JOIN LATERAL … ON TRUE has
// one).
struct JoinTableRef : TableRefOf<TableRefKind::kJoin> {
  JoinKind join = JoinKind::kInner;
  bool natural = false;
  TableRefPtr left;
  TableRefPtr right;
  ExprPtr condition;                // ON
  std::vector<Name> using_columns;  // USING
};

enum class RowPatternKind : uint8_t {
  kVariable,
  kSequence,
  kAlternation,
  kPermute,
  kExclude,  // {- … -}
  kEmpty,    // ()
  kStart,    // ^
  kEnd,      // $
};

struct RowPattern {
  RowPatternKind kind = RowPatternKind::kVariable;
  SourceLocation location;
  Name variable;
  std::vector<RowPattern> children;
  bool has_quantifier = false;
  uint32_t min = 1;
  std::optional<uint32_t> max = 1;  // absent: unbounded
  bool reluctant = false;
};

struct Measure {
  ExprPtr expr;
  Name name;
};

struct PatternDefinition {
  Name variable;
  ExprPtr condition;
};

struct PatternSubset {
  Name name;
  std::vector<Name> variables;
};

enum class AfterMatch : uint8_t { kUnspecified, kPastLastRow, kToNextRow, kToFirst, kToLast };

struct MatchRecognizeTableRef : TableRefOf<TableRefKind::kMatchRecognize> {
  TableRefPtr input;
  std::vector<ExprPtr> partition_by;
  std::vector<OrderItem> order_by;
  std::vector<Measure> measures;
  std::optional<bool> all_rows_per_match;  // absent unless written; then ONE ROW PER MATCH
  AfterMatch after_match = AfterMatch::kUnspecified;
  Name after_match_variable;  // of kToFirst and kToLast
  RowPattern pattern;
  ExprPtr within;  // null without WITHIN
  std::vector<PatternSubset> subsets;
  std::vector<PatternDefinition> definitions;
};

// ---------------------------------------------------------------- bodies of queries

template <QueryBodyKind kKindOfNode>
struct QueryBodyOf : QueryBody {
  static constexpr QueryBodyKind kKind = kKindOfNode;
  QueryBodyOf() : QueryBody(kKindOfNode) {}
};

struct SelectItem {
  ExprPtr expr;  // StarExpr for * and t.*
  std::optional<Name> alias;
};

struct NamedWindow {
  Name name;
  WindowSpec spec;
};

struct SelectBody : QueryBodyOf<QueryBodyKind::kSelect> {
  bool distinct = false;
  std::vector<Hint> hints;
  std::vector<SelectItem> items;
  TableRefPtr from;  // null without FROM; comma lists are JoinKind::kComma, left-deep
  ExprPtr where;
  bool has_group_by = false;
  bool group_by_distinct = false;  // GROUP BY DISTINCT
  std::vector<ExprPtr> group_by;   // may hold GroupingElementExpr
  ExprPtr having;
  std::vector<NamedWindow> windows;
  ExprPtr qualify;
};

enum class SetOp : uint8_t { kUnion, kIntersect, kExcept };

struct SetOperationBody : QueryBodyOf<QueryBodyKind::kSetOperation> {
  SetOp op = SetOp::kUnion;
  bool all = false;
  QueryBodyPtr left;
  QueryBodyPtr right;
};

// Each row has at least one value; VALUES 1, 2 is two rows of one.
struct ValuesBody : QueryBodyOf<QueryBodyKind::kValues> {
  std::vector<std::vector<ExprPtr>> rows;
};

// TABLE t
struct TableBody : QueryBodyOf<QueryBodyKind::kTable> {
  QualifiedName name;
};

// (query), where the query has a WITH, ORDER BY or LIMIT of its own, or was just put in parentheses.
struct NestedBody : QueryBodyOf<QueryBodyKind::kNested> {
  QueryPtr query;
};

// ---------------------------------------------------------------- statements

enum class StatementKind : uint8_t {
  kQuery,
  kCreateTable,
  kCreateView,
  kCreateMaterializedView,
  kCreateSchema,
  kInsert,
  kStatementSet,
  kExplain,
  kShow,
  kDescribe,
  kSet,
  kReset,
  kDrop,
  kUse,
};

struct Statement {
  StatementKind kind;
  SourceLocation location;
  TextRange range;  // from its first token to its last, without the semicolon

  explicit Statement(StatementKind kind) : kind(kind) {}
  virtual ~Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <typename T>
  const T& As() const {
    MR_DCHECK(kind == T::kKind);
    return static_cast<const T&>(*this);
  }
  template <typename T>
  const T* AsIf() const {
    return kind == T::kKind ? static_cast<const T*>(this) : nullptr;
  }
};

template <StatementKind kKindOfNode>
struct StatementOf : Statement {
  static constexpr StatementKind kKind = kKindOfNode;
  StatementOf() : Statement(kKindOfNode) {}
};

struct QueryStatement : StatementOf<StatementKind::kQuery> {
  QueryPtr query;
};

enum class ColumnKind : uint8_t {
  kPhysical,  // name type
  kComputed,  // name AS expr
  kMetadata,  // name type METADATA [FROM 'key'] [VIRTUAL]
  kBare,      // name only: CREATE TABLE t (a, b) AS SELECT …
};

struct ColumnDefinition {
  Name name;
  ColumnKind kind = ColumnKind::kPhysical;
  TypeSpec type;             // physical and metadata
  ExprPtr expr;              // computed
  bool primary_key = false;  // PRIMARY KEY NOT ENFORCED on the column itself
  std::optional<std::string> metadata_key;
  bool is_virtual = false;
  std::optional<std::string> comment;
};

struct PrimaryKey {
  std::optional<Name> constraint;
  std::vector<Name> columns;
  SourceLocation location;
};

struct WatermarkDefinition {
  std::vector<Name> column;  // a nested field has more than one part
  ExprPtr expr;
  SourceLocation location;
};

enum class LikeAction : uint8_t { kIncluding, kExcluding, kOverwriting };
enum class LikeFeature : uint8_t {
  kAll,
  kConstraints,
  kDistribution,
  kGenerated,
  kMetadata,
  kOptions,
  kPartitions,
  kWatermarks
};

struct LikeOption {
  LikeAction action = LikeAction::kIncluding;
  LikeFeature feature = LikeFeature::kAll;
  SourceLocation location;
};

struct LikeClause {
  QualifiedName table;
  std::vector<LikeOption> options;
};

struct CreateTableStatement : StatementOf<StatementKind::kCreateTable> {
  QualifiedName name;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;  // [CREATE OR] REPLACE TABLE … AS
  std::vector<ColumnDefinition> columns;
  std::optional<PrimaryKey> primary_key;  // table-level; see also ColumnDefinition::primary_key
  std::vector<WatermarkDefinition> watermarks;
  std::optional<std::string> comment;
  std::vector<Name> partitioned_by;
  std::vector<Option> options;
  std::optional<LikeClause> like;
  QueryPtr as_query;
};

struct CreateViewStatement : StatementOf<StatementKind::kCreateView> {
  QualifiedName name;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<Name> columns;
  std::optional<std::string> comment;
  QueryPtr query;
};

enum class RefreshMode : uint8_t { kUnspecified, kContinuous, kFull };

// CREATE MATERIALIZED VIEW, and Flink's CREATE MATERIALIZED TABLE (is_table).
struct CreateMaterializedViewStatement : StatementOf<StatementKind::kCreateMaterializedView> {
  QualifiedName name;
  bool is_table = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<Name> columns;
  std::optional<PrimaryKey> primary_key;
  std::vector<Name> partitioned_by;
  std::optional<std::string> comment;
  std::vector<Option> options;
  ExprPtr freshness;  // an IntervalExpr; MATERIALIZED TABLE only, as is the next
  RefreshMode refresh_mode = RefreshMode::kUnspecified;
  QueryPtr query;
};

// CREATE SCHEMA and CREATE DATABASE mean the same.
struct CreateSchemaStatement : StatementOf<StatementKind::kCreateSchema> {
  QualifiedName name;
  bool is_database = false;  // as written
  bool if_not_exists = false;
  std::optional<std::string> comment;
  std::vector<Option> options;
};

struct PartitionValue {
  Name column;
  ExprPtr value;  // null for a dynamic partition
};

// What becomes of rows that would give one key of the sink two values.
enum class OnConflict : uint8_t { kUnspecified, kError, kNothing, kDeduplicate };

struct InsertStatement : StatementOf<StatementKind::kInsert> {
  QualifiedName table;
  bool overwrite = false;
  std::vector<Hint> hints;
  std::vector<PartitionValue> partition;
  std::vector<Name> columns;
  QueryPtr query;
  OnConflict on_conflict = OnConflict::kUnspecified;  // ON CONFLICT DO …
};

// EXECUTE STATEMENT SET BEGIN …; END, or BEGIN STATEMENT SET; …; END.
struct StatementSetStatement : StatementOf<StatementKind::kStatementSet> {
  std::vector<std::unique_ptr<InsertStatement>> inserts;
};

// EXPLAIN [ESTIMATED_COST, CHANGELOG_MODE, JSON_EXECUTION_PLAN, PLAN_ADVICE | PLAN FOR] statement
struct ExplainStatement : StatementOf<StatementKind::kExplain> {
  bool estimated_cost = false;
  bool changelog_mode = false;
  bool json_execution_plan = false;
  bool plan_advice = false;
  StatementPtr statement;  // a query, INSERT, statement set or CREATE … AS
};

enum class ShowKind : uint8_t {
  kTables,
  kViews,
  kMaterializedViews,  // and MATERIALIZED TABLES
  kSchemas,            // and DATABASES
  kCatalogs,
  kCurrentSchema,  // and CURRENT DATABASE
  kCurrentCatalog,
  kFunctions,
  kColumns,
  kCreateTable,
  kCreateView,
  kCreateMaterializedView,
  kJobs,
  kSettings,  // SHOW ALL, and SET without anything
};

struct ShowStatement : StatementOf<StatementKind::kShow> {
  ShowKind show = ShowKind::kTables;
  bool user_only = false;  // SHOW USER FUNCTIONS
  QualifiedName from;      // FROM/IN, and the subject of COLUMNS and CREATE …; may be empty
  bool not_like = false;
  bool case_insensitive = false;  // ILIKE
  std::optional<std::string> like;
};

struct DescribeStatement : StatementOf<StatementKind::kDescribe> {
  QualifiedName name;
  bool extended = false;
};

// SET 'k' = 'v'; a bare SET is a ShowStatement.
struct SetStatement : StatementOf<StatementKind::kSet> {
  Option option;
};

// RESET ['k']; without a key all settings.
struct ResetStatement : StatementOf<StatementKind::kReset> {
  std::optional<std::string> key;
  SourceLocation key_location;
};

enum class ObjectKind : uint8_t { kTable, kView, kMaterializedView, kSchema };

struct DropStatement : StatementOf<StatementKind::kDrop> {
  ObjectKind object = ObjectKind::kTable;
  QualifiedName name;
  bool temporary = false;
  bool if_exists = false;
  bool cascade = false;  // RESTRICT is the default
};

// USE schema; is_catalog: USE CATALOG c.
struct UseStatement : StatementOf<StatementKind::kUse> {
  QualifiedName name;
  bool is_catalog = false;
};

}  // namespace millrace::sql
