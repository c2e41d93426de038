#include "dataflow/stored_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::dataflow {

StoredPart::StoredPart(std::string table, data::SchemaPtr schema, tables::TableMode mode,
                       std::vector<int> key)
    : table_(std::move(table)), schema_(schema), part_(std::move(schema), mode, std::move(key)) {
  MutexLock lock(mutex_);
  staged_ = part_.TakeSnapshot();
}

void StoredPart::SendAll(const Message& message) {
  for (const Sender& reader : readers_) reader.Send(message);
}

void StoredPart::SetMemory(tables::HeldMemoryPtr memory) {
  MutexLock lock(mutex_);
  part_.SetMemory(std::move(memory));
}

void StoredPart::Apply(const data::Batch& batch) {
  MutexLock lock(mutex_);
  const bool is_followed =
      std::any_of(taps_.begin(), taps_.end(), [](const auto& tap) { return tap->wants_changes(); });
  if (is_followed) {
    tables::AppliedChanges changes(*schema_);
    part_.Apply(batch, &changes);
    const std::vector<data::Batch> applied = changes.Take();
    for (const auto& tap : taps_) {
      if (!applied.empty()) tap->OnChanges(applied);
    }
  } else {
    part_.Apply(batch);
  }
  copied_bytes_.fetch_add(static_cast<int64_t>(part_.TakeCopiedBytes()), std::memory_order_relaxed);
  if (readers_.empty()) return;
  Message message;
  message.batch = batch;
  SendAll(message);
}

void StoredPart::Watermark(int64_t watermark) {
  MutexLock lock(mutex_);
  watermark_ = watermark;
  Message message;
  message.kind = Message::Kind::kWatermark;
  message.watermark = watermark;
  SendAll(message);
}

void StoredPart::Idle(bool idle) {
  MutexLock lock(mutex_);
  idle_ = idle;
  Message message;
  message.kind = Message::Kind::kIdle;
  message.idle = idle;
  SendAll(message);
}

void StoredPart::ForgetClosedTaps() {
  std::erase_if(taps_, [](const auto& tap) { return tap->closed(); });
}

void StoredPart::AddTap(std::shared_ptr<PartTap> tap) {
  MutexLock lock(mutex_);
  ForgetClosedTaps();
  if (ended_) {
    tap->OnEnd(staged_);
  } else {
    taps_.push_back(std::move(tap));
  }
}

void StoredPart::PassEpoch(const Epoch& epoch) {
  MutexLock lock(mutex_);
  staged_ = part_.TakeSnapshot();
  ForgetClosedTaps();
  for (const auto& tap : taps_) tap->OnEpoch(epoch, staged_);
  Message message;
  message.kind = Message::Kind::kEpoch;
  message.epoch = epoch;
  SendAll(message);
}

void StoredPart::End() {
  MutexLock lock(mutex_);
  if (ended_) return;
  Message message;
  message.kind = Message::Kind::kEnd;
  EndWith(message);
}

void StoredPart::Fail(const Error& cause) {
  MutexLock lock(mutex_);
  if (ended_) return;
  failure_ = std::make_shared<const Error>(
      cause.code(), fmt::format("{}, which it reads, has failed: {}", table_, cause.message()), cause.hint());
  Message message;
  message.kind = Message::Kind::kFailure;
  message.failure = failure_;
  EndWith(message);
}

void StoredPart::EndWith(const Message& last) {
  staged_ = part_.TakeSnapshot();
  ended_ = true;
  for (const auto& tap : taps_) tap->OnEnd(staged_);
  taps_.clear();
  SendAll(last);
  readers_.clear();
}

int64_t StoredPart::KeepYoungest(size_t rows_max, size_t bytes_max) {
  MutexLock lock(mutex_);
  return static_cast<int64_t>(part_.KeepYoungest(rows_max, bytes_max));
}

bool StoredPart::ReadersHaveRoom() const {
  MutexLock lock(mutex_);
  for (const Sender& reader : readers_) {
    if (!reader.HasRoom()) return false;
  }
  return true;
}

tables::PartSnapshotPtr StoredPart::staged() const {
  MutexLock lock(mutex_);
  return staged_;
}

void StoredPart::TrackChanges(std::vector<int> spread_columns) {
  MutexLock lock(mutex_);
  part_.TrackChanges(std::move(spread_columns));
}

void StoredPart::Save(state::StateWriter& writer) {
  MutexLock lock(mutex_);
  part_.Save(writer);
}

