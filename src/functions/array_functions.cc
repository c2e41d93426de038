// Arrays made of arrays: ARRAY_APPEND, ARRAY_CONCAT, ARRAY_SLICE, ARRAY_SORT, ARRAY_UNION, ..., and
// ARRAY_JOIN.
//
// Elements are equal as groups are: NULL like NULL, NaN like NaN.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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

bool IsElement(const ListView& list, uint64_t i, const Cell& value) {
  return data::RowsIdentical(list.child(), list.offset + i, *value.column, value.row);
}

// --- With one value ---

Result<ExprPtr> BindContains(BoundArgs bound) {
  MR_TRY(CoerceToElement(&bound, 1, 0));
  const DataType type = DataType::Boolean().WithNullable(bound.type(0).nullable());
  return bound.Call(type, WriterKernel<1, ListView, Cell>(
                              type, [](const ListView& list, const Cell& value, RowWriter& out) {
                                for (uint64_t i = 0; i < list.length; ++i) {
                                  if (IsElement(list, i, value)) return out.Set<bool>(true);
                                }
                              }));
}

Result<ExprPtr> BindPosition(BoundArgs bound) {
  MR_TRY(CoerceToElement(&bound, 1, 0));
  const DataType type = bound.Nullable(DataType::Int());
  return bound.Call(type, WriterKernel<2, ListView, Cell>(
                              type, [](const ListView& list, const Cell& value, RowWriter& out) {
                                for (uint64_t i = 0; i < list.length; ++i) {
                                  if (IsElement(list, i, value))
                                    return out.Set<int32_t>(static_cast<int32_t>(i + 1));
                                }
                              }));
}

Result<ExprPtr> BindRemove(BoundArgs bound) {
  MR_TRY(CoerceToElement(&bound, 1, 0));
  const DataType type = bound.type(0);
  return bound.Call(type, WriterKernel<1, ListView, Cell>(
                              type, [](const ListView& list, const Cell& value, RowWriter& out) {
                                out.BeginList();
                                for (uint64_t i = 0; i < list.length; ++i) {
                                  if (!IsElement(list, i, value))
                                    out.elements().AppendRow(list.child(), list.offset + i);
                                }
                                out.EndList();
                              }));
}

Result<ExprPtr> BindAdd(BoundArgs bound, bool in_front) {
  MR_TRY(CoerceToElement(&bound, 1, 0));
  const DataType element = bound.type(0).element();
  const DataType type = DataType::Array(element.WithNullable(element.nullable() || bound.type(1).nullable()))
                            .WithNullable(bound.type(0).nullable());
  return bound.Call(type, WriterKernel<1, ListView, Cell>(
                              type, [in_front](const ListView& list, const Cell& value, RowWriter& out) {
                                out.BeginList();
                                if (in_front) out.elements().AppendRow(*value.column, value.row);
                                for (uint64_t i = 0; i < list.length; ++i) {
                                  out.elements().AppendRow(list.child(), list.offset + i);
                                }
                                if (!in_front) out.elements().AppendRow(*value.column, value.row);
                                out.EndList();
                              }));
}

// --- Of one array ---

Result<ExprPtr> BindDistinct(BoundArgs bound) {
  const DataType type = bound.type(0);
  return bound.Call(type, WriterKernel<1, ListView>(type, [](const ListView& list, RowWriter& out) {
                      thread_local ElementSet seen;
                      seen.Start(list.length);
                      out.BeginList();
                      for (uint64_t i = list.offset; i < list.offset + list.length; ++i) {
                        if (seen.Add(list.child(), i)) out.elements().AppendRow(list.child(), i);
                      }
                      out.EndList();
                    }));
}

Result<ExprPtr> BindReverse(BoundArgs bound) {
  const DataType type = bound.type(0);
  return bound.Call(type, WriterKernel<1, ListView>(type, [](const ListView& list, RowWriter& out) {
                      out.BeginList();
                      for (uint64_t i = list.length; i > 0; --i) {
                        out.elements().AppendRow(list.child(), list.offset + i - 1);
                      }
                      out.EndList();
                    }));
}

// Elements `start` to `end` inclusive, from 1; 0 is the first, negative ones count from the end.
ListEntry SliceOf(const ListEntry& list, int64_t start, int64_t end) {
  const auto length = static_cast<int64_t>(list.length);
  const auto place = [&](int64_t i) { return i < 0 ? length + i + 1 : std::max<int64_t>(i, 1); };
  const int64_t first = std::max<int64_t>(place(start), 1);
  const int64_t last = std::min(place(end), length);
  if (first > last) return {list.offset, 0};
  return {list.offset + static_cast<uint64_t>(first) - 1, static_cast<uint64_t>(last - first + 1)};
}

