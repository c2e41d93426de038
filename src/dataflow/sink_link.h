// The end of a chain that writes to a connector, and the check before it and before tables.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "dataflow/link.h"
#include "dataflow/saved_state.h"

namespace millrace::dataflow {

class SinkLink final : public Link {
 public:
  // `drop_update_before`: the sink overwrites by key.
  SinkLink(std::unique_ptr<connectors::Sink> sink, bool drop_update_before)
      : sink_(std::move(sink)), drop_update_before_(drop_update_before) {}

  Status OnBatch(data::Batch batch) override;
  Status OnWatermark(int64_t) override { return {}; }
  Status OnIdle(bool) override { return {}; }
  Status OnEpoch(const Epoch& epoch) override;
  Status OnEnd() override { return sink_->Close(); }
  // Saves and restores what the sink has to know; for checkpoints, in which it is this shard of so many.
  StateOwner Owner(uint64_t object_id, uint32_t shard, uint32_t shards);

 private:
  std::unique_ptr<connectors::Sink> sink_;
  bool drop_update_before_;
};

// Rows with NULL in one of `columns` go to `side`, all others on.
class NotNullLink final : public Link {
 public:
  NotNullLink(std::string name, data::Schema schema, std::vector<int> columns, operators::SideOutput* side,
              Link* next);

  Status OnBatch(data::Batch batch) override;
  Status OnWatermark(int64_t watermark) override { return next_.OnWatermark(watermark); }
  Status OnIdle(bool idle) override { return next_.OnIdle(idle); }
  Status OnEpoch(const Epoch& epoch) override { return next_.OnEpoch(epoch); }
  Status OnEnd() override { return next_.OnEnd(); }

 private:
  std::string name_;
  data::Schema schema_;
  std::vector<int> columns_;
  operators::SideOutput& side_;
  Link& next_;
};

}  // namespace millrace::dataflow
