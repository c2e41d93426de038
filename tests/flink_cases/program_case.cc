#include <fmt/format.h>

#include <algorithm>

#include "flink_cases/case_session.h"
#include "flink_cases/cases.h"
#include "flink_cases/flink_types.h"

namespace millrace::flink_cases {
namespace {

struct ConfigKey {
  std::string_view java;
  std::string_view key;  // empty: it tells Flink how, not what; nothing to set
};

constexpr ConfigKey kConfigKeys[] = {
    {"LOCAL_TIME_ZONE", "table.local-time-zone"},
    {"TABLE_OPTIMIZER_MULTI_JOIN_ENABLED", ""},
    {"TABLE_OPTIMIZER_AGG_PHASE_STRATEGY", ""},
    {"TABLE_OPTIMIZER_DISTINCT_AGG_SPLIT_ENABLED", ""},
    {"TABLE_EXEC_MINIBATCH_ENABLED", ""},
    {"TABLE_EXEC_MINIBATCH_ALLOW_LATENCY", ""},
    {"TABLE_EXEC_MINIBATCH_SIZE", ""},
    {"TABLE_EXEC_NON_TEMPORAL_SORT_ENABLED", ""},
    {"STATE_BACKEND", ""},
    {"TABLE_EXEC_SINK_REQUIRE_ON_CONFLICT", ""},
    {"TABLE_EXEC_SINK_UPSERT_MATERIALIZE_STRATEGY", ""},
    {"TABLE_EXEC_SINK_NESTED_CONSTRAINT_ENFORCER", "table.exec.sink.nested-constraint-enforcer"},
    {"TABLE_EXEC_SINK_NOT_NULL_ENFORCER", "table.exec.sink.not-null-enforcer"},
    {"TABLE_EXEC_SINK_TYPE_LENGTH_ENFORCER", "table.exec.sink.type-length-enforcer"},
    {"TABLE_EXEC_SOURCE_CDC_EVENTS_DUPLICATE", "table.exec.source.cdc-events-duplicate"},
};

// "NestedEnforcer.ROWS" and "PT10S" as values of settings.
std::string ConfigValue(const std::string& java) {
  const size_t dot = java.rfind('.');
  return dot == std::string::npos ? java : java.substr(dot + 1);
}

Status Configure(CaseSession& session, const Json& config) {
  for (const Json& entry : config.items) {
    const std::string option = ConfigValue(entry["option"].text);
    const auto known = std::find_if(std::begin(kConfigKeys), std::end(kConfigKeys),
                                    [&](const ConfigKey& key) { return key.java == option; });
    if (known == std::end(kConfigKeys)) {
      return Fail(ErrorCode::kUndefinedObject, fmt::format("the runner does not know the option {}", option));
    }
    if (known->key.empty()) continue;
    MR_TRY(session.Execute(fmt::format("SET '{}' = '{}'", known->key, ConfigValue(entry["value"].text))));
  }
  return {};
}

std::string ChangelogMode(const Json& table) {
  std::string mode = table["changelog_mode"].text;
  if (mode.empty()) mode = table["options"]["changelog-mode"].text;
  if (mode.empty() || mode == "I") return "I";
  if (mode.starts_with("ChangelogMode.")) return "I,UA,D";
  return mode.find("UB") == std::string::npos ? "I,UA,D" : "I,UB,UA,D";
}

std::string Columns(const Json& table) {
  std::string columns;
  for (const Json& column : table["schema"].items) columns += (columns.empty() ? "" : ",\n") + column.text;
  return columns;
}

std::string Joined(const std::vector<std::string>& rows) {
  std::string text;
  for (const auto& row : rows) text += "\n      " + row;
  return text.empty() ? "\n      (nothing)" : text;
}

Status SetUp(CaseSession& session, const Json& test) {
  MR_TRY(Configure(session, test["config"]));
  for (const Json& table : test["tables"].items) {
    MR_TRY(session.CreateFeed(table["name"].text, Columns(table), ChangelogMode(table)));
  }
  for (const Json& statement : test["setup_sql"].items) MR_TRY(session.Execute(statement.text));
  for (const Json& sink : test["sinks"].items) {
    std::string partition;
    for (const Json& key : sink["partition_keys"].items)
      partition += (partition.empty() ? "" : ", ") + key.text;
    MR_TRY(session.CreateSink(sink["name"].text, Columns(sink), partition));
  }
  return {};
}

Status Insert(CaseSession& session, const Json& test) {
  for (const Json& run : test["run"].items) {
    if (run.Has("sql")) MR_TRY(session.Execute(run["sql"].text));
    if (run["statement_set"].is_list()) {
      std::string set = "EXECUTE STATEMENT SET BEGIN\n";
      for (const Json& insert : run["statement_set"].items) set += insert.text + ";\n";
      MR_TRY(session.Execute(set + "END"));
    }
  }
  return {};
}

// Flink fails: at once, or when the rows come.
Outcome RunFailing(CaseSession& session, const Json& test) {
  for (const Json& run : test["run"].items) {
    if (!run.Has("failing_sql")) continue;
    if (!session.Execute(run["failing_sql"].text).has_value()) continue;
    for (const Json& table : test["tables"].items) {
      if (const Status pushed = session.Push(table["name"].text, table["rows_before"].items);
          !pushed.has_value()) {
        return Outcome::Skipped(pushed.error().message());
      }
    }
    session.FinishFeeds();
    if (!session.Settle().has_value() || !session.DeadLetters().empty()) continue;
    return Outcome::Failed("Flink fails and we did not: " + run["failing_sql"].text);
  }
  return Outcome::Passed();
}

// Empty when the sink got Flink's changes, in any order; a sink by key may do without -U.
std::string ChangesDifference(CaseSession& session, const Json& sink) {
  std::vector<std::string> expected;
  for (const char* phase : {"expected_before", "expected_after_restore"}) {
    for (const Json& change : sink[phase].items) expected.push_back(change.text);
  }
  const bool without_before = std::none_of(
      expected.begin(), expected.end(), [](const std::string& change) { return change.starts_with("-U"); });
  std::vector<std::string> actual;
  const auto changes = session.ChangesOf(sink["name"].text);
  for (const Change& change : *changes) {
    if (without_before && change.kind == data::RowKind::kUpdateBefore) continue;
    actual.push_back(fmt::format("{}[{}]", data::RowKindName(change.kind), change.row));
  }
  std::sort(expected.begin(), expected.end());
  std::sort(actual.begin(), actual.end());
  if (actual == expected) return "";
  return fmt::format("{}: expected:{}\n    but got:{}", sink["name"].text, Joined(expected), Joined(actual));
}

}  // namespace

Outcome RunProgramCase(const RunContext& context, const Json& test) {
  CaseSession session(context);
  if (const Status started = session.Start(); !started.has_value())
    return Outcome::Failed(started.error().ToString());
  if (const Status made = SetUp(session, test); !made.has_value()) return Outcome::Refused(made.error());
  const auto& runs = test["run"].items;
  if (std::any_of(runs.begin(), runs.end(), [](const Json& run) { return run.Has("failing_sql"); })) {
    return RunFailing(session, test);
  }
  if (const Status inserted = Insert(session, test); !inserted.has_value())
    return Outcome::Refused(inserted.error());
  for (const char* phase : {"rows_before", "rows_after_restore"}) {
    for (const Json& table : test["tables"].items) {
      if (const Status pushed = session.Push(table["name"].text, table[phase].items); !pushed.has_value()) {
        return Outcome::Skipped(pushed.error().message());
      }
    }
    if (const Status settled = session.Settle(); !settled.has_value()) {
      return Outcome::Failed(settled.error().ToString());
    }
  }
  session.FinishFeeds();
  if (const Status settled = session.Settle(); !settled.has_value())
    return Outcome::Failed(settled.error().ToString());
  for (const Json& sink : test["sinks"].items) {
    if (context.strict) {
      if (std::string difference = ChangesDifference(session, sink); !difference.empty()) {
        return Outcome::Failed(std::move(difference));
      }
      continue;
    }
    if (!sink["final_state"].is_list()) return Outcome::Skipped("the case gives no final state");
    std::vector<std::string> expected;
    for (const Json& row : sink["final_state"].items)
      expected.push_back(row.text.substr(1, row.text.size() - 2));
    std::sort(expected.begin(), expected.end());
    const auto changes = session.ChangesOf(sink["name"].text);
    auto actual = FinalState(*changes);
    if (!actual.has_value() || *actual != expected) {
      // By key where one is declared.
      const auto schema = session.SchemaOf(sink["name"].text);
      std::vector<int> key;
      for (const Json& column : sink["primary_key"].items) key.push_back(schema->Find(column.text));
      if (!key.empty()) actual = FinalStateByKey(*changes, key);
    }
    if (!actual.has_value()) return Outcome::Failed(actual.error().message());
    if (*actual != expected) {
      return Outcome::Failed(fmt::format("{}: expected:{}\n    but got:{}\n    {}", sink["name"].text,
                                         Joined(expected), Joined(*actual), session.DeadLetters()));
    }
  }
  return Outcome::Passed();
}

}  // namespace millrace::flink_cases