Status StoredPart::Restore(state::StateReader& reader) {
  MutexLock lock(mutex_);
  MR_TRY(part_.Restore(reader));
  staged_ = part_.TakeSnapshot();
  return {};
}

void StoredPart::Attach(const Sender& reader, bool with_rows) {
  MutexLock lock(mutex_);
  const tables::PartSnapshotPtr now = part_.TakeSnapshot();
  for (const tables::ChunkPtr& chunk : now->chunks) {
    if (!with_rows) break;
    Message message;
    message.batch.columns.assign(chunk->columns.begin(), chunk->columns.end());
    message.batch.rows = chunk->rows;
    reader.Send(std::move(message));
  }
  // Of a table whose input has ended it is the end of time; of one whose job failed or was stopped it is not,
  // so that no window fires over rows that may be incomplete.
  if (watermark_ != data::kMinWatermark) {
    Message message;
    message.kind = Message::Kind::kWatermark;
    message.watermark = watermark_;
    reader.Send(std::move(message));
  }
  if (idle_ && !ended_) {
    Message message;
    message.kind = Message::Kind::kIdle;
    message.idle = true;
    reader.Send(std::move(message));
  }
  if (ended_) {
    Message message;
    message.kind = failure_ == nullptr ? Message::Kind::kEnd : Message::Kind::kFailure;
    message.failure = failure_;
    reader.Send(std::move(message));
  } else {
    readers_.push_back(reader);
  }
}

void StoredPart::Detach(const Sender& reader) {
  MutexLock lock(mutex_);
  const auto removed = std::erase_if(readers_, [&](const Sender& other) {
    return other.inbox == reader.inbox && other.channel == reader.channel;
  });
  if (removed == 0) return;
  Message message;
  message.kind = Message::Kind::kEnd;
  reader.Send(std::move(message));
}

int64_t StoredPart::watermark() const {
  MutexLock lock(mutex_);
  return watermark_;
}

int64_t StoredPart::rows() const {
  MutexLock lock(mutex_);
  return static_cast<int64_t>(part_.rows());
}

size_t StoredPart::MemoryBytes() const {
  MutexLock lock(mutex_);
  return part_.MemoryBytes();
}

StoredTable::StoredTable(std::string name, data::SchemaPtr schema, tables::TableMode mode,
                         std::vector<int> key, plan::Spread spread)
    : name(std::move(name)),
      schema(std::move(schema)),
      mode(mode),
      key(std::move(key)),
      spread(std::move(spread)) {
  for (int i = 0; i < this->spread.parts; ++i) {
    parts.push_back(std::make_shared<StoredPart>(this->name, this->schema, mode, this->key));
    published.push_back(parts.back()->staged());
  }
}

std::unique_ptr<StoredTable> MakeResultTable(const std::string& name, const plan::PlannedQuery& query,
                                             const plan::Spreading& spreading) {
  tables::TableMode mode = tables::TableMode::kMultiset;
  if (query.append_only()) {
    mode = tables::TableMode::kAppend;
  } else if (!query.key.empty()) {
    mode = tables::TableMode::kKeyed;
  }
  const std::vector<int> key = mode == tables::TableMode::kKeyed ? query.key : std::vector<int>{};
  return std::make_unique<StoredTable>(name, std::make_shared<const data::Schema>(query.schema), mode, key,
                                       spreading.OfStored(query));
}

StateOwner OwnerOfPart(uint64_t object_id, const StoredTable& table, size_t part) {
  table.parts[part]->TrackChanges(table.spread.keys);
  const std::string object = ObjectOwner(object_id);
  return {object,
          object + "/rows",
          static_cast<uint32_t>(part),
          static_cast<uint32_t>(table.parts.size()),
          [part = table.parts[part].get()](state::StateWriter& writer) { part->Save(writer); },
          [part = table.parts[part].get()](state::StateReader& reader) { return part->Restore(reader); }};
}

Status TableLink::OnBatch(data::Batch batch) {
  part_.Apply(batch);
  return {};
}
Status TableLink::OnWatermark(int64_t watermark) {
  part_.Watermark(watermark);
  return {};
}
Status TableLink::OnIdle(bool idle) {
  part_.Idle(idle);
  return {};
}
Status TableLink::OnEpoch(const Epoch& epoch) {
  part_.PassEpoch(epoch);
  return {};
}
Status TableLink::OnEnd() {
  part_.End();
  return {};
}

}  // namespace millrace::dataflow
