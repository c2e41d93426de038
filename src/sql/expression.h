// The kinds of expressions in a syntax tree (query.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "sql/names.h"
#include "sql/query.h"
#include "sql/type_spec.h"

namespace millrace::sql {

template <ExprKind kKindOfNode>
struct ExprOf : Expr {
  static constexpr ExprKind kKind = kKindOfNode;
  ExprOf() : Expr(kKindOfNode) {}
};

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

}  // namespace millrace::sql
