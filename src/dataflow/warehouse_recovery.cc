// What of a Warehouse outlives the process: recovery, checkpoints, what is kept and what is forgotten.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "connectors/stream/stream_log.h"
#include "dataflow/warehouse.h"
#include "log/log.h"
#include "plan/planner.h"

namespace millrace::dataflow {
namespace {

std::string TargetOf(const Warehouse::Request& request) {
  const auto* sink = request.query.root->AsIf<plan::SinkNode>();
  return sink != nullptr ? sink->entry->name.ToString() : request.view;
}

// The stored tables that a plan reads.
void AddInputs(const plan::PlanNode& node, std::set<std::string>* inputs) {
  if (const auto* scan = node.AsIf<plan::TableScanNode>()) inputs->insert(scan->entry->name.ToString());
  for (const auto& input : node.inputs) AddInputs(*input, inputs);
}

std::set<std::string> InputsOf(const plan::PlannedQuery& query) {
  std::set<std::string> inputs;
  AddInputs(*query.root, &inputs);
  return inputs;
}

// How often somebody who waits looks at the clock.
constexpr int64_t kAskMicros = 20'000;

}  // namespace

Status Warehouse::FinishRecovery() {
  MR_CHECK(coordinator_.is_recovering());
  MutexLock lock(mutex_);
  std::set<std::string> owners = {std::string(kSystemOwner)};
  for (const auto& [object, group] : object_groups_) {
    owners.insert(ObjectOwner(object));
    owners.insert(GroupOwner(group));
  }
  coordinator_.checkpointer()->KeepOnly(owners);
  MR_TRY(DropUnusedTopics());
  // Every reader has set its pin.
  if (options_.durability->log != nullptr) options_.durability->log->StartRetention();
  MR_TRY(coordinator_.EndRecovery());
  for (auto& [job, running] : jobs_) {
    for (const auto& task : running.tasks) pool_->Wake(*task);
  }
  return {};
}

// Those of tables and queries whose DROP was interrupted: their numbers will not be used again.
Status Warehouse::DropUnusedTopics() {
  log::Log* log = options_.durability->log;
  if (log == nullptr) return {};
  std::set<std::string> used;
  {
    MutexLock lock(ingest_mutex_);
    for (const auto& [name, ingest] : ingests_) {
      if (const auto& row_log = ingest->point().row_log(); row_log != nullptr) used.insert(row_log->topic());
    }
  }
  for (const auto& [topic, group] : stream_topics_) used.insert(topic);
  for (const auto& topic : log->Topics()) {
    const bool is_ours =
        connectors::RowLog::IsTopicOfTable(topic->name()) || connectors::IsStreamTopic(topic->name());
    if (is_ours && !used.contains(topic->name())) MR_TRY(log->DropTopic(topic->name()));
  }
  return {};
}

Status Warehouse::Checkpoint(int64_t micros) {
  Checkpointer* checkpointer = coordinator_.checkpointer();
  if (checkpointer == nullptr) {
    return Fail(ErrorCode::kNotSupported, "nothing outlives this process: there are no checkpoints",
                "start it with --data DIR");
  }
  const int64_t until = options_.env->clock->MonotonicMicros() + micros;
  const int64_t request = checkpointer->Request();
  while (true) {
    const int64_t left = until - options_.env->clock->MonotonicMicros();
    if (checkpointer->Await(request, std::clamp<int64_t>(left, 0, kAskMicros))) return {};
    MR_TRY(checkpointer->store().status());
    if (left > 0) continue;
    return Fail(ErrorCode::kCancelled, fmt::format("no checkpoint was made within {} ms", micros / 1000));
  }
}

Status Warehouse::AddDurable(const std::string& name, uint64_t group_id, DurableObject object, Job* job) {
  if (const Status fits = coordinator_.checkpointer()->CheckPlan(object); !fits.has_value()) {
    return std::unexpected(fits.error().Within(name));
  }
  object_groups_[object.id] = group_id;
  job->groups.insert(group_id);
  job->objects.push_back(std::move(object));
  return {};
}

Status Warehouse::MakeDurable(const Request& request, Job* job) {
  MR_TRY(CheckNoCycle(request));
  const std::string plan = plan::Explain(request.query, plan::Spreading(1, {}));
  MR_TRY(AddDurable(TargetOf(request), request.group_id, {request.object_id, plan}, job));
  job->inputs.merge(InputsOf(request.query));
  if (request.view.empty()) return {};
  object_ids_[request.view] = request.object_id;
  job->views.insert(request.view);
  return {};
}

Result<std::optional<Error>> Warehouse::SavedFailure(const std::vector<Request>& requests) const {
  if (!is_durable()) return std::nullopt;
  for (const Request& request : requests) {
    if (request.object_id == 0) continue;
    MR_ASSIGN(const auto message, coordinator_.checkpointer()->FailureOf(request.object_id));
    if (message.has_value()) return Error(ErrorCode::kInternal, *message);
  }
  return std::nullopt;
}

std::shared_ptr<Job> Warehouse::AddFailedJob(const std::vector<Request>& requests, Error error) {
  auto job = MakeJob();
  job->name = requests.front().job_name;
  for (const Request& request : requests) {
    job->objects.push_back({request.object_id, {}});
    object_groups_[request.object_id] = request.group_id;
  }
  {
    MutexLock lock(job->mutex);
    job->error = std::move(error);
    job->error_told = true;
  }
  job->is_broken = true;
  job->cancelled.store(true);
  system_.AddJob(job);
  job_list_.push_back(job);
  return job;
}

bool Warehouse::HadEnded(const std::vector<Request>& requests) const {
  return is_durable() && !requests.empty() &&
         std::all_of(requests.begin(), requests.end(), [&](const Request& request) {
           // A sink may have something to finish.
           const auto* sink = request.query.root->AsIf<plan::SinkNode>();
           if (sink != nullptr && !sink->entry->table->connector().empty()) return false;
           return request.object_id != 0 && coordinator_.checkpointer()->HasEnded(request.object_id);
         });
}

Result<std::shared_ptr<Job>> Warehouse::AddEndedJob(std::vector<Request> requests) {
  RunningJob running;
  running.job = MakeJob();
  running.job->name = requests.front().job_name;
  std::vector<std::unique_ptr<StoredTable>> tables;
  for (Request& request : requests) {
    MR_TRY(MakeDurable(request, running.job.get()));
    if (!request.view.empty()) {
      const plan::Spreading spreading(request.settings.shards(), LockedEnvironment().spread_of);
      auto table = MakeResultTable(request.view, request.query, spreading);
      for (size_t part = 0; part < table->parts.size(); ++part) {
        MR_TRY(
            RestoreOwner(OwnerOfPart(request.object_id, *table, part), coordinator_.checkpointer()->store()));
        table->parts[part]->Watermark(data::kMaxWatermark);
        table->parts[part]->End();
      }
      tables.push_back(std::move(table));
    }
    running.requests.push_back(std::make_unique<Request>(std::move(request)));
  }
  coordinator_.BetweenEpochs([&] {
    for (const auto& table : tables) coordinator_.AddTable(table.get());
  });
  for (auto& table : tables) {
    const std::string name = table->name;
    tables_[name] = std::move(table);
  }
  const std::shared_ptr<Job> job = running.job;
  system_.AddJob(job);
  job_list_.push_back(job);
  jobs_[job.get()] = std::move(running);
  return job;
}

Status Warehouse::CheckNoCycle(const Request& request) const {
  const auto* sink = request.query.root->AsIf<plan::SinkNode>();
  if (sink == nullptr) return {};
  const std::string target = sink->entry->name.ToString();
  for (const std::string& name : InputsOf(request.query)) {
    if (!Flows(target, name)) continue;
    return Fail(ErrorCode::kNotSupported,
                fmt::format("the INSERT writes into {}, from which comes what it reads ({})", target, name),
                "rows that go in a circle cannot be kept with --data; break the circle with another table");
  }
  return {};
}

bool Warehouse::Flows(const std::string& from, const std::string& to) const {
  std::set<std::string> reached = {from};
  std::vector<std::string> pending = {from};
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    for (const auto& [job, running] : jobs_) {
      for (const auto& request : running.requests) {
        if (!InputsOf(request->query).contains(name)) continue;
        const std::string target = TargetOf(*request);
        if (reached.insert(target).second) pending.push_back(target);
      }
    }
  }
  return reached.contains(to);
}

