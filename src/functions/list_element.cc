// One value out of a collection: a[i], m[k], ELEMENT, ARRAY_MAX, ARRAY_MIN, CARDINALITY.
#include <fmt/format.h>

#include "functions/builtin.h"
#include "functions/row_writer.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::TypeKind;

namespace {

constexpr size_t kNone = SIZE_MAX;

// The row of `elements` that is the answer for a row of the call, or kNone for NULL; each(row, list).
template <typename F>
ColumnPtr PickElements(const DataType& type, const Column& collection, const Column& elements, size_t rows,
                       F pick) {
  auto result = Column::Make(type, rows);
  const ArgReader<ListView> lists(collection);
  for (size_t row = 0; row < rows; ++row) {
    const size_t at = collection.IsNull(row) ? kNone : pick(row, lists[row]);
    if (at == kNone) {
      result->AppendNull();
    } else {
      result->AppendRow(elements, at);
    }
  }
  return result;
}

// a[i], i from 1; outside the array NULL.
Result<ExprPtr> BindArrayItem(BoundArgs bound) {
  if (!bound.type(1).IsInteger()) {
    return std::unexpected(BadArguments(bound.name, bound.args, "array[integer]"));
  }
  if (bound.IsLiteral(1) && !bound.LiteralValue(1).is_null() && bound.LiteralValue(1).as_int() < 1) {
    return Fail(ErrorCode::kInvalidParameter, fmt::format("the index of an array counts from 1, but is {}",
                                                          bound.LiteralValue(1).as_int()));
  }
  MR_ASSIGN(bound.args[1], MakeCast(bound.args[1], DataType::BigInt(), /*is_try=*/false, bound.context));
  const DataType type = bound.type(0).element().WithNullable(true);
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    const data::ColumnView<int64_t> index(*args[1]);
    return PickElements(
        type, *args[0], args[0]->child(0), rows, [&](size_t row, const ListView& list) -> size_t {
          if (index.IsNull(row) || index[row] < 1 || static_cast<uint64_t>(index[row]) > list.length)
            return kNone;
          return list.offset + static_cast<uint64_t>(index[row]) - 1;
        });
  });
}

// m[k]; NULL when there is no such key.
Result<ExprPtr> BindMapItem(BoundArgs bound) {
  Result<ExprPtr> key = Coerce(bound.args[1], bound.type(0).key_type().WithNullable(true), bound.context);
  if (!key) return std::unexpected(key.error().Within("the key of a map"));
  bound.args[1] = *std::move(key);
  const DataType type = bound.type(0).value_type().WithNullable(true);
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    const ArgReader<Cell> keys(*args[1]);
    return PickElements(type, *args[0], args[0]->child(1), rows,
                        [&](size_t row, const ListView& list) -> size_t {
                          const Cell key = keys[row];
                          for (uint64_t i = list.offset; i < list.offset + list.length; ++i) {
                            if (data::RowsIdentical(list.child(0), i, *key.column, key.row)) return i;
                          }
                          return kNone;
                        });
  });
}

Result<ExprPtr> BindItem(BoundArgs bound) {
  return bound.type(0).kind() == TypeKind::kMap ? BindMapItem(std::move(bound))
                                                : BindArrayItem(std::move(bound));
}

Result<ExprPtr> BindElement(BoundArgs bound) {
  const DataType type = bound.type(0).element().WithNullable(true);
  return bound.Call(
      type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext& context) -> ColumnPtr {
        return PickElements(
            type, *args[0], args[0]->child(0), rows, [&](size_t row, const ListView& list) -> size_t {
              if (list.length == 1) return list.offset;
              if (list.length > 1) {
                context.Fail(row,
                             Error(ErrorCode::kInvalidParameter,
                                   fmt::format("ELEMENT: the array has {} elements, not one", list.length)));
              }
              return kNone;
            });
      });
}

// The greatest or least element; NULL elements do not count.
Result<ExprPtr> BindExtreme(BoundArgs bound, bool greatest) {
  const DataType element = bound.type(0).element();
  if (element.IsNested()) {
    return Fail(ErrorCode::kDatatypeMismatch,
                fmt::format("{}: {} has no order", bound.name, element.WithNullable(true).ToString()),
                "the elements are numbers, texts, dates or times");
  }
  const DataType type = element.WithNullable(true);
  return bound.Call(
      type, [type, greatest](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
        return PickElements(type, *args[0], args[0]->child(0), rows, [&](size_t, const ListView& list) {
          size_t best = kNone;
          for (uint64_t i = list.offset; i < list.offset + list.length; ++i) {
            if (list.child().IsNull(i)) continue;
            if (best == kNone) {
              best = i;
              continue;
            }
            const int order = data::CompareRows(list.child(), i, list.child(), best);
            if (greatest ? order > 0 : order < 0) best = i;
          }
          return best;
        });
      });
}

}  // namespace

void RegisterListElement(Registry& registry) {
  Define(
      registry,
      {"collection", "ITEM(collection ARRAY|MAP, key ANY)",
       "The element of an array at an index, from 1, or the value of a map at a key; NULL when there is none",
       "array[index] or map[key]"},
      BindItem);
  DefineRow<int32_t, ListView>(
      registry, {"collection", "CARDINALITY(collection ARRAY|MAP)", "The number of elements, or of entries"},
      DataType::Int(), [](const ListView& list) { return static_cast<int32_t>(list.length); });
  Define(registry,
         {"collection", "ELEMENT(array ARRAY)",
          "The only element; NULL when the array is empty; several are an error"},
         BindElement);
  Define(registry, {"collection", "ARRAY_MAX(array ARRAY)", "The greatest element that is not NULL"},
         [](BoundArgs bound) { return BindExtreme(std::move(bound), true); });
  Define(registry, {"collection", "ARRAY_MIN(array ARRAY)", "The least element that is not NULL"},
         [](BoundArgs bound) { return BindExtreme(std::move(bound), false); });
}

}  // namespace millrace::functions
