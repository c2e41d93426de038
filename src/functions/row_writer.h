// Kernels whose rows may give a value, NULL, a failure or a list, as each row decides: a function is called
// with the row's arguments and a RowWriter that it tells the answer.
//
// Rows where one of the first `kStrict` arguments is NULL are NULL without a call; for later ones the
// function must look itself (Cell::is_null).
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "functions/kernel.h"

namespace millrace::functions {

// One value of a column of any type.
struct Cell {
  const data::Column* column;
  size_t row;  // 0 where the column is constant
  bool is_null() const { return column->IsNull(row); }
  std::string_view text() const { return column->values<data::StringRef>()[row].view(); }
};
template <>
class ArgReader<Cell> {
 public:
  explicit ArgReader(const data::Column& column) : column_(column) {}
  Cell operator[](size_t row) const { return {&column_, column_.is_constant() ? 0 : row}; }

 private:
  const data::Column& column_;
};

// Where the answer of one row goes. Not telling one leaves zero, FALSE, the empty text or the empty list.
class RowWriter {
 public:
  RowWriter(data::Column* result, EvalContext* context) : result_(result), context_(context) {}

  void Start(size_t row) { row_ = row; }

  void SetNull() { result_->SetNull(row_); }
  void Fail(Error error) {
    context_->Fail(row_, std::move(error));
    result_->SetNull(row_);
  }
  template <typename R>
  void Set(const R& value) {
    internal::StoreValue<R>(result_, row_, value);
  }
  void SetText(std::string_view text) { Set<std::string_view>(text); }

  // A list: what is appended to elements() between the two calls.
  void BeginList() { list_start_ = result_->child(0).size(); }
  data::Column& elements(size_t child = 0) { return result_->mutable_child(child); }
  void EndList() {
    result_->mutable_values<data::ListEntry>()[row_] = {list_start_, result_->child(0).size() - list_start_};
  }

  // A text to build answers in, empty at the start of a row only if the function clears it.
  std::string& scratch() { return scratch_; }

 private:
  data::Column* result_;
  EvalContext* context_;
  size_t row_ = 0;
  size_t list_start_ = 0;
  std::string scratch_;
};

namespace internal {

template <typename... A, typename F, size_t... I>
void WriteRows(const std::vector<data::ColumnPtr>& args, size_t strict, size_t rows, data::Column* result,
               EvalContext* context, const F& f, std::index_sequence<I...>) {
  for (size_t i = 0; i < strict; ++i) result->AndValidity(*args[i]);
  const std::tuple<ArgReader<A>...> readers{ArgReader<A>(*args[I])...};
  const bool has_nulls = result->has_nulls();
  RowWriter writer(result, context);
  for (size_t row = 0; row < rows; ++row) {
    if (has_nulls && result->IsNull(row)) continue;
    writer.Start(row);
    f(std::get<I>(readers)[row]..., writer);
  }
}

}  // namespace internal

// f(a, b, ..., RowWriter&).
template <size_t kStrict, typename... A, typename F>
Kernel WriterKernel(data::DataType type, F f) {
  static_assert(kStrict <= sizeof...(A));
  return [type = std::move(type), f](const std::vector<data::ColumnPtr>& args, size_t rows,
                                     EvalContext& context) -> data::ColumnPtr {
    for (size_t i = 0; i < kStrict; ++i) {
      if (args[i]->is_constant() && args[i]->IsNull(0)) return data::Column::Nulls(type, rows);
    }
    auto result = MakeResult(type, rows);
    internal::WriteRows<A...>(args, kStrict, rows, result.get(), &context, f,
                              std::index_sequence_for<A...>());
    return result;
  };
}

}  // namespace millrace::functions
