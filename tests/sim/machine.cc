#include "sim/machine.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "data/batch_builder.h"
#include "plan/planner.h"
#include "sql/parser.h"
#include "state/journal_commit_store.h"
#include "state/state_reader.h"

namespace millrace::sim {
namespace {

constexpr char kFolder[] = "/data";
// Slices at one instant after which nothing is going to come to rest.
constexpr size_t kSlicesMax = 300'000;

data::DataType TypeOf(Type type) {
  switch (type) {
    case Type::kInt:
      return data::DataType::BigInt();
    case Type::kText:
      return data::DataType::String();
    case Type::kTime:
      return data::DataType::Timestamp(3);
  }
  MR_UNREACHABLE();
}

plan::PlanContext ContextFor(const catalog::Settings& settings, std::string_view text) {
  plan::PlanContext context;
  context.settings = settings;
  context.text = text;
  context.source_traits = [](const catalog::TableDefinition& table,
                             const auto&) -> Result<plan::SourceTraits> {
    connectors::TableOptions options;
    options.table = table.name.ToString();
    for (const auto& option : table.options) options.with.emplace_back(option.key, option.value);
    MR_ASSIGN(const auto traits, connectors::DescribeTable(options, dataflow::ColumnsOf(table, nullptr)));
    return plan::SourceTraits{traits.bounded,
                              traits.produces == connectors::ChangelogMode::kAppend
                                  ? plan::ChangelogMode::Append()
                                  : plan::ChangelogMode::Upsert(),
                              std::nullopt};
  };
  return context;
}

std::string TopicOf(const Object& table) {
  return fmt::format("t{}", table.id);
}

Cell CellOf(const data::Column& column, size_t row) {
  if (column.IsNull(row)) return std::nullopt;
  if (column.physical() == data::PhysicalType::kString) {
    const std::string_view text = column.values<data::StringRef>()[row].view();
    int64_t number = -1;
    std::from_chars(text.data() + 1, text.data() + text.size(), number);
    return number;
  }
  const int64_t value = column.values<int64_t>()[row];
  return column.type().ToString().starts_with("TIMESTAMP") ? value / 1000 : value;
}

}  // namespace

data::Batch BatchOf(const std::vector<Column>& columns, const std::vector<Change>& changes) {
  std::vector<data::DataType> types;
  for (const Column& column : columns) types.push_back(TypeOf(column.type));
  data::BatchBuilder builder(types);
  for (const Change& change : changes) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const Cell& cell = change.row[i];
      if (!cell.has_value()) {
        builder.column(i).AppendNull();
      } else if (columns[i].type == Type::kText) {
        builder.column(i).AppendString(fmt::format("w{:05}", *cell));
      } else {
        builder.column(i).Append(columns[i].type == Type::kTime ? *cell * 1000 : *cell);
      }
    }
    builder.FinishRow(change.is_delete ? data::RowKind::kDelete : data::RowKind::kInsert);
  }
  return builder.Build();
}

Machine::Machine(uint64_t seed, connectors::FeedHub* feeds) : world_(seed), feeds_(*feeds) {
  options_.store.folder = std::string(kFolder) + "/state";
  MR_CHECK(world_.files.MakeDirs(kFolder).has_value());
  world_.files.SyncAll();
}

