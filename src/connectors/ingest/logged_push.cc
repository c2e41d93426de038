// Pushes into an IngestPoint that go through the durable log.
//
// The log answers in the order of offsets but for transactions: their answer comes when the last partition is
// done, and another one may have gone on before that. Rows must reach the queues in the order of their
// offsets, since readers begin again at an offset, so what has been answered early waits for what is before
// it, in each of its tables. Transactions have one order in all partitions, so nothing waits in a circle.
//
// A push whose id the log knows has the offsets of the first: it takes no place in that order and brings no
// rows, but waits until the head is behind those of the first, since its writer may ask for them then.
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "connectors/ingest/ingest_point.h"

namespace millrace::connectors {
namespace {

IngestPoint::Push Refused(log::Admission admission) {
  return admission == log::Admission::kFull ? IngestPoint::Push::kFull : IngestPoint::Push::kCrowded;
}

}  // namespace

IngestPoint::Logged::Part IngestPoint::PartOf(std::span<const data::Batch> batches) {
  Logged::Part part;
  part.point = shared_from_this();
  part.batches.assign(batches.begin(), batches.end());
  for (const data::Batch& batch : batches) {
    part.rows += batch.rows;
    part.bytes += BytesOf(batch);
  }
  return part;
}

void IngestPoint::KeepRoom(const Logged::Part& part) {
  ++pushes_under_way_;
  rows_under_way_ += part.rows;
  bytes_under_way_ += part.bytes;
}

std::vector<std::function<void()>> IngestPoint::FreeRoom(const Logged::Part& part,
                                                         std::vector<uint64_t>* woken) {
  --pushes_under_way_;
  rows_under_way_ -= part.rows;
  bytes_under_way_ -= part.bytes;
  if (state_ == State::kEnded && pushes_under_way_ == 0) {
    for (const auto& [id, queue] : queues_) woken->push_back(id);
  }
  return TakeWaiters();
}

IngestPoint::Push IngestPoint::TryPushLogged(std::span<data::Batch> batches,
                                             const std::function<void()>& wake, const PushReceiptPtr& receipt,
                                             const std::string& id) {
  const auto logged = std::make_shared<Logged>();
  logged->parts.push_back(PartOf(batches));
  logged->receipt = receipt;
  logged->pushed_micros = row_log_->partition().env().clock->MonotonicMicros();
  {
    MutexLock lock(mutex_);
    const Push room = CheckRoom(wake);
    if (room != Push::kTaken) return room;
    KeepRoom(logged->parts[0]);
  }
  if (receipt != nullptr) receipt->Begin();
  const auto append = [&]() -> Result<log::Admission> {
    MR_ASSIGN(log::AppendBatch encoded, row_log_->Encode(batches));
    encoded.id = id;
    log::AppendDone done = [logged](Result<log::AppendResult> result) {
      if (!result.has_value()) return Arrive(logged, std::unexpected(result.error()));
      Arrive(logged, std::vector{*result});
    };
    auto admission = row_log_->partition().TryAppend(&encoded, &done, wake);
    if (!admission.has_value()) return std::unexpected(row_log_->Explain(admission.error()));
    return admission;
  };
  const Result<log::Admission> admission = append();
  if (admission.has_value() && *admission != log::Admission::kTaken) {
    GiveUp(logged, Ok());
    return Refused(*admission);
  }
  if (!admission.has_value()) GiveUp(logged, std::unexpected(admission.error()));
  for (data::Batch& batch : batches) batch = {};
  return Push::kTaken;
}

std::optional<IngestPoint::Refusal> IngestPoint::PushAllLogged(std::span<Part> parts,
                                                               const std::function<void()>& wake,
                                                               const PushReceiptPtr& receipt) {
  const auto logged = std::make_shared<Logged>();
  Points points;
  std::vector<Part*> with_rows;
  for (Part& part : parts) {
    MR_CHECK(part.point->row_log_ != nullptr);
    points.push_back(part.point);
    Logged::Part made = part.point->PartOf(part.batches);
    if (made.rows == 0) continue;
    logged->parts.push_back(std::move(made));
    with_rows.push_back(&part);
  }
  LockAll(&points);
  const std::optional<Refusal> refusal = CheckAllOpen(parts);
  if (!refusal.has_value()) {
    for (const Logged::Part& part : logged->parts) part.point->KeepRoom(part);
  }
  UnlockAll(points);
  if (refusal.has_value() || logged->parts.empty()) return refusal;

  const RowLog& first = *with_rows.front()->point->row_log_;
  logged->receipt = receipt;
  logged->pushed_micros = first.partition().env().clock->MonotonicMicros();
  if (receipt != nullptr) receipt->Begin();
  std::vector<log::Log::Part> appends;
  const auto append = [&]() -> Result<log::Admission> {
    for (Part* part : with_rows) {
      if (part->append.has_value()) continue;
      MR_ASSIGN(part->append, part->point->row_log_->Encode(part->batches));
    }
    for (Part* part : with_rows) {
      appends.push_back({&part->point->row_log_->partition(), std::move(*part->append)});
    }
    log::AppendAllDone done = [logged](Result<std::vector<log::AppendResult>> results) {
      Arrive(logged, results);
    };
    auto admission = first.log().TryAppendAll(&appends, &done, wake);
    if (!admission.has_value()) return std::unexpected(first.Explain(admission.error()));
    return admission;
  };
  const Result<log::Admission> admission = append();
  if (admission.has_value() && *admission != log::Admission::kTaken) {
    for (size_t i = 0; i < appends.size(); ++i) with_rows[i]->append = std::move(appends[i].batch);
    GiveUp(logged, Ok());
    return Refusal{0, Refused(*admission)};
  }
  if (!admission.has_value()) GiveUp(logged, std::unexpected(admission.error()));
  for (Part& part : parts) part.batches.clear();
  return std::nullopt;
}

void IngestPoint::GiveUp(const LoggedPtr& logged, const Status& why) {
  if (logged->is_over.exchange(true)) return;
  for (const Logged::Part& part : logged->parts) {
    std::vector<uint64_t> readers;
    std::vector<std::function<void()>> writers;
    {
      MutexLock lock(part.point->mutex_);
      writers = part.point->FreeRoom(part, &readers);
    }
    for (const auto& writer : writers) writer();
    part.point->WakeReaders(readers);
  }
  if (logged->receipt != nullptr) logged->receipt->End(why);
}

void IngestPoint::GiveUpAll(const LoggedPtr& logged, const Error& why) {
  std::vector<LoggedPtr> left = {logged};
  while (!left.empty()) {
    const LoggedPtr next = std::move(left.back());
    left.pop_back();
    for (const Logged::Part& part : next->parts) {
      MutexLock lock(part.point->mutex_);
      if (!part.point->log_ended_.has_value()) part.point->log_ended_ = why;
      for (auto& [offset, early] : std::exchange(part.point->early_, {})) left.push_back(std::move(early));
      for (auto& [offset, again] : std::exchange(part.point->repetitions_, {})) left.push_back(again);
    }
    GiveUp(next, std::unexpected(why));
  }
}

void IngestPoint::Arrive(const LoggedPtr& logged, const Result<std::vector<log::AppendResult>>& results) {
  if (!results.has_value()) {
    const RowLog& first = *logged->parts.front().point->row_log_;
    const Error why = first.Explain(results.error());
    // The offsets of an append that failed go to another one, unless that was the end of the log.
    const bool has_ended =
        !first.log().health().has_value() || results.error().code() == ErrorCode::kAdminShutdown;
    if (has_ended) return GiveUpAll(logged, why);
    return GiveUp(logged, std::unexpected(why));
  }
  if (results->front().is_repetition) return ArriveRepeated(logged, results->front());
  for (size_t i = 0; i < results->size(); ++i) logged->parts[i].base_offset = (*results)[i].base_offset;
  std::vector<LoggedPtr> next = {logged};
  while (!next.empty()) {
    const LoggedPtr first = std::move(next.back());
    next.pop_back();
    TryDeliver(first, &next);
  }
}

void IngestPoint::ArriveRepeated(const LoggedPtr& logged, const log::AppendResult& first) {
  if (logged->receipt != nullptr) logged->receipt->Repeat(first.record_count);
  IngestPoint& point = *logged->parts.front().point;
  std::optional<Error> ended;
  {
    MutexLock lock(point.mutex_);
    const uint64_t end_offset = first.base_offset + first.record_count;
    if (point.head_ < end_offset) {
      ended = point.log_ended_;
      if (!ended.has_value()) {
        point.repetitions_.emplace(end_offset, logged);
        return;
      }
    }
  }
  GiveUp(logged, ended.has_value() ? Status(std::unexpected(*ended)) : Ok());
}

void IngestPoint::TakeRepetitions(std::vector<LoggedPtr>* over) {
  const auto end = repetitions_.upper_bound(head_);
  for (auto next = repetitions_.begin(); next != end; ++next) over->push_back(std::move(next->second));
  repetitions_.erase(repetitions_.begin(), end);
}

// As with PushAll, all points are locked at once, so that one stamp is right for all of them.
void IngestPoint::TryDeliver(const LoggedPtr& logged, std::vector<LoggedPtr>* next) {
  Points points;
  for (const Logged::Part& part : logged->parts) points.push_back(part.point.get());
  std::vector<std::vector<uint64_t>> readers(logged->parts.size());
  std::vector<std::function<void()>> writers;
  std::vector<LoggedPtr> repetitions;
  std::optional<Error> ended;
  bool is_next = true;
  LockAll(&points);
  for (const Logged::Part& part : logged->parts) {
    if (part.point->log_ended_.has_value()) ended = part.point->log_ended_;
    is_next = is_next && part.point->head_ == part.base_offset;
  }
  // One that waited in several points is asked for by each that comes to it: the first time it is delivered.
  const bool is_over = logged->is_over.load();
  const bool is_delivered = !ended.has_value() && is_next && !logged->is_over.exchange(true);
  const int64_t epoch = logged->parts.front().point->epoch_->open();
  for (size_t i = 0; i < logged->parts.size() && !ended.has_value(); ++i) {
    Logged::Part& part = logged->parts[i];
    if (!is_next && !is_over) part.point->early_[part.base_offset] = logged;
    if (!is_delivered) continue;
    for (data::Batch& batch : part.batches) part.point->Enqueue(std::move(batch), epoch, &readers[i]);
    part.point->head_ += part.rows;
    part.point->TakeRepetitions(&repetitions);
    part.point->early_.erase(part.base_offset);
    const auto behind = part.point->early_.find(part.point->head_);
    if (behind != part.point->early_.end()) next->push_back(behind->second);
    for (auto& writer : part.point->FreeRoom(part, &readers[i])) writers.push_back(std::move(writer));
  }
  UnlockAll(points);
  if (ended.has_value()) return GiveUpAll(logged, *ended);
  if (!is_delivered) return;
  for (const auto& writer : writers) writer();
  for (size_t i = 0; i < logged->parts.size(); ++i) {
    IngestPoint& point = *logged->parts[i].point;
    point.WakeReaders(readers[i]);
    if (point.on_delivered_) point.on_delivered_(logged->pushed_micros);
  }
  if (logged->receipt != nullptr) logged->receipt->End(Ok());
  for (const LoggedPtr& repetition : repetitions) GiveUp(repetition, Ok());
}

}  // namespace millrace::connectors
