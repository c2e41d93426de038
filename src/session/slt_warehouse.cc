#include "session/slt_warehouse.h"

#include <algorithm>

#include "base/limits.h"
#include "session/durable_catalog.h"

namespace millrace::session {
namespace {

constexpr std::string_view kShardsKey = "parallelism.default";
// Only those checkpoints are taken that a restart asks for.
constexpr int64_t kNeverMicros = limits::kCheckpointMicrosMax;
constexpr int64_t kSaveMicros = 60'000'000;

void SetValue(std::vector<std::pair<std::string, std::string>>* settings, std::string_view key,
              const std::string& value) {
  std::erase_if(*settings, [&](const auto& setting) { return setting.first == key; });
  settings->emplace_back(key, value);
}

}  // namespace

SltWarehouse::SltWarehouse(const env::Env& env, const SltMode& mode, uint64_t seed)
    : mode_(mode),
      clock_(*env.clock),
      executor_(clock_),
      env_(env),
      disk_(clock_, seed),
      disk_env_(env),
      random_(seed) {
  env_.clock = disk_env_.clock = &clock_;
  env_.executor = disk_env_.executor = &executor_;
  disk_env_.files = &disk_;
}

SltWarehouse::~SltWarehouse() = default;

Status SltWarehouse::Open() {
  if (mode_.restarts) MR_TRY(OpenFolder());
  MR_TRY(OpenInstance());
  return session_->Start();
}

Status SltWarehouse::OpenFolder() {
  DataFolderOptions options;
  options.path = "/data";
  options.journal = true;
  options.metrics = &metrics_;
  options.on_failure = [](const Error&) {};  // the statement that needed it fails
  MR_ASSIGN(folder_, DataFolder::Open(disk_env_, std::move(options)));
  return {};
}

Status SltWarehouse::OpenInstance() {
  InstanceOptions options;
  options.env = &env_;
  options.threads = mode_.threads;
  options.test_feeds = true;
  options.feeds = &feeds_;
  options.standard_output = &printed_;
  options.standard_error = &printed_;
  options.settings = mode_.settings;
  if (has_other_shards_) SetValue(&options.settings, kShardsKey, std::to_string(mode_.other_shards));
  options.queries.threads = mode_.threads;
  options.data = folder_.get();
  options.checkpoint_interval_micros = kNeverMicros;
  instance_ = std::make_unique<Instance>(std::move(options));
  MR_TRY(instance_->Start());
  session_ = std::make_unique<Session>(instance_.get(), SessionOptions{.script = true, .keeps = true});
  return {};
}

Status SltWarehouse::Restart(bool saved) {
  if (HasTemporaries()) return {};
  // A failure of a job is told by the record that comes; what there is can be saved all the same.
  if (saved) {
    MR_TRY(session_->Settle());
    if (random_.Chance(0.5)) MR_TRY(instance_->ForgetEndedJobs());
    MR_TRY(instance_->warehouse().Checkpoint(kSaveMicros));
  }
  Session::State state = session_->state();
  session_.reset();
  instance_.reset();
  folder_.reset();
  if (!saved && random_.Chance(0.5)) disk_.Restore(random_);
  MR_TRY(OpenFolder());
  if (mode_.other_shards > 0) {
    has_other_shards_ = !has_other_shards_;
    const std::string shards = std::to_string(has_other_shards_ ? mode_.other_shards : 1);
    MR_TRY(state.settings.Set(kShardsKey, shards));
    MR_TRY(Rescale(shards));
  }
  MR_TRY(OpenInstance());
  MR_TRY(session_->Start());
  return session_->Continue(std::move(state));
}

Status SltWarehouse::Rescale(const std::string& shards) {
  MR_ASSIGN(const auto catalog, DurableCatalog::Open(&folder_->commits(), [](const Error&) {}));
  RecordChanges changes{.put = catalog->records(), .removed = {}};
  for (StatementRecord& record : changes.put) SetValue(&record.settings, kShardsKey, shards);
  return changes.put.empty() ? Status{} : catalog->Commit(changes);
}

bool SltWarehouse::HasTemporaries() {
  return std::ranges::any_of(session_->catalog().AllEntries(),
                             [](const catalog::EntryPtr& entry) { return entry->temporary; });
}

}  // namespace millrace::session
