// PendingWrites: rows of a session's statements that wait to be taken together.
//
// A transaction keeps its rows here until COMMIT, so that ROLLBACK takes them back, and its own queries do
// not see them; a statement outside of a transaction keeps its own until it ends. Commit puts them into their
// tables as one unit: all or none, visible in one epoch. Owned by a session; one thread at a time.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "data/batch.h"
#include "dataflow/ingest.h"
#include "dataflow/push_group.h"
#include "dataflow/warehouse.h"
#include "session/interruptible.h"

namespace millrace::session {

class PendingWrites {
 public:
  // How a Commit ended.
  enum class Taken : uint8_t {
    kVisible,  // or there was nothing
    kUnseen,   // the statement was cancelled when the rows had been taken: they will be visible
  };

  PendingWrites(dataflow::Warehouse* warehouse, const Interruptible* interruptible,
                size_t bytes_max = limits::kTransactionBytesMax)
      : warehouse_(*warehouse), interruptible_(*interruptible), bytes_max_(bytes_max) {}

  // Keeps the batch until Commit. Errors are those of Ingest::Check, and kProgramLimitExceeded when there is
  // no room for it.
  Status Keep(const std::shared_ptr<dataflow::Ingest>& ingest, data::Batch batch);
  bool HasRoomFor(const data::Batch& batch) const;

  // Gives all that was kept to its tables and waits until it is durable, in a durable warehouse, and can be
  // read. Nothing is kept afterwards; with an error nothing was taken. Once the rows are on their way to the
  // log a Cancel has to wait until that has answered, so that the client is never left without knowing.
  Result<Taken> Commit();
  // Gives what is kept to its tables without waiting: false: not yet, and `wake` is called when it is time to
  // call again, or it is on its way to the log. With an error nothing of it was taken.
  Result<bool> TryPush(const std::function<void()>& wake);
  // Drops what is kept; what is on its way to the log goes into its tables all the same.
  void Rollback();
  // Waits until all that has been given to tables by anyone can be read.
  Status AwaitVisible() const;

  // A name for what is kept by now; RollbackTo drops what came behind it.
  size_t Mark() { return ++mark_; }
  void RollbackTo(size_t mark);

 private:
  struct Piece {
    data::Batch batch;
    size_t bytes = 0;
    size_t mark = 0;  // the last one before it
  };
  struct Table {
    std::shared_ptr<dataflow::Ingest> ingest;
    std::vector<Piece> pieces;
    size_t small_pieces = 0;  // at the end, since they were merged last
  };
  Status PushAll();
  Table& TableOf(const std::shared_ptr<dataflow::Ingest>& ingest);
  void MergeSmallPieces(Table* table);

  dataflow::Warehouse& warehouse_;
  const Interruptible& interruptible_;
  const size_t bytes_max_;
  std::vector<Table> tables_;  // in the order of their first rows
  std::unique_ptr<dataflow::PushGroup> pushing_;
  size_t bytes_ = 0;
  size_t mark_ = 0;
};

}  // namespace millrace::session
