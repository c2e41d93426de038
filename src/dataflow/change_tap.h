// PartTap and TableWatcher: how somebody who is no task follows a stored table.
//
// A tap hears of one part's effective changes and barriers, under the part's lock, from its writer; a watcher
// hears what has been published, under the coordinator's lock. Both must only note: they never wait and never
// call back. They are forgotten once they say that they are closed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/batch.h"
#include "dataflow/link.h"
#include "tables/snapshot.h"

namespace millrace::dataflow {

class PartTap {
 public:
  virtual ~PartTap() = default;
  virtual bool closed() const = 0;
  // Whether OnChanges is of use now: computing the changes costs.
  virtual bool wants_changes() const = 0;
  virtual void OnChanges(const std::vector<data::Batch>& changes) = 0;
  // The barrier has come; `staged` is the part at this moment.
  virtual void OnEpoch(const Epoch& epoch, const tables::PartSnapshotPtr& staged) = 0;
  // The writer has ended; `staged` is the last snapshot. Also called at once for a part that has ended.
  virtual void OnEnd(const tables::PartSnapshotPtr& staged) = 0;
};

class TableWatcher {
 public:
  virtual ~TableWatcher() = default;
  virtual bool closed() const = 0;
  // `published`: one a part, now visible to readers.
  virtual void OnPublished(int64_t epoch, const std::vector<tables::PartSnapshotPtr>& published) = 0;
  // The table is gone.
  virtual void OnDropped() = 0;
};

}  // namespace millrace::dataflow
