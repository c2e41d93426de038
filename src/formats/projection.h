// Which columns of a schema a decoder is to deliver.
#pragma once

#include <fmt/format.h>

#include <vector>

#include "formats/format.h"

namespace millrace::formats {

// The wanted columns; all of them when the context names none.
inline Result<std::vector<int>> ResolveProjection(const data::Schema& schema, const DecodeContext& context) {
  std::vector<int> columns;
  if (!context.projection) {
    for (size_t i = 0; i < schema.size(); ++i) columns.push_back(static_cast<int>(i));
    return columns;
  }
  for (const int column : *context.projection) {
    if (column < 0 || static_cast<size_t>(column) >= schema.size()) {
      return Fail(ErrorCode::kInternal, fmt::format("projection of column {} of {}", column, schema.size()));
    }
    columns.push_back(column);
  }
  return columns;
}

inline std::vector<data::DataType> ProjectedTypes(const data::Schema& schema,
                                                  const std::vector<int>& columns) {
  std::vector<data::DataType> types;
  for (const int column : columns) types.push_back(schema[column].type);
  return types;
}

}  // namespace millrace::formats
