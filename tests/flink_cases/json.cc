#include "flink_cases/json.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace millrace::flink_cases {
namespace {

Json Convert(const simdjson::dom::element& element) {
  Json json;
  switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      break;
    case simdjson::dom::element_type::BOOL:
      json.kind = Json::Kind::kBool;
      json.boolean = bool(element);
      break;
    case simdjson::dom::element_type::INT64:
      json.kind = Json::Kind::kInt;
      json.integer = int64_t(element);
      break;
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
      json.kind = Json::Kind::kDouble;
      json.number = double(element);
      break;
    case simdjson::dom::element_type::STRING:
      json.kind = Json::Kind::kString;
      json.text = std::string(std::string_view(element));
      break;
    case simdjson::dom::element_type::ARRAY:
      json.kind = Json::Kind::kList;
      for (const auto item : simdjson::dom::array(element)) json.items.push_back(Convert(item));
      break;
    case simdjson::dom::element_type::OBJECT:
      json.kind = Json::Kind::kObject;
      for (const auto field : simdjson::dom::object(element)) {
        json.fields.push_back({std::string(field.key), Convert(field.value)});
      }
      break;
  }
  return json;
}

const Json kNullJson;

}  // namespace

const Json& Json::operator[](std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return kNullJson;
}

bool Json::Has(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return true;
  }
  return false;
}

Result<Json> ParseJson(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  const auto error = parser.parse(text).get(element);
  if (error != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalidText, fmt::format("no JSON: {}", simdjson::error_message(error)));
  }
  return Convert(element);
}

}  // namespace millrace::flink_cases
