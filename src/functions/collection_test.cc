#include <gtest/gtest.h>

#include "functions/function_tester.h"

namespace millrace::functions::testing {

ExprPtr Call(std::string_view name, const std::vector<ExprPtr>& args) {
  const auto call = Registry::Get().BindScalar(name, args, BindContext{});
  EXPECT_TRUE(call.has_value()) << call.error().message();
  return *call;
}

ExprPtr Ints(const std::vector<int>& values) {
  std::vector<ExprPtr> args;
  for (const int value : values) args.push_back(value < 0 ? NullOf(DataType::Int()) : Int(value));
  return Call("ARRAY", args);
}
constexpr int kNull = -1;

ExprPtr Texts(const std::vector<std::string_view>& values) {
  std::vector<ExprPtr> args;
  for (const auto value : values) args.push_back(value == "NULL" ? NullOf(DataType::String()) : Text(value));
  return Call("ARRAY", args);
}

std::string Answer(std::string_view name, const std::vector<ExprPtr>& args) {
  return Result(name, args, {}, false);
}

TEST(CollectionTest, Constructors) {
  EXPECT_EQ(Answer("ARRAY", {Int(1), Long(2), Int(3)}), "[1, 2, 3]");
  EXPECT_EQ(TypeOf("ARRAY", {Int(1), Long(2)}), "ARRAY<BIGINT NOT NULL> NOT NULL");
  EXPECT_EQ(TypeOf("ARRAY", {Int(1), NullOf(DataType::Int())}), "ARRAY<INT> NOT NULL");
  EXPECT_EQ(TypeOf("ARRAY", {}), "ARRAY[] has no element to tell its type");
  EXPECT_EQ(Answer("MAP", {Text("a"), Int(1), Text("b"), Int(2), Text("a"), Int(3)}), "{b=2, a=3}");
  EXPECT_EQ(TypeOf("MAP", {Text("a"), Int(1)}), "MAP<STRING NOT NULL, INT NOT NULL> NOT NULL");
  EXPECT_EQ(TypeOf("MAP", {Text("a")}), "MAP[...] takes keys and values in turn, at least one of each");
  EXPECT_EQ(Answer("ROW", {Text("a"), Int(1)}), "(a, 1)");
  EXPECT_EQ(Answer("ARRAY", {Ints({1, kNull}), Ints({2})}), "[[1, NULL], [2]]");
}

TEST(CollectionTest, OneElement) {
  EXPECT_EQ(Answer("ITEM", {Ints({7, 8}), Int(2)}), "8");
  EXPECT_EQ(Answer("ITEM", {Ints({7, 8}), Int(3)}), "NULL");
  EXPECT_EQ(Answer("ITEM", {Texts({"a text of some length"}), Int(1)}), "a text of some length");
  EXPECT_EQ(TypeOf("ITEM", {Ints({7}), Int(0)}), "the index of an array counts from 1, but is 0");
  EXPECT_EQ(TypeOf("ITEM", {Ints({7}), Text("a")}).substr(0, 13), "function ITEM");
  const auto map = Call("MAP", {Text("x"), Int(1), Text("y"), NullOf(DataType::Int())});
  EXPECT_EQ(Answer("ITEM", {map, Text("x")}), "1");
  EXPECT_EQ(Answer("ITEM", {map, Text("y")}), "NULL");
  EXPECT_EQ(Answer("ITEM", {map, Text("z")}), "NULL");
  EXPECT_EQ(Answer("CARDINALITY", {map}), "2");
  EXPECT_EQ(Answer("CARDINALITY", {Ints({1, 2, 3})}), "3");
  EXPECT_EQ(Answer("ELEMENT", {Ints({5})}), "5");
  EXPECT_EQ(Answer("ELEMENT", {Ints({5, 6})}), "ELEMENT: the array has 2 elements, not one");
  EXPECT_EQ(Answer("ARRAY_MAX", {Ints({3, kNull, 9, 4})}), "9");
  EXPECT_EQ(Answer("ARRAY_MIN", {Texts({"b", "a", "NULL"})}), "a");
  EXPECT_EQ(Answer("ARRAY_MIN", {Ints({kNull})}), "NULL");
}

TEST(CollectionTest, ArraysWithAValue) {
  EXPECT_EQ(Answer("ARRAY_CONTAINS", {Ints({1, 2}), Int(2)}), "TRUE");
  EXPECT_EQ(Answer("ARRAY_CONTAINS", {Ints({1, 2}), Int(3)}), "FALSE");
  EXPECT_EQ(Answer("ARRAY_CONTAINS", {Ints({1, kNull}), NullOf(DataType::Int())}), "TRUE");
  EXPECT_EQ(Answer("ARRAY_CONTAINS", {Ints({1}), Null()}), "FALSE");
  EXPECT_EQ(Answer("ARRAY_CONTAINS", {Ints({1}), Bool(true)}),
            "function ARRAY_CONTAINS(ARRAY<INT NOT NULL>, BOOLEAN) does not exist");
  EXPECT_EQ(Answer("ARRAY_POSITION", {Texts({"a", "b", "b"}), Text("b")}), "2");
  EXPECT_EQ(Answer("ARRAY_POSITION", {Texts({"a"}), Text("b")}), "0");
  EXPECT_EQ(Answer("ARRAY_POSITION", {Ints({kNull}), NullOf(DataType::Int())}), "NULL");
  EXPECT_EQ(Answer("ARRAY_REMOVE", {Ints({1, 2, 1, kNull}), Int(1)}), "[2, NULL]");
  EXPECT_EQ(Answer("ARRAY_REMOVE", {Ints({1, kNull}), NullOf(DataType::Int())}), "[1]");
  EXPECT_EQ(Answer("ARRAY_APPEND", {Ints({1}), Int(2)}), "[1, 2]");
  EXPECT_EQ(Answer("ARRAY_APPEND", {Ints({1}), Null()}), "[1, NULL]");
  EXPECT_EQ(Answer("ARRAY_PREPEND", {Texts({"b"}), Text("a")}), "[a, b]");
  EXPECT_EQ(TypeOf("ARRAY_APPEND", {Ints({1}), Null()}), "ARRAY<INT> NOT NULL");
}

TEST(CollectionTest, ArraysOfOne) {
  EXPECT_EQ(Answer("ARRAY_DISTINCT", {Ints({2, 1, kNull, 2, kNull})}), "[2, 1, NULL]");
  EXPECT_EQ(Answer("ARRAY_REVERSE", {Ints({1, kNull, 3})}), "[3, NULL, 1]");
  const auto five = Ints({1, 2, 3, 4, 5});
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(2), Int(4)}), "[2, 3, 4]");
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(0), Int(2)}), "[1, 2]");
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(-2)}), "[4, 5]");
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(-20), Int(-4)}), "[1, 2]");
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(4), Int(2)}), "[]");
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(6)}), "[]");
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(-9), Int(-7)}), "[]");
  EXPECT_EQ(Answer("ARRAY_SLICE", {five, Int(1), NullOf(DataType::Int())}), "NULL");
  const auto mixed = Ints({3, kNull, 1, 2});
  EXPECT_EQ(Answer("ARRAY_SORT", {mixed}), "[NULL, 1, 2, 3]");
  EXPECT_EQ(Answer("ARRAY_SORT", {mixed, Bool(false)}), "[3, 2, 1, NULL]");
  EXPECT_EQ(Answer("ARRAY_SORT", {mixed, Bool(true), Bool(false)}), "[1, 2, 3, NULL]");
  EXPECT_EQ(Answer("ARRAY_SORT", {mixed, Bool(false), Bool(true)}), "[NULL, 3, 2, 1]");
  EXPECT_EQ(Answer("ARRAY_JOIN", {Texts({"a", "NULL", "b"}), Text("-")}), "a-b");
  EXPECT_EQ(Answer("ARRAY_JOIN", {Texts({"a", "NULL", "b"}), Text("-"), Text("?")}), "a-?-b");
  EXPECT_EQ(Answer("ARRAY_JOIN", {Ints({1}), Text("-")}).substr(0, 19), "function ARRAY_JOIN");
}

