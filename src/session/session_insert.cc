// INSERT and STATEMENT SET, and the start of what is maintained.
#include "session/session.h"

namespace millrace::session {

dataflow::Warehouse::Request Session::RequestFor(plan::PlannedQuery planned) const {
  dataflow::Warehouse::Request request;
  request.query = std::move(planned);
  request.settings = settings_;
  request.zone = zone_;
  request.job_name = settings_.Get("pipeline.name");
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
  if (options_.script) {
    for (auto& request : requests) pending_.push_back(std::move(request));
    return {};
  }
  MR_ASSIGN(const auto job, instance_.warehouse().Start(std::move(requests)));
  return ends ? instance_.warehouse().Await(job, Reporter()) : Status{};
}

Result<Outcome> Session::Insert(const sql::InsertStatement& statement, std::string_view text) {
  MR_ASSIGN(plan::PlannedQuery planned, plan::PlanInsert(statement, catalog(), PlanContextFor(text)));
  Outcome outcome{.tag = options_.script ? "INSERT" : "INSERT 0 0"};
  outcome.warnings = planned.warnings;
  const bool ends = planned.bounded();
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(RequestFor(std::move(planned)));
  MR_TRY(Begin(std::move(requests), ends));
  // With table.dml-sync an INSERT has ended when its statement has.
  if (options_.script && settings_.Get("table.dml-sync") == "true") MR_TRY(Settle());
  return outcome;
}

Result<Outcome> Session::StatementSet(const sql::StatementSetStatement& statement, std::string_view text) {
  // All are planned before any is taken in.
  std::vector<dataflow::Warehouse::Request> requests;
  Outcome outcome{.tag = "STATEMENT SET"};
  bool ends = true;
  for (const auto& insert : statement.inserts) {
    MR_ASSIGN(plan::PlannedQuery planned, plan::PlanInsert(*insert, catalog(), PlanContextFor(text)));
    outcome.warnings.insert(outcome.warnings.end(), planned.warnings.begin(), planned.warnings.end());
    ends = ends && planned.bounded();
    requests.push_back(RequestFor(std::move(planned)));
  }
  MR_TRY(Begin(std::move(requests), ends));
  if (options_.script && settings_.Get("table.dml-sync") == "true") MR_TRY(Settle());
  return outcome;
}

}  // namespace millrace::session
