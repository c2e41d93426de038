// Kernels: how a function over single values becomes a loop over columns.
//
// Choose by what the function does:
//   MapUnary / MapBinary        total functions over numbers; tight loops that vectorise
//   TryUnary / TryBinary        the same, where some values have no answer: those rows fail
//   RowKernel<R, A...>          anything else that gives a scalar, row by row; a text result is copied
//   StringKernel<A...>          text results, written to a buffer that is reused
//   ViewKernel<A...>            text results that are a part of an argument: no bytes are copied
// All of them give NULL where an argument is NULL, without calling the function. Arguments of type bool,
// std::string_view and ListView stand for BOOLEAN, texts or bytes, and ARRAY or MAP; other types are the
// physical values of data/type.h. Kernels are immutable and may run in several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/column.h"
#include "functions/expression.h"

namespace millrace::functions {

// A flat column of `rows` zeroed values without nulls.
inline data::MutableColumnPtr MakeResult(const data::DataType& type, size_t rows) {
  auto column = data::Column::Make(type, rows);
  column->Resize(rows);
  return column;
}

// NULL in `result` wherever an argument is NULL.
inline void CombineNulls(const std::vector<data::ColumnPtr>& args, data::Column* result) {
  for (const auto& arg : args) result->AndValidity(*arg);
}

// Whether some argument is NULL in every row, so that the answer is too.
inline bool AnyConstantNull(const std::vector<data::ColumnPtr>& args) {
  for (const auto& arg : args) {
    if (arg->is_constant() && arg->IsNull(0)) return true;
  }
  return false;
}

// A run of an ARRAY or MAP column: element i is row `offset + i` of child(0) (and child(1) for MAP values).
struct ListView {
  const data::Column* column;
  uint64_t offset;
  uint64_t length;
  const data::Column& child(size_t i = 0) const { return column->child(i); }
};

// How a function's argument type reads from a column.
template <typename A>
class ArgReader {
 public:
  explicit ArgReader(const data::Column& column) : view_(column) {}
  A operator[](size_t row) const { return view_[row]; }

 private:
  data::ColumnView<A> view_;
};
template <>
class ArgReader<bool> {
 public:
  explicit ArgReader(const data::Column& column) : view_(column) {}
  bool operator[](size_t row) const { return view_[row] != 0; }

 private:
  data::ColumnView<uint8_t> view_;
};
template <>
class ArgReader<std::string_view> {
 public:
  explicit ArgReader(const data::Column& column) : view_(column) {}
  std::string_view operator[](size_t row) const { return view_[row].view(); }

 private:
  data::ColumnView<data::StringRef> view_;
};
template <>
class ArgReader<ListView> {
 public:
  explicit ArgReader(const data::Column& column) : column_(column), view_(column) {}
  ListView operator[](size_t row) const { return {&column_, view_[row].offset, view_[row].length}; }