Result<ExprPtr> BindSlice(BoundArgs bound) {
  const DataType type = bound.Nullable(bound.type(0));
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    if (AnyConstantNull(args)) return Column::Nulls(type, rows);
    auto result = OverChildren(type, *args[0], args[0]->children());
    for (size_t i = 1; i < args.size(); ++i) result->AndValidity(*args[i]);
    auto* entries = result->mutable_values<ListEntry>();
    const data::ColumnView<int32_t> start(*args[1]);
    const data::ColumnView<int32_t> end(*args.back());
    for (size_t row = 0; row < rows; ++row) {
      if (result->IsNull(row)) {
        entries[row] = {};
      } else {
        entries[row] = SliceOf(entries[row], start[row], args.size() == 3 ? end[row] : INT32_MAX);
      }
    }
    return result;
  });
}

// Ascending with NULL first, or descending with NULL last, unless said otherwise.
void SortInto(const ListView& list, bool ascending, bool nulls_first, RowWriter& out) {
  thread_local std::vector<uint64_t> order;
  order.resize(list.length);
  std::iota(order.begin(), order.end(), list.offset);
  std::sort(order.begin(), order.end(), [&](uint64_t a, uint64_t b) {
    const bool null_a = list.child().IsNull(a);
    const bool null_b = list.child().IsNull(b);
    if (null_a || null_b) return null_a == null_b ? a < b : null_a == nulls_first;
    const int c = data::CompareRows(list.child(), a, list.child(), b);
    if (c == 0) return a < b;
    return ascending ? c < 0 : c > 0;
  });
  out.BeginList();
  for (const uint64_t i : order) out.elements().AppendRow(list.child(), i);
  out.EndList();
}

Result<ExprPtr> BindSort(BoundArgs bound) {
  const DataType element = bound.type(0).element();
  if (element.IsNested()) {
    return Fail(ErrorCode::kDatatypeMismatch,
                fmt::format("ARRAY_SORT: {} has no order", element.WithNullable(true).ToString()),
                "the elements are numbers, texts, dates or times");
  }
  const DataType type = bound.Nullable(bound.type(0));
  switch (bound.size()) {
    case 1:
      return bound.Call(type, WriterKernel<1, ListView>(type, [](const ListView& list, RowWriter& out) {
                          SortInto(list, true, true, out);
                        }));
    case 2:
      return bound.Call(type, WriterKernel<2, ListView, bool>(
                                  type, [](const ListView& list, bool ascending, RowWriter& out) {
                                    SortInto(list, ascending, ascending, out);
                                  }));
    default:
      return bound.Call(type, WriterKernel<3, ListView, bool, bool>(type, SortInto));
  }
}

void JoinInto(const ListView& list, std::string_view delimiter, const std::string_view* for_null,
              RowWriter& out) {
  std::string& text = out.scratch();
  text.clear();
  bool first = true;
  const data::ColumnView<data::StringRef> elements(list.child());
  for (uint64_t i = list.offset; i < list.offset + list.length; ++i) {
    const bool is_null = list.child().IsNull(i);
    if (is_null && for_null == nullptr) continue;
    if (!first) text.append(delimiter);
    first = false;
    text.append(is_null ? *for_null : elements[i].view());
  }
  out.SetText(text);
}

Result<ExprPtr> BindJoin(BoundArgs bound) {
  if (!bound.type(0).element().IsCharacter()) {
    return std::unexpected(
        BadArguments(bound.name, bound.args, "ARRAY_JOIN(ARRAY<STRING>, delimiter [, for_null])"));
  }
  const DataType type = bound.Nullable(DataType::String());
  if (bound.size() == 2) {
    return bound.Call(type, WriterKernel<2, ListView, std::string_view>(
                                type, [](const ListView& list, std::string_view delimiter, RowWriter& out) {
                                  JoinInto(list, delimiter, nullptr, out);
                                }));
  }
  return bound.Call(type,
                    WriterKernel<3, ListView, std::string_view, std::string_view>(
                        type, [](const ListView& list, std::string_view delimiter, std::string_view for_null,
                                 RowWriter& out) { JoinInto(list, delimiter, &for_null, out); }));
}

// --- Of several arrays ---

Result<ExprPtr> BindConcat(BoundArgs bound) {
  MR_ASSIGN(const DataType common, UnifyCollections(&bound));
  const DataType type = bound.Nullable(common);
  return bound.Call(type, [type](const std::vector<ColumnPtr>& args, size_t rows, EvalContext&) -> ColumnPtr {
    auto result = MakeResult(type, rows);
    CombineNulls(args, result.get());
    auto* entries = result->mutable_values<ListEntry>();
    Column& elements = result->mutable_child(0);
    for (size_t row = 0; row < rows; ++row) {
      if (result->IsNull(row)) continue;
      const size_t start = elements.size();
      for (const ColumnPtr& arg : args) {
        const ListView list = ArgReader<ListView>(*arg)[row];
        for (uint64_t i = 0; i < list.length; ++i) elements.AppendRow(list.child(), list.offset + i);
      }
      entries[row] = {start, elements.size() - start};
    }
    return result;
  });
}

