// The signs of a batch's rows: +1 for those that add, -1 for those that take away.
#pragma once

#include <vector>

#include "data/batch.h"

namespace millrace::operators {

inline void FillSigns(const data::Batch& batch, std::vector<int8_t>* signs) {
  signs->assign(batch.rows, 1);
  if (batch.kinds == nullptr) return;
  for (size_t row = 0; row < batch.rows; ++row) {
    (*signs)[row] = static_cast<int8_t>(1 - 2 * (static_cast<int>((*batch.kinds)[row]) & 1));
  }
}

}  // namespace millrace::operators