TEST(CollectionTest, ArraysOfSeveral) {
  EXPECT_EQ(Answer("ARRAY_CONCAT", {Ints({1}), Ints({kNull}), Ints({1, 2})}), "[1, NULL, 1, 2]");
  EXPECT_EQ(Answer("ARRAY_CONCAT", {Ints({1}), NullOf(DataType::Array(DataType::Int()))}), "NULL");
  EXPECT_EQ(Answer("ARRAY_CONCAT", {Ints({1}), Call("ARRAY", {Long(2)})}), "[1, 2]");
  EXPECT_EQ(Answer("ARRAY_UNION", {Ints({1, 2, 1}), Ints({3, 2, kNull})}), "[1, 2, 3, NULL]");
  EXPECT_EQ(Answer("ARRAY_EXCEPT", {Ints({1, 2, 2, kNull, 4}), Ints({1, kNull})}), "[2, 4]");
  EXPECT_EQ(Answer("ARRAY_INTERSECT", {Ints({1, 2, 2, kNull}), Ints({kNull, 2})}), "[2, NULL]");
}

TEST(CollectionTest, Maps) {
  const auto a = Call("MAP", {Text("x"), Int(1), Text("y"), Int(2)});
  const auto b = Call("MAP", {Text("y"), Int(9), Text("z"), Int(3)});
  EXPECT_EQ(Answer("MAP_KEYS", {a}), "[x, y]");
  EXPECT_EQ(Answer("MAP_VALUES", {a}), "[1, 2]");
  EXPECT_EQ(Answer("MAP_ENTRIES", {a}), "[(x, 1), (y, 2)]");
  EXPECT_EQ(Answer("MAP_UNION", {a, b}), "{y=9, z=3, x=1}");
  EXPECT_EQ(Answer("MAP_FROM_ARRAYS", {Texts({"k", "l"}), Ints({1, kNull})}), "{k=1, l=NULL}");
  EXPECT_EQ(Answer("MAP_FROM_ARRAYS", {Texts({"k"}), Ints({1, 2})}), "MAP_FROM_ARRAYS: 1 keys, but 2 values");
}

