// AggregateSet: the aggregates of one operator, laid out in the payload of one group.
//
// A payload is `header_bytes` of the operator's own, then one state a call at 16-byte alignment; it starts
// as zero bytes. All work is by batch: one virtual call an aggregate. Owned by one operator instance; not
// thread-safe (it keeps scratch memory).
#pragma once

#include <span>
#include <vector>

#include "data/batch.h"
#include "operators/aggregate_call.h"

namespace millrace::operators {

class AggregateSet {
 public:
  AggregateSet(std::vector<AggregateCall> calls, size_t header_bytes);

  size_t size() const { return calls_.size(); }
  size_t payload_bytes() const { return payload_bytes_; }
  // Whether payloads must be destroyed before they are forgotten.
  bool owns_memory() const { return owns_memory_; }
  std::vector<data::DataType> result_types() const;

  void Init(std::byte* payload) const;
  void Destroy(std::byte* payload) const;
  // The states of a payload as bytes, and back into an initialised payload.
  void Save(const std::byte* payload, std::string* out) const;
  Status Load(std::string_view* in, std::byte* payload) const;

  // States of many values, whose elements are saved by themselves (functions/aggregate.h).
  bool has_elements() const { return has_elements_; }
  const functions::Aggregate& function(size_t call) const { return *calls_[call].function; }
  std::byte* StateOf(std::byte* payload, size_t call) const { return payload + offsets_[call]; }
  void TrackElements(std::byte* payload) const;
  // Bytes that the states hold outside the payload.
  size_t MemoryBytes(const std::byte* payload) const;

  // Row i of the batch goes to payloads[i] (null: the row is left out), with signs[i] (no signs: all +1).
  void Update(const data::Batch& batch, std::span<std::byte* const> payloads, std::span<const int8_t> signs,
              functions::EvalContext& context);
  // Adds the rows of from[i] to into[i].
  void Merge(std::span<std::byte* const> into, std::span<std::byte* const> from);
  // Appends the results of each payload to columns[call]. Those that cannot be told are null and row errors,
  // numbered by payload; the errors that were there are kept.
  void Finalize(std::span<std::byte* const> payloads, std::span<const data::MutableColumnPtr> columns,
                functions::EvalContext& context);

 private:
  std::span<std::byte* const> StatesOf(std::span<std::byte* const> payloads, size_t call,
                                       std::vector<std::byte*>* states) const;

  std::vector<AggregateCall> calls_;
  std::vector<size_t> offsets_;
  size_t payload_bytes_ = 0;
  bool owns_memory_ = false;
  bool has_elements_ = false;
  // Scratch.
  std::vector<std::byte*> states_;
  std::vector<std::byte*> from_states_;
  std::vector<std::byte*> selected_payloads_;
  std::vector<int8_t> selected_signs_;
  std::vector<uint32_t> selected_;
  std::vector<data::ColumnPtr> args_;
};

}  // namespace millrace::operators
