#include "dataflow/push_group.h"

#include <utility>

namespace millrace::dataflow {

using connectors::IngestPoint;

void PushGroup::Add(std::shared_ptr<Ingest> ingest, std::vector<data::Batch> batches) {
  parts_.push_back({std::move(ingest), std::move(batches)});
}

Result<bool> PushGroup::TryPush(const std::function<void()>& wake) {
  for (; let_in_ < parts_.size(); ++let_in_) {
    if (is_woken_ != nullptr) {
      if (!is_woken_->load()) return false;
      is_woken_ = nullptr;
      continue;
    }
    const Ingest& ingest = *parts_[let_in_].ingest;
    auto is_woken = std::make_shared<std::atomic<bool>>(false);
    const IngestPoint::Push room = ingest.point().AwaitRoom([is_woken, wake] {
      is_woken->store(true);
      if (wake) wake();
    });
    if (room == IngestPoint::Push::kFull) {
      is_woken_ = std::move(is_woken);
      return false;
    }
    if (room != IngestPoint::Push::kTaken) return std::unexpected(ingest.Refusal(room));
  }
  MR_TRY(PushAll());
  return true;
}

Status PushGroup::PushAll() {
  std::vector<IngestPoint::Part> parts;
  parts.reserve(parts_.size());
  for (Part& part : parts_) parts.push_back({&part.ingest->point(), std::move(part.batches)});
  if (const auto refused = IngestPoint::PushAll(parts); refused.has_value()) {
    return std::unexpected(parts_[refused->part].ingest->Refusal(refused->why));
  }
  for (const Part& part : parts_) part.ingest->NotePushed();
  return {};
}

}  // namespace millrace::dataflow
