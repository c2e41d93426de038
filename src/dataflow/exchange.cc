#include "dataflow/exchange.h"

#include "base/hash.h"

namespace millrace::dataflow {

Status ExchangeLink::OnBatch(data::Batch batch) {
  if (batch.rows == 0) return {};
  if (targets_.size() == 1 || keys_.empty()) {
    Message message;
    message.batch = std::move(batch);
    targets_[0].Send(std::move(message));
    return {};
  }
  data::HashRows(batch, keys_, &hashes_);
  selections_.resize(targets_.size());
  for (auto& selection : selections_) selection.clear();
  for (size_t row = 0; row < batch.rows; ++row) {
    selections_[ShardOf(hashes_[row], targets_.size())].push_back(static_cast<uint32_t>(row));
  }
  for (size_t i = 0; i < targets_.size(); ++i) {
    if (selections_[i].empty()) continue;
    Message message;
    message.batch = selections_[i].size() == batch.rows ? batch : data::Gather(batch, selections_[i]);
    targets_[i].Send(std::move(message));
  }
  return {};
}

void ExchangeLink::SendAll(const Message& message) const {
  for (const Sender& target : targets_) target.Send(message);
}

Status ExchangeLink::OnWatermark(int64_t watermark) {
  Message message;
  message.kind = Message::Kind::kWatermark;
  message.watermark = watermark;
  SendAll(message);
  return {};
}

Status ExchangeLink::OnIdle(bool idle) {
  Message message;
  message.kind = Message::Kind::kIdle;
  message.idle = idle;
  SendAll(message);
  return {};
}

Status ExchangeLink::OnEpoch(const Epoch& epoch) {
  Message message;
  message.kind = Message::Kind::kEpoch;
  message.epoch = epoch;
  SendAll(message);
  return {};
}

Status ExchangeLink::OnEnd() {
  Message message;
  message.kind = Message::Kind::kEnd;
  SendAll(message);
  return {};
}

}  // namespace millrace::dataflow
