#include "operators/expand.h"

#include "operators/row_emitter.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::ColumnPtr;

class Expand final : public Operator {
 public:
  Expand(std::shared_ptr<const ExpandSpec> spec, OperatorContext context)
      : Operator(std::move(context)), spec_(std::move(spec)) {}

  // Evaluates each projection over the whole batch, appends the results after each other, and then gathers
  // them interleaved: input row r under projection p lies at p * rows + r.
  Status OnBatch(int, Batch batch) override {
    const size_t sets = spec_->projections.size();
    if (batch.rows == 0 || sets == 0) return {};
    std::vector<std::vector<ColumnPtr>> evaluated(sets);
    for (size_t set = 0; set < sets; ++set) {
      for (const auto& projection : spec_->projections[set]) {
        evaluated[set].push_back(projection->Evaluate(batch, context_.eval));
      }
    }
    std::vector<uint32_t> kept;
    ReportRowErrors(batch, context_, &kept);

    const size_t width = spec_->projections[0].size();
    const size_t rows_at_once = std::max<size_t>(1, limits::kBatchRows / sets);
    std::vector<uint32_t> rows;
    for (size_t begin = 0; begin < kept.size(); begin += rows_at_once) {
      const size_t count = std::min(rows_at_once, kept.size() - begin);
      const std::span<const uint32_t> part(kept.data() + begin, count);
      Batch result;
      result.rows = count * sets;
      for (size_t column = 0; column < width; ++column) {
        result.columns.push_back(Interleave(evaluated, column, part));
      }
      rows.clear();
      for (const uint32_t row : part) rows.insert(rows.end(), sets, row);
      Batch meta;
      meta.kinds = batch.kinds;
      meta.watermarks = batch.watermarks;
      meta = data::Gather(meta, rows);
      result.kinds = std::move(meta.kinds);
      result.watermarks = std::move(meta.watermarks);
      MR_TRY(EmitBatch(result, output()));
    }
    return {};
  }

 private:
  // Column `column` of the results: for each of `rows`, the value under each projection.
  static ColumnPtr Interleave(const std::vector<std::vector<ColumnPtr>>& evaluated, size_t column,
                              std::span<const uint32_t> rows) {
    const size_t sets = evaluated.size();
    const ColumnPtr& first = evaluated[0][column];
    bool same = true;
    for (size_t set = 1; set < sets; ++set) same = same && evaluated[set][column] == first;
    if (same) {
      std::vector<uint32_t> repeated;
      repeated.reserve(rows.size() * sets);
      for (const uint32_t row : rows) repeated.insert(repeated.end(), sets, row);
      return data::Gather(first, repeated);
    }
    if (first->type().IsNested()) return InterleaveNested(evaluated, column, rows);
    const size_t total = rows.size() * sets;
    auto result = data::Column::Make(first->type().WithNullable(true), total);
    result->Resize(total);
    for (size_t set = 0; set < sets; ++set) {
      const data::Column& source = *evaluated[set][column];
      result->AddOwnersOf(source);
      data::DispatchScalar(first->physical(), [&]<typename T>() {
        const data::ColumnView<T> view(source);
        T* values = result->mutable_values<T>();
        for (size_t i = 0; i < rows.size(); ++i) values[i * sets + set] = view[rows[i]];
      });
      if (!source.has_nulls()) continue;
      for (size_t i = 0; i < rows.size(); ++i) {
        if (source.IsNull(rows[i])) result->SetNull(i * sets + set);
      }
    }
    return result;
  }

  static ColumnPtr InterleaveNested(const std::vector<std::vector<ColumnPtr>>& evaluated, size_t column,
                                    std::span<const uint32_t> rows) {
    auto result = data::Column::Make(evaluated[0][column]->type().WithNullable(true), 0);
    for (const uint32_t row : rows) {
      for (const auto& set : evaluated) result->AppendRow(*set[column], row);
    }
    return result;
  }

  std::shared_ptr<const ExpandSpec> spec_;
};

}  // namespace

std::unique_ptr<Operator> MakeExpand(std::shared_ptr<const ExpandSpec> spec, OperatorContext context) {
  return std::make_unique<Expand>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
