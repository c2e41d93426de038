// Value: one boxed SQL value, for literals, defaults, messages and tests; never on the hot path.
//
// It does not carry its type: integers of every width, DATE, TIME, TIMESTAMP and INTERVAL are int64_t
// (units as PhysicalType says), DECIMAL is its unscaled Int128, FLOAT is a double, CHAR to VARBINARY
// are std::string. ARRAY and ROW are lists of values; MAP and MULTISET lists of two-value lists.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "data/type.h"

namespace millrace::data {

class Value {
 public:
  using List = std::vector<Value>;

  Value() = default;  // NULL
  static Value Null() { return Value(); }
  static Value Bool(bool v) { return Value(Variant(v)); }
  static Value Int(int64_t v) { return Value(Variant(v)); }
  static Value Decimal(Int128 unscaled) { return Value(Variant(unscaled)); }
  static Value Double(double v) { return Value(Variant(v)); }
  static Value String(std::string v) { return Value(Variant(std::move(v))); }
  static Value MakeList(List v) { return Value(Variant(std::move(v))); }

  bool is_null() const { return std::holds_alternative<std::monostate>(variant_); }
  bool as_bool() const { return std::get<bool>(variant_); }
  int64_t as_int() const { return std::get<int64_t>(variant_); }
  Int128 as_decimal() const { return std::get<Int128>(variant_); }
  double as_double() const { return std::get<double>(variant_); }
  const std::string& as_string() const { return std::get<std::string>(variant_); }
  const List& as_list() const { return std::get<List>(variant_); }

  friend bool operator==(const Value& a, const Value& b) { return a.variant_ == b.variant_; }

 private:
  using Variant = std::variant<std::monostate, bool, int64_t, Int128, double, std::string, List>;
  explicit Value(Variant v) : variant_(std::move(v)) {}
  Variant variant_;
};

}  // namespace millrace::data
