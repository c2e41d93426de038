#include "session/instance.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "session/script.h"
#include "session/source_reads.h"

namespace millrace::session {
namespace {

// Views that are not materialized, each behind those it reads.
void CollectViews(const catalog::Catalog& catalog, const catalog::EntryPtr& entry,
                  std::vector<catalog::EntryPtr>* views) {
  if (entry->kind != catalog::EntryKind::kView ||
      std::find(views->begin(), views->end(), entry) != views->end()) {
    return;
  }
  for (const catalog::ObjectName& name : entry->dependencies) {
    if (const catalog::EntryPtr other = catalog.Find(name); other != nullptr)
      CollectViews(catalog, other, views);
  }
  views->push_back(entry);
}

// The text with what it names by InnerName.
std::string InnerText(const catalog::ViewDefinition& view) {
  std::string text;
  size_t at = 0;
  for (const auto& reference : view.references) {
    text += view.query_text.substr(at, reference.begin - at) + query::InnerName(reference.name.ToString());
    at = reference.end;
  }
  return text + view.query_text.substr(at);
}

query::ViewSetPtr ViewsOf(const catalog::Catalog& catalog, int64_t version) {
  std::vector<catalog::EntryPtr> entries;
  for (const catalog::EntryPtr& entry : catalog.AllEntries()) {
    if (!ReadsASource(catalog, *entry)) CollectViews(catalog, entry, &entries);
  }
  auto set = std::make_shared<query::ViewSet>();
  set->version = version;
  for (const catalog::EntryPtr& entry : entries) {
    const Result<std::string> text = ToDuckQuoting(InnerText(*entry->view));
    MR_CHECK(text.has_value());  // it was parsed when the view was made
    query::ViewText view{entry->name.ToString(), entry->view->current_schema, *text, {}, {}};
    for (const catalog::ObjectName& name : entry->dependencies) view.reads.push_back(name.ToString());
    for (const data::Field& field : entry->schema) view.columns.push_back(field.name);
    set->views.push_back(std::move(view));
  }
  return set;
}

}  // namespace

Instance::Instance(InstanceOptions options)
    : options_(std::move(options)),
      started_micros_(options_.env->clock->NowMicros()),
      timers_(options_.env->executor->MakePool("timers", 1)),
      roles_(options_.roles),
      queries_(options_.queries) {
  dataflow::Warehouse::Options warehouse;
  warehouse.env = options_.env;
  warehouse.threads = options_.threads;
  warehouse.epoch_interval_micros = catalog::Settings().epoch_interval_micros();
  warehouse.feeds = options_.test_feeds ? &feeds() : nullptr;
  warehouse.standard_output = options_.standard_output;
  warehouse.standard_error = options_.standard_error;
  warehouse.whole_files = &parquet_;
  warehouse.metrics = options_.metrics;
  warehouse.held_bytes_max = options_.held_bytes_max;
  if (options_.data != nullptr) {
    durability_.checkpoints = &options_.data->checkpoints();
    durability_.log = &options_.data->log();
    durability_.checkpoint_interval_micros = options_.checkpoint_interval_micros;
    durability_.on_failure = options_.data->on_failure();
    warehouse.durability = &durability_;
  }
  warehouse_ = std::make_unique<dataflow::Warehouse>(std::move(warehouse));
}

Instance::~Instance() = default;

Status Instance::Start() {
  catalog::Settings settings;
  for (const auto& [key, value] : options_.settings) MR_TRY(settings.Set(key, value));
  warehouse_->SetEpochInterval(settings.epoch_interval_micros());
  {
    CatalogChange change(this, std::string(catalog::kDefaultSchema));
    for (const auto& [table, comment] : warehouse_->system_tables()) {
      MR_TRY(change.catalog().AddSystemTable(table->name.substr(4), *table->schema, comment));
    }
    MR_TRY(change.Commit());
  }
  return options_.data == nullptr ? Status{} : Recover();
}

query::SnapshotDatabase& Instance::QueriesOf(const std::string& role) {
  const std::optional<int64_t> bytes = role.empty() ? std::nullopt : roles_.LimitsOf(role).memory_bytes;
  if (!bytes.has_value()) return queries_;
  MutexLock lock(mutex_);
  LimitedQueries& limited = limited_queries_[role];
  if (limited.database == nullptr || limited.memory_bytes != *bytes) {
    if (limited.database != nullptr) replaced_queries_.push_back(std::move(limited.database));
    query::EngineLimits limits = options_.queries;
    limits.memory = fmt::format("{}B", *bytes);
    limited.memory_bytes = *bytes;
    limited.database = std::make_unique<query::SnapshotDatabase>(std::move(limits));
  }
  return *limited.database;
}

CatalogVersionPtr Instance::catalog() const {
  MutexLock lock(mutex_);
  return catalog_;
}

CatalogChange::CatalogChange(Instance* instance, const std::string& current_schema)
    : instance_(*instance),
      lock_(instance->change_mutex_),
      version_(std::make_shared<CatalogVersion>(*instance->catalog())) {
  version_->catalog.SetCurrentSchema(current_schema);
}

Status CatalogChange::Save() {
  MR_TRY(instance_.Save(records_, objects_));
  records_ = {};
  objects_ = {};
  return {};
}

void CatalogChange::Publish() {
  ++version_->number;
  version_->views = ViewsOf(version_->catalog, version_->number);
  MutexLock lock(instance_.mutex_);
  instance_.catalog_ = version_;
}

Status CatalogChange::Commit() {
  MR_TRY(Save());
  Publish();
  return {};
}

}  // namespace millrace::session
