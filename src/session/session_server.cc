// The statements that clients of a server send beside Flink SQL.
#include <fmt/format.h>

#include "data/decimal.h"
#include "data/text.h"
#include "session/constant_rows.h"
#include "session/session.h"
#include "session/statement_parameters.h"
#include "sql/parser.h"
#include "sql/printer.h"

namespace millrace::session {

Status Session::DescribeServerStatement(Prepared* prepared,
                                        const std::vector<std::optional<data::DataType>>& types) {
  const sql::Statement& statement = *prepared->statement;
  const size_t parameters = CountParameters(prepared->text);
  switch (statement.kind) {
    case sql::StatementKind::kInsert: {
      const auto& insert = statement.As<sql::InsertStatement>();
      MR_ASSIGN(const catalog::EntryPtr entry, catalog().Resolve(insert.table));
      prepared->parameters = InsertParameterTypes(insert, parameters, *entry, types);
      return {};
    }
    case sql::StatementKind::kSubscribe:
      MR_TRY(DescribeSubscription(statement.As<sql::SubscribeStatement>(), prepared));
      break;
    case sql::StatementKind::kFetch: {
      const auto& fetch = statement.As<sql::FetchStatement>();
      if (fetch.is_move) break;
      MR_ASSIGN(Cursor* const cursor, FindCursor(fetch.cursor));
      prepared->has_rows = true;
      prepared->schema = cursor->schema();
      break;
    }
    case sql::StatementKind::kExecute: {
      const auto& execute = statement.As<sql::ExecuteStatement>();
      MR_ASSIGN(const PreparedPtr named, FindPrepared(execute.name));
      prepared->has_rows = named->has_rows;
      prepared->schema = named->schema;
      break;
    }
    case sql::StatementKind::kPrepare:
      return {};  // its parameters are the inner statement's
    case sql::StatementKind::kShowParameter:
    case sql::StatementKind::kCreateToken:
      prepared->has_rows = true;
      prepared->schema.Add(statement.kind == sql::StatementKind::kShowParameter
                               ? statement.As<sql::ShowParameterStatement>().name.text
                               : "token",
                           data::DataType::String());
      break;
    default:
      break;
  }
  switch (statement.kind) {
    case sql::StatementKind::kTransaction:
      // COMMIT waits for what it writes.
      prepared->quick = statement.As<sql::TransactionStatement>().action != sql::TransactionAction::kCommit;
      break;
    case sql::StatementKind::kSetParameter:
    case sql::StatementKind::kShowParameter:
    case sql::StatementKind::kResetParameter:
    case sql::StatementKind::kDiscard:
    case sql::StatementKind::kUnlisten:
    case sql::StatementKind::kDeallocate:
    case sql::StatementKind::kCloseCursor:
      prepared->quick = true;
      break;
    default:
      break;
  }
  if (parameters == 0) return {};
  return Fail(ErrorCode::kNotSupported, "parameters ($1 ...) are for queries and INSERT", "",
              statement.location);
}

Result<Outcome> Session::RunServerStatement(const sql::Statement& statement, std::string_view text) {
  using Kind = sql::StatementKind;
  switch (statement.kind) {
    case Kind::kTransaction:
      return RunTransaction(statement.As<sql::TransactionStatement>());
    case Kind::kDeclareCursor:
      return Declare(statement.As<sql::DeclareCursorStatement>());
    case Kind::kFetch:
      return Fetch(statement.As<sql::FetchStatement>());
    case Kind::kCloseCursor:
      return Close(statement.As<sql::CloseCursorStatement>());
    case Kind::kSubscribe:
      return Subscribe(statement.As<sql::SubscribeStatement>(), text);
    case Kind::kPrepare:
      return PrepareByName(statement.As<sql::PrepareStatement>());
    case Kind::kExecute:
      return ExecutePrepared(statement.As<sql::ExecuteStatement>());
    case Kind::kDeallocate:
      return Deallocate(statement.As<sql::DeallocateStatement>());
    case Kind::kCopy:
      return Copy(statement.As<sql::CopyStatement>());
    case Kind::kSetParameter:
      return SetParameter(statement.As<sql::SetParameterStatement>());
    case Kind::kShowParameter:
      return ShowParameter(statement.As<sql::ShowParameterStatement>());
    case Kind::kResetParameter:
      return ResetParameter(statement.As<sql::ResetParameterStatement>());
    case Kind::kDiscard:
      return Discard(statement.As<sql::DiscardStatement>());
    case Kind::kUnlisten:
      return Outcome{.tag = "UNLISTEN"};  // there is nothing that one could have listened to
    default:
      return RunRoleStatement(statement);
  }
}

Result<Outcome> Session::Discard(const sql::DiscardStatement& statement) {
  switch (statement.target) {
    case sql::DiscardTarget::kAll:
      if (transaction_ != TransactionState::kIdle) {
        return Fail(ErrorCode::kActiveTransaction, "DISCARD ALL within a transaction",
                    "COMMIT or ROLLBACK first", statement.location);
      }
      cursors_.clear();
      prepared_.clear();
      MR_TRY(ResetParameters());
      return Outcome{.tag = "DISCARD ALL"};
    case sql::DiscardTarget::kPlans:
      return Outcome{.tag = "DISCARD PLANS"};  // plans are not kept
    case sql::DiscardTarget::kSequences:
      return Outcome{.tag = "DISCARD SEQUENCES"};  // there are none
    case sql::DiscardTarget::kTemporary:
      return Outcome{.tag = "DISCARD TEMP"};  // a session has no tables of its own
  }
  MR_UNREACHABLE();
}

// The values of EXECUTE's arguments: constants, cast to the types of the parameters.
Result<std::vector<data::Value>> Session::ArgumentValues(const std::vector<sql::ExprPtr>& arguments,
                                                         const std::vector<data::DataType>& types) {
  std::string query = "SELECT ";
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = sql::Print(*arguments[i]);
    query += i > 0 ? ", " : "";
    query += types[i].IsAnyDecimal()
                 ? argument
                 : fmt::format("CAST({} AS {})", argument, types[i].WithNullable(true).ToString());
  }
  std::vector<data::Value> values;
  if (arguments.empty()) return values;
  MR_ASSIGN(const sql::StatementPtr parsed, sql::ParseStatement(query));
  MR_ASSIGN(const plan::PlannedQuery planned,
            plan::PlanQuery(*parsed->As<sql::QueryStatement>().query, catalog(), PlanContextFor(query)));
  if (!IsConstant(*planned.root)) {
    return Fail(ErrorCode::kNotSupported, "the arguments of EXECUTE are constants");
  }
  MR_ASSIGN(const std::vector<data::Batch> rows, ConstantRows(*planned.root, MakeEvalContext()));
  for (size_t i = 0; i < types.size(); ++i) {
    const data::Column& column = *rows.front().columns[i];
    if (types[i].IsAnyDecimal() && !column.IsNull(0) && column.type().kind() != data::TypeKind::kNull) {
      MR_ASSIGN(const data::ExactDecimal exact, data::ParseExactDecimal(data::ToText(column, 0)));
      values.push_back(data::Value::String(data::DecimalToString(exact.unscaled, exact.scale)));
    } else {
      values.push_back(column.GetValue(0));
    }
  }
  return values;
}

}  // namespace millrace::session
