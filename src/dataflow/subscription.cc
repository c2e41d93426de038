#include "dataflow/subscription.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::dataflow {
namespace {

size_t BytesOf(const data::Batch& batch) {
  size_t bytes = sizeof(Subscription::Event) + batch.rows;
  for (const auto& column : batch.columns) bytes += column->MemoryBytes();
  return bytes;
}

}  // namespace

// Its own fields are guarded by the lock of its part.
class SubscriptionFeed::Tap final : public PartTap {
 public:
  Tap(std::shared_ptr<SubscriptionFeed> feed, size_t part) : feed_(std::move(feed)), part_(part) {}

  bool closed() const override { return feed_->closed(); }
  bool wants_changes() const override { return started_ && !feed_->closed(); }
  void OnChanges(const std::vector<data::Batch>& changes) override {
    if (started_) feed_->PartChanged(part_, changes);
  }
  void OnEpoch(const Epoch& epoch, const tables::PartSnapshotPtr& staged) override {
    started_ = true;
    feed_->PartPassed(part_, epoch.number, staged);
  }
  void OnEnd(const tables::PartSnapshotPtr& staged) override { feed_->PartEnded(part_, staged); }

 private:
  const std::shared_ptr<SubscriptionFeed> feed_;
  const size_t part_;
  bool started_ = false;  // the first barrier has come: what comes now is behind the snapshot
};

SubscriptionFeed::SubscriptionFeed(size_t parts, const SubscribeOptions& options,
                                   std::shared_ptr<SubscriptionFigures> figures)
    : options_(options), figures_(std::move(figures)), parts_(parts) {
  figures_->open.fetch_add(1, std::memory_order_relaxed);
}

SubscriptionFeed::~SubscriptionFeed() = default;

std::shared_ptr<PartTap> SubscriptionFeed::MakeTap(size_t part) {
  return std::make_shared<Tap>(shared_from_this(), part);
}

std::function<void()> SubscriptionFeed::TakeWake() {
  return std::exchange(wake_, nullptr);
}

void SubscriptionFeed::PartChanged(size_t part, const std::vector<data::Batch>& changes) {
  std::function<void()> wake;
  {
    MutexLock lock(mutex_);
    if (closed()) return;
    for (const data::Batch& batch : changes) {
      bytes_ += BytesOf(batch);
      parts_[part].open.push_back(batch);
    }
    if (bytes_ <= options_.buffer_bytes_max) return;
    Finish(Event::Kind::kLagged,
           fmt::format("more than {} bytes of changes were waiting to be read; subscribe again",
                       options_.buffer_bytes_max));
    figures_->lagged.fetch_add(1, std::memory_order_relaxed);
    wake = TakeWake();
  }
  if (wake) wake();
}

void SubscriptionFeed::PartPassed(size_t part, int64_t epoch, const tables::PartSnapshotPtr& staged) {
  MutexLock lock(mutex_);
  if (closed()) return;
  Part& state = parts_[part];
  if (!state.started) {
    state.started = true;
    state.base = staged;
  } else if (!state.open.empty()) {
    state.passed.push_back(Group{epoch, std::exchange(state.open, {})});
  }
}

void SubscriptionFeed::PartEnded(size_t part, const tables::PartSnapshotPtr& staged) {
  MutexLock lock(mutex_);
  if (closed()) return;
  Part& state = parts_[part];
  if (!state.started) {
    state.started = true;
    state.base = staged;
  }
  state.last = staged;
}

void SubscriptionFeed::Give(std::vector<data::Batch>* changes, int64_t epoch) {
  for (data::Batch& batch : *changes) {
    ready_.push_back(Event{Event::Kind::kChanges, epoch, std::move(batch), {}});
  }
  changes->clear();
}

void SubscriptionFeed::PublishSnapshot(int64_t epoch) {
  if (!std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.started; })) return;
  snapshot_given_ = true;
  snapshot_epoch_ = epoch;
  for (Part& part : parts_) {
    if (options_.snapshot) {
      snapshot_.insert(snapshot_.end(), part.base->chunks.begin(), part.base->chunks.end());
    }
    part.base.reset();
  }
  ready_.push_back(Event{Event::Kind::kEpoch, epoch, {}, {}});
}

