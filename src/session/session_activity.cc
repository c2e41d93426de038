// What other sessions see of this one, and it of them: pg_stat_activity.
#include "session/session.h"

namespace millrace::session {
namespace {

using State = Activity::State;

State StateOf(TransactionState transaction) {
  switch (transaction) {
    case TransactionState::kIdle:
      return State::kIdle;
    case TransactionState::kInBlock:
      return State::kIdleInTransaction;
    case TransactionState::kFailed:
      return State::kIdleInFailedTransaction;
  }
  return State::kIdle;
}

// As PostgreSQL names them.
const char* NameOf(State state) {
  switch (state) {
    case State::kIdle:
      return "idle";
    case State::kActive:
      return "active";
    case State::kIdleInTransaction:
      return "idle in transaction";
    case State::kIdleInFailedTransaction:
      return "idle in transaction (aborted)";
  }
  return "";
}

}  // namespace

void Session::ShowActivity() {
  activity_ =
      std::make_shared<Activity>(Activity::Client{.process_id = options_.process_id,
                                                  .role = login_role_,
                                                  .database = options_.database,
                                                  .address = options_.client_address,
                                                  .port = options_.client_port,
                                                  .started_micros = instance_.env().clock->NowMicros()});
  if (const Result<std::string> name = parameters_.Get("application_name"); name.has_value()) {
    activity_->SetApplicationName(*name);
  }
  instance_.activities().Add(activity_);
}

std::vector<std::pair<std::string, std::string>> Session::TakeParameterChanges() {
  std::vector<std::pair<std::string, std::string>> changes = parameters_.TakeChanges();
  for (const auto& [name, value] : changes) {
    if (name == "application_name" && activity_ != nullptr) activity_->SetApplicationName(value);
  }
  return changes;
}

void Session::Rest() {
  if (activity_ == nullptr) return;
  activity_->Rest(StateOf(transaction_), instance_.env().clock->NowMicros());
}

std::vector<query::pgcatalog::ActivityInfo> Session::Activities() const {
  std::vector<query::pgcatalog::ActivityInfo> all;
  for (const auto& activity : instance_.activities().All()) {
    const Activity::Client& client = activity->client();
    Activity::Figures figures = activity->figures();
    all.push_back({.pid = client.process_id,
                   .user = client.role,
                   .database = client.database,
                   .application_name = std::move(figures.application_name),
                   .client_address = client.address,
                   .client_port = client.port,
                   .started_micros = client.started_micros,
                   .query_started_micros = figures.query_started_micros,
                   .state_changed_micros = figures.state_changed_micros,
                   .state = NameOf(figures.state),
                   .query = std::move(figures.query)});
  }
  return all;
}

}  // namespace millrace::session
