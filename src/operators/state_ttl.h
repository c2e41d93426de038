// StateTtl: when to look for entries of a KeyTable that were not used for table.exec.state.ttl, and which
// they are.
//
// A look walks the whole table, so it is taken when the first entry can be due, and not more often than every
// 32nd part of the time to live: an entry is gone at the latest so much after its time. Owned by one
// operator instance.
#pragma once

#include <algorithm>
#include <cstdint>

#include "operators/saved_state.h"
#include "state/key_table.h"

namespace millrace::operators {

class StateTtl {
 public:
  explicit StateTtl(int64_t ttl_micros) : ttl_micros_(ttl_micros) {}

  bool is_on() const { return ttl_micros_ > 0; }

  // Calls forget(id) for each entry of the table (which tracks access) that is due; it must erase the entry.
  template <typename F>
  void Sweep(int64_t now_micros, state::KeyTable& table, F&& forget) {
    if (!is_on() || now_micros < next_sweep_micros_) return;
    int64_t oldest = now_micros;
    table.ForEach([&](state::EntryId id) {
      const int64_t last = table.last_access(id);
      if (last + ttl_micros_ <= now_micros) {
        forget(id);
      } else {
        oldest = std::min(oldest, last);
      }
    });
    next_sweep_micros_ = std::max(oldest + ttl_micros_, now_micros + ttl_micros_ / 32);
  }

  // The time of the next look, so that a restored instance takes it when the one before would have.
  void Save(state::StateWriter& writer) const {
    if (is_on()) SaveShared("next sweep", next_sweep_micros_, writer);
  }
  Status Restore(const state::StateReader& reader) {
    return RestoreShared(reader, "next sweep", SharedRule::kLeast, &next_sweep_micros_);
  }

 private:
  int64_t ttl_micros_;
  int64_t next_sweep_micros_ = 0;
};

}  // namespace millrace::operators
