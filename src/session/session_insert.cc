// INSERT and STATEMENT SET, and the start of what is maintained.
#include <fmt/format.h>

#include "session/constant_rows.h"
#include "session/session.h"

namespace millrace::session {
namespace {

// Whether clients push rows into it.
bool TakesRows(const catalog::Entry& entry) {
  return entry.kind == catalog::EntryKind::kTable &&
         (entry.table->connector().empty() || entry.table->connector() == "http");
}

}  // namespace

dataflow::Warehouse::Request Session::RequestFor(plan::PlannedQuery planned) const {
  dataflow::Warehouse::Request request;
  request.query = std::move(planned);
  request.settings = settings_;
  request.zone = zone_;
  request.job_name = settings_.Get("pipeline.name");
  if (const auto* sink = request.query.root->AsIf<plan::SinkNode>();
      sink != nullptr && request.job_name.empty()) {
    request.job_name = sink->entry->name.ToString();
  }
  return request;
}

Status Session::StartPending() {
  if (pending_.empty()) return {};
  std::vector<dataflow::Warehouse::Request> requests = std::move(pending_);
  pending_.clear();
  MR_TRY(instance_.warehouse().Start(std::move(requests)));
  return {};
}

Status Session::Begin(std::vector<dataflow::Warehouse::Request> requests, bool ends) {
  if (options_.script && !Keeps()) {
    for (auto& request : requests) pending_.push_back(std::move(request));
    return {};
  }
  MR_ASSIGN(const auto job, instance_.warehouse().Start(std::move(requests)));
  return ends && !options_.script ? instance_.warehouse().Await(job, Reporter(), Cancelled()) : Status{};
}

functions::EvalContext Session::MakeEvalContext() const {
  functions::EvalContext eval;
  eval.zone = zone_;
  eval.now_micros = instance_.env().clock->NowMicros();
  return eval;
}

Result<std::shared_ptr<dataflow::Ingest>> Session::OpenIngest(const catalog::Entry& entry,
                                                              SourceLocation location) {
  if (TakesRows(entry)) return instance_.warehouse().OpenIngest(entry.name.ToString());
  return Fail(ErrorCode::kNotSupported,
              fmt::format("'{}' is a {} that takes no rows from clients", entry.name.name,
                          catalog::EntryKindName(entry.kind)),
              "a table without a connector does, or one WITH ('connector' = 'http')", location);
}

// Rows that are known at once: no job is needed.
Result<Outcome> Session::InsertConstants(const sql::InsertStatement& statement, const plan::SinkNode& sink) {
  MR_ASSIGN(auto ingest, OpenIngest(*sink.entry, statement.table.location()));
  MR_ASSIGN(std::vector<data::Batch> batches, ConstantRows(sink.input(), MakeEvalContext()));
  size_t rows = 0;
  for (data::Batch& batch : batches) {
    rows += batch.rows;
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      // What a literal is ('ab' a CHAR(2)) fits its column, by the plan; it lies in the same way.
      batch.columns[i] = data::Retype(batch.columns[i], ingest->schema()[i].type);
    }
    for (const int column : sink.not_null) {
      if (!batch.columns[column]->has_nulls()) continue;
      return Fail(ErrorCode::kNullNotAllowed,
                  fmt::format("NULL in column '{}' of '{}', which takes none",
                              sink.input().schema[column].name, sink.entry->name.name),
                  "", statement.location);
    }
  }
  const bool in_transaction = transaction_ != TransactionState::kIdle;
  const auto keep = [&]() -> Status {
    for (data::Batch& batch : batches) MR_TRY(writes_.Keep(ingest, std::move(batch)));
    return {};
  };
  const Status kept = keep();
  if (!kept.has_value()) {
    if (!in_transaction) writes_.Rollback();
    return std::unexpected(kept.error());
  }
  Outcome outcome{.tag = fmt::format("INSERT 0 {}", rows)};
  if (!in_transaction) MR_TRY(Commit(&outcome));
  return outcome;
}

Status Session::Commit(Outcome* outcome) {
  MR_ASSIGN(const PendingWrites::Taken taken, writes_.Commit());
  if (taken == PendingWrites::Taken::kUnseen) {
    outcome->warnings.push_back(
        "cancelled while it waited for its rows to become visible: they are in the tables");
  }
  return {};
}

Result<Outcome> Session::Insert(const sql::InsertStatement& statement, std::string_view text) {
  MR_TRY(CheckWritable("INSERT"));
  MR_ASSIGN(plan::PlannedQuery planned, plan::PlanInsert(statement, catalog(), PlanContextFor(text)));
  const auto& sink = planned.root->As<plan::SinkNode>();
  MR_TRY(CheckInsert(*sink.entry));
  MR_TRY(CheckReads(planned));
  // A script's is a job, also when it is made again: only those of jobs are.
  const bool is_pushed = !options_.script && replayed_ == nullptr;
  if (is_pushed && IsConstant(sink.input()) && TakesRows(*sink.entry)) {
    MR_ASSIGN(Outcome inserted, InsertConstants(statement, sink));
    MR_TRY(KeepInserted(statement, text, sink.entry->name));
    return inserted;
  }
  if (transaction_ != TransactionState::kIdle) {
    return Fail(ErrorCode::kActiveTransaction,
                "an INSERT that goes on for ever cannot be part of a transaction",
                "run it outside of BEGIN ... COMMIT", statement.location);
  }
  Outcome outcome{.tag = options_.script ? "INSERT" : "INSERT 0 0"};
  outcome.warnings = planned.warnings;
  WarnOfGoneRows(planned, &outcome.warnings);
  const bool ends = planned.bounded();
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(RequestFor(std::move(planned)));
  MR_TRY(BeginJob(std::move(requests), statement, text, ends));
  // With table.dml-sync an INSERT has ended when its statement has.
  if (options_.script && settings_.Get("table.dml-sync") == "true") MR_TRY(Settle());
  return outcome;
}

Result<Outcome> Session::StatementSet(const sql::StatementSetStatement& statement, std::string_view text) {
  MR_TRY(CheckWritable("STATEMENT SET"));
  // All are planned before any is taken in.
  std::vector<dataflow::Warehouse::Request> requests;
  Outcome outcome{.tag = "STATEMENT SET"};
  bool ends = true;
  const catalog::Catalog& now = catalog();
  for (const auto& insert : statement.inserts) {
    MR_ASSIGN(plan::PlannedQuery planned, plan::PlanInsert(*insert, now, PlanContextFor(text)));
    MR_TRY(CheckInsert(*planned.root->As<plan::SinkNode>().entry));
    MR_TRY(CheckReads(planned));
    outcome.warnings.insert(outcome.warnings.end(), planned.warnings.begin(), planned.warnings.end());
    WarnOfGoneRows(planned, &outcome.warnings);
    ends = ends && planned.bounded();
    requests.push_back(RequestFor(std::move(planned)));
  }
  MR_TRY(BeginJob(std::move(requests), statement, text, ends));
  if (options_.script && settings_.Get("table.dml-sync") == "true") MR_TRY(Settle());
  return outcome;
}

}  // namespace millrace::session
