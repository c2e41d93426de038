// SortKey: one column of an ORDER BY.
#pragma once

#include <vector>

namespace millrace::operators {

struct SortKey {
  int column;
  bool ascending = true;
  bool nulls_first = true;  // Flink's default: nulls are lowest (first when ascending, last when descending)
};

using SortKeys = std::vector<SortKey>;

}  // namespace millrace::operators
