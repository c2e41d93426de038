// What the session window aggregate remembers: sessions, their keys and their timers.
//
// Owned by one operator instance; not thread-safe.
#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/byte_arena.h"
#include "operators/aggregate_set.h"
#include "state/key_table.h"

namespace millrace::operators {

// A row that early firing has shown.
struct ShownSession {
  int64_t start;
  int64_t end;
  std::string results;  // as EncodeKey writes them
};

struct Session {
  int64_t start;
  int64_t end;       // last row + gap, exclusive
  int64_t sequence;  // of its first row
  int64_t rows = 0;  // added minus taken away
  state::EntryId key;
  std::byte* payload = nullptr;    // states of the aggregates
  Session* next = nullptr;         // of the same key, by start
  Session* merged_into = nullptr;  // it is no more; rows of the batch at hand go there
  int64_t change = 0;              // the first since early firing showed it; 0: none
  bool is_closed = false;
  bool is_saved = false;           // there is a record of it
  int64_t id = 0;                  // of its record, among those of its key
  size_t changed_at = kUnchanged;  // its place among the changed ones
  std::unique_ptr<ShownSession> shown{};

  static constexpr size_t kUnchanged = ~size_t{0};
};

struct RetiredRow {
  state::EntryId key;
  int64_t change;  // by which it was
  ShownSession shown;
  bool is_saved = false;
};

// What the key table holds for a key.
struct KeySessions {
  Session* first;  // open ones, by start
};

// When to look at sessions. Each session, open or merged away, has one timer, and lives until that goes off;
// one that grew since gets another. Timers lie in buckets of time; only those of the bucket that is due next
// are kept in order (a heap), so that setting one is an append.
class SessionTimers {
 public:
  explicit SessionTimers(int64_t gap_micros)
      : bucket_micros_(std::max(gap_micros / 16, data::kMicrosPerMilli)) {}

  void Set(Session* session) {
    const int64_t number = data::FloorDiv(session->end, bucket_micros_);
    if (number <= due_bucket_) {
      heap_.push_back({session->end, session->sequence, session});
      std::ranges::push_heap(heap_, std::greater<>());
      return;
    }
    if (last_bucket_ == nullptr || last_bucket_number_ != number) {
      last_bucket_ = &buckets_[number];
      last_bucket_number_ = number;
    }
    last_bucket_->push_back(session);
    ++in_buckets_;
  }

  // Takes out a session whose timer is due, by is_due(end); null when there is none. It may have grown since,
  // or be merged away.
  template <typename IsDue>
  Session* Take(IsDue&& is_due) {
    while (heap_.empty()) {
      if (buckets_.empty() || !is_due(buckets_.begin()->first * bucket_micros_)) return nullptr;
      OpenBucket();
    }
    if (!is_due(heap_.front().end)) return nullptr;
    std::ranges::pop_heap(heap_, std::greater<>());
    Session* session = heap_.back().session;
    heap_.pop_back();
    return session;
  }

  template <typename F>
  void ForEach(F&& f) {
    for (const Timer& timer : heap_) f(timer.session);
    for (auto& [number, bucket] : buckets_) std::ranges::for_each(bucket, f);
  }
  size_t size() const { return heap_.size() + in_buckets_; }

 private:
  struct Timer {
    int64_t end;
    int64_t sequence;
    Session* session;
    bool operator>(const Timer& other) const {
      return std::tie(end, sequence) > std::tie(other.end, other.sequence);
    }
  };

  // Makes the first bucket the one that is due; sessions that have grown beyond it move on.
  void OpenBucket() {
    const auto first = buckets_.begin();
    due_bucket_ = first->first;
    const std::vector<Session*> sessions = std::move(first->second);
    buckets_.erase(first);
    last_bucket_ = nullptr;
    in_buckets_ -= sessions.size();
    constexpr size_t kAhead = 16;
    for (size_t i = 0; i < sessions.size(); ++i) {
      if (i + kAhead < sessions.size()) __builtin_prefetch(sessions[i + kAhead]);
      Set(sessions[i]);
    }
  }

