#include "tables/saved_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/utf8.h"
#include "tables/part_tracking.h"

namespace millrace::tables {

using data::Column;
using data::ColumnPtr;
using data::MutableColumnPtr;
using data::PhysicalType;

namespace {

template <typename T>
ColumnPtr OneOfEach(const Column& column) {
  MutableColumnPtr result = Column::Make(column.type(), column.size());
  const T* values = column.values<T>();
  for (size_t row = 0; row < column.size(); ++row) {
    if (column.IsNull(row)) {
      result->AppendNull();
    } else if (std::isnan(values[row])) {
      result->Append(std::numeric_limits<T>::quiet_NaN());
    } else {
      result->Append(values[row] == 0 ? T{0} : values[row]);
    }
  }
  return result;
}

}  // namespace

bool HasVariants(const data::DataType& type) {
  return type.physical() == PhysicalType::kFloat || type.physical() == PhysicalType::kDouble;
}

std::vector<ColumnPtr> WithoutVariants(std::span<const ColumnPtr> columns) {
  std::vector<ColumnPtr> result;
  for (const ColumnPtr& column : columns) {
    if (column->physical() == PhysicalType::kFloat) {
      result.push_back(OneOfEach<float>(*column));
    } else if (column->physical() == PhysicalType::kDouble) {
      result.push_back(OneOfEach<double>(*column));
    } else {
      result.push_back(column);
    }
  }
  return result;
}

SavedColumns::SavedColumns(const data::Schema& schema, const std::vector<int>& key,
                           const std::vector<int>& spread) {
  for (const int column : key) key_types.push_back(schema[static_cast<size_t>(column)].type);
  for (size_t i = 0; i < schema.size(); ++i) {
    const auto column = static_cast<int>(i);
    const bool is_key = std::ranges::find(key, column) != key.end();
    if (!is_key || HasVariants(schema[i].type)) values.push_back(column);
  }
  for (const int column : spread) {
    const auto found = std::ranges::find(key, column);
    MR_CHECK(found != key.end());
    spread_places.push_back(static_cast<int>(found - key.begin()));
  }
}

Status CheckValues(const Column& column, size_t begin) {
  if (column.physical() == PhysicalType::kBool) {
    const uint8_t* values = column.values<uint8_t>();
    if (std::any_of(values + begin, values + column.size(), [](uint8_t value) { return value > 1; })) {
      return BadRows("a boolean is neither true nor false");
    }
  } else if (column.type().IsCharacter()) {
    const auto* values = column.values<data::StringRef>();
    if (!std::all_of(values + begin, values + column.size(),
                     [](const data::StringRef& text) { return IsUtf8(text.view()); })) {
      return BadRows("text is not UTF-8");
    }
  } else if (column.physical() == PhysicalType::kRow) {
    for (const MutableColumnPtr& child : column.children()) MR_TRY(CheckValues(*child, begin));
  } else if (column.physical() == PhysicalType::kList) {
    // Rows were appended, so the elements of the first that has some begin those of all.
    const auto* entries = column.values<data::ListEntry>();
    const auto* first = std::find_if(entries + begin, entries + column.size(),
                                     [](const data::ListEntry& entry) { return entry.length > 0; });
    if (first == entries + column.size()) return {};
    for (const MutableColumnPtr& child : column.children()) MR_TRY(CheckValues(*child, first->offset));
  }
  return {};
}

}  // namespace millrace::tables
