// OrderedRecords: records of saved state put back into the order that their values begin with.
//
// For tables whose ids stand for an order: a reader gives records in none. Owned by one operator while it
// restores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/limits.h"
#include "operators/saved_state.h"
#include "state/state_buffer.h"
#include "state/state_reader.h"

namespace millrace::operators {

class OrderedRecords {
 public:
  // The place in the order is the 32-bit number in front of each value; it is not part of what comes back.
  Status Add(const state::StateChunk& chunk) {
    for (size_t i = 0; i < chunk.size(); ++i) {
      std::string_view value = chunk.values[i];
      Record record{};
      MR_TRY(TakeNumber(&value, &record.order));
      record.offset = bytes_.size();
      record.key_size = chunk.keys[i].size();
      record.value_size = value.size();
      bytes_.Append(chunk.keys[i]);
      bytes_.Append(value);
      records_.push_back(record);
    }
    return {};
  }

  // The same without a number: they come back in the order they are given in.
  Status AddUnordered(const state::StateChunk& chunk) {
    for (size_t i = 0; i < chunk.size(); ++i) {
      records_.push_back({0, bytes_.size(), chunk.keys[i].size(), chunk.values[i].size()});
      bytes_.Append(chunk.keys[i]);
      bytes_.Append(chunk.values[i]);
    }
    return {};
  }

  // Calls f(chunk) for all records in order.
  template <typename F>
  Status ForEachChunk(F&& f) {
    std::ranges::stable_sort(records_, {}, &Record::order);
    state::StateChunk chunk;
    for (size_t offset = 0; offset < records_.size(); offset += limits::kBatchRows) {
      chunk.keys.clear();
      chunk.values.clear();
      for (size_t i = offset; i < std::min(records_.size(), offset + limits::kBatchRows); ++i) {
        const Record& record = records_[i];
        chunk.keys.push_back(bytes_.view().substr(record.offset, record.key_size));
        chunk.values.push_back(bytes_.view().substr(record.offset + record.key_size, record.value_size));
      }
      MR_TRY(f(chunk));
    }
    return {};
  }

 private:
  struct Record {
    uint32_t order;
    size_t offset;
    size_t key_size;
    size_t value_size;
  };
  state::StateBuffer bytes_;
  std::vector<Record> records_;
};

}  // namespace millrace::operators
