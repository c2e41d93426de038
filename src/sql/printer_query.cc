// Printing of queries and of the tables they read.
#include "sql/printer.h"
#include "sql/printer_internal.h"

namespace millrace::sql {

void Printer::Write(const Query& query) {
  if (!query.ctes.empty()) {
    Text("WITH ");
    Separated(query.ctes, ", ", [this](const CommonTableExpr& cte) {
      WriteName(cte.name);
      if (!cte.columns.empty()) {
        Text(" ");
        WriteNames(cte.columns);
      }
      Text(" AS (");
      Write(*cte.query);
      Text(")");
    });
    Text(" ");
  }
  WriteBody(*query.body);
  if (!query.order_by.empty()) {
    Text(" ORDER BY ");
    WriteOrderItems(query.order_by);
  }
  if (query.limit) {
    Text(" LIMIT ");
    Write(*query.limit);
  }
  if (query.offset) {
    Text(" OFFSET ");
    Write(*query.offset);
  }
}

void Printer::WriteBody(const QueryBody& body) {
  switch (body.kind) {
    case QueryBodyKind::kSelect:
      return WriteSelect(body.As<SelectBody>());
    case QueryBodyKind::kSetOperation: {
      const auto& operation = body.As<SetOperationBody>();
      WriteBody(*operation.left);
      Text(operation.op == SetOp::kUnion       ? " UNION "
           : operation.op == SetOp::kIntersect ? " INTERSECT "
                                               : " EXCEPT ");
      if (operation.all) Text("ALL ");
      return WriteBody(*operation.right);
    }
    case QueryBodyKind::kValues:
      Text("VALUES ");
      return Separated(body.As<ValuesBody>().rows, ", ", [this](const std::vector<ExprPtr>& row) {
        // (ROW(1, 2)) would be read as the row (1, 2).
        Text(row.size() == 1 && row[0]->kind == ExprKind::kRow ? "ROW(" : "(");
        List(row);
        Text(")");
      });
    case QueryBodyKind::kTable:
      Text("TABLE ");
      return WriteName(body.As<TableBody>().name);
    case QueryBodyKind::kNested:
      Text("(");
      Write(*body.As<NestedBody>().query);
      return Text(")");
  }
}

void Printer::WriteSelect(const SelectBody& select) {
  Text("SELECT ");
  if (!select.hints.empty()) {
    WriteHints(select.hints);
    Text(" ");
  }
  if (select.distinct) Text("DISTINCT ");
  Separated(select.items, ", ", [this](const SelectItem& item) {
    Write(*item.expr);
    if (!item.alias) return;
    Text(" AS ");
    WriteName(*item.alias);
  });
  if (select.from) {
    Text(" FROM ");
    WriteTable(*select.from);
  }
  if (select.where) {
    Text(" WHERE ");
    Write(*select.where);
  }
  if (select.has_group_by) {
    Text(select.group_by_distinct ? " GROUP BY DISTINCT " : " GROUP BY ");
    List(select.group_by);
  }
  if (select.having) {
    Text(" HAVING ");
    Write(*select.having);
  }
  if (!select.windows.empty()) {
    Text(" WINDOW ");
    Separated(select.windows, ", ", [this](const NamedWindow& window) {
      WriteName(window.name);
      Text(" AS ");
      WriteWindow(window.spec);
    });
  }
  if (select.qualify) {
    Text(" QUALIFY ");
    Write(*select.qualify);
  }
}

void Printer::WriteOrderItems(const std::vector<OrderItem>& items) {
  Separated(items, ", ", [this](const OrderItem& item) {
    Write(*item.expr);
    if (item.descending) Text(" DESC");
    if (item.nulls_first) Text(*item.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  });
}

void Printer::WriteHints(const std::vector<Hint>& hints) {
  Text("/*+ ");
  Separated(hints, ", ", [this](const Hint& hint) {
    WriteName(hint.name);
    if (hint.options.empty() && hint.arguments.empty()) return;
    Text("(");
    Separated(hint.options, ", ", [this](const Option& option) {
      String(option.key);
      Text(" = ");
      String(option.value);
    });
    if (!hint.options.empty() && !hint.arguments.empty()) Text(", ");
    Separated(hint.arguments, ", ", [this](const std::string& argument) { String(argument); });
    Text(")");
  });
  Text(" */");
}

void Printer::WriteTable(const TableRef& table) {
  switch (table.kind) {
    case TableRefKind::kNamed: {
      const auto& named = table.As<NamedTableRef>();
      WriteName(named.name);
      if (!named.hints.empty()) {
        Text(" ");
        WriteHints(named.hints);
      }
      if (named.system_time) {
        const ExprKind kind = named.system_time->kind;
        const bool wrapped = kind == ExprKind::kBinary || kind == ExprKind::kUnary || kind == ExprKind::kIs ||
                             kind == ExprKind::kIn || kind == ExprKind::kBetween || kind == ExprKind::kLike ||
                             kind == ExprKind::kQuantified;
        Text(" FOR SYSTEM_TIME AS OF ");
        Wrapped(*named.system_time, wrapped);
      }
      break;
    }
    case TableRefKind::kDerived:
      Text(table.As<DerivedTableRef>().lateral ? "LATERAL (" : "(");
      Write(*table.As<DerivedTableRef>().query);
      Text(")");
      break;
    case TableRefKind::kFunction: {
      const auto& function = table.As<FunctionTableRef>();
      if (function.lateral) Text("LATERAL ");
      if (function.has_table_keyword) Text("TABLE(");
      WriteCall(*function.call);
      if (function.has_table_keyword) Text(")");
      break;
    }
    case TableRefKind::kUnnest:
      Text("UNNEST(");
      List(table.As<UnnestTableRef>().collections);
      Text(")");
      if (table.As<UnnestTableRef>().with_ordinality) Text(" WITH ORDINALITY");
      break;
    case TableRefKind::kJoin:
      return WriteJoin(table.As<JoinTableRef>());
    case TableRefKind::kMatchRecognize:
      WriteMatch(table.As<MatchRecognizeTableRef>());
      break;
  }
  if (table.alias) {
    Text(" AS ");
    WriteName(*table.alias);
  }
  if (!table.column_aliases.empty()) {
    Text(" ");
    WriteNames(table.column_aliases);
  }
}

void Printer::WriteJoin(const JoinTableRef& join) {
  WriteTable(*join.left);
  if (join.join == JoinKind::kComma) {
    Text(", ");
    return WriteTable(*join.right);
  }
  Text(join.natural ? " NATURAL " : " ");
  switch (join.join) {
    case JoinKind::kInner:
      Text("JOIN ");
      break;
    case JoinKind::kLeft:
      Text("LEFT JOIN ");
      break;
    case JoinKind::kRight:
      Text("RIGHT JOIN ");
      break;
    case JoinKind::kFull:
      Text("FULL JOIN ");
      break;
    case JoinKind::kCross:
      Text("CROSS JOIN ");
      break;
    case JoinKind::kComma:
      break;
  }
  const bool wrapped = join.right->kind == TableRefKind::kJoin;
  if (wrapped) Text("(");
  WriteTable(*join.right);
  if (wrapped) Text(")");
  if (join.condition) {
    Text(" ON ");
    Write(*join.condition);
  }
  if (!join.using_columns.empty()) {
    Text(" USING ");
    WriteNames(join.using_columns);
  }
}

void Printer::WriteMatch(const MatchRecognizeTableRef& match) {
  WriteTable(*match.input);
  Text(" MATCH_RECOGNIZE (");
  if (!match.partition_by.empty()) {
    Text("PARTITION BY ");
    List(match.partition_by);
    Text(" ");
  }
  if (!match.order_by.empty()) {
    Text("ORDER BY ");
    WriteOrderItems(match.order_by);
    Text(" ");
  }
  if (!match.measures.empty()) {
    Text("MEASURES ");
    Separated(match.measures, ", ", [this](const Measure& measure) {
      Write(*measure.expr);
      Text(" AS ");
      WriteName(measure.name);
    });
    Text(" ");
  }
  if (match.all_rows_per_match)
    Text(*match.all_rows_per_match ? "ALL ROWS PER MATCH " : "ONE ROW PER MATCH ");
  switch (match.after_match) {
    case AfterMatch::kUnspecified:
      break;
    case AfterMatch::kPastLastRow:
      Text("AFTER MATCH SKIP PAST LAST ROW ");
      break;
    case AfterMatch::kToNextRow:
      Text("AFTER MATCH SKIP TO NEXT ROW ");
      break;
    case AfterMatch::kToFirst:
    case AfterMatch::kToLast:
      Text(match.after_match == AfterMatch::kToFirst ? "AFTER MATCH SKIP TO FIRST "
                                                     : "AFTER MATCH SKIP TO LAST ");
      WriteName(match.after_match_variable);
      Text(" ");
      break;
  }
  Text("PATTERN (");
  WritePattern(match.pattern, /*nested=*/false);
  Text(") ");
  if (match.within) {
    Text("WITHIN ");
    Write(*match.within);
    Text(" ");
  }
  if (!match.subsets.empty()) {
    Text("SUBSET ");
    Separated(match.subsets, ", ", [this](const PatternSubset& subset) {
      WriteName(subset.name);
      Text(" = ");
      WriteNames(subset.variables);
    });
    Text(" ");
  }
  Text("DEFINE ");
  Separated(match.definitions, ", ", [this](const PatternDefinition& definition) {
    WriteName(definition.variable);
    Text(" AS ");
    Write(*definition.condition);
  });
  Text(")");
}

void Printer::WritePattern(const RowPattern& pattern, bool nested) {
  const bool is_group =
      pattern.kind == RowPatternKind::kSequence || pattern.kind == RowPatternKind::kAlternation;
  const bool wrapped = is_group && (nested || pattern.has_quantifier);
  if (wrapped) Text("(");
  const auto child = [this](const RowPattern& inner) { WritePattern(inner, /*nested=*/true); };
  const auto whole = [this](const RowPattern& inner) { WritePattern(inner, /*nested=*/false); };
  switch (pattern.kind) {
    case RowPatternKind::kVariable:
      WriteName(pattern.variable);
      break;
    case RowPatternKind::kSequence:
      Separated(pattern.children, " ", child);
      break;
    case RowPatternKind::kAlternation:
      Separated(pattern.children, " | ", child);
      break;
    case RowPatternKind::kPermute:
      Text("PERMUTE(");
      Separated(pattern.children, ", ", whole);
      Text(")");
      break;
    case RowPatternKind::kExclude:
      Text("{- ");
      Separated(pattern.children, " ", whole);
      Text(" -}");
      break;
    case RowPatternKind::kEmpty:
      Text("()");
      break;
    case RowPatternKind::kStart:
      Text("^");
      break;
    case RowPatternKind::kEnd:
      Text("$");
      break;
  }
  if (wrapped) Text(")");
  if (!pattern.has_quantifier) return;
  if (!pattern.max && pattern.min <= 1) {
    Text(pattern.min == 0 ? "*" : "+");
  } else if (pattern.min == 0 && pattern.max == 1u) {
    Text("?");
  } else {
    Text("{");
    Number(pattern.min);
    if (pattern.max != pattern.min) {
      Text(",");
      if (pattern.max) Number(*pattern.max);
    }
    Text("}");
  }
  if (pattern.reluctant) Text("?");
}

}  // namespace millrace::sql
