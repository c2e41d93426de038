// ValueSpec: what a decoder knows of one value of a record: a column, a field of a ROW, an element.
//
// Made once from the schema; immutable while decoding. And Flaw: why a text is no value of its type,
// kept small so that finding one costs nothing until its sentence is wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/schema.h"

namespace millrace::formats {

struct ValueSpec {
  ValueSpec() = default;
  ValueSpec(std::string name, std::string path, const data::DataType& type);

  // The index of the ROW field with this name, or -1; `guess` is tried first.
  int FindChild(std::string_view name, size_t guess) const;

  std::string name;  // of a column or ROW field: the key in a JSON object
  std::string path;  // for people: "address.city", "tags[]"
  data::DataType type;
  data::TypeKind kind = data::TypeKind::kNull;
  data::PhysicalType physical = data::PhysicalType::kInt32;
  bool nullable = true;
  int precision = 0;
  int scale = 0;
  std::vector<ValueSpec> children;
  std::vector<uint32_t> children_by_name;  // indexes, sorted by name
};

// The columns of `schema` that are wanted, as the children of one ROW.
ValueSpec MakeRecordSpec(const data::Schema& schema, const std::vector<int>& columns);

enum class Flaw : uint8_t {
  kNone,
  kWholeNumber,
  kRange,
  kNumber,
  kBoolean,
  kDate,
  kTime,
  kTimestamp,
  kInstant,
  kBase64,
  kNull,
  kMissing,
  kEmpty,
  kNotArray,
  kNotObject,
  kNotText,
  kFieldCount,
};

// "column 'age' INT: 'x' is not a whole number". `text` is what stood in the record; long text is cut.
Error DescribeFlaw(const ValueSpec& spec, Flaw flaw, std::string_view text);

// Text for a message: at most 64 bytes of it, cut between characters, control characters and invalid UTF-8 as
// \xNN.
std::string Excerpt(std::string_view text);

}  // namespace millrace::formats