  int64_t bucket_micros_;
  int64_t due_bucket_ = std::numeric_limits<int64_t>::min();
  std::vector<Timer> heap_;
  std::map<int64_t, std::vector<Session*>> buckets_;
  std::vector<Session*>* last_bucket_ = nullptr;
  int64_t last_bucket_number_ = 0;
  size_t in_buckets_ = 0;
};

struct SessionAggregateState {
  SessionAggregateState(std::vector<data::DataType> key_types, int64_t gap_micros,
                        const AggregateSet* aggregates, bool is_durable)
      : keys({.key_types = std::move(key_types), .payload_bytes = sizeof(KeySessions)}),
        aggregates(aggregates),
        timers(gap_micros),
        is_durable(is_durable) {}
  ~SessionAggregateState() {
    for (Session* session : dirty) {
      if (session->is_closed) Delete(session);
    }
    timers.ForEach([&](Session* session) { Delete(session); });
  }

  KeySessions& SessionsOf(state::EntryId key) { return *reinterpret_cast<KeySessions*>(keys.payload(key)); }
  Session* New(state::EntryId key, int64_t start, int64_t end, int64_t sequence_of_row) {
    auto* session = new Session{
        .start = start, .end = end, .sequence = sequence_of_row, .key = key, .id = sequence_of_row};
    session->payload =
        reinterpret_cast<std::byte*>(payloads.Allocate(std::max<size_t>(1, aggregates->payload_bytes())));
    aggregates->Init(session->payload);
    if (is_durable) aggregates->TrackElements(session->payload);
    ++sessions;
    return session;
  }
  void FreePayload(Session* session) {
    if (session->payload == nullptr) return;
    aggregates->Destroy(session->payload);
    payloads.Free(reinterpret_cast<char*>(session->payload),
                  std::max<size_t>(1, aggregates->payload_bytes()));
    session->payload = nullptr;
    --sessions;
  }
  void Delete(Session* session) {
    FreePayload(session);
    delete session;
  }

  // --- For checkpoints ---

  // To be called before a session changes.
  void NoteChange(Session* session) {
    if (!is_durable || session->changed_at != Session::kUnchanged) return;
    session->changed_at = changed.size();
    changed.push_back(session);
  }
  // To be called when an open session ends or becomes part of another.
  void NoteGone(Session* session) {
    if (session->changed_at != Session::kUnchanged) changed[session->changed_at] = nullptr;
    session->changed_at = Session::kUnchanged;
    if (session->is_saved) gone_sessions.Add(keys, session->key, session->id, 0);
  }
  void NoteTakenBack(const RetiredRow& row) {
    if (row.is_saved) gone_retired.Add(keys, row.key, row.shown.start, row.shown.end);
  }

  // Records that are no more: their group's key and what follows it.
  struct Gone {
    void Add(const state::KeyTable& keys, state::EntryId key, int64_t first, int64_t second) {
      if (numbers.empty()) {
        columns.clear();
        for (const data::DataType& type : keys.options().key_types) {
          columns.push_back(data::Column::Make(type.WithNullable(true), 0));
        }
      }
      keys.AppendKey(key, columns);
      numbers.emplace_back(first, second);
    }
    std::vector<data::MutableColumnPtr> columns;
    std::vector<std::pair<int64_t, int64_t>> numbers;
  };

  state::KeyTable keys;  // payload: KeySessions
  const AggregateSet* aggregates;
  ByteArena payloads;
  size_t sessions = 0;
  SessionTimers timers;
  // Changed since early firing showed them; the closed among them live only here.
  std::vector<Session*> dirty;
  std::vector<RetiredRow> retired;  // shown for sessions whose bounds are others now
  int64_t watermark = data::kMinWatermark;
  int64_t sequence = 0;

  bool is_durable;
  std::vector<Session*> changed;  // since the last Save, open; null: gone again
  Gone gone_sessions;
  Gone gone_retired;
};

}  // namespace millrace::operators
