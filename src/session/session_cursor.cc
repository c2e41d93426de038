// Cursors, subscriptions, and prepared statements by SQL.
#include <fmt/format.h>

#include "plan/bind_type.h"
#include "session/query_changes.h"
#include "session/session.h"
#include "session/subscription_stream.h"

namespace millrace::session {

Result<PreparedPtr> Session::PrepareInner(const sql::InnerStatement& inner,
                                          std::vector<std::optional<data::DataType>> types) {
  return Prepare(inner.text, std::move(types));
}

Result<Outcome> Session::Declare(const sql::DeclareCursorStatement& statement) {
  const std::string& name = statement.name.text;
  if (transaction_ == TransactionState::kIdle && !statement.hold) {
    return Fail(ErrorCode::kNoActiveTransaction, "DECLARE CURSOR is for transaction blocks",
                "BEGIN starts one; or DECLARE ... CURSOR WITH HOLD", statement.location);
  }
  if (statement.scroll.value_or(false)) {
    return Fail(ErrorCode::kNotSupported, "cursors read forward only", "leave SCROLL out",
                statement.location);
  }
  if (cursors_.contains(name)) {
    return Fail(ErrorCode::kDuplicateCursor, fmt::format("cursor '{}' exists already", name), "CLOSE ends it",
                statement.name.location);
  }
  if (cursors_.size() >= limits::kCursorsMax) {
    return Fail(ErrorCode::kProgramLimitExceeded,
                fmt::format("a session has at most {} cursors", limits::kCursorsMax), "CLOSE ends one");
  }
  MR_ASSIGN(const PreparedPtr prepared, PrepareInner(statement.inner, {}));
  MR_ASSIGN(Outcome outcome, Run(*prepared, {}));
  if (outcome.rows == nullptr) {
    return Fail(ErrorCode::kNotSupported, "a cursor is for a query or SUBSCRIBE", "", statement.location);
  }
  cursors_.try_emplace(name, std::move(outcome.rows), statement.hold);
  return Outcome{.tag = "DECLARE CURSOR"};
}

Result<Cursor*> Session::FindCursor(const sql::Name& name) {
  const auto found = cursors_.find(name.text);
  if (found != cursors_.end()) return &found->second;
  return Fail(ErrorCode::kInvalidCursor, fmt::format("no cursor '{}'", name.text), "DECLARE makes one",
              name.location);
}

const data::Schema* Session::CursorSchema(std::string_view name) const {
  const auto found = cursors_.find(name);
  return found == cursors_.end() ? nullptr : &found->second.schema();
}

void Session::CloseCursor(std::string_view name) {
  const auto found = cursors_.find(name);
  if (found != cursors_.end()) cursors_.erase(found);
}

Result<Outcome> Session::Fetch(const sql::FetchStatement& statement) {
  MR_ASSIGN(Cursor* const cursor, FindCursor(statement.cursor));
  const bool forward = statement.direction == sql::FetchDirection::kForward ||
                       (statement.direction == sql::FetchDirection::kRelative && statement.count >= 0);
  if (!forward || statement.count < 0) {
    return Fail(ErrorCode::kNotSupported, "cursors read forward only", "FETCH FORWARD n", statement.location);
  }
  int64_t timeout = -1;
  if (statement.timeout.has_value()) {
    const Result<int64_t> parsed = catalog::ParseDuration(*statement.timeout);
    if (!parsed.has_value()) return std::unexpected(parsed.error().At(statement.timeout_location));
    timeout = *parsed;
  }
  data::Schema schema = cursor->schema();
  MR_ASSIGN(std::vector<data::Batch> batches,
            cursor->Fetch(statement.all ? -1 : statement.count, timeout, interruptible_));
  size_t rows = 0;
  for (const data::Batch& batch : batches) rows += batch.rows;
  if (statement.is_move) return Outcome{.tag = fmt::format("MOVE {}", rows)};
  Outcome outcome{.tag = "FETCH", .counts_rows = true};
  outcome.rows = std::make_unique<RowsStream>(std::move(schema), std::move(batches));
  return outcome;
}

Result<Outcome> Session::Close(const sql::CloseCursorStatement& statement) {
  if (!statement.name.has_value()) {
    cursors_.clear();
    return Outcome{.tag = "CLOSE CURSOR ALL"};
  }
  MR_TRY(FindCursor(*statement.name));
  cursors_.erase(statement.name->text);
  return Outcome{.tag = "CLOSE CURSOR"};
}

Result<catalog::EntryPtr> Session::SubscribedTable(const sql::SubscribeStatement& statement) {
  MR_ASSIGN(catalog::EntryPtr entry, catalog().Resolve(statement.name));
  const bool stored = entry->kind == catalog::EntryKind::kMaterializedView ||
                      entry->kind == catalog::EntryKind::kSystemTable ||
                      (entry->kind == catalog::EntryKind::kTable && entry->table->connector().empty());
  if (stored) return entry;
  return Fail(ErrorCode::kNotSupported,
              fmt::format("'{}' is a {} whose rows are not kept", entry->name.name,
                          catalog::EntryKindName(entry->kind)),
              "subscribe to a materialized view or a table without a connector", statement.name.location());
}

Status Session::DescribeSubscription(const sql::SubscribeStatement& statement, Prepared* prepared) {
  prepared->has_rows = true;
  if (statement.query == nullptr) {
    MR_ASSIGN(const catalog::EntryPtr entry, SubscribedTable(statement));
    prepared->schema = SubscriptionStream::SchemaOf(entry->schema);
    return {};
  }
  MR_ASSIGN(const plan::PlannedQuery planned,
            plan::PlanQuery(*statement.query, catalog(), PlanContextFor(prepared->text)));
  prepared->schema = SubscriptionStream::SchemaOf(planned.schema);
  return {};
}

Result<Outcome> Session::Subscribe(const sql::SubscribeStatement& statement, std::string_view text) {
  Outcome outcome{.tag = "SUBSCRIBE", .counts_rows = true};
  dataflow::SubscribeOptions options;
  options.snapshot = statement.snapshot;
  if (statement.query == nullptr) {
    MR_ASSIGN(const catalog::EntryPtr entry, SubscribedTable(statement));
    MR_TRY(CheckRead(entry->name.ToString()));
    MR_ASSIGN(auto subscription, instance_.warehouse().Subscribe(entry->name.ToString(), options));
    outcome.rows = std::make_unique<SubscriptionStream>(std::move(subscription), statement.progress);
    return outcome;
  }
  if (statement.progress || !statement.snapshot) {
    return Fail(ErrorCode::kNotSupported, "EMIT CHANGES of a query takes no options",
                "they are for SUBSCRIBE TO a materialized view", statement.location);
  }
  MR_ASSIGN(plan::PlannedQuery planned, plan::PlanQuery(*statement.query, catalog(), PlanContextFor(text)));
  MR_TRY(CheckReads(planned));
  outcome.warnings = planned.warnings;
  MR_ASSIGN(outcome.rows, QueryChanges::Start(&instance_.warehouse(), RequestFor(std::move(planned))));
  return outcome;
}

Result<Outcome> Session::PrepareByName(const sql::PrepareStatement& statement) {
  const std::string& name = statement.name.text;
  if (prepared_.contains(name)) {
    return Fail(ErrorCode::kDuplicatePrepared, fmt::format("prepared statement '{}' exists already", name),
                "DEALLOCATE forgets it", statement.name.location);
  }
  if (prepared_.size() >= limits::kPreparedStatementsMax) {
    return Fail(ErrorCode::kProgramLimitExceeded,
                fmt::format("a session has at most {} prepared statements", limits::kPreparedStatementsMax),
                "DEALLOCATE forgets one");
  }
  std::vector<std::optional<data::DataType>> types;
  for (const auto& spec : statement.types) {
    if (!spec.has_value()) {
      types.emplace_back();
      continue;
    }
    // As in PostgreSQL, numeric without precision is as exact as its values.
    if (spec->kind == sql::TypeKind::kDecimal && !spec->precision.has_value()) {
      types.emplace_back(data::DataType::AnyDecimal());
      continue;
    }
    MR_ASSIGN(data::DataType type, plan::BindType(*spec));
    types.emplace_back(std::move(type));
  }
  MR_ASSIGN(PreparedPtr prepared, PrepareInner(statement.inner, std::move(types)));
  prepared_[name] = std::move(prepared);
  return Outcome{.tag = "PREPARE"};
}

Result<PreparedPtr> Session::FindPrepared(const sql::Name& name) const {
  const auto found = prepared_.find(name.text);
  if (found != prepared_.end()) return found->second;
  return Fail(ErrorCode::kUndefinedPrepared, fmt::format("no prepared statement '{}'", name.text),
              "PREPARE makes one", name.location);
}

Result<Outcome> Session::ExecutePrepared(const sql::ExecuteStatement& statement) {
  MR_ASSIGN(const PreparedPtr prepared, FindPrepared(statement.name));
  if (statement.arguments.size() != prepared->parameters.size()) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("prepared statement '{}' has {} parameters, {} were given", statement.name.text,
                            prepared->parameters.size(), statement.arguments.size()),
                "", statement.location);
  }
  MR_ASSIGN(const std::vector<data::Value> values, ArgumentValues(statement.arguments, prepared->parameters));
  return Run(*prepared, values);
}

Result<Outcome> Session::Deallocate(const sql::DeallocateStatement& statement) {
  if (!statement.name.has_value()) {
    prepared_.clear();
    return Outcome{.tag = "DEALLOCATE ALL"};
  }
  MR_TRY(FindPrepared(*statement.name));
  prepared_.erase(statement.name->text);
  return Outcome{.tag = "DEALLOCATE"};
}

}  // namespace millrace::session
