// SET, SHOW and RESET of PostgreSQL's run-time parameters.
#include <fmt/format.h>

#include "session/session.h"

namespace millrace::session {

std::vector<std::string> TextsOf(const std::vector<sql::ParameterValue>& values) {
  std::vector<std::string> texts;
  for (const sql::ParameterValue& value : values) texts.push_back(value.text);
  return texts;
}

// Some parameters are settings of the streaming engine, or of the session, under another name.
Status Session::ApplyParameter(std::string_view name) {
  const std::string canonical = catalog::Parameters::CanonicalName(name);
  if (canonical == "TimeZone") {
    MR_TRY(settings_.Set("table.local-time-zone", parameters_.time_zone()));
    return ApplySettings();
  }
  if (canonical == "search_path") {
    // The first schema that exists is the current one, as in PostgreSQL.
    for (const std::string& schema : parameters_.search_path()) {
      for (const catalog::SchemaInfo& info : catalog().Schemas()) {
        if (info.name != schema) continue;
        current_schema_ = schema;
        catalog_.SetCurrentSchema(schema);
        return {};
      }
    }
  }
  if (canonical == "default_transaction_read_only") {
    default_read_only_ = parameters_.Boolean(canonical);
    if (transaction_ == TransactionState::kIdle) read_only_ = default_read_only_;
  }
  return {};
}

Result<Outcome> Session::SetParameter(const sql::SetParameterStatement& statement) {
  Status set = parameters_.Set(statement.name.text, TextsOf(statement.values), statement.local);
  if (!set.has_value()) return std::unexpected(set.error().At(statement.name.location));
  MR_TRY(ApplyParameter(statement.name.text));
  return Outcome{.tag = "SET"};
}

Result<Outcome> Session::ShowParameter(const sql::ShowParameterStatement& statement) {
  Result<std::string> value = parameters_.Get(statement.name.text);
  if (!value.has_value()) return std::unexpected(value.error().At(statement.name.location));
  return TextRows({catalog::Parameters::CanonicalName(statement.name.text)}, {{*value}});
}

Result<Outcome> Session::ResetParameter(const sql::ResetParameterStatement& statement) {
  if (!statement.name.has_value()) {
    MR_TRY(ResetParameters());
    return Outcome{.tag = "RESET"};
  }
  Status reset = parameters_.Reset(statement.name->text);
  if (!reset.has_value()) return std::unexpected(reset.error().At(statement.name->location));
  MR_TRY(ApplyParameter(statement.name->text));
  return Outcome{.tag = "RESET"};
}

Status Session::ResetParameters() {
  parameters_.ResetAll();
  role_ = session_role_ = login_role_;
  TellRole();
  for (const std::string_view name : {"TimeZone", "search_path", "default_transaction_read_only"}) {
    MR_TRY(ApplyParameter(name));
  }
  return {};
}

// What depends on the role, for the client to know.
void Session::TellRole() {
  if (options_.script) return;
  parameters_.SetFixed("session_authorization", session_role_);
  parameters_.SetFixed("is_superuser", instance_.roles().snapshot()->IsSuperuser(role_) ? "on" : "off");
}

}  // namespace millrace::session
