// Casting of whole columns: from a pair of types to a function over columns.
//
// A caster is immutable and may run in several threads. Rows that have no answer are NULL in the result and
// listed in the run's failures; the caller makes them row errors (CAST) or leaves them NULL (TRY_CAST).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/error.h"
#include "data/column.h"
#include "data/datetime.h"

namespace millrace::functions {

struct CastRun {
  const data::TimeZone* zone;
  bool wants_errors;  // TRY_CAST does without the messages

  struct Failure {
    size_t row;
    std::optional<Error> error;
  };
  std::vector<Failure> failures;  // ascending by row
};

// `column` is of the source type, flat or constant; the result has `rows` rows.
using ColumnCaster = std::function<data::ColumnPtr(const data::ColumnPtr& column, size_t rows, CastRun& run)>;

// An error when values of `from` cannot be cast to `to` at all; it says what would work.
Result<ColumnCaster> FindCaster(const data::DataType& from, const data::DataType& to);

// The casts between numbers and booleans; nullptr: not one of these.
ColumnCaster FindNumericCaster(const data::DataType& from, const data::DataType& to);
// The casts from and to text and bytes; nullptr: not one of these.
ColumnCaster FindTextCaster(const data::DataType& from, const data::DataType& to);

// --- For writing casters ---

// "CAST('abc' AS INT): not a valid INT" or "CAST(300 AS TINYINT): out of range".
Error CastError(const data::Column& column, size_t row, const data::DataType& to);

template <typename R, typename A, typename F>
ColumnCaster MapCaster(const data::DataType& to, F f) {
  return [to, f](const data::ColumnPtr& column, size_t rows, CastRun&) -> data::ColumnPtr {
    auto result = data::Column::Make(to, rows);
    result->Resize(rows);
    R* out = result->template mutable_values<R>();
    const data::ColumnView<A> in(*column);
    for (size_t i = 0; i < rows; ++i) out[i] = f(in[i]);
    result->AndValidity(*column);
    return result;
  };
}

// f(value, &out, run) says whether it FAILED; called under NULL too, where that does not count.
template <typename R, typename A, typename F>
ColumnCaster TryCaster(const data::DataType& to, F f) {
  return [to, f](const data::ColumnPtr& column, size_t rows, CastRun& run) -> data::ColumnPtr {
    auto result = data::Column::Make(to, rows);
    result->Resize(rows);
    R* out = result->template mutable_values<R>();
    const data::ColumnView<A> in(*column);
    bool failed = false;
    for (size_t i = 0; i < rows; ++i) failed |= f(in[i], &out[i]);
    result->AndValidity(*column);
    if (!failed) return result;
    for (size_t i = 0; i < rows; ++i) {
      if (in.IsNull(i) || !f(in[i], &out[i])) continue;
      result->SetNull(i);
      run.failures.push_back(
          {i, run.wants_errors ? std::optional<Error>(CastError(*column, i, to)) : std::nullopt});
    }
    return result;
  };
}

}  // namespace millrace::functions