 private:
  const data::Column& column_;
  data::ColumnView<data::ListEntry> view_;
};

// out[i] = f(a[i]). `f` is called for rows under NULL too, with some value, and must not fail.
template <typename R, typename A, typename F>
Kernel MapUnary(data::DataType type, F f) {
  return [type = std::move(type), f](const std::vector<data::ColumnPtr>& args, size_t rows,
                                     EvalContext&) -> data::ColumnPtr {
    auto result = MakeResult(type, rows);
    R* out = result->template mutable_values<R>();
    const A* a = args[0]->values<A>();
    if (args[0]->is_constant()) {
      for (size_t i = 0; i < rows; ++i) out[i] = f(a[0]);
    } else {
      for (size_t i = 0; i < rows; ++i) out[i] = f(a[i]);
    }
    result->AndValidity(*args[0]);
    return result;
  };
}

// Runs body(i, a, b) for each row with the constness of the arguments decided outside the loop.
template <typename A, typename B, typename Body>
void ForEachPair(const data::Column& left, const data::Column& right, size_t rows, Body body) {
  const A* a = left.values<A>();
  const B* b = right.values<B>();
  if (right.is_constant()) {
    const B constant = b[0];
    if (left.is_constant()) {
      for (size_t i = 0; i < rows; ++i) body(i, a[0], constant);
    } else {
      for (size_t i = 0; i < rows; ++i) body(i, a[i], constant);
    }
  } else if (left.is_constant()) {
    const A constant = a[0];
    for (size_t i = 0; i < rows; ++i) body(i, constant, b[i]);
  } else {
    for (size_t i = 0; i < rows; ++i) body(i, a[i], b[i]);
  }
}

// out[i] = f(a[i], b[i]); as MapUnary.
template <typename R, typename A, typename B, typename F>
Kernel MapBinary(data::DataType type, F f) {
  return [type = std::move(type), f](const std::vector<data::ColumnPtr>& args, size_t rows,
                                     EvalContext&) -> data::ColumnPtr {
    if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    R* out = result->template mutable_values<R>();
    ForEachPair<A, B>(*args[0], *args[1], rows, [&](size_t i, const A& a, const B& b) { out[i] = f(a, b); });
    CombineNulls(args, result.get());
    return result;
  };
}

// How the function of a Try kernel says that it failed: a bool, or an unsigned number whose top bit counts.
// Numbers as wide as the values let the loop vectorise.
template <typename W>
constexpr bool IsFailure(W flag) {
  if constexpr (std::is_same_v<W, bool>) {
    return flag;
  } else {
    return (flag >> (sizeof(W) * 8 - 1)) != 0;
  }
}

// f(a, &out) says whether it FAILED (so that failures add up without a branch); for rows that are not NULL
// it is then called again and error(a) reported. `f` is called under NULL too, where failures do not count;
// where it fails it should leave zero, so that what lies under a NULL stays harmless.
template <typename R, typename A, typename F, typename E>
Kernel TryUnary(data::DataType type, F f, E error) {
  return [type = std::move(type), f, error](const std::vector<data::ColumnPtr>& args, size_t rows,
                                            EvalContext& context) -> data::ColumnPtr {
    if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    R* out = result->template mutable_values<R>();
    const data::ColumnView<A> a(*args[0]);
    std::invoke_result_t<const F&, const A&, R*> failed{};
    if (a.is_constant()) {
      for (size_t i = 0; i < rows; ++i) failed |= f(a[0], &out[i]);
    } else {
      const A* values = args[0]->values<A>();
      for (size_t i = 0; i < rows; ++i) failed |= f(values[i], &out[i]);
    }
    CombineNulls(args, result.get());
    if (!IsFailure(failed)) return result;
    for (size_t i = 0; i < rows; ++i) {
      if (args[0]->IsNull(i) || !IsFailure(f(a[i], &out[i]))) continue;
      context.Fail(i, error(a[i]));
      result->SetNull(i);
    }
    return result;
  };
}

template <typename R, typename A, typename B, typename F, typename E>
Kernel TryBinary(data::DataType type, F f, E error) {
  return [type = std::move(type), f, error](const std::vector<data::ColumnPtr>& args, size_t rows,
                                            EvalContext& context) -> data::ColumnPtr {
    if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    R* out = result->template mutable_values<R>();
    std::invoke_result_t<const F&, const A&, const B&, R*> failed{};
    ForEachPair<A, B>(*args[0], *args[1], rows,
                      [&](size_t i, const A& a, const B& b) { failed |= f(a, b, &out[i]); });
    CombineNulls(args, result.get());
    if (!IsFailure(failed)) return result;
    const data::ColumnView<A> a(*args[0]);
    const data::ColumnView<B> b(*args[1]);
    for (size_t i = 0; i < rows; ++i) {
      if (args[0]->IsNull(i) || args[1]->IsNull(i) || !IsFailure(f(a[i], b[i], &out[i]))) continue;
      context.Fail(i, error(a[i], b[i]));
      result->SetNull(i);
    }
    return result;
  };
}

namespace internal {

template <typename T>
struct Unwrapped {
  using Type = T;
  static constexpr bool kOptional = false;
  static constexpr bool kResult = false;
};
template <typename T>
struct Unwrapped<std::optional<T>> {
  using Type = T;
  static constexpr bool kOptional = true;
  static constexpr bool kResult = false;
};
template <typename T>
struct Unwrapped<Result<T>> {
  using Type = T;
  static constexpr bool kOptional = false;
  static constexpr bool kResult = true;
};

// Calls body(row, a, b, ...) for each row none of whose arguments is NULL; the others become NULL.
template <typename... A, typename Body, size_t... I>
void ForEachRow(const std::vector<data::ColumnPtr>& args, size_t rows, data::Column* result,
                std::index_sequence<I...>, Body body) {
  CombineNulls(args, result);
  const std::tuple<ArgReader<A>...> readers{ArgReader<A>(*args[I])...};
  const bool has_nulls = result->has_nulls();
  for (size_t row = 0; row < rows; ++row) {
    if (has_nulls && result->IsNull(row)) continue;
    body(row, std::get<I>(readers)[row]...);
  }
}

template <typename R, typename T>
void StoreValue(data::Column* result, size_t row, T&& value) {
  if constexpr (std::is_same_v<R, std::string> || std::is_same_v<R, std::string_view>) {
    result->mutable_values<data::StringRef>()[row] = result->heap().Add(value);
  } else if constexpr (std::is_same_v<R, bool>) {
    result->mutable_values<uint8_t>()[row] = value ? 1 : 0;
  } else {
    result->template mutable_values<R>()[row] = value;
  }
}

}  // namespace internal

// f(a, b, ...) gives R, std::optional<R> (nullopt: NULL) or Result<R> (an error: the row fails).
template <typename R, typename... A, typename F>
Kernel RowKernel(data::DataType type, F f) {
  using Answer = std::invoke_result_t<const F&, A...>;
  using Traits = internal::Unwrapped<Answer>;
  return [type = std::move(type), f](const std::vector<data::ColumnPtr>& args, size_t rows,
                                     EvalContext& context) -> data::ColumnPtr {
    if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    internal::ForEachRow<A...>(args, rows, result.get(), std::index_sequence_for<A...>(),
                               [&](size_t row, const A&... a) {
                                 if constexpr (Traits::kOptional) {
                                   auto answer = f(a...);
                                   if (answer) {
                                     internal::StoreValue<R>(result.get(), row, *answer);
                                   } else {
                                     result->SetNull(row);
                                   }
                                 } else if constexpr (Traits::kResult) {
                                   auto answer = f(a...);
                                   if (answer) {
                                     internal::StoreValue<R>(result.get(), row, *answer);
                                   } else {
                                     context.Fail(row, answer.error());
                                     result->SetNull(row);
                                   }
                                 } else {
                                   internal::StoreValue<R>(result.get(), row, f(a...));
                                 }
                               });
    (void)context;
    return result;
  };
}

// f(a, b, ..., std::string* out) appends the text to `out` (empty at the start); its answer is void, bool
// (false: NULL) or Status (an error: the row fails).
template <typename... A, typename F>
Kernel StringKernel(data::DataType type, F f) {
  using Answer = std::invoke_result_t<const F&, A..., std::string*>;
  return [type = std::move(type), f](const std::vector<data::ColumnPtr>& args, size_t rows,
                                     EvalContext& context) -> data::ColumnPtr {
    if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    auto* out = result->template mutable_values<data::StringRef>();
    data::StringHeap& heap = result->heap();
    std::string text;
    internal::ForEachRow<A...>(args, rows, result.get(), std::index_sequence_for<A...>(),
                               [&](size_t row, const A&... a) {
                                 text.clear();
                                 if constexpr (std::is_same_v<Answer, void>) {
                                   f(a..., &text);
                                 } else if constexpr (std::is_same_v<Answer, bool>) {
                                   if (!f(a..., &text)) {
                                     result->SetNull(row);
                                     return;
                                   }
                                 } else {
                                   const Status status = f(a..., &text);
                                   if (!status) {
                                     context.Fail(row, status.error());
                                     result->SetNull(row);
                                     return;
                                   }
                                 }
                                 out[row] = heap.Add(text);
                               });
    (void)context;
    return result;
  };
}

// f(a, b, ...) gives a std::string_view (or optional of it) into the bytes of its arguments.
template <typename... A, typename F>
Kernel ViewKernel(data::DataType type, F f) {
  using Traits = internal::Unwrapped<std::invoke_result_t<const F&, A...>>;
  return [type = std::move(type), f](const std::vector<data::ColumnPtr>& args, size_t rows,
                                     EvalContext&) -> data::ColumnPtr {
    if (AnyConstantNull(args)) return data::Column::Nulls(type, rows);
    auto result = MakeResult(type, rows);
    auto* out = result->template mutable_values<data::StringRef>();
    internal::ForEachRow<A...>(args, rows, result.get(), std::index_sequence_for<A...>(),
                               [&](size_t row, const A&... a) {
                                 if constexpr (Traits::kOptional) {
                                   const auto answer = f(a...);
                                   if (answer) {
                                     out[row] = data::StringRef(*answer);
                                   } else {
                                     result->SetNull(row);
                                   }
                                 } else {
                                   out[row] = data::StringRef(f(a...));
                                 }
                               });
    for (const auto& arg : args) {
      if (arg->physical() == data::PhysicalType::kString) result->AddOwnersOf(*arg);
    }
    return result;
  };
}

}  // namespace millrace::functions
