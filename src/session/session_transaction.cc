// BEGIN to ROLLBACK. A transaction reads one snapshot, taken by its first query, and keeps the rows it
// inserts until COMMIT. Definitions (CREATE, DROP, GRANT) take effect at once, within a transaction too.
#include <fmt/format.h>

#include <algorithm>

#include "session/session.h"

namespace millrace::session {

void Session::EndTransaction() {
  transaction_ = TransactionState::kIdle;
  pinned_.Release();
  read_only_ = default_read_only_;
  savepoints_.clear();
  writes_.Rollback();
  for (auto cursor = cursors_.begin(); cursor != cursors_.end();) {
    cursor = cursor->second.hold() ? std::next(cursor) : cursors_.erase(cursor);
  }
}

void Session::FailTransaction() {
  if (transaction_ == TransactionState::kInBlock) transaction_ = TransactionState::kFailed;
}

Status Session::CheckTransaction(const sql::Statement* statement) const {
  if (transaction_ != TransactionState::kFailed) return {};
  if (statement != nullptr && statement->kind == sql::StatementKind::kTransaction) {
    const auto action = statement->As<sql::TransactionStatement>().action;
    if (action == sql::TransactionAction::kCommit || action == sql::TransactionAction::kRollback ||
        action == sql::TransactionAction::kRollbackTo) {
      return {};
    }
  }
  return Fail(ErrorCode::kFailedTransaction,
              "the transaction has failed: statements are ignored until its end", "ROLLBACK ends it");
}

Status Session::CheckWritable(std::string_view what) const {
  if (!read_only_) return {};
  return Fail(ErrorCode::kReadOnlyTransaction, fmt::format("{} in a read-only transaction", what));
}

Result<Outcome> Session::RunTransaction(const sql::TransactionStatement& statement) {
  using Action = sql::TransactionAction;
  const bool in_block = transaction_ != TransactionState::kIdle;
  const auto set_modes = [&] {
    if (statement.modes.read_only.has_value()) read_only_ = *statement.modes.read_only;
  };
  switch (statement.action) {
    case Action::kBegin: {
      Outcome outcome{.tag = "BEGIN"};
      if (in_block) outcome.warnings.push_back("there is already a transaction in progress");
      if (!in_block) parameters_.Begin();
      transaction_ = TransactionState::kInBlock;
      set_modes();
      return outcome;
    }
    case Action::kCommit:
    case Action::kRollback: {
      const bool commits = statement.action == Action::kCommit && transaction_ != TransactionState::kFailed;
      Outcome outcome{.tag = commits ? "COMMIT" : "ROLLBACK"};
      if (!in_block) outcome.warnings.push_back("there is no transaction in progress");
      const Status written = commits ? Commit(&outcome) : Status{};
      if (in_block && commits && written.has_value()) {
        parameters_.Commit();
      } else if (in_block) {
        parameters_.Rollback();
        MR_TRY(ApplyParameter("TimeZone"));
        MR_TRY(ApplyParameter("search_path"));
      }
      EndTransaction();
      if (!written.has_value()) return std::unexpected(written.error());
      if (statement.chain && in_block) {
        parameters_.Begin();
        transaction_ = TransactionState::kInBlock;
      }
      return outcome;
    }
    case Action::kSavepoint:
      if (!in_block) {
        return Fail(ErrorCode::kNoActiveTransaction, "SAVEPOINT is for transaction blocks",
                    "BEGIN starts one");
      }
      savepoints_.push_back({statement.savepoint.text, writes_.Mark()});
      return Outcome{.tag = "SAVEPOINT"};
    case Action::kRelease:
    case Action::kRollbackTo: {
      const auto found = std::find_if(
          savepoints_.rbegin(), savepoints_.rend(),
          [&](const Savepoint& savepoint) { return savepoint.name == statement.savepoint.text; });
      if (found == savepoints_.rend()) {
        return Fail(ErrorCode::kInvalidSavepoint, fmt::format("no savepoint '{}'", statement.savepoint.text),
                    "", statement.savepoint.location);
      }
      const bool releases = statement.action == Action::kRelease;
      if (!releases) {
        writes_.RollbackTo(found->writes);
        transaction_ = TransactionState::kInBlock;
      }
      savepoints_.erase(std::next(found).base() + (releases ? 0 : 1), savepoints_.end());
      return Outcome{.tag = releases ? "RELEASE" : "ROLLBACK"};
    }
    case Action::kSetTransaction: {
      Outcome outcome{.tag = "SET"};
      if (!in_block) outcome.warnings.push_back("SET TRANSACTION is for transaction blocks");
      if (in_block) set_modes();
      return outcome;
    }
    case Action::kSetSessionCharacteristics:
      if (statement.modes.read_only.has_value()) default_read_only_ = *statement.modes.read_only;
      if (!in_block) read_only_ = default_read_only_;
      return Outcome{.tag = "SET"};
  }
  MR_UNREACHABLE();
}

}  // namespace millrace::session
