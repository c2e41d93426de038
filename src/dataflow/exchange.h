// ExchangeLink: sends the rows of one task to the instances of another stage.
//
// By hash of key columns (all rows of one key go to one instance, in order), or all to one. Watermarks,
// idleness, epochs and the end go to every instance. Cost: a hash and a gather a row.
#pragma once

#include <vector>

#include "dataflow/inbox.h"
#include "dataflow/link.h"

namespace millrace::dataflow {

class ExchangeLink final : public Link {
 public:
  // `keys`: columns to hash by; none: everything goes to the first of `targets`.
  ExchangeLink(std::vector<int> keys, std::vector<Sender> targets)
      : keys_(std::move(keys)), targets_(std::move(targets)) {}

  Status OnBatch(data::Batch batch) override;
  Status OnWatermark(int64_t watermark) override;
  Status OnIdle(bool idle) override;
  Status OnEpoch(const Epoch& epoch) override;
  Status OnEnd() override;

 private:
  void SendAll(const Message& message) const;

  std::vector<int> keys_;
  std::vector<Sender> targets_;
  std::vector<uint64_t> hashes_;
  std::vector<std::vector<uint32_t>> selections_;
};

}  // namespace millrace::dataflow
