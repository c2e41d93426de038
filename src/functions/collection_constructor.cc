// ARRAY[...], MAP[...] and ROW(...).
#include <fmt/format.h>

#include "functions/builtin.h"
#include "functions/row_writer.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::DataType;

namespace {

// The common type of arguments first, first + step, ..., to which they are coerced.
Result<DataType> Unify(BoundArgs* bound, size_t first, size_t step, std::string_view what) {
  std::vector<DataType> types;
  for (size_t i = first; i < bound->size(); i += step) types.push_back(bound->type(i));
  Result<DataType> common = CommonType(types);
  if (!common) return std::unexpected(common.error().Within(what));
  for (size_t i = first; i < bound->size(); i += step) {
    const DataType target = common->WithNullable(bound->type(i).nullable());
    MR_ASSIGN(bound->args[i], Coerce(bound->args[i], target, bound->context));
  }
  return common;
}

Result<ExprPtr> BindArray(BoundArgs bound) {
  if (bound.size() == 0) {
    return Fail(ErrorCode::kInvalidParameter, "ARRAY[] has no element to tell its type",
                "for an empty array of a type, write CAST(NULL AS ARRAY<type>) or ARRAY_REMOVE(ARRAY[x], x)");
  }
  MR_ASSIGN(const DataType element, Unify(&bound, 0, 1, "the elements of ARRAY[...]"));
  const DataType type = DataType::Array(element).NotNull();
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = MakeResult(type, rows);
    auto* entries = result->mutable_values<data::ListEntry>();
    Column& elements = result->mutable_child(0);
    elements.Reserve(rows * args.size());
    for (size_t row = 0; row < rows; ++row) {
      entries[row] = {row * args.size(), args.size()};
      for (const ColumnPtr& arg : args) elements.AppendRow(*arg, row);
    }
    return result;
  });
}

// (key, value, key, value, ...); the last of equal keys stays.
Result<ExprPtr> BindMap(BoundArgs bound) {
  if (bound.size() == 0 || bound.size() % 2 != 0) {
    return Fail(ErrorCode::kInvalidParameter, "MAP[...] takes keys and values in turn, at least one of each",
                "for example MAP['a', 1, 'b', 2]");
  }
  MR_ASSIGN(const DataType key, Unify(&bound, 0, 2, "the keys of MAP[...]"));
  MR_ASSIGN(const DataType value, Unify(&bound, 1, 2, "the values of MAP[...]"));
  const DataType type = DataType::Map(key, value).NotNull();
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = MakeResult(type, rows);
    auto* entries = result->mutable_values<data::ListEntry>();
    Column& keys = result->mutable_child(0);
    Column& values = result->mutable_child(1);
    for (size_t row = 0; row < rows; ++row) {
      const size_t start = keys.size();
      for (size_t i = 0; i < args.size(); i += 2) {
        bool again = false;
        for (size_t j = i + 2; j < args.size() && !again; j += 2) {
          again = data::RowsIdentical(*args[i], row, *args[j], row);
        }
        if (again) continue;
        keys.AppendRow(*args[i], row);
        values.AppendRow(*args[i + 1], row);
      }
      entries[row] = {start, keys.size() - start};
    }
    return result;
  });
}

// Fields are named as Flink names columns without a name.
Result<ExprPtr> BindRow(BoundArgs bound) {
  std::vector<data::RowField> fields;
  for (size_t i = 0; i < bound.size(); ++i) fields.push_back({fmt::format("EXPR${}", i), bound.type(i)});
  const DataType type = DataType::Row(std::move(fields)).NotNull();
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = Column::Make(type, 0);
    for (size_t i = 0; i < args.size(); ++i) {
      // Shared, and only read from here on.
      result->ReplaceChild(i, std::const_pointer_cast<Column>(data::Flatten(args[i])));
    }
    result->SetRowSize(rows);
    return result;
  });
}

}  // namespace

void RegisterCollectionConstructor(Registry& registry) {
  Define(registry,
         {"collection", "ARRAY([element ANY...])", "An array of the values", "ARRAY[element [, element]*]"},
         BindArray);
  Define(registry,
         {"collection", "MAP([element ANY...])", "A map of the keys and values",
          "MAP[key, value [, key, value]*]"},
         BindMap);
  Define(registry,
         {"collection", "ROW(value ANY...)", "A row of the values",
          "ROW(value [, value]*) or (value, value...)"},
         BindRow);
}

}  // namespace millrace::functions
