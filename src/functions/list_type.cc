#include "functions/list_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace millrace::functions {

using data::Column;
using data::DataType;

Result<DataType> UnifyCollections(BoundArgs* bound, size_t first) {
  std::vector<DataType> types;
  for (size_t i = first; i < bound->size(); ++i) types.push_back(bound->type(i));
  Result<DataType> common = CommonType(types);
  if (!common) return std::unexpected(common.error().Within(bound->name));
  for (size_t i = first; i < bound->size(); ++i) {
    const DataType target = common->WithNullable(bound->type(i).nullable());
    MR_ASSIGN(bound->args[i], Coerce(bound->args[i], target, bound->context));
  }
  return common;
}

Status CoerceToElement(BoundArgs* bound, size_t i, size_t array) {
  const DataType element = bound->type(array).element();
  Result<ExprPtr> coerced =
      Coerce(bound->args[i], element.WithNullable(bound->type(i).nullable()), bound->context);
  if (!coerced) {
    return std::unexpected(BadArguments(bound->name, bound->args,
                                        fmt::format("{} with an array of {} and a value of that type",
                                                    bound->name, element.WithNullable(true).ToString())));
  }
  bound->args[i] = *std::move(coerced);
  return Ok();
}

data::MutableColumnPtr OverChildren(const DataType& type, const Column& list,
                                    std::vector<data::MutableColumnPtr> children) {
  auto result = Column::Make(type, list.size());
  result->CopyOwnPart(list);
  for (size_t i = 0; i < children.size(); ++i) result->ReplaceChild(i, std::move(children[i]));
  return result;
}

void ElementSet::Start(size_t most) {
  elements_.clear();
  slots_.assign(std::bit_ceil(2 * most + 2), 0);
}

size_t ElementSet::Slot(uint64_t hash, const Column& column, size_t row) const {
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) return slot;
    const Element& element = elements_[slots_[slot] - 1];
    if (element.hash == hash && data::RowsIdentical(*element.column, element.row, column, row)) return slot;
  }
}

bool ElementSet::Add(const Column& column, size_t row) {
  const uint64_t hash = data::HashRow(column, row);
  const size_t slot = Slot(hash, column, row);
  if (slots_[slot] != 0) return false;
  elements_.push_back({hash, &column, row});
  slots_[slot] = static_cast<uint32_t>(elements_.size());
  return true;
}

bool ElementSet::Contains(const Column& column, size_t row) const {
  return slots_[Slot(data::HashRow(column, row), column, row)] != 0;
}

}  // namespace millrace::functions
