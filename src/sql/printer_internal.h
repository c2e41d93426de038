// The writer behind printer.h; nothing outside src/sql includes this. Appends to one string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/parser_internal.h"
#include "sql/query_body.h"
#include "sql/server_statement.h"
#include "sql/statement.h"

namespace millrace::sql {

// How tightly the outermost operator of this binds; kPrimary if it has none.
Precedence PrecedenceOf(const Expr& expr);

class Printer {
 public:
  std::string Take() { return std::move(out_); }

  void Write(const Statement& statement);
  void Write(const Query& query);
  void Write(const Expr& expr);
  void Write(const TypeSpec& type);

 private:
  void Text(std::string_view text) { out_ += text; }
  void Number(int64_t value) { out_ += std::to_string(value); }
  void String(std::string_view text);
  void WriteName(const Name& name);
  void WriteFunctionName(const QualifiedName& name);
  void WriteName(const QualifiedName& name);
  void WriteNames(const std::vector<Name>& names);  // (a, b)
  void WriteDotted(const std::vector<Name>& parts);
  template <typename Items, typename F>
  void Separated(const Items& items, std::string_view separator, F&& write) {
    bool first = true;
    for (const auto& item : items) {
      if (!first) Text(separator);
      first = false;
      write(item);
    }
  }
  void List(const std::vector<ExprPtr>& exprs) {
    Separated(exprs, ", ", [this](const ExprPtr& e) { Write(*e); });
  }
  // In parentheses if `wrapped`.
  void Wrapped(const Expr& expr, bool wrapped);
  void WriteOptions(const std::vector<Option>& options);

  // printer_expr.cc
  void WriteLiteral(const LiteralExpr& expr);
  void WriteInterval(const IntervalExpr& expr);
  void WriteUnary(const UnaryExpr& expr);
  void WriteBinary(const BinaryExpr& expr);
  void WriteIs(const IsExpr& expr);
  void WriteCase(const CaseExpr& expr);
  void WriteIn(const InExpr& expr);
  void WriteBetween(const BetweenExpr& expr);
  void WriteLike(const LikeExpr& expr);
  void WriteQuantified(const QuantifiedExpr& expr);
  void WriteCall(const FunctionCallExpr& expr);
  void WriteArguments(const FunctionCallExpr& expr);
  void WriteFilter(const ExprPtr& filter);
  void WriteTableArg(const TableArgExpr& expr);
  void WriteJsonValue(const JsonValueExpr& expr);
  void WriteJsonQuery(const JsonQueryExpr& expr);
  void WriteJsonExists(const JsonExistsExpr& expr);
  void WriteJsonObject(const JsonObjectExpr& expr);
  void WriteJsonArray(const JsonArrayExpr& expr);
  void WriteJsonNulls(JsonNullClause nulls, bool first);
  void WriteFieldAccess(const FieldAccessExpr& expr);
  void WriteGroupingElement(const GroupingElementExpr& expr);
  void WriteWindow(const WindowSpec& spec);
  void WriteBound(const FrameBound& bound);

  // printer_query.cc
  void WriteBody(const QueryBody& body);
  void WriteSelect(const SelectBody& select);
  void WriteOrderItems(const std::vector<OrderItem>& items);
  void WriteHints(const std::vector<Hint>& hints);
  void WriteTable(const TableRef& table);
  void WriteJoin(const JoinTableRef& join);
  void WriteMatch(const MatchRecognizeTableRef& match);
  void WritePattern(const RowPattern& pattern, bool nested);

  // printer.cc
  void WriteCreateTable(const CreateTableStatement& table);
  void WriteColumn(const ColumnDefinition& column);
  void WritePrimaryKey(const PrimaryKey& key);
  void WriteCreateView(const CreateViewStatement& view);
  void WriteCreateMaterializedView(const CreateMaterializedViewStatement& view);
  void WriteInsert(const InsertStatement& insert);
  void WriteExplain(const ExplainStatement& explain);
  void WriteShow(const ShowStatement& show);
  void WriteDrop(const DropStatement& drop);

  // printer_server.cc
  void WriteServerStatement(const Statement& statement);
  void WriteFolded(const Name& name);
  void WriteQuoted(std::string_view name);
  void WriteParameterName(const Name& name, bool strict = false);
  void WriteParameterValues(const std::vector<ParameterValue>& values);
  void WriteModes(const TransactionModes& modes);
  void WriteTransaction(const TransactionStatement& node);
  void WriteInner(const InnerStatement& inner);
  void WriteSubscribe(const SubscribeStatement& node);
  void WriteDeclare(const DeclareCursorStatement& node);
  void WriteFetch(const FetchStatement& node);
  void WriteCopy(const CopyStatement& node);
  void WriteCopyOptions(const CopyClauses& options);

  // printer_server_role.cc
  void WriteRoleStatement(const Statement& statement);
  void WriteRole(const RoleSpec& role);
  void WriteRoles(const std::vector<RoleSpec>& roles);
  void WriteFoldedNames(const std::vector<Name>& names);
  void WriteRoleOptions(const RoleOptions& options);
  void WriteAlterRole(const AlterRoleStatement& node);
  void WritePrivileges(bool all, const std::vector<PrivilegeName>& privileges);
  void WriteGrantEnd(bool is_revoke, std::string_view option, bool with_option, bool cascade,
                     const std::optional<RoleSpec>& granted_by);
  void WriteGrant(const GrantStatement& node);
  void WriteDefaultPrivileges(const DefaultPrivilegesStatement& node);
  void WriteComment(const CommentStatement& node);
  void WriteAlterTableOptions(const AlterTableOptionsStatement& node);

  std::string out_;
};

}  // namespace millrace::sql
