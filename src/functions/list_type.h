// Types and parts that the collection functions share.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "functions/row_writer.h"
#include "functions/signature.h"

namespace millrace::functions {

// Coerces the arguments from `first` on, all arrays (or all maps), to their common type and gives it.
Result<data::DataType> UnifyCollections(BoundArgs* bound, size_t first = 0);

// Coerces argument i to the element type of the array that is argument `array`.
Status CoerceToElement(BoundArgs* bound, size_t i, size_t array);

// A list column with the entries and nulls of `list`, over the given children, which are shared.
data::MutableColumnPtr OverChildren(const data::DataType& type, const data::Column& list,
                                    std::vector<data::MutableColumnPtr> children);

// The different elements of some lists, in the order in which they were first seen. Reused from row to row.
class ElementSet {
 public:
  // Empties the set and makes room for `most` elements.
  void Start(size_t most);
  // False: an identical element (NULL like NULL) is there already.
  bool Add(const data::Column& column, size_t row);
  bool Contains(const data::Column& column, size_t row) const;

 private:
  struct Element {
    uint64_t hash;
    const data::Column* column;
    size_t row;
  };
  // The slot of the element, or the free one where it would go.
  size_t Slot(uint64_t hash, const data::Column& column, size_t row) const;

  std::vector<uint32_t> slots_;  // 0: free; else 1 + index in elements_
  std::vector<Element> elements_;
};

}  // namespace millrace::functions
