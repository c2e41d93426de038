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

bool Session::DescribeSetConfig(Prepared* prepared,
                                const std::vector<std::optional<data::DataType>>& types) const {
  if (prepared->statement == nullptr) return false;
  auto calls = RecogniseSetConfig(*prepared->statement->As<sql::QueryStatement>().query);
  if (!calls.has_value()) return false;
  std::vector<data::DataType> parameters(CountParameters(prepared->text), data::DataType::String());
  data::Schema schema;
  for (const SetConfigCall& call : *calls) {
    if (call.is_local.parameter > 0) {
      parameters[static_cast<size_t>(call.is_local.parameter) - 1] = data::DataType::Boolean();
    }
    schema.Add(call.column, data::DataType::String());
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (!types[i].has_value()) continue;
    if (i >= parameters.size()) return false;
    const bool same = types[i]->IsCharacter() ? parameters[i].IsCharacter() : *types[i] == parameters[i];
    if (!same) return false;
  }
  prepared->route = Prepared::Route::kSetConfig;
  prepared->quick = true;
  prepared->schema = std::move(schema);
  prepared->parameters = std::move(parameters);
  prepared->set_config = std::move(*calls);
  return true;
}

Result<Outcome> Session::RunSetConfig(const std::vector<SetConfigCall>& calls, const Arguments& arguments) {
  const auto value_of = [&](const SetConfigCall::Argument& argument) {
    return argument.parameter > 0 ? arguments.values[static_cast<size_t>(argument.parameter) - 1]
                                  : argument.value;
  };
  std::vector<std::string> names;
  std::vector<std::string> row;
  for (const SetConfigCall& call : calls) {
    const data::Value is_local = value_of(call.is_local);
    MR_ASSIGN(std::string value, SetConfig(value_of(call.name), value_of(call.value),
                                           !is_local.is_null() && is_local.as_bool()));
    names.push_back(call.column);
    row.push_back(std::move(value));
  }
  Outcome outcome = TextRows(names, {row});
  outcome.tag = "SELECT";
  outcome.counts_rows = true;
  return outcome;
}

// NULL as the value sets what RESET would.
Result<std::string> Session::SetConfig(const data::Value& name, const data::Value& value, bool is_local) {
  if (name.is_null()) {
    return Fail(ErrorCode::kNullNotAllowed, "set_config: the parameter's name is NULL",
                "name one that SHOW ALL lists");
  }
  const std::string& parameter = name.as_string();
  std::vector<std::string> values;
  if (!value.is_null()) {
    values = catalog::Parameters::CanonicalName(parameter) == "search_path"
                 ? catalog::ParseNameListText(value.as_string())
                 : std::vector<std::string>{value.as_string()};
    if (values.empty()) values.emplace_back();
  }
  // Outside of a transaction, what is local ends with the statement.
  if (is_local && transaction_ == TransactionState::kIdle) {
    MR_TRY(catalog::Parameters::Check(parameter, values));
    return value.is_null() ? "" : value.as_string();
  }
  MR_TRY(parameters_.Set(parameter, values, is_local));
  MR_TRY(ApplyParameter(parameter));
  return parameters_.Get(parameter);
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
