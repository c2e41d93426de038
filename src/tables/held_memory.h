// HeldMemory: what readers keep of tables that has been replaced since; and which reader is to end when it is
// too much.
//
// One for a warehouse. A part counts every chunk or index page that a snapshot had when the part replaced or
// dropped it, until it is freed: so the figure is what old snapshots alone keep alive. Readers whose snapshot
// may get old (queries, transactions, subscriptions) are holders; Enforce ends the oldest of them. Any
// thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/mutex.h"

namespace millrace::tables {

class HeldMemory {
 public:
  // Holds a snapshot, between Add and Remove.
  class Holder {
   public:
    virtual ~Holder() = default;
    // Lets the snapshot go, or has it let go soon; whoever reads it is told the reason. Whether it is gone.
    // Any thread; it must not call HeldMemory.
    virtual bool EndHold(const Error& reason) = 0;
  };

  // Nothing is too much until SetLimit.
  HeldMemory() = default;
  HeldMemory(const HeldMemory&) = delete;
  HeldMemory& operator=(const HeldMemory&) = delete;

  void SetLimit(size_t bytes) { bytes_max_.store(bytes, std::memory_order_relaxed); }
  size_t bytes() const { return static_cast<size_t>(bytes_.load(std::memory_order_relaxed)); }
  bool IsTooMuch() const { return bytes() > bytes_max_.load(std::memory_order_relaxed); }
  // Holders that Enforce has ended.
  int64_t ended() const { return ended_total_.load(std::memory_order_relaxed); }

  // `epoch`: of its snapshot. A holder is removed before it is destroyed, whether it was ended or not.
  void Add(Holder* holder, int64_t epoch) MR_EXCLUDES(mutex_);
  void Remove(Holder* holder) MR_EXCLUDES(mutex_);
  // Ends holders, those of the oldest epoch first, until no more is held than may be, or one is on its way
  // that has not let go yet. Those of `newest_epoch` hold nothing that has been replaced.
  void Enforce(int64_t newest_epoch) MR_EXCLUDES(mutex_);

  // For what is counted.
  void Count(size_t bytes) { bytes_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed); }
  void Uncount(size_t bytes) { bytes_.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> bytes_{0};
  std::atomic<size_t> bytes_max_{SIZE_MAX};
  std::atomic<int64_t> ended_total_{0};
  Mutex mutex_;
  std::multimap<int64_t, Holder*> holders_ MR_GUARDED_BY(mutex_);  // by epoch; without those that are ended
  std::map<Holder*, bool> ended_ MR_GUARDED_BY(mutex_);            // whether it has let go
};
using HeldMemoryPtr = std::shared_ptr<HeldMemory>;

// Part of what is counted: a chunk, a page of an index.
class Held {
 public:
  Held() = default;
  // A copy is a new thing that nobody has replaced.
  Held(const Held&) {}
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (memory_ != nullptr) memory_->Uncount(bytes_);
  }
  // By its writer, when snapshots alone may still have it; once.
  void Replaced(const HeldMemoryPtr& memory, size_t bytes) {
    if (memory == nullptr || memory_ != nullptr) return;
    memory_ = memory;
    bytes_ = bytes;
    memory_->Count(bytes_);
  }

 private:
  HeldMemoryPtr memory_;
  size_t bytes_ = 0;
};

}  // namespace millrace::tables
