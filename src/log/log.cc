#include "log/log.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "env/fault_points.h"
#include "log/partition_writer.h"
#include "log/recovery.h"
#include "log/topic_file.h"

namespace millrace::log {

namespace {

constexpr std::string_view kTopicPrefix = "topic-";
constexpr std::string_view kCreatingPrefix = "creating-";
constexpr std::string_view kDroppedPrefix = "dropped-";

// The number in "<prefix><digits>".
std::optional<uint32_t> NumberIn(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

Error LogClosed() {
  return Error(ErrorCode::kAdminShutdown, "the log has been closed");
}

}  // namespace

Log::Log(const env::Env& env, Options options)
    : env_(env),
      options_(std::move(options)),
      metrics_(*options_.metrics),
      health_([this](const Error& error) {
        metrics_.failed.Set(1);
        WakeAll();
        if (options_.on_failure) options_.on_failure(error);
      }),
      pool_(env.executor->MakePool("log", options_.threads)) {}

Result<std::unique_ptr<Log>> Log::Open(const env::Env& env, Options options) {
  std::unique_ptr<Log> log(new Log(env, std::move(options)));
  MR_TRY(log->Recover());
  return log;
}

Log::~Log() {
  pool_->Stop();
  for (PartitionWriter* writer : Writers()) writer->Abandon(LogClosed());
}

std::vector<PartitionWriter*> Log::Writers() const {
  std::vector<PartitionWriter*> writers;
  MutexLock lock(topics_mutex_);
  for (const auto& [name, entry] : topics_) {
    for (const auto& writer : entry.writers) writers.push_back(writer.get());
  }
  return writers;
}

Status Log::Close() {
  MutexLock ddl(ddl_mutex_);
  if (std::exchange(is_closed_, true)) return Ok();
  for (const std::shared_ptr<Topic>& topic : Topics()) {
    for (const auto& partition : topic->partitions_) partition->StopTaking(LogClosed());
  }
  pool_->WaitIdle();
  pool_->Stop();
  Status status = Ok();
  // Without the lock of the topics: what they call may ask for it.
  for (PartitionWriter* writer : Writers()) {
    const Status finished = writer->Finish();
    if (!finished && status) status = finished;
    writer->Abandon(LogClosed());
  }
  return status;
}

// ----------------------------------------------------------------------------------------------- recovery

std::string Log::FolderOf(std::string_view prefix, uint32_t number) const {
  return env::JoinPath(options_.folder, fmt::format("{}{:010}", prefix, number));
}

Status Log::SyncFolder(const std::string& folder) {
  Status synced = env_.files->SyncDir(folder);
  if (!synced) health_.Fail(synced.error());
  return synced;
}

Status Log::Recover() {
  MutexLock ddl(ddl_mutex_);
  MR_TRY(env_.files->MakeDirs(options_.folder));
  MR_TRY(SyncFolder(env::DirName(options_.folder)));
  MR_ASSIGN(const std::vector<env::DirEntry> entries, env_.files->List(options_.folder));
  MR_TRY(RemoveLeftovers(entries));
  std::vector<FoundTopic> topics;
  for (const env::DirEntry& entry : entries) {
    for (const std::string_view prefix : {kTopicPrefix, kCreatingPrefix, kDroppedPrefix}) {
      const std::optional<uint32_t> number = NumberIn(entry.name, prefix);
      if (number) next_topic_ = std::max(next_topic_, *number + 1);
    }
    const std::optional<uint32_t> number = NumberIn(entry.name, kTopicPrefix);
    if (!number) continue;
    const std::string folder = env::JoinPath(options_.folder, entry.name);
    MR_ASSIGN(FoundTopic topic, FindTopicIn(env_, folder));
    if (topic.file.number != *number) {
      return Fail(ErrorCode::kDataCorrupted,
                  fmt::format("the folder '{}' has the file of topic {}", folder, topic.file.number));
    }
    topics.push_back(std::move(topic));
  }
  // The process before may have made names and not come to make them durable.
  MR_TRY(SyncFolder(options_.folder));
  MR_TRY(CutUndecided(env_, health_, &topics));
  uint64_t last_transaction = 0;
  for (FoundTopic& topic : topics) {
    for (const FoundPartition& partition : topic.partitions) {
      last_transaction = std::max(last_transaction, partition.last_transaction);
    }
    MR_TRY(AddTopic(std::move(topic)));
  }
  MutexLock lock(transaction_mutex_);
  last_transaction_ = last_transaction;
  return Ok();
}

Status Log::RemoveLeftovers(const std::vector<env::DirEntry>& entries) {
  bool any = false;
  for (const env::DirEntry& entry : entries) {
    if (!NumberIn(entry.name, kCreatingPrefix) && !NumberIn(entry.name, kDroppedPrefix)) continue;
    MR_TRY(env_.files->RemoveTree(env::JoinPath(options_.folder, entry.name)));
    any = true;
  }
  return any ? SyncFolder(options_.folder) : Ok();
}

Result<std::shared_ptr<Topic>> Log::AddTopic(FoundTopic found) {
  const auto state = std::make_shared<TopicState>(found.file.number, found.file.name,
                                                  found.file.created_micros, found.file.settings, metrics_);
  Entry entry;
  entry.folder = found.folder;
  // The topic file may have been renamed by a process that did not come to make that durable.
  MR_TRY(SyncFolder(found.folder));
  std::vector<std::shared_ptr<Partition>> partitions;
  for (size_t i = 0; i < found.partitions.size(); ++i) {
    FoundPartition& place = found.partitions[i];
    const std::string folder = PartitionFolder(found.folder, i);
    const Participant identity = {found.file.number, static_cast<uint32_t>(i)};
    MR_ASSIGN(WriterStart start, ContinuePartition(env_, health_, folder, identity, &place));
    auto partition = std::make_shared<Partition>(env_, state, static_cast<int>(i), health_);
    for (const BatchIdNote& note : place.ids) {
      state->ids().Remember(note.id, {.partition = static_cast<int>(i),
                                      .base_offset = note.base_offset,
                                      .record_count = note.record_count,
                                      .append_micros = note.append_micros});
    }
    partition->SetSegments(std::move(place.segments), place.end_offset);
    for (const Damage& damage : partition->damage()) {
      state->metrics().lost_records.Increment(damage.end_offset - damage.first_offset);
    }
    auto writer = std::make_unique<PartitionWriter>(env_, health_, *pool_, metrics_, *partition, folder,
                                                    std::move(start));
    partition->SetWriter([pool = pool_.get(), task = writer.get()] { pool->Wake(*task); });
    entry.writers.push_back(std::move(writer));
    partitions.push_back(std::move(partition));
  }
  entry.topic = std::make_shared<Topic>(state, std::move(partitions));
  const std::shared_ptr<Topic> topic = entry.topic;
  MutexLock lock(topics_mutex_);
  const auto [place, is_new] = topics_.try_emplace(topic->name(), std::move(entry));
  if (!is_new) {
    return Fail(ErrorCode::kDataCorrupted, fmt::format("'{}' and '{}' are both topic '{}'",
                                                       place->second.folder, found.folder, topic->name()));
  }
  // Also so that it sets its alarm.
  for (const auto& partition : topic->partitions_) partition->WakeWriter();
  if (retention_started_) {
    for (const auto& writer : place->second.writers) writer->EnableRetention();
  }
  return topic;
}

void Log::WakeAll() {
  MutexLock lock(topics_mutex_);
  for (auto& [name, entry] : topics_) {
    for (const auto& partition : entry.topic->partitions_) partition->WakeWriter();
  }
}

// ------------------------------------------------------------------------------------------------- topics

Status Log::CheckOpen() {
  if (is_closed_) return std::unexpected(LogClosed());
  return health_.Check();
}

Status Log::MakeTopicFolder(const std::string& folder, const TopicFile& topic) {
  uint64_t last_transaction;
  {
    MutexLock lock(transaction_mutex_);
    last_transaction = last_transaction_;
  }
  for (int i = 0; i < topic.settings.partitions; ++i) {
    const std::string partition_folder = PartitionFolder(folder, static_cast<size_t>(i));
    MR_TRY(env_.files->MakeDirs(partition_folder));
    const SegmentHeader header = NewSegmentHeader(env_, {topic.number, static_cast<uint32_t>(i)}, 0,
                                                  last_transaction, std::numeric_limits<int64_t>::min());
    MR_ASSIGN(const std::unique_ptr<SegmentWriter> file,
              SegmentWriter::Create(env_, health_, partition_folder, header));
  }
  return WriteTopicFile(env_, health_, folder, topic);
}

Result<std::shared_ptr<Topic>> Log::CreateTopic(const std::string& name, const TopicSettings& settings) {
  MR_TRY(CheckTopicName(name));
  MR_TRY(CheckSettings(settings));
  MutexLock ddl(ddl_mutex_);
  MR_TRY(CheckOpen());
  if (FindTopic(name) != nullptr) {
    return Fail(ErrorCode::kDuplicateObject, fmt::format("the log has a topic '{}' already", name));
  }
  if (Topics().size() >= limits::kLogTopicsMax) {
    return Fail(ErrorCode::kConfigurationLimitExceeded,
                fmt::format("the log has {} topics, which is the most", limits::kLogTopicsMax));
  }
  const uint32_t number = next_topic_++;
  const TopicFile file = {number, name, env_.clock->NowMicros(), settings};
  const std::string creating = FolderOf(kCreatingPrefix, number);
  const std::string folder = FolderOf(kTopicPrefix, number);
  const auto make = [&]() -> Status {
    MR_TRY(MakeTopicFolder(creating, file));
    MR_TRY(env_.faults->Reach("log.topic.create"));
    return env_.files->Rename(creating, folder);
  };
  const Status made = make();
  if (!made) {
    static_cast<void>(env_.files->RemoveTree(creating));
    return std::unexpected(made.error());
  }
  const auto add = [&]() -> Result<std::shared_ptr<Topic>> {
    MR_TRY(SyncFolder(options_.folder));
    MR_TRY(env_.faults->Reach("log.topic.created"));
    MR_ASSIGN(FoundTopic found, FindTopicIn(env_, folder));
    return AddTopic(std::move(found));
  };
  auto added = add();
  if (!added && !health_.HasFailed()) {
    // It must not be there twice when it is tried again.
    const Status undone = env_.files->Rename(folder, FolderOf(kDroppedPrefix, number));
    if (!undone) health_.Fail(undone.error());
    static_cast<void>(SyncFolder(options_.folder));
  }
  return added;
}

void Log::Retire(Entry& entry, const Error& reason) {
  for (size_t i = 0; i < entry.writers.size(); ++i) {
    entry.topic->partitions_[i]->StopTaking(reason);
    pool_->Retire(*entry.writers[i]);
    entry.writers[i]->Abandon(reason);
  }
}

Status Log::DropTopic(const std::string& name) {
  MutexLock ddl(ddl_mutex_);
  MR_TRY(CheckOpen());
  Entry* entry = nullptr;
  {
    // Under ddl_mutex_ nobody else removes it.
    MutexLock lock(topics_mutex_);
    const auto found = topics_.find(name);
    if (found == topics_.end()) {
      return Fail(ErrorCode::kUndefinedObject, fmt::format("the log has no topic '{}'", name));
    }
    entry = &found->second;
  }
  Retire(*entry, Error(ErrorCode::kUndefinedObject, fmt::format("topic '{}' has been dropped", name)));
  const std::string dropped = FolderOf(kDroppedPrefix, entry->topic->state_->number());
  MR_TRY(env_.faults->Reach("log.topic.drop"));
  MR_TRY(env_.files->Rename(entry->folder, dropped));
  MR_TRY(SyncFolder(options_.folder));
  {
    MutexLock lock(topics_mutex_);
    topics_.erase(name);
  }
  MR_TRY(env_.faults->Reach("log.topic.dropped"));
  // What cannot be removed now will be at the next start.
  static_cast<void>(env_.files->RemoveTree(dropped));
  return Ok();
}

Status Log::AlterTopic(const std::string& name, const TopicSettings& settings) {
  MR_TRY(CheckSettings(settings));
  MutexLock ddl(ddl_mutex_);
  MR_TRY(CheckOpen());
  const std::shared_ptr<Topic> topic = FindTopic(name);
  if (topic == nullptr)
    return Fail(ErrorCode::kUndefinedObject, fmt::format("the log has no topic '{}'", name));
  TopicState& state = *topic->state_;
  if (settings.partitions != topic->partitions()) {
    return Fail(ErrorCode::kNotSupported, fmt::format("topic '{}' has {} partitions, which cannot be changed",
                                                      name, topic->partitions()));
  }
  const TopicFile file = {state.number(), name, state.created_micros(), settings};
  MR_TRY(WriteTopicFile(env_, health_, FolderOf(kTopicPrefix, state.number()), file));
  state.SetSettings(settings);
  return Ok();
}

std::shared_ptr<Topic> Log::FindTopic(std::string_view name) const {
  MutexLock lock(topics_mutex_);
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : found->second.topic;
}

std::vector<std::shared_ptr<Topic>> Log::Topics() const {
  std::vector<std::shared_ptr<Topic>> topics;
  MutexLock lock(topics_mutex_);
  for (const auto& [name, entry] : topics_) topics.push_back(entry.topic);
  return topics;
}

void Log::StartRetention() {
  MutexLock lock(topics_mutex_);
  retention_started_ = true;
  for (auto& [name, entry] : topics_) {
    for (const auto& writer : entry.writers) writer->EnableRetention();
  }
}

std::vector<Damage> Log::damage() const {
  std::vector<Damage> all;
  for (const auto& topic : Topics()) {
    for (const auto& partition : topic->partitions_) {
      const std::vector<Damage> damage = partition->damage();
      all.insert(all.end(), damage.begin(), damage.end());
    }
  }
  return all;
}

Status Log::Verify() {
  ReadBatch batch;
  for (const auto& topic : Topics()) {
    for (const auto& partition : topic->partitions_) {
      const std::unique_ptr<Reader> reader = partition->NewReader(partition->start_offset(), nullptr);
      for (;;) {
        const Result<bool> next = reader->Next(&batch);
        if (next && !*next) break;
        if (next) continue;
        const ErrorCode code = next.error().code();
        if (code != ErrorCode::kDataCorrupted && code != ErrorCode::kDataExpired) {
          return std::unexpected(next.error());
        }
        reader->Seek(reader->resume_offset());
      }
    }
  }
  return Ok();
}

// ------------------------------------------------------------------------------------------- transactions

Status Log::CheckParts(const std::vector<Part>& parts) {
  const auto fail = [](std::string_view what) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("an append to several partitions {}", what));
  };
  if (parts.empty()) return fail("has no parts");
  if (parts.size() > limits::kLogParticipantsMax) return fail("has too many parts");
  for (const Part& part : parts) {
    MR_TRY(CheckAppend(part.batch));
    if (!part.batch.id.empty()) return fail("has a batch with an id");
    const auto same = [&](const Part& other) { return other.partition == part.partition; };
    if (std::ranges::count_if(parts, same) > 1) return fail("has two batches for one partition");
  }
  return Ok();
}

