#include "functions/numeric_reader.h"

#include <type_traits>

#include "data/decimal.h"

namespace millrace::functions {

using data::Column;
using data::ColumnView;

std::vector<double> ReadDoubles(const Column& column, size_t rows) {
  std::vector<double> values(rows);
  const bool is_decimal = column.type().kind() == data::TypeKind::kDecimal;
  data::DispatchScalar(column.physical(), [&]<typename T>() {
    if constexpr (!std::is_same_v<T, data::StringRef>) {
      const ColumnView<T> view(column);
      if (is_decimal) {
        const int scale = column.type().scale();
        for (size_t i = 0; i < rows; ++i) {
          values[i] = data::DecimalToDouble(static_cast<data::Int128>(view[i]), scale);
        }
      } else {
        for (size_t i = 0; i < rows; ++i) values[i] = static_cast<double>(view[i]);
      }
    }
  });
  return values;
}

std::vector<int64_t> ReadIntegers(const Column& column, size_t rows) {
  std::vector<int64_t> values(rows);
  data::DispatchScalar(column.physical(), [&]<typename T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 8) {
      const ColumnView<T> view(column);
      for (size_t i = 0; i < rows; ++i) values[i] = view[i];
    }
  });
  return values;
}

}  // namespace millrace::functions