void Warehouse::ForgetDurable(uint64_t object_id) {
  const auto found = object_groups_.find(object_id);
  if (found == object_groups_.end()) return;
  const uint64_t group = found->second;
  object_groups_.erase(found);
  coordinator_.checkpointer()->DropOwner(ObjectOwner(object_id));
  const bool is_last = std::none_of(object_groups_.begin(), object_groups_.end(),
                                    [&](const auto& other) { return other.second == group; });
  if (!is_last) return;
  coordinator_.checkpointer()->DropOwner(GroupOwner(group));
  kept_pins_.erase(group);
  std::erase_if(stream_topics_, [&](const auto& entry) MR_REQUIRES(mutex_) {
    if (entry.second != group) return false;
    forgotten_topics_.insert(entry.first);
    return true;
  });
}

void Warehouse::DropStreamTopics() {
  std::erase_if(forgotten_topics_, [&](const std::string& topic) MR_REQUIRES(mutex_) {
    for (const auto& [job, running] : jobs_) {
      const bool is_used = std::ranges::any_of(
          running.sources, [&](const SourceTask* source) { return source->log_topic() == topic; });
      if (is_used) return false;
    }
    // One that cannot be dropped now will be at the next start.
    static_cast<void>(options_.durability->log->DropTopic(topic));
    return true;
  });
}

void Warehouse::KeepPins(const RunningJob& running) {
  if (running.job->objects.empty()) return;
  const uint64_t group = object_groups_[running.job->objects.front().id];
  KeptPins kept{running.job, {}};
  for (const SourceTask* source : running.sources) {
    if (source->pin() != nullptr) kept.pins.push_back(source->pin());
    if (!source->log_topic().empty()) stream_topics_[source->log_topic()] = group;
  }
  if (!kept.pins.empty()) kept_pins_[group] = std::move(kept);
}

void Warehouse::ReleasePins() {
  std::erase_if(kept_pins_, [&](const auto& entry) MR_REQUIRES(mutex_) {
    const Job& job = *entry.second.job;
    if (job.live_tasks.load() > 0) return false;
    // An INSERT that has ended goes with its record in the catalog.
    const bool are_views = job.views.size() == job.objects.size();
    return std::ranges::all_of(job.objects, [&](const DurableObject& object) {
      const Checkpointer& checkpointer = *coordinator_.checkpointer();
      if (are_views && checkpointer.HasEnded(object.id)) return true;
      const auto failure = checkpointer.FailureOf(object.id);
      return failure.has_value() && failure->has_value();
    });
  });
}

void Warehouse::ForgetJob(uint64_t object_id) {
  MutexLock lock(mutex_);
  ForgetDurable(object_id);
}

}  // namespace millrace::dataflow
