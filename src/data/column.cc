#include "data/column.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

namespace millrace::data {
namespace {

constexpr size_t kAlignment = 64;

size_t ValidityWords(size_t rows) {
  return (rows + 63) / 64;
}

}  // namespace

void Column::FreeDeleter::operator()(std::byte* p) const {
  std::free(p);
}

Column::Column(DataType type, size_t capacity)
    : type_(std::move(type)), physical_(type_.physical()), value_bytes_(PhysicalSize(physical_)) {
  for (const RowField& field : type_.fields()) {
    children_.push_back(std::make_shared<Column>(field.type, physical_ == PhysicalType::kRow ? capacity : 0));
  }
  Reserve(capacity);
}

void Column::Reserve(size_t rows) {
  if (rows <= capacity_) return;
  if (value_bytes_ > 0) {
    const size_t bytes = (rows * value_bytes_ + kAlignment - 1) / kAlignment * kAlignment;
    auto* grown = static_cast<std::byte*>(std::aligned_alloc(kAlignment, bytes));
    if (grown == nullptr) throw std::bad_alloc();
    if (size_ > 0) std::memcpy(grown, values_.get(), size_ * value_bytes_);
    values_.reset(grown);
  }
  capacity_ = rows;
}

void Column::Resize(size_t rows) {
  MR_CHECK(!is_constant_);
  Reserve(rows);
  if (rows > size_ && value_bytes_ > 0) {
    std::memset(values_.get() + size_ * value_bytes_, 0, (rows - size_) * value_bytes_);
  }
  if (physical_ == PhysicalType::kRow) {
    for (auto& child : children_) child->Resize(rows);
  }
  const bool had_validity = !validity_.empty();
  const size_t old_size = size_;
  size_ = rows;
  if (had_validity) {
    validity_.resize(ValidityWords(rows), ~uint64_t{0});
    for (size_t row = old_size; row < rows && (row & 63) != 0; ++row) SetValid(row);
  }
}

uint64_t* Column::MutableValidity() {
  const size_t words = std::max<size_t>(ValidityWords(is_constant_ ? 1 : size_), 1);
  if (validity_.size() < words) validity_.resize(words, ~uint64_t{0});
  return validity_.data();
}

void Column::GrowValidity() {
  const size_t words = ValidityWords(size_);
  if (validity_.size() < words) {
    validity_.resize(words, ~uint64_t{0});
  } else {
    SetValid(size_ - 1);
  }
}

void Column::SetNull(size_t row) {
  MutableValidity()[row >> 6] &= ~(uint64_t{1} << (row & 63));
}

void Column::SetValid(size_t row) {
  if (!validity_.empty()) validity_[row >> 6] |= uint64_t{1} << (row & 63);
}

void Column::AndValidity(const Column& other) {
  if (!other.has_nulls()) return;
  uint64_t* words = MutableValidity();
  if (other.is_constant()) {
    if (other.IsNull(0)) std::memset(words, 0, validity_.size() * sizeof(uint64_t));
    return;
  }
  MR_CHECK_EQ(other.size(), size_);
  const uint64_t* other_words = other.validity();
  for (size_t i = 0; i < ValidityWords(size_); ++i) words[i] &= other_words[i];
}

void Column::AppendNull() {
  if (physical_ == PhysicalType::kRow) {
    Resize(size_ + 1);
  } else {
    if (size_ == capacity_) Reserve(size_ * 2 + 16);
    std::memset(values_.get() + size_ * value_bytes_, 0, value_bytes_);
    ++size_;
    if (!validity_.empty()) GrowValidity();
  }
  SetNull(size_ - 1);
}

void Column::AppendRow(const Column& other, size_t row) {
  if (other.IsNull(row)) {
    AppendNull();
    return;
  }
  if (other.is_constant_) row = 0;
  switch (physical_) {
    case PhysicalType::kRow: {
      for (size_t i = 0; i < children_.size(); ++i) children_[i]->AppendRow(*other.children_[i], row);
      if (size_ == capacity_) Reserve(size_ * 2 + 16);
      ++size_;
      if (!validity_.empty()) GrowValidity();
      return;
    }
    case PhysicalType::kList: {
      const ListEntry entry = other.values<ListEntry>()[row];
      const ListEntry copy{children_[0]->size(), entry.length};
      for (size_t i = 0; i < children_.size(); ++i) {
        for (uint64_t j = 0; j < entry.length; ++j) {
          children_[i]->AppendRow(*other.children_[i], entry.offset + j);
        }
      }
      Append(copy);
      return;
    }
    case PhysicalType::kString:
      Append(heap().Add(other.values<StringRef>()[row].view()));
      return;
    default: {
      if (size_ == capacity_) Reserve(size_ * 2 + 16);
      std::memcpy(values_.get() + size_ * value_bytes_, other.values_.get() + row * value_bytes_,
                  value_bytes_);
      ++size_;
      if (!validity_.empty()) GrowValidity();
    }
  }
}

void Column::AssignRow(size_t row, const Column& other, size_t other_row) {
  MR_CHECK(row < size_ && !is_constant_);
  if (other.IsNull(other_row)) {
    SetNull(row);
    if (value_bytes_ > 0) std::memset(values_.get() + row * value_bytes_, 0, value_bytes_);
    return;
  }
  SetValid(row);
  if (other.is_constant_) other_row = 0;
  if (physical_ == PhysicalType::kRow) {
    for (size_t i = 0; i < children_.size(); ++i)
      children_[i]->AssignRow(row, *other.children_[i], other_row);
  } else if (physical_ == PhysicalType::kString) {
    mutable_values<StringRef>()[row] = heap().Add(other.values<StringRef>()[other_row].view());
  } else if (physical_ == PhysicalType::kList) {
    const ListEntry entry = other.values<ListEntry>()[other_row];
    mutable_values<ListEntry>()[row] = ListEntry{children_[0]->size(), entry.length};
    for (size_t i = 0; i < children_.size(); ++i) {
      for (uint64_t j = 0; j < entry.length; ++j)
        children_[i]->AppendRow(*other.children_[i], entry.offset + j);
    }
  } else {
    std::memcpy(values_.get() + row * value_bytes_, other.values_.get() + other_row * value_bytes_,
                value_bytes_);
  }
}

void Column::AppendValue(const Value& value) {
  if (value.is_null()) {
    AppendNull();
    return;
  }
  switch (physical_) {
    case PhysicalType::kBool:
      Append<uint8_t>(value.as_bool() ? 1 : 0);
      return;
    case PhysicalType::kInt8:
      Append(static_cast<int8_t>(value.as_int()));
      return;
    case PhysicalType::kInt16:
      Append(static_cast<int16_t>(value.as_int()));
      return;
    case PhysicalType::kInt32:
      Append(static_cast<int32_t>(value.as_int()));
      return;
    case PhysicalType::kInt64:
      if (type_.kind() == TypeKind::kDecimal) {
        Append(static_cast<int64_t>(value.as_decimal()));
      } else {
        Append(value.as_int());
      }
      return;
    case PhysicalType::kInt128:
      Append(value.as_decimal());
      return;
    case PhysicalType::kFloat:
      Append(static_cast<float>(value.as_double()));
      return;
    case PhysicalType::kDouble:
      Append(value.as_double());
      return;
    case PhysicalType::kString:
      AppendString(value.as_string());
      return;
    case PhysicalType::kList: {
      const Value::List& list = value.as_list();
      const ListEntry entry{children_[0]->size(), list.size()};
      for (const Value& item : list) {
        if (children_.size() == 1) {
          children_[0]->AppendValue(item);
        } else {
          for (size_t i = 0; i < children_.size(); ++i) children_[i]->AppendValue(item.as_list()[i]);
        }
      }
      Append(entry);
      return;
    }
    case PhysicalType::kRow: {
      for (size_t i = 0; i < children_.size(); ++i) children_[i]->AppendValue(value.as_list()[i]);
      if (size_ == capacity_) Reserve(size_ * 2 + 16);
      ++size_;
      if (!validity_.empty()) GrowValidity();
      return;
    }
  }
}

StringHeap& Column::heap() {
  if (!heap_) {
    heap_ = std::make_shared<StringHeap>();
    owners_.push_back(heap_);
  }
  return *heap_;
}

void Column::AddOwner(std::shared_ptr<const void> owner) {
  if (owner == nullptr) return;
  for (const auto& known : owners_) {
    if (known == owner) return;
  }
  owners_.push_back(std::move(owner));
}

void Column::AddOwnersOf(const Column& other) {
  for (const auto& owner : other.owners_) AddOwner(owner);
}

void Column::MakeConstant(size_t rows) {
  MR_CHECK_EQ(size_, size_t{1});
  MR_CHECK(!type_.IsNested());
  is_constant_ = true;
  size_ = rows;
}

void Column::SetRowSize(size_t rows) {
  MR_CHECK(physical_ == PhysicalType::kRow && !is_constant_);
  for (const auto& child : children_) MR_CHECK_EQ(child->size(), rows);
  size_ = rows;
  capacity_ = std::max(capacity_, rows);
  if (!validity_.empty()) validity_.resize(ValidityWords(rows), ~uint64_t{0});
}

void Column::CopyOwnPart(const Column& other) {
  const size_t stored = other.is_constant_ ? 1 : other.size_;
  Reserve(stored);
  if (value_bytes_ > 0 && stored > 0) std::memcpy(values_.get(), other.values_.get(), stored * value_bytes_);
  size_ = other.size_;
  is_constant_ = other.is_constant_;
  validity_ = other.validity_;
  AddOwnersOf(other);
}

ColumnPtr Column::Constant(const DataType& type, const Value& value, size_t rows) {
  if (type.IsNested()) {
    auto column = Make(type, rows);
    for (size_t i = 0; i < rows; ++i) column->AppendValue(value);
    return column;
  }
  auto column = Make(type, 1);
  column->AppendValue(value);
  column->MakeConstant(rows);
  return column;
}

ColumnPtr Column::Nulls(const DataType& type, size_t rows) {
  return Constant(type, Value::Null(), rows);
}

size_t Column::MemoryBytes() const {
  size_t bytes = sizeof(Column) + capacity_ * value_bytes_ + validity_.capacity() * sizeof(uint64_t);
  if (heap_) bytes += heap_->allocated_bytes();
  for (const auto& child : children_) bytes += child->MemoryBytes();
  return bytes;
}

Value Column::GetValue(size_t row) const {
  if (IsNull(row)) return Value::Null();
  if (is_constant_) row = 0;
  switch (physical_) {
    case PhysicalType::kBool:
      return Value::Bool(values<uint8_t>()[row] != 0);
    case PhysicalType::kInt8:
      return Value::Int(values<int8_t>()[row]);
    case PhysicalType::kInt16:
      return Value::Int(values<int16_t>()[row]);
    case PhysicalType::kInt32:
      return Value::Int(values<int32_t>()[row]);
    case PhysicalType::kInt64:
      if (type_.kind() == TypeKind::kDecimal) return Value::Decimal(values<int64_t>()[row]);
      return Value::Int(values<int64_t>()[row]);
    case PhysicalType::kInt128:
      return Value::Decimal(values<Int128>()[row]);
    case PhysicalType::kFloat:
      return Value::Double(values<float>()[row]);
    case PhysicalType::kDouble:
      return Value::Double(values<double>()[row]);
    case PhysicalType::kString:
      return Value::String(std::string(values<StringRef>()[row].view()));
    case PhysicalType::kList: {
      const ListEntry entry = values<ListEntry>()[row];
      Value::List list;
      for (uint64_t j = 0; j < entry.length; ++j) {
        if (children_.size() == 1) {
          list.push_back(children_[0]->GetValue(entry.offset + j));
        } else {
          list.push_back(Value::MakeList(
              {children_[0]->GetValue(entry.offset + j), children_[1]->GetValue(entry.offset + j)}));
        }
      }
      return Value::MakeList(std::move(list));
    }
    case PhysicalType::kRow: {
      Value::List list;
      for (const auto& child : children_) list.push_back(child->GetValue(row));
      return Value::MakeList(std::move(list));
    }
  }
  MR_UNREACHABLE();
}

}  // namespace millrace::data
