#include "dataflow/inbox.h"

#include <algorithm>

#include "base/limits.h"

namespace millrace::dataflow {

int Inbox::AddChannel(int input, std::shared_ptr<TaskWaker> producer) {
  auto channel = std::make_unique<Channel>();
  channel->input = input;
  channel->producer = std::move(producer);
  MutexLock lock(mutex_);
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (!channels_[i]->removed || !channels_[i]->messages.empty()) continue;
    channels_[i] = std::move(channel);
    return static_cast<int>(i);
  }
  channels_.push_back(std::move(channel));
  return static_cast<int>(channels_.size()) - 1;
}

void Inbox::RemoveChannel(int channel) {
  MutexLock lock(mutex_);
  channels_[channel]->removed = true;
  channels_[channel]->producer.reset();
}

void Inbox::Send(int channel, Message message) {
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    Channel& target = *channels_[channel];
    target.messages.push_back(std::move(message));
    if (target.messages.size() >= limits::kQueueMessages) target.was_full = true;
  }
  owner_->Wake();
}

bool Inbox::HasRoom(int channel, bool if_blocked) const {
  MutexLock lock(mutex_);
  const Channel& target = *channels_[channel];
  return target.messages.size() < limits::kQueueMessages || (if_blocked && target.blocked);
}

bool Inbox::Receive(Message* message, int* channel) {
  std::shared_ptr<TaskWaker> drained;
  {
    MutexLock lock(mutex_);
    const size_t count = channels_.size();
    size_t found = count;
    for (size_t i = 0; i < count && found == count; ++i) {
      const size_t candidate = (next_ + i) % count;
      if (!channels_[candidate]->blocked && !channels_[candidate]->messages.empty()) found = candidate;
    }
    if (found == count) return false;
    Channel& source = *channels_[found];
    *message = std::move(source.messages.front());
    source.messages.pop_front();
    *channel = static_cast<int>(found);
    next_ = (found + 1) % count;
    if (source.was_full && source.messages.size() <= limits::kQueueMessages / 2) {
      source.was_full = false;
      drained = source.producer;
    }
  }
  if (drained != nullptr) drained->Wake();
  return true;
}

void Inbox::Block(int channel) {
  std::shared_ptr<TaskWaker> waiting;
  {
    MutexLock lock(mutex_);
    Channel& blocked = *channels_[channel];
    blocked.blocked = true;
    if (blocked.was_full) waiting = blocked.producer;
  }
  if (waiting != nullptr) waiting->Wake();
}

void Inbox::UnblockAll() {
  MutexLock lock(mutex_);
  for (auto& channel : channels_) channel->blocked = false;
}

void Inbox::Close() {
  std::vector<std::deque<Message>> dropped;  // freed outside of the lock
  std::vector<std::shared_ptr<TaskWaker>> waiting;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    for (auto& channel : channels_) {
      dropped.push_back(std::move(channel->messages));
      channel->messages.clear();
      if (channel->was_full && channel->producer != nullptr) waiting.push_back(channel->producer);
      channel->was_full = false;
    }
  }
  for (const auto& producer : waiting) producer->Wake();
}

int Inbox::input_of(int channel) const {
  MutexLock lock(mutex_);
  return channels_[channel]->input;
}

size_t Inbox::channels() const {
  MutexLock lock(mutex_);
  return static_cast<size_t>(std::count_if(channels_.begin(), channels_.end(),
                                           [](const auto& channel) { return !channel->removed; }));
}

size_t Inbox::messages() const {
  MutexLock lock(mutex_);
  size_t messages = 0;
  for (const auto& channel : channels_) messages += channel->messages.size();
  return messages;
}

}  // namespace millrace::dataflow
