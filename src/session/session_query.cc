// SELECT: which engine answers it, and how.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "data/text.h"
#include "session/point_read.h"
#include "session/session.h"

namespace millrace::session {

bool IsQueryText(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return word == "SELECT" || word == "WITH" || word == "FROM" || word == "VALUES" || text.starts_with("(");
}

bool NamesATable(std::string_view text) {
  constexpr std::string_view kFrom = "FROM";
  for (size_t i = 0; i + kFrom.size() <= text.size(); ++i) {
    const auto same = [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; };
    if (std::equal(kFrom.begin(), kFrom.end(), text.begin() + static_cast<std::ptrdiff_t>(i),
                   [&](char b, char a) { return same(a, b); })) {
      return true;
    }
  }
  return false;
}

namespace {

// Whether an object's rows come from outside: a table with a connector, or a view that reads one.
bool ReadsASource(const catalog::Catalog& catalog, const catalog::Entry& entry) {
  if (entry.kind == catalog::EntryKind::kTable) return !entry.table->connector().empty();
  if (entry.kind != catalog::EntryKind::kView) return false;
  return std::any_of(entry.dependencies.begin(), entry.dependencies.end(),
                     [&](const catalog::ObjectName& name) {
                       const catalog::EntryPtr other = catalog.Find(name);
                       return other != nullptr && ReadsASource(catalog, *other);
                     });
}

// Views that are not materialized, in an order in which each follows those it reads.
void CollectViews(const catalog::Catalog& catalog, const catalog::Entry& entry,
                  std::vector<catalog::EntryPtr>* views) {
  for (const catalog::ObjectName& name : entry.dependencies) {
    const catalog::EntryPtr other = catalog.Find(name);
    if (other == nullptr || other->kind != catalog::EntryKind::kView) continue;
    CollectViews(catalog, *other, views);
    if (std::find(views->begin(), views->end(), other) == views->end()) views->push_back(other);
  }
}

}  // namespace

Result<StatementResult> Session::Select(const sql::Query& query, std::string_view text) {
  Result<plan::PlannedQuery> planned = plan::PlanQuery(query, catalog_, PlanContextFor(text));
  if (planned.has_value()) {
    const bool streams =
        planned->dependencies.empty() ||
        std::any_of(planned->dependencies.begin(), planned->dependencies.end(), [this](const auto& name) {
          const catalog::EntryPtr entry = catalog_.Find(name);
          return entry != nullptr && ReadsASource(catalog_, *entry);
        });
    if (streams) return SelectStreaming(std::move(*planned));
    if (const auto read = RecognisePointRead(query, catalog_); read.has_value()) {
      MR_TRY(Settle());
      if (auto answer = RunPointRead(*read, *warehouse_->snapshots(), *zone_); answer.has_value()) {
        StatementResult result;
        result.has_rows = true;
        result.schema = std::move(answer->schema);
        if (answer->row.has_value()) result.batches.push_back(std::move(*answer->row));
        result.tag = fmt::format("SELECT {}", result.batches.size());
        return result;
      }
    }
    return SelectSnapshot(text);
  }
  // DuckDB would cut what a literal says beyond microseconds; and it has its own ideas of constants.
  if (planned.error().code() == ErrorCode::kInvalidDatetime || !NamesATable(text)) {
    return std::unexpected(planned.error());
  }
  // What the streaming engine cannot do may be DuckDB's.
  Result<StatementResult> snapshot = SelectSnapshot(text);
  if (snapshot.has_value()) return snapshot;
  return std::unexpected(MoreTelling(planned.error(), snapshot.error()));
}

// DuckDB's counts when the streaming engine only lacks something that DuckDB has, and the query is not about
// a table that DuckDB does not see.
const Error& Session::MoreTelling(const Error& streaming, const Error& snapshot) const {
  const bool lacks = streaming.code() == ErrorCode::kNotSupported ||
                     streaming.code() == ErrorCode::kUndefinedFunction ||
                     streaming.code() == ErrorCode::kSyntaxError;
  if (!lacks || snapshot.code() == ErrorCode::kSyntaxError ||
      snapshot.code() == ErrorCode::kUndefinedFunction) {
    return streaming;
  }
  if (snapshot.code() != ErrorCode::kUndefinedTable) {
    return streaming.code() != ErrorCode::kUndefinedFunction || snapshot.code() == ErrorCode::kUndefinedColumn
               ? snapshot
               : streaming;
  }
  const auto entries = catalog_.AllEntries();
  const bool is_known = std::any_of(entries.begin(), entries.end(), [&](const catalog::EntryPtr& entry) {
    return snapshot.message().find("'" + entry->name.name + "'") != std::string::npos;
  });
  return is_known ? streaming : snapshot;
}

Result<StatementResult> Session::SelectStreaming(plan::PlannedQuery planned) {
  MR_TRY(StartPending());
  const bool changelog = settings_.Get("sql-client.execution.result-mode") == "changelog";
  if (!planned.bounded() || changelog) return PrintChanges(std::move(planned));
  StatementResult result;
  result.warnings = planned.warnings;
  result.schema = planned.schema;
  const bool constant = planned.dependencies.empty();
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(RequestFor(std::move(planned)));
  MR_ASSIGN(const auto job, warehouse_->Start(std::move(requests)));
  MR_TRY(warehouse_->Await(job, Reporter()));
  result.has_rows = true;
  result.batches = warehouse_->TakeResult(job.get());
  // Nothing streams here: who asks for a value that cannot be computed wants to be told.
  const auto failure = job->side_outputs.front()->first_failure();
  if (constant && failure.has_value()) return std::unexpected(*failure);
  size_t rows = 0;
  for (const data::Batch& batch : result.batches) rows += batch.rows;
  result.tag = fmt::format("SELECT {}", rows);
  return result;
}

Result<StatementResult> Session::PrintChanges(plan::PlannedQuery planned) {
  if (options_.standard_output == nullptr) {
    return Fail(ErrorCode::kNotSupported, "this SELECT never ends: its source is unbounded",
                "keep its result: CREATE MATERIALIZED VIEW ... AS SELECT");
  }
  StatementResult result;
  result.warnings = planned.warnings;
  dataflow::Warehouse::Request request = RequestFor(std::move(planned));
  auto rows = std::make_shared<std::atomic<size_t>>(0);
  request.consumer = [this, rows, zone = zone_](const data::Batch& batch) -> Status {
    std::string lines;
    data::TextOptions text;
    text.zone = zone;
    for (size_t row = 0; row < batch.rows; ++row) {
      data::AppendRowText(batch, row, text, &lines);
      lines += '\n';
    }
    rows->fetch_add(batch.rows);
    return options_.standard_output->Write(lines);
  };
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(std::move(request));
  MR_ASSIGN(const auto job, warehouse_->Start(std::move(requests)));
  MR_TRY(warehouse_->Await(job, Reporter()));
  result.tag = fmt::format("SELECT {}", rows->load());
  return result;
}

Result<StatementResult> Session::SelectSnapshot(std::string_view text) {
  MR_TRY(Settle());
  std::vector<query::ViewText> views;
  for (const catalog::EntryPtr& entry : catalog_.AllEntries()) {
    if (entry->kind != catalog::EntryKind::kView || ReadsASource(catalog_, *entry)) continue;
    std::vector<catalog::EntryPtr> order;
    CollectViews(catalog_, *entry, &order);
    order.push_back(entry);
    for (const catalog::EntryPtr& view : order) {
      const std::string name = view->name.ToString();
      if (std::any_of(views.begin(), views.end(), [&](const auto& known) { return known.name == name; }))
        continue;
      views.push_back({name, view->view->current_schema, ToDuckQuoting(view->view->query_text), [&] {
                         std::vector<std::string> columns;
                         for (const data::Field& field : view->schema) columns.push_back(field.name);
                         return columns;
                       }()});
    }
  }
  MR_ASSIGN(query::QueryResult answer, engine_.Run(ToDuckQuoting(text), warehouse_->snapshots(), views,
                                                   catalog_.current_schema(), settings_.time_zone()));
  StatementResult result;
  result.has_rows = true;
  result.schema = std::move(answer.schema);
  result.batches = std::move(answer.batches);
  size_t rows = 0;
  for (const data::Batch& batch : result.batches) rows += batch.rows;
  result.tag = fmt::format("SELECT {}", rows);
  return result;
}

}  // namespace millrace::session
