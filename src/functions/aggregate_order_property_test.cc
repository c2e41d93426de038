// Aggregates that hold values, by order of arrival, against plain recomputations.
#include <gtest/gtest.h>

#include <map>

#include "functions/aggregate_property.h"

namespace millrace::functions::property {
namespace {

const DataType kStringArray = DataType::Array(DataType::String());

Value RandomArray(Random& random, size_t) {
  if (random() % 8 == 0) return Value::Null();
  Value::List items;
  for (uint64_t i = random() % 3; i > 0; --i) items.push_back(RandomOf(DataType::String(), random));
  return Value::MakeList(std::move(items));
}

std::optional<Value> First(const Rows& rows) {
  for (const Row& row : rows) {
    if (!row[0].is_null()) return row[0];
  }
  return Value::Null();
}

std::optional<Value> Last(const Rows& rows) {
  Rows reversed(rows.rbegin(), rows.rend());
  return First(reversed);
}

// Retracting LAST_VALUE takes away the first of equal rows, so the last of the rest is the answer; the
// harness removes them in the same way.
TEST(AggregateProperty, FirstAndLast) {
  std::vector<Case> cases;
  for (const DataType& type : {DataType::BigInt(), DataType::Boolean(), DataType::String(),
                               DataType::Decimal(30, 2), DataType::Double(), kStringArray}) {
    for (const char* name : {"FIRST_VALUE", "ANY_VALUE", "LAST_VALUE"}) {
      Case c{name, {type}, std::string_view(name) == "LAST_VALUE" ? Last : First};
      if (type.IsNested()) c.make = RandomArray;
      cases.push_back(c);
    }
  }
  RunCases(cases);
}

TEST(AggregateProperty, SingleValue) {
  RunCases({{"SINGLE_VALUE", {DataType::String()}, [](const Rows& rows) -> std::optional<Value> {
               if (rows.size() > 1) return std::nullopt;
               return rows.empty() ? Value::Null() : rows[0][0];
             }}});
}

std::function<std::optional<Value>(const Rows&)> Joined(std::string separator) {
  return [separator](const Rows& rows) -> std::optional<Value> {
    std::string text;
    bool any = false;
    for (const Row& row : rows) {
      if (row[0].is_null()) continue;
      if (any) text += separator;
      any = true;
      text += row[0].as_string();
    }
    return any ? Value::String(text) : Value::Null();
  };
}

TEST(AggregateProperty, ListAgg) {
  Case separated{"LISTAGG", {DataType::String(), DataType::String()}, Joined(" | ")};
  separated.literals = {Value::Null(), Value::String(" | ")};
  Case distinct{"LISTAGG", {DataType::String()}, Joined(",")};
  distinct.distinct = true;
  distinct.retractable = false;  // which of equal rows went decides the order: see DistinctFollowsPresence
  RunCases({{"LISTAGG", {DataType::String()}, Joined(",")}, separated, distinct});
}

std::optional<Value> Listed(const Rows& rows) {
  if (rows.empty()) return Value::Null();
  Value::List items;
  for (const Row& row : rows) items.push_back(row[0]);
  return Value::MakeList(std::move(items));
}

TEST(AggregateProperty, ArrayAgg) {
  Case nested{"ARRAY_AGG", {kStringArray}, Listed};
  nested.make = RandomArray;
  RunCases({{"ARRAY_AGG", {DataType::Int()}, Listed}, {"ARRAY_AGG", {DataType::String()}, Listed}, nested});
}

TEST(AggregateProperty, Collect) {
  auto expected = [](const Rows& rows) -> std::optional<Value> {
    std::map<int64_t, int64_t> counts;
    for (const Row& row : WithoutNulls(rows)) ++counts[row[0].as_int()];
    Value::List entries;
    for (const auto& [value, count] : counts) {
      entries.push_back(Value::MakeList({Value::Int(value), Value::Int(count)}));
    }
    return Value::MakeList(std::move(entries));
  };
  Case distinct{"COLLECT", {DataType::Int()}, expected};
  distinct.distinct = true;
  RunCases({{"COLLECT", {DataType::Int()}, expected}, distinct});
}

TEST(AggregateProperty, JsonArrayAgg) {
  auto expected = [](bool nulls) {
    return [nulls](const Rows& rows) -> std::optional<Value> {
      std::string text = "[";
      for (const Row& row : rows) {
        if (row[0].is_null() && !nulls) continue;
        if (text.size() > 1) text += ",";
        text += row[0].is_null() ? "null" : "\"" + row[0].as_string() + "\"";
      }
      return Value::String(text + "]");
    };
  };
  RunCases({{"JSON_ARRAYAGG", {DataType::String()}, expected(false)},
            {"JSON_ARRAYAGG_NULL_ON_NULL", {DataType::String()}, expected(true)}});
}

TEST(AggregateProperty, JsonObjectAgg) {
  auto expected = [](bool nulls) {
    return [nulls](const Rows& rows) -> std::optional<Value> {
      std::map<std::string, Value> members;
      for (const Row& row : rows) members[row[0].as_string()] = row[1];
      std::string text = "{";
      for (const auto& [key, value] : members) {
        if (value.is_null() && !nulls) continue;
        if (text.size() > 1) text += ",";
        text += "\"" + key + "\":" + (value.is_null() ? "null" : std::to_string(value.as_int()));
      }
      return Value::String(text + "}");
    };
  };
  auto make = [](Random& random, size_t index) {
    if (index == 0) return Value::String("k" + std::to_string(random() % 9));
    return RandomOf(DataType::Int(), random);
  };
  Case with_nulls{"JSON_OBJECTAGG", {DataType::String(), DataType::Int()}, expected(true)};
  Case without{"JSON_OBJECTAGG_ABSENT_ON_NULL", {DataType::String(), DataType::Int()}, expected(false)};
  with_nulls.make = make;
  without.make = make;
  RunCases({with_nulls, without});
}

}  // namespace
}  // namespace millrace::functions::property
