#include "formats/value_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace millrace::formats {
namespace {

// Bytes of the UTF-8 character at the front of the text, or 0 when there is none.
size_t CharacterBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  if (size == 0 || size > text.size()) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return size;
}

}  // namespace

std::string Excerpt(std::string_view text) {
  constexpr size_t kBytesMax = 64;
  std::string out;
  size_t taken = 0;
  while (!text.empty()) {
    const size_t size = CharacterBytes(text);
    if (taken + std::max<size_t>(size, 1) > kBytesMax) {
      out += "…";
      break;
    }
    const auto c = static_cast<unsigned char>(text[0]);
    if (size == 0 || c < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02X}", c);
    } else {
      out += text.substr(0, size);
    }
    taken += std::max<size_t>(size, 1);
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return out;
}

ValueSpec::ValueSpec(std::string name_in, std::string path_in, const data::DataType& type_in)
    : name(std::move(name_in)),
      path(std::move(path_in)),
      type(type_in),
      kind(type_in.kind()),
      physical(type_in.physical()),
      nullable(type_in.nullable()),
      precision(type_in.precision()),
      scale(type_in.scale()) {
  for (const data::RowField& field : type.fields()) {
    std::string child_path = path;
    if (kind == data::TypeKind::kRow) {
      child_path += "." + field.name;
    } else {
      child_path += "[]";
    }
    children.emplace_back(field.name, std::move(child_path), field.type);
  }
  children_by_name.resize(children.size());
  std::iota(children_by_name.begin(), children_by_name.end(), 0u);
  std::sort(children_by_name.begin(), children_by_name.end(), [this](uint32_t a, uint32_t b) {
    return children[a].name != children[b].name ? children[a].name < children[b].name : a < b;
  });
}

int ValueSpec::FindChild(std::string_view wanted, size_t guess) const {
  if (guess < children.size() && children[guess].name == wanted) return static_cast<int>(guess);
  const auto found =
      std::lower_bound(children_by_name.begin(), children_by_name.end(), wanted,
                       [this](uint32_t index, std::string_view key) { return children[index].name < key; });
  if (found == children_by_name.end() || children[*found].name != wanted) return -1;
  return static_cast<int>(*found);
}

ValueSpec MakeRecordSpec(const data::Schema& schema, const std::vector<int>& columns) {
  std::vector<data::RowField> fields;
  for (const int column : columns) {
    fields.push_back({schema[column].name, schema[column].type});
  }
  ValueSpec record("", "", data::DataType::Row(std::move(fields)));
  for (ValueSpec& child : record.children) child = ValueSpec(child.name, child.name, child.type);
  return record;
}

Error DescribeFlaw(const ValueSpec& spec, Flaw flaw, std::string_view text) {
  const std::string where = fmt::format("column '{}' {}", spec.path, spec.type.WithNullable(true).ToString());
  const std::string quoted = fmt::format("'{}'", Excerpt(text));
  const auto invalid = [&](std::string_view sentence, std::string hint = {}) {
    return Error(ErrorCode::kInvalidText, fmt::format("{}: {} {}", where, quoted, sentence), std::move(hint));
  };
  switch (flaw) {
    case Flaw::kWholeNumber:
      return invalid("is not a whole number");
    case Flaw::kRange:
      return Error(ErrorCode::kNumericOutOfRange, fmt::format("{}: {} is out of range", where, quoted));
    case Flaw::kNumber:
      return invalid("is not a number");
    case Flaw::kBoolean:
      return invalid("is not true or false");
    case Flaw::kDate:
      return invalid("is not a date", "dates are written as 2020-12-31");
    case Flaw::kTime:
      return invalid("is not a time", "times are written as 12:30:05 or 12:30:05.250");
    case Flaw::kTimestamp:
      return invalid("is not a timestamp of the expected form");
    case Flaw::kInstant:
      return invalid("is not a timestamp of the expected form");
    case Flaw::kBase64:
      return invalid("is not base64");
    case Flaw::kNotArray:
      return invalid("is not an array");
    case Flaw::kNotObject:
      return invalid("is not an object");
    case Flaw::kNotText:
      return invalid("is not text");
    case Flaw::kFieldCount:
      return invalid(fmt::format("does not have {} fields", spec.children.size()));
    case Flaw::kEmpty:
      return Error(ErrorCode::kInvalidText, fmt::format("{}: the field is empty", where),
                   "with 'csv.null-literal' = '' an empty field is NULL");
    case Flaw::kNull:
      return Error(ErrorCode::kNullNotAllowed, fmt::format("{} is NOT NULL, but the value is null", where));
    case Flaw::kMissing:
      return Error(ErrorCode::kNullNotAllowed, fmt::format("{}: the record has no such field", where));
    case Flaw::kNone:
      break;
  }
  MR_UNREACHABLE();
}

}  // namespace millrace::formats
