// Evaluating an expression for some rows of a batch only: what CASE, COALESCE, AND and OR are made of.
//
// A branch that is not taken must not fail its row. It is either computed for all rows, and its failures
// elsewhere forgotten, or, when few rows need it, for a batch of those rows alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "functions/expression.h"

namespace millrace::functions {

// A value for each of some rows of a batch.
struct PartialColumn {
  data::ColumnPtr column;
  bool by_position = false;  // value i is that of rows[i]; else that of row i of the batch
  size_t Index(size_t position, uint32_t row) const { return by_position ? position : row; }
};

// `rows` ascending. Failures are reported for these rows only.
PartialColumn EvaluateFor(const ExprPtr& expr, const data::Batch& batch, std::span<const uint32_t> rows,
                          EvalContext& context);

// Puts columns together of values for disjoint sets of rows; rows that are in none are NULL.
class Blender {
 public:
  Blender(data::DataType type, size_t rows);
  // `part` is of the blender's physical type.
  void Add(std::span<const uint32_t> rows, const PartialColumn& part);
  data::ColumnPtr Finish();

 private:
  struct Source {
    data::ColumnPtr column;
    std::vector<uint32_t> rows;
    bool by_position;
  };
  void AddNested();

  data::DataType type_;
  size_t rows_;
  data::MutableColumnPtr result_;
  std::vector<Source> nested_;  // lists and rows are put together at the end, in order
};

// Truth values of a boolean column as bytes ordered so that AND is the minimum, OR the maximum.
inline constexpr uint8_t kFalse = 0;
inline constexpr uint8_t kUnknown = 1;
inline constexpr uint8_t kTrue = 2;
void ReadTruth(const data::Column& column, size_t rows, uint8_t* truth);
data::ColumnPtr MakeTruth(const data::DataType& type, std::span<const uint8_t> truth);

}  // namespace millrace::functions
