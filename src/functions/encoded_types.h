// EncodedTypes: whether bytes are what data::EncodeKey writes for values of certain types; for bytes that
// come from saved state. Immutable; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "data/column.h"

namespace millrace::functions {

class EncodedTypes {
 public:
  explicit EncodedTypes(std::span<const data::DataType> types) {
    for (const data::DataType& type : types) columns_.push_back(data::Column::Make(type, 0));
  }
  bool Includes(std::string_view bytes) const { return data::IsEncodedKey(bytes, columns_); }

 private:
  std::vector<data::MutableColumnPtr> columns_;  // empty: their types are looked at
};

}  // namespace millrace::functions
