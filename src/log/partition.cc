#include "log/partition.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "log/batch_stream.h"
#include "log/health.h"
#include "log/reader.h"

namespace millrace::log {

namespace {

void CallAll(const std::vector<std::function<void()>>& wakes) {
  for (const std::function<void()>& wake : wakes) wake();
}

PendingAppend Prepare(AppendBatch batch, AppendDone done, Codec codec) {
  PendingAppend pending;
  pending.bytes = RoomOf(batch);
  pending.done = std::move(done);
  pending.id = batch.id;
  pending.is_small = IsSmallAppend(batch);
  if (pending.is_small) {
    pending.small = std::move(batch);
  } else {
    pending.encoded = EncodeAppend(std::move(batch), codec);
  }
  return pending;
}

uint64_t BaseOf(const Segment& segment) {
  return segment.index.base_offset();
}

}  // namespace

Partition::Partition(const env::Env& env, std::shared_ptr<TopicState> topic, int index, Health& health)
    : env_(env), topic_(std::move(topic)), index_(index), health_(health) {}

Partition::~Partition() {
  topic_->metrics().segments.Add(-shown_segments_);
  topic_->metrics().disk_bytes.Add(-shown_bytes_);
}

// --------------------------------------------------------------------------------------------- appending

Result<Admission> Partition::TryAppend(AppendBatch* batch, AppendDone* done,
                                       const std::function<void()>& wake) {
  MR_TRY(CheckAppend(*batch));
  MR_ASSIGN(const Admission admission, Reserve(RoomOf(*batch), wake));
  if (admission != Admission::kTaken) return admission;
  PendingAppend pending = Prepare(std::move(*batch), std::move(*done), topic_->settings().codec);
  if (pending.id.empty()) {
    if (!Enqueue(&pending)) Refuse(&pending);
    return Admission::kTaken;
  }
  AppendResult known;
  const std::string id = pending.id;
  const size_t room = pending.bytes;
  switch (topic_->ids().Admit(id, env_.clock->NowMicros(), &pending.done, &known,
                              [&] { return Enqueue(&pending); })) {
    case BatchIds::Claim::kNew:
      break;
    case BatchIds::Claim::kRefused:
      Refuse(&pending);
      break;
    case BatchIds::Claim::kKnown:
      ReleaseRoom(room);
      topic_->metrics().repetitions.Increment();
      pending.done(known);
      break;
    case BatchIds::Claim::kInFlight:
      ReleaseRoom(room);
      topic_->metrics().repetitions.Increment();
      break;
  }
  return Admission::kTaken;
}

Result<Admission> Partition::Reserve(size_t bytes, const std::function<void()>& wake) {
  MR_TRY(health_.Check());
  MutexLock lock(mutex_);
  if (stopped_) return std::unexpected(*stopped_);
  if (queued_bytes_ < limits::kLogQueueBytes) {
    queued_bytes_ += bytes;
    return Admission::kTaken;
  }
  topic_->metrics().refusals.Increment();
  if (room_waiters_.size() >= limits::kLogWaitersMax) return Admission::kCrowded;
  if (wake) room_waiters_.push_back(wake);
  return Admission::kFull;
}

bool Partition::Enqueue(PendingAppend* pending) {
  MutexLock lock(mutex_);
  if (closed_) return false;
  queue_.push_back(std::move(*pending));
  // With others in front of it the writer is awake already, or waits for the end of a transaction.
  if (queue_.size() == 1 && wake_writer_) wake_writer_();
  return true;
}

void Partition::Refuse(PendingAppend* pending) {
  std::optional<Error> reason;
  {
    MutexLock lock(mutex_);
    reason = closed_;
  }
  ReleaseRoom(pending->bytes);
  pending->done(std::unexpected(*reason));
}

void Partition::ReleaseRoom(size_t bytes) {
  Wakes wakes;
  {
    MutexLock lock(mutex_);
    MR_CHECK_LE(bytes, queued_bytes_);
    queued_bytes_ -= bytes;
    if (queued_bytes_ > limits::kLogQueueBytes / 2) return;
    wakes.swap(room_waiters_);
  }
  CallAll(wakes);
}

std::deque<PendingAppend> Partition::Close(const Error& reason) {
  std::deque<PendingAppend> left;
  Wakes wakes;
  {
    MutexLock lock(mutex_);
    if (!stopped_) stopped_ = reason;
    if (!closed_) closed_ = reason;
    wake_writer_ = nullptr;
    left.swap(queue_);
    wakes.swap(room_waiters_);
    for (auto& [number, wake] : waiting_readers_) wakes.push_back(std::move(wake));
    waiting_readers_.clear();
  }
  CallAll(wakes);
  return left;
}

void Partition::StopTaking(const Error& reason) {
  MutexLock lock(mutex_);
  if (!stopped_) stopped_ = reason;
}

void Partition::WakeWriter() {
  MutexLock lock(mutex_);
  if (wake_writer_) wake_writer_();
}

void Partition::SetWriter(std::function<void()> wake_writer) {
  MutexLock lock(mutex_);
  wake_writer_ = std::move(wake_writer);
}

// ---------------------------------------------------------------------------------------- for the writer

void Partition::TakeGroup(size_t bytes_max, std::vector<PendingAppend>* group) {
  MutexLock lock(mutex_);
  size_t bytes = 0;
  while (!queue_.empty() && (group->empty() || bytes < bytes_max)) {
    bytes += queue_.front().bytes;
    group->push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (group->back().transaction) return;
  }
}

bool Partition::HasQueued() const {
  MutexLock lock(mutex_);
  return !queue_.empty();
}

void Partition::Publish(const std::vector<Written>& batches, uint64_t bytes) {
  Wakes wakes;
  {
    MutexLock lock(mutex_);
    Segment& last = segments_.back();
    for (const Written& batch : batches) last.index.Add(batch.header, batch.id);
    last.bytes = bytes;
    UpdateFigures();
    if (batches.empty()) return;
    end_offset_ = last.index.end_offset();
    for (auto& [number, wake] : waiting_readers_) wakes.push_back(std::move(wake));
    waiting_readers_.clear();
  }
  CallAll(wakes);
}

void Partition::AddSegment(Segment segment) {
  MutexLock lock(mutex_);
  segments_.push_back(std::move(segment));
  UpdateFigures();
}

void Partition::SetSegments(std::deque<Segment> segments, uint64_t end_offset) {
  MutexLock lock(mutex_);
  segments_ = std::move(segments);
  end_offset_ = end_offset;
  UpdateFigures();
}

SegmentIndex Partition::LastIndex() const {
  MutexLock lock(mutex_);
  return segments_.back().index;
}

void Partition::ForgetLastIds() {
  MutexLock lock(mutex_);
  segments_.back().index.ForgetIds();
}

void Partition::UpdateFigures() {
  const auto count = static_cast<int64_t>(segments_.size());
  int64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += static_cast<int64_t>(segment.bytes);
  topic_->metrics().segments.Add(count - std::exchange(shown_segments_, count));
  topic_->metrics().disk_bytes.Add(bytes - std::exchange(shown_bytes_, bytes));
}

// --------------------------------------------------------------------------------------------- retention

void Partition::SetPin(const std::string& name, uint64_t offset) {
  MutexLock lock(mutex_);
  pins_[name] = offset;
}

void Partition::RemovePin(const std::string& name) {
  MutexLock lock(mutex_);
  pins_.erase(name);
}

void Partition::TruncateBefore(uint64_t offset) {
  MutexLock lock(mutex_);
  truncate_before_ = std::max(truncate_before_, offset);
  if (wake_writer_) wake_writer_();
}

uint64_t Partition::KeepFrom() const {
  uint64_t from = UINT64_MAX;
  for (const auto& [name, offset] : pins_) from = std::min(from, offset);
  return from;
}

bool Partition::IsKeptForIds(size_t place, uint64_t bytes_behind, int64_t now_micros) const {
  const std::optional<int64_t> last_id_micros = segments_[place].index.last_id_micros();
  return last_id_micros.has_value() && *last_id_micros >= now_micros - limits::kLogBatchIdMicros &&
         bytes_behind < limits::kLogIdSegmentsBytes;
}

bool Partition::IsPastRetention(size_t place, uint64_t bytes_behind, int64_t now_micros,
                                const TopicSettings& settings) const {
  if (settings.retention_bytes > 0 && bytes_behind >= settings.retention_bytes) return true;
  if (settings.retention_age_micros == 0) return false;
  // Of a segment of which nothing can be read the age is not known, only that of the next.
  const SegmentIndex& index = segments_[place].index;
  const SegmentIndex& next = segments_[place + 1].index;
  const int64_t last_micros = !index.IsEmpty() ? index.last_micros()
                              : next.IsEmpty() ? now_micros
                                               : next.first_micros();
  return last_micros < now_micros - settings.retention_age_micros;
}

std::optional<Segment> Partition::TakeExpired(int64_t now_micros, bool by_settings) {
  const TopicSettings settings = topic_->settings();
  MutexLock lock(mutex_);
  if (segments_.size() < 2) return std::nullopt;
  // Of a segment that is damaged at its end the index says less than the next segment's beginning.
  const uint64_t end_offset = BaseOf(segments_[1]);
  if (end_offset > KeepFrom()) return std::nullopt;
  const uint64_t bytes_behind = static_cast<uint64_t>(shown_bytes_) - segments_.front().bytes;
  if (IsKeptForIds(0, bytes_behind, now_micros)) return std::nullopt;
  if (end_offset > truncate_before_ &&
      !(by_settings && IsPastRetention(0, bytes_behind, now_micros, settings))) {
    return std::nullopt;
  }
  Segment taken = std::move(segments_.front());
  segments_.pop_front();
  UpdateFigures();
  return taken;
}

Partition::Figures Partition::figures() const {
  const TopicSettings settings = topic_->settings();
  const int64_t now_micros = env_.clock->NowMicros();
  MutexLock lock(mutex_);
  Figures figures;
  figures.start_offset = BaseOf(segments_.front());
  figures.end_offset = end_offset_;
  figures.segments = segments_.size();
  figures.bytes = static_cast<uint64_t>(shown_bytes_);
  if (!segments_.front().index.IsEmpty()) figures.first_micros = segments_.front().index.first_micros();
  for (const auto& [name, offset] : pins_) figures.pins.push_back({name, offset});
  const uint64_t keep_from = KeepFrom();
  uint64_t bytes_behind = figures.bytes;
  for (size_t place = 0; place + 1 < segments_.size(); ++place) {
    bytes_behind -= segments_[place].bytes;
    if (!IsPastRetention(place, bytes_behind, now_micros, settings)) break;
    // What nothing holds goes with the next look of the writer.
    if (BaseOf(segments_[place + 1]) > keep_from || IsKeptForIds(place, bytes_behind, now_micros) ||
        figures.held_bytes > 0) {
      figures.held_bytes += segments_[place].bytes;
    }
  }
  return figures;
}

void Partition::PutBack(Segment segment) {
  MutexLock lock(mutex_);
  segments_.push_front(std::move(segment));
  UpdateFigures();
}

// ------------------------------------------------------------------------------------------------ reading

std::unique_ptr<Reader> Partition::NewReader(uint64_t offset, std::function<void()> wake) {
  return std::make_unique<Reader>(shared_from_this(), offset, std::move(wake));
}

uint64_t Partition::start_offset() const {
  MutexLock lock(mutex_);
  return segments_.front().index.base_offset();
}

uint64_t Partition::end_offset() const {
  MutexLock lock(mutex_);
  return end_offset_;
}

std::vector<Damage> Partition::damage() const {
  std::vector<Damage> damage;
  MutexLock lock(mutex_);
  for (const Segment& segment : segments_)
    damage.insert(damage.end(), segment.damage.begin(), segment.damage.end());
  return damage;
}

void Partition::NoteDamage(const Damage& damage) {
  MutexLock lock(mutex_);
  for (Segment& segment : segments_) {
    if (segment.path != damage.file) continue;
    const auto same_place = [&](const Damage& known) { return known.position == damage.position; };
    if (std::ranges::any_of(segment.damage, same_place)) return;
    segment.damage.push_back(damage);
    topic_->metrics().lost_records.Increment(damage.end_offset - damage.first_offset);
  }
}

SegmentPlace Partition::PlaceIn(size_t place) const {
  const Segment& segment = segments_[place];
  const bool is_last = place + 1 == segments_.size();
  return SegmentPlace{
      .path = segment.path,
      .salt = segment.salt,
      .base_offset = segment.index.base_offset(),
      .end_offset = is_last ? end_offset_ : segments_[place + 1].index.base_offset(),
      .position = kSegmentHeaderBytes,
      .limit = segment.bytes,
  };
}

Result<std::optional<SegmentPlace>> Partition::Locate(uint64_t offset) const {
  MutexLock lock(mutex_);
  if (closed_) return std::unexpected(*closed_);
  if (offset > end_offset_) {
    return Fail(ErrorCode::kInvalidParameter,
                fmt::format("topic '{}' partition {} has no offset {}: it ends at {}", topic_->name(), index_,
                            offset, end_offset_));
  }
  const auto behind = std::ranges::upper_bound(segments_, offset, {}, BaseOf);
  if (behind == segments_.begin()) {
    return Fail(
        ErrorCode::kDataExpired,
        fmt::format("topic '{}' partition {} has offset {} no longer", topic_->name(), index_, offset),
        fmt::format("the first offset that is there is {}", BaseOf(segments_.front())));
  }
  if (offset == end_offset_) return std::nullopt;
  const auto place = static_cast<size_t>(behind - segments_.begin()) - 1;
  SegmentPlace found = PlaceIn(place);
  found.position = segments_[place].index.PositionOf(offset);
  return found;
}

std::optional<SegmentPlace> Partition::LocateTime(int64_t micros) const {
  MutexLock lock(mutex_);
  for (size_t place = 0; place < segments_.size(); ++place) {
    const SegmentIndex& index = segments_[place].index;
    if (index.IsEmpty() || index.last_micros() < micros) continue;
    SegmentPlace found = PlaceIn(place);
    found.position = index.PositionAt(micros);
    return found;
  }
  return std::nullopt;
}

Result<uint64_t> Partition::OffsetAt(int64_t micros) {
  const std::optional<SegmentPlace> place = LocateTime(micros);
  if (!place) return end_offset();
  MR_ASSIGN(const std::unique_ptr<env::ReadableFile> file, env_.files->OpenRead(place->path));
  BatchStream stream(*file, place->salt);
  stream.Seek(place->position);
  StoredBatch batch;
  uint64_t expected = place->base_offset;
  for (;;) {
    MR_ASSIGN(const BatchStream::Found found, stream.Next(place->limit, &batch));
    // What cannot be read may be late enough: whoever reads from there is told of it.
    if (found != BatchStream::Found::kBatch) return expected;
    if (!batch.header.IsMark() && batch.header.append_micros >= micros) return batch.header.base_offset;
    expected = batch.header.end_offset();
  }
}

bool Partition::WaitFor(uint64_t offset, uint64_t reader, std::function<void()> wake) {
  MutexLock lock(mutex_);
  if (closed_ || end_offset_ > offset) return false;
  waiting_readers_[reader] = std::move(wake);
  return true;
}

void Partition::StopWaiting(uint64_t reader) {
  MutexLock lock(mutex_);
  waiting_readers_.erase(reader);
}

uint64_t Partition::NewReaderNumber() {
  MutexLock lock(mutex_);
  return next_reader_++;
}

}  // namespace millrace::log