Result<Admission> Log::AppendOne(Part& part, AppendAllDone* done, const std::function<void()>& wake) {
  // `done` stays the caller's unless the append is taken.
  const auto held = std::make_shared<AppendAllDone>(std::move(*done));
  AppendDone one = [held](Result<AppendResult> result) {
    if (result) {
      (*held)(std::vector<AppendResult>{*result});
    } else {
      (*held)(std::unexpected(result.error()));
    }
  };
  auto admission = part.partition->TryAppend(&part.batch, &one, wake);
  if (!admission || *admission != Admission::kTaken) *done = std::move(*held);
  return admission;
}

Result<Admission> Log::TryAppendAll(std::vector<Part>* parts, AppendAllDone* done,
                                    const std::function<void()>& wake) {
  MR_TRY(CheckParts(*parts));
  if (parts->size() == 1) return AppendOne(parts->front(), done, wake);
  std::vector<std::shared_ptr<Partition>> partitions;
  std::vector<Participant> participants;
  for (const Part& part : *parts) {
    const Result<Admission> admission = part.partition->Reserve(RoomOf(part.batch), wake);
    if (!admission || *admission != Admission::kTaken) {
      for (size_t i = 0; i < partitions.size(); ++i) partitions[i]->ReleaseRoom(RoomOf((*parts)[i].batch));
      return admission;
    }
    partitions.push_back(part.partition->shared_from_this());
    participants.push_back(
        {part.partition->topic().number(), static_cast<uint32_t>(part.partition->index())});
  }
  std::vector<PendingAppend> appends(parts->size());
  for (size_t i = 0; i < appends.size(); ++i) {
    AppendBatch& batch = (*parts)[i].batch;
    appends[i].part = i;
    appends[i].bytes = RoomOf(batch);
    appends[i].encoded =
        EncodeAppend(std::move(batch), partitions[i]->topic().settings().codec, participants);
  }
  Start(std::move(appends), partitions, std::move(*done));
  return Admission::kTaken;
}

void Log::Start(std::vector<PendingAppend> appends, const std::vector<std::shared_ptr<Partition>>& partitions,
                AppendAllDone done) {
  const auto wake = [partitions] {
    for (const auto& partition : partitions) partition->WakeWriter();
  };
  std::shared_ptr<Transaction> transaction;
  std::vector<size_t> refused;
  {
    MutexLock lock(transaction_mutex_);
    transaction = std::make_shared<Transaction>(++last_transaction_, appends.size(), wake, std::move(done));
    for (size_t i = 0; i < appends.size(); ++i) {
      appends[i].transaction = transaction;
      if (!partitions[i]->Enqueue(&appends[i])) refused.push_back(i);
    }
  }
  for (const size_t i : refused) {
    partitions[i]->ReleaseRoom(appends[i].bytes);
    transaction->PartWritten(i, Fail(ErrorCode::kCancelled, "a topic of the append was dropped meanwhile"));
    transaction->Leave();
  }
}

}  // namespace millrace::log
