// PushGroup: rows for one or more tables that are taken together or not at all, and become visible in one
// epoch: a COMMIT, or a statement of several batches.
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
  // false: not now; `wake` of this call is called when it is time to call again (a call before that answers
  // false, and its `wake` is not kept). Errors are those of Ingest::TryPush, after which nothing was taken.
  Result<bool> TryPush(const std::function<void()>& wake);

 private:
  struct Part {
    std::shared_ptr<Ingest> ingest;
    std::vector<data::Batch> batches;
  };
  Status PushAll();

  std::vector<Part> parts_;
  size_t let_in_ = 0;                            // how many of the tables have said that there is room
  std::shared_ptr<std::atomic<bool>> is_woken_;  // by the next one; null: it has not been asked
};

}  // namespace millrace::dataflow