Status Machine::Start(const std::vector<Object>& objects) {
  MR_ASSIGN(commits_, state::OpenJournalCommitStore(world_.env, kFolder));
  MR_ASSIGN(store_, state::CheckpointStore::Open(world_.env, *commits_, options_.store));
  for (const std::string& chapter : store_->Chapters()) {
    uint64_t id = 0;
    std::from_chars(chapter.data() + 1, chapter.data() + chapter.size(), id);
    if (chapter.starts_with('o')) saved_[id] = true;
  }
  const auto on_failure = [this](const Error& error) {
    if (!failure_.has_value()) failure_ = error;
  };
  log::Log::Options log_options;
  log_options.folder = std::string(kFolder) + "/log";
  log_options.metrics = &metrics_;
  log_options.on_failure = on_failure;
  MR_ASSIGN(log_, log::Log::Open(world_.env, std::move(log_options)));
  for (const log::Damage& damage : log_->damage()) {
    return Fail(ErrorCode::kDataCorrupted, "the log is damaged: " + damage.reason);
  }
  durability_.checkpoints = store_.get();
  durability_.log = log_.get();
  durability_.checkpoint_interval_micros = options_.checkpoint_interval_micros;
  durability_.on_failure = on_failure;
  MR_TRY(settings_.Set("parallelism.default", std::to_string(options_.shards)));
  MR_TRY(settings_.Set("millrace.batch.rows", std::to_string(options_.batch_rows)));
  dataflow::Warehouse::Options options;
  options.env = &world_.env;
  options.epoch_interval_micros = options_.epoch_interval_micros;
  options.feeds = &feeds_;
  options.durability = &durability_;
  warehouse_ = std::make_unique<dataflow::Warehouse>(std::move(options));
  for (size_t i = 0; i < objects.size();) {
    std::vector<Object> together = {objects[i++]};
    while (i < objects.size() && together.front().kind == Object::Kind::kView &&
           objects[i].kind == Object::Kind::kView && objects[i].group == together.front().group) {
      together.push_back(objects[i++]);
    }
    MR_TRY(Create(together));
  }
  return warehouse_->FinishRecovery();
}

int64_t Machine::CheckpointEpoch() const {
  const auto text = store_->Metadata("dataflow/epoch");
  int64_t epoch = 0;
  if (text.has_value() && text->has_value()) {
    std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), epoch);
  }
  return epoch;
}

void Machine::Stop() {
  inserts_.clear();
  warehouse_.reset();
  log_.reset();
  store_.reset();
  commits_.reset();
  catalog_ = catalog::Catalog();
  failure_.reset();
  saved_.clear();
}

Status Machine::Create(const std::vector<Object>& objects) {
  switch (objects.front().kind) {
    case Object::Kind::kFeed:
    case Object::Kind::kHttp:
    case Object::Kind::kTable:
      return CreateTable(objects.front());
    case Object::Kind::kView:
      return StartViews(objects);
    case Object::Kind::kInsert:
      return StartInsert(objects.front());
  }
  return {};
}

Status Machine::CreateTable(const Object& object) {
  MR_ASSIGN(const auto statement, sql::ParseStatement(object.sql));
  MR_ASSIGN(const catalog::TableDefinition table,
            plan::BindCreateTable(statement->As<sql::CreateTableStatement>(), catalog_,
                                  ContextFor(settings_, object.sql)));
  if (object.kind != Object::Kind::kFeed) MR_TRY(warehouse_->CreateTable(table, object.id));
  MR_TRY(catalog_.Create(catalog::MakeEntry(table)));
  if (object.kind == Object::Kind::kFeed) return {};
  // So that segments end and go within a run. That may fail as anything may: then they are larger.
  log::TopicSettings settings = log_->FindTopic(TopicOf(object))->settings();
  settings.segment_age_micros = options_.segment_age_micros;
  static_cast<void>(log_->AlterTopic(TopicOf(object), settings));
  return {};
}

std::shared_ptr<dataflow::Ingest> Machine::Ingest(const std::string& table) {
  auto ingest = warehouse_->OpenIngest("public." + table);
  MR_CHECK(ingest.has_value());
  return std::move(*ingest);
}

uint64_t Machine::LoggedRows(const Object& table) const {
  return log_->FindTopic(TopicOf(table))->partition(0).end_offset();
}

uint64_t Machine::GoneRows(const std::string& table) const {
  const auto log = warehouse_->LogOf("public." + table);
  return log.has_value() ? log->start_offset : 0;
}

Status Machine::StartViews(const std::vector<Object>& views) {
  std::vector<dataflow::Warehouse::Request> requests;
  std::vector<catalog::EntryPtr> entries;
  for (const Object& view : views) {
    MR_ASSIGN(const auto statement, sql::ParseStatement(view.sql));
    MR_ASSIGN(plan::PlannedView planned,
              plan::PlanMaterializedView(statement->As<sql::CreateMaterializedViewStatement>(), catalog_,
                                         ContextFor(settings_, view.sql)));
    entries.push_back(planned.entry);
    dataflow::Warehouse::Request request;
    request.query = std::move(planned.query);
    request.settings = settings_;
    request.view = planned.entry->name.ToString();
    request.object_id = view.id;
    request.group_id = view.group;
    requests.push_back(std::move(request));
  }
  MR_TRY(warehouse_->Start(std::move(requests)));
  for (const catalog::EntryPtr& entry : entries) MR_TRY(catalog_.Create(entry));
  return {};
}

