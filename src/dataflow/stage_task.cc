#include "dataflow/stage_task.h"

#include <algorithm>

#include "dataflow/coordinator.h"

namespace millrace::dataflow {
namespace {

// Messages taken in one slice, so that tasks take turns.
constexpr int kMessagesPerSlice = 8;

}  // namespace

int StageTask::AddInput(Link* link) {
  inputs_.push_back(Input{link, {}, data::kMinWatermark, false, false});
  return static_cast<int>(inputs_.size()) - 1;
}

Sender StageTask::AddChannel(int input, std::shared_ptr<TaskWaker> producer) {
  const int channel = inbox_->AddChannel(input, std::move(producer));
  channels_.resize(channel + 1);
  inputs_[input].channels.push_back(channel);
  return Sender{inbox_, channel};
}

Result<bool> StageTask::Step() {
  for (int i = 0; i < kMessagesPerSlice; ++i) {
    if (!HasRoom()) return false;  // woken when there is room
    Message message;
    int channel = 0;
    if (!inbox_->Receive(&message, &channel)) return false;
    MR_TRY(OnMessage(std::move(message), channel));
    if (finished()) return false;
  }
  return true;
}

Status StageTask::OnMessage(Message message, int channel) {
  Input& input = inputs_[inbox_->input_of(channel)];
  Channel& state = channels_[channel];
  switch (message.kind) {
    case Message::Kind::kBatch:
      return input.link->OnBatch(std::move(message.batch));
    case Message::Kind::kWatermark:
      state.watermark = message.watermark;
      return Advance(&input);
    case Message::Kind::kIdle: {
      state.idle = message.idle;
      MR_TRY(Advance(&input));
      const bool all_idle = std::all_of(input.channels.begin(), input.channels.end(),
                                        [this](int c) { return channels_[c].idle || channels_[c].ended; });
      if (all_idle == input.idle) return {};
      input.idle = all_idle;
      return input.link->OnIdle(all_idle);
    }
    case Message::Kind::kEpoch:
      state.epoch = message.epoch.number;
      pending_epoch_ = message.epoch;
      inbox_->Block(channel);
      return PassEpochIfAligned();
    case Message::Kind::kEnd:
      return End(channel);
    case Message::Kind::kFailure:
      return std::unexpected(*message.failure);
  }
  return {};
}

Status StageTask::Advance(Input* input) {
  int64_t lowest = data::kMaxWatermark;
  bool any_active = false;
  for (const int channel : input->channels) {
    const Channel& state = channels_[channel];
    if (state.idle && !state.ended) continue;
    any_active = true;
    lowest = std::min(lowest, state.watermark);
  }
  if (!any_active || lowest <= input->watermark) return {};
  input->watermark = lowest;
  return input->link->OnWatermark(lowest);
}

Status StageTask::PassEpochIfAligned() {
  if (pending_epoch_.number == 0) return {};
  for (const Channel& channel : channels_) {
    if (!channel.ended && channel.epoch < pending_epoch_.number) return {};
  }
  const Epoch epoch = pending_epoch_;
  pending_epoch_ = Epoch{};
  const int64_t started_micros = env_.clock->MonotonicMicros();
  for (const Input& input : inputs_) MR_TRY(input.link->OnEpoch(epoch));
  inbox_->UnblockAll();
  Pass(epoch, env_.clock->MonotonicMicros() - started_micros);
  return {};
}

Status StageTask::End(int channel) {
  channels_[channel].ended = true;
  Input& input = inputs_[inbox_->input_of(channel)];
  const bool all_ended =
      std::all_of(input.channels.begin(), input.channels.end(), [this](int c) { return channels_[c].ended; });
  if (all_ended && !input.ended) {
    input.ended = true;
    MR_TRY(input.link->OnEnd());
  }
  if (std::all_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.ended; })) {
    Finish();
    return {};
  }
  return PassEpochIfAligned();
}

}  // namespace millrace::dataflow
