// SavedColumns: which columns of a keyed part or multiset its records have as key and which as value, and the
// rows' bytes as keys.
//
// Plain functions and values; any thread.
#pragma once

#include <span>
#include <vector>

#include "base/error.h"
#include "data/column.h"
#include "data/schema.h"

namespace millrace::tables {

// Rows of which one may stand for another have the same bytes as keys: 0.0 stands for -0.0, and one NaN for
// all. Columns whose values vary so are part of the value too, as they are.
bool HasVariants(const data::DataType& type);
// The columns with one value for each group of such. Within nested values state::SavedKeys sees to it.
std::vector<data::ColumnPtr> WithoutVariants(std::span<const data::ColumnPtr> columns);

struct SavedColumns {
  SavedColumns(const data::Schema& schema, const std::vector<int>& key, const std::vector<int>& spread);

  std::vector<int> values;  // columns of the value
  std::vector<data::DataType> key_types;
  std::vector<int> spread_places;  // the spread columns, by their place in the key
};

// An error if rows from `begin` on, which come from outside, hold what no column may: a boolean of 2, text
// that is not UTF-8.
Status CheckValues(const data::Column& column, size_t begin);

}  // namespace millrace::tables