Status Machine::StartInsert(const Object& object) {
  MR_ASSIGN(const auto statement, sql::ParseStatement(object.sql));
  dataflow::Warehouse::Request request;
  MR_ASSIGN(request.query, plan::PlanInsert(statement->As<sql::InsertStatement>(), catalog_,
                                            ContextFor(settings_, object.sql)));
  request.settings = settings_;
  request.object_id = object.id;
  request.group_id = object.group;
  std::vector<dataflow::Warehouse::Request> requests;
  requests.push_back(std::move(request));
  MR_ASSIGN(inserts_[object.id], warehouse_->Start(std::move(requests)));
  return {};
}

Status Machine::Drop(const Object& object) {
  if (object.kind == Object::Kind::kInsert) {
    warehouse_->Cancel(inserts_[object.id].get());
    warehouse_->ForgetJob(object.id);
    inserts_.erase(object.id);
    return {};
  }
  const std::string text = fmt::format(
      "DROP {} {}", object.kind == Object::Kind::kView ? "MATERIALIZED VIEW" : "TABLE", object.name);
  MR_ASSIGN(const auto statement, sql::ParseStatement(text));
  const auto& drop = statement->As<sql::DropStatement>();
  MR_ASSIGN(const auto dropped, catalog_.Drop(drop.object, drop.name, false, false));
  for (const catalog::EntryPtr& entry : dropped) warehouse_->Drop(entry->name.ToString());
  return {};
}

void Machine::RunSlices(uint64_t slices) {
  for (; slices > 0 && !has_ended(); --slices) {
    if (!world_.executor.RunOne()) world_.clock.Advance(1'000);
  }
}

bool Machine::RunFor(int64_t micros, int64_t step_micros) {
  const int64_t end = world_.clock.MonotonicMicros() + micros;
  while (true) {
    for (size_t slices = 0; !has_ended() && world_.executor.RunOne(); ++slices) {
      if (slices > kSlicesMax) return false;
    }
    const int64_t left = end - world_.clock.MonotonicMicros();
    if (left <= 0 || has_ended()) return true;
    world_.clock.Advance(std::min(left, step_micros));
  }
}

bool Machine::AwaitEpoch() {
  const auto is_visible = std::make_shared<bool>(false);
  warehouse_->WhenVisible([is_visible] { *is_visible = true; });
  for (size_t i = 0; !*is_visible && !has_ended(); ++i) {
    if (i > kSlicesMax) return false;
    if (!world_.executor.RunOne()) world_.clock.Advance(1'000);
  }
  return true;
}

std::optional<Rows> Machine::Published(const std::string& name) const {
  const auto set = warehouse_->snapshots();
  const auto found = set->tables.find("public." + name);
  if (found == set->tables.end()) return std::nullopt;
  Rows rows;
  for (const tables::ChunkPtr& chunk : found->second->Chunks()) {
    for (size_t i = 0; i < chunk->rows; ++i) {
      Row row;
      for (const auto& column : chunk->columns) row.push_back(CellOf(*column, i));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::map<uint64_t, std::string> Machine::JobErrors() const {
  std::map<uint64_t, std::string> errors;
  for (const auto& job : warehouse_->jobs()) {
    MutexLock lock(job->mutex);
    if (job->error.has_value()) errors[job->objects.front().id] = job->error->ToString();
  }
  return errors;
}

Result<size_t> Machine::SpacesOf(const std::string& prefix) {
  std::set<std::string> spaces;
  for (const std::string& chapter : store_->Chapters()) {
    if (!chapter.starts_with(prefix)) continue;
    const auto source = store_->ReadChapter(chapter);
    state::StateReader reader(source.get());
    state::StateChunk chunk;
    while (true) {
      MR_ASSIGN(const bool has_more, reader.Next(&chunk));
      if (!has_more) break;
      spaces.emplace(chunk.space);
    }
  }
  return spaces.size();
}

std::vector<std::string> Machine::Topics() const {
  std::vector<std::string> names;
  for (const auto& topic : log_->Topics()) names.push_back(topic->name());
  return names;
}

}  // namespace millrace::sim
