#include "dataflow/push_group.h"

#include <utility>

namespace millrace::dataflow {

using connectors::IngestPoint;

void PushGroup::Add(std::shared_ptr<Ingest> ingest, std::vector<data::Batch> batches) {
  parts_.push_back({std::move(ingest), std::move(batches)});
}

std::function<void()> PushGroup::Remember(const std::function<void()>& wake) {
  is_woken_ = std::make_shared<std::atomic<bool>>(false);
  return [is_woken = is_woken_, wake] {
    is_woken->store(true);
    if (wake) wake();
  };
}

Result<bool> PushGroup::TryPush(const std::function<void()>& wake) {
  if (receipt_ == nullptr) {
    if (is_woken_ != nullptr) {
      if (!is_woken_->load()) return false;
      is_woken_ = nullptr;
      if (let_in_ < parts_.size()) ++let_in_;
    }
    for (; let_in_ < parts_.size(); ++let_in_) {
      const Ingest& ingest = *parts_[let_in_].ingest;
      const IngestPoint::Push room = ingest.point().AwaitRoom(Remember(wake));
      if (room == IngestPoint::Push::kFull) return false;
      is_woken_ = nullptr;
      if (room != IngestPoint::Push::kTaken) return std::unexpected(ingest.Refusal(room));
    }
    MR_ASSIGN(const bool is_taken, PushAll(wake));
    if (!is_taken) return false;
  }
  if (!receipt_->is_settled()) return false;
  MR_TRY(receipt_->status());
  return true;
}

Result<bool> PushGroup::PushAll(const std::function<void()>& wake) {
  if (pushed_.empty()) {
    pushed_.reserve(parts_.size());
    for (Part& part : parts_) pushed_.push_back({&part.ingest->point(), std::move(part.batches)});
  }
  auto receipt = std::make_shared<connectors::PushReceipt>(wake);
  const auto refused = IngestPoint::PushAll(pushed_, Remember(wake), receipt);
  if (refused.has_value() && refused->why == IngestPoint::Push::kFull) return false;
  is_woken_ = nullptr;
  if (refused.has_value()) return std::unexpected(parts_[refused->part].ingest->Refusal(refused->why));
  receipt_ = std::move(receipt);
  for (const Part& part : parts_) part.ingest->NotePushed();
  return true;
}

}  // namespace millrace::dataflow
