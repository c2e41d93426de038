// Printing of calls: arguments with keywords, OVER windows, JSON.
#include <algorithm>
#include <initializer_list>

#include "sql/keywords.h"
#include "sql/parser_internal.h"
#include "sql/printer_internal.h"

namespace millrace::sql {
namespace {

std::string_view BehaviorText(JsonBehavior behavior) {
  switch (behavior) {
    case JsonBehavior::kUnspecified:
      return "";
    case JsonBehavior::kNull:
      return "NULL";
    case JsonBehavior::kError:
      return "ERROR";
    case JsonBehavior::kDefault:
      return "DEFAULT";
    case JsonBehavior::kEmptyArray:
      return "EMPTY ARRAY";
    case JsonBehavior::kEmptyObject:
      return "EMPTY OBJECT";
    case JsonBehavior::kTrue:
      return "TRUE";
    case JsonBehavior::kFalse:
      return "FALSE";
    case JsonBehavior::kUnknown:
      return "UNKNOWN";
  }
  MR_UNREACHABLE();
}

}  // namespace

void Printer::WriteCall(const FunctionCallExpr& expr) {
  WriteFunctionName(expr.name);
  if (!expr.has_parentheses) return;
  Text("(");
  WriteArguments(expr);
  if (!expr.order_by.empty()) {
    Text(" ORDER BY ");
    WriteOrderItems(expr.order_by);
  }
  Text(")");
  if (!expr.within_group.empty()) {
    Text(" WITHIN GROUP (ORDER BY ");
    WriteOrderItems(expr.within_group);
    Text(")");
  }
  if (expr.null_treatment == NullTreatment::kIgnoreNulls) Text(" IGNORE NULLS");
  if (expr.null_treatment == NullTreatment::kRespectNulls) Text(" RESPECT NULLS");
  WriteFilter(expr.filter);
  if (expr.over) {
    Text(" OVER ");
    WriteWindow(*expr.over);
  }
}

void Printer::WriteArguments(const FunctionCallExpr& expr) {
  if (expr.distinct) Text("DISTINCT ");
  const auto& args = expr.args;
  const bool is_built_in = expr.name.parts.size() == 1 && !expr.name.parts[0].quoted;
  const Word word = is_built_in ? FindWord(expr.name.parts[0].text) : Word::kNone;
  const auto keywords = [&](std::initializer_list<std::string_view> between) {
    size_t i = 0;
    for (const ExprPtr& arg : args) {
      if (i > 0) Text(*(between.begin() + std::min(i, between.size()) - 1));
      Write(*arg);
      ++i;
    }
  };
  if (word == Word::kEXTRACT && args.size() == 2) return keywords({" FROM "});
  if (word == Word::kTRIM && args.size() == 3) return keywords({" ", " FROM "});
  if (word == Word::kOVERLAY && args.size() >= 3) return keywords({" PLACING ", " FROM ", " FOR "});
  if ((word == Word::kFLOOR || word == Word::kCEIL || word == Word::kCEILING) && args.size() == 2 &&
      args[1]->kind == ExprKind::kSymbol) {
    return keywords({" TO "});
  }
  if (word == Word::kPOSITION && args.size() >= 2) {
    std::string_view before;
    for (const ExprPtr& arg : args) {
      Text(before);
      Wrapped(*arg, PrecedenceOf(*arg) < Precedence::kAdditive);
      before = before.empty() ? " IN " : " FROM ";
    }
    return;
  }
  List(args);
}

void Printer::WriteFilter(const ExprPtr& filter) {
  if (!filter) return;
  Text(" FILTER (WHERE ");
  Write(*filter);
  Text(")");
}

void Printer::WriteTableArg(const TableArgExpr& expr) {
  Text("TABLE ");
  if (expr.query) {
    Text("(");
    Write(*expr.query);
    Text(")");
  } else {
    WriteName(expr.table);
  }
  if (!expr.partition_by.empty()) {
    const bool wrapped = expr.partition_by.size() > 1;
    Text(wrapped ? " PARTITION BY (" : " PARTITION BY ");
    List(expr.partition_by);
    if (wrapped) Text(")");
  }
  if (!expr.order_by.empty()) {
    Text(" ORDER BY (");
    WriteOrderItems(expr.order_by);
    Text(")");
  }
}

void Printer::WriteJsonValue(const JsonValueExpr& expr) {
  Text("JSON_VALUE(");
  Write(*expr.input);
  Text(", ");
  Write(*expr.path);
  if (expr.returning) {
    Text(" RETURNING ");
    Write(*expr.returning);
  }
  const auto clause = [&](JsonBehavior behavior, const ExprPtr& value, std::string_view on) {
    if (behavior == JsonBehavior::kUnspecified) return;
    Text(" ");
    Text(BehaviorText(behavior));
    if (value) {
      Text(" ");
      Write(*value);
    }
    Text(on);
  };
  clause(expr.on_empty, expr.empty_default, " ON EMPTY");
  clause(expr.on_error, expr.error_default, " ON ERROR");
  Text(")");
}

void Printer::WriteJsonQuery(const JsonQueryExpr& expr) {
  Text("JSON_QUERY(");
  Write(*expr.input);
  Text(", ");
  Write(*expr.path);
  if (expr.returning) {
    Text(" RETURNING ");
    Write(*expr.returning);
  }
  switch (expr.wrapper) {
    case JsonWrapper::kUnspecified:
      break;
    case JsonWrapper::kWithout:
      Text(" WITHOUT ARRAY WRAPPER");
      break;
    case JsonWrapper::kConditional:
      Text(" WITH CONDITIONAL ARRAY WRAPPER");
      break;
    case JsonWrapper::kUnconditional:
      Text(" WITH UNCONDITIONAL ARRAY WRAPPER");
      break;
  }
  const auto clause = [&](JsonBehavior behavior, std::string_view on) {
    if (behavior == JsonBehavior::kUnspecified) return;
    Text(" ");
    Text(BehaviorText(behavior));
    Text(on);
  };
  clause(expr.on_empty, " ON EMPTY");
  clause(expr.on_error, " ON ERROR");
  Text(")");
}

void Printer::WriteJsonExists(const JsonExistsExpr& expr) {
  Text("JSON_EXISTS(");
  Write(*expr.input);
  Text(", ");
  Write(*expr.path);
  if (expr.on_error != JsonBehavior::kUnspecified) {
    Text(" ");
    Text(BehaviorText(expr.on_error));
    Text(" ON ERROR");
  }
  Text(")");
}

void Printer::WriteJsonNulls(JsonNullClause nulls, bool first) {
  if (nulls == JsonNullClause::kUnspecified) return;
  if (!first) Text(" ");
  Text(nulls == JsonNullClause::kNull ? "NULL ON NULL" : "ABSENT ON NULL");
}

void Printer::WriteJsonObject(const JsonObjectExpr& expr) {
  Text(expr.is_aggregate ? "JSON_OBJECTAGG(" : "JSON_OBJECT(");
  Separated(expr.pairs, ", ", [this](const JsonPair& pair) {
    Text("KEY ");
    Write(*pair.key);
    Text(" VALUE ");
    Write(*pair.value);
  });
  WriteJsonNulls(expr.nulls, expr.pairs.empty());
  Text(")");
  WriteFilter(expr.filter);
}

void Printer::WriteJsonArray(const JsonArrayExpr& expr) {
  Text(expr.is_aggregate ? "JSON_ARRAYAGG(" : "JSON_ARRAY(");
  List(expr.elements);
  WriteJsonNulls(expr.nulls, expr.elements.empty());
  Text(")");
  WriteFilter(expr.filter);
}

void Printer::WriteWindow(const WindowSpec& spec) {
  if (spec.is_reference) return WriteName(*spec.base);
  Text("(");
  std::string_view before;
  if (spec.base) {
    WriteName(*spec.base);
    before = " ";
  }
  if (!spec.partition_by.empty()) {
    Text(before);
    Text("PARTITION BY ");
    List(spec.partition_by);
    before = " ";
  }
  if (!spec.order_by.empty()) {
    Text(before);
    Text("ORDER BY ");
    WriteOrderItems(spec.order_by);
    before = " ";
  }
  if (spec.frame) {
    Text(before);
    Text(spec.frame->is_rows ? "ROWS " : "RANGE ");
    if (spec.frame->end) Text("BETWEEN ");
    WriteBound(spec.frame->start);
    if (spec.frame->end) {
      Text(" AND ");
      WriteBound(*spec.frame->end);
    }
  }
  Text(")");
}

void Printer::WriteBound(const FrameBound& bound) {
  if (bound.offset) {
    Wrapped(*bound.offset, PrecedenceOf(*bound.offset) < Precedence::kAdditive);
    Text(" ");
  }
  switch (bound.kind) {
    case FrameBoundKind::kUnboundedPreceding:
      return Text("UNBOUNDED PRECEDING");
    case FrameBoundKind::kPreceding:
      return Text("PRECEDING");
    case FrameBoundKind::kCurrentRow:
      return Text("CURRENT ROW");
    case FrameBoundKind::kFollowing:
      return Text("FOLLOWING");
    case FrameBoundKind::kUnboundedFollowing:
      return Text("UNBOUNDED FOLLOWING");
  }
}

}  // namespace millrace::sql
