#include "server/http/flat_buffer.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace::server::http {

static_assert(std::endian::native == std::endian::little, "values are written as they lie in memory");

template <typename T>
void FlatBuffer::Push(T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  reversed_.append(std::reverse_iterator(bytes + sizeof(T)), std::reverse_iterator(bytes + 0));
}

void FlatBuffer::Align(size_t bytes, size_t alignment) {
  while ((reversed_.size() + bytes) % alignment != 0) reversed_.push_back('\0');
}

// An offset counts from where it stands itself to what it refers to.
void FlatBuffer::PushReference(Place place) {
  Push<uint32_t>(here() + static_cast<uint32_t>(sizeof(uint32_t)) - place);
}

FlatBuffer::Place FlatBuffer::String(std::string_view text) {
  Align(text.size() + 1, sizeof(uint32_t));
  reversed_.push_back('\0');
  reversed_.append(text.rbegin(), text.rend());
  Push<uint32_t>(static_cast<uint32_t>(text.size()));
  return here();
}

FlatBuffer::Place FlatBuffer::Vector(std::span<const Place> tables) {
  Align(0, sizeof(uint32_t));
  for (size_t i = tables.size(); i > 0; --i) PushReference(tables[i - 1]);
  Push<uint32_t>(static_cast<uint32_t>(tables.size()));
  return here();
}

FlatBuffer::Place FlatBuffer::StructVector(std::span<const int64_t> members, size_t members_each) {
  Align(0, sizeof(int64_t));
  for (size_t i = members.size(); i > 0; --i) Push<int64_t>(members[i - 1]);
  Push<uint32_t>(static_cast<uint32_t>(members.size() / members_each));
  return here();
}

void FlatBuffer::StartTable() {
  fields_.clear();
  table_end_ = here();
}

template <typename T>
void FlatBuffer::Scalar(int field, T value) {
  Align(sizeof(T), sizeof(T));
  Push<T>(value);
  fields_.push_back({field, here()});
}

void FlatBuffer::Byte(int field, uint8_t value) {
  Scalar(field, value);
}
void FlatBuffer::Short(int field, int16_t value) {
  Scalar(field, value);
}
void FlatBuffer::Int(int field, int32_t value) {
  Scalar(field, value);
}
void FlatBuffer::Long(int field, int64_t value) {
  Scalar(field, value);
}

void FlatBuffer::Reference(int field, Place place) {
  Align(sizeof(uint32_t), sizeof(uint32_t));
  PushReference(place);
  fields_.push_back({field, here()});
}

// The table begins with the distance to its vtable, which is put right before it: the vtable's size, the
// table's size, and where each field lies in the table.
FlatBuffer::Place FlatBuffer::EndTable() {
  int fields = 0;
  for (const FieldPlace& field : fields_) fields = std::max(fields, field.field + 1);
  const uint16_t vtable_bytes = static_cast<uint16_t>(2 * sizeof(uint16_t) + fields * sizeof(uint16_t));
  Align(sizeof(int32_t), sizeof(int32_t));
  Push<int32_t>(vtable_bytes);
  const Place table = here();
  std::vector<uint16_t> offsets(fields, 0);
  for (const FieldPlace& field : fields_) offsets[field.field] = static_cast<uint16_t>(table - field.place);
  for (size_t i = offsets.size(); i > 0; --i) Push<uint16_t>(offsets[i - 1]);
  Push<uint16_t>(static_cast<uint16_t>(table - table_end_));
  Push<uint16_t>(vtable_bytes);
  return table;
}

std::string FlatBuffer::Finish(Place root) {
  Align(sizeof(uint32_t), sizeof(int64_t));
  PushReference(root);
  return {reversed_.rbegin(), reversed_.rend()};
}

}  // namespace millrace::server::http
