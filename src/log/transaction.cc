#include "log/transaction.h"

#include <utility>

namespace millrace::log {

Transaction::Phase Transaction::phase() const {
  MutexLock lock(mutex_);
  return phase_;
}

void Transaction::PartWritten(size_t part, Result<AppendResult> result) {
  {
    MutexLock lock(mutex_);
    if (result) {
      results_[part] = *result;
    } else if (!failure_) {
      failure_ = result.error();
    }
    --waiting_;
  }
  Advance();
}

void Transaction::StepDone() {
  {
    MutexLock lock(mutex_);
    --waiting_;
  }
  Advance();
}

void Transaction::Leave() {
  {
    MutexLock lock(mutex_);
    if (phase_ == Phase::kOver) return;
    if (phase_ == Phase::kWriting) {
      ++left_;
      return;
    }
    --waiting_;
  }
  Advance();
}

void Transaction::Advance() {
  AppendAllDone done;
  std::optional<Result<std::vector<AppendResult>>> answer;
  {
    MutexLock lock(mutex_);
    if (waiting_ > 0 || phase_ == Phase::kOver) return;
    if (phase_ == Phase::kWriting) {
      phase_ = failure_ ? Phase::kUndo : Phase::kKeep;
      waiting_ = results_.size() - left_;
    }
    if (waiting_ == 0) {
      phase_ = Phase::kOver;
      done = std::exchange(done_, nullptr);
      answer = failure_ ? Result<std::vector<AppendResult>>(std::unexpected(*failure_)) : std::move(results_);
    }
  }
  if (done) done(std::move(*answer));
  wake_();
}

void Transaction::Abandon(const Error& error) {
  AppendAllDone done;
  {
    MutexLock lock(mutex_);
    phase_ = Phase::kOver;
    done = std::exchange(done_, nullptr);
  }
  if (done) done(std::unexpected(error));
}

}  // namespace millrace::log
