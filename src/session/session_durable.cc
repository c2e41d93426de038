// What of a session's statements is kept in the data folder, and making it again.
#include <fmt/format.h>

#include <algorithm>

#include "session/session.h"
#include "sql/parser.h"

namespace millrace::session {
namespace {

std::vector<catalog::ObjectName> NamesOf(const std::vector<dataflow::Warehouse::Request>& requests) {
  std::vector<catalog::ObjectName> names;
  const auto add = [&](const catalog::ObjectName& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const auto& request : requests) {
    if (const auto* sink = request.query.root->template AsIf<plan::SinkNode>(); sink != nullptr) {
      add(sink->entry->name);
    }
    for (const catalog::ObjectName& name : request.query.dependencies) add(name);
  }
  return names;
}

void SetIds(uint64_t first, std::vector<dataflow::Warehouse::Request>* requests) {
  uint64_t id = first;
  for (auto& request : *requests) {
    request.object_id = id++;
    request.group_id = first;
  }
}

}  // namespace

Status Session::Replay(const StatementRecord& record) {
  for (const auto& [key, value] : record.settings) MR_TRY(settings_.Set(key, value));
  MR_TRY(ApplySettings());
  current_schema_ = record.current_schema;
  const std::string& text = record.expanded_text.empty() ? record.text : record.expanded_text;
  MR_ASSIGN(const sql::StatementPtr statement, sql::ParseStatement(text));
  replayed_ = &record;
  const Result<Outcome> outcome = RunStatement(*statement, text);
  replayed_ = nullptr;
  if (!outcome.has_value()) return std::unexpected(outcome.error());
  return {};
}

Result<uint64_t> Session::TakeIds(bool is_temporary, uint32_t count) {
  if (replayed_ != nullptr) return replayed_->id;
  if (!Keeps() || is_temporary) return 0;
  return instance_.durable()->TakeIds(count);
}

StatementRecord Session::RecordOf(uint64_t id, StatementRecord::Kind kind, const sql::Statement& statement,
                                  std::string_view text) const {
  StatementRecord record;
  record.id = id;
  record.kind = kind;
  record.of_start = options_.of_start;
  record.text = text.substr(statement.range.begin, statement.range.end - statement.range.begin);
  record.current_schema = current_schema_;
  for (const catalog::Setting& setting : settings_.All()) {
    if (!setting.is_default) record.settings.emplace_back(setting.key, setting.value);
  }
  return record;
}

void Session::Keep(uint64_t id, StatementRecord::Kind kind, const catalog::Entry& entry,
                   const sql::Statement& statement, std::string_view text, CatalogChange* change) const {
  if (id == 0 || replayed_ != nullptr) return;
  StatementRecord record = RecordOf(id, kind, statement, text);
  record.name = entry.name;
  change->records().put.push_back(std::move(record));
}

Status Session::CheckLasting(const catalog::Entry& entry, const catalog::Catalog& catalog) const {
  if (!Keeps() || entry.temporary) return {};
  for (const catalog::ObjectName& name : entry.dependencies) {
    const catalog::EntryPtr read = catalog.Find(name);
    if (read == nullptr || !read->temporary) continue;
    return Fail(ErrorCode::kInvalidTableDefinition,
                fmt::format("'{}' is kept, and cannot read '{}', which is temporary", entry.name.ToString(),
                            name.ToString()),
                "make that one without TEMPORARY");
  }
  return {};
}

std::vector<StatementRecord> Session::DropRecords(const std::vector<catalog::ObjectName>& names,
                                                  CatalogChange* change) const {
  if (!Keeps() || replayed_ != nullptr) return {};
  DurableCatalog& durable = *instance_.durable();
  for (const catalog::ObjectName& name : names) {
    if (const auto record = durable.Find(name)) change->records().removed.push_back(record->id);
  }
  std::vector<StatementRecord> jobs = durable.JobsNaming(names);
  for (const StatementRecord& job : jobs) change->records().removed.push_back(job.id);
  return jobs;
}

void Session::EndJobs(const std::vector<StatementRecord>& jobs, Outcome* outcome) {
  for (const StatementRecord& record : jobs) {
    const std::shared_ptr<dataflow::Job> job = instance_.kept_jobs().Remove(record.id);
    if (job == nullptr) continue;
    const bool was_running = job->live_tasks.load() > 0;
    if (was_running) instance_.warehouse().Cancel(job.get());
    instance_.ForgetSaved(record);
    if (was_running) outcome->warnings.push_back(record.Describe() + " has been ended with it");
  }
}

Result<std::shared_ptr<dataflow::Job>> Session::StartKept(std::vector<dataflow::Warehouse::Request> requests,
                                                          StatementRecord record) {
  CatalogChange change(&instance_, current_schema_);
  for (const catalog::ObjectName& name : record.names) {
    if (change.catalog().Find(name) == catalog_.Find(name)) continue;
    return Fail(ErrorCode::kUndefinedTable,
                fmt::format("'{}' has been dropped or replaced meanwhile", name.ToString()), "try again");
  }
  // The same statement, run again, takes the place of one that failed.
  change.records().removed =
      instance_.durable()->FailedJobs(NormalStatement(record.text), record.current_schema);
  const uint64_t id = record.id;
  change.records().put.push_back(std::move(record));
  // Before anything runs: what it writes elsewhere cannot be taken back.
  MR_TRY(change.Save());
  auto job = instance_.warehouse().Start(std::move(requests));
  if (!job.has_value()) {
    instance_.durable()->TakeBack(id);
    return job;
  }
  instance_.kept_jobs().Add(id, *job);
  return job;
}

Status Session::BeginJob(std::vector<dataflow::Warehouse::Request> requests, const sql::Statement& statement,
                         std::string_view text, bool ends) {
  const std::vector<catalog::ObjectName> names = NamesOf(requests);
  const bool is_temporary = std::ranges::any_of(names, [&](const catalog::ObjectName& name) {
    const catalog::EntryPtr entry = catalog_.Find(name);
    return entry != nullptr && entry->temporary;
  });
  const auto count = static_cast<uint32_t>(requests.size());
  MR_ASSIGN(const uint64_t id, TakeIds(is_temporary, count));
  if (id == 0) return Begin(std::move(requests), ends);
  SetIds(id, &requests);
  if (replayed_ != nullptr) {
    if (replayed_->ids != count) {
      return Fail(ErrorCode::kDataCorrupted,
                  fmt::format("it has {} queries and {} numbers", count, replayed_->ids),
                  "restore the data folder from a copy");
    }
    MR_ASSIGN(const auto job, instance_.warehouse().Start(std::move(requests)));
    instance_.kept_jobs().Add(id, job);
    return {};
  }
  StatementRecord record = RecordOf(id, StatementRecord::Kind::kJob, statement, text);
  record.ids = count;
  record.names = names;
  MR_ASSIGN(const auto job, StartKept(std::move(requests), record));
  if (!ends || options_.script) return {};
  Status ended = instance_.warehouse().Await(job, Reporter(), Cancelled());
  // Who waits for it has been told: it is not to be started again.
  const bool has_ended = job->live_tasks.load() <= 0 && !job->cancelled.load();
  if (!ended.has_value() && !has_ended && instance_.kept_jobs().Remove(id) != nullptr) {
    instance_.durable()->TakeBack(id);
    instance_.ForgetSaved(record);
  }
  return ended;
}

Status Session::KeepInserted(const sql::InsertStatement& statement, std::string_view text,
                             const catalog::ObjectName& table) {
  if (!Keeps() || !options_.of_start) return {};
  MR_ASSIGN(const uint64_t id, instance_.durable()->TakeIds(1));
  StatementRecord record = RecordOf(id, StatementRecord::Kind::kJob, statement, text);
  record.state = StatementRecord::State::kEnded;
  record.names = {table};
  return instance_.durable()->Commit({.put = {std::move(record)}, .removed = {}});
}

}  // namespace millrace::session
