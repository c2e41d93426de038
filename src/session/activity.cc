#include "session/activity.h"

namespace millrace::session {
namespace {

// The beginning of a text, without a part of a character at its end.
std::string_view Beginning(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

Activity::Figures Activity::figures() const {
  MutexLock lock(mutex_);
  return figures_;
}

void Activity::Begin(std::string_view query, int64_t now_micros) {
  MutexLock lock(mutex_);
  figures_.query.assign(Beginning(query, kQueryBytesMax));
  figures_.query_started_micros = now_micros;
  if (figures_.state != State::kActive) figures_.state_changed_micros = now_micros;
  figures_.state = State::kActive;
}

void Activity::Rest(State state, int64_t now_micros) {
  MutexLock lock(mutex_);
  if (figures_.state != state) figures_.state_changed_micros = now_micros;
  figures_.state = state;
}

void Activity::SetApplicationName(std::string_view name) {
  MutexLock lock(mutex_);
  figures_.application_name.assign(name);
}

void ActivityBoard::Add(std::shared_ptr<const Activity> activity) {
  MutexLock lock(mutex_);
  activities_.insert(std::move(activity));
}

void ActivityBoard::Remove(const std::shared_ptr<const Activity>& activity) {
  MutexLock lock(mutex_);
  activities_.erase(activity);
}

std::vector<std::shared_ptr<const Activity>> ActivityBoard::All() const {
  MutexLock lock(mutex_);
  return {activities_.begin(), activities_.end()};
}

}  // namespace millrace::session
