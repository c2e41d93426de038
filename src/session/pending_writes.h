// PendingWrites: rows of the statements of a session on their way into tables.
//
// Outside of a transaction they are pushed at once; within one they wait for COMMIT, so that ROLLBACK takes
// them back, and the transaction's own queries do not see them. Owned by a session; one thread.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "dataflow/ingest.h"
#include "dataflow/warehouse.h"
#include "session/interruptible.h"

namespace millrace::session {

class PendingWrites {
 public:
  PendingWrites(dataflow::Warehouse* warehouse, const Interruptible* interruptible)
      : warehouse_(*warehouse), interruptible_(*interruptible) {}

  // Keeps the batch until Commit. kProgramLimitExceeded past limits::kTransactionBytesMax.
  Status Keep(std::shared_ptr<dataflow::Ingest> ingest, data::Batch batch);
  // Pushes the batch now, waiting for room.
  Status Push(dataflow::Ingest& ingest, data::Batch batch);
  // Waits until what was pushed can be read.
  Status AwaitVisible();

  // Pushes all that was kept, in order, and waits until it can be read.
  Status Commit();
  void Rollback();
  // How many batches are kept; and back to so many.
  size_t size() const { return kept_.size(); }
  void RollbackTo(size_t size) { kept_.resize(std::min(size, kept_.size())); }

 private:
  dataflow::Warehouse& warehouse_;
  const Interruptible& interruptible_;
  struct Kept {
    std::shared_ptr<dataflow::Ingest> ingest;
    data::Batch batch;
  };
  std::vector<Kept> kept_;
  size_t bytes_ = 0;
};

}  // namespace millrace::session
