// CancelRegistry: which connection a cancel request is for.
//
// One for a server. Any thread. A connection registers when it has a session and takes itself out before the
// session goes.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"

namespace millrace::server::pgwire {

// What a cancel request reaches.
class CancelTarget {
 public:
  virtual ~CancelTarget() = default;
  virtual void Cancel() = 0;  // any thread
};

class CancelRegistry {
 public:
  struct Key {
    int32_t process_id = 0;
    int32_t secret = 0;
  };

  // A key that nobody can guess. kInternal when there are no random bytes.
  Result<Key> Add(std::shared_ptr<CancelTarget> target) MR_EXCLUDES(mutex_);
  void Remove(const Key& key) MR_EXCLUDES(mutex_);
  // Nothing happens when the key is nobody's.
  void Cancel(const Key& key) MR_EXCLUDES(mutex_);

 private:
  struct Entry {
    int32_t secret;
    std::shared_ptr<CancelTarget> target;
  };

  Mutex mutex_;
  std::unordered_map<int32_t, Entry> entries_ MR_GUARDED_BY(mutex_);
};

}  // namespace millrace::server::pgwire
