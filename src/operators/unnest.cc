#include "operators/unnest.h"

#include <algorithm>

#include "operators/row_emitter.h"

namespace millrace::operators {
namespace {

using data::Batch;
using data::Column;
using data::ColumnPtr;

constexpr uint32_t kNoElement = 0xFFFFFFFF;

// The elements named, in that order; null for kNoElement. `owner` null-ness is laid over the values: a field
// of a null ROW is null.
ColumnPtr GatherElements(const ColumnPtr& values, const Column* owner, std::span<const uint32_t> elements) {
  const bool has_holes = std::ranges::find(elements, kNoElement) != elements.end();
  if (!has_holes && (owner == nullptr || !owner->has_nulls())) return data::Gather(values, elements);
  auto result = Column::Make(values->type().WithNullable(true), elements.size());
  for (const uint32_t element : elements) {
    if (element == kNoElement || (owner != nullptr && owner->IsNull(element))) {
      result->AppendNull();
    } else {
      result->AppendRow(*values, element);
    }
  }
  return result;
}

class Unnest final : public Operator {
 public:
  Unnest(std::shared_ptr<const UnnestSpec> spec, OperatorContext context)
      : Operator(std::move(context)), spec_(std::move(spec)) {}

  Status OnBatch(int, Batch batch) override {
    if (batch.rows == 0) return {};
    const Column& collection = *batch.columns[spec_->collection_column];
    List(collection, batch.rows);
    for (size_t offset = 0; offset < rows_.size(); offset += limits::kBatchRows) {
      const size_t count = std::min(limits::kBatchRows, rows_.size() - offset);
      Batch result = data::Gather(batch, std::span<const uint32_t>(rows_).subspan(offset, count));
      AppendElements(collection, offset, count, &result);
      MR_TRY(output().OnBatch(std::move(result)));
    }
    return {};
  }

 private:
  // Fills in the row, the element's index and the ordinality of each output row.
  void List(const Column& collection, size_t rows) {
    rows_.clear();
    elements_.clear();
    ordinals_.clear();
    const bool is_multiset = collection.type().kind() == data::TypeKind::kMultiset;
    for (size_t row = 0; row < rows; ++row) {
      const data::ListEntry entry =
          collection.IsNull(row) ? data::ListEntry() : collection.values<data::ListEntry>()[row];
      int32_t ordinal = 0;
      for (uint64_t i = 0; i < entry.length; ++i) {
        const auto element = static_cast<uint32_t>(entry.offset + i);
        const int32_t times = is_multiset ? data::ColumnView<int32_t>(collection.child(1))[element] : 1;
        for (int32_t time = 0; time < times; ++time) Add(row, element, ++ordinal);
      }
      if (ordinal == 0 && spec_->left_outer) Add(row, kNoElement, 0);
    }
  }

  void Add(size_t row, uint32_t element, int32_t ordinal) {
    rows_.push_back(static_cast<uint32_t>(row));
    elements_.push_back(element);
    ordinals_.push_back(ordinal);
  }

  void AppendElements(const Column& collection, size_t offset, size_t count, Batch* result) const {
    const std::span elements = std::span<const uint32_t>(elements_).subspan(offset, count);
    const data::TypeKind kind = collection.type().kind();
    const size_t element_columns = spec_->element_types.size();
    if (kind == data::TypeKind::kMap) {
      result->columns.push_back(GatherElements(collection.children()[0], nullptr, elements));
      result->columns.push_back(GatherElements(collection.children()[1], nullptr, elements));
    } else if (IsFlattened(collection)) {
      const Column& row = collection.child(0);
      for (size_t i = 0; i < element_columns; ++i) {
        result->columns.push_back(GatherElements(row.children()[i], &row, elements));
      }
    } else {
      result->columns.push_back(GatherElements(collection.children()[0], nullptr, elements));
    }
    if (!spec_->with_ordinality) return;
    auto ordinality = Column::Make(data::DataType::Int(), count);
    for (size_t i = offset; i < offset + count; ++i) {
      if (ordinals_[i] == 0) {
        ordinality->AppendNull();
      } else {
        ordinality->Append<int32_t>(ordinals_[i]);
      }
    }
    result->columns.push_back(std::move(ordinality));
  }

  // Whether the fields of the ROW element become columns, rather than the element as a whole.
  bool IsFlattened(const Column& collection) const {
    const data::DataType& element = collection.type().element();
    return element.kind() == data::TypeKind::kRow &&
           !(spec_->element_types.size() == 1 && spec_->element_types[0].SameAs(element));
  }

  std::shared_ptr<const UnnestSpec> spec_;
  // Of the batch at hand, one an output row.
  std::vector<uint32_t> rows_;
  std::vector<uint32_t> elements_;
  std::vector<int32_t> ordinals_;
};

}  // namespace

std::unique_ptr<Operator> MakeUnnest(std::shared_ptr<const UnnestSpec> spec, OperatorContext context) {
  return std::make_unique<Unnest>(std::move(spec), std::move(context));
}

}  // namespace millrace::operators
