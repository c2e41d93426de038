// PushGroup: rows for one or more tables that are taken together or not at all, and become visible in one
// epoch: a COMMIT, or a statement of several batches. In a durable warehouse they are taken when they are
// durable.
//
// Owned by one writer; one thread at a time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "dataflow/ingest.h"

namespace millrace::dataflow {

class PushGroup {
 public:
  // Batches that Ingest::Check has passed; each table at most once.
  void Add(std::shared_ptr<Ingest> ingest, std::vector<data::Batch> batches);

  // Takes all of it, once every table has said that it has room: it waits for one table behind the other and
  // holds none of them meanwhile, so writers cannot wait for each other, and who has been let in by a table
  // is not sent back when others have filled it since.
  //
  // false: not now, or it is on its way to the log; `wake` of this call is called when it is time to call
  // again (a call before that answers false, and its `wake` is not kept). Errors are those of Ingest::TryPush
  // and those of the log (kDiskFull, kIoError, kProgramLimitExceeded), after which nothing was taken.
  Result<bool> TryPush(const std::function<void()>& wake);

  // It has been given to its tables: it will be taken, or fail, whether the writer waits for that or not.
  bool is_given() const { return receipt_ != nullptr; }

 private:
  struct Part {
    std::shared_ptr<Ingest> ingest;
    std::vector<data::Batch> batches;
  };
  // A wake that the group remembers, around that of the writer.
  std::function<void()> Remember(const std::function<void()>& wake);
  // False: the log has no room.
  Result<bool> PushAll(const std::function<void()>& wake);

  std::vector<Part> parts_;
  size_t let_in_ = 0;  // how many of the tables have said that there is room
  // Of what was asked last for room, the next table or the log; null: nothing is being waited for.
  std::shared_ptr<std::atomic<bool>> is_woken_;
  std::vector<connectors::IngestPoint::Part> pushed_;  // once all tables have
  connectors::PushReceiptPtr receipt_;                 // once they have been given to the tables
};

}  // namespace millrace::dataflow
