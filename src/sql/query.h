// The syntax tree of Flink SQL, as the parser (parser.h) makes it and the printer (printer.h) writes it: its
// frame. Queries hold expressions and expressions hold queries, so both stand here; their kinds follow in
// expression.h and query_body.h, statements in statement.h.
//
// The tree says what was written and nothing more: names are unresolved, types unchecked, literals
// still text. Every node is a plain struct that owns its children by unique_ptr and carries a `kind`
// to switch over; As<T>() gives the struct of that kind. A tree belongs to whoever parsed it, is
// immutable by convention once parsed, and may then be read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "sql/names.h"

namespace millrace::sql {

struct Expr;
struct Query;
struct QueryBody;
using ExprPtr = std::unique_ptr<Expr>;
using QueryPtr = std::unique_ptr<Query>;
using QueryBodyPtr = std::unique_ptr<QueryBody>;

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
  kParameter,
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

}  // namespace millrace::sql