enum class SetOperation : uint8_t { kUnion, kExcept, kIntersect };

void CombineInto(SetOperation operation, const ListView& a, const ListView& b, RowWriter& out) {
  thread_local ElementSet seen;
  thread_local ElementSet other;
  seen.Start(a.length + b.length);
  const auto add = [&](const ListView& list, uint64_t i) {
    if (seen.Add(list.child(), i)) out.elements().AppendRow(list.child(), i);
  };
  if (operation != SetOperation::kUnion) {
    other.Start(b.length);
    for (uint64_t i = b.offset; i < b.offset + b.length; ++i) other.Add(b.child(), i);
  }
  out.BeginList();
  for (uint64_t i = a.offset; i < a.offset + a.length; ++i) {
    const bool keep = operation == SetOperation::kUnion ||
                      other.Contains(a.child(), i) == (operation == SetOperation::kIntersect);
    if (keep) add(a, i);
  }
  if (operation == SetOperation::kUnion) {
    for (uint64_t i = b.offset; i < b.offset + b.length; ++i) add(b, i);
  }
  out.EndList();
}

void DefineSetOperation(Registry& registry, std::string_view signature, std::string_view summary,
                        SetOperation operation) {
  Define(registry, {"collection", signature, summary}, [operation](BoundArgs bound) -> Result<ExprPtr> {
    MR_ASSIGN(const DataType common, UnifyCollections(&bound));
    const DataType type = bound.Nullable(common);
    return bound.Call(type, WriterKernel<2, ListView, ListView>(
                                type, [operation](const ListView& a, const ListView& b, RowWriter& out) {
                                  CombineInto(operation, a, b, out);
                                }));
  });
}

}  // namespace

void RegisterArrayFunctions(Registry& registry) {
  Define(registry,
         {"collection", "ARRAY_CONTAINS(array ARRAY, value ANY)", "Whether the value is an element"},
         BindContains);
  Define(registry,
         {"collection", "ARRAY_POSITION(array ARRAY, value ANY)",
          "Where the value first is, from 1; 0: nowhere"},
         BindPosition);
  Define(registry,
         {"collection", "ARRAY_REMOVE(array ARRAY, value ANY)", "The elements that are not the value"},
         BindRemove);
  Define(registry, {"collection", "ARRAY_APPEND(array ARRAY, value ANY)", "The elements, then the value"},
         [](BoundArgs bound) { return BindAdd(std::move(bound), /*in_front=*/false); });
  Define(registry, {"collection", "ARRAY_PREPEND(array ARRAY, value ANY)", "The value, then the elements"},
         [](BoundArgs bound) { return BindAdd(std::move(bound), /*in_front=*/true); });
  Define(registry, {"collection", "ARRAY_DISTINCT(array ARRAY)", "Each element once"}, BindDistinct);
  Define(registry, {"collection", "ARRAY_REVERSE(array ARRAY)", "The elements backwards"}, BindReverse);
  Define(registry,
         {"collection", "ARRAY_SLICE(array ARRAY, start INT [, end INT])",
          "The elements from one place to another, both counted from 1, or from the end when negative"},
         BindSlice);
  Define(registry,
         {"collection", "ARRAY_SORT(array ARRAY [, ascending BOOLEAN, nulls_first BOOLEAN])",
          "The elements in order; NULL first when ascending, last when descending"},
         BindSort);
  Define(registry,
         {"collection", "ARRAY_JOIN(array ARRAY, delimiter STRING [, for_null STRING])",
          "The texts with a delimiter between them; NULL is left out, or replaced"},
         BindJoin);
  Define(registry, {"collection", "ARRAY_CONCAT(array ARRAY...)", "The elements of all arrays"}, BindConcat);
  DefineSetOperation(registry, "ARRAY_UNION(a ARRAY, b ARRAY)", "Each element of either array once",
                     SetOperation::kUnion);
  DefineSetOperation(registry, "ARRAY_EXCEPT(a ARRAY, b ARRAY)", "Each element of a that is not in b, once",
                     SetOperation::kExcept);
  DefineSetOperation(registry, "ARRAY_INTERSECT(a ARRAY, b ARRAY)",
                     "Each element that is in both arrays, once", SetOperation::kIntersect);
}

}  // namespace millrace::functions