bool SubscriptionFeed::PublishChanges(int64_t epoch, const std::vector<tables::PartSnapshotPtr>& published) {
  const size_t before = ready_.size();
  for (size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    while (!part.passed.empty() && part.passed.front().epoch <= epoch) {
      Give(&part.passed.front().changes, epoch);
      part.passed.pop_front();
    }
    // What came behind the last barrier of a writer that has ended is visible with its last snapshot.
    if (part.last != nullptr && published[i] == part.last) Give(&part.open, epoch);
  }
  if (ready_.size() == before) return false;
  ready_.push_back(Event{Event::Kind::kEpoch, epoch, {}, {}});
  return true;
}

void SubscriptionFeed::OnPublished(int64_t epoch, const std::vector<tables::PartSnapshotPtr>& published) {
  std::function<void()> wake;
  {
    MutexLock lock(mutex_);
    if (closed()) return;
    bool given = false;
    if (!snapshot_given_) {
      PublishSnapshot(epoch);
      given = snapshot_given_;
    }
    if (snapshot_given_) given |= PublishChanges(epoch, published);
    bool ended = snapshot_given_;
    for (size_t i = 0; i < parts_.size(); ++i) {
      ended &= parts_[i].last != nullptr && published[i] == parts_[i].last;
    }
    if (ended) Finish(Event::Kind::kEnd, "nothing writes the table any more");
    if (given || ended) wake = TakeWake();
  }
  if (wake) wake();
}

void SubscriptionFeed::OnDropped() {
  std::function<void()> wake;
  {
    MutexLock lock(mutex_);
    if (closed()) return;
    Finish(Event::Kind::kEnd, "the table was dropped");
    wake = TakeWake();
  }
  if (wake) wake();
}

void SubscriptionFeed::Finish(Event::Kind kind, std::string reason) {
  closed_.store(true);
  parts_.clear();
  if (kind == Event::Kind::kLagged) {
    snapshot_.clear();
    ready_.clear();
    bytes_ = 0;
  }
  ready_.push_back(Event{kind, 0, {}, std::move(reason)});
}

void SubscriptionFeed::EndSnapshot(const Error& reason) {
  std::function<void()> wake;
  {
    MutexLock lock(mutex_);
    if (closed() || (snapshot_given_ && snapshot_.empty())) return;
    Finish(Event::Kind::kLagged, reason.message());
    figures_->lagged.fetch_add(1, std::memory_order_relaxed);
    wake = TakeWake();
  }
  if (wake) wake();
}

void SubscriptionFeed::Close() {
  figures_->open.fetch_sub(1, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  closed_.store(true);
  wake_ = nullptr;
  parts_.clear();
  snapshot_.clear();
  ready_.clear();
}

std::optional<Subscription::Event> SubscriptionFeed::TryNext(const std::function<void()>& wake) {
  MutexLock lock(mutex_);
  if (!snapshot_.empty()) {
    Event event{Event::Kind::kSnapshot, snapshot_epoch_, {}, {}};
    const tables::ChunkPtr chunk = std::move(snapshot_.front());
    snapshot_.pop_front();
    event.batch.columns.assign(chunk->columns.begin(), chunk->columns.end());
    event.batch.rows = chunk->rows;
    return event;
  }
  if (!ready_.empty()) {
    Event event = std::move(ready_.front());
    ready_.pop_front();
    if (event.kind == Event::Kind::kChanges) bytes_ -= std::min(bytes_, BytesOf(event.batch));
    return event;
  }
  if (closed()) return Event{};
  wake_ = wake;
  return std::nullopt;
}

Subscription::Subscription(std::shared_ptr<SubscriptionFeed> feed, data::SchemaPtr schema,
                           tables::HeldMemoryPtr memory, int64_t epoch)
    : feed_(std::move(feed)), schema_(std::move(schema)), memory_(std::move(memory)) {
  memory_->Add(this, epoch);
}

Subscription::~Subscription() {
  if (holds_) memory_->Remove(this);
  feed_->Close();
}

bool Subscription::EndHold(const Error& reason) {
  feed_->EndSnapshot(reason);
  return true;
}

std::optional<Subscription::Event> Subscription::TryNext(const std::function<void()>& wake) {
  std::optional<Event> event = feed_->TryNext(wake);
  if (holds_ && event.has_value() && event->kind != Event::Kind::kSnapshot) {
    holds_ = false;
    memory_->Remove(this);
  }
  return event;
}

}  // namespace millrace::dataflow
