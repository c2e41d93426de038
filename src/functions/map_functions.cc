// MAP_KEYS, MAP_VALUES, MAP_ENTRIES, MAP_FROM_ARRAYS, MAP_UNION.
#include <fmt/format.h>

#include "functions/builtin.h"
#include "functions/list_type.h"
#include "functions/row_writer.h"
#include "functions/signature.h"

namespace millrace::functions {

using data::Column;
using data::ColumnPtr;
using data::DataType;
using data::ListEntry;

namespace {

// Keys (0) or values (1) of a map, as an array over the same children.
Result<ExprPtr> BindPart(BoundArgs bound, size_t part) {
  const DataType& map = bound.type(0);
  const DataType type =
      DataType::Array(part == 0 ? map.key_type() : map.value_type()).WithNullable(map.nullable());
  return bound.Call(type,
                    [type, part](const std::vector<ColumnPtr>& args, size_t, EvalContext&) -> ColumnPtr {
                      return OverChildren(type, *args[0], {args[0]->children()[part]});
                    });
}

Result<ExprPtr> BindEntries(BoundArgs bound) {
  const DataType& map = bound.type(0);
  const DataType entry = DataType::Row({{"key", map.key_type()}, {"value", map.value_type()}}).NotNull();
  const DataType type = DataType::Array(entry).WithNullable(map.nullable());
  return bound.Call(type,
                    [type, entry](const std::vector<ColumnPtr>& args, size_t, EvalContext&) -> ColumnPtr {
                      auto pairs = Column::Make(entry, 0);
                      pairs->ReplaceChild(0, args[0]->children()[0]);
                      pairs->ReplaceChild(1, args[0]->children()[1]);
                      pairs->SetRowSize(args[0]->child(0).size());
                      return OverChildren(type, *args[0], {std::move(pairs)});
                    });
}

bool HasKey(const ListView& map, uint64_t from, const Column& keys, uint64_t key) {
  for (uint64_t i = from; i < map.offset + map.length; ++i) {
    if (data::RowsIdentical(map.child(0), i, keys, key)) return true;
  }
  return false;
}

Result<ExprPtr> BindFromArrays(BoundArgs bound) {
  const DataType type = bound.Nullable(DataType::Map(bound.type(0).element(), bound.type(1).element()));
  return bound.Call(type, WriterKernel<2, ListView, ListView>(
                              type, [](const ListView& keys, const ListView& values, RowWriter& out) {
                                if (keys.length != values.length) {
                                  return out.Fail(Error(ErrorCode::kInvalidParameter,
                                                        fmt::format("MAP_FROM_ARRAYS: {} keys, but {} values",
                                                                    keys.length, values.length)));
                                }
                                out.BeginList();
                                for (uint64_t i = 0; i < keys.length; ++i) {
                                  // The last of equal keys stays.
                                  if (HasKey(keys, keys.offset + i + 1, keys.child(), keys.offset + i))
                                    continue;
                                  out.elements(0).AppendRow(keys.child(), keys.offset + i);
                                  out.elements(1).AppendRow(values.child(), values.offset + i);
                                }
                                out.EndList();
                              }));
}

// The entries of the last map come first, then those of the one before whose keys are new, and so on.
Result<ExprPtr> BindUnion(BoundArgs bound) {
  MR_ASSIGN(const DataType common, UnifyCollections(&bound));
  const DataType type = bound.Nullable(common);
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = MakeResult(type, rows);
    CombineNulls(args, result.get());
    auto* entries = result->mutable_values<ListEntry>();
    Column& keys = result->mutable_child(0);
    Column& values = result->mutable_child(1);
    ElementSet seen;
    for (size_t row = 0; row < rows; ++row) {
      if (result->IsNull(row)) continue;
      size_t most = 0;
      for (const ColumnPtr& arg : args) most += ArgReader<ListView>(*arg)[row].length;
      seen.Start(most);
      const size_t start = keys.size();
      for (auto arg = args.rbegin(); arg != args.rend(); ++arg) {
        const ListView map = ArgReader<ListView>(**arg)[row];
        for (uint64_t i = map.offset; i < map.offset + map.length; ++i) {
          if (!seen.Add(map.child(0), i)) continue;
          keys.AppendRow(map.child(0), i);
          values.AppendRow(map.child(1), i);
        }
      }
      entries[row] = {start, keys.size() - start};
    }
    return result;
  });
}

}  // namespace

void RegisterMapFunctions(Registry& registry) {
  Define(registry, {"collection", "MAP_KEYS(map MAP)", "The keys, as an array"},
         [](BoundArgs bound) { return BindPart(std::move(bound), 0); });
  Define(registry, {"collection", "MAP_VALUES(map MAP)", "The values, as an array"},
         [](BoundArgs bound) { return BindPart(std::move(bound), 1); });
  Define(registry, {"collection", "MAP_ENTRIES(map MAP)", "The entries, as an array of rows (key, value)"},
         BindEntries);
  Define(registry,
         {"collection", "MAP_FROM_ARRAYS(keys ARRAY, values ARRAY)",
          "A map of keys and values at the same places"},
         BindFromArrays);
  Define(
      registry,
      {"collection", "MAP_UNION(map MAP...)", "The entries of all maps; of equal keys, that of the last map"},
      BindUnion);
}

}  // namespace millrace::functions
