// Cursor: DECLARE c CURSOR FOR ..., read by FETCH and MOVE. Forward only. Owned by a session; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/batch.h"
#include "session/interruptible.h"
#include "session/result_stream.h"

namespace millrace::session {

class Cursor {
 public:
  Cursor(std::unique_ptr<ResultStream> rows, bool hold) : rows_(std::move(rows)), hold_(hold) {}

  const data::Schema& schema() const { return rows_->schema(); }
  // Outlives the transaction it was declared in.
  bool hold() const { return hold_; }

  // At most `count` more rows (negative: all). Of a subscription: those there are, after waiting until there
  // is one or `timeout_micros` have passed (negative: for ever).
  Result<std::vector<data::Batch>> Fetch(int64_t count, int64_t timeout_micros,
                                         const Interruptible& interruptible);

 private:
  std::unique_ptr<ResultStream> rows_;
  const bool hold_;
  data::Batch rest_;  // of a batch that was fetched in part
  bool ended_ = false;
};

}  // namespace millrace::session