// Several rows with lists of different lengths, so that offsets matter.
TEST(CollectionTest, ManyRows) {
  data::Batch batch;
  batch.rows = 4;
  auto list = data::Column::Make(DataType::Array(DataType::Int()), 4);
  const auto ints = [](std::initializer_list<int> values) {
    Value::List all;
    for (const int value : values) all.push_back(Value::Int(value));
    return Value::MakeList(std::move(all));
  };
  list->AppendValue(ints({3, 1, 2}));
  list->AppendNull();
  list->AppendValue(ints({}));
  list->AppendValue(ints({9, 8}));
  batch.columns = {list};
  const auto rows = [&](std::string_view name, std::vector<ExprPtr> more) {
    more.insert(more.begin(), MakeColumn(0, DataType::Array(DataType::Int())));
    const auto call = Registry::Get().BindScalar(name, more, BindContext{});
    EvalContext context;
    const auto answer = (*call)->Evaluate(batch, context);
    std::string all;
    for (size_t i = 0; i < 4; ++i) all += data::ToText(*answer, i) + ";";
    return all;
  };
  EXPECT_EQ(rows("ARRAY_SORT", {}), "[1, 2, 3];NULL;[];[8, 9];");
  EXPECT_EQ(rows("ARRAY_SLICE", {Int(2)}), "[1, 2];NULL;[];[8];");
  EXPECT_EQ(rows("ITEM", {Int(1)}), "3;NULL;NULL;9;");
  EXPECT_EQ(rows("ARRAY_APPEND", {Int(0)}), "[3, 1, 2, 0];NULL;[0];[9, 8, 0];");
  EXPECT_EQ(rows("ARRAY_CONCAT", {Ints({5})}), "[3, 1, 2, 5];NULL;[5];[9, 8, 5];");
  EXPECT_EQ(rows("CARDINALITY", {}), "3;NULL;0;2;");
}

}  // namespace millrace::functions::testing
