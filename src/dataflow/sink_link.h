// SinkLink: the end of a chain that writes to a connector.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "dataflow/link.h"

namespace millrace::dataflow {

class SinkLink final : public Link {
 public:
  // `not_null`: columns that must not be null: rows where one is go to `side`. `drop_update_before`: the sink
  // overwrites by key. `rows_written` counts over all shards.
  SinkLink(std::string name, std::unique_ptr<connectors::Sink> sink, data::Schema schema,
           std::vector<int> not_null, bool drop_update_before, operators::SideOutput* side);

  Status OnBatch(data::Batch batch) override;
  Status OnWatermark(int64_t) override { return {}; }
  Status OnIdle(bool) override { return {}; }
  Status OnEpoch(const Epoch& epoch) override { return sink_->Flush(static_cast<uint64_t>(epoch.number)); }
  Status OnEnd() override { return sink_->Close(); }

 private:
  std::string name_;
  std::unique_ptr<connectors::Sink> sink_;
  data::Schema schema_;
  std::vector<int> not_null_;
  bool drop_update_before_;
  operators::SideOutput& side_;
};

}  // namespace millrace::dataflow
