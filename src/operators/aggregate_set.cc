#include "operators/aggregate_set.h"

#include <algorithm>

namespace millrace::operators {

using data::Batch;
using data::Column;

namespace {

constexpr size_t kStateAlignment = 16;

size_t Align(size_t bytes) {
  return (bytes + kStateAlignment - 1) / kStateAlignment * kStateAlignment;
}

}  // namespace

AggregateSet::AggregateSet(std::vector<AggregateCall> calls, size_t header_bytes)
    : calls_(std::move(calls)), payload_bytes_(Align(header_bytes)) {
  if (calls_.empty()) payload_bytes_ = header_bytes;
  for (const AggregateCall& call : calls_) {
    offsets_.push_back(payload_bytes_);
    payload_bytes_ += Align(call.function->state_bytes());
    owns_memory_ = owns_memory_ || call.function->owns_memory();
    has_elements_ = has_elements_ || call.function->has_elements();
  }
}

std::vector<data::DataType> AggregateSet::result_types() const {
  std::vector<data::DataType> types;
  for (const AggregateCall& call : calls_) types.push_back(call.function->result_type());
  return types;
}

void AggregateSet::Init(std::byte* payload) const {
  for (size_t i = 0; i < calls_.size(); ++i) calls_[i].function->Init(payload + offsets_[i]);
}

void AggregateSet::Destroy(std::byte* payload) const {
  if (!owns_memory_) return;
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i].function->owns_memory()) calls_[i].function->Destroy(payload + offsets_[i]);
  }
}

void AggregateSet::TrackElements(std::byte* payload) const {
  if (!has_elements_) return;
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (calls_[i].function->has_elements()) calls_[i].function->TrackElements(payload + offsets_[i]);
  }
}

void AggregateSet::Save(const std::byte* payload, std::string* out) const {
  for (size_t i = 0; i < calls_.size(); ++i) calls_[i].function->Save(payload + offsets_[i], out);
}

Status AggregateSet::Load(std::string_view* in, std::byte* payload) const {
  for (size_t i = 0; i < calls_.size(); ++i) MR_TRY(calls_[i].function->Load(in, payload + offsets_[i]));
  return {};
}

size_t AggregateSet::MemoryBytes(const std::byte* payload) const {
  if (!owns_memory_) return 0;
  size_t bytes = 0;
  for (size_t i = 0; i < calls_.size(); ++i) bytes += calls_[i].function->MemoryBytes(payload + offsets_[i]);
  return bytes;
}

std::span<std::byte* const> AggregateSet::StatesOf(std::span<std::byte* const> payloads, size_t call,
                                                   std::vector<std::byte*>* states) const {
  const size_t offset = offsets_[call];
  if (offset == 0) return payloads;
  states->resize(payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) (*states)[i] = payloads[i] + offset;
  return *states;
}

void AggregateSet::Update(const Batch& batch, std::span<std::byte* const> payloads,
                          std::span<const int8_t> signs, functions::EvalContext& context) {
  MR_DCHECK(payloads.size() == batch.rows);
  const bool has_holes = std::ranges::find(payloads, nullptr) != payloads.end();
  int selected_by = -2;  // the filter column that selected_ was made for
  for (size_t i = 0; i < calls_.size(); ++i) {
    const AggregateCall& call = calls_[i];
    args_.clear();
    if (call.filter < 0 && !has_holes) {
      for (const int arg : call.args) args_.push_back(batch.columns[arg]);
      call.function->Update(StatesOf(payloads, i, &states_), args_, signs, context);
      continue;
    }
    if (selected_by != call.filter) {
      selected_by = call.filter;
      const Column* filter = call.filter < 0 ? nullptr : batch.columns[call.filter].get();
      selected_.clear();
      selected_payloads_.clear();
      selected_signs_.clear();
      for (size_t row = 0; row < batch.rows; ++row) {
        if (payloads[row] == nullptr) continue;
        if (filter != nullptr &&
            (filter->IsNull(row) || filter->values<uint8_t>()[filter->is_constant() ? 0 : row] == 0)) {
          continue;
        }
        selected_.push_back(static_cast<uint32_t>(row));
        selected_payloads_.push_back(payloads[row]);
        if (!signs.empty()) selected_signs_.push_back(signs[row]);
      }
    }
    if (selected_.empty()) continue;
    for (const int arg : call.args) args_.push_back(data::Gather(batch.columns[arg], selected_));
    call.function->Update(StatesOf(selected_payloads_, i, &states_), args_, selected_signs_, context);
  }
  args_.clear();
}

void AggregateSet::Merge(std::span<std::byte* const> into, std::span<std::byte* const> from) {
  for (size_t i = 0; i < calls_.size(); ++i) {
    calls_[i].function->Merge(StatesOf(into, i, &states_), StatesOf(from, i, &from_states_));
  }
}

void AggregateSet::Finalize(std::span<std::byte* const> payloads,
                            std::span<const data::MutableColumnPtr> columns,
                            functions::EvalContext& context) {
  for (size_t i = 0; i < calls_.size(); ++i) {
    calls_[i].function->Finalize(StatesOf(payloads, i, &states_), columns[i].get(), context);
  }
}

}  // namespace millrace::operators
