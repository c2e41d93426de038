// A JSON value as a tree, for reading case files. Pure; plain data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::flink_cases {

struct JsonField;

struct Json {
  enum class Kind : uint8_t { kNull, kBool, kInt, kDouble, kString, kList, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<Json> items;        // of a list
  std::vector<JsonField> fields;  // of an object, in order

  bool is_null() const { return kind == Kind::kNull; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_object() const { return kind == Kind::kObject; }
  // A field of an object; null when it is not there.
  const Json& operator[](std::string_view name) const;
  bool Has(std::string_view name) const;
};

struct JsonField {
  std::string name;
  Json value;
};

// Errors say what the parser said.
Result<Json> ParseJson(const std::string& text);

}  // namespace millrace::flink_cases
